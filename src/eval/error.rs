//! The failure of an operation, and what of the operation a message points at.

use crate::{
    program::{Code, Corrupt, Op, OpId},
    stdlib::{Dialect, Failure},
    syntax::{Language, Role, of_word},
    value::Comparator,
};

/// A failure and where it arose.
#[derive(Clone, Copy, Debug)]
pub struct Error<'a> {
    /// What failed.
    pub failure: Failure<'a>,
    /// The operation; `None` for a statement without a condition, and in a corrupt program.
    pub op: Option<OpId>,
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

/// A corrupt program aborts the evaluation of the whole request, which denies it.
impl From<Corrupt> for Error<'_> {
    #[cold]
    fn from(_: Corrupt) -> Self {
        Error { failure: Failure::Fatal(Corrupt::MESSAGE), op: None, at: At::Start }
    }
}

/// A failure reported at the first token of the operation.
pub(super) fn start<'a>(op: OpId, failure: Failure<'a>) -> Error<'a> {
    Error { failure, op: Some(op), at: At::Start }
}

/// A failure reported at the operator, or at the name of the function.
pub(super) fn anchor<'a>(op: OpId, failure: Failure<'a>) -> Error<'a> {
    Error { failure, op: Some(op), at: At::Anchor }
}

/// A failure reported at the first parenthesis around the operation.
pub(super) fn outer<'a>(op: OpId, failure: Failure<'a>) -> Error<'a> {
    Error { failure, op: Some(op), at: At::Outer }
}

/// Equality reports at its first token, order at its operator.
pub(super) fn comparison<'a>(op: OpId, comparator: Comparator, failure: Failure<'a>) -> Error<'a> {
    if matches!(comparator, Comparator::Eq | Comparator::Ne) { start(op, failure) } else { anchor(op, failure) }
}

/// A call of a function that does not exist reports at the start of the call, any other failure of a call at its name.
pub(super) fn dispatch<'a>(op: OpId, failure: Failure<'a>) -> Error<'a> {
    if matches!(failure, Failure::NotFound(_)) { outer(op, failure) } else { anchor(op, failure) }
}

/// An index reports at its first token, unless the value has no elements at all.
pub(super) fn element<'a>(op: OpId, failure: Failure<'a>) -> Error<'a> {
    if matches!(failure, Failure::NotFound(_)) { outer(op, failure) } else { start(op, failure) }
}

/// A member reports where it begins, a member of null where the null does.
pub(super) fn member<'a>(op: OpId, object: OpId, failure: Failure<'a>) -> Error<'a> {
    match failure {
        Failure::Null => outer(object, failure),
        failure => outer(op, failure),
    }
}

/// Which of the causes of its message a failure has, or what to write instead of a name of another language.
pub(super) fn why<'a>(code: &Code, error: &Error<'a>) -> Option<&'a str> {
    let meant =
        |role, name: &str| of_word(Language::Firestore, role, name).filter(|_| code.dialect == Dialect::Service);
    match (&error.failure, error.op.map(|op| code.op(op))) {
        (Failure::NotFound(name), _) => meant(Role::Method, name).or_else(|| meant(Role::Function, name)),
        (Failure::Type { .. }, Some(Ok(Op::Member(_, name)))) => meant(Role::Method, code.name(name).ok()?),
        (failure, _) => failure.why(),
    }
}
