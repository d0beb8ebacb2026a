//! The fingerprint of a failed test, which failures with the same cause share, and the location in the rules that
//! decided.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use firewarden::{
    database,
    internals::{
        eval::{self, Fault, Step},
        service,
    },
    rules::Decision,
    text::Span,
    value::Value,
};

use super::outcome::{TestDecision, TestFailure};

/// A position in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The name of the file.
    pub file: String,
    /// The line, counted from one.
    pub line: u32,
    /// The column, counted from one, in code points.
    pub column: u32,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl TestFailure {
    /// A failed test whose request was decided. Failures share a cause if `kind` is the same and the rules were
    /// evaluated alike.
    pub(super) fn of_decision(decision: &TestDecision, message: String, kind: impl Hash, columns: usize) -> Self {
        TestFailure {
            message,
            hint: None,
            got: decision.verdict().name().to_owned(),
            explanation: decision.explanation(columns),
            location: decision.location(),
            noted: false,
            fingerprint: fingerprint(|hasher| {
                kind.hash(hasher);
                decision.hash_evaluation(hasher);
            }),
        }
    }

    /// A failed test whose request was not decided.
    pub(super) fn undecided(message: String, got: &str) -> Self {
        let fingerprint = fingerprint(|hasher| message.hash(hasher));
        TestFailure {
            message,
            hint: None,
            got: got.to_owned(),
            explanation: String::new(),
            location: None,
            noted: false,
            fingerprint,
        }
    }

    pub(super) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

fn fingerprint(hash: impl FnOnce(&mut FxHasher)) -> u64 {
    let mut hasher = FxHasher::default();
    hash(&mut hasher);
    hasher.finish()
}

impl TestDecision {
    /// The location that the explanation marks as decisive.
    fn location(&self) -> Option<Location> {
        let span = match &self.0 {
            Decision::Service(decision) => decision.decisive().map(|decisive| decisive.span),
            Decision::Database(decision) => decision.decisive().map(|decisive| decisive.span),
        };
        span.map(|span| {
            let at = self.source().position(span.start);
            Location { file: self.source().name().to_owned(), line: at.line, column: at.column }
        })
    }

    /// Hashes which parts of the rules were evaluated and the kind of each outcome, without values, which differ
    /// between requests.
    fn hash_evaluation(&self, hasher: &mut FxHasher) {
        self.source().name().hash(hasher);
        match &self.0 {
            Decision::Service(decision) => {
                std::mem::discriminant(decision.cause()).hash(hasher);
                if let service::Cause::Refused(why) = decision.cause() {
                    why.hash(hasher);
                }
                for block in decision.trace().into_iter().flatten() {
                    block.span.hash(hasher);
                    for statement in &block.statements {
                        hash_condition(statement.span, &statement.outcome, statement.condition.as_ref(), hasher);
                    }
                }
            }
            Decision::Database(decision) => {
                std::mem::discriminant(decision.cause()).hash(hasher);
                match decision.cause() {
                    database::Cause::NoRule(_, kind) => kind.name().hash(hasher),
                    database::Cause::Refused(error) => error.to_string().hash(hasher),
                    _ => {}
                }
                for rule in decision.rules() {
                    rule.kind.name().hash(hasher);
                    hash_condition(rule.span, &rule.outcome, rule.condition.as_ref(), hasher);
                }
            }
        }
    }
}

fn hash_condition(span: Span, outcome: &eval::Outcome, condition: Option<&Step>, hasher: &mut FxHasher) {
    span.hash(hasher);
    hash_outcome(outcome, hasher);
    let mut open: Vec<&Step> = condition.into_iter().collect();
    while let Some(step) = open.pop() {
        step.span.hash(hasher);
        hash_outcome(&step.outcome, hasher);
        open.extend(&step.parts);
    }
}

/// Hashes true, false, that there is another value, or the kind of an error.
fn hash_outcome(outcome: &eval::Outcome, hasher: &mut FxHasher) {
    match outcome {
        eval::Outcome::Value(Value::Bool(value)) => (0, *value).hash(hasher),
        eval::Outcome::Value(_) | eval::Outcome::Described(_) => 1.hash(hasher),
        eval::Outcome::Error(Fault { message, .. }) => {
            // The rest of the message quotes the request: a path, a name or a value.
            let end = message.find(|c: char| "{['\":".contains(c) || c.is_ascii_digit()).unwrap_or(message.len());
            (2, message.get(..end)).hash(hasher);
        }
    }
}
