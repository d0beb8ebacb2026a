//! Methods of lists, bytes and constraints (runtime specification, sections 11 and 15).

use bumpalo::Bump;

use crate::value::{Comparator, Constraint, ListRef, Lookup, Relation, StrBuilder, Type, ValueRef, base64, hex};

use super::{
    Builtin, Failure, alloc_list, alloc_text, convert,
    lookup::{self, comparable},
    mismatch, operators,
};

pub(super) const BYTES: &[Builtin] = builtins! {
    Builtin::method(Type::Bytes) => {
        /// How many bytes there are.
        size() -> Int, "b'é'.size() == 2", Size, |_, a| Ok(ValueRef::Int(bytes(a, 0)?.len() as i64));
        /// URL-safe Base64 with padding.
        toBase64() -> String, "b'\\xFF\\xFE'.toBase64() == '__4='", Open, bytes_base64;
        /// Upper-case hexadecimal.
        toHexString() -> String, "b'\\xAB'.toHexString() == 'AB'", Open, bytes_hex;
    }
};

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::method(Type::List) => {
        /// How many elements there are.
        size() -> Int, "[1, 2].size() == 2", Size, |_, a| Ok(ValueRef::Int(list(a, 0)?.len() as i64));
        /// Whether every element of the argument is in it.
        hasAll(List) -> Bool, "[1, 2].hasAll([2])", HasAll, |_, a| lookup::has_all(a, Relation::List),
            reason: Some(|a| lookup::missing(a, Relation::List));
        /// Whether any element of the argument is in it.
        hasAny(List) -> Bool, "[1, 2].hasAny([2, 3])", HasAny, |_, a| lookup::has_any(a, Relation::List);
        /// Whether all its elements are in the argument.
        hasOnly(List) -> Bool, "[1, 1].hasOnly([1, 2])", HasOnly, |_, a| lookup::has_only(a, Relation::List),
            reason: Some(|a| lookup::besides(a, Relation::List));
        /// Its elements, then those of the argument.
        concat(List) -> List, "[1].concat([2]) == [1, 2]", Concat, concat;
        /// Its elements without those of the argument.
        removeAll(List) -> List, "[1, 2, 1].removeAll([1]) == [2]", RemoveAll, remove_all;
        /// Its elements as text with a separator between them.
        join(String) -> String, "[1, 'a', null].join('-') == '1-a-null'", Open, join;
        /// Its elements without repeats, the first of equal ones kept.
        toSet() -> Set, "[1, 2, 1].toSet().size() == 2", ToSet, to_set;
    }
    Builtin::method(Type::Constraint) => {
        /// In a list query: whether the field is known to hold any element of the argument.
        hasAny(List) -> Bool, "true", Open, constraint_has_any;
    }
};

argument!(list: List(ListRef<'a>));
argument!(bytes: Bytes(&'a [u8]));

fn bytes_base64<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let bytes = bytes(args, 0)?;
    super::access::check_bytes(bytes.len().div_ceil(3) * 4)?;
    Ok(ValueRef::String(alloc_text(bump, base64(bytes).into())?))
}

fn bytes_hex<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let bytes = bytes(args, 0)?;
    super::access::check_bytes(bytes.len() * 2)?;
    Ok(ValueRef::String(alloc_text(bump, hex(bytes).into())?))
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
