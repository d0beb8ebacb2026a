//! Methods of lists, bytes and constraints (runtime specification, sections 11 and 15).

use bumpalo::Bump;

use crate::value::{Comparator, Constraint, ListRef, Lookup, Relation, StrBuilder, Type, ValueRef, base64, hex};

use super::{
    Builtin, Failure, Overload, alloc_list, alloc_text, convert,
    lookup::{self, comparable},
    mismatch, operators,
};

const TO_INT: &[Overload] = &[Overload { params: &[], result: Type::Int }];
const TO_STRING: &[Overload] = &[Overload { params: &[], result: Type::String }];
const ASKS_LIST: &[Overload] = &[Overload { params: &[Type::List], result: Type::Bool }];
const FROM_LIST: &[Overload] = &[Overload { params: &[Type::List], result: Type::List }];

pub(super) const BYTES: &[Builtin] = &[
    Builtin::method(Type::Bytes, "size", TO_INT, bytes_size, "How many bytes there are.", "b'é'.size() == 2"),
    Builtin::method(
        Type::Bytes,
        "toBase64",
        TO_STRING,
        bytes_base64,
        "URL-safe Base64 with padding.",
        "b'\\xFF\\xFE'.toBase64() == '__4='",
    ),
    Builtin::method(
        Type::Bytes,
        "toHexString",
        TO_STRING,
        bytes_hex,
        "Upper-case hexadecimal.",
        "b'\\xAB'.toHexString() == 'AB'",
    ),
];

pub(super) const TABLE: &[Builtin] = &[
    Builtin::method(Type::List, "size", TO_INT, size, "How many elements there are.", "[1, 2].size() == 2"),
    Builtin::method(
        Type::List,
        "hasAll",
        ASKS_LIST,
        |_, a| lookup::has_all(a, Relation::List),
        "Whether every element of the argument is in it.",
        "[1, 2].hasAll([2])",
    )
    .with_reason(|a| lookup::missing(a, Relation::List)),
    Builtin::method(
        Type::List,
        "hasAny",
        ASKS_LIST,
        |_, a| lookup::has_any(a, Relation::List),
        "Whether any element of the argument is in it.",
        "[1, 2].hasAny([2, 3])",
    ),
    Builtin::method(
        Type::List,
        "hasOnly",
        ASKS_LIST,
        |_, a| lookup::has_only(a, Relation::List),
        "Whether all its elements are in the argument.",
        "[1, 1].hasOnly([1, 2])",
    )
    .with_reason(|a| lookup::besides(a, Relation::List)),
    Builtin::method(
        Type::List,
        "concat",
        FROM_LIST,
        concat,
        "Its elements, then those of the argument.",
        "[1].concat([2]) == [1, 2]",
    ),
    Builtin::method(
        Type::List,
        "removeAll",
        FROM_LIST,
        remove_all,
        "Its elements without those of the argument.",
        "[1, 2, 1].removeAll([1]) == [2]",
    ),
    Builtin::method(
        Type::List,
        "join",
        &[Overload { params: &[Type::String], result: Type::String }],
        join,
        "Its elements as text with a separator between them.",
        "[1, 'a', null].join('-') == '1-a-null'",
    ),
    Builtin::method(
        Type::List,
        "toSet",
        &[Overload { params: &[], result: Type::Set }],
        to_set,
        "Its elements without repeats, the first of equal ones kept.",
        "[1, 2, 1].toSet().size() == 2",
    ),
    Builtin::method(
        Type::Constraint,
        "hasAny",
        ASKS_LIST,
        constraint_has_any,
        "In a list query: whether the field is known to hold any element of the argument.",
        "true",
    ),
];

fn list<'a>(args: &[ValueRef<'a>], at: usize) -> Result<ListRef<'a>, Failure<'a>> {
    match args.get(at) {
        Some(ValueRef::List(list)) => Ok(*list),
        _ => Err(mismatch()),
    }
}

fn bytes<'a>(args: &[ValueRef<'a>]) -> Result<&'a [u8], Failure<'a>> {
    match args.first() {
        Some(ValueRef::Bytes(bytes)) => Ok(bytes),
        _ => Err(mismatch()),
    }
}

fn bytes_size<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(ValueRef::Int(bytes(args)?.len() as i64))
}

fn bytes_base64<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let bytes = bytes(args)?;
    super::access::check_bytes(bytes.len().div_ceil(3) * 4)?;
    Ok(ValueRef::String(alloc_text(bump, base64(bytes).into())?))
}

fn bytes_hex<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let bytes = bytes(args)?;
    super::access::check_bytes(bytes.len() * 2)?;
    Ok(ValueRef::String(alloc_text(bump, hex(bytes).into())?))
}

fn size<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(ValueRef::Int(list(args, 0)?.len() as i64))
}

fn concat<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let (a, b) = (list(args, 0)?, list(args, 1)?);
    Ok(ValueRef::List(alloc_list(bump, a.iter().chain(b.iter()))?))
}

fn remove_all<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let theirs = Lookup::of(Relation::List, list(args, 1)?.iter());
    Ok(ValueRef::List(alloc_list(bump, list(args, 0)?.iter().filter(|item| !theirs.contains(*item)))?))
}

fn join<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let Some(ValueRef::String(separator)) = args.get(1) else { return Err(mismatch()) };
    let mut text = StrBuilder::default();
    let mut bytes = 0;
    for (i, item) in list(args, 0)?.iter().enumerate() {
        if i > 0 {
            text.push(*separator);
            bytes += separator.bytes();
        }
        let piece = convert::to_text(bump, item)?;
        bytes += piece.bytes();
        super::access::check_bytes(bytes)?;
        text.push(piece);
    }
    Ok(ValueRef::String(alloc_text(bump, text.finish())?))
}

fn to_set<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let mut set = Lookup::new(Relation::Set);
    for item in list(args, 0)?.iter() {
        set.insert(comparable(item)?);
    }
    Ok(ValueRef::Set(alloc_list(bump, set.items().iter().copied())?))
}

/// `element in constraint`: true if the list is known to contain the element, else undecided.
pub(super) fn constraint_has<'a>(constraint: &Constraint, element: ValueRef<'_>) -> Result<bool, Failure<'a>> {
    if let ValueRef::Constraint(_) = element {
        return Err(Failure::Type { received: Type::Constraint, expected: &operators::ORDER_TYPES });
    }
    if known_to_hold(constraint, element)? { Ok(true) } else { Err(Failure::Message("")) }
}

fn known_to_hold<'a>(constraint: &Constraint, element: ValueRef<'_>) -> Result<bool, Failure<'a>> {
    let received = element.type_of();
    if !operators::EQUALITY_TYPES.split(',').any(|name| name == received.name()) {
        return Err(Failure::Type { received, expected: &operators::EQUALITY_TYPES });
    }
    Ok(constraint.implies(Comparator::ListContains, element))
}

/// Unlike `in`, this answers `false` if nothing is known (case `constraint/…`). It stops at the first known element.
fn constraint_has_any<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let Some(ValueRef::Constraint(constraint)) = args.first() else { return Err(mismatch()) };
    for item in list(args, 1)?.iter() {
        if known_to_hold(constraint, item)? {
            return Ok(ValueRef::Bool(true));
        }
    }
    Ok(ValueRef::Bool(false))
}
