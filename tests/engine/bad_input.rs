//! What no sensible host sends: every case ends in a clear error or a denial with a reason, within bounded time and on
//! the stack of an ordinary thread. Nothing here is ever allowed.

use std::thread;

use firewarden::{
    Auth, BoxError, Cause, Diagnostics, DocumentPath, Documents, Error, Value, firestore,
    storage::{Object, Request, Ruleset},
    text::{LineColumn, Source},
};
use serde_json::json;

#[test]
fn an_empty_file_is_refused() {
    on_a_small_stack(|| {
        let refused = refused("");
        assert_eq!(refused.iter().map(|p| p.code).collect::<Vec<_>>(), ["empty-file"]);
        assert!(refused.to_string().contains("storage.rules"));
    });
}

#[test]
fn blanks_and_comments_alone_are_refused_with_a_position() {
    for text in [" ", "\n\n\n", "// nothing\n", "/* nothing */", "\u{feff}", "\0", "/*"] {
        assert_eq!(refused(text).iter().filter(|p| p.is_error()).count(), refused(text).len(), "{text:?}");
        assert!(position(&refused(text)).line >= 1, "{text:?}");
    }
}

#[test]
fn a_mebibyte_of_blocks_is_read() {
    on_a_small_stack(|| {
        let block = |n| format!("match /photos{n}/{{name}} {{ allow read: if request.auth.uid == name; }}\n");
        let blocks: String = (0..15_000).map(block).collect();
        assert!(blocks.len() > 1 << 20);
        let rules: Ruleset = service(&blocks).parse().unwrap();
        let request = Request::get("b", "photos14999/alice").auth(Auth::user("alice"));
        assert!(rules.evaluate(&request, &()).unwrap().is_allowed());
        assert!(!rules.evaluate(&Request::get("b", "photos15000/alice"), &()).unwrap().is_allowed());
    });
}

#[test]
fn a_mebibyte_of_one_token_or_of_noise_is_refused_or_never_permits() {
    on_a_small_stack(|| {
        for piece in ["a", "'", "\"", "/", "*", "0", "\\", "é", "😀", "{", "match ", "//", "&&", "?", "$("] {
            let text = piece.repeat((1 << 20) / piece.len());
            assert!(text.parse::<Ruleset>().is_err(), "{piece:?} repeated");
        }
        let literal = condition(&format!("'{}' == 'x'", "a".repeat(1 << 20)));
        assert!(!decide(&literal).is_allowed());
    });
}

#[test]
fn ten_thousand_nested_brackets_are_too_complex() {
    on_a_small_stack(|| {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{'a': ", "}"),
            ("!", ""),
            ("-", ""),
            ("true ? ", ": 1"),
            ("f(", ")"),
            ("a[", "]"),
        ] {
            let nested = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
            let source = condition(&nested);
            let refused = refused(&source);
            let message = &refused.iter().next().unwrap().message;
            assert!(message.contains("too complex") || open == "-", "{open}: {message}");
            assert!(position(&refused).line == 4, "{open}: {}", refused.len());
            // Without their partners too.
            assert!(condition(&open.repeat(10_000)).parse::<Ruleset>().is_err());
        }
    });
}

#[test]
fn ten_thousand_nested_blocks_are_too_complex() {
    on_a_small_stack(|| {
        let nested = format!("{}allow read;{}", "match /a { ".repeat(10_000), " }".repeat(10_000));
        let message = refused(&service(&nested)).iter().next().unwrap().message.clone();
        assert!(message.contains("too complex"), "{message}");
    });
}

#[test]
fn a_hundred_thousand_terms_are_refused_or_denied() {
    on_a_small_stack(|| {
        for operator in ["&&", "||", "+", "=="] {
            let terms = vec!["true"; 100_000].join(operator);
            match condition(&terms).parse::<Ruleset>() {
                Err(Error::Source(problems)) => assert!(position(&problems).line == 4, "{operator}"),
                Err(other) => panic!("{other}"),
                Ok(rules) => assert!(operator == "||" || !ask(&rules).is_allowed(), "{operator}"),
            }
        }
        let list = format!("1 in [{}]", vec!["2"; 100_000].join(", "));
        assert!(!decide(&condition(&list)).is_allowed());
        let members = format!("request{} == 1", ".a".repeat(100_000));
        assert!(condition(&members).parse::<Ruleset>().is_err());
    });
}

#[test]
fn patterns_that_explode_elsewhere_are_linear_or_refused() {
    on_a_small_stack(|| {
        let text = "a".repeat(10_000);
        let object = Object::new("x").metadata("text", format!("{text}!"));
        for pattern in ["(a+)+", "(a|aa)+", "(.*a){20}", "(a*)*", "((a|a)(a|a))*"] {
            let rules: Ruleset = condition(&format!("resource.metadata.text.matches('{pattern}')")).parse().unwrap();
            let decision = rules.evaluate(&Request::get("b", "x").existing(&object), &()).unwrap();
            assert_eq!(*decision.cause(), Cause::ConditionsFalse, "{pattern}");
        }
        for bomb in ["((a{100}){100}){100}", "(((((a{30}){30}){30}){30}){30})", "a{1001}", "(?=a)", "(a)\\\\1"] {
            let rules = condition(&format!("'a'.matches('{bomb}')"));
            assert!(refused(&rules).iter().any(|p| p.code == "invalid-pattern"), "{bomb}");
            // The same when it is known only at run time.
            let object = Object::new("x").metadata("pattern", bomb.replace("\\\\", "\\"));
            let rules: Ruleset = condition("'a'.matches(resource.metadata.pattern)").parse().unwrap();
            let decision = rules.evaluate(&Request::get("b", "x").existing(object), &()).unwrap();
            assert!(decision.error().unwrap().message.contains("egular expression"), "{bomb}: {}", decision.reason());
        }
    });
}

#[test]
fn call_cycles_and_deep_call_chains_are_refused() {
    on_a_small_stack(|| {
        let chain = |depth: usize| -> String {
            let call = |n| if n + 1 < depth { format!("f{}()", n + 1) } else { "true".to_owned() };
            let functions: String =
                (0..depth).map(|n| format!("function f{n}() {{ return {}; }}\n", call(n))).collect();
            service(&format!("{functions} match /{{name}} {{ allow read: if f0(); }}"))
        };
        assert!(chain(21).parse::<Ruleset>().is_ok());
        assert!(refused(&chain(22)).iter().any(|p| p.code == "call-depth"));
        assert!(refused(&chain(2_000)).iter().any(|p| p.code == "call-depth"));
        let cycle = chain(10).replace("return true", "return f0()");
        assert!(refused(&cycle).iter().any(|p| p.code == "call-cycle"));
        let itself = chain(1).replace("return true", "return f0()");
        assert!(refused(&itself).iter().any(|p| p.code == "recursion"));
    });
}

#[test]
fn odd_paths_are_denied_with_a_reason() {
    let rules: Ruleset =
        "rules_version = '2'; service firebase.storage { match /{path=**} { allow read, write; } }".parse().unwrap();
    for name in ["", "/", "//", "a//b", "/a", "a//"] {
        let decision = rules.evaluate(&Request::get("b", name), &()).unwrap();
        assert!(matches!(decision.cause(), Cause::Refused(_)), "{name:?}: {}", decision.reason());
        assert!(decision.reason().starts_with("the request cannot be decided: "), "{}", decision.reason());
        assert!(!rules.permits(&Request::get("b", name), &()).unwrap(), "{name:?}");
    }
    // One slash at the end, as the names of folders have, does not count.
    assert!(rules.permits(&Request::get("b", "a/"), &()).unwrap());
    assert!(!rules.evaluate(&Request::get("", "a"), &()).unwrap().is_allowed());
    // A name is not decoded, so these are names like any other.
    for name in ["%zz", "%", "a%2Fb", "..", ".", "a\0b", " ", "😀", "{x}", "$(request.auth.uid)"] {
        assert!(rules.evaluate(&Request::get("b", name), &()).unwrap().is_allowed(), "{name:?}");
    }
    let long = "a/".repeat(100_000) + "a";
    assert!(rules.evaluate(&Request::get("b", long.as_str()), &()).unwrap().is_allowed());
    let rules: firestore::Ruleset =
        "rules_version = '2'; service cloud.firestore { match /{path=**} { allow read, write; } }".parse().unwrap();
    for name in ["", "/", "//", "//a/b", "notes", "notes/", "notes//a", "a/b/", "a/b/c"] {
        let decision = rules.evaluate(&firestore::Request::get(name), &()).unwrap();
        assert!(matches!(decision.cause(), Cause::Refused(_)), "{name:?}: {}", decision.reason());
    }
    assert!(!rules.evaluate(&firestore::Request::get("a/b").database(""), &()).unwrap().is_allowed());
    assert!(!rules.evaluate(&firestore::Request::list("a/b", firestore::Query::new()), &()).unwrap().is_allowed());
}

#[test]
fn paths_in_rules_that_cannot_be_decoded_fail() {
    let fails = |expression: &str| {
        let decision = decide(&condition(expression));
        assert!(decision.error().is_some(), "{expression}: {}", decision.reason());
    };
    for text in ["", "/a//b", "/a%zz", "/a%", "%zz", "//", "/{1x}", "/{x}/{x}", "/{x"] {
        fails(&format!("path('{text}') == path('/a')"));
        fails(&format!("firestore.exists(path('{text}'))"));
    }
    fails("path('/a/{x}')[1] == 'x'");
}

#[test]
fn a_claim_of_ten_mebibytes_denies_or_decides_as_usual() {
    on_a_small_stack(|| {
        let huge = "a".repeat(10 << 20);
        let auth = Auth::user("alice").claims(json!({ "huge": huge, "admin": true }));
        let ask = |expression: &str| {
            let rules: Ruleset = condition(expression).parse().unwrap();
            rules.explain(&Request::get("b", "x").auth(&auth), &()).unwrap()
        };
        assert!(ask("request.auth.token.admin == true").is_allowed());
        for expression in
            ["request.auth.token.huge.size() == 1", "request.auth.token.huge + 'a' == 'a'", "request.auth.token.huge"]
        {
            let decision = ask(expression);
            assert!(!decision.is_allowed(), "{expression}");
            assert!(decision.reason().len() < 1_000, "{expression}: a reason of {} bytes", decision.reason().len());
            assert!(decision.explanation().to_string().len() < 10_000, "{expression}: a very long explanation");
        }
    });
}

#[test]
fn fields_that_a_request_lacks_are_errors() {
    for (expression, error) in [
        ("request.params.x == 'y'", "Property params is undefined on object."),
        ("request.resource.size > 0", "Null value error."),
        ("resource.name == 'x'", "Null value error."),
        ("request.auth.uid == 'alice'", "Null value error."),
        ("request.query.limit < 10", "Property query is undefined on object."),
        ("request['auth'].token.admin", "Null value error."),
        ("unknown.field", "Null value error."),
    ] {
        let decision = decide(&condition(expression));
        let fault = decision.error().unwrap_or_else(|| panic!("{expression}: {}", decision.reason()));
        assert_eq!(fault.message, error, "{expression}");
        assert_eq!(fault.position.line, 4, "{expression}");
        // Nor do the opposite and the alternative allow.
        assert!(!decide(&condition(&format!("!({expression})"))).is_allowed(), "{expression}");
        assert!(!decide(&condition(&format!("({expression}) || false"))).is_allowed(), "{expression}");
    }
}

#[test]
fn documents_that_cannot_be_read_decide_nothing() {
    struct Broken;
    impl Documents for Broken {
        fn get(&self, _: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
            Err("the database is down".into())
        }
    }
    let asks = "firestore.exists(/databases/(default)/documents/a/b)";
    for expression in [asks.to_owned(), format!("{asks} || true"), format!("!{asks}"), format!("{asks} ? true : true")]
    {
        // Another statement that permits does not help either, whichever stands first in the file.
        let more = format!("match /{{other}} {{ allow read: if {asks} || true; }}");
        for source in
            [condition(&expression), service(&format!("match /{{name}} {{ allow read: if {expression}; }} {more}"))]
        {
            let rules: Ruleset = source.parse().unwrap();
            let request = Request::get("b", "x");
            let failed = |error: Error| match error {
                Error::Data(cause) => cause.to_string() == "the database is down",
                _ => false,
            };
            assert!(failed(rules.evaluate(&request, &Broken).unwrap_err()), "{source}");
            assert!(failed(rules.explain(&request, &Broken).unwrap_err()), "{source}");
            assert!(failed(rules.permits(&request, &Broken).unwrap_err()), "{source}");
        }
    }
    let error = condition(asks).parse::<Ruleset>().unwrap().evaluate(&Request::get("b", "x"), &Broken).unwrap_err();
    assert_eq!(error.to_string(), "the documents that the rules ask for could not be read: the database is down");
}

#[test]
fn values_that_nest_deeply_or_are_large_do_not_exhaust_the_stack() {
    on_a_small_stack(|| {
        let nested = (0..100).fold(json!(1), |inner, _| json!({ "a": [inner] }));
        let wide = json!((0..100_000).collect::<Vec<_>>());
        let auth = Auth::user("alice").claims(json!({ "nested": nested, "wide": wide }));
        for expression in [
            "request.auth.token.nested == request.auth.token.nested",
            "request.auth.token.wide == request.auth.token.wide",
            "99999 in request.auth.token.wide",
        ] {
            let rules: Ruleset = condition(expression).parse().unwrap();
            assert!(rules.evaluate(&Request::get("b", "x").auth(&auth), &()).unwrap().is_allowed(), "{expression}");
        }
        let rules: Ruleset = condition("request.auth.token.wide.toSet().size() == 100000").parse().unwrap();
        assert!(rules.evaluate(&Request::get("b", "x").auth(&auth), &()).unwrap().is_allowed());
    });
}

/// Threads have two mebibytes unless told otherwise.
fn on_a_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn service(blocks: &str) -> String {
    format!("rules_version = '2';\nservice firebase.storage {{\nmatch /b/{{bucket}}/o {{\n{blocks}\n}}\n}}\n")
}

/// Rules with one condition, on line 4.
fn condition(expression: &str) -> String {
    service(&format!("match /{{name}} {{ allow read: if {expression}; }}"))
}

fn refused(text: &str) -> Diagnostics {
    match Ruleset::parse(&Source::new("storage.rules", text)) {
        Err(Error::Source(problems)) => problems,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted: {}", text.chars().take(200).collect::<String>()),
    }
}

/// Where the first problem is.
fn position(problems: &Diagnostics) -> LineColumn {
    problems.position(problems.iter().next().unwrap()).unwrap()
}

fn decide(source: &str) -> firewarden::Decision {
    ask(&source.parse().unwrap())
}

fn ask(rules: &Ruleset) -> firewarden::Decision {
    rules.evaluate(&Request::get("b", "x"), &()).unwrap()
}
