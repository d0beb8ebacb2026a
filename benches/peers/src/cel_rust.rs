//! The crate cel: expressions without paths; the variable of a path is given. The context is built beforehand.

use std::{hint::black_box, sync::Arc};

use cel::{Context, Env, Program, to_value};
use serde_json::{Value, json};

use crate::{Piece, fixtures, fixtures::database, ours};

type Variables = Vec<(&'static str, Value)>;

fn piece(workload: &'static str, expression: &str, allowed: Variables, denied: Variables) -> Piece {
    let decide = |variables: Variables| {
        let program = Program::compile(expression).unwrap();
        let mut context = Context::with_env(Arc::new(Env::stdlib()));
        for (name, value) in variables {
            context.add_variable_from_value(name, to_value(value).unwrap());
        }
        move || program.execute(black_box(&context)) == Ok(cel::Value::Bool(true))
    };
    Piece::new(workload, decide(allowed), decide(denied))
}

fn request(upload: bool) -> Value {
    let mut request = json!({ "auth": auth(), "method": "get" });
    if upload {
        request["resource"] = ours::upload();
    }
    request
}

pub fn auth() -> Value {
    json!({ "uid": "u0250", "token": fixtures::claims() })
}

fn denied(upload: bool) -> Value {
    let mut request = request(upload);
    request["auth"]["uid"] = json!("u0999");
    for (claim, value) in [("admin", json!(false)), ("org", json!("other"))] {
        request["auth"]["token"][claim] = value;
    }
    request
}

pub fn pieces() -> Vec<Piece> {
    let with = |upload: bool, name: &'static str, value: &str| {
        let variables = |request| vec![("request", request), (name, json!(value))];
        (variables(request(upload)), variables(denied(upload)))
    };
    let own = "request.auth != null && request.auth.uid == userId";
    let expressions = [
        ("W1", "request.auth.token.admin == true".to_owned(), with(false, "userId", "u0250")),
        ("W2", format!("{own} && request.auth.token.email_verified == true"), with(false, "userId", "u0250")),
        (
            "W3",
            format!(
                "{own} && request.resource.size < 5 * 1024 * 1024 && request.resource.contentType.matches('^image/.*$') \
                 && request.resource.metadata.owner == request.auth.uid"
            ),
            with(true, "userId", "u0250"),
        ),
        (
            "W4",
            "request.auth != null && request.auth.token.org == org && 'editors' in request.auth.token.groups"
                .to_owned(),
            with(false, "org", "acme"),
        ),
    ];
    let mut pieces: Vec<Piece> = expressions
        .into_iter()
        .map(|(workload, expression, (allowed, denied))| piece(workload, &expression, allowed, denied))
        .collect();
    let users: serde_json::Map<String, Value> =
        (0..500).map(|user| (format!("u{user:04}"), database::record(user, 3))).collect();
    let variables = |version| {
        let root = json!({ "users": users });
        vec![("auth", auth()), ("uid", json!("u0250")), ("newData", database::record(250, version)), ("root", root)]
    };
    pieces.push(piece("W5", &w5(), variables(4), variables(2)));
    pieces
}

/// W5 as one expression.
fn w5() -> String {
    let mut conditions = vec!["auth != null && auth.uid == uid".to_owned(), "size(newData) == 20".to_owned()];
    conditions.extend((0..8).map(|field| format!("size(newData.f{field:02}) <= 100")));
    conditions.extend((8..14).map(|field| format!("newData.f{field:02} >= 0 && newData.f{field:02} <= 1000000")));
    conditions.extend((14..17).map(|field| format!("(newData.f{field} == true || newData.f{field} == false)")));
    conditions.push("newData.f17.matches('^[a-z0-9-]{3,32}$')".to_owned());
    conditions.push("newData.f18 >= root.users[uid].f18".to_owned());
    conditions.push("newData.f19 == auth.uid".to_owned());
    conditions.join(" && ")
}
