//! Rules, data and requests made at random. Names and values are few, so that they meet.

use firewarden::{
    Auth,
    database::{Data, Incoming, Query, Request},
};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value as Json, json};

use super::ms;

const KEYS: [&str; 5] = ["a", "b", "c", "constructor", "0"];

pub fn key() -> impl Strategy<Value = &'static str> {
    select(&KEYS[..])
}

/// A path of up to three names.
pub fn path() -> impl Strategy<Value = String> {
    vec(key(), 0..4).prop_map(|names| names.iter().map(|name| format!("/{name}")).collect::<String>())
}

/// Data in the export form: leaves, objects, sometimes a priority.
pub fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        4 => select(vec![json!(1), json!(2), json!(0), json!(true), json!(false), json!("a"), json!("b"), json!("alice"), json!("")]),
        1 => Just(Json::Null),
        1 => Just(json!({ ".value": "a", ".priority": 1 })),
    ];
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            4 => vec((key(), inner.clone()), 0..4)
                .prop_map(|fields| Json::Object(fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
            1 => vec(inner, 0..3).prop_map(Json::Array),
        ]
    })
}

pub fn stored() -> impl Strategy<Value = Data> {
    value().prop_map(|json| Data::from_json(&json).unwrap())
}

/// An expression of a snapshot, with `@` for `data` or `newData`.
fn place() -> impl Strategy<Value = String> {
    let root = select(vec!["@".to_owned(), "@".to_owned(), "@".to_owned()]);
    root.prop_recursive(2, 4, 1, |inner| {
        prop_oneof![
            (inner.clone(), key()).prop_map(|(place, key)| format!("{place}.child('{key}')")),
            (inner.clone(), key(), key()).prop_map(|(place, a, b)| format!("{place}.child('{a}/{b}')")),
            inner.clone().prop_map(|place| format!("{place}.parent()")),
            inner.prop_map(|place| format!("{place}.child(auth.uid)")),
        ]
    })
}

fn operand() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => place().prop_map(|place| format!("{place}.val()")),
        1 => place().prop_map(|place| format!("{place}.getPriority()")),
        1 => place().prop_map(|place| format!("{place}.val().length")),
        2 => select(vec!["1", "2", "'a'", "''", "'alice'", "auth.uid", "auth.token.level", "auth.token.roles.a", "now"])
            .prop_map(str::to_owned),
        1 => place().prop_map(|place| format!("({place}.val() + 1)")),
        1 => place().prop_map(|place| format!("({place}.val() + 'a')")),
    ]
}

/// A condition about `@`.
pub fn condition() -> impl Strategy<Value = String> {
    let simple = prop_oneof![
        2 => (place(), select(vec!["exists()", "isString()", "isNumber()", "isBoolean()", "hasChildren()", "hasChildren([])"]))
            .prop_map(|(place, method)| format!("{place}.{method}")),
        1 => (place(), key()).prop_map(|(place, key)| format!("{place}.hasChild('{key}')")),
        1 => (place(), key(), key()).prop_map(|(place, a, b)| format!("{place}.hasChildren(['{a}', '{b}'])")),
        4 => (operand(), select(vec!["==", "!=", "<", "<=", ">", ">=", "===", "!=="]), operand())
            .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => (operand(), select(vec!["== null", "!= null"])).prop_map(|(a, rest)| format!("{a} {rest}")),
        1 => (place(), 0..3_u8, 0..3_u8).prop_map(|(place, low, high)| {
            format!("{place}.isNumber() && {place}.val() >= {low} && {place}.val() < {high}")
        }),
        1 => (place(), 0..3_u8).prop_map(|(place, most)| format!("{place}.isString() && {place}.val().length <= {most}")),
        1 => (place(), select(vec!["/a/", "/^a$/", "/^[a-b]*$/", "/e$/i"]))
            .prop_map(|(place, pattern)| format!("{place}.val().matches({pattern})")),
        1 => select(vec!["true", "false", "auth != null", "auth == null"]).prop_map(str::to_owned),
    ];
    simple.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("(({a}) ? {b} : {c})")),
        ]
    })
}

/// A rules tree. Wildcards are `$x0`, `$x1` and so on by their depth, and named in conditions.
pub fn tree() -> impl Strategy<Value = Json> {
    rules_below(0).prop_map(|rules| json!({ "rules": rules }))
}

fn rules_below(depth: u8) -> BoxedStrategy<Json> {
    let rule = |kind: &'static str| {
        // What is stored is compared with what is written, or asked for alone.
        let condition = (condition(), 0..4_usize).prop_map(move |(condition, stored)| {
            let subject = if kind == ".read" { "data" } else { "newData" };
            json!(condition.replacen('@', "data", stored).replace('@', subject))
        });
        prop_oneof![3 => Just(None), 2 => condition.prop_map(Some), 1 => any::<bool>().prop_map(|known| Some(json!(known)))]
    };
    let own = (rule(".read"), rule(".write"), rule(".validate"));
    let children =
        if depth < 3 { vec((key(), rules_below(depth + 1)), 0..3).boxed() } else { Just(Vec::new()).boxed() };
    let wildcard = if depth < 3 { proptest::option::of(rules_below(depth + 1)).boxed() } else { Just(None).boxed() };
    (own, children, wildcard)
        .prop_map(move |((read, write, validate), children, wildcard)| {
            let mut place = Map::new();
            for (name, rule) in [(".read", read), (".write", write), (".validate", validate)] {
                place.extend(rule.map(|rule| (name.to_owned(), rule)));
            }
            place.extend(children.into_iter().map(|(name, rules)| (name.to_owned(), rules)));
            place.extend(wildcard.map(|rules| (format!("$x{depth}"), rules)));
            Json::Object(place)
        })
        .boxed()
}

/// Who asks.
pub fn user() -> impl Strategy<Value = Option<Auth>> {
    let claims = json!({ "level": 2, "roles": { "a": true }, "firebase": { "sign_in_provider": "custom" } });
    prop_oneof![
        1 => Just(None),
        2 => Just(Some(Auth::user("alice").claims(claims))),
        1 => Just(Some(Auth::user("a"))),
    ]
}

/// Replaces what is at a path.
#[derive(Clone, Debug)]
pub struct Write {
    pub path: String,
    pub value: Json,
}

pub fn write() -> impl Strategy<Value = Write> {
    (path(), value()).prop_map(|(path, value)| Write { path, value })
}

/// Paths of an update, none in another, with their values.
pub fn updates() -> impl Strategy<Value = Vec<Write>> {
    vec(write(), 1..4).prop_map(|mut writes| {
        writes.sort_by(|a, b| a.path.cmp(&b.path));
        let mut kept: Vec<Write> = Vec::new();
        for write in writes {
            let within = |outer: &Write| format!("{}/", write.path).starts_with(&format!("{}/", outer.path));
            if !kept.iter().any(within) {
                kept.push(write);
            }
        }
        kept
    })
}

/// Any request, with its user, and mostly a time.
pub fn request() -> impl Strategy<Value = Request<'static>> {
    let operation = prop_oneof![
        (path(), any::<bool>()).prop_map(|(path, query)| {
            let read = Request::read(path);
            if query { read.query(Query::new().order_by_child("a").limit_to_first(2)) } else { read }
        }),
        write().prop_map(|write| Request::write(write.path, write.value)),
        updates().prop_map(|writes| {
            Request::update_paths("/", writes.into_iter().map(|write| (write.path, Incoming::from(write.value))))
        }),
    ];
    let time = prop_oneof![3 => Just(Some(ms(2))), 1 => Just(None)];
    (operation, user(), time).prop_map(|(request, user, time)| {
        let request = match time {
            Some(time) => request.at(time),
            None => request,
        };
        match user {
            Some(user) => request.auth(user),
            None => request,
        }
    })
}
