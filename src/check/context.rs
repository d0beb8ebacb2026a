//! What inference passes down and up: what is wanted of an expression, and what was found out about it.

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::{
    codes::Code,
    host::Hosts,
    scope::ScopeId,
    types::{Possible, Types},
};
use crate::syntax::ast::{ExprId, Name};

/// What a context wants of an expression.
#[derive(Clone, Copy)]
pub(super) struct Want {
    pub(super) types: Types,
    /// The condition of a statement, which has its own message.
    pub(super) condition: bool,
    /// The types are a guess from how a function uses a parameter or variable.
    pub(super) implied: bool,
    /// The expression is a receiver or the operand of a minus.
    pub(super) primary: bool,
    /// The member whose object the expression is: where it is no map, a method or operator of that name may be meant.
    pub(super) member: Option<ExprId>,
}

impl Want {
    /// Anything will do.
    pub(super) const ANY: Want =
        Want { types: Types::ANY, condition: false, implied: false, primary: false, member: None };

    pub(super) fn of(types: Types) -> Want {
        Want { types, ..Want::ANY }
    }
}

/// What the first operand of an operation is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    /// One of equals.
    Operand,
    /// The operand of a minus: the outermost parenthesis around it belongs to the minus.
    Primary,
    /// After `in`, which is a method of its right side.
    Container,
}

/// A variable whose type is not known, or a wildcard, within one body or condition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Variable<'a> {
    /// A parameter or `let`.
    Local(usize),
    /// A wildcard or a variable of the host.
    Outer(&'a str),
}

/// What uses of variables want of them: few, in the order of the variables.
#[derive(Default)]
pub(super) struct Uses<'a>(SmallVec<[(Variable<'a>, Types); 2]>);

impl<'a> Uses<'a> {
    pub(super) fn none() -> Self {
        Uses(SmallVec::new())
    }

    pub(super) fn of(variable: Variable<'a>, types: Types) -> Self {
        Uses(smallvec![(variable, types)])
    }

    pub(super) fn get(&self, variable: Variable<'_>) -> Option<Types> {
        let at = self.0.binary_search_by(|(own, _)| own.cmp(&variable)).ok()?;
        self.0.get(at).map(|(_, types)| *types)
    }

    pub(super) fn remove(&mut self, variable: Variable<'_>) -> Option<Types> {
        let at = self.0.binary_search_by(|(own, _)| own.cmp(&variable)).ok()?;
        Some(self.0.remove(at).1)
    }

    /// What both want: of a variable in both, what they have in common, in the order of the first.
    #[must_use]
    pub(super) fn and(mut self, mut other: Uses<'a>) -> Uses<'a> {
        if self.0.is_empty() {
            return other;
        }
        let old = self.0.len();
        let mut at = 0;
        for (variable, types) in other.0.drain(..) {
            while self.0.get(at).filter(|_| at < old).is_some_and(|(own, _)| *own < variable) {
                at += 1;
            }
            match self.0.get_mut(at).filter(|(own, _)| at < old && *own == variable) {
                Some((_, known)) => *known = known.common(&types),
                None => self.0.push((variable, types)),
            }
        }
        if self.0.len() > old {
            // Two runs in order, which this joins in linear time.
            self.0.sort_by_key(|(variable, _)| *variable);
        }
        self
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (Variable<'a>, Types)> {
        self.0.iter_mut()
    }
}

/// What is found out about an expression.
pub(super) struct Inferred<'a> {
    pub(super) types: Possible,
    pub(super) uses: Uses<'a>,
}

impl Inferred<'_> {
    /// Nothing.
    pub(super) fn unknown() -> Self {
        Inferred { types: None, uses: Uses::none() }
    }
}

/// The names an expression may use.
pub(super) struct Env<'a> {
    /// Parameters and the variables so far, by name: the last of them is meant. Numbers are places in `read`.
    pub(super) locals: FxHashMap<&'a str, SmallVec<[usize; 1]>>,
    /// All locals: the name, and whether it was read.
    pub(super) read: Vec<(&'a Name, bool)>,
    pub(super) scope: ScopeId,
    pub(super) hosts: Hosts,
    /// Why no request gets here, if none is known to.
    pub(super) unreached: Code,
}
