//! Membership operations that lists and sets share.

use crate::value::{ListRef, Lookup, Relation, ValueRef, set_equals};

use super::{Failure, mismatch};

/// Whether a set contains an element (relation E4).
pub(super) fn in_set(element: ValueRef<'_>, set: ListRef<'_>) -> bool {
    set.iter().any(|item| set_equals(item, element))
}

/// Checks that a value can be compared by relation E4.
///
/// # Errors
///
/// A constraint in it: sets and `map.diff` refuse nested constraints too.
pub(super) fn comparable<'a>(value: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    if constrained(value) {
        return Err(Failure::Message("Equality is not defined for type CONSTRAINT_VALUE"));
    }
    Ok(value)
}

fn constrained(value: ValueRef<'_>) -> bool {
    match value {
        ValueRef::Constraint(_) => true,
        ValueRef::List(list) => list.iter().any(constrained),
        ValueRef::Map(map) => map.iter().any(|(_, value)| constrained(value)),
        _ => false,
    }
}

/// The elements of an argument that is a list or a set.
pub(super) fn elements<'a>(args: &[ValueRef<'a>], at: usize) -> Result<ListRef<'a>, Failure<'a>> {
    match args.get(at) {
        Some(ValueRef::Set(list) | ValueRef::List(list)) => Ok(*list),
        _ => Err(mismatch()),
    }
}

/// Checks an element before it is looked up. The official engine looks elements up one by one, so an element that it
/// cannot compare fails when it is reached.
///
/// # Errors
///
/// For sets, as [`comparable`].
fn sought<'a>(same: Relation, item: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match same {
        Relation::List => Ok(item),
        Relation::Set => comparable(item),
    }
}

/// Whether every element of the argument is in the receiver.
pub(super) fn has_all<'a>(args: &[ValueRef<'a>], same: Relation) -> Result<ValueRef<'a>, Failure<'a>> {
    let mine = Lookup::of(same, elements(args, 0)?.iter());
    for item in elements(args, 1)?.iter() {
        if !mine.contains(sought(same, item)?) {
            return Ok(ValueRef::Bool(false));
        }
    }
    Ok(ValueRef::Bool(true))
}

/// Whether any element of the argument is in the receiver.
pub(super) fn has_any<'a>(args: &[ValueRef<'a>], same: Relation) -> Result<ValueRef<'a>, Failure<'a>> {
    let mine = Lookup::of(same, elements(args, 0)?.iter());
    for item in elements(args, 1)?.iter() {
        if mine.contains(sought(same, item)?) {
            return Ok(ValueRef::Bool(true));
        }
    }
    Ok(ValueRef::Bool(false))
}

/// Whether every element of the receiver is in the argument.
pub(super) fn has_only<'a>(args: &[ValueRef<'a>], same: Relation) -> Result<ValueRef<'a>, Failure<'a>> {
    let sought = elements(args, 1)?.iter().map(|item| sought(same, item)).collect::<Result<Vec<_>, _>>()?;
    let theirs = Lookup::of(same, sought.into_iter());
    Ok(ValueRef::Bool(elements(args, 0)?.iter().all(|item| theirs.contains(item))))
}

/// Maximum number of elements that a reason names.
const NAMED: usize = 5;

/// Names the first elements for a reason.
pub(super) fn named<'a>(what: &str, elements: impl Iterator<Item = ValueRef<'a>>) -> Option<String> {
    let mut names: Vec<_> = elements.take(NAMED + 1).map(ValueRef::describe).collect();
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push("…".to_owned());
    }
    (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
}

/// Why `has_all` is false.
pub(super) fn missing(args: &[ValueRef<'_>], same: Relation) -> Option<String> {
    let mine = Lookup::of(same, elements(args, 0).ok()?.iter());
    named("missing", elements(args, 1).ok()?.iter().filter(|item| !mine.contains(*item)))
}

/// Why `has_only` is false.
pub(super) fn besides(args: &[ValueRef<'_>], same: Relation) -> Option<String> {
    let theirs = Lookup::of(same, elements(args, 1).ok()?.iter());
    named("not in the list", elements(args, 0).ok()?.iter().filter(|item| !theirs.contains(*item)))
}
