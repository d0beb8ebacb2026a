//! Methods of sets and map differences (runtime specification, section 11; relation E4).

use bumpalo::Bump;

use crate::value::{DiffStatus, Lookup, Relation, Type, ValueRef};

use super::{
    Builtin, Failure, alloc_list,
    lookup::{self, elements},
    mismatch,
};

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::method(Type::Set) => {
        /// How many elements there are.
        size() -> Int, "[1, 1].toSet().size() == 1", Size, |_, a| Ok(ValueRef::Int(elements(a, 0)?.len() as i64));
        /// Whether every element of the argument is in it.
        hasAll(Set) -> Bool | (List) -> Bool, "[1, 2].toSet().hasAll([2.0])", HasAll,
            |_, a| lookup::has_all(a, Relation::Set), reason: Some(|a| lookup::missing(a, Relation::Set));
        /// Whether any element of the argument is in it.
        hasAny(Set) -> Bool | (List) -> Bool, "[1, 2].toSet().hasAny([2, 3])", HasAny,
            |_, a| lookup::has_any(a, Relation::Set);
        /// Whether all its elements are in the argument.
        hasOnly(Set) -> Bool | (List) -> Bool, "[1].toSet().hasOnly([1, 2])", HasOnly,
            |_, a| lookup::has_only(a, Relation::Set), reason: Some(|a| lookup::besides(a, Relation::Set));
        /// Its elements, then those of the argument that it lacks.
        union(Set) -> Set, "[1].toSet().union([2].toSet()) == [1, 2].toSet()", Union, union;
        /// Its elements that the argument has too.
        intersection(Set) -> Set, "[1, 2].toSet().intersection([2, 3].toSet()) == [2].toSet()", Intersection, intersection;
        /// Its elements that the argument lacks.
        difference(Set) -> Set, "[1, 2].toSet().difference([2].toSet()) == [1].toSet()", Difference, difference;
    }
    Builtin::method(Type::MapDiff) => {
        /// Keys only the receiver of `diff` has.
        addedKeys() -> Set, "{'a': 1}.diff({}).addedKeys().hasOnly(['a'])", AddedKeys,
            |bump, a| keys(bump, a, |status| status == DiffStatus::Added);
        /// Keys only the argument of `diff` has.
        removedKeys() -> Set, "{}.diff({'a': 1}).removedKeys().hasOnly(['a'])", RemovedKeys,
            |bump, a| keys(bump, a, |status| status == DiffStatus::Removed);
        /// Keys whose values differ.
        changedKeys() -> Set, "{'a': 1}.diff({'a': 2}).changedKeys().hasOnly(['a'])", ChangedKeys,
            |bump, a| keys(bump, a, |status| status == DiffStatus::Changed);
        /// Keys whose values are equal.
        unchangedKeys() -> Set, "{'a': 1}.diff({'a': 1.0}).unchangedKeys().size() == 1", UnchangedKeys,
            |bump, a| keys(bump, a, |status| status == DiffStatus::Unchanged);
        /// Keys added, removed or changed.
        affectedKeys() -> Set, "{'a': 1}.diff({'b': 1}).affectedKeys().size() == 2", AffectedKeys,
            |bump, a| keys(bump, a, |status| status != DiffStatus::Unchanged);
    }
};

fn made<'a>(bump: &'a Bump, items: impl Iterator<Item = ValueRef<'a>>) -> Result<ValueRef<'a>, Failure<'a>> {
    alloc_list(bump, items).map(ValueRef::Set)
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
