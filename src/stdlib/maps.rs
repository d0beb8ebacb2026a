//! Methods of maps (runtime specification, section 11).

use bumpalo::Bump;

use crate::value::{DiffRef, DiffStatus, MapRef, Str, Type, ValueRef, set_equals};

use super::{Builtin, Failure, access, alloc_list, check_arena, lookup::comparable, mismatch};

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::method(Type::Map) => {
        /// How many keys there are.
        size() -> Int, "{'a': 1}.size() == 1", Size, |_, a| Ok(ValueRef::Int(map(a, 0)?.len() as i64));
        /// Its keys, sorted by code point.
        keys() -> List, "{'b': 1, 'a': 2}.keys() == ['a', 'b']", Keys, keys;
        /// Its values in the order of insertion.
        values() -> List, "{'b': 1, 'a': 2}.values() == [1, 2]", Values,
            |bump, a| Ok(ValueRef::List(alloc_list(bump, whole(a, 0)?.iter().map(|(_, value)| value))?));
        /// The value of a key, or of a path of keys, or else the second argument.
        get(String, Any) -> Any | (List, Any) -> Any, "{'a': {'b': 1}}.get(['a', 'c'], 2) == 2", Get, get;
        /// What changed from the argument to this map.
        diff(Map) -> MapDiff, "{'a': 1}.diff({'a': 2}).affectedKeys().hasOnly(['a'])", Diff, diff;
    }
};

argument!(map: Map(MapRef<'a>));

/// A map whose values are all readable.
fn whole<'a>(args: &[ValueRef<'a>], at: usize) -> Result<MapRef<'a>, Failure<'a>> {
    access::whole(ValueRef::Map(map(args, at)?))?;
    map(args, at)
}

/// Sorts by code point, unlike `<` on strings.
fn keys<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let mut keys: Vec<Str<'a>> = map(args, 0)?.iter().map(|(key, _)| key).collect();
    keys.sort_by(|a, b| match (a, b) {
        (Str::Utf8(a), Str::Utf8(b)) => a.cmp(b),
        (a, b) => a.cmp_units(*b),
    });
    Ok(ValueRef::List(alloc_list(bump, keys.into_iter().map(ValueRef::String))?))
}

fn get<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let (Some(key), Some(default)) = (args.get(1), args.get(2)) else { return Err(mismatch()) };
    let found = match key {
        ValueRef::String(key) => map(args, 0)?.get(*key),
        ValueRef::List(path) => {
            let mut at = Some(ValueRef::Map(map(args, 0)?));
            for step in path.iter() {
                let ValueRef::String(key) = step else {
                    return Err(Failure::Type { received: step.type_of(), expected: &"string" });
                };
                at = match at {
                    Some(ValueRef::Map(map)) => map.get(key),
                    _ => None,
                };
            }
            at
        }
        _ => return Err(mismatch()),
    };
    access::member_of(found.unwrap_or(*default))
}

/// Lists the keys of the argument first, then those that only the receiver has.
fn diff<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let (new, old) = (whole(args, 0)?, whole(args, 1)?);
    let mut entries = Vec::with_capacity(new.len());
    for (key, before) in old.iter() {
        entries.push((
            key,
            match new.get(key) {
                None => DiffStatus::Removed,
                Some(after) if set_equals(comparable(after)?, comparable(before)?) => DiffStatus::Unchanged,
                Some(_) => DiffStatus::Changed,
            },
        ));
    }
    entries.extend(new.iter().filter(|(key, _)| old.get(*key).is_none()).map(|(key, _)| (key, DiffStatus::Added)));
    check_arena(bump, size_of_val(entries.as_slice()))?;
    Ok(ValueRef::MapDiff(DiffRef::Made(bump.alloc_slice_copy(&entries))))
}
