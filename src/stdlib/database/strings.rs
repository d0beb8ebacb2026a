//! Properties and methods of strings in database rules (realtime-database specification, section 6).

use bumpalo::Bump;

use crate::value::{Str, StrBuilder, Type, ValueRef};

use super::{
    super::{Builtin, Failure, Overload, keep, method, misfit},
    MAX_TEXT, TOO_LONG,
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
fn test<'a>(args: &[ValueRef<'a>], utf8: fn(&str, &str) -> bool, units: fn(&[u16], &[u16]) -> bool) -> Answer<'a> {
    let (whole, part) = (text(args, 0)?, text(args, 1)?);
    Ok(ValueRef::Bool(match (whole, part) {
        (Str::Utf8(whole), Str::Utf8(part)) => utf8(whole, part),
        _ => units(&whole.units().collect::<Vec<_>>(), &part.units().collect::<Vec<_>>()),
    }))
}

fn contains<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    test(args, |whole, part| whole.contains(part), |whole, part| find(whole, part).is_some())
}

fn begins_with<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    test(args, |whole, part| whole.starts_with(part), |whole, part| whole.starts_with(part))
}

fn ends_with<'a>(_: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    test(args, |whole, part| whole.ends_with(part), |whole, part| whole.ends_with(part))
}

fn find(whole: &[u16], part: &[u16]) -> Option<usize> {
    if part.is_empty() { Some(0) } else { whole.windows(part.len()).position(|window| window == part) }
}

fn replace<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    let (whole, old, new) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    if let (Str::Utf8(whole), Str::Utf8(old), Str::Utf8(new)) = (whole, old, new)
        && !old.is_empty()
    {
        let count = whole.matches(old).count();
        if whole.len() - count * old.len() + count * new.len() > 3 * MAX_TEXT {
            return Err(TOO_LONG);
        }
        return kept(bump, Str::Utf8(&whole.replace(old, new)));
    }
    replace_units(bump, whole, old, new)
}

/// Nothing is found before every unit and at the end.
fn replace_units<'a>(bump: &'a Bump, whole: Str<'a>, old: Str<'a>, new: Str<'a>) -> Answer<'a> {
    let (units, old): (Vec<u16>, Vec<u16>) = (whole.units().collect(), old.units().collect());
    let mut out = StrBuilder::default();
    let mut size = 0;
    let mut rest = units.as_slice();
    while let Some(at) = find(rest, &old) {
        // Of a text in which nothing is looked for, one unit follows each find.
        let step = if old.is_empty() { rest.len().min(1) } else { 0 };
        out.push_units(rest.get(..at).unwrap_or(&[]));
        out.push(new);
        out.push_units(rest.get(at..at + step).unwrap_or(&[]));
        size += at + new.size() + step;
        if size > MAX_TEXT {
            return Err(TOO_LONG);
        }
        rest = rest.get(at + old.len() + step..).unwrap_or(&[]);
        if old.is_empty() && step == 0 {
            return kept(bump, out.finish().as_str());
        }
    }
    out.push_units(rest);
    kept(bump, out.finish().as_str())
}

fn kept<'a>(bump: &'a Bump, text: Str<'_>) -> Answer<'a> {
    if text.size() > MAX_TEXT { Err(TOO_LONG) } else { Ok(ValueRef::String(keep(bump, text.to_buf()))) }
}

fn lower<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    mapped(bump, text(args, 0)?, str::to_lowercase)
}

fn upper<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    mapped(bump, text(args, 0)?, str::to_uppercase)
}

/// Unicode's default case mapping, whatever the locale; halves of surrogate pairs stay.
fn mapped<'a>(bump: &'a Bump, text: Str<'a>, map: fn(&str) -> String) -> Answer<'a> {
    match text {
        Str::Utf8(text) => kept(bump, Str::Utf8(&map(text))),
        Str::Wide(units) => {
            let mut out = StrBuilder::default();
            for c in char::decode_utf16(units.iter().copied()) {
                match c {
                    Ok(c) => out.push(Str::Utf8(&map(c.encode_utf8(&mut [0; 4])))),
                    Err(lone) => out.push_units(&[lone.unpaired_surrogate()]),
                }
            }
            kept(bump, out.finish().as_str())
        }
    }
}

/// The evaluator matches with the literal's compiled pattern; there is no other way to call it.
fn matches<'a>(_: &'a Bump, _: &[ValueRef<'a>]) -> Answer<'a> {
    Err(misfit())
}
