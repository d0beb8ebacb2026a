//! Methods of maps (runtime specification, section 11).

use bumpalo::Bump;

use crate::value::{DiffRef, DiffStatus, MapRef, Str, Type, ValueRef, set_equals};

use super::{Builtin, Failure, Overload, access, alloc_list, check_arena, lookup::comparable, mismatch};

const TO_LIST: &[Overload] = &[Overload { params: &[], result: Type::List }];

pub(super) const TABLE: &[Builtin] = &[
    Builtin::method(
        Type::Map,
        "size",
        &[Overload { params: &[], result: Type::Int }],
        size,
        "How many keys there are.",
        "{'a': 1}.size() == 1",
    ),
    Builtin::method(
        Type::Map,
        "keys",
        TO_LIST,
        keys,
        "Its keys, sorted by code point.",
        "{'b': 1, 'a': 2}.keys() == ['a', 'b']",
    ),
    Builtin::method(
        Type::Map,
        "values",
        TO_LIST,
        values,
        "Its values in the order of insertion.",
        "{'b': 1, 'a': 2}.values() == [1, 2]",
    ),
    Builtin::method(
        Type::Map,
        "get",
        &[
            Overload { params: &[Type::String, Type::Any], result: Type::Any },
            Overload { params: &[Type::List, Type::Any], result: Type::Any },
        ],
        get,
        "The value of a key, or of a path of keys, or else the second argument.",
        "{'a': {'b': 1}}.get(['a', 'c'], 2) == 2",
    ),
    Builtin::method(
        Type::Map,
        "diff",
        &[Overload { params: &[Type::Map], result: Type::MapDiff }],
        diff,
        "What changed from the argument to this map.",
        "{'a': 1}.diff({'a': 2}).affectedKeys().hasOnly(['a'])",
    ),
];

fn map<'a>(args: &[ValueRef<'a>], at: usize) -> Result<MapRef<'a>, Failure<'a>> {
    match args.get(at) {
        Some(ValueRef::Map(map)) => Ok(*map),
        _ => Err(mismatch()),
    }
}

/// A map whose values are all readable.
fn whole<'a>(args: &[ValueRef<'a>], at: usize) -> Result<MapRef<'a>, Failure<'a>> {
    access::whole(ValueRef::Map(map(args, at)?))?;
    map(args, at)
}

fn size<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(ValueRef::Int(map(args, 0)?.len() as i64))
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

fn values<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(ValueRef::List(alloc_list(bump, whole(args, 0)?.iter().map(|(_, value)| value))?))
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
