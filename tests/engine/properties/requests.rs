//! Requests, users and values, ordinary and odd.

use firewarden::{
    Auth,
    storage::{Method, Object, Request},
    value::Timestamp,
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Value as Json, json};

const METHODS: [Method; 5] = [Method::Get, Method::List, Method::Create, Method::Update, Method::Delete];

/// A JSON value that holds no others.
pub fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        (-2..3_i64).prop_map(Json::from),
        any::<String>().prop_map(Json::from),
        "[a-c]{0,2}".prop_map(Json::from),
    ]
}

/// Any JSON.
pub fn json() -> impl Strategy<Value = Json> {
    scalar()
        .prop_recursive(3, 16, 4, |inner| prop_oneof![vec(inner.clone(), 0..4).prop_map(Json::from), fields_of(inner)])
}

/// A JSON object.
pub fn object_of() -> impl Strategy<Value = Json> {
    fields_of(scalar())
}

fn fields_of(values: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    vec(("[a-c]{0,2}", values), 0..4).prop_map(|fields| Json::Object(fields.into_iter().collect()))
}

fn auth() -> impl Strategy<Value = Auth> {
    prop_oneof![
        3 => json().prop_map(|admin| Auth::user("alice").claims(json!({ "admin": admin }))),
        1 => Just(Auth::user("bob").claims(json!({ "admin": true }))),
        1 => json().prop_map(Auth::from_claims),
        1 => (json(), json()).prop_map(|(uid, token)| {
            Auth::from_values(firewarden::Value::from(uid), firewarden::Value::from(token))
        }),
    ]
}

fn object() -> impl Strategy<Value = Object> {
    (select(NAMES), any::<i64>(), prop::option::of("[a-z]{1,5}/[a-z]{1,5}"), vec(("[a-z]{0,6}", ".{0,6}"), 0..3))
        .prop_map(|(name, size, content_type, metadata)| {
            let object = Object::new(name).size(size).metadata("public", "yes");
            let object = metadata.into_iter().fold(object, |object, (key, value)| object.metadata(key, value));
            match content_type {
                Some(content_type) => object.content_type(content_type),
                None => object,
            }
        })
}

const NAMES: &[&str] = &["alice", "photos", "photos/alice", "photos/a/b/c", "users/alice", "a b", "a"];

fn parts(names: impl Strategy<Value = String>) -> impl Strategy<Value = Request<'static>> {
    let objects = (prop::option::of(object()), prop::option::of(object()));
    (
        select(METHODS.to_vec()),
        names,
        prop::option::weighted(0.7, auth()),
        objects,
        prop::option::weighted(0.8, any::<i32>()),
    )
        .prop_map(|(method, name, auth, (existing, incoming), seconds)| {
            let mut request = Request::new(method, "bucket", name);
            if let Some(seconds) = seconds {
                request = request.at(Timestamp::from_secs(seconds.into()).unwrap());
            }
            if let Some(auth) = auth {
                request = request.auth(auth);
            }
            if let Some(existing) = existing {
                request = request.existing(existing);
            }
            if let Some(incoming) = incoming {
                request = request.with(incoming);
            }
            request
        })
}

/// A request about one of few objects.
pub fn ordinary() -> impl Strategy<Value = Request<'static>> {
    parts(select(NAMES).prop_map(str::to_owned))
}

/// A request about anything.
pub fn odd() -> impl Strategy<Value = Request<'static>> {
    parts(prop_oneof![
        any::<String>(),
        "[/%.{}$*a-z ]{0,12}",
        Just(String::new()),
        Just("/".to_owned()),
        Just("//".to_owned()),
        Just("%zz".to_owned()),
        Just("a/".repeat(200) + "a"),
    ])
}
