//! Methods of strings: `matches`, `replace`, `split` and others (runtime specification, sections 11 and 13). Sizes are
//! UTF-16 code units.

use bumpalo::Bump;

use crate::{
    pattern::{Pattern, ReplaceError},
    value::{Str, Type, ValueRef},
};

use super::{
    Builtin, Failure,
    access::{MAX_ELEMENTS, MAX_VALUE},
    alloc_cow, alloc_list, alloc_text, check_arena, message,
};

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::method(Type::String) => {
        /// How many UTF-16 code units it has.
        size() -> Int, "'😀'.size() == 2", Size, |_, a| Ok(ValueRef::Int(text(a, 0)?.size() as i64));
        /// The text with ASCII letters in upper case.
        upper() -> String, "'aé'.upper() == 'Aé'", Open, |bump, a| alloc_cow(bump, text(a, 0)?.upper());
        /// The text with ASCII letters in lower case.
        lower() -> String, "'AÉ'.lower() == 'aÉ'", Open, |bump, a| alloc_cow(bump, text(a, 0)?.lower());
        /// The text without whitespace at its ends.
        trim() -> String, "' a '.trim() == 'a'", Open, |_, a| Ok(ValueRef::String(text(a, 0)?.trim()));
        /// The bytes of the text in UTF-8.
        toUtf8() -> Bytes, "'é'.toUtf8() == b'\\xC3\\xA9'", Open, to_utf8;
        /// Whether the whole text matches an RE2 pattern.
        matches(String) -> Bool, "'image/png'.matches('image/.*')", Matches, matches;
        /// The parts between matches of an RE2 pattern; empty parts at the end are dropped.
        split(String) -> List, "'a,b,,'.split(',') == ['a', 'b']", Open, split;
        /// The text with all matches of an RE2 pattern replaced; `$1` stands for a group.
        replace(String, String) -> String, "'a1b2'.replace('[0-9]', '-') == 'a-b-'", Open, replace;
    }
};

argument!(text: String(Str<'a>));

fn to_utf8<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(ValueRef::Bytes(match text(args, 0)? {
        Str::Utf8(text) => text.as_bytes(),
        wide => {
            let bytes = wide.to_utf8();
            check_arena(bump, bytes.len())?;
            bump.alloc_slice_copy(&bytes)
        }
    }))
}

/// Compiles a pattern that was not known when the rules were loaded.
fn pattern<'a>(bump: &'a Bump, source: Str<'a>, subject: Str<'a>) -> Result<Pattern, Failure<'a>> {
    // A value, and thus a client, may choose the pattern: it must be quick to build.
    Pattern::for_value(source, subject.bytes()).map_err(|e| message(bump, e))
}

fn matches<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let subject = text(args, 0)?;
    let pattern = pattern(bump, text(args, 1)?, subject)?;
    Ok(ValueRef::Bool(pattern.matches(subject)))
}

fn split<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let subject = text(args, 0)?;
    split_by(bump, &pattern(bump, text(args, 1)?, subject)?, subject)
}

/// `text.split(pattern)`
///
/// # Errors
///
/// More parts than a list may have; a pattern that takes too long on the text.
pub fn split_by<'a>(bump: &'a Bump, pattern: &Pattern, text: Str<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    let parts = pattern.split(text, MAX_ELEMENTS).map_err(|e| refused(bump, e))?;
    let parts = parts.into_iter().map(|part| alloc_cow(bump, part)).collect::<Result<Vec<_>, _>>()?;
    Ok(ValueRef::List(alloc_list(bump, parts.into_iter())?))
}

fn refused<'a>(bump: &'a Bump, error: ReplaceError) -> Failure<'a> {
    match error {
        ReplaceError::TooLong => Failure::MemoryLimit,
        other => match message(bump, other) {
            Failure::Message(text) => Failure::Fatal(text),
            full => full,
        },
    }
}

fn replace<'a>(bump: &'a Bump, args: &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>> {
    let (subject, template) = (text(args, 0)?, text(args, 2)?);
    replace_by(bump, &pattern(bump, text(args, 1)?, subject)?, subject, template)
}

/// `text.replace(pattern, template)`
///
/// # Errors
///
/// A template that names a missing group ends the whole evaluation (group `string.replace`, rows with `throws`), and so
/// does a result that is too long or a pattern that takes too long on the text.
pub fn replace_by<'a>(
    bump: &'a Bump,
    pattern: &Pattern,
    text: Str<'a>,
    template: Str<'a>,
) -> Result<ValueRef<'a>, Failure<'a>> {
    let replaced = pattern.replace(text, template, MAX_VALUE).map_err(|e| refused(bump, e))?;
    Ok(ValueRef::String(alloc_text(bump, replaced)?))
}
