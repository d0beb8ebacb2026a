//! How an analysis that reasons about all requests at once treats each built-in.

/// The symbolic treatment of a built-in. The analysis matches on it exhaustively, so that a built-in cannot be added
/// without a treatment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbolic {
    /// Nothing is assumed but the types of the result: any value of them, or an error.
    Open,
    /// The first argument.
    First,
    /// The text that a path takes of the argument.
    Text,
    /// The size of the receiver.
    Size,
    /// Whether a pattern matches.
    Matches,
    /// `map.keys()`
    Keys,
    /// `map.values()`
    Values,
    /// `map.get(key, default)`
    Get,
    /// `map.diff(map)`
    Diff,
    /// Whether the receiver has all elements of the argument.
    HasAll,
    /// Whether the receiver has any element of the argument.
    HasAny,
    /// Whether the receiver has only elements of the argument.
    HasOnly,
    /// `list.concat(list)`
    Concat,
    /// `list.removeAll(list)`
    RemoveAll,
    /// `list.toSet()`
    ToSet,
    /// `set.union(set)`
    Union,
    /// `set.intersection(set)`
    Intersection,
    /// `set.difference(set)`
    Difference,
    /// Keys that a difference of maps adds.
    AddedKeys,
    /// Keys that a difference of maps removes.
    RemovedKeys,
    /// Keys whose values a difference of maps changes.
    ChangedKeys,
    /// Keys whose values a difference of maps keeps.
    UnchangedKeys,
    /// Keys that a difference of maps adds, removes or changes.
    AffectedKeys,
    /// The value of a snapshot.
    Val,
    /// A location below a snapshot.
    Child,
    /// The location around a snapshot.
    Parent,
    /// Whether something is stored at a location below a snapshot.
    HasChild,
    /// Whether something is stored below a snapshot.
    HasChildren,
    /// Whether something is stored at a snapshot.
    Exists,
    /// Whether a snapshot has a number.
    IsNumber,
    /// Whether a snapshot has a text.
    IsString,
    /// Whether a snapshot has a boolean.
    IsBoolean,
    /// Whether a text contains another.
    Contains,
    /// Whether a text begins with another.
    BeginsWith,
    /// Whether a text ends with another.
    EndsWith,
}
