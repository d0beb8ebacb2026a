//! What made a test fail: the location in the rules, and a hash that failures with the same cause share.

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

use super::outcome::{Answer, Failure};

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The name of the file.
    pub file: String,
    /// The line, counted from one.
    pub line: u32,
    /// The column, counted from one, in code points.
    pub column: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Failure {
    /// A request that was decided otherwise than a test says. Failures share a cause only if they have the same `sort`
    /// and the rules were evaluated alike.
    pub(super) fn decided(answer: &Answer, message: String, sort: impl Hash, columns: usize) -> Self {
        Failure {
            message,
            hint: None,
            got: answer.verdict().name().to_owned(),
            explanation: answer.explanation(columns),
            place: answer.place(),
            noted: false,
            shape: shape(|hasher| {
                sort.hash(hasher);
                answer.hash_shape(hasher);
            }),
        }
    }

    /// A test whose request no rules decided.
    pub(super) fn undecided(message: String, got: &str) -> Self {
        let shape = shape(|hasher| message.hash(hasher));
        Failure {
            message,
            hint: None,
            got: got.to_owned(),
            explanation: String::new(),
            place: None,
            noted: false,
            shape,
        }
    }

    pub(super) fn with_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }
}

fn shape(hash: impl FnOnce(&mut FxHasher)) -> u64 {
    let mut hasher = FxHasher::default();
    hash(&mut hasher);
    hasher.finish()
}

impl Answer {
    /// Where the rules decided: what the explanation marks as decisive.
    fn place(&self) -> Option<Place> {
        let span = match &self.0 {
            Decision::Service(decision) => decision.decisive().map(|decisive| decisive.span),
            Decision::Database(decision) => decision.decisive().map(|decisive| decisive.span),
        };
        span.map(|span| {
            let at = self.source().position(span.start);
            Place { file: self.source().name().to_owned(), line: at.line, column: at.column }
        })
    }

    /// Hashes which parts of the rules were evaluated and the outcome of each, without the values that differ from
    /// request to request.
    fn hash_shape(&self, hasher: &mut FxHasher) {
        self.source().name().hash(hasher);
        match &self.0 {
            Decision::Service(decision) => {
                std::mem::discriminant(decision.cause()).hash(hasher);
                if let service::Cause::Refused(why) = decision.cause() {
                    why.hash(hasher);
                }
                for block in decision.trace().into_iter().flat_map(|trace| &trace.blocks) {
                    block.span.hash(hasher);
                    for statement in &block.statements {
                        condition(statement.span, &statement.outcome, statement.condition.as_ref(), hasher);
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
                    condition(rule.span, &rule.outcome, rule.condition.as_ref(), hasher);
                }
            }
        }
    }
}

fn condition(span: Span, outcome: &eval::Outcome, condition: Option<&Step>, hasher: &mut FxHasher) {
    span.hash(hasher);
    sort(outcome, hasher);
    let mut open: Vec<&Step> = condition.into_iter().collect();
    while let Some(step) = open.pop() {
        step.span.hash(hasher);
        sort(&step.outcome, hasher);
        open.extend(&step.parts);
    }
}

/// True, false, another value, or the sort of an error.
fn sort(outcome: &eval::Outcome, hasher: &mut FxHasher) {
    match outcome {
        eval::Outcome::Value(Value::Bool(value)) => (0, *value).hash(hasher),
        eval::Outcome::Value(_) | eval::Outcome::Described(_) => 1.hash(hasher),
        eval::Outcome::Error(Fault { message, .. }) => {
            // What stands behind one of these is of the request: a path, a name, a value.
            let end = message.find(|c: char| "{['\":".contains(c) || c.is_ascii_digit()).unwrap_or(message.len());
            (2, message.get(..end)).hash(hasher);
        }
    }
}
