//! Properties and methods of strings in database rules (realtime-database specification, section 6).

use bumpalo::Bump;

use crate::value::{Str, StrBuf, StrBuilder, Type, ValueRef};

use super::{
    super::{Builtin, Failure, Overload, method, misfit, room},
    MAX_TEXT, TOO_LONG, kept,
};

const TEST: &[Overload] = &[Overload { params: &[Type::String], result: Type::Bool }];
const TO_STRING: &[Overload] = &[Overload { params: &[], result: Type::String }];

pub(super) const TABLE: &[Builtin] = &[
    method(
        Type::String,
        "length",
        &[Overload { params: &[], result: Type::Float }],
        length,
        "How many UTF-16 code units it has; a property, not a method.",
        "'😀'.length == 2",
    ),
    method(Type::String, "contains", TEST, contains, "Whether another string occurs in it.", "'abc'.contains('b')"),
    method(
        Type::String,
        "beginsWith",
        TEST,
        begins_with,
        "Whether it begins with another string.",
        "'abc'.beginsWith('ab')",
    ),
    method(Type::String, "endsWith", TEST, ends_with, "Whether it ends with another string.", "'abc'.endsWith('bc')"),
    method(
        Type::String,
        "replace",
        &[Overload { params: &[Type::String, Type::String], result: Type::String }],
        replace,
        "The text with every occurrence of one string replaced by another; neither is a pattern.",
        "'a.b.c'.replace('.', '-') == 'a-b-c'",
    ),
    method(Type::String, "toLowerCase", TO_STRING, lower, "The text in lower case.", "'ÄB'.toLowerCase() == 'äb'"),
    method(Type::String, "toUpperCase", TO_STRING, upper, "The text in upper case.", "'äb'.toUpperCase() == 'ÄB'"),
    method(
        Type::String,
        "matches",
        TEST,
        matches,
        "Whether a regular expression, which is a literal, matches anywhere in it.",
        "'a1'.matches(/^[a-z][0-9]$/)",
    ),
];

type Answer<'a> = Result<ValueRef<'a>, Failure<'a>>;

fn text<'a>(args: &[ValueRef<'a>], at: usize) -> Result<Str<'a>, Failure<'a>> {
    match args.get(at) {
        Some(ValueRef::String(text)) => Ok(*text),
        _ => Err(misfit()),
    }
}

fn length<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    Ok(ValueRef::Float(text(args, 0)?.size() as f64))
}

/// Where strings are well-formed, bytes say the same as code units do; halves of surrogate pairs need the units.
fn test<'a>(args: &[ValueRef<'a>], asked: fn(&str, &str) -> bool) -> Answer<'a> {
    let (whole, part) = (text(args, 0)?, text(args, 1)?);
    Ok(ValueRef::Bool(match (whole, part) {
        (Str::Utf8(whole), Str::Utf8(part)) => asked(whole, part),
        _ => asked(&spread(whole), &spread(part)),
    }))
}

/// One character for each unit, so that what holds for the units of texts holds for these: the standard library searches
/// them in linear time, which it does not for slices of units.
fn spread(text: Str<'_>) -> String {
    text.units().map(|unit| char::from_u32(unit.into()).unwrap_or_else(|| stand_in(unit))).collect()
}

/// First of the 2048 characters, all unassigned, that stand for halves of surrogate pairs.
const STAND_INS: u32 = 0x5_0000;

/// First of those halves.
const HALVES: u16 = 0xD800;

fn stand_in(half: u16) -> char {
    char::from_u32(STAND_INS + u32::from(half.wrapping_sub(HALVES))).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The unit that a character of [`spread`] stands for.
fn unit(c: char) -> u16 {
    let c = u32::from(c);
    u16::try_from(c).unwrap_or_else(|_| HALVES.wrapping_add(c.wrapping_sub(STAND_INS) as u16))
}

fn contains<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    test(args, |whole, part| whole.contains(part))
}

fn begins_with<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    test(args, |whole, part| whole.starts_with(part))
}

fn ends_with<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    test(args, |whole, part| whole.ends_with(part))
}

/// Nothing is found before every unit and at the end.
fn replace<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    let (whole, old, new) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    if let (Str::Utf8(whole), Str::Utf8(old), Str::Utf8(new)) = (whole, old, new)
        && !(old.is_empty() && whole.bytes().any(|b| b >= 0xF0))
    {
        // How long the text becomes is known before it is made.
        let count = whole.matches(old).count();
        let bytes = (whole.len() - count * old.len()).saturating_add(count.saturating_mul(new.len()));
        if bytes > MAX_TEXT {
            return Err(TOO_LONG);
        }
        room(bump, bytes).map_err(|_| TOO_LONG)?;
        let mut out = bumpalo::collections::String::with_capacity_in(bytes, bump);
        let mut last = 0;
        for (at, found) in whole.match_indices(old) {
            out.push_str(whole.get(last..at).unwrap_or(""));
            out.push_str(new);
            last = at + found.len();
        }
        out.push_str(whole.get(last..).unwrap_or(""));
        return Ok(ValueRef::String(Str::Utf8(out.into_bump_str())));
    }
    replace_units(bump, whole, old, new)
}

fn replace_units<'a>(bump: &'a Bump, whole: Str<'a>, old: Str<'a>, new: Str<'a>) -> Answer<'a> {
    let (size, spread, old_spread) = (whole.size(), spread(whole), spread(old));
    let count = spread.matches(&old_spread).count();
    let units = (size - count * old.size()).saturating_add(count.saturating_mul(new.size()));
    if 2 * units > MAX_TEXT {
        return Err(TOO_LONG);
    }
    let mut out = Vec::with_capacity(units);
    let mut last = 0;
    for (at, found) in spread.match_indices(&old_spread) {
        out.extend(spread.get(last..at).unwrap_or("").chars().map(unit));
        out.extend(new.units());
        last = at + found.len();
    }
    out.extend(spread.get(last..).unwrap_or("").chars().map(unit));
    kept(bump, StrBuf::from_units(out))
}

fn lower<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    mapped(bump, text(args, 0)?, str::to_lowercase, |c| c.to_lowercase().map(char::len_utf8).sum())
}

fn upper<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    mapped(bump, text(args, 0)?, str::to_uppercase, |c| c.to_uppercase().map(char::len_utf8).sum())
}

/// Unicode's default case mapping, whatever the locale; halves of surrogate pairs stay.
fn mapped<'a>(bump: &'a Bump, text: Str<'a>, map: fn(&str) -> String, bytes: fn(char) -> usize) -> Answer<'a> {
    match text {
        Str::Utf8(text) => {
            // Some letters become longer. The only one that depends on its neighbours, sigma, does not.
            if !text.is_ascii() && text.chars().map(bytes).sum::<usize>() > MAX_TEXT {
                return Err(TOO_LONG);
            }
            kept(bump, StrBuf::Utf8(map(text)))
        }
        Str::Wide(units) => {
            let mut out = StrBuilder::default();
            let mut size = 0;
            for c in char::decode_utf16(units.iter().copied()) {
                size += c.as_ref().map_or(2, |c| bytes(*c));
                if size > MAX_TEXT {
                    return Err(TOO_LONG);
                }
                match c {
                    Ok(c) => out.push(Str::Utf8(&map(c.encode_utf8(&mut [0; 4])))),
                    Err(lone) => out.push_units(&[lone.unpaired_surrogate()]),
                }
            }
            kept(bump, out.finish())
        }
    }
}

/// The evaluator matches with the literal's compiled pattern; there is no other way to call it.
fn matches<'a>(_: &'a Bump, _: &[ValueRef<'a>]) -> Answer<'a> {
    Err(misfit())
}
