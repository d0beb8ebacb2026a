//! Fused operations, by which `permits` decides: that they give what their origins give, in recorded cases and in random
//! ones, and that ordinary rules decide without allocating.
//!
//! `FIREWARDEN_HOT_CASES` says how many random cases are tried; in CI a few thousand are.

#[path = "../../../benches/fixtures/mod.rs"]
mod fixtures;
mod random;
mod recorded;

use std::hint::black_box;

use firewarden::{
    internals::{program, syntax},
    storage::{Method, Request, Ruleset},
    text::Source,
};

#[test]
fn ordinary_decisions_allocate_nothing() {
    let (auth, stranger, upload) = (fixtures::auth(), fixtures::stranger(), fixtures::upload());
    let mut cases = fixtures::workloads(&auth, &upload);
    let (w6, name) = (fixtures::w6_rules(500), fixtures::w6_name(500));
    cases.push(("w6", w6, Request::new(Method::Get, fixtures::BUCKET, name.as_str()).auth(&auth)));
    for (name, rules, allowed) in cases {
        let rules: Ruleset = rules.parse().unwrap();
        let denied = allowed.clone().auth(&stranger);
        for (request, expected) in [(&allowed, true), (&denied, false)] {
            assert_eq!(rules.permits(request, &()).unwrap(), expected, "{name}");
            let count = allocation_counter::measure(|| {
                black_box(rules.permits(black_box(request), &()).unwrap());
            });
            assert_eq!(count.count_total, 0, "{name}, permitted: {expected}");
        }
    }
}

/// The listings of the statements alone: what their predicates ask, and in which order.
#[test]
fn conditions_are_fused() {
    let listing = |rules: String| {
        let source = Source::new("storage.rules", rules.as_str());
        let program = program::lower(&source, &syntax::parse_service(&source).unwrap()).unwrap();
        let listing = program.to_string();
        let from = listing.find("service ").unwrap();
        listing[from..].to_owned()
    };
    insta::assert_snapshot!("w3", listing(fixtures::w3_rules()));
    // The twenty flat blocks of W4 are alike.
    let w4 = listing(fixtures::w4_rules());
    let nested = w4.find("  match /b/{bucket}/o/orgs/{org} ").unwrap();
    let second = w4.find("  match /b/{bucket}/o/c01").unwrap();
    insta::assert_snapshot!("w4", format!("{}  …\n{}", &w4[..second], &w4[nested..]));
}

/// What random rules come upon rarely: failures beside what decides, in every order, and arguments that are not read.
#[test]
fn failures_are_absorbed_as_by_origins() {
    let parts = [
        "true",
        "false",
        "request.nothing == 1",
        "request.auth",
        "resource.size > 'a'",
        "1 / 0 == 1",
        "request.auth.token.big == 1",
    ];
    let auth = random::auth_with_big_claim();
    let request = Request::get("b", "x").auth(&auth);
    let mut rules = Vec::new();
    for a in parts {
        for b in parts {
            for c in parts {
                rules.push(format!("{a} && {b} || {c}"));
                rules.push(format!("({a} || {b}) && {c}"));
                rules.push(format!("!({a} && !({b})) || !({c})"));
                rules.push(format!("two({a}, {b}) || {c}"));
            }
            rules.push(format!("either(request.auth.token.big) || {a} || {b}"));
            rules.push(format!("unread(request.auth.token.big, {a}) || {b}"));
        }
    }
    for condition in rules {
        let text = format!(
            "rules_version = '2'; service firebase.storage {{ function two(a, b) {{ let c = a; return c && b; }} \
             function either(a) {{ return true || a == 1; }} function unread(a, b) {{ let c = request.auth.uid; return true; }} \
             match /b/b/o/x {{ allow read: if {condition}; allow get: if request.auth.uid == 'u'; }} }}"
        );
        let rules: Ruleset = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        let slow = rules.evaluate(&request, &()).unwrap().is_allowed();
        assert_eq!(rules.permits(&request, &()).unwrap(), slow, "{condition}");
    }
}
