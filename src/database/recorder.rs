//! What a walk over the rules tells about the rules that it evaluates, and what a decision keeps of it.

use crate::{
    eval::{Coverage, Fault, Observer, Outcome, Recorder, Result as Evaluated, Silent},
    program::{Code, OpId, Rule, RuleNode},
    value::{Value, ValueRef},
};

use super::{RuleKind, RuleTrace, context::Context, limits::path_of};

/// The number of validations below a written place that a decision keeps: of those that hold, and of those that do not.
pub(super) const MAX_BELOW: usize = 50;

/// A rule that the walk evaluates.
#[derive(Clone, Copy)]
pub(super) struct Visit<'a> {
    pub(super) kind: RuleKind,
    pub(super) rule: Rule,
    pub(super) place: &'a RuleNode,
    /// Whether the place is below the written one: there can be any number of them.
    pub(super) below: bool,
}

/// Listens to a walk. It decides nothing.
pub(super) trait WalkObserver {
    /// Whether the walk evaluates every rule operation by operation, and continues after the first failed validation.
    const EVERY: bool;

    /// What observes the operations of the conditions.
    type Steps: Observer;

    fn steps(&mut self) -> &mut Self::Steps;

    /// Whether places that are valid matter beside places that are not.
    fn wants_valid(&self) -> bool;

    /// The walk of a path of an update begins.
    fn update(&mut self, _path: &[&str]) {}

    /// The condition of a rule has a result.
    fn evaluated(&mut self, code: &Code, visit: Visit<'_>, context: Context<'_>, result: &Evaluated<'_>);
}

impl WalkObserver for Silent {
    const EVERY: bool = false;

    type Steps = Silent;

    fn steps(&mut self) -> &mut Silent {
        self
    }

    fn wants_valid(&self) -> bool {
        false
    }

    fn evaluated(&mut self, _: &Code, _: Visit<'_>, _: Context<'_>, _: &Evaluated<'_>) {}
}

/// What a decision keeps of the operations of its conditions.
pub(super) enum Detail<'d> {
    Nothing,
    /// Their results, in the trace of each rule.
    Steps(Recorder),
    /// The number of times that each had a result, over many decisions.
    Counts(&'d mut Coverage),
}

impl Observer for Detail<'_> {
    fn refutes(&mut self, why: impl FnOnce() -> Option<String>) {
        if let Detail::Steps(recorder) = self {
            recorder.refutes(why);
        }
    }

    fn enter(&mut self, code: &Code, op: OpId) {
        if let Detail::Steps(recorder) = self {
            recorder.enter(code, op);
        }
    }

    fn leave(&mut self, code: &Code, op: OpId, result: &Evaluated<'_>) {
        match self {
            Detail::Nothing => {}
            Detail::Steps(recorder) => recorder.leave(code, op, result),
            Detail::Counts(coverage) => coverage.leave(code, op, result),
        }
    }
}

/// Keeps a trace of every rule that the walk evaluates.
pub(super) struct WalkRecorder<'d> {
    detail: Detail<'d>,
    pub(super) rules: Vec<RuleTrace>,
    /// The validations below a written place so far: those that hold, and those that do not.
    below: [usize; 2],
    /// The path of the update that the walk follows.
    update: Option<String>,
}

impl<'d> WalkRecorder<'d> {
    pub(super) fn new(detail: Detail<'d>) -> Self {
        WalkRecorder { detail, rules: Vec::new(), below: [0; 2], update: None }
    }
}

impl<'d> WalkObserver for WalkRecorder<'d> {
    const EVERY: bool = true;

    type Steps = Detail<'d>;

    fn steps(&mut self) -> &mut Detail<'d> {
        &mut self.detail
    }

    fn wants_valid(&self) -> bool {
        matches!(self.detail, Detail::Counts(_))
    }

    fn update(&mut self, path: &[&str]) {
        self.update = Some(path_of(path));
    }

    fn evaluated(&mut self, code: &Code, visit: Visit<'_>, context: Context<'_>, result: &Evaluated<'_>) {
        let condition = match &mut self.detail {
            Detail::Steps(recorder) => recorder.take_step(),
            Detail::Nothing | Detail::Counts(_) => None,
        };
        let outcome = match result {
            Ok(ValueRef::Bool(said)) => Outcome::Value(Value::Bool(*said)),
            Ok(value) => Outcome::Described(value.describe()),
            Err(error) => Outcome::Error(Fault::new(code, error)),
        };
        let Visit { kind, rule, place, below } = visit;
        if below {
            let [held, failed] = &mut self.below;
            let count = if matches!(result, Ok(ValueRef::Bool(true))) { held } else { failed };
            *count += 1;
            if *count > MAX_BELOW {
                return;
            }
        }
        let mut path = String::new();
        context.new_data.unwrap_or(context.data).write_path(&mut path);
        let name = |slot| context.captured.and_then(|captured| captured.find(slot));
        let names = context.captured.map_or(0..0, |inner| 0..inner.slot.saturating_add(1)).filter_map(name);
        self.rules.push(RuleTrace {
            kind,
            place: place.path.clone(),
            path,
            update: self.update.clone(),
            captures: place.wildcards.iter().map(ToString::to_string).zip(names.map(str::to_owned)).collect(),
            span: rule.span,
            outcome,
            condition,
        });
    }
}
