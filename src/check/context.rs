//! What inference passes down and returns: the expected types of an expression, and what is inferred about it.

use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::{
    codes::Code,
    host::RequestKinds,
    scope::ScopeId,
    types::{Possible, Types},
};
use crate::syntax::ast::{ExprId, Name};

/// The types that a context expects of an expression.
#[derive(Clone, Copy)]
pub(super) struct Want {
    pub(super) types: Types,
    /// Whether the expression is the condition of a statement, which has its own message.
    pub(super) condition: bool,
    /// Whether the types are inferred from how a function uses a parameter or variable.
    pub(super) implied: bool,
    /// Whether the expression is a receiver or the operand of a minus.
    pub(super) primary: bool,
    /// The member whose object the expression is: if the object is not a map, a method or operator of that name may be
    /// meant.
    pub(super) member: Option<ExprId>,
}

impl Want {
    /// Expects any type.
    pub(super) const ANY: Want =
        Want { types: Types::ANY, condition: false, implied: false, primary: false, member: None };

    pub(super) fn of(types: Types) -> Want {
        Want { types, ..Want::ANY }
    }
}

/// The role of the first operand of an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FirstOperand {
    /// An operand like the others.
    Operand,
    /// The operand of a minus: the outermost parenthesis around it belongs to the minus.
    Primary,
    /// The right side of `in`, whose method `in` is.
    Container,
}

/// A variable of unknown type, or a wildcard, within one body or condition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Variable<'a> {
    /// A parameter or `let`.
    Local(usize),
    /// A wildcard or a variable of the host.
    Outer(&'a str),
}

/// The types that the uses of variables require: few, in the order of the variables.
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

    /// Combines two sets of uses: for a variable in both, the intersection of the types, in the order of the first.
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
            // The sort merges two ordered runs in linear time.
            self.0.sort_by_key(|(variable, _)| *variable);
        }
        self
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut (Variable<'a>, Types)> {
        self.0.iter_mut()
    }
}

/// What is inferred about an expression.
pub(super) struct Inferred<'a> {
    pub(super) types: Possible,
    pub(super) uses: Uses<'a>,
}

impl Inferred<'_> {
    /// Nothing is known.
    pub(super) fn unknown() -> Self {
        Inferred { types: None, uses: Uses::none() }
    }
}

/// A parameter or variable of a function.
pub(super) struct Local<'a> {
    pub(super) name: &'a Name,
    pub(super) is_read: bool,
}

/// The names that an expression may use.
pub(super) struct Env<'a> {
    /// Parameters and variables in scope, by name: the last of each counts. Numbers are indices into `locals`.
    pub(super) visible: FxHashMap<&'a str, SmallVec<[usize; 1]>>,
    /// All parameters and variables so far.
    pub(super) locals: Vec<Local<'a>>,
    pub(super) scope: ScopeId,
    pub(super) kinds: RequestKinds,
    /// The code of a name that is unknown only because no request is known to evaluate the expression.
    pub(super) unreached: Code,
}
