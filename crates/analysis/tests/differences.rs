//! What a change of rules opens and closes; and attacks on answers that there is no difference.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "tests")]

mod support;

use firewarden::{Outcome, Value, rules::Rules, text::Source};
use firewarden_analysis::{
    ask::{
        METHODS, Settings, Verdict,
        diff::{Change, Comparison, diff},
        program,
    },
    permit::Ruleset,
};
use support::{Generator, Random, Vocabulary};

fn on_large_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 << 20).spawn(run).unwrap().join().unwrap();
}

fn parse(name: &str, text: &str) -> Option<Rules> {
    Rules::parse(&Source::new(name, text), None).ok()
}

fn compare(old: &Rules, new: &Rules) -> Comparison {
    diff(old, new, Settings::from(support::now()), None, &|_, _| true).unwrap()
}

fn example(name: &str) -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    std::fs::read_to_string(root.join(name)).unwrap()
}

#[test]
fn a_change_of_the_photos_has_exactly_its_three_differences() {
    on_large_stack(|| {
        let text = example("photos/storage.rules");
        let changed = text
            .replace(
                "&& isVisibility(request.resource.metadata.get('visibility', 'private'))\n                      && !isSuspended();",
                "&& isVisibility(request.resource.metadata.get('visibility', 'private'));",
            )
            .replace(
                "allow get, delete: if isUser(userId);",
                "allow get: if isUser(userId) || isModerator(); allow delete: if isUser(userId) && resource.size < 1000;",
            )
            .replace("return role() in ['moderator', 'admin'];", "return role() == 'moderator' || role() == 'admin';");
        assert_ne!(text, changed);
        let (old, new) = (parse("old", &text).unwrap(), parse("new", &changed).unwrap());
        let found: Vec<String> = compare(&old, &new)
            .differences
            .iter()
            .map(|found| {
                assert!(matches!(found.verdict, Verdict::Yes(_)), "{found:?}");
                format!("{} {} {}", found.change.name(), found.method.name(), found.path)
            })
            .collect();
        assert_eq!(
            found,
            [
                "widened get /b/{bucket}/o/originals/{userId}/{file}",
                "widened create /b/{bucket}/o/users/{userId}/{photo}",
                "narrowed delete /b/{bucket}/o/originals/{userId}/{file}",
            ]
        );
    });
}

#[test]
fn rules_do_not_differ_from_themselves() {
    on_large_stack(|| {
        for (name, text) in support::rules(usize::MAX) {
            let (Some(old), Some(new)) = (parse(&name, &text), parse(&name, &text)) else { continue };
            if program(&old).is_none() {
                continue;
            }
            let found = compare(&old, &new);
            assert!(found.differences.is_empty(), "{name}: {:?}", found.differences);
        }
    });
}

/// A comment in each statement keeps statements from being recognised by their text: their formulas have to cancel out.
#[test]
fn comments_in_statements_change_nothing() {
    on_large_stack(|| {
        let (mut equal, mut unknown, mut asked) = (0, Vec::new(), 0);
        for (name, text) in support::rules(usize::MAX) {
            let commented = text.replace("allow ", "allow /* as before */ ");
            let (Some(old), Some(new)) = (parse(&name, &text), parse(&name, &commented)) else { continue };
            if program(&old).is_none() {
                continue;
            }
            let found = compare(&old, &new);
            asked += found.asked;
            equal += usize::from(found.differences.is_empty());
            for difference in found.differences {
                match &difference.verdict {
                    Verdict::Unknown(why) => unknown.push(format!("{name}:{} {}", difference.line, why.because)),
                    verdict => panic!("{name}:{} {:?}: {verdict:?}", difference.line, difference.method),
                }
            }
        }
        println!("{equal} equal, {asked} searches, {} unknown: {unknown:#?}", unknown.len());
        assert!(equal > 0);
    });
}

/// A random change of the text of rules.
fn mutated(random: &mut Random, text: &str) -> String {
    const CHANGES: [(&str, &str); 14] = [
        (" && ", " || "),
        (" || ", " && "),
        ("==", "!="),
        ("!=", "=="),
        (" < ", " <= "),
        (" <= ", " < "),
        (" > ", " >= "),
        ("hasOnly", "hasAll"),
        ("hasAll", "hasAny"),
        ("'owner'", "'editor'"),
        ("request.auth != null", "true"),
        ("request.auth.uid", "request.auth.token.email"),
        ("if ", "if !"),
        ("update", "update, delete"),
    ];
    for _ in 0..20 {
        let (from, to) = *random.pick(&CHANGES);
        let places: Vec<_> = text.match_indices(from).map(|(at, _)| at).collect();
        if places.is_empty() {
            continue;
        }
        let at = *random.pick(&places);
        return format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
    }
    text.to_owned()
}

#[test]
fn no_request_contradicts_an_answer_about_mutated_rules() {
    on_large_stack(|| {
        let number = |name: &str, default| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
        let (pairs, requests) = (number("FIREWARDEN_PAIRS", 3), number("FIREWARDEN_REQUESTS", 300));
        let (mut asked, mut witnesses, mut attacks, mut differing, mut unknown) = (0, 0, 0, 0, 0);
        for (name, text) in support::rules(usize::MAX) {
            if text.lines().count() > number("FIREWARDEN_LINES", 400) {
                continue;
            }
            let mut random = Random::new(text.len() as u64);
            let Some(old) = parse(&name, &text) else { continue };
            let Some((product, before)) = program(&old) else { continue };
            for pair in 0..pairs {
                let changed = mutated(&mut random, &text);
                let Some(new) = parse(&name, &changed) else { continue };
                let Some((other, after)) = program(&new) else { continue };
                let (Some(one), Some(two)) = (Ruleset::new(0, before, product), Ruleset::new(1, after, other)) else {
                    continue;
                };
                let (old_source, new_source) = (Source::new(&name, &text), Source::new(&name, &changed));
                let found = compare(&old, &new);
                asked += 1;
                for difference in &found.differences {
                    match &difference.verdict {
                        Verdict::Yes(witness) => {
                            witnesses += 1;
                            let (was, is) = (witness.permitted_by(&old).unwrap(), witness.permitted_by(&new).unwrap());
                            assert_eq!(is, difference.change == Change::Widened);
                            assert_ne!(was, is);
                        }
                        _ => unknown += 1,
                    }
                }
                let words = Vocabulary::of(&[(before, one.service), (after, two.service)]);
                let mut generator = Generator::new(pair as u64 + 17, &words);
                for n in 0..requests {
                    let method = METHODS[n % METHODS.len()];
                    let Some(case) = generator.request(product, method) else { continue };
                    // Whether rules permit the request, and the lines of the statements that do.
                    let decide = |rules: &Rules, source: &Source| {
                        let decision = match (rules, &case.storage, &case.firestore) {
                            (Rules::Storage(rules), Some(request), _) => rules.explain(request, &case.documents),
                            (Rules::Firestore(rules), _, Some(request)) => rules.explain(request, &case.documents),
                            _ => panic!("requests are made for the product"),
                        }
                        .unwrap();
                        let lines: Vec<u32> = decision
                            .statements()
                            .filter(|s| matches!(&s.outcome, Outcome::Value(Value::Bool(true))))
                            .map(|s| source.position(s.span.start).line)
                            .collect();
                        (decision.is_allowed(), lines)
                    };
                    // Answers hold from `now` on.
                    let early = match &case.facts.request {
                        firewarden::Value::Map(map) => {
                            matches!(map.get("time"), Some(firewarden::Value::Timestamp(time)) if *time < support::now())
                        }
                        _ => false,
                    };
                    attacks += 1;
                    let ((was, old_lines), (is, new_lines)) = (decide(&old, &old_source), decide(&new, &new_source));
                    if was == is || early {
                        continue;
                    }
                    differing += 1;
                    let (change, lines) = if is { (Change::Widened, new_lines) } else { (Change::Narrowed, old_lines) };
                    assert!(!lines.is_empty(), "{name}: a statement permits");
                    // Each statement that permits was asked by itself.
                    for line in lines {
                        let known = found
                            .differences
                            .iter()
                            .any(|d| d.change == change && d.method == method && d.line == line);
                        assert!(
                            known,
                            "{name}:{line}: {change:?} {method:?} was not found\n{:?}\n{changed}",
                            case.facts
                        );
                    }
                }
            }
        }
        println!(
            "{asked} pairs, {witnesses} witnesses, {unknown} unknown, {attacks} attacks, {differing} of them differ"
        );
        assert!(asked > 0 && differing > 0);
    });
}

/// Whether rules of Firestore let a caller who is signed out get the document `a/b`.
fn permits_get(rules: &Rules) -> bool {
    let request = firewarden::firestore::Request::new(firewarden::storage::Method::Get, "a/b").at(support::now());
    match rules {
        Rules::Firestore(rules) => rules.permits(&request, &std::collections::BTreeMap::new()).unwrap(),
        _ => panic!("firestore rules"),
    }
}

/// The conditions fold to the same formula, and yet the limit of expressions ends the evaluation of the new rules.
#[test]
fn a_limit_of_the_engine_is_in_reach_where_formulas_cancel_out() {
    on_large_stack(|| {
        let rules = |other: &str| {
            format!(
                "rules_version = '2'; service cloud.firestore {{ match /databases/{{db}}/documents {{ match /{{a}}/{{id}} {{
                {other}
                allow get; }} }} }}"
            )
        };
        // The first has a formula of its own, the others are never true and vanish from it.
        for never in ["request.auth.uid == 'nobody'", "request.nothing == 1", "request.path == 1", "request.auth == 1"]
        {
            let costly = format!("allow get: if {};", [never; 12].join(" || ")).repeat(40);
            let (old, new) = (parse("old", &rules("")).unwrap(), parse("new", &rules(&costly)).unwrap());
            assert!(permits_get(&old) && !permits_get(&new));
            assert!(compare(&old, &new).differences.iter().any(|found| found.change == Change::Narrowed), "{never}");
        }
    });
}

/// A replacement that names a missing group ends the evaluation, unless a statement of the same block permits before it.
#[test]
fn the_order_of_statements_matters_where_one_can_end_the_evaluation() {
    on_large_stack(|| {
        let (open, aborting) = ("allow get;", "allow get: if 'a'.replace('a', '$1') == 'x';");
        let rules = |first: &str, second: &str| {
            parse(
                "firestore.rules",
                &format!(
                    "rules_version = '2'; service cloud.firestore {{ match /databases/{{db}}/documents {{
                    match /a/{{id}} {{ {first} {second} }} }} }}"
                ),
            )
            .unwrap()
        };
        let (old, new) = (rules(open, aborting), rules(aborting, open));
        assert_eq!((permits_get(&old), permits_get(&new)), (true, false));
        assert!(compare(&old, &new).differences.iter().any(|found| found.change == Change::Narrowed));
    });
}

/// Only blocks that can cover the same path spend the expressions of one request.
#[test]
fn a_limit_of_another_path_is_out_of_reach() {
    on_large_stack(|| {
        let costly = format!("allow get: if {};", ["request.auth.uid == 'nobody'"; 12].join(" || ")).repeat(40);
        let rules = |other: &str, condition: &str| {
            parse(
                "firestore.rules",
                &format!(
                    "rules_version = '2'; service cloud.firestore {{ match /databases/{{db}}/documents {{
                    match /{other}/{{id}} {{ {costly} }} match /a/{{id}} {{ allow get: if {condition}; }} }} }}"
                ),
            )
            .unwrap()
        };
        let differs = |other: &str| {
            let found = compare(&rules(other, "request.auth != null"), &rules(other, "null != request.auth"));
            found.differences.iter().any(|found| found.path.ends_with("/a/{id}"))
        };
        assert!(!differs("b"));
        assert!(differs("a") && differs("{any}"));
    });
}
