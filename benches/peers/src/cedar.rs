//! cedar-policy: W1 to W4 as conditions over the context, the variable of a path given; W6 as policies that are scoped to
//! a parent. Cedar has no patterns beyond `like` and no lengths: W5 cannot be said. Requests are built beforehand.

use std::hint::black_box;

use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet, Request};
use serde_json::{Value, json};

use crate::{Piece, cel_rust::auth, fixtures, ours};

fn piece(workload: &'static str, policies: &str, entities: &Value, allowed: &Value, denied: &Value) -> Piece {
    let decide = |context: &Value| {
        let policies: PolicySet = policies.parse().unwrap();
        let entities = Entities::from_json_value(entities.clone(), None).unwrap();
        let context = Context::from_json_value(context.clone(), None).unwrap();
        let [user, action, document] =
            ["User::\"u0250\"", "Action::\"get\"", "Doc::\"d\""].map(|id| id.parse().unwrap());
        let request = Request::new(user, action, document, context, None).unwrap();
        let authorizer = Authorizer::new();
        move || authorizer.is_authorized(black_box(&request), &policies, &entities).decision() == Decision::Allow
    };
    Piece::new(workload, decide(allowed), decide(denied))
}

pub fn pieces() -> Vec<Piece> {
    let allowed =
        json!({ "auth": auth(), "method": "get", "userId": "u0250", "org": "acme", "resource": ours::upload() });
    let mut denied = allowed.clone();
    denied["auth"]["uid"] = json!("u0999");
    denied["auth"]["token"]["admin"] = json!(false);
    denied["auth"]["token"]["org"] = json!("other");
    // Only what a workload looks at is handed over.
    let only = |context: &Value, names: &[&str]| -> Value {
        let kept = context.as_object().unwrap().iter().filter(|(name, _)| names.contains(&name.as_str()));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into()
    };
    let own = "context has auth && context.auth.uid == context.userId";
    let conditions = [
        ("W1", "context.auth.token.admin == true".to_owned(), vec!["auth", "method"]),
        ("W2", format!("{own} && context.auth.token.email_verified == true"), vec!["auth", "method", "userId"]),
        (
            "W3",
            format!(
                "{own} && context.resource.size < 5242880 && context.resource.contentType like \"image/*\" \
                 && context.resource.metadata.owner == context.auth.uid"
            ),
            vec!["auth", "method", "userId", "resource"],
        ),
        (
            "W4",
            "context has auth && context.auth.token.org == context.org && context.auth.token.groups.contains(\"editors\")"
                .to_owned(),
            vec!["auth", "method", "org"],
        ),
    ];
    let mut pieces: Vec<Piece> = conditions
        .into_iter()
        .map(|(workload, condition, names)| {
            let policy = format!("permit(principal, action, resource) when {{ {condition} }};");
            piece(workload, &policy, &json!([]), &only(&allowed, &names), &only(&denied, &names))
        })
        .collect();
    for (workload, blocks) in [("W6/10", 10), ("W6/2000", 2_000)] {
        let one = |at: usize| {
            format!(
                "permit(principal, action == Action::\"get\", resource in Coll::\"c{at:04}\") when {{ \
                 context.auth.token.level >= 5 && context.auth.token.org == \"acme\" }};\n"
            )
        };
        let policies: String = (0..blocks).map(one).collect();
        let last = fixtures::w6_name(blocks).replace("/x", "");
        let parent = json!({ "type": "Coll", "id": last });
        let entities = json!([{ "uid": { "type": "Doc", "id": "d" }, "attrs": {}, "parents": [parent] }]);
        let names = ["auth", "method"];
        pieces.push(piece(workload, &policies, &entities, &only(&allowed, &names), &only(&denied, &names)));
    }
    pieces
}
