//! What is kept of the rules that a decision looks at: nothing, their outcomes, or all they went through.

use bumpalo::Bump;

use crate::{
    eval::{Counter, Coverage, Evaluator, Silent, Steps},
    program::{Code, Rule, RulePlace, Run},
    value::ValueRef,
};

use super::{
    RuleKind, Ruleset,
    context::Context,
    judged::{Judged, NotedRule},
    limits::path_of,
};

/// Validations below a written place that one decision names: so many that hold, or so many that do not.
pub(super) const MOST_BELOW: usize = 50;

/// Rules that room is made for at first.
const FIRST_RULES: usize = 24;

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

    /// Whether validations below a written place are kept only where they do not hold: something there does not, so that
    /// nobody wants to know of the others. False where it makes no difference.
    fn focus(&mut self, _on_failures: bool) -> bool {
        false
    }

    /// Whether it does so now.
    fn is_focused(&self) -> bool {
        false
    }

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
    rules: Vec<NotedRule>,
    /// Validations below a written place: those that hold, and those that do not.
    below: [usize; 2],
    /// Whether only those that do not are kept.
    focused: bool,
    /// The path of an update that is being judged.
    update: Option<Run>,
}

impl<'d> Record<'d> {
    pub(super) fn new(code: &'d Code, detail: Detail<'d>) -> Self {
        Record {
            detail,
            steps: Steps::new(code),
            rules: Vec::with_capacity(FIRST_RULES),
            below: [0; 2],
            focused: false,
            update: None,
        }
    }

    /// What was kept of a decision by those rules.
    pub(super) fn finish(self, rules: &Ruleset) -> Judged {
        Judged::new(rules.clone(), self.steps.finish(), self.rules)
    }
}

impl Audit for Record<'_> {
    const EVERY: bool = true;

    fn focus(&mut self, on_failures: bool) -> bool {
        self.focused = on_failures && !matches!(self.detail, Detail::Counts(_));
        self.focused
    }

    fn is_focused(&self) -> bool {
        self.focused
    }

    fn name(path: &[&str]) -> String {
        path_of(path)
    }

    fn update(&mut self, path: &[&str]) {
        self.update = Some(self.steps.keeper.text(&path_of(path)));
    }

    fn judge(&mut self, code: &Code, asked: Asked<'_>, context: Context<'_>) -> Says {
        let Asked { kind, rule, place, below } = asked;
        if below && self.focused && Plain.judge(code, asked, context) == Says::Yes {
            return Says::Yes;
        }
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
            self.steps.forget();
            return said;
        }
        let steps = self.steps.run();
        let keeper = &mut self.steps.keeper;
        let outcome = match &result {
            Ok(value) if !matches!(value, ValueRef::Bool(_)) => keeper.words(*value),
            result => keeper.keep(result),
        };
        let path = keeper.written(|texts| context.new_data.unwrap_or(context.data).write_path(texts));
        let slots = context.captured.map_or(0..0, |inner| 0..inner.slot.saturating_add(1));
        let names = slots.filter_map(|slot| context.captured?.find(slot));
        let captures = keeper.runs_of(names.map(|name| move |texts: &mut String| texts.push_str(name)));
        let (place, span, update) = (place.at, rule.span, self.update);
        self.rules.push(NotedRule { kind, place, span, path, update, captures, outcome, steps });
        said
    }
}
