//! The cascade of `.read` and `.write`, and `.validate` (realtime-database specification, section 7).

use std::cmp::Ordering;

use bumpalo::Bump;

use crate::{
    program::{RulePlace, RuleTree},
    value::{Key, Unreadable, ValueRef},
};

use super::{
    RuleKind,
    audit::{Asked, Audit, Says},
    context::{Captured, Context},
    data::Node,
    place::Location,
    query::QueryRecord,
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

/// Judges the paths of one request.
pub(super) struct Judge<'j, A> {
    pub(super) rules: &'j RuleTree,
    pub(super) auth: ValueRef<'j>,
    pub(super) now: f64,
    pub(super) query: &'j QueryRecord<'j>,
    /// The root before the write.
    pub(super) root: &'j Location<'j>,
    pub(super) audit: &'j mut A,
}

/// A place on the walk: its rules, its data before and after, its wildcards.
#[derive(Clone, Copy)]
struct Step<'a> {
    rules: &'a RulePlace,
    data: &'a Location<'a>,
    new_data: Option<&'a Location<'a>>,
    captured: Option<&'a Captured<'a>>,
    /// Whether it is below the written place.
    below: bool,
}

impl<'j, A: Audit> Judge<'j, A> {
    /// A read of a path: the first `.read` on the way that is true grants it.
    pub(super) fn read(&mut self, path: &[&str]) -> Result<Verdict, Unreadable> {
        let Some(rules) = self.rules.place(0) else { return Ok(Verdict::NotGranted) };
        let step = Step { rules, data: self.root, new_data: None, captured: None, below: false };
        Ok(if self.read_at(step, path)? { Verdict::Allowed } else { Verdict::NotGranted })
    }

    fn read_at(&mut self, step: Step<'_>, rest: &[&str]) -> Result<bool, Unreadable> {
        if self.says(RuleKind::Read, step)? == Some(true) {
            return Ok(true);
        }
        let Some((name, rest)) = rest.split_first() else { return Ok(false) };
        let Some((rules, captured)) = self.child(step, name) else { return Ok(false) };
        let data = stored(step.data, rules, name);
        let captured = captured.as_ref().or(step.captured);
        self.read_at(Step { rules, data: &data, captured, ..step }, rest)
    }

    /// A write to a path, `new_root` being the root after it.
    pub(super) fn write(&mut self, new_root: &Location<'_>, path: &[&str]) -> Result<Verdict, Unreadable> {
        let Some(rules) = self.rules.place(0) else { return Ok(Verdict::NotGranted) };
        let step = Step { rules, data: self.root, new_data: Some(new_root), captured: None, below: false };
        self.write_at(step, path, false)
    }

    /// Permission on the way down, validation on the way back: nothing is validated that is not permitted.
    fn write_at(&mut self, step: Step<'_>, rest: &[&str], granted: bool) -> Result<Verdict, Unreadable> {
        let granted = granted || self.says(RuleKind::Write, step)? == Some(true);
        let below = match rest.split_first() {
            Some((name, rest)) => match (self.child(step, name), step.new_data) {
                (Some((rules, captured)), Some(new_data)) => {
                    let (data, new_data) = (stored(step.data, rules, name), new_data.below(name));
                    let captured = captured.as_ref().or(step.captured);
                    self.write_at(
                        Step { rules, data: &data, new_data: Some(&new_data), captured, ..step },
                        rest,
                        granted,
                    )?
                }
                // No rule is deeper.
                _ if granted => Verdict::Allowed,
                _ => Verdict::NotGranted,
            },
            None if !granted => Verdict::NotGranted,
            None => self.validate_below(step)?,
        };
        if below == Verdict::NotGranted || below == Verdict::Invalid && !A::EVERY {
            return Ok(below);
        }
        Ok(match self.validate(step)? {
            true => below,
            false => Verdict::Invalid,
        })
    }

    /// Whether the `.validate` of a place holds; it needs not where nothing is left.
    fn validate(&mut self, step: Step<'_>) -> Result<bool, Unreadable> {
        if step.rules.validate.is_none() {
            return Ok(true);
        }
        match step.new_data {
            Some(new_data) if new_data.exists()? => Ok(self.says(RuleKind::Validate, step)? != Some(false)),
            _ => Ok(true),
        }
    }

    /// Every place below that is in the value written. Rules and data are sorted, so that they are walked side by side.
    fn validate_below(&mut self, step: Step<'_>) -> Result<Verdict, Unreadable> {
        let Some(new_data) = step.new_data.filter(|_| step.rules.validates_below) else { return Ok(Verdict::Allowed) };
        let Some(Node::Children(children)) = new_data.memory().map(|data| &data.node) else {
            return Ok(Verdict::Allowed);
        };
        let mut named = step.rules.children();
        let wildcard = step.rules.wildcard().and_then(|child| self.rules.place(child));
        let arena = Bump::new();
        let mut verdict = Verdict::Allowed;
        for (name, value) in children {
            let own = next_named(&mut named, name).and_then(|child| self.rules.place(child));
            let Some(rules) = own.or(wildcard).filter(|rules| rules.validate.is_some() || rules.validates_below) else {
                continue;
            };
            if !rules.validates_below
                && let Some(rule) = rules.validate
            {
                match self.audit.judge_local(&self.rules.code, rule, value, &arena) {
                    Some(Says::Yes) => continue,
                    Some(_) => return Ok(Verdict::Invalid),
                    None => {}
                }
            }
            let name = name.as_str();
            let captured = own.is_none().then(|| Captured::new(step.captured, name));
            let captured = captured.as_ref().or(step.captured);
            let data = stored(step.data, rules, name);
            let new_data = new_data.below_with(name, value);
            let below = Step { rules, data: &data, new_data: Some(&new_data), captured, below: true };
            // What is in the value written is there.
            let mut valid = self.says(RuleKind::Validate, below)? != Some(false);
            if rules.validates_below && (valid || A::EVERY) {
                valid &= self.validate_below(below)? == Verdict::Allowed;
            }
            if !valid {
                verdict = Verdict::Invalid;
                if !A::EVERY {
                    break;
                }
            }
        }
        Ok(verdict)
    }

    /// The rules of the place below for a name, and the wildcard that stands for it.
    fn child<'a>(&self, step: Step<'a>, name: &'a str) -> Option<(&'a RulePlace, Option<Captured<'a>>)>
    where
        'j: 'a,
    {
        let (child, wildcard) = step.rules.child(name)?;
        let captured = wildcard.then(|| Captured::new(step.captured, name));
        Some((self.rules.place(child)?, captured))
    }

    /// What a rule of a place says; nothing where it has no such rule.
    fn says(&mut self, kind: RuleKind, step: Step<'_>) -> Result<Option<bool>, Unreadable> {
        let rule = match kind {
            RuleKind::Read => step.rules.read,
            RuleKind::Write => step.rules.write,
            RuleKind::Validate => step.rules.validate,
        };
        let Some(rule) = rule else { return Ok(None) };
        let asked = Asked { kind, rule, place: step.rules, below: step.below };
        let context = Context {
            auth: self.auth,
            now: self.now,
            query: self.query,
            root: self.root,
            data: step.data,
            new_data: step.new_data,
            captured: step.captured,
        };
        match self.audit.judge(&self.rules.code, asked, context) {
            Says::Yes => Ok(Some(true)),
            Says::No => Ok(Some(false)),
            Says::Unreadable => Err(Unreadable),
        }
    }
}

/// The place below as it is stored, which is looked for now where its rules are likely to ask for it.
fn stored<'a>(data: &'a Location<'a>, rules: &RulePlace, name: &'a str) -> Location<'a> {
    if rules.reads_data { data.below(name) } else { data.below_later(name) }
}

/// The child of a name among sorted ones; those before it, which no later name can be, are passed over.
fn next_named(named: &mut &[(Key, u32)], name: &Key) -> Option<u32> {
    while let Some(((other, child), rest)) = named.split_first() {
        match other.cmp(name) {
            Ordering::Less => *named = rest,
            Ordering::Equal => {
                *named = rest;
                return Some(*child);
            }
            Ordering::Greater => return None,
        }
    }
    None
}
