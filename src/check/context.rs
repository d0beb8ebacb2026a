//! What inference passes down and up: what is wanted of an expression, and what was found out about it.

use std::collections::{BTreeMap, HashMap};

use super::{
    codes::Code,
    host::Hosts,
    scope::ScopeId,
    types::{Possible, Types},
};
use crate::syntax::ast::Name;

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
}

impl Want {
    /// Anything will do.
    pub(super) const ANY: Want = Want { types: Types::ANY, condition: false, implied: false, primary: false };

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

/// What uses of variables want of them.
pub(super) type Uses<'a> = BTreeMap<Variable<'a>, Types>;

/// What is found out about an expression.
pub(super) struct Inferred<'a> {
    pub(super) types: Possible,
    pub(super) uses: Uses<'a>,
}

impl Inferred<'_> {
    /// Nothing.
    pub(super) fn unknown() -> Self {
        Inferred { types: None, uses: Uses::new() }
    }
}

/// The names an expression may use.
pub(super) struct Env<'a> {
    /// Parameters and the variables so far, by name: the last of them is meant. Numbers are places in `read`.
    pub(super) locals: HashMap<&'a str, Vec<usize>>,
    /// All locals: the name, and whether it was read.
    pub(super) read: Vec<(&'a Name, bool)>,
    pub(super) scope: ScopeId,
    pub(super) hosts: Hosts,
    /// Why no request gets here, if none is known to.
    pub(super) unreached: Code,
}
