//! Methods of snapshots (realtime-database specification, section 5).

use bumpalo::Bump;

use crate::value::{Content, Snapshot, Str, Type, Unreadable, ValueRef};

use super::{
    super::{Builtin, Failure, Overload, check_arena, lookup::named, mismatch},
    Misuse, TOO_LONG,
};

const TO_BOOL: &[Overload] = &[Overload { params: &[], result: Type::Bool }];
const TO_VALUE: &[Overload] = &[Overload { params: &[], result: Type::Any }];

/// The examples assume `{"a": {"b": 1}, "s": "x", "t": true, "p": {".value": 2, ".priority": 7}}` at `data`.
pub(super) const TABLE: &[Builtin] = &[
    Builtin::method(
        Type::Snapshot,
        "val",
        TO_VALUE,
        val,
        "The boolean, number or string there; null for nothing, and for children a marker that equals nothing.",
        "data.child('s').val() == 'x'",
    ),
    Builtin::method(
        Type::Snapshot,
        "child",
        &[Overload { params: &[Type::String], result: Type::Snapshot }],
        child,
        "The snapshot below at a path, whether anything is there or not.",
        "data.child('a/b').val() == 1",
    ),
    Builtin::method(
        Type::Snapshot,
        "parent",
        &[Overload { params: &[], result: Type::Snapshot }],
        parent,
        "The snapshot above; fails at the root.",
        "data.child('a/b').parent().hasChild('b')",
    ),
    Builtin::method(
        Type::Snapshot,
        "hasChild",
        &[Overload { params: &[Type::String], result: Type::Bool }],
        has_child,
        "Whether anything is at a path below.",
        "data.hasChild('a/b')",
    ),
    Builtin::method(
        Type::Snapshot,
        "hasChildren",
        &[Overload { params: &[], result: Type::Bool }, Overload { params: &[Type::List], result: Type::Bool }],
        has_children,
        "Whether there is a child, or each of those in a list; each of none always is.",
        "data.hasChildren(['a', 's']) && data.hasChildren()",
    )
    .with_reason(missing_children),
    Builtin::method(
        Type::Snapshot,
        "exists",
        TO_BOOL,
        exists,
        "Whether anything is there.",
        "!data.child('none').exists()",
    ),
    Builtin::method(
        Type::Snapshot,
        "getPriority",
        TO_VALUE,
        priority,
        "The priority: a number, a string or null.",
        "data.child('p').getPriority() == 7",
    ),
    Builtin::method(
        Type::Snapshot,
        "isNumber",
        TO_BOOL,
        is_number,
        "Whether a number is there.",
        "data.child('a/b').isNumber()",
    ),
    Builtin::method(
        Type::Snapshot,
        "isString",
        TO_BOOL,
        is_string,
        "Whether a string is there.",
        "data.child('s').isString()",
    ),
    Builtin::method(
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
        Some(ValueRef::Snapshot(snapshot)) => Ok(*snapshot),
        _ => Err(mismatch()),
    }
}

fn val<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    let snapshot = receiver(args)?;
    let content = snapshot.content()?;
    Ok(match (content, content.leaf()) {
        (_, Some(value)) => value,
        (Content::Children, _) => ValueRef::Snapshot(snapshot),
        _ => ValueRef::Null,
    })
}

fn child<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    match args {
        [_, ValueRef::String(path)] => {
            // No key contains a lone surrogate, nor the character that replaces the path here.
            let path = path.as_utf8().unwrap_or("\u{0}");
            // The location has one node for each name, up to some hundreds.
            check_arena(bump, path.len().saturating_mul(64).min(64 << 10)).map_err(|_| TOO_LONG)?;
            Ok(ValueRef::Snapshot(receiver(args)?.child(path, bump)))
        }
        _ => Err(mismatch()),
    }
}

fn parent<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    receiver(args)?.parent().map(ValueRef::Snapshot).ok_or(Failure::Database(Misuse::NoParent))
}

fn has_content(snapshot: &dyn Snapshot) -> Result<bool, Unreadable> {
    Ok(!matches!(snapshot.content()?, Content::Nothing))
}

/// Whether anything exists below at that path; no key contains a lone surrogate.
fn has(snapshot: &dyn Snapshot, path: Str<'_>) -> Result<bool, Unreadable> {
    path.as_utf8().map_or(Ok(false), |path| snapshot.has(path))
}

fn has_child<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    match args {
        [_, ValueRef::String(path)] => Ok(ValueRef::Bool(has(receiver(args)?, *path)?)),
        _ => Err(mismatch()),
    }
}

fn has_children<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    let snapshot = receiver(args)?;
    let Some(names) = args.get(1) else {
        return Ok(ValueRef::Bool(matches!(snapshot.content()?, Content::Children)));
    };
    let ValueRef::List(names) = names else { return Err(mismatch()) };
    // An element that is not a string fails the call whatever the other elements are.
    let mut all = true;
    for name in names.iter() {
        let ValueRef::String(path) = name else { return Err(Failure::Database(Misuse::Element(name.type_of()))) };
        all = all && has(snapshot, path)?;
    }
    Ok(ValueRef::Bool(all))
}

fn missing_children(args: &[ValueRef<'_>]) -> Option<String> {
    let (Ok(snapshot), Some(ValueRef::List(names))) = (receiver(args), args.get(1)) else { return None };
    let has = |path: Str<'_>| path.as_utf8().map_or(Some(false), |path| snapshot.has_cached(path));
    let gone = |name: &ValueRef<'_>| matches!(name, ValueRef::String(path) if has(*path) == Some(false));
    named("missing", names.iter().filter(gone))
}

fn exists<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    Ok(ValueRef::Bool(has_content(receiver(args)?)?))
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
