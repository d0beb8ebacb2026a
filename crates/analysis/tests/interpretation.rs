//! Formulas read under real requests give what the engine gives, and axioms hold under each of them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used, reason = "tests")]

mod support;

use std::collections::HashMap;

use firewarden::{
    Outcome, Value,
    internals::{program::ServiceProgram, request::ServiceProduct},
    rules::Rules,
    text::Source,
};
use firewarden_analysis::{
    ask::METHODS,
    axioms::axioms,
    formula::Formula,
    interpret::Reading,
    permit::{Ruleset, permits},
    shapes,
    symbolic::Encoder,
};
use support::{Generator, Vocabulary};

#[derive(Debug, Default)]
struct Count {
    pairs: usize,
    permitted: usize,
    unread: usize,
    axioms: usize,
    differences: Vec<String>,
}

struct Encoded {
    encoder: Encoder,
    statements: Vec<(u32, Formula)>,
    axioms: Vec<Formula>,
}

fn check(name: &str, text: &str, requests: usize, count: &mut Count) {
    let source = Source::new(name, text);
    let Ok(rules) = Rules::parse(&source, None) else { return };
    let (product, program) = match &rules {
        Rules::Storage(rules) => (ServiceProduct::Storage, rules.compiled().program()),
        Rules::Firestore(rules) => (ServiceProduct::Firestore, rules.compiled().program()),
        Rules::Database(_) => return,
    };
    let Some(ruleset) = Ruleset::new(0, program, product) else { return };
    let service: &ServiceProgram = ruleset.service;
    let words = Vocabulary::of(&[(program, service)]);
    let mut generator = Generator::new(text.len() as u64 + 1, &words);
    let mut encoded: HashMap<(usize, usize), Encoded> = HashMap::new();
    for n in 0..requests {
        let at = n % METHODS.len();
        let method = METHODS[at];
        if ruleset.refuses(product, method) {
            continue;
        }
        let Some(case) = generator.request(product, method) else { continue };
        let segments = case.facts.segments.len();
        let encoded = encoded.entry((at, segments)).or_insert_with(|| {
            let mut encoder = Encoder::new(product, method, segments);
            let statements = ruleset
                .statements(method)
                .iter()
                .map(|statement| (statement.statement.span.start, permits(&mut encoder, statement)))
                .collect();
            shapes::close(&mut encoder);
            let axioms = axioms(&mut encoder, None);
            Encoded { encoder, statements, axioms }
        });
        let decision = match (&rules, &case.storage, &case.firestore) {
            (Rules::Storage(rules), Some(request), _) => rules.explain(request, &case.documents).unwrap(),
            (Rules::Firestore(rules), _, Some(request)) => rules.explain(request, &case.documents).unwrap(),
            _ => continue,
        };
        let reading = Reading::new(&encoded.encoder.world, &case.facts);
        let outcomes: HashMap<u32, bool> = decision
            .statements()
            .map(|s| (s.span.start, matches!(&s.outcome, Outcome::Value(Value::Bool(true)))))
            .collect();
        // A request that was ended early says nothing about single statements.
        if matches!(decision.cause().name(), "aborted" | "refused") {
            continue;
        }
        for (start, formula) in &encoded.statements {
            let truth = reading.truth(*formula);
            let Some(expected) = outcomes.get(start).copied().or_else(|| (!decision.is_allowed()).then_some(false))
            else {
                continue;
            };
            count.permitted += usize::from(expected);
            match truth {
                None => count.unread += 1,
                Some(found) => {
                    count.pairs += 1;
                    if found != expected && count.differences.len() < 20 {
                        count.differences.push(format!(
                            "{name}:{} {:?}: formula {found}, engine {expected}\n{:?}\n{:?}",
                            source.position(*start).line,
                            method,
                            case.facts,
                            decision.explanation().to_string(),
                        ));
                    }
                }
            }
        }
        for axiom in &encoded.axioms {
            count.axioms += 1;
            if reading.truth(*axiom) == Some(false) && count.differences.len() < 20 {
                count.differences.push(format!(
                    "{name}: an axiom is false: {}\n{:?}",
                    firewarden_analysis::show::formula(&encoded.encoder.world, *axiom),
                    case.facts
                ));
            }
        }
    }
}

fn on_large_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn formulas_and_axioms_agree_with_the_engine() {
    on_large_stack(|| {
        let requests = std::env::var("FIREWARDEN_REQUESTS").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000);
        let mut count = Count::default();
        for (name, text) in support::rules(usize::MAX) {
            let start = std::time::Instant::now();
            check(&name, &text, requests, &mut count);
            if std::env::var_os("FIREWARDEN_PROGRESS").is_some() {
                let found = count.differences.len();
                eprintln!(
                    "{name} {:?} {} pairs, {} unread, {found} differences",
                    start.elapsed(),
                    count.pairs,
                    count.unread
                );
            }
        }
        println!(
            "{} pairs, {} permitted, {} not read, {} axioms read",
            count.pairs, count.permitted, count.unread, count.axioms
        );
        assert!(count.differences.is_empty(), "{}", count.differences.join("\n\n"));
        assert!(count.pairs > 5_000);
    });
}
