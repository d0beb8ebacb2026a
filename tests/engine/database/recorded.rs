//! The worked cases of the specification: answers captured from the service, documented, or decided where neither is.

use std::fs;

use firewarden::{
    Value,
    database::{Data, Incoming, Query, Request, Ruleset, Transport},
    text::Source,
};
use serde_json::Value as Json;

use super::{decide, ms, refused};

#[test]
fn every_case_has_the_recorded_answer() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle/database.jsonl");
    let mut wrong = Vec::new();
    let mut judged = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        judged += 1;
        if let Err(why) = judge(&case) {
            wrong.push(format!("{}: {why}", case["id"]));
        }
    }
    assert!(wrong.is_empty(), "{} of {judged} differ\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(judged, 402);
}

fn judge(case: &Json) -> Result<(), String> {
    let text = case["rules"].as_str().map_or_else(|| case["rules"].to_string(), str::to_owned);
    let expected = case["expect"].as_str().unwrap();
    let rules = match Ruleset::parse(&Source::new("case", text.as_str())) {
        Ok(rules) => rules,
        Err(_) if expected == "compile-error" => {
            let found = refused(&text);
            let wanted = case["message"].as_str().unwrap_or("").trim_end();
            let said = found.iter().any(|problem| problem.message.contains(wanted));
            return if said { Ok(()) } else { Err(format!("says\n{found}")) };
        }
        Err(error) => return Err(format!("refused\n{error}")),
    };
    let stored = Data::from_json(case.get("data").unwrap_or(&Json::Null)).unwrap();
    let request = request(case);
    let decision = decide(&rules, &request, &stored);
    let got = if decision.is_allowed() { "allow" } else { "deny" };
    if got != expected {
        return Err(format!("expected {expected}\n{}", decision.explanation()));
    }
    // A denial that comes from a failing rule says so.
    if case["runtimeError"] == true && decision.rules().iter().all(|rule| rule.holds()) {
        return Err(format!("nothing failed\n{}", decision.explanation()));
    }
    if case["runtimeError"] == true && decision.error().is_none() {
        return Err(format!("no error\n{}", decision.explanation()));
    }
    Ok(())
}

fn request(case: &Json) -> Request<'static> {
    let operation = &case["operation"];
    let path = operation["path"].as_str().unwrap().to_owned();
    let value = operation.get("value").cloned().unwrap_or(Json::Null);
    let request = match operation["type"].as_str().unwrap() {
        "read" => Request::read(path)
            .query(operation.get("query").map_or_else(Query::new, |query| Query::from_json(query).unwrap())),
        "write" => Request::write(path, Incoming::from(value)),
        _ => Request::update(path, value),
    };
    let request = match case["transport"].as_str() {
        Some("rest") => request.transport(Transport::Rest),
        _ => request,
    };
    let request = match case["now"].as_i64() {
        Some(now) => request.at(ms(now)),
        None => request,
    };
    match case.get("auth") {
        None | Some(Json::Null) => request,
        Some(auth) => request.auth_variable(Value::from(auth)),
    }
}
