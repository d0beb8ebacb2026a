//! A failure of an operation, and what of the operation a message points at.

use crate::{
    program::{Code, Node, NodeId},
    stdlib::{Dialect, Failure},
    syntax::{Language, Role, of_word},
    value::Comparator,
};

/// A failure and where it arose.
#[derive(Clone, Copy, Debug)]
pub struct Error<'a> {
    /// What failed.
    pub failure: Failure<'a>,
    /// The operation.
    pub node: NodeId,
    /// What of it messages point at.
    pub at: At,
}

/// What of an operation a message points at; asked of the official engine for each kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Its first token.
    Start,
    /// Its operator, or the name of what is called.
    Anchor,
    /// The first of the parentheses around it.
    Outer,
}

/// A failure reported at the first token of the operation.
pub(super) fn start<'a>(node: NodeId, failure: Failure<'a>) -> Error<'a> {
    Error { failure, node, at: At::Start }
}

/// A failure reported at the operator, or at the name of the function.
pub(super) fn anchor<'a>(node: NodeId, failure: Failure<'a>) -> Error<'a> {
    Error { failure, node, at: At::Anchor }
}

/// A failure reported at the first parenthesis around the operation.
pub(super) fn outer<'a>(node: NodeId, failure: Failure<'a>) -> Error<'a> {
    Error { failure, node, at: At::Outer }
}

/// Equality reports at its first token, order at its operator.
pub(super) fn comparison<'a>(node: NodeId, op: Comparator, failure: Failure<'a>) -> Error<'a> {
    if matches!(op, Comparator::Eq | Comparator::Ne) { start(node, failure) } else { anchor(node, failure) }
}

/// A function that is not there is reported at the start of the call, what it runs into at its name.
pub(super) fn dispatch<'a>(node: NodeId, failure: Failure<'a>) -> Error<'a> {
    if matches!(failure, Failure::NotFound(_)) { outer(node, failure) } else { anchor(node, failure) }
}

/// An index reports at its first token, unless the value has no elements at all.
pub(super) fn element<'a>(node: NodeId, failure: Failure<'a>) -> Error<'a> {
    if matches!(failure, Failure::NotFound(_)) { outer(node, failure) } else { start(node, failure) }
}

/// A member reports where it begins, one of null where the null does.
pub(super) fn member<'a>(node: NodeId, object: NodeId, failure: Failure<'a>) -> Error<'a> {
    match failure {
        Failure::Null => outer(object, failure),
        failure => outer(node, failure),
    }
}

/// Which of the causes of its message a failure had, or what to write instead of a name of another language.
pub(super) fn why<'a>(code: &Code, error: &Error<'a>) -> Option<&'a str> {
    let meant =
        |role, name: &str| of_word(Language::Firestore, role, name).filter(|_| code.dialect == Dialect::Service);
    match (&error.failure, code.node(error.node)) {
        (Failure::NotFound(name), _) => meant(Role::Method, name).or_else(|| meant(Role::Function, name)),
        (Failure::Type { .. }, Node::Member(_, name)) => meant(Role::Method, code.name(name)),
        (failure, _) => failure.why(),
    }
}
