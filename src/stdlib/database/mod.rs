//! The operators of database rules (realtime-database specification, section 3.4). The only conversion is that of
//! numbers to text in `+`; an operand of a wrong type fails the rule.

mod misuse;
mod snapshots;
mod strings;

use std::cmp::Ordering;

use bumpalo::Bump;

use crate::value::{Comparator, ListRef, Str, StrBuf, StrBuilder, ValueRef, number::javascript_number};

use super::{Arithmetic, Builtin, Failure, alloc_text, check_arena};

pub use misuse::Misuse;

/// The methods and properties of snapshots and of strings.
pub(super) const TABLES: [&[Builtin]; 2] = [snapshots::TABLE, strings::TABLE];

/// Maximum size in bytes of a string that an expression makes. The database stores up to 10 MB.
const MAX_TEXT: usize = 10 << 20;

const TOO_LONG: Failure<'static> = Failure::Database(Misuse::TooLong);

/// `+ - * / %`. Division by zero gives NaN (targaryen fixtures, recorded on the service).
pub(super) fn arithmetic<'a>(
    bump: &'a Bump,
    op: Arithmetic,
    a: ValueRef<'a>,
    b: ValueRef<'a>,
) -> Result<ValueRef<'a>, Failure<'a>> {
    if let (Some(a), Some(b)) = (number(a), number(b)) {
        return Ok(ValueRef::Float(match op {
            Arithmetic::Add => a + b,
            Arithmetic::Sub => a - b,
            Arithmetic::Mul => a * b,
            Arithmetic::Div if b == 0.0 => f64::NAN,
            Arithmetic::Div => a / b,
            Arithmetic::Rem => a % b,
        }));
    }
    let texts = || matches!((a, b), (ValueRef::String(_), _) | (_, ValueRef::String(_)));
    if op == Arithmetic::Add && texts() && is_addable(a) && is_addable(b) {
        return concat(bump, a, b);
    }
    Err(Failure::Database(Misuse::Arithmetic(op, a.type_of(), b.type_of())))
}

fn is_addable(value: ValueRef<'_>) -> bool {
    matches!(value, ValueRef::String(_) | ValueRef::Int(_) | ValueRef::Float(_))
}

fn concat<'a>(bump: &'a Bump, a: ValueRef<'a>, b: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    let written = |value| javascript_number(number(value).unwrap_or(f64::NAN));
    match (a, b) {
        (ValueRef::String(a), ValueRef::String(b)) => joined(bump, a, b),
        (ValueRef::String(a), b) => joined(bump, a, Str::Utf8(&written(b))),
        (a, ValueRef::String(b)) => joined(bump, Str::Utf8(&written(a)), b),
        (a, b) => joined(bump, Str::Utf8(&written(a)), Str::Utf8(&written(b))),
    }
}

fn joined<'a>(bump: &'a Bump, a: Str<'_>, b: Str<'_>) -> Result<ValueRef<'a>, Failure<'a>> {
    let bytes = a.bytes() + b.bytes();
    if bytes > MAX_TEXT {
        return Err(TOO_LONG);
    }
    if let (Str::Utf8(a), Str::Utf8(b)) = (a, b) {
        check_arena(bump, bytes).map_err(|_| TOO_LONG)?;
        let mut text = bumpalo::collections::String::with_capacity_in(bytes, bump);
        text.push_str(a);
        text.push_str(b);
        return Ok(ValueRef::String(Str::Utf8(text.into_bump_str())));
    }
    if 2 * (a.size() + b.size()) > MAX_TEXT {
        return Err(TOO_LONG);
    }
    let mut out = StrBuilder::default();
    out.push(a);
    out.push(b);
    alloc_string(bump, out.finish())
}

/// Copies text into the arena unless it is too long.
fn alloc_string<'a>(bump: &'a Bump, text: StrBuf) -> Result<ValueRef<'a>, Failure<'a>> {
    if text.as_str().bytes() > MAX_TEXT {
        return Err(TOO_LONG);
    }
    alloc_text(bump, text).map(ValueRef::String).map_err(|_| TOO_LONG)
}

/// A number of either representation: claims may be ints, data never is.
pub(super) fn number(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Float(n) => Some(n),
        ValueRef::Int(n) => Some(n as f64),
        _ => None,
    }
}

/// `-a`
pub(super) fn negate<'a>(a: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match number(a) {
        Some(n) => Ok(ValueRef::Float(-n)),
        None => Err(Failure::Database(Misuse::Negate(a.type_of()))),
    }
}

/// `== != < <= > >=`
pub(super) fn compare<'a>(op: Comparator, a: ValueRef<'a>, b: ValueRef<'a>) -> Result<bool, Failure<'a>> {
    let ordering = match op {
        Comparator::Eq => return Ok(equal(a, b)),
        Comparator::Ne => return Ok(!equal(a, b)),
        _ => match (a, b) {
            (ValueRef::String(a), ValueRef::String(b)) => Some(a.cmp_units(b)),
            (a, b) => match (number(a), number(b)) {
                // NaN has no order.
                (Some(a), Some(b)) => a.partial_cmp(&b),
                _ => return Err(Failure::Database(Misuse::Order(op, a.type_of(), b.type_of()))),
            },
        },
    };
    Ok(match op {
        Comparator::Lt => ordering == Some(Ordering::Less),
        Comparator::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        Comparator::Gt => ordering == Some(Ordering::Greater),
        _ => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
    })
}

/// The types and the values are equal. Objects, of the data or of claims, equal nothing, not even themselves: the
/// service's answer is not recorded (realtime-database specification, sections 5.1 and 10).
fn equal(a: ValueRef<'_>, b: ValueRef<'_>) -> bool {
    match (a, b) {
        (ValueRef::Null, ValueRef::Null) => true,
        (ValueRef::Bool(a), ValueRef::Bool(b)) => a == b,
        (ValueRef::String(a), ValueRef::String(b)) => a == b,
        (a, b) => matches!((number(a), number(b)), (Some(a), Some(b)) if a == b),
    }
}

/// `a.name` of a claim: a missing member is null, and so is any member of null or of a primitive. `length` is a
/// property of strings only. A method that is not called is not a value.
pub(super) fn member<'a>(object: ValueRef<'a>, name: Str<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(match object {
        ValueRef::Map(map) => map.get(name).unwrap_or(ValueRef::Null),
        ValueRef::List(list) => element(list, name),
        ValueRef::String(text) if name == Str::Utf8("length") => ValueRef::Float(text.size() as f64),
        ValueRef::String(_) if strings::TABLE.iter().any(|method| name == Str::Utf8(method.name)) => {
            return Err(Failure::Database(Misuse::NoValue));
        }
        ValueRef::Snapshot(_) => return Err(Failure::Database(Misuse::NoValue)),
        other if name == Str::Utf8("length") => {
            return Err(Failure::Database(Misuse::Receiver("length", other.type_of())));
        }
        _ => ValueRef::Null,
    })
}

/// Arrays in claims act as objects with the indices as keys.
fn element<'a>(list: ListRef<'a>, name: Str<'_>) -> ValueRef<'a> {
    let index = name.as_utf8().filter(|text| *text == "0" || !text.starts_with(['0', '+']));
    index.and_then(|text| text.parse().ok()).and_then(|at| list.get(at)).unwrap_or(ValueRef::Null)
}

/// `a[b]` of a claim.
///
/// # Errors
///
/// An index that is neither a string nor, for an array, a number.
pub fn claim_index<'a>(object: ValueRef<'a>, index: ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    match (object, index) {
        (ValueRef::Null, _) => Ok(ValueRef::Null),
        (object, ValueRef::String(name)) => member(object, name),
        (ValueRef::List(list), index) if number(index).is_some_and(|n| n >= 0.0 && n.fract() == 0.0) => {
            Ok(number(index).and_then(|n| list.get(n as usize)).unwrap_or(ValueRef::Null))
        }
        (object, index) => Err(Failure::Database(Misuse::Index(object.type_of(), index.type_of()))),
    }
}
