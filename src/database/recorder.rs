//! The observer of a walk over the rules, and what a decision keeps of the rules that the walk evaluates.

use crate::{
    eval::{Coverage, Fault, Observer, Outcome, Recorder, Result as Evaluated},
    program::{Code, OpId, Rule, RuleSegment},
    stdlib::Dialect,
    value::{Value, ValueRef},
};

use super::{RuleKind, RuleTrace, context::RuleContext, data::names};

/// The number of validations below a written location that a decision keeps: of those that hold, and of those that do not.
pub(super) const MAX_BELOW: usize = 50;

/// Keeps a trace of every rule that the walk evaluates. It decides nothing.
pub(super) struct WalkRecorder<'d> {
    /// Records the operations of each rule, if the decision explains them.
    steps: Option<Recorder>,
    /// Counts the operations over many decisions, if the decision is part of a coverage.
    coverage: Option<&'d mut Coverage>,
    pub(super) traces: Vec<RuleTrace>,
    /// The number of validations below a written location so far: of those that hold, and of those that do not.
    below: [usize; 2],
    /// The path of the update that the walk follows.
    update: Option<String>,
}

impl<'d> WalkRecorder<'d> {
    pub(super) fn new(steps: Option<Recorder>, coverage: Option<&'d mut Coverage>) -> Self {
        WalkRecorder { steps, coverage, traces: Vec::new(), below: [0; 2], update: None }
    }

    /// Whether valid locations matter beside invalid ones.
    pub(super) fn wants_valid(&self) -> bool {
        self.coverage.is_some()
    }

    /// The walk of a path of an update begins.
    pub(super) fn update(&mut self, path: &str) {
        self.update = Some(path.to_owned());
    }

    /// The condition of a rule has a result.
    pub(super) fn evaluated(
        &mut self,
        code: &Code,
        kind: RuleKind,
        rule: Rule,
        context: RuleContext<'_>,
        result: &Evaluated<'_>,
    ) {
        let condition = self.steps.as_mut().and_then(Recorder::take_step);
        let outcome = match result {
            Ok(ValueRef::Bool(said)) => Outcome::Value(Value::Bool(*said)),
            Ok(value) => Outcome::Described(value.describe()),
            Err(error) => Outcome::Error(Fault::new(code, error)),
        };
        if context.below_written {
            let [held, failed] = &mut self.below;
            let count = if matches!(result, Ok(ValueRef::Bool(true))) { held } else { failed };
            *count += 1;
            if *count > MAX_BELOW {
                return;
            }
        }
        let mut path = String::new();
        context.new_data.unwrap_or(context.data).write_path(&mut path);
        let place = context.node.path.clone();
        let segments = RuleSegment::parse(Dialect::Database, &place).zip(names(&path));
        let wildcards = segments.filter(|(segment, _)| segment.wildcard().is_some());
        let captures = wildcards.map(|(segment, name)| (segment.as_str().to_owned(), name.to_owned())).collect();
        self.traces.push(RuleTrace {
            kind,
            place,
            path,
            update: self.update.clone(),
            captures,
            span: rule.span,
            outcome,
            condition,
        });
    }
}

impl Observer for WalkRecorder<'_> {
    fn refutes(&mut self, why: impl FnOnce() -> Option<String>) {
        if let Some(steps) = &mut self.steps {
            steps.refutes(why);
        }
    }

    fn enter(&mut self, code: &Code, op: OpId) {
        if let Some(steps) = &mut self.steps {
            steps.enter(code, op);
        }
    }

    fn leave(&mut self, code: &Code, op: OpId, result: &Evaluated<'_>) {
        if let Some(steps) = &mut self.steps {
            steps.leave(code, op, result);
        }
        if let Some(coverage) = &mut self.coverage {
            coverage.leave(code, op, result);
        }
    }
}
