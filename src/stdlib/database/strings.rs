//! Properties and methods of strings in database rules: `length`, `contains`, `beginsWith` and others
//! (realtime-database specification, section 6).

use bumpalo::Bump;

use crate::value::{Str, StrBuf, StrBuilder, Type, ValueRef};

use super::{
    super::{Builtin, Failure, check_arena, mismatch},
    MAX_TEXT, TOO_LONG, alloc_string,
};

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::method(Type::String) => {
        /// How many UTF-16 code units it has; a property, not a method.
        length() -> Float, "'😀'.length == 2", Size, |_, a| Ok(ValueRef::Float(text(a, 0)?.size() as f64));
        /// Whether another string occurs in it.
        contains(String) -> Bool, "'abc'.contains('b')", Contains, |_, a| compare(a, |whole, part| whole.contains(part));
        /// Whether it begins with another string.
        beginsWith(String) -> Bool, "'abc'.beginsWith('ab')", BeginsWith, |_, a| compare(a, |whole, part| whole.starts_with(part));
        /// Whether it ends with another string.
        endsWith(String) -> Bool, "'abc'.endsWith('bc')", EndsWith, |_, a| compare(a, |whole, part| whole.ends_with(part));
        /// The text with every occurrence of one string replaced by another; neither is a pattern.
        replace(String, String) -> String, "'a.b.c'.replace('.', '-') == 'a-b-c'", Open, replace;
        /// The text in lower case.
        toLowerCase() -> String, "'ÄB'.toLowerCase() == 'äb'", Open,
            |bump, a| mapped(bump, text(a, 0)?, str::to_lowercase, |c| c.to_lowercase().map(char::len_utf8).sum());
        /// The text in upper case.
        toUpperCase() -> String, "'äb'.toUpperCase() == 'ÄB'", Open,
            |bump, a| mapped(bump, text(a, 0)?, str::to_uppercase, |c| c.to_uppercase().map(char::len_utf8).sum());
        /// Whether a regular expression, which is a literal, matches anywhere in it.
        matches(String) -> Bool, "'a1'.matches(/^[a-z][0-9]$/)", Matches, matches;
    }
};

type Answer<'a> = Result<ValueRef<'a>, Failure<'a>>;

argument!(text: String(Str<'a>));

/// Compares well-formed strings by their bytes, which gives the same result as code units; lone surrogates need the
/// units.
fn compare<'a>(args: &[ValueRef<'a>], holds: fn(&str, &str) -> bool) -> Answer<'a> {
    let (whole, part) = (text(args, 0)?, text(args, 1)?);
    Ok(ValueRef::Bool(match (whole, part) {
        (Str::Utf8(whole), Str::Utf8(part)) => holds(whole, part),
        _ => holds(&units_as_chars(whole), &units_as_chars(part)),
    }))
}

/// Maps each code unit to one character, so that what holds for the units also holds for the characters: the standard
/// library searches strings in linear time, but not slices of units.
fn units_as_chars(text: Str<'_>) -> String {
    text.units().map(|unit| char::from_u32(unit.into()).unwrap_or_else(|| stand_in(unit))).collect()
}

/// First of the 2048 unassigned characters that replace lone surrogates.
const STAND_INS: u32 = 0x5_0000;

/// First surrogate.
const FIRST_SURROGATE: u16 = 0xD800;

fn stand_in(surrogate: u16) -> char {
    char::from_u32(STAND_INS + u32::from(surrogate.wrapping_sub(FIRST_SURROGATE)))
        .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The code unit that a character of [`units_as_chars`] replaces.
fn unit(c: char) -> u16 {
    let c = u32::from(c);
    u16::try_from(c).unwrap_or_else(|_| FIRST_SURROGATE.wrapping_add(c.wrapping_sub(STAND_INS) as u16))
}

/// The empty string matches before every code unit and at the end.
fn replace<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Answer<'a> {
    let (whole, old, new) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    if let (Str::Utf8(whole), Str::Utf8(old), Str::Utf8(new)) = (whole, old, new)
        && !(old.is_empty() && whole.bytes().any(|b| b >= 0xF0))
    {
        // Computes the size of the result before making it.
        let count = whole.matches(old).count();
        let bytes = (whole.len() - count * old.len()).saturating_add(count.saturating_mul(new.len()));
        if bytes > MAX_TEXT {
            return Err(TOO_LONG);
        }
        check_arena(bump, bytes).map_err(|_| TOO_LONG)?;
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
    let (size, chars, old_chars) = (whole.size(), units_as_chars(whole), units_as_chars(old));
    let count = chars.matches(&old_chars).count();
    let units = (size - count * old.size()).saturating_add(count.saturating_mul(new.size()));
    if 2 * units > MAX_TEXT {
        return Err(TOO_LONG);
    }
    let mut out = Vec::with_capacity(units);
    let mut last = 0;
    for (at, found) in chars.match_indices(&old_chars) {
        out.extend(chars.get(last..at).unwrap_or("").chars().map(unit));
        out.extend(new.units());
        last = at + found.len();
    }
    out.extend(chars.get(last..).unwrap_or("").chars().map(unit));
    alloc_string(bump, StrBuf::from_units(out))
}

/// Unicode's default case mapping, whatever the locale; lone surrogates stay.
fn mapped<'a>(bump: &'a Bump, text: Str<'a>, map: fn(&str) -> String, bytes: fn(char) -> usize) -> Answer<'a> {
    match text {
        Str::Utf8(text) => {
            // Some letters become longer. The one mapping that depends on context, that of sigma, keeps the length.
            if !text.is_ascii() && text.chars().map(bytes).sum::<usize>() > MAX_TEXT {
                return Err(TOO_LONG);
            }
            alloc_string(bump, StrBuf::Utf8(map(text)))
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
            alloc_string(bump, out.finish())
        }
    }
}

/// The evaluator matches with the compiled pattern of the literal; this cannot be called in another way.
fn matches<'a>(_: &'a Bump, _: &[ValueRef<'a>]) -> Answer<'a> {
    Err(mismatch())
}
