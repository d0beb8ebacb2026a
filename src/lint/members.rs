//! Members that no request has.

use crate::{
    firestore,
    request::ServiceProduct,
    storage,
    syntax::ast::{BinaryOp, Expr, ExprId},
    text::nearest,
    value::Symbol,
};

use super::{
    Code,
    findings::Findings,
    service::{Body, File, is_document},
};

/// Members of `request` that Firestore has always set to null.
const NULL: [&str; 4] = ["writeFields", "readFields", "fields", "transforms"];

/// Methods of a map that somebody means to ask of fields or bytes.
const OF_MAPS: [&str; 4] = ["size", "keys", "values", "diff"];

pub(super) fn check(file: &File<'_>, found: &mut Findings) {
    for body in file.bodies() {
        // What both products reach may have the members of either.
        let Some(product) = body.reach.product() else { continue };
        for id in body.roots.iter().flat_map(|root| file.exprs.ids(*root)) {
            look(file, &body, product, id, found);
        }
    }
}

fn look(file: &File<'_>, body: &Body<'_>, product: ServiceProduct, id: ExprId, found: &mut Findings) {
    let exprs = file.exprs;
    let place = |id: ExprId| file.place(body.scope, &body.locals, id);
    match exprs.get(id) {
        Expr::Member(object, name) => {
            let Some(whole) = place(*object) else { return };
            let name = name.text.as_str();
            let Some(known) = known(product, &whole) else { return };
            if !known.contains(&name) {
                let (message, hint) = missing(product, &whole, name, &known);
                found.hint(Code::NoSuchMember, exprs.anchor(id), message, hint);
            }
        }
        Expr::Method(object, name, _) => {
            let Some(whole) = place(*object) else { return };
            let name = name.text.as_str();
            if let Some(null) = null_member(product, &whole) {
                found.add(
                    Code::NullMember,
                    exprs.span(*object),
                    format!("`request.{null}` is null in every write, and missing in a read"),
                );
            } else if OF_MAPS.contains(&name) && is_resource(&whole) {
                whole_resource(product, &whole, id, name, file, found);
            }
        }
        Expr::Binary(BinaryOp::In, _, container) => {
            if let Some(null) = place(*container).and_then(|whole| null_member(product, &whole)) {
                found.add(
                    Code::NullMember,
                    exprs.span(*container),
                    format!("`request.{null}` is null in every write, and missing in a read"),
                );
            }
        }
        Expr::Binary(BinaryOp::Eq, a, b) => {
            for (one, other) in [(*a, *b), (*b, *a)] {
                if matches!(exprs.get(other), Expr::Null) && place(one).is_some_and(|read| read == "request.auth.uid") {
                    let message = "without a user `request.auth.uid` fails, and with one it is not null";
                    found.hint(Code::NullUid, exprs.span(id), message, "write `request.auth == null`");
                }
            }
        }
        _ => {}
    }
}

fn null_member(product: ServiceProduct, place: &str) -> Option<&'static str> {
    let member = place.strip_prefix("request.").filter(|_| product == ServiceProduct::Firestore)?;
    NULL.into_iter().find(|null| *null == member)
}

fn is_resource(place: &str) -> bool {
    matches!(place, "resource" | "request.resource") || is_document(place)
}

fn names(symbols: &[Symbol]) -> Vec<&'static str> {
    symbols.iter().map(|symbol| symbol.text()).collect()
}

/// The members of a place that has a fixed set of them.
fn known(product: ServiceProduct, place: &str) -> Option<Vec<&'static str>> {
    let document = names(&firestore::DOCUMENT);
    Some(match (place, product) {
        ("request", ServiceProduct::Storage) => names(&storage::REQUEST),
        ("request", ServiceProduct::Firestore) => names(&firestore::REQUEST),
        ("request.auth", _) => vec!["uid", "token"],
        ("request.query", ServiceProduct::Firestore) => names(&firestore::QUERY),
        ("resource" | "request.resource", ServiceProduct::Storage) => names(&storage::OBJECT),
        ("resource" | "request.resource", ServiceProduct::Firestore) => document,
        (place, _) if is_document(place) => document,
        _ => return None,
    })
}

/// What is said of a member that is not there, and what may have been meant.
fn missing(product: ServiceProduct, whole: &str, name: &str, known: &[&str]) -> (String, String) {
    let (shown, kind) = match whole {
        whole if is_document(whole) => ("a document", "a document"),
        whole => (whole, if product == ServiceProduct::Storage { "an object" } else { "a document" }),
    };
    let message = match is_document(whole) {
        true => format!("a document has no member `{name}`"),
        false => format!("`{shown}` has no member `{name}`"),
    };
    let near = nearest(name, known.iter().copied()).filter(|near| *near != "id");
    let hint = match (whole, name, product) {
        ("request", "data", ServiceProduct::Firestore) => "what is written is `request.resource.data`".to_owned(),
        ("request", "data" | "size" | "contentType" | "metadata" | "name", ServiceProduct::Storage) => {
            format!("the object that is written is `request.resource`: `request.resource.{name}`")
        }
        ("request", "user" | "uid" | "userId" | "token", _) => {
            "who asks is `request.auth`, with `request.auth.uid` and `request.auth.token`".to_owned()
        }
        ("request.auth", "provider", _) => "write `request.auth.token.firebase.sign_in_provider`".to_owned(),
        ("request.auth", name, _) if near.is_none() => {
            format!("claims are below the token: `request.auth.token.{name}`")
        }
        _ if near.is_some() => format!("did you mean `{}`?", near.unwrap_or_default()),
        (whole, "data", ServiceProduct::Storage) if is_resource(whole) && !is_document(whole) => {
            "an object has its own members, such as `size` and `contentType`; custom metadata is `metadata`".to_owned()
        }
        (whole, name, ServiceProduct::Storage) if is_resource(whole) && !is_document(whole) => {
            format!("{kind} has {}; custom metadata is below: `{whole}.metadata.{name}`", known.join(", "))
        }
        (whole, name, _) if is_document(whole) => format!("fields are below the data: `.data.{name}`"),
        (whole, name, _) if is_resource(whole) => format!("fields are below the data: `{whole}.data.{name}`"),
        (whole, ..) => format!("`{whole}` has {}", known.join(", ")),
    };
    (message, hint)
}

fn whole_resource(product: ServiceProduct, whole: &str, id: ExprId, name: &str, file: &File<'_>, found: &mut Findings) {
    let shown = if is_document(whole) { "a document" } else { whole };
    let (message, hint) = match product {
        ServiceProduct::Storage if !is_document(whole) => {
            let hint = match name {
                "size" => format!("bytes are `{whole}.size`, custom metadata `{whole}.metadata`"),
                _ => format!("custom metadata is `{whole}.metadata`"),
            };
            (format!("`{name}()` is about the members that each object has, not about bytes or custom metadata"), hint)
        }
        _ => (
            format!("`{name}()` is about the members `data`, `id` and `__name__`, not about the fields of {shown}"),
            format!("write `{}.data.{name}()`", if is_document(whole) { "…" } else { whole }),
        ),
    };
    found.hint(Code::WholeResource, file.exprs.anchor(id), message, hint);
}
