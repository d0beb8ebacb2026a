//! regorus, its register machine: W4 and W6 with the path as a list of names, the others with its variable given. Input is
//! converted beforehand and set for each decision.

use std::hint::black_box;

use regorus::{Engine, Value, languages::rego::compiler::Compiler, rvm::vm::RegoVM};
use serde_json::{Value as Json, json};

use crate::{Piece, cel_rust::auth, fixtures, fixtures::database, ours};

fn piece(workload: &'static str, rules: &str, data: &Json, allowed: &Json, denied: &Json) -> Piece {
    let decide = |input: &Json| {
        let mut engine = Engine::new();
        let text = format!("package t\nimport rego.v1\ndefault allow := false\n{rules}");
        engine.add_policy("p.rego".into(), text).unwrap();
        let policy = engine.compile_with_entrypoint(&"data.t.allow".into()).unwrap();
        let program = Compiler::compile_from_policy(&policy, &["data.t.allow"]).unwrap();
        let mut machine = RegoVM::new();
        machine.load_program(program);
        machine.set_data(Value::from_json_str(&data.to_string()).unwrap()).unwrap();
        let (input, yes) = (Value::from_json_str(&input.to_string()).unwrap(), Value::from(true));
        move || {
            machine.set_input(black_box(input.clone()));
            machine.execute().unwrap() == yes
        }
    };
    Piece::new(workload, decide(allowed), decide(denied))
}

/// The input of a path, and the same of somebody else.
fn inputs(path: &str) -> (Json, Json) {
    let names: Vec<&str> = path.split('/').collect();
    let allowed = json!({
        "auth": auth(), "method": "get", "path": names, "userId": "u0250", "resource": ours::upload(),
    });
    let mut denied = allowed.clone();
    denied["auth"]["uid"] = json!("u0999");
    denied["auth"]["token"]["admin"] = json!(false);
    denied["auth"]["token"]["org"] = json!("other");
    (allowed, denied)
}

pub fn pieces() -> Vec<Piece> {
    let nothing = json!({});
    let own = "input.auth.uid == input.userId";
    let image = "regex.match(`^image/.*$`, input.resource.contentType)";
    let rules = [
        ("W1", "allow if input.auth.token.admin == true\n".to_owned(), fixtures::W1_NAME),
        ("W2", format!("allow if {{ {own}\n input.auth.token.email_verified == true }}\n"), fixtures::W2_NAME),
        (
            "W3",
            format!(
                "allow if {{ {own}\n input.resource.size < 5242880\n {image}\n input.resource.metadata.owner == input.auth.uid }}\n"
            ),
            fixtures::W3_NAME,
        ),
        ("W4", w4(), fixtures::W4_NAME),
    ];
    let mut pieces: Vec<Piece> = rules
        .into_iter()
        .map(|(workload, rules, path)| {
            let (allowed, denied) = inputs(path);
            piece(workload, &rules, &nothing, &allowed, &denied)
        })
        .collect();
    let users: serde_json::Map<String, Json> =
        (0..500).map(|user| (format!("u{user:04}"), database::record(user, 3))).collect();
    let input = |version| json!({ "auth": auth(), "newData": database::record(250, version), "uid": "u0250" });
    pieces.push(piece("W5", &w5(), &json!({ "users": users }), &input(4), &input(2)));
    for (workload, blocks) in [("W6/10", 10), ("W6/2000", 2_000)] {
        let one = |at: usize| {
            format!(
                "allow if {{ [\"c{at:04}\", _] = input.path\n input.auth.token.level >= 5\n input.auth.token.org == \"acme\" }}\n"
            )
        };
        let (allowed, denied) = inputs(&fixtures::w6_name(blocks));
        pieces.push(piece(workload, &(0..blocks).map(one).collect::<String>(), &nothing, &allowed, &denied));
    }
    pieces
}

/// 25 rules over the split path.
fn w4() -> String {
    let mut rules = String::from("in_group(g) if g in input.auth.token.groups\nowns(o) if input.auth.token.org == o\n");
    for at in 0..20 {
        rules += &format!("allow if {{ [\"c{at:02}\", _] = input.path\n input.auth }}\n");
    }
    let mut path = String::from("\"orgs\", o");
    for (level, group) in
        [("", ""), ("projects", ""), ("folders", "viewers"), ("docs", "viewers"), ("comments", "editors")]
    {
        if !level.is_empty() {
            path += &format!(", \"{level}\", _");
        }
        let member = if group.is_empty() { String::new() } else { format!("\n in_group(\"{group}\")") };
        rules += &format!("allow if {{ [{path}] = input.path\n owns(o){member} }}\n");
    }
    rules
}

fn w5() -> String {
    let mut conditions = vec!["input.auth.uid == input.uid".to_owned(), "count(input.newData) == 20".to_owned()];
    conditions.extend((0..8).map(|field| format!("count(input.newData.f{field:02}) <= 100")));
    for field in 8..14 {
        conditions.push(format!("input.newData.f{field:02} >= 0"));
        conditions.push(format!("input.newData.f{field:02} <= 1000000"));
    }
    conditions.extend((14..17).map(|field| format!("is_boolean(input.newData.f{field})")));
    conditions.push("regex.match(`^[a-z0-9-]{3,32}$`, input.newData.f17)".to_owned());
    conditions.push("input.newData.f18 >= data.users[input.uid].f18".to_owned());
    conditions.push("input.newData.f19 == input.auth.uid".to_owned());
    format!("allow if {{ {} }}\n", conditions.join("\n "))
}
