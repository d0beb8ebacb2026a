//! Realtime Database rules: recorded answers, static types, decisions through the public interface, bad input, and what
//! holds for all rules, data and requests.

mod bad_input;
mod behaviour;
mod generate;
mod hosts;
mod properties;
mod recorded;
mod types;

use firewarden::{
    Diagnostics, Error, Timestamp,
    database::{Data, Decision, Request, Ruleset},
    text::Source,
};
use serde_json::Value as Json;

/// Rules from JSON; refused ones fail the test with their problems.
fn rules(json: &Json) -> Ruleset {
    json.to_string().parse().unwrap_or_else(|refused| panic!("{json}\n{refused}"))
}

/// The problems of a text that is refused.
fn refused(text: &str) -> Diagnostics {
    match Ruleset::parse(&Source::new("database.rules.json", text)) {
        Err(Error::Source(problems)) => problems,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("accepted: {}", text.chars().take(300).collect::<String>()),
    }
}

/// Milliseconds since 1970.
fn ms(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

fn data(json: Json) -> Data {
    Data::from_json(&json).unwrap()
}

fn decide(rules: &Ruleset, request: &Request<'_>, stored: &Data) -> Decision {
    let decision = rules.explain(request, stored).unwrap();
    assert_eq!(rules.permits(request, stored).unwrap(), decision.is_allowed(), "{}", decision.explanation());
    assert_eq!(rules.evaluate(request, stored).unwrap().cause(), decision.cause(), "{}", decision.explanation());
    decision
}

fn allows(rules: &Ruleset, request: &Request<'_>, stored: &Data) -> bool {
    decide(rules, request, stored).is_allowed()
}
