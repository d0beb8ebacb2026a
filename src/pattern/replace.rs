//! The template of `replace`.

use std::fmt;

use crate::value::string::{Str, StrBuf};

/// Why a replacement fails. A failure is not an error value: the official engine ends the whole evaluation (runtime
/// specification, section 11; recorded cases `string.replace/3`, `/4` and `/12`). `Display` gives its message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplaceError {
    /// `$N` with a number that exceeds the number of groups.
    NoSuchGroup(u32),
    /// `${name}` with a name that the pattern does not define.
    NoSuchName(Box<str>),
    /// `${` without its `}`.
    Unclosed,
    /// The pattern is too large to track its groups; the official engine has no such limit.
    TooLarge,
    /// The result is too long.
    TooLong,
    /// Most searches look far past their matches, like those for `a.*b|a` in a text without `b`: together they would
    /// take time quadratic in the length of the text.
    TooSlow,
}

impl fmt::Display for ReplaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplaceError::NoSuchGroup(number) => {
                write!(f, "IndexOutOfBoundsException: n > number of groups: {number}")
            }
            ReplaceError::NoSuchName(name) => {
                write!(f, "IllegalArgumentException: group '{name}' not found")
            }
            ReplaceError::Unclosed => {
                f.write_str("IllegalArgumentException: named capture group is missing trailing '}'")
            }
            ReplaceError::TooLarge => f.write_str("regular expression too large"),
            ReplaceError::TooLong => f.write_str("the text would be too long"),
            ReplaceError::TooSlow => f.write_str(
                "the regular expression takes too long for this text: it looks far beyond each of its many matches",
            ),
        }
    }
}

impl std::error::Error for ReplaceError {}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TemplatePart {
    Text(StrBuf),
    Group { index: u32, named: bool },
}

/// Parses a template for a pattern with `groups` groups, some of which have `names`.
pub(super) fn parse(
    template: Str<'_>,
    groups: u32,
    names: &[(Box<str>, u32)],
) -> Result<Vec<TemplatePart>, ReplaceError> {
    let units: Vec<u16> = template.units().collect();
    let mut parts = Vec::new();
    let mut text = Vec::new();
    let mut rest = units.as_slice();
    while let [first, after @ ..] = rest {
        rest = after;
        let reference = match (ascii(*first), after) {
            ('\\', [escaped, after @ ..]) => {
                text.push(*escaped);
                rest = after;
                continue;
            }
            ('$', [digit, after @ ..]) if digit_of(*digit).is_some() => {
                let (index, after) = number(digit_of(*digit).unwrap_or(0), after, groups)?;
                rest = after;
                TemplatePart::Group { index, named: false }
            }
            ('$', [brace, after @ ..]) if ascii(*brace) == '{' => {
                let (index, after) = name(after, names)?;
                rest = after;
                TemplatePart::Group { index, named: true }
            }
            _ => {
                text.push(*first);
                continue;
            }
        };
        if !text.is_empty() {
            parts.push(TemplatePart::Text(StrBuf::from_units(std::mem::take(&mut text))));
        }
        parts.push(reference);
    }
    if !text.is_empty() {
        parts.push(TemplatePart::Text(StrBuf::from_units(text)));
    }
    Ok(parts)
}

/// Consumes further digits as long as the number still refers to a group.
fn number(first: u32, mut rest: &[u16], groups: u32) -> Result<(u32, &[u16]), ReplaceError> {
    let mut index = first;
    while let [digit, after @ ..] = rest {
        let Some(longer) = digit_of(*digit).map(|digit| index * 10 + digit) else { break };
        if longer > groups {
            break;
        }
        index = longer;
        rest = after;
    }
    if index > groups { Err(ReplaceError::NoSuchGroup(index)) } else { Ok((index, rest)) }
}

fn name<'u>(units: &'u [u16], names: &[(Box<str>, u32)]) -> Result<(u32, &'u [u16]), ReplaceError> {
    // A space ends the name as well, and is then an error.
    let end = units.iter().position(|&u| matches!(ascii(u), '}' | ' '));
    let (name, rest) = end.and_then(|end| units.split_at_checked(end)).unwrap_or((units, &[]));
    let [close, rest @ ..] = rest else { return Err(ReplaceError::Unclosed) };
    if ascii(*close) != '}' {
        return Err(ReplaceError::Unclosed);
    }
    let name = String::from_utf16_lossy(name);
    match names.iter().find(|(known, _)| **known == *name) {
        Some((_, index)) => Ok((*index, rest)),
        None => Err(ReplaceError::NoSuchName(name.into_boxed_str())),
    }
}

fn digit_of(unit: u16) -> Option<u32> {
    ascii(unit).to_digit(10)
}

/// The unit as a character if it is ASCII, else a character that has no meaning in a template.
fn ascii(unit: u16) -> char {
    u8::try_from(unit).ok().filter(u8::is_ascii).map_or('\u{FFFD}', char::from)
}
