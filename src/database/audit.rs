//! What is kept of the rules that a decision looks at: nothing, their outcomes, or all they went through.

use bumpalo::Bump;

use crate::{
    eval::{Counter, Coverage, Evaluator, Fault, Outcome, Silent, Steps},
    program::{Code, Rule, RulePlace},
    value::{Value, ValueRef},
};

use super::{
    RuleKind, RuleTrace,
    context::{Captured, Context},
    limits::path_of,
};

/// Validations below a written place that one decision names: so many that hold, and so many that do not.
pub(super) const MOST_BELOW: usize = 50;

/// What a rule says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Yes,
    /// False, or an operation failed.
    No,
    /// Nothing can be decided: the host's data cannot be read.
    Unreadable,
}

/// A rule that is judged.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) kind: RuleKind,
    pub(super) rule: Rule,
    pub(super) place: &'a RulePlace,
    /// Whether the place is below the written one: there can be any number of them.
    pub(super) below: bool,
}

/// Judges rules, and keeps of them what it is for.
pub(super) trait Audit {
    /// Whether everything is kept of every rule that is judged, and validations go on after the first that fails.
    const EVERY: bool;

    /// A path of the request, as it is kept.
    fn name(path: &[&str]) -> String;

    /// A path of an update is judged next.
    fn update(&mut self, _path: &[&str]) {}

    /// What a rule of a place says.
    fn judge(&mut self, code: &Code, asked: Asked<'_>, context: Context<'_>) -> Says;
}

/// Keeps nothing.
pub(super) struct Plain;

impl Audit for Plain {
    const EVERY: bool = false;

    fn name(_: &[&str]) -> String {
        String::new()
    }

    fn judge(&mut self, code: &Code, asked: Asked<'_>, context: Context<'_>) -> Says {
        let arena = Bump::new();
        match Evaluator::new(code, context, &arena, &mut Silent).test(asked.rule.test) {
            Some(true) => Says::Yes,
            // Whether data could not be read is seen when all is done.
            _ => Says::No,
        }
    }
}

/// What is kept of the sub-expressions of a rule.
pub(super) enum Detail<'d> {
    Nothing,
    /// All of them, in the rule's trace.
    Steps,
    /// Their numbers, over many decisions.
    Counts(&'d mut Coverage),
}

/// Keeps every rule that was judged.
pub(super) struct Record<'d> {
    detail: Detail<'d>,
    steps: Steps<'d>,
    pub(super) rules: Vec<RuleTrace>,
    /// Validations below a written place: those that hold, and those that do not.
    below: [usize; 2],
    /// The path of an update that is being judged.
    path: Option<String>,
}

impl<'d> Record<'d> {
    pub(super) fn new(code: &'d Code, detail: Detail<'d>) -> Self {
        Record { detail, steps: Steps::new(code), rules: Vec::new(), below: [0; 2], path: None }
    }
}

impl Audit for Record<'_> {
    const EVERY: bool = true;

    fn name(path: &[&str]) -> String {
        path_of(path)
    }

    fn update(&mut self, path: &[&str]) {
        self.path = Some(path_of(path));
    }

    fn judge(&mut self, code: &Code, asked: Asked<'_>, context: Context<'_>) -> Says {
        let Asked { kind, rule, place, below } = asked;
        let arena = Bump::new();
        self.steps.begin();
        let result = match &mut self.detail {
            Detail::Nothing => Evaluator::new(code, context, &arena, &mut Silent).condition(rule.condition),
            Detail::Steps => Evaluator::new(code, context, &arena, &mut self.steps).condition(rule.condition),
            Detail::Counts(coverage) => {
                let mut counter = Counter::new(code, coverage);
                Evaluator::new(code, context, &arena, &mut counter).condition(rule.condition)
            }
        };
        let said = match &result {
            Ok(ValueRef::Bool(true)) => Says::Yes,
            Err(error) if error.failure.is_fatal() => Says::Unreadable,
            _ => Says::No,
        };
        let [held, failed] = &mut self.below;
        let count = if said == Says::Yes { held } else { failed };
        *count += usize::from(below);
        if below && *count > MOST_BELOW {
            return said;
        }
        let outcome = match &result {
            Ok(ValueRef::Bool(value)) => Outcome::Value(Value::Bool(*value)),
            Err(error) => Outcome::Error(Fault::new(code, error)),
            Ok(other) => Outcome::Described(other.describe()),
        };
        let names = place.wildcards.iter().map(|name| name.to_string());
        self.rules.push(RuleTrace {
            kind,
            place: place.path.clone(),
            path: context.new_data.unwrap_or(context.data).path(),
            update: self.path.clone(),
            captures: names.zip(Captured::names(context.captured)).collect(),
            span: rule.span,
            outcome,
            condition: self.steps.take(),
        });
        said
    }
}
