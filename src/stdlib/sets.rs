//! Methods of sets and map differences (runtime specification, section 11; relation E4).

use bumpalo::Bump;

use crate::value::{DiffStatus, Lookup, Relation, Type, ValueRef};

use super::{
    Builtin, BuiltinFn, Failure, Overload, alloc_list,
    lookup::{self, elements},
    mismatch,
};

const fn keys_of(name: &'static str, run: BuiltinFn, doc: &'static str, example: &'static str) -> Builtin {
    const TO_SET: &[Overload] = &[Overload { params: &[], result: Type::Set }];
    Builtin::method(Type::MapDiff, name, TO_SET, run, doc, example)
}

const ASKS: &[Overload] =
    &[Overload { params: &[Type::Set], result: Type::Bool }, Overload { params: &[Type::List], result: Type::Bool }];
const FROM_SET: &[Overload] = &[Overload { params: &[Type::Set], result: Type::Set }];

pub(super) const TABLE: &[Builtin] = &[
    Builtin::method(
        Type::Set,
        "size",
        &[Overload { params: &[], result: Type::Int }],
        size,
        "How many elements there are.",
        "[1, 1].toSet().size() == 1",
    ),
    Builtin::method(
        Type::Set,
        "hasAll",
        ASKS,
        |_, a| lookup::has_all(a, Relation::Set),
        "Whether every element of the argument is in it.",
        "[1, 2].toSet().hasAll([2.0])",
    )
    .with_reason(|a| lookup::missing(a, Relation::Set)),
    Builtin::method(
        Type::Set,
        "hasAny",
        ASKS,
        |_, a| lookup::has_any(a, Relation::Set),
        "Whether any element of the argument is in it.",
        "[1, 2].toSet().hasAny([2, 3])",
    ),
    Builtin::method(
        Type::Set,
        "hasOnly",
        ASKS,
        |_, a| lookup::has_only(a, Relation::Set),
        "Whether all its elements are in the argument.",
        "[1].toSet().hasOnly([1, 2])",
    )
    .with_reason(|a| lookup::besides(a, Relation::Set)),
    Builtin::method(
        Type::Set,
        "union",
        FROM_SET,
        union,
        "Its elements, then those of the argument that it lacks.",
        "[1].toSet().union([2].toSet()) == [1, 2].toSet()",
    ),
    Builtin::method(
        Type::Set,
        "intersection",
        FROM_SET,
        intersection,
        "Its elements that the argument has too.",
        "[1, 2].toSet().intersection([2, 3].toSet()) == [2].toSet()",
    ),
    Builtin::method(
        Type::Set,
        "difference",
        FROM_SET,
        difference,
        "Its elements that the argument lacks.",
        "[1, 2].toSet().difference([2].toSet()) == [1].toSet()",
    ),
    keys_of(
        "addedKeys",
        added,
        "Keys only the receiver of `diff` has.",
        "{'a': 1}.diff({}).addedKeys().hasOnly(['a'])",
    ),
    keys_of(
        "removedKeys",
        removed,
        "Keys only the argument of `diff` has.",
        "{}.diff({'a': 1}).removedKeys().hasOnly(['a'])",
    ),
    keys_of(
        "changedKeys",
        changed,
        "Keys whose values differ.",
        "{'a': 1}.diff({'a': 2}).changedKeys().hasOnly(['a'])",
    ),
    keys_of(
        "unchangedKeys",
        unchanged,
        "Keys whose values are equal.",
        "{'a': 1}.diff({'a': 1.0}).unchangedKeys().size() == 1",
    ),
    keys_of(
        "affectedKeys",
        affected,
        "Keys added, removed or changed.",
        "{'a': 1}.diff({'b': 1}).affectedKeys().size() == 2",
    ),
];

fn made<'a>(bump: &'a Bump, items: impl Iterator<Item = ValueRef<'a>>) -> Result<ValueRef<'a>, Failure<'a>> {
    alloc_list(bump, items).map(ValueRef::Set)
}

fn size<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(ValueRef::Int(elements(args, 0)?.len() as i64))
}

fn union<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let (a, b) = (elements(args, 0)?, elements(args, 1)?);
    let mine = Lookup::of(Relation::Set, a.iter());
    made(bump, a.iter().chain(b.iter().filter(|item| !mine.contains(*item))))
}

fn intersection<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let theirs = Lookup::of(Relation::Set, elements(args, 1)?.iter());
    made(bump, elements(args, 0)?.iter().filter(|item| theirs.contains(*item)))
}

fn difference<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let theirs = Lookup::of(Relation::Set, elements(args, 1)?.iter());
    made(bump, elements(args, 0)?.iter().filter(|item| !theirs.contains(*item)))
}

fn keys<'a>(
    bump: &'a Bump,
    args: &[ValueRef<'a>],
    wanted: fn(DiffStatus) -> bool,
) -> Result<ValueRef<'a>, Failure<'a>> {
    let Some(ValueRef::MapDiff(diff)) = args.first() else { return Err(mismatch()) };
    made(bump, diff.iter().filter(|(_, status)| wanted(*status)).map(|(key, _)| ValueRef::String(key)))
}

fn added<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    keys(bump, args, |status| status == DiffStatus::Added)
}

fn removed<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    keys(bump, args, |status| status == DiffStatus::Removed)
}

fn changed<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    keys(bump, args, |status| status == DiffStatus::Changed)
}

fn unchanged<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    keys(bump, args, |status| status == DiffStatus::Unchanged)
}

fn affected<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    keys(bump, args, |status| status != DiffStatus::Unchanged)
}
