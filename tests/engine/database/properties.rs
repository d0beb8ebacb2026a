//! What holds for all rules, data and requests, and the classes of case where other engines allow what the service
//! denies.

use firewarden::database::{Cause, Data, Incoming, Request, Ruleset};
use proptest::{prelude::*, sample::select};
use serde_json::{Value as Json, json};

use super::{
    behaviour::Lazy,
    generate::{condition, key, path, request, stored, tree, updates, user, write},
    ms, rules,
};

/// So many cases; `PROPTEST_CASES` multiplies them by so many 256ths.
fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: (cases * default.cases / 256).max(1), failure_persistence: None, ..default }
}

/// The tree without rules of one kind.
fn without(rules: &Json, kind: &str) -> Json {
    match rules {
        Json::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| *name != kind);
            Json::Object(kept.map(|(name, rules)| (name.clone(), without(rules, kind))).collect())
        }
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn what_is_explained_is_what_is_decided(tree in tree(), stored in stored(), request in request()) {
        let rules = rules(&tree);
        let decision = rules.explain(&request, &stored).unwrap();
        let context = || format!("{tree}\n{}", decision.explanation());
        prop_assert_eq!(rules.permits(&request, &stored).unwrap(), decision.is_allowed(), "{}", context());
        let plain = rules.evaluate(&request, &stored).unwrap();
        prop_assert_eq!(plain.cause(), decision.cause(), "{}", context());
        prop_assert!(decision.explanation().to_string().lines().all(|line| line.chars().count() < 300));
        prop_assert_eq!(decision.rules().len(), plain.rules().len());
    }

    #[test]
    fn a_host_that_answers_path_by_path_gets_the_same_answers(tree in tree(), stored in stored(), request in request()) {
        let rules = rules(&tree);
        let lazy = Lazy { data: stored.clone(), ..Lazy::default() };
        prop_assert_eq!(rules.permits(&request, &lazy).unwrap(), rules.permits(&request, &stored).unwrap(), "{}", tree);
        let asked = lazy.asked.into_inner();
        let gets: Vec<_> = asked.iter().filter(|question| question.starts_with("get")).collect();
        let distinct: std::collections::BTreeSet<_> = gets.iter().collect();
        prop_assert_eq!(gets.len(), distinct.len(), "asked twice: {:?}", gets);
    }

    #[test]
    fn a_read_that_is_granted_is_granted_below(tree in tree(), stored in stored(), at in path(), below in path(), user in user()) {
        let rules = rules(&tree);
        let read = |path: String| {
            let request = Request::read(path).at(ms(2));
            let request = match &user { Some(user) => request.auth(user), None => request };
            rules.permits(&request, &stored).unwrap()
        };
        prop_assert!(!read(at.clone()) || read(format!("{at}{below}")), "{tree} {at} {below}");
    }

    #[test]
    fn validation_never_turns_a_denial_into_an_allow(tree in tree(), stored in stored(), request in request()) {
        let (with, unvalidated) = (rules(&tree), rules(&without(&tree, ".validate")));
        let granted = unvalidated.permits(&request, &stored).unwrap();
        prop_assert!(granted || !with.permits(&request, &stored).unwrap(), "{tree}");
        let decision = with.explain(&request, &stored).unwrap();
        // Of an update, another path may not be granted.
        let one_path = decision.rules().iter().all(|rule| rule.update.is_none());
        if one_path && matches!(decision.cause(), Cause::Invalid(..)) {
            prop_assert!(granted, "{tree}");
        }
    }

    /// `newData` is what `data` would be after the write, wherever it is looked at from.
    #[test]
    fn the_overlay_is_the_write_applied_to_a_copy(
        condition in condition(), at in path(), stored in stored(), writes in updates(), user in user(),
    ) {
        let judged = |kind: &str, subject: &str| {
            let rule = json!({ kind: condition.replace('@', subject) });
            let names: Vec<_> = at.split('/').filter(|name| !name.is_empty()).collect();
            let tree = names.iter().rev().fold(rule, |below, name| json!({ *name: below }));
            rules(&json!({ "rules": tree }))
        };
        let signed = |request: Request<'static>| {
            let request = request.at(ms(2));
            match &user { Some(user) => request.auth(user.clone()), None => request }
        };
        let mut after = stored.clone();
        // The rule stands at `at`; what is written has to lie there or below to be judged by it.
        let below: Vec<_> = writes.into_iter().map(|mut write| { write.path = format!("{at}{}", write.path); write }).collect();
        for write in &below {
            after.set(&write.path, Data::from_json(&write.value).unwrap());
        }
        let request = match below.as_slice() {
            [one] => Request::write(one.path.clone(), one.value.clone()),
            many => Request::update_paths("/", many.iter().map(|write| (write.path.clone(), Incoming::from(&write.value)))),
        };
        let written = judged(".write", "newData").permits(&signed(request), &stored).unwrap();
        let read = judged(".read", "data").permits(&signed(Request::read(at.clone())), &after).unwrap();
        prop_assert_eq!(written, read, "{} at {}: {:?} over {:?}", condition, at, below, stored.to_json());
    }

    #[test]
    fn a_literal_child_hides_the_wildcard(own in tree(), other in tree(), stored in stored(), rest in path(), value in write(), user in user()) {
        let both = rules(&json!({ "rules": { "a": own["rules"], "$any": rename(&other["rules"]) } }));
        let alone = rules(&json!({ "rules": { "a": own["rules"] } }));
        let requests = [Request::read(format!("/a{rest}")), Request::write(format!("/a{rest}"), value.value)];
        for request in requests {
            let request = match &user { Some(user) => request.auth(user), None => request };
            prop_assert_eq!(both.permits(&request, &stored).unwrap(), alone.permits(&request, &stored).unwrap());
        }
    }

    #[test]
    fn null_is_no_text(prefix in select(vec!["''", "'users/'", "$k"]), stored in stored(), at in key()) {
        for condition in [
            format!("root.child({prefix} + auth.uid).exists() || true"),
            "root.child(auth.uid).exists() || true".to_owned(),
            "!root.hasChild(auth.uid) || true".to_owned(),
            "root.hasChildren([auth.uid, 'a']) || true".to_owned(),
            format!("{prefix}.contains(auth.uid) || true"),
            format!("({prefix} + auth.token.email).length > 0 || true"),
        ] {
            let rules = rules(&json!({ "rules": { "$k": { ".read": condition } } }));
            prop_assert!(!rules.permits(&Request::read(format!("/{at}")), &stored).unwrap(), "{condition}");
        }
    }

    #[test]
    fn nothing_rescues_a_failure(
        failing in select(vec!["auth.uid < 1", "data.parent().parent().exists()", "-auth.uid == 0", "auth.uid.contains('a')", "data.val() * 2 == 2", "true + 1 == 2"]),
        around in select(vec!["@ || true", "!(@)", "(@) == false", "(@) ? true : true", "!(@ && true) || true", "(@) != true"]),
    ) {
        let condition = around.replace('@', failing);
        let text = json!({ "rules": { "a": { ".read": condition } } }).to_string();
        // What is refused when it is set grants nothing either.
        if let Ok(rules) = text.parse::<Ruleset>() {
            prop_assert!(!rules.permits(&Request::read("/a"), &Data::from(true)).unwrap(), "{condition}");
        }
    }

    #[test]
    fn values_of_different_types_are_unequal_and_unordered(
        a in select(vec![json!(1), json!(0), json!(true), json!(false), json!("1"), json!("true"), json!("")]),
        b in select(vec![("1", 0), ("0", 0), ("true", 1), ("false", 1), ("'1'", 2), ("'true'", 2), ("''", 2), ("null", 3)]),
    ) {
        let kind = match &a { Json::Number(_) => 0, Json::Bool(_) => 1, _ => 2 };
        let judge = |condition: String| {
            let text = json!({ "rules": { ".read": condition } }).to_string();
            text.parse::<Ruleset>().is_ok_and(|rules| rules.permits(&Request::read("/"), &Data::from_json(&a).unwrap()).unwrap())
        };
        if kind != b.1 {
            let (equal, unequal) = (judge(format!("data.val() == {}", b.0)), judge(format!("data.val() != {}", b.0)));
            prop_assert!(!equal && unequal, "{a} {}", b.0);
            for op in ["<", "<=", ">", ">="] {
                let ordered = judge(format!("data.val() {op} {} || true", b.0));
                prop_assert!(!ordered, "{a} {op} {}", b.0);
            }
        }
    }

    #[test]
    fn a_name_of_javascript_objects_is_a_name(name in select(vec!["constructor", "toString", "hasOwnProperty", "__proto__", "length"])) {
        let rules = rules(&json!({ "rules": { "$x": { ".read": "true" }, ".write": format!("root.child('{name}').exists() || root.child('a/{name}').exists() || auth.token.{name} != null") } }));
        let auth = firewarden::Auth::user("u");
        let read = rules.permits(&Request::read(format!("/{name}")), &()).unwrap();
        let stored = Data::from_json(&json!({ "a": 1 })).unwrap();
        let written = rules.permits(&Request::write("/", json!(1)).auth(auth), &stored).unwrap();
        prop_assert!(read && !written, "{name}");
    }
}

/// Wildcards of one tree within another one.
fn rename(rules: &Json) -> Json {
    serde_json::from_str(&rules.to_string().replace("$x", "$y")).unwrap()
}

proptest! {
    #![proptest_config(config(1000))]

    #[test]
    fn any_text_is_read_or_refused_with_positions(text in any::<String>()) {
        read_or_refused(&text);
        read_or_refused(&json!({ "rules": { ".read": text } }).to_string());
    }

    #[test]
    fn pieces_in_any_order_are_read_or_refused_with_positions(pieces in proptest::collection::vec(select(&PIECES[..]), 0..14)) {
        let text: String = pieces.concat();
        read_or_refused(&format!("{{\"rules\":{text}"));
        read_or_refused(&format!("{{\"rules\":{{\".read\":\"{text}\"}}}}"));
        read_or_refused(&json!({ "rules": { "$k": { ".write": text } } }).to_string());
    }
}

const PIECES: [&str; 46] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\"a\"",
    "\"$k\"",
    "\".read\"",
    "true",
    "null",
    "//",
    "/*",
    "*/",
    "\n",
    "\\",
    "\\\\",
    "\\u0041",
    "auth",
    ".uid",
    "data",
    "newData",
    "$k",
    ".val()",
    ".child(",
    "'a'",
    "'",
    ")",
    "(",
    "==",
    "=",
    "&&",
    "||",
    "!",
    "?",
    "-",
    "+",
    "1",
    "/a/",
    ".matches(",
    "/",
    "é",
    "😀",
    "now",
    " ",
];

fn read_or_refused(text: &str) {
    let source = firewarden::text::Source::new("rules", text);
    match Ruleset::parse(&source) {
        Ok(rules) => {
            let _ = rules.permits(&Request::read("/a"), &());
            let _ = rules
                .explain(&Request::write("/a", json!({ "b": 1 })), &Data::from(1.0))
                .unwrap()
                .explanation()
                .to_string();
        }
        Err(firewarden::Error::Source(problems)) => {
            assert!(problems.has_errors(), "{text}");
            for problem in &problems {
                let span = problem.span.expect("every problem has a place");
                assert!(span.start <= span.end && span.end as usize <= text.len(), "{text}: {problem:?}");
                assert!(text.get(span.range()).is_some(), "{text}: {problem:?} cuts a character");
            }
            let _ = problems.to_string();
        }
        Err(other) => panic!("{text}: {other}"),
    }
}
