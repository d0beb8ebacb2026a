//! Lints of members that requests and documents never have.

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
    service::{Body, ServiceFile, is_document_read},
};

/// Members of `request` that Firestore always sets to null.
const NULL_MEMBERS: [&str; 4] = ["writeFields", "readFields", "fields", "transforms"];

/// Map methods that are often called on a whole document instead of its fields.
const MAP_METHODS: [&str; 4] = ["size", "keys", "values", "diff"];

pub(super) fn check(file: &ServiceFile<'_>, found: &mut Findings) {
    for body in file.bodies() {
        // A function that both products call may read members of either.
        let Some(product) = body.reach.product() else { continue };
        for id in body.roots.iter().flat_map(|root| file.exprs.ids(*root)) {
            check_expr(file, &body, product, id, found);
        }
    }
}

fn check_expr(file: &ServiceFile<'_>, body: &Body<'_>, product: ServiceProduct, id: ExprId, found: &mut Findings) {
    let exprs = file.exprs;
    let path_of = |id: ExprId| file.access_path(body.scope, &body.locals, id);
    match exprs.get(id) {
        Expr::Member(object, name) => {
            let Some(object_path) = path_of(*object) else { return };
            let name = name.text.as_str();
            let Some(known) = members_of(product, &object_path) else { return };
            if !known.contains(&name) {
                let (message, hint) = describe_missing(product, &object_path, name, &known);
                found.add_with_hint(Code::NoSuchMember, exprs.anchor(id), message, hint);
            }
        }
        Expr::Method(object, name, _) => {
            let Some(object_path) = path_of(*object) else { return };
            let name = name.text.as_str();
            if let Some(null) = null_member(product, &object_path) {
                found.add(
                    Code::NullMember,
                    exprs.span(*object),
                    format!("`request.{null}` is null in every write, and missing in a read"),
                );
            } else if MAP_METHODS.contains(&name) && is_resource(&object_path) {
                report_whole_resource(product, &object_path, id, name, file, found);
            }
        }
        Expr::Binary(BinaryOp::In, _, container) => {
            if let Some(null) = path_of(*container).and_then(|object_path| null_member(product, &object_path)) {
                found.add(
                    Code::NullMember,
                    exprs.span(*container),
                    format!("`request.{null}` is null in every write, and missing in a read"),
                );
            }
        }
        Expr::Binary(BinaryOp::Eq, a, b) => {
            for (one, other) in [(*a, *b), (*b, *a)] {
                if matches!(exprs.get(other), Expr::Null) && path_of(one).is_some_and(|read| read == "request.auth.uid")
                {
                    let message = "without a user `request.auth.uid` fails, and with one it is not null";
                    found.add_with_hint(Code::NullUid, exprs.span(id), message, "write `request.auth == null`");
                }
            }
        }
        _ => {}
    }
}

fn null_member(product: ServiceProduct, path: &str) -> Option<&'static str> {
    let member = path.strip_prefix("request.").filter(|_| product == ServiceProduct::Firestore)?;
    NULL_MEMBERS.into_iter().find(|null| *null == member)
}

fn is_resource(path: &str) -> bool {
    matches!(path, "resource" | "request.resource") || is_document_read(path)
}

fn names(symbols: &[Symbol]) -> Vec<&'static str> {
    symbols.iter().map(|symbol| symbol.text()).collect()
}

/// The members of an object with a fixed set of members.
fn members_of(product: ServiceProduct, path: &str) -> Option<Vec<&'static str>> {
    let document = names(&firestore::DOCUMENT);
    Some(match (path, product) {
        ("request", ServiceProduct::Storage) => names(&storage::REQUEST),
        ("request", ServiceProduct::Firestore) => names(&firestore::REQUEST),
        ("request.auth", _) => vec!["uid", "token"],
        ("request.query", ServiceProduct::Firestore) => names(&firestore::QUERY),
        ("resource" | "request.resource", ServiceProduct::Storage) => names(&storage::OBJECT),
        ("resource" | "request.resource", ServiceProduct::Firestore) => document,
        (path, _) if is_document_read(path) => document,
        _ => return None,
    })
}

/// The message about a missing member, and the hint.
fn describe_missing(product: ServiceProduct, object_path: &str, name: &str, known: &[&str]) -> (String, String) {
    let (shown, kind) = match object_path {
        object_path if is_document_read(object_path) => ("a document", "a document"),
        object_path => (object_path, if product == ServiceProduct::Storage { "an object" } else { "a document" }),
    };
    let message = match is_document_read(object_path) {
        true => format!("a document has no member `{name}`"),
        false => format!("`{shown}` has no member `{name}`"),
    };
    let near = nearest(name, known.iter().copied()).filter(|near| *near != "id");
    let hint = match (object_path, name, product) {
        ("request", "data", ServiceProduct::Firestore) => "the new document is `request.resource.data`".to_owned(),
        ("request", "data" | "size" | "contentType" | "metadata" | "name", ServiceProduct::Storage) => {
            format!("the new object is `request.resource`: write `request.resource.{name}`")
        }
        ("request", "user" | "uid" | "userId" | "token", _) => {
            "the user is `request.auth`, with `request.auth.uid` and `request.auth.token`".to_owned()
        }
        ("request.auth", "provider", _) => "write `request.auth.token.firebase.sign_in_provider`".to_owned(),
        ("request.auth", name, _) if near.is_none() => {
            format!("claims are members of the token: `request.auth.token.{name}`")
        }
        _ if near.is_some() => format!("did you mean `{}`?", near.unwrap_or_default()),
        (object_path, "data", ServiceProduct::Storage)
            if is_resource(object_path) && !is_document_read(object_path) =>
        {
            "an object has its own members, such as `size` and `contentType`; custom metadata is `metadata`".to_owned()
        }
        (object_path, name, ServiceProduct::Storage) if is_resource(object_path) && !is_document_read(object_path) => {
            format!("{kind} has {}; custom metadata is below: `{object_path}.metadata.{name}`", known.join(", "))
        }
        (object_path, name, _) if is_document_read(object_path) => format!("fields are below the data: `.data.{name}`"),
        (object_path, name, _) if is_resource(object_path) => {
            format!("fields are below the data: `{object_path}.data.{name}`")
        }
        (object_path, ..) => format!("`{object_path}` has {}", known.join(", ")),
    };
    (message, hint)
}

fn report_whole_resource(
    product: ServiceProduct,
    object_path: &str,
    id: ExprId,
    name: &str,
    file: &ServiceFile<'_>,
    found: &mut Findings,
) {
    let shown = if is_document_read(object_path) { "a document" } else { object_path };
    let (message, hint) = match product {
        ServiceProduct::Storage if !is_document_read(object_path) => {
            let hint = match name {
                "size" => format!("bytes are `{object_path}.size`, custom metadata `{object_path}.metadata`"),
                _ => format!("custom metadata is `{object_path}.metadata`"),
            };
            (format!("`{name}()` is about the members that each object has, not about bytes or custom metadata"), hint)
        }
        _ => (
            format!("`{name}()` is about the members `data`, `id` and `__name__`, not about the fields of {shown}"),
            format!("write `{}.data.{name}()`", if is_document_read(object_path) { "…" } else { object_path }),
        ),
    };
    found.add_with_hint(Code::WholeResource, file.exprs.anchor(id), message, hint);
}
