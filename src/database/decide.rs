//! The cascade of `.read` and `.write`, and `.validate` (realtime-database specification, section 7).

use bumpalo::Bump;

use crate::{
    eval::{Evaluator, NoAnswer, Silent},
    program::{Corrupt, Rule, RuleChild, RuleNode, RuleTree, Validity},
    value::{Key, Unreadable, ValueRef},
};

use super::{
    RuleKind,
    context::{Captured, Context, Given, Local},
    data::{Data, Node},
    place::Location,
    recorder::{Visit, WalkObserver},
};

/// What the rules say of one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    /// No `.read` or `.write` on the way is true.
    NotGranted,
    /// A `.validate` is not true.
    Invalid,
}

/// The walk has no verdict, which denies the request: the host's data cannot be read, and the store has the error, or the
/// compiled rules are corrupt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undecided;

impl From<Unreadable> for Undecided {
    fn from(_: Unreadable) -> Self {
        Undecided
    }
}

impl From<Corrupt> for Undecided {
    fn from(_: Corrupt) -> Self {
        Undecided
    }
}

/// Walks over the rules of the paths of one request.
pub(super) struct RuleWalk<'j, O> {
    pub(super) rules: &'j RuleTree,
    pub(super) given: &'j Given<'j>,
    pub(super) observer: &'j mut O,
    /// Whether the observer sees only the failures among the validations below the written place: one of them fails, and
    /// nobody wants to know of those that hold.
    focused: bool,
}

/// A place on the walk: its rules, its data before and after, its wildcards.
#[derive(Clone, Copy)]
struct Step<'a> {
    rules: &'a RuleNode,
    data: &'a Location<'a>,
    new_data: Option<&'a Location<'a>>,
    captured: Option<&'a Captured<'a>>,
    /// Whether it is below the written place.
    below: bool,
}

/// A place in the value written.
#[derive(Clone, Copy)]
struct Below<'a> {
    rules: &'a RuleNode,
    name: &'a str,
    value: &'a Data,
    /// Whether rules name it; otherwise a wildcard stands for it.
    is_named: bool,
}

impl<'j, O: WalkObserver> RuleWalk<'j, O> {
    pub(super) fn new(rules: &'j RuleTree, given: &'j Given<'j>, observer: &'j mut O) -> Self {
        RuleWalk { rules, given, observer, focused: false }
    }

    /// A read of a path: the first `.read` on the way that is true grants it.
    pub(super) fn read(&mut self, path: &[&str]) -> Result<Verdict, Undecided> {
        let rules = self.rules.nodes.get(self.rules.root)?;
        let step = Step { rules, data: self.given.root, new_data: None, captured: None, below: false };
        Ok(if self.read_at(step, path)? { Verdict::Allowed } else { Verdict::NotGranted })
    }

    fn read_at(&mut self, step: Step<'_>, rest: &[&str]) -> Result<bool, Undecided> {
        if self.says(RuleKind::Read, step)? == Some(true) {
            return Ok(true);
        }
        let Some((name, rest)) = rest.split_first() else { return Ok(false) };
        let Some((rules, captured)) = self.child(step, name)? else { return Ok(false) };
        let data = stored(step.data, rules, name);
        let captured = captured.as_ref().or(step.captured);
        self.read_at(Step { rules, data: &data, captured, ..step }, rest)
    }

    /// A write to a path, `new_root` being the root after it, and `written` what replaces the place.
    pub(super) fn write(
        &mut self,
        new_root: &Location<'_>,
        path: &[&str],
        written: Option<&Data>,
    ) -> Result<Verdict, Undecided> {
        let rules = self.rules.nodes.get(self.rules.root)?;
        let step = Step { rules, data: self.given.root, new_data: Some(new_root), captured: None, below: false };
        self.write_at(step, path, written, false)
    }

    /// Permission on the way down, validation on the way back: nothing is validated that is not permitted.
    fn write_at(
        &mut self,
        step: Step<'_>,
        rest: &[&str],
        written: Option<&Data>,
        granted: bool,
    ) -> Result<Verdict, Undecided> {
        let granted = granted || self.says(RuleKind::Write, step)? == Some(true);
        let below = match rest.split_first() {
            Some((name, rest)) => match (self.child(step, name)?, step.new_data) {
                (Some((rules, captured)), Some(new_data)) => {
                    let data = stored(step.data, rules, name);
                    let new_data = match written {
                        Some(written) if rest.is_empty() => new_data.below_with(name, written),
                        _ if rules.reads_new_data => new_data.below(name),
                        _ => new_data.below_later(name),
                    };
                    let captured = captured.as_ref().or(step.captured);
                    self.write_at(
                        Step { rules, data: &data, new_data: Some(&new_data), captured, ..step },
                        rest,
                        written,
                        granted,
                    )?
                }
                // No rule is deeper.
                _ if granted => Verdict::Allowed,
                _ => Verdict::NotGranted,
            },
            None if !granted => Verdict::NotGranted,
            None => self.validate_written(step)?,
        };
        if below == Verdict::NotGranted || below == Verdict::Invalid && !O::EVERY {
            return Ok(below);
        }
        Ok(match self.validate(step)? {
            true => below,
            false => Verdict::Invalid,
        })
    }

    /// Whether the `.validate` of a place holds; it needs not where nothing is left.
    #[inline]
    fn validate(&mut self, step: Step<'_>) -> Result<bool, Undecided> {
        if step.rules.validate.is_none() {
            return Ok(true);
        }
        match step.new_data {
            Some(new_data) if new_data.exists()? => Ok(self.says(RuleKind::Validate, step)? != Some(false)),
            _ => Ok(true),
        }
    }

    /// Validates every place below the written one. If one of them fails, the observer sees the failures only.
    fn validate_written(&mut self, step: Step<'_>) -> Result<Verdict, Undecided> {
        if !O::EVERY || self.observer.wants_valid() {
            return self.validate_below(step);
        }
        let mut silent = Silent;
        let mut silent = RuleWalk::new(self.rules, self.given, &mut silent);
        self.focused = silent.validate_below(step)? == Verdict::Invalid;
        let verdict = self.validate_below(step);
        self.focused = false;
        verdict
    }

    /// Every place below that is in the value written. Rules and data are sorted, so that they are walked side by side.
    fn validate_below(&mut self, step: Step<'_>) -> Result<Verdict, Undecided> {
        let Some(new_data) = step.new_data.filter(|_| step.rules.validates_below) else { return Ok(Verdict::Allowed) };
        let Some(written) = new_data.memory() else { return Ok(Verdict::Allowed) };
        let Node::Children(children) = &written.node else { return Ok(Verdict::Allowed) };
        let mut named = step.rules.children();
        let wildcard = step.rules.wildcard();
        // What is stored here, as soon as a place below asks for it.
        let mut known = None;
        let arena = Bump::new();
        let here = Local { given: self.given, data: None, new_data: written, captured: step.captured, name: None };
        let mut silent = Silent;
        let mut quick = Evaluator::new(&self.rules.code, here, &arena, &mut silent);
        let mut verdict = Verdict::Allowed;
        let is_quick = !O::EVERY || self.focused;
        for (at, (name, value)) in children.iter().enumerate() {
            let own = next_named(&mut named, name);
            let Some(child) = own.or(wildcard) else { continue };
            let here = quick.language();
            here.new_data = value;
            here.name = if own.is_some() { None } else { Some(name.as_str()) };
            let predicate = match child.validity {
                Validity::Always => continue,
                Validity::Written(predicate) if is_quick => Some(predicate),
                Validity::Stored(predicate) if is_quick => {
                    let stored = known.get_or_insert_with(|| step.data.settled()).in_memory();
                    here.data = stored.flatten().and_then(|stored| stored.child_near(at, name));
                    stored.map(|_| predicate)
                }
                _ => None,
            };
            // One call, which is inlined: a second one costs W5 a sixth of its time.
            match predicate.map(|predicate| quick.predicate(predicate)) {
                Some(Ok(true)) => continue,
                Some(Ok(false) | Err(NoAnswer::Fails)) if !O::EVERY => return Ok(Verdict::Invalid),
                _ => {}
            }
            let rules = self.rules.nodes.get(child.node)?;
            let around = if rules.reads_data { known.get_or_insert_with(|| step.data.settled()) } else { step.data };
            let below = Below { rules, name: name.as_str(), value, is_named: own.is_some() };
            if !self.validate_child(step, around, below)? {
                verdict = Verdict::Invalid;
                if !O::EVERY {
                    break;
                }
            }
        }
        Ok(verdict)
    }

    /// One place below, and those below it. What is in the value written is there.
    #[inline(never)]
    fn validate_child(&mut self, step: Step<'_>, around: &Location<'_>, below: Below<'_>) -> Result<bool, Undecided> {
        let Below { rules, name, value, is_named } = below;
        let Some(new_data) = step.new_data else { return Ok(true) };
        let captured = (!is_named).then(|| Captured::new(step.captured, name));
        let captured = captured.as_ref().or(step.captured);
        let data = stored(around, rules, name);
        let new_data = new_data.below_with(name, value);
        let step = Step { rules, data: &data, new_data: Some(&new_data), captured, below: true };
        let valid = self.says(RuleKind::Validate, step)? != Some(false);
        if rules.validates_below && (valid || O::EVERY) {
            return Ok(self.validate_below(step)? == Verdict::Allowed && valid);
        }
        Ok(valid)
    }

    /// The rules of the child for a name, and the wildcard that stands for it.
    fn child<'a>(&self, step: Step<'a>, name: &'a str) -> Result<Option<(&'a RuleNode, Option<Captured<'a>>)>, Corrupt>
    where
        'j: 'a,
    {
        let Some((child, wildcard)) = step.rules.child(name) else { return Ok(None) };
        let captured = wildcard.then(|| Captured::new(step.captured, name));
        Ok(Some((self.rules.nodes.get(child)?, captured)))
    }

    /// What a rule of a place says; nothing where it has no such rule.
    #[inline(always)]
    fn says(&mut self, kind: RuleKind, step: Step<'_>) -> Result<Option<bool>, Undecided> {
        let rule = match kind {
            RuleKind::Read => step.rules.read,
            RuleKind::Write => step.rules.write,
            RuleKind::Validate => step.rules.validate,
        };
        match rule {
            Some(rule) => self.evaluate(kind, rule, step).map(Some),
            None => Ok(None),
        }
    }

    /// Whether the condition of a rule is true.
    fn evaluate(&mut self, kind: RuleKind, rule: Rule, step: Step<'_>) -> Result<bool, Undecided> {
        let context = Context { given: self.given, data: step.data, new_data: step.new_data, captured: step.captured };
        let code = &self.rules.code;
        let arena = Bump::new();
        if !O::EVERY || step.below && self.focused {
            let holds = Evaluator::new(code, context, &arena, &mut Silent).holds(rule.condition);
            // The store remembers that data could not be read: the answer is an error then.
            if !O::EVERY || holds {
                return Ok(holds);
            }
        }
        let result = Evaluator::new(code, context, &arena, self.observer.steps()).condition(rule.condition);
        self.observer.evaluated(code, Visit { kind, rule, place: step.rules, below: step.below }, context, &result);
        match result {
            Err(error) if error.failure.is_fatal() => Err(Undecided),
            result => Ok(matches!(result, Ok(ValueRef::Bool(true)))),
        }
    }
}

/// The place below as it is stored, which is looked for now where its rules are likely to ask for it.
fn stored<'a>(data: &'a Location<'a>, rules: &RuleNode, name: &'a str) -> Location<'a> {
    if rules.reads_data { data.below(name) } else { data.below_later(name) }
}

/// The child of a name among sorted ones; those before it, which no later name can be, are passed over.
#[inline(always)]
fn next_named(named: &mut &[(Key, RuleChild)], name: &Key) -> Option<RuleChild> {
    // Mostly it is the next one.
    match named.split_first() {
        Some(((other, child), rest)) if other == name => {
            *named = rest;
            Some(*child)
        }
        Some(_) => later_named(named, name),
        None => None,
    }
}

#[inline(never)]
fn later_named(named: &mut &[(Key, RuleChild)], name: &Key) -> Option<RuleChild> {
    while let Some(((other, child), rest)) = named.split_first()
        && other <= name
    {
        *named = rest;
        if other == name {
            return Some(*child);
        }
    }
    None
}
