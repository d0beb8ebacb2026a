//! Coverage against what the Firestore emulator reported for the same rules and requests (recorded with version 1.19.9).

use std::{collections::HashMap, fs, path::Path};

use firewarden::{
    Auth, Coverage, Value,
    firestore::{Document, Method, Query, Request, Ruleset},
    text::Source,
    value::{Comparator, json::from_typed},
};
use firewarden_suite::rules_api;
use serde_json::{Value as Json, json};

#[test]
fn everyday_rules_are_reported_as_by_the_emulator() {
    compare("everyday");
}

#[test]
fn literals_and_constants_are_reported_as_by_the_emulator() {
    compare("literals");
}

#[test]
fn parentheses_and_errors_are_reported_as_by_the_emulator() {
    compare("parentheses");
}

#[test]
fn bases_in_several_parentheses_are_reported_as_by_the_emulator() {
    compare("bases");
}

#[test]
fn functions_of_several_services_and_kinds_of_values_are_reported_as_by_the_emulator() {
    compare("services");
}

/// What the emulator alone reports, and why: after the branch for false, it notes the result of the whole for the branch
/// that was not taken, too.
const ONLY_THERE: [(&str, &str); 1] = [("request.time > timestamp.date(2020, 1, 1", r#"{"boolValue":false}"#)];

fn compare(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/rules_api/coverage");
    let text = fs::read_to_string(folder.join(format!("{name}.rules"))).unwrap();
    let recorded: Json =
        serde_json::from_str(&fs::read_to_string(folder.join(format!("{name}.json"))).unwrap()).unwrap();
    let rules = Ruleset::parse(&Source::new("firestore.rules", text.as_str())).unwrap();
    let mut coverage = Coverage::new(true);
    for recorded_request in recorded["requests"].as_array().unwrap() {
        let documents = recorded["documents"].as_object().unwrap();
        let stored: HashMap<String, Value> =
            documents.iter().map(|(name, entries)| (name.clone(), self::fields(entries))).collect();
        let decision = rules.cover(&request(recorded_request), &stored, &mut coverage).unwrap();
        assert_eq!(Some(decision.is_allowed()), recorded_request["allowed"].as_bool(), "{name}: {recorded_request}");
    }
    let ours = rules_api::coverage(&rules, &coverage);
    assert_eq!(ours["rules"]["files"][0], json!({ "content": text, "name": "firestore.rules" }));
    let mut differences = Vec::new();
    let (ours, theirs) = (ours["report"].as_array().unwrap(), recorded["report"].as_array().unwrap());
    assert_eq!(places(ours), places(theirs), "{name}: other roots");
    for (ours, theirs) in ours.iter().zip(theirs) {
        let comparison = Comparison { text: &text, counts: total(ours) == total(theirs), twice: is_unknown(theirs) };
        comparison.tree(ours, theirs, &mut differences);
    }
    assert!(differences.is_empty(), "{name}: {} differences:\n{}", differences.len(), differences.join("\n"));
}

fn request(recorded: &Json) -> Request<'static> {
    let path = recorded["path"].as_str().unwrap().to_owned();
    let method = Method::parse(recorded["method"].as_str().unwrap()).unwrap();
    let mut request = if method == Method::List {
        let mut query = Query::new();
        if let Some(limit) = recorded["limit"].as_i64() {
            query = query.limit(limit);
        }
        for filter in recorded["where"].as_array().unwrap() {
            let op = match filter[1].as_str().unwrap() {
                "==" => Comparator::Eq,
                ">" => Comparator::Gt,
                _ => Comparator::ListContains,
            };
            query = query.filter(filter[0].as_str().unwrap(), op, from_typed(&filter[2]).unwrap());
        }
        Request::list(path.clone(), query)
    } else {
        Request::new(method, path.clone())
    };
    request = request.at(recorded["time"].as_str().unwrap().parse().unwrap());
    if let Some(claims) = recorded.get("claims") {
        request = request.auth(Auth::from_claims(claims.clone()));
    }
    if let Some(existing) = recorded.get("existing") {
        request = request.existing(Document::new(&path, fields(existing)));
    }
    if let Some(with) = recorded.get("with") {
        request = request.with(Document::new(&path, fields(with)));
    }
    request
}

fn fields(entries: &Json) -> Value {
    from_typed(&json!({ "mapValue": { "fields": entries } })).unwrap()
}

fn places(reports: &[Json]) -> Vec<&Json> {
    reports.iter().map(|report| &report["sourcePosition"]).collect()
}

fn list<'j>(report: &'j Json, key: &str) -> &'j [Json] {
    report.get(key).map_or(&[], |list| list.as_array().unwrap())
}

fn total(report: &Json) -> u64 {
    list(report, "values").iter().map(|value| value["count"].as_u64().unwrap()).sum()
}

/// Whether the emulator has evaluated it without documents and did not know the result then.
fn is_unknown(theirs: &Json) -> bool {
    list(theirs, "values").iter().any(|value| value["value"] == json!({ "undefined": {} }))
}

struct Comparison<'t> {
    text: &'t str,
    /// The emulator evaluated the whole as often as we did.
    counts: bool,
    /// It evaluated it without documents first: operands that the documents make unnecessary have values, too.
    twice: bool,
}

impl Comparison<'_> {
    /// The same expression in both reports: place, operands, values. Counts are nowhere smaller in the emulator.
    fn tree(&self, ours: &Json, theirs: &Json, differences: &mut Vec<String>) {
        let number = |key: &str| theirs["sourcePosition"][key].as_u64().unwrap_or(0) as usize;
        let (from, to) = (number("currentOffset"), number("endOffset"));
        let covered: String = self.text.chars().skip(from).take((to + 1).saturating_sub(from)).collect();
        let (our_children, their_children) = (list(ours, "children"), list(theirs, "children"));
        let (here, there) = (places(our_children), places(their_children));
        if here != there {
            differences.push(format!("operands of `{covered}`: {here:?}, the emulator has {there:?}"));
            return;
        }
        let (our_values, their_values) = (values(ours), values(theirs));
        for (value, count) in &our_values {
            match their_values.iter().find(|(theirs, _)| theirs == value) {
                // Decided without the document.
                None if is_unknown(theirs) => {}
                None => differences.push(format!("`{covered}` gives {value} only here")),
                Some((_, theirs)) if count > theirs || (self.counts && count != theirs) => {
                    differences.push(format!("`{covered}` gives {value} {count} times, {theirs} in the emulator"));
                }
                Some(_) => {}
            }
        }
        for (value, _) in &their_values {
            let known = self.twice || ONLY_THERE.contains(&(covered.as_str(), value.to_string().as_str()));
            if !known && !our_values.iter().any(|(ours, _)| ours == value) {
                differences.push(format!("`{covered}` gives {value} only in the emulator"));
            }
        }
        for (ours, theirs) in our_children.iter().zip(their_children) {
            self.tree(ours, theirs, differences);
        }
    }
}

/// Values with their counts, without those that only tell of the emulator's first pass, where documents are unknown.
fn values(report: &Json) -> Vec<(Json, u64)> {
    let values = list(report, "values").iter().map(|entry| (comparable(&entry["value"]), &entry["count"]));
    let known = values.filter(|(value, _)| *value != json!({ "undefined": {} }) && *value != json!({}));
    known.map(|(value, count)| (value, count.as_u64().unwrap())).collect()
}

/// Members of `request` and `request.query` that the emulator has beyond the documentation.
const UNDOCUMENTED: [&str; 8] =
    ["autoId", "kind", "parent", "ancestor", "allDescendants", "distinct", "groupBy", "selectOnlyKeys"];

fn comparable(value: &Json) -> Json {
    match value {
        Json::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !UNDOCUMENTED.contains(&name.as_str()));
            Json::Object(kept.map(|(name, value)| (name.clone(), comparable(value))).collect())
        }
        Json::Array(items) => items.iter().map(comparable).collect(),
        other => other.clone(),
    }
}
