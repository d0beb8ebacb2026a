//! The walk over the rules: the cascade of `.read` and `.write`, then `.validate` (realtime-database specification, section 7).

use bumpalo::Bump;

use crate::{
    eval::{Evaluator, NoAnswer, Silent},
    program::{Corrupt, Rule, RuleChild, RuleNode, RuleTree, Validity},
    value::{Key, Unreadable, ValueRef},
};

use super::{
    RuleKind,
    context::{Globals, InMemoryContext, RuleContext},
    data::Data,
    location::Location,
    recorder::WalkRecorder,
};

/// The result of the rules for one path. The error is the kind of rule that denies it: no `.read` or `.write` on the way is
/// true, or a `.validate` is not.
pub(super) type Verdict = Result<(), RuleKind>;

/// Corrupt rules end the walk without a verdict, as unreadable data does: both deny the request.
impl From<Corrupt> for Unreadable {
    fn from(_: Corrupt) -> Self {
        Unreadable
    }
}

/// Walks over the rules along the paths of one request.
pub(super) struct RuleWalk<'j, 'd> {
    rules: &'j RuleTree,
    pub(super) globals: &'j Globals<'j>,
    /// Sees each rule evaluated operation by operation, and all validations. Without one, the first that fails ends the walk.
    pub(super) recorder: Option<&'j mut WalkRecorder<'d>>,
    /// Whether the recorder sees only the failures among the validations below the written location. One of them fails then,
    /// and the valid ones do not matter.
    focused: bool,
}

impl<'j, 'd> RuleWalk<'j, 'd> {
    pub(super) fn new(
        rules: &'j RuleTree,
        globals: &'j Globals<'j>,
        recorder: Option<&'j mut WalkRecorder<'d>>,
    ) -> Self {
        RuleWalk { rules, globals, recorder, focused: false }
    }

    /// Reads a path. The first `.read` on the way that is true grants it.
    pub(super) fn read(&mut self, path: &[&str]) -> Result<Verdict, Unreadable> {
        let context = self.root(None)?;
        Ok(if self.read_at(context, path)? { Ok(()) } else { Err(RuleKind::Read) })
    }

    fn root<'a>(&self, new_data: Option<&'a Location<'a>>) -> Result<RuleContext<'a>, Corrupt>
    where
        'j: 'a,
    {
        let (globals, node) = (self.globals, self.rules.nodes.get(self.rules.root)?);
        Ok(RuleContext { globals, node, data: globals.root, new_data, below_written: false })
    }

    fn read_at(&mut self, context: RuleContext<'_>, rest: &[&str]) -> Result<bool, Unreadable> {
        if self.rule(RuleKind::Read, context)? == Some(true) {
            return Ok(true);
        }
        let Some((name, rest)) = rest.split_first() else { return Ok(false) };
        let Some(node) = self.child(context.node, name)? else { return Ok(false) };
        let data = stored(context.data, node, name);
        self.read_at(RuleContext { node, data: &data, ..context }, rest)
    }

    /// Writes to a path. `new_root` is the root after the write, `written` the value that replaces the location.
    pub(super) fn write(
        &mut self,
        new_root: &Location<'_>,
        path: &[&str],
        written: Option<&Data>,
    ) -> Result<Verdict, Unreadable> {
        let context = self.root(Some(new_root))?;
        self.write_at(context, path, written, false)
    }

    /// Evaluates `.write` on the way down and `.validate` on the way back, so that no write is validated without a grant.
    fn write_at(
        &mut self,
        context: RuleContext<'_>,
        rest: &[&str],
        written: Option<&Data>,
        granted: bool,
    ) -> Result<Verdict, Unreadable> {
        let granted = granted || self.rule(RuleKind::Write, context)? == Some(true);
        let below = match rest.split_first() {
            Some((name, rest)) => match (self.child(context.node, name)?, context.new_data) {
                (Some(node), Some(new_data)) => {
                    let data = stored(context.data, node, name);
                    let new_data = match written {
                        Some(written) if rest.is_empty() => new_data.child_with(name, written),
                        _ if node.reads_new_data => new_data.child(name),
                        _ => new_data.lazy_child(name),
                    };
                    let context = RuleContext { node, data: &data, new_data: Some(&new_data), ..context };
                    self.write_at(context, rest, written, granted)?
                }
                // The rules end here.
                _ if granted => Ok(()),
                _ => Err(RuleKind::Write),
            },
            None if !granted => Err(RuleKind::Write),
            None if self.validate_written(context)? => Ok(()),
            None => Err(RuleKind::Validate),
        };
        if below == Err(RuleKind::Write) || below.is_err() && self.recorder.is_none() {
            return Ok(below);
        }
        Ok(if self.validate(context)? { below } else { Err(RuleKind::Validate) })
    }

    /// Whether the `.validate` of a location holds. The service skips it if the write leaves nothing there.
    #[inline]
    fn validate(&mut self, context: RuleContext<'_>) -> Result<bool, Unreadable> {
        if context.node.validate.is_none() {
            return Ok(true);
        }
        match context.new_data {
            Some(new_data) if new_data.exists()? => Ok(self.rule(RuleKind::Validate, context)? != Some(false)),
            _ => Ok(true),
        }
    }

    /// Whether every location below the written one is valid. If one of them is not, the recorder sees only the failures.
    fn validate_written(&mut self, context: RuleContext<'_>) -> Result<bool, Unreadable> {
        if self.recorder.as_ref().is_none_or(|recorder| recorder.wants_valid()) {
            return self.validate_below(context);
        }
        self.focused = !RuleWalk::new(self.rules, self.globals, None).validate_below(context)?;
        let valid = self.validate_below(context);
        self.focused = false;
        valid
    }

    /// Whether every location in the written value is valid. Rules and data are sorted by name, so the walk merges them.
    fn validate_below(&mut self, context: RuleContext<'_>) -> Result<bool, Unreadable> {
        let Some(new_data) = context.new_data.filter(|_| context.node.validates_below) else {
            return Ok(true);
        };
        let children = new_data.in_memory().map_or(&[][..], Data::children_slice);
        let Some(first) = children.first() else { return Ok(true) };
        let mut named = context.node.children();
        let wildcard = context.node.wildcard();
        // The stored location, resolved once a child needs it.
        let mut resolved = None;
        let arena = Bump::new();
        let here = InMemoryContext { globals: self.globals, parent: context.data, written: first, data: None };
        let mut silent = Silent;
        let mut quick = Evaluator::new(&self.rules.code, here, &arena, &mut silent);
        let mut valid = true;
        let every = self.recorder.is_some();
        let is_quick = !every || self.focused;
        for (at, written) in children.iter().enumerate() {
            let (name, value) = written;
            let own = next_named(&mut named, name);
            let Some(child) = own.or(wildcard) else { continue };
            let here = quick.language();
            here.written = written;
            let predicate = match child.validity {
                Validity::Always => continue,
                Validity::Written(predicate) if is_quick => Some(predicate),
                Validity::Stored(predicate) if is_quick => {
                    let stored = resolved.get_or_insert_with(|| context.data.resolved()).in_memory();
                    here.data = stored.and_then(|stored| stored.child_near(at, name));
                    stored.map(|_| predicate)
                }
                _ => None,
            };
            // A single call, so that the compiler inlines it: a second one costs W5 of benches/limits.rs a sixth of its time.
            match predicate.map(|predicate| quick.predicate(predicate)) {
                Some(Ok(true)) => continue,
                Some(Ok(false) | Err(NoAnswer::Fails)) if !every => return Ok(false),
                _ => {}
            }
            let node = self.rules.nodes.get(child.node)?;
            let data =
                if node.reads_data { resolved.get_or_insert_with(|| context.data.resolved()) } else { context.data };
            if !self.validate_child(context, node, data, name.as_str(), value)? {
                valid = false;
                if !every {
                    break;
                }
            }
        }
        Ok(valid)
    }

    /// Validates a child in the written value and everything below it. `node` has the rules of the child, `parent` is the
    /// stored location around it; `value` is never nothing.
    #[inline(never)]
    fn validate_child(
        &mut self,
        context: RuleContext<'_>,
        node: &RuleNode,
        parent: &Location<'_>,
        name: &str,
        value: &Data,
    ) -> Result<bool, Unreadable> {
        let Some(new_data) = context.new_data else { return Ok(true) };
        let data = stored(parent, node, name);
        let new_data = new_data.child_with(name, value);
        let context = RuleContext { node, data: &data, new_data: Some(&new_data), below_written: true, ..context };
        let valid = self.rule(RuleKind::Validate, context)? != Some(false);
        if node.validates_below && (valid || self.recorder.is_some()) {
            return Ok(self.validate_below(context)? && valid);
        }
        Ok(valid)
    }

    /// The rule node of the child with a name.
    fn child(&self, node: &RuleNode, name: &str) -> Result<Option<&'j RuleNode>, Corrupt> {
        node.child(name).map(|child| self.rules.nodes.get(child)).transpose()
    }

    /// Whether a rule of a location is true; `None` if the location has no rule of this kind.
    #[inline(always)]
    fn rule(&mut self, kind: RuleKind, context: RuleContext<'_>) -> Result<Option<bool>, Unreadable> {
        match kind.of(context.node) {
            Some(rule) => self.evaluate(kind, rule, context).map(Some),
            None => Ok(None),
        }
    }

    /// Whether the condition of a rule is true.
    fn evaluate(&mut self, kind: RuleKind, rule: Rule, context: RuleContext<'_>) -> Result<bool, Unreadable> {
        let code = &self.rules.code;
        let arena = Bump::new();
        let quick = || Evaluator::new(code, context, &arena, &mut Silent).holds(rule.condition);
        // If the host failed, its error replaces the decision at the end.
        let Some(recorder) = &mut self.recorder else { return Ok(quick()) };
        if context.below_written && self.focused && quick() {
            return Ok(true);
        }
        let result = Evaluator::new(code, context, &arena, &mut **recorder).condition(rule.condition);
        recorder.evaluated(code, kind, rule, context, &result);
        match result {
            Err(error) if error.failure.is_fatal() => Err(Unreadable),
            result => Ok(matches!(result, Ok(ValueRef::Bool(true)))),
        }
    }
}

/// The child of a stored location, resolved at once if its rules are likely to read it.
fn stored<'a>(data: &'a Location<'a>, node: &RuleNode, name: &'a str) -> Location<'a> {
    if node.reads_data { data.child(name) } else { data.lazy_child(name) }
}

/// Finds the rule child with a name and drops those before it: names arrive in order.
#[inline(always)]
fn next_named<'r>(named: &mut &'r [(Key, RuleChild)], name: &Key) -> Option<&'r RuleChild> {
    // In most cases the next one matches.
    match named.split_first() {
        Some(((other, child), rest)) if other == name => {
            *named = rest;
            Some(child)
        }
        Some(_) => later_named(named, name),
        None => None,
    }
}

#[inline(never)]
fn later_named<'r>(named: &mut &'r [(Key, RuleChild)], name: &Key) -> Option<&'r RuleChild> {
    while let Some(((other, child), rest)) = named.split_first()
        && other <= name
    {
        *named = rest;
        if other == name {
            return Some(child);
        }
    }
    None
}
