//! Questions about whole rulesets and single statements; each "yes" comes with a request that the engine permits.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "tests")]

mod support;

use firewarden::{rules::Rules, text::Source};
use firewarden_analysis::{
    ask::{METHODS, Settings, Verdict, never, program, subject::Subject},
    permit::Ruleset,
};

fn on_large_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 << 20).spawn(run).unwrap().join().unwrap();
}

#[derive(Debug, Default)]
struct Count {
    yes: usize,
    no: usize,
    unknown: usize,
}

#[test]
fn statements_of_examples_can_permit() {
    on_large_stack(|| {
        let mut count = Count::default();
        for (name, text) in support::rules(usize::MAX) {
            let source = Source::new(&name, &text);
            let Ok(rules) = Rules::parse(&source, None) else { continue };
            let Some((product, program)) = program(&rules) else { continue };
            let Some(ruleset) = Ruleset::new(0, program, product) else { continue };
            let start = std::time::Instant::now();
            for method in METHODS {
                for statement in ruleset.statements(method) {
                    let settings = Settings::from(support::now());
                    let verdict = never::statement_may(&rules, ruleset, &statement, method, Subject::Anybody, settings);
                    match &verdict {
                        Verdict::Yes(witness) => {
                            count.yes += 1;
                            assert!(witness.permitted_by(&rules).unwrap());
                        }
                        Verdict::No(_) => count.no += 1,
                        Verdict::Unknown(unknown) => {
                            count.unknown += 1;
                            let line = source.position(statement.statement.span.start).line;
                            let at = unknown.at.map(|(_, offset)| source.position(offset));
                            println!("{name}:{line} {method:?}: {} at {at:?}", unknown.because);
                        }
                    }
                }
            }
            if start.elapsed().as_millis() > 500 {
                println!("{name} {:?} {} lines", start.elapsed(), text.lines().count());
            }
        }
        println!("{count:?}");
        // The wiki has few that are not modelled; of the corpus 2 % may be unknown.
        let all = count.yes + count.no + count.unknown;
        assert!(count.unknown <= 3 + all / 50, "{count:?}");
    });
}

#[test]
fn callers_of_a_class_may_or_may_not() {
    on_large_stack(|| {
        let rules = "rules_version = '2'; service cloud.firestore { match /databases/{db}/documents {
            match /open/{id} { allow read: if true; allow create: if request.auth != null; }
            match /own/{uid} { allow read, write: if request.auth.uid == uid; }
            match /by/{id} { allow update: if resource.data.owner == request.auth.uid; }
            match /admin/{id} { allow delete: if request.auth.token.admin == true; } } }";
        let rules = Rules::parse(&Source::new("firestore.rules", rules), None).unwrap();
        let ask = |method, who| never::may(&rules, method, who, Settings::from(support::now()));
        use firewarden::storage::Method::{Create, Delete, Get, Update};
        assert!(matches!(ask(Get, Subject::SignedOut), Verdict::Yes(_)));
        assert!(matches!(ask(Create, Subject::SignedOut), Verdict::No(None)));
        assert!(matches!(ask(Create, Subject::Stranger), Verdict::Yes(_)));
        assert!(matches!(ask(Delete, Subject::Stranger), Verdict::No(None)));
        assert!(matches!(ask(Delete, Subject::SignedIn), Verdict::Yes(_)));
        assert!(matches!(ask(Update, Subject::SignedIn), Verdict::Yes(_)));
    });
}

/// Where a text has no member of a length, another length is tried before the text is given up.
#[test]
fn a_length_that_a_text_cannot_have_refutes_the_length() {
    on_large_stack(|| {
        let data = "resource.data";
        for (condition, may) in [
            (format!("{data}.t == 'abc' && ({data}.t.size() >= 10 || {data}.t.size() <= 3)"), true),
            (format!("{data}.t == 'abc' && ({data}.t.size() >= 10 || {data}.t.size() > 5)"), false),
            (format!("{data}.t.matches('[a-z]{{2}}') && ({data}.t.size() > 4 || {data}.t.size() > 1)"), true),
            (format!("{data}.t.matches('[a-z]{{2}}') && ({data}.t.size() > 4 || {data}.t.size() > 2)"), false),
            (
                format!("{data}.t == {data}.u && {data}.u == 'abc' && ({data}.t.size() > 4 || {data}.t.size() > 2)"),
                true,
            ),
            (format!("{data}.t in ['a', 'bb'] && ({data}.t.size() == 3 || {data}.t.size() == 2)"), true),
            (format!("{data}.t.size() == {data}.n && {data}.t == 'abc' && ({data}.n == 4 || {data}.n == 3)"), true),
            (format!("id.matches('x+') && id.size() == {data}.n && ({data}.n == 0 || {data}.n == 2)"), true),
        ] {
            let text = format!(
                "rules_version = '2'; service cloud.firestore {{ match /databases/{{db}}/documents {{
                 match /a/{{id}} {{ allow get: if {condition}; }} }} }}"
            );
            let rules = Rules::parse(&Source::new("firestore.rules", text), None).unwrap();
            let verdict =
                never::may(&rules, firewarden::storage::Method::Get, Subject::Anybody, Settings::from(support::now()));
            assert_eq!(matches!(verdict, Verdict::Yes(_)), may, "{condition}: {verdict:?}");
            assert!(may || matches!(verdict, Verdict::No(None)), "{condition}: {verdict:?}");
        }
    });
}
