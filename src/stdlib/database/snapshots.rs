//! Methods of snapshots (realtime-database specification, section 5).

use bumpalo::Bump;

use crate::value::{Content, Snapshot, Str, Type, Unreadable, ValueRef};

use super::{
    super::{Builtin, Failure, check_arena, lookup::named, mismatch},
    Misuse, TOO_LONG,
};

/// The examples assume `{"a": {"b": 1}, "s": "x", "t": true, "p": {".value": 2, ".priority": 7}}` at `data`.
pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::method(Type::Snapshot) => {
        /// The boolean, number or string there; null for nothing, and for children a marker that equals nothing.
        val() -> Any, "data.child('s').val() == 'x'", Val, val;
        /// The snapshot below at a path, whether anything is there or not.
        child(String) -> Snapshot, "data.child('a/b').val() == 1", Child, child;
        /// The snapshot above; fails at the root.
        parent() -> Snapshot, "data.child('a/b').parent().hasChild('b')", Parent,
            |_, a| receiver(a, 0)?.parent().map(ValueRef::Snapshot).ok_or(Failure::Database(Misuse::NoParent));
        /// Whether anything is at a path below.
        hasChild(String) -> Bool, "data.hasChild('a/b')", HasChild, has_child;
        /// Whether there is a child, or each of those in a list; each of none always is.
        hasChildren() -> Bool | (List) -> Bool, "data.hasChildren(['a', 's']) && data.hasChildren()", HasChildren, has_children,
            reason: Some(missing_children);
        /// Whether anything is there.
        exists() -> Bool, "!data.child('none').exists()", Exists, |_, a| Ok(ValueRef::Bool(has_content(receiver(a, 0)?)?));
        /// The priority: a number, a string or null.
        getPriority() -> Any, "data.child('p').getPriority() == 7", Open, |_, a| Ok(receiver(a, 0)?.priority()?);
        /// Whether a number is there.
        isNumber() -> Bool, "data.child('a/b').isNumber()", IsNumber, |_, a| is_leaf(a, Type::Float);
        /// Whether a string is there.
        isString() -> Bool, "data.child('s').isString()", IsString, |_, a| is_leaf(a, Type::String);
        /// Whether a boolean is there.
        isBoolean() -> Bool, "data.child('t').isBoolean()", IsBoolean, |_, a| is_leaf(a, Type::Bool);
    }
};

type Answer<'a> = Result<ValueRef<'a>, Failure<'a>>;

impl From<Unreadable> for Failure<'_> {
    fn from(_: Unreadable) -> Self {
        Failure::Host
    }
}

argument!(receiver: Snapshot(&'a dyn Snapshot));

fn val<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    let snapshot = receiver(args, 0)?;
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
            Ok(ValueRef::Snapshot(receiver(args, 0)?.child(path, bump)))
        }
        _ => Err(mismatch()),
    }
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
        [_, ValueRef::String(path)] => Ok(ValueRef::Bool(has(receiver(args, 0)?, *path)?)),
        _ => Err(mismatch()),
    }
}

fn has_children<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    let snapshot = receiver(args, 0)?;
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
    let (Ok(snapshot), Some(ValueRef::List(names))) = (receiver(args, 0), args.get(1)) else { return None };
    let has = |path: Str<'_>| path.as_utf8().map_or(Some(false), |path| snapshot.has_cached(path));
    let gone = |name: &ValueRef<'_>| matches!(name, ValueRef::String(path) if has(*path) == Some(false));
    named("missing", names.iter().filter(gone))
}

fn is_leaf<'a>(args: &[ValueRef<'a>], of_type: Type) -> Answer<'a> {
    let content = receiver(args, 0)?.content()?;
    Ok(ValueRef::Bool(content.leaf().is_some_and(|value| value.type_of() == of_type)))
}
