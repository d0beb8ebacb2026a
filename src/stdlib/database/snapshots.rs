//! Methods of snapshots (realtime-database specification, section 5).

use bumpalo::Bump;

use crate::value::{Content, Snapshot, Str, Type, Unreadable, ValueRef};

use super::{
    super::{Builtin, Failure, Overload, lookup::named, method, misfit, room},
    Misuse, TOO_LONG,
};

const TO_BOOL: &[Overload] = &[Overload { params: &[], result: Type::Bool }];
const TO_VALUE: &[Overload] = &[Overload { params: &[], result: Type::Any }];

/// The examples are about `{"a": {"b": 1}, "s": "x", "t": true, "p": {".value": 2, ".priority": 7}}` at `data`.
pub(super) const TABLE: &[Builtin] = &[
    method(
        Type::Snapshot,
        "val",
        TO_VALUE,
        val,
        "The boolean, number or string there; null for nothing, and for children a marker that equals nothing.",
        "data.child('s').val() == 'x'",
    ),
    method(
        Type::Snapshot,
        "child",
        &[Overload { params: &[Type::String], result: Type::Snapshot }],
        child,
        "The place below at a path, whether anything is there or not.",
        "data.child('a/b').val() == 1",
    ),
    method(
        Type::Snapshot,
        "parent",
        &[Overload { params: &[], result: Type::Snapshot }],
        parent,
        "The place above; fails at the root.",
        "data.child('a/b').parent().hasChild('b')",
    ),
    method(
        Type::Snapshot,
        "hasChild",
        &[Overload { params: &[Type::String], result: Type::Bool }],
        has_child,
        "Whether anything is at a path below.",
        "data.hasChild('a/b')",
    ),
    method(
        Type::Snapshot,
        "hasChildren",
        &[Overload { params: &[], result: Type::Bool }, Overload { params: &[Type::List], result: Type::Bool }],
        has_children,
        "Whether there is a child, or each of those in a list; each of none always is.",
        "data.hasChildren(['a', 's']) && data.hasChildren()",
    )
    .because(missing_children),
    method(Type::Snapshot, "exists", TO_BOOL, exists, "Whether anything is there.", "!data.child('none').exists()"),
    method(
        Type::Snapshot,
        "getPriority",
        TO_VALUE,
        priority,
        "The priority: a number, a string or null.",
        "data.child('p').getPriority() == 7",
    ),
    method(
        Type::Snapshot,
        "isNumber",
        TO_BOOL,
        is_number,
        "Whether a number is there.",
        "data.child('a/b').isNumber()",
    ),
    method(Type::Snapshot, "isString", TO_BOOL, is_string, "Whether a string is there.", "data.child('s').isString()"),
    method(
        Type::Snapshot,
        "isBoolean",
        TO_BOOL,
        is_boolean,
        "Whether a boolean is there.",
        "data.child('t').isBoolean()",
    ),
];

type Answer<'a> = Result<ValueRef<'a>, Failure<'a>>;

impl From<Unreadable> for Failure<'_> {
    fn from(_: Unreadable) -> Self {
        Failure::Host
    }
}

fn receiver<'a>(args: &[ValueRef<'a>]) -> Result<&'a dyn Snapshot, Failure<'a>> {
    match args.first() {
        Some(ValueRef::Snapshot(place)) => Ok(*place),
        _ => Err(misfit()),
    }
}

fn val<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    let place = receiver(args)?;
    let content = place.content()?;
    Ok(match (content, content.leaf()) {
        (_, Some(value)) => value,
        (Content::Children, _) => ValueRef::Snapshot(place),
        _ => ValueRef::Null,
    })
}

fn child<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    match args {
        [_, ValueRef::String(path)] => {
            // No key has half a surrogate pair; what stands for it here no key has either.
            let path = path.as_utf8().unwrap_or("\u{0}");
            // A place is made for each name, up to some hundreds.
            room(bump, path.len().saturating_mul(64).min(64 << 10)).map_err(|_| TOO_LONG)?;
            Ok(ValueRef::Snapshot(receiver(args)?.child(path, bump)))
        }
        _ => Err(misfit()),
    }
}

fn parent<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    receiver(args)?.parent().map(ValueRef::Snapshot).ok_or(Failure::Database(Misuse::NoParent))
}

fn is_there(place: &dyn Snapshot) -> Result<bool, Unreadable> {
    Ok(!matches!(place.content()?, Content::Nothing))
}

/// Whether anything is below at a path given as a value; no key has half a surrogate pair.
fn has(place: &dyn Snapshot, path: Str<'_>) -> Result<bool, Unreadable> {
    path.as_utf8().map_or(Ok(false), |path| place.has(path))
}

fn has_child<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    match args {
        [_, ValueRef::String(path)] => Ok(ValueRef::Bool(has(receiver(args)?, *path)?)),
        _ => Err(misfit()),
    }
}

fn has_children<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    let place = receiver(args)?;
    let Some(names) = args.get(1) else {
        return Ok(ValueRef::Bool(matches!(place.content()?, Content::Children)));
    };
    let ValueRef::List(names) = names else { return Err(misfit()) };
    // An element that is no string fails whatever the others are.
    let mut all = true;
    for name in names.iter() {
        let ValueRef::String(path) = name else { return Err(Failure::Database(Misuse::Element(name.type_of()))) };
        all = all && has(place, path)?;
    }
    Ok(ValueRef::Bool(all))
}

fn missing_children(args: &[ValueRef<'_>]) -> Option<String> {
    let (Ok(place), Some(ValueRef::List(names))) = (receiver(args), args.get(1)) else { return None };
    let has = |path: Str<'_>| path.as_utf8().map_or(Some(false), |path| place.known_to_have(path));
    let gone = |name: &ValueRef<'_>| matches!(name, ValueRef::String(path) if has(*path) == Some(false));
    named("missing", names.iter().filter(gone))
}

fn exists<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    Ok(ValueRef::Bool(is_there(receiver(args)?)?))
}

fn priority<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    Ok(receiver(args)?.priority()?)
}

fn is_leaf<'a>(args: &[ValueRef<'a>], of_type: Type) -> Answer<'a> {
    let content = receiver(args)?.content()?;
    Ok(ValueRef::Bool(content.leaf().is_some_and(|value| value.type_of() == of_type)))
}

fn is_number<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    is_leaf(args, Type::Float)
}

fn is_string<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    is_leaf(args, Type::String)
}

fn is_boolean<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    is_leaf(args, Type::Bool)
}
