//! Access to parts of values: `a.b`, `a[b]`, `a[b:c]` (runtime specification, section 10).

use bumpalo::Bump;

use crate::value::{ListRef, MapRef, PathRef, SegmentRef, Str, ValueRef};

use super::{Failure, Operation, alloc_cow, paths};

/// Maximum size of one string or byte string in bytes; the official engine stops a little below the two MiB of its
/// value stack (specification of the language, section 5; cases `limits/8` to `limits/10`).
pub(super) const MAX_VALUE: usize = 2_096_900;

/// `a.name`
///
/// # Errors
///
/// A missing key, a null, or a value without keys.
pub fn member<'a>(object: ValueRef<'a>, name: Str<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match object {
        ValueRef::Map(map) => present(map.get(name), name),
        ValueRef::Path(path) => path_variable(path, name),
        ValueRef::Null => Err(Failure::Null),
        other => Err(Failure::Type { received: other.type_of(), expected: &"map,path" }),
    }
}

/// The value of a key. A value bound to an error gives that error; an oversized value ends the evaluation.
pub fn member_of<'a>(value: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match unreadable(&value) {
        None => Ok(value),
        Some(failure) => Err(failure),
    }
}

/// Why a value cannot be read, if it cannot.
#[inline]
pub fn unreadable<'a>(value: &ValueRef<'a>) -> Option<Failure<'a>> {
    match value {
        ValueRef::Undefined(message) => Some(Failure::Message(message)),
        ValueRef::String(Str::Utf8(text)) if text.len() > MAX_VALUE => Some(Failure::MemoryLimit),
        ValueRef::Bytes(bytes) if bytes.len() > MAX_VALUE => Some(Failure::MemoryLimit),
        _ => None,
    }
}

/// Checks a value that is about to be compared or copied with everything in it. That reads all fields of a record,
/// which fails for a `request` without a time.
#[inline]
pub fn whole<'a>(value: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match value {
        ValueRef::Map(map @ MapRef::Record(_)) => readable(map).map(|()| value),
        value => Ok(value),
    }
}

#[inline(never)]
fn readable<'a>(record: MapRef<'a>) -> Result<(), Failure<'a>> {
    let failed = record.iter().find_map(|(_, field)| match field {
        ValueRef::Undefined(message) => Some(Failure::Message(message)),
        _ => None,
    });
    failed.map_or(Ok(()), Err)
}

fn present<'a>(found: Option<ValueRef<'a>>, name: Str<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    found.map_or(Err(Failure::Property(name)), member_of)
}

fn path_variable<'a>(path: PathRef<'a>, wanted: Str<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    let found = path.segments().find_map(|segment| match segment {
        SegmentRef::Capture(name, bound) if name == wanted => Some(bound.map(ValueRef::String)),
        SegmentRef::Glob(name, bound) if name == wanted => Some(bound.map(ValueRef::Path)),
        _ => None,
    });
    found.ok_or(Failure::Property(wanted))?.ok_or(Failure::Unbound(wanted))
}

/// `a[b]`
///
/// # Errors
///
/// An index out of bounds, a missing key, or types without this operation.
pub fn index<'a>(bump: &'a Bump, object: ValueRef<'a>, at: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match (object, at) {
        (ValueRef::Map(map), ValueRef::String(key)) => present(map.get(key), key),
        (ValueRef::List(list), ValueRef::Int(at)) => {
            usize::try_from(at).ok().and_then(|i| list.get(i)).map_or(Err(outside(at, list.len())), member_of)
        }
        (ValueRef::String(text), ValueRef::Int(at)) => {
            let unit = usize::try_from(at).ok().and_then(|i| text.unit_at(i));
            unit.ok_or_else(|| outside(at, text.size())).and_then(|cut| alloc_cow(bump, cut))
        }
        (ValueRef::Path(path), ValueRef::Int(at)) => {
            let texts = path.resolved().map_err(|unbound| Failure::Unbound(unbound.0))?;
            let found = usize::try_from(at).ok().and_then(|i| texts.get(i));
            found.map(|text| ValueRef::String(*text)).ok_or_else(|| outside(at, texts.len()))
        }
        (ValueRef::Path(path), ValueRef::String(name)) => path_variable(path, name),
        (ValueRef::Null, _) => Err(Failure::Null),
        (ValueRef::Map(_) | ValueRef::List(_) | ValueRef::String(_) | ValueRef::Path(_), _) => {
            Err(Failure::Unsupported(Operation::Index(object.type_of(), at.type_of())))
        }
        _ => Err(Failure::NotFound(INDEX)),
    }
}

fn outside<'a>(index: i64, size: usize) -> Failure<'a> {
    Failure::IndexOutOfBounds { index, size }
}

/// `a[b:c]`; a missing bound is null.
///
/// # Errors
///
/// Bounds out of range, in the order in which the official engine checks them, or types without this operation.
pub fn range<'a>(
    bump: &'a Bump,
    object: ValueRef<'a>,
    from: ValueRef<'a>,
    to: ValueRef<'a>,
) -> Result<ValueRef<'a>, Failure<'a>> {
    has_elements(object, RANGE)?;
    let bound = |value: ValueRef<'_>| match value {
        ValueRef::Null => Some(None),
        ValueRef::Int(n) => Some(Some(n)),
        _ => None,
    };
    let (Some(first), Some(last)) = (bound(from), bound(to)) else {
        let types = Operation::Range(object.type_of(), from.type_of(), to.type_of());
        return Err(Failure::Unsupported(types));
    };
    match object {
        ValueRef::List(list) => {
            let (from, to) = bounds(first, last, list.len())?;
            Ok(ValueRef::List(match list {
                ListRef::Owned(items) => ListRef::Owned(items.get(from..to).unwrap_or(&[])),
                ListRef::Made(items) => ListRef::Made(items.get(from..to).unwrap_or(&[])),
            }))
        }
        ValueRef::String(text) => {
            let (from, to) = bounds(first, last, text.size())?;
            text.range(from, to).ok_or_else(|| outside(0, text.size())).and_then(|cut| alloc_cow(bump, cut))
        }
        ValueRef::Path(path) if first.is_none() && last.is_none() => Ok(ValueRef::Path(path)),
        ValueRef::Path(path) => {
            path.resolved().map_err(|unbound| Failure::Unbound(unbound.0))?;
            let mut segments = Vec::new();
            flatten(path, &mut segments);
            let (from, to) = bounds(first, last, segments.len())?;
            paths::alloc_path(bump, segments.get(from..to).unwrap_or(&[]))
        }
        other => Err(Failure::Type { received: other.type_of(), expected: &"list" }),
    }
}

/// Lists the segments of a path: a glob as the segments that it is bound to, other variables as they are.
fn flatten<'a>(path: PathRef<'a>, into: &mut Vec<SegmentRef<'a>>) {
    for segment in path.segments() {
        match segment {
            SegmentRef::Glob(_, Some(path)) => flatten(path, into),
            segment => into.push(segment),
        }
    }
}

/// Checks the start, then the last element, then that the start does not exceed the end; a missing bound is not
/// checked. Hence `x[0:0]` fails. The engine computes the index of the last element in 32 bits.
fn bounds<'a>(from: Option<i64>, to: Option<i64>, size: usize) -> Result<(usize, usize), Failure<'a>> {
    let inside = |index: i64| match usize::try_from(index) {
        Ok(at) if at < size => Ok(at),
        _ => Err(outside(index, size)),
    };
    // The engine first refuses bounds that exceed 32 bits, the lower bound first.
    if let Some(index) = [from, to].into_iter().flatten().find(|index| i32::try_from(*index).is_err()) {
        return Err(outside(index, size));
    }
    if from.is_none() && to.is_some() && size == 0 {
        return Err(outside(0, size));
    }
    let start = from.map(inside).transpose()?.unwrap_or(0);
    let end = match to.and_then(|to| i32::try_from(to).ok()) {
        Some(to) => inside(i64::from(to.wrapping_sub(1)))? + 1,
        None => size,
    };
    if start > end {
        return Err(Failure::IllegalRange { from: start as i64, to: end as i64 });
    }
    Ok((start, end))
}

/// Checks that a value has elements to index or slice. The engine checks this before the index.
///
/// # Errors
///
/// A null, or a value of another type; `operation` is the official name of the missing operation.
pub fn has_elements<'a>(object: ValueRef<'_>, operation: &'static str) -> Result<(), Failure<'a>> {
    match object {
        ValueRef::List(_) | ValueRef::String(_) | ValueRef::Path(_) => Ok(()),
        ValueRef::Map(_) if operation == INDEX => Ok(()),
        ValueRef::Null => Err(Failure::Null),
        _ => Err(Failure::NotFound(operation)),
    }
}

/// The official name of `a[b]`.
pub const INDEX: &str = "[]";
/// The official name of `a[b:c]`.
pub const RANGE: &str = "@range";

/// Maximum number of elements of a list: approximately what fits the official engine's value stack.
pub(super) const MAX_ELEMENTS: usize = MAX_VALUE / 8;

/// Refuses a string or byte string before it becomes too long.
pub(super) fn check_bytes<'a>(count: usize) -> Result<(), Failure<'a>> {
    if count > MAX_VALUE { Err(Failure::MemoryLimit) } else { Ok(()) }
}

/// Refuses a list before it becomes too long.
pub(super) fn check_elements<'a>(count: usize) -> Result<(), Failure<'a>> {
    if count > MAX_ELEMENTS { Err(Failure::MemoryLimit) } else { Ok(()) }
}

/// Refuses a list or a map whose values have too many parts, before it is made. Literals share their parts, so nesting
/// one in others twice at each level doubles the parts with each level, and no evaluation could read them all.
///
/// # Errors
///
/// More parts than a list may have elements, including nested parts.
pub fn check_extent<'a, 'v>(parts: impl Iterator<Item = ValueRef<'v>>) -> Result<(), Failure<'a>> {
    let mut room = MAX_ELEMENTS;
    for part in parts {
        spend_parts(part, &mut room)?;
    }
    Ok(())
}

fn spend_parts<'a>(value: ValueRef<'_>, room: &mut usize) -> Result<(), Failure<'a>> {
    *room = room.checked_sub(1).ok_or(Failure::MemoryLimit)?;
    match value {
        ValueRef::List(items) | ValueRef::Set(items) => items.iter().try_for_each(|item| spend_parts(item, room)),
        ValueRef::Map(map) => map.iter().try_for_each(|(_, item)| spend_parts(item, room)),
        _ => Ok(()),
    }
}
