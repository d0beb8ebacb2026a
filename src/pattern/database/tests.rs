//! Shapes, engines and a naive matcher agree.

use super::super::tests::Series;
use super::*;
use crate::value::string::StrBuf;

const CHARACTERS: [&str; 8] = ["a", "b", "c", "B", "\n", "é", "😀", "1"];

fn text(series: &mut Series) -> StrBuf {
    let mut units: Vec<u16> = series.join(&CHARACTERS, 6).encode_utf16().collect();
    // Sometimes a pair is broken.
    if series.below(4) == 0 {
        units.truncate(series.below(units.len() + 1));
    }
    StrBuf::from_units(units)
}

#[test]
fn shapes_agree_with_the_engine() {
    #[rustfmt::skip]
    let parts = [
        "a", "b", "ab", ".*", ".+", "(.*)", "(.+)", "\n", "|", "|a", "(a|b)", "(b|())", "a?", "[ab]", "[a-b]+",
        "[^a]*", "[^b]{1,2}", r"\W", r"\d{2}", "é", "[é-ü]+", ".{1,2}", "😀", "[😀]", r"[\s\S]*", "(a|b.*)", ".",
        "[^n]+", "1{0,3}", "(a?|é)", "(a|b)?",
    ];
    let mut series = Series(11);
    let (mut shaped, mut answered) = (0, 0);
    for _ in 0..8_000 {
        let mut source = series.join(&["^", ""], 1) + &series.join(&parts, 5) + &series.join(&["$", ""], 1);
        if source.is_empty() {
            source.push('a');
        }
        let Ok(pattern) = Pattern::database(&source, series.below(4) == 0) else { continue };
        let Some(shape) = &pattern.0.shape else { continue };
        shaped += 1;
        for _ in 0..20 {
            let text = text(&mut series);
            let Some(found) = shape.matches_units(text.as_str()) else { continue };
            answered += 1;
            assert_eq!(found, pattern.is_found_by_engine(text.as_str()), "/{source}/ on {text:?}");
        }
    }
    assert!(shaped > 2_000 && answered > 30_000, "{shaped} {answered}");
}

/// A pattern as the tests write it.
enum Plain {
    Char(char),
    Any,
    /// Negated, ranges, and whether the digits are in it.
    Set(bool, Vec<(char, char)>, bool),
    Sequence(Vec<Plain>),
    Choice(Vec<Plain>),
    Repeat(Box<Plain>, usize, Option<usize>),
}

impl Plain {
    fn random(series: &mut Series, depth: usize) -> Plain {
        let chars = ['a', 'b', 'c', 'B', '\n', 'é', '😀', '1', '.', '|'];
        let parts = |series: &mut Series, least| {
            (0..least + series.below(3)).map(|_| Plain::random(series, depth - 1)).collect::<Vec<_>>()
        };
        match series.below(if depth == 0 { 4 } else { 9 }) {
            0 | 1 => Plain::Char(chars[series.below(chars.len())]),
            2 => Plain::Any,
            3 => {
                let range = |series: &mut Series| {
                    let low = ['a', 'b', 'B', 'é'][series.below(4)];
                    (low, char::from_u32(u32::from(low) + series.below(3) as u32).unwrap())
                };
                let ranges = (0..1 + series.below(2)).map(|_| range(series)).collect();
                Plain::Set(series.below(3) == 0, ranges, series.below(3) == 0)
            }
            4 | 5 => Plain::Sequence(parts(series, 0)),
            6 => Plain::Choice(parts(series, 2)),
            _ => {
                let counts = [(0, None), (1, None), (0, Some(1)), (2, Some(2)), (1, Some(3)), (2, None)];
                let (min, max) = counts[series.below(counts.len())];
                Plain::Repeat(Box::new(Plain::random(series, depth - 1)), min, max)
            }
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Plain::Char(c) if c.is_ascii_punctuation() => out.extend(['\\', *c]),
            Plain::Char(c) => out.push(*c),
            Plain::Any => out.push('.'),
            Plain::Set(negated, ranges, digits) => {
                out.push_str(if *negated { "[^" } else { "[" });
                ranges.iter().for_each(|&(low, high)| out.extend([low, '-', high]));
                out.push_str(if *digits { r"\d]" } else { "]" });
            }
            Plain::Sequence(parts) if parts.is_empty() => out.push_str("()"),
            Plain::Sequence(parts) => parts.iter().for_each(|part| match part {
                Plain::Choice(_) => part.write_group(out),
                _ => part.write(out),
            }),
            Plain::Choice(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    out.push_str(if at > 0 { "|" } else { "" });
                    part.write(out);
                }
            }
            Plain::Repeat(part, min, max) => {
                match **part {
                    Plain::Any | Plain::Set(..) => part.write(out),
                    Plain::Char(c) if c.len_utf16() == 1 => part.write(out),
                    _ => part.write_group(out),
                }
                out.push_str(&match (min, max) {
                    (0, None) => "*".to_owned(),
                    (1, None) => "+".to_owned(),
                    (0, Some(1)) => "?".to_owned(),
                    (min, None) => format!("{{{min},}}"),
                    (min, Some(max)) if min == max => format!("{{{min}}}"),
                    (min, Some(max)) => format!("{{{min},{max}}}"),
                });
            }
        }
    }

    fn write_group(&self, out: &mut String) {
        out.push('(');
        self.write(out);
        out.push(')');
    }

    /// Tries every way to match from `at`, and `then` wherever one ends.
    fn tries(&self, text: &Text, at: usize, then: &mut dyn FnMut(usize) -> bool) -> bool {
        match self {
            Plain::Char(c) => {
                let units = c.encode_utf16(&mut [0; 2]).to_vec();
                let same = |(at, unit): (usize, &u16)| text.variants(at).contains(unit);
                units.iter().enumerate().all(|(ahead, unit)| same((at + ahead, unit))) && then(at + units.len())
            }
            Plain::Any => at < text.units.len() && then(at + 1),
            Plain::Set(negated, ranges, digits) => {
                let within = |&(low, high): &(char, char)| {
                    text.variants(at).iter().any(|&unit| (low as u32..=high as u32).contains(&unit.into()))
                };
                let digit = text.units.get(at).is_some_and(|unit| (0x30..=0x39).contains(unit));
                let found = ranges.iter().any(within) || (*digits && digit);
                at < text.units.len() && found != *negated && then(at + 1)
            }
            Plain::Sequence(parts) => Plain::tries_all(parts, text, at, then),
            Plain::Choice(parts) => parts.iter().any(|part| part.tries(text, at, then)),
            Plain::Repeat(part, min, max) => Plain::repeats(part, *min, *max, text, at, then),
        }
    }

    fn tries_all(parts: &[Plain], text: &Text, at: usize, then: &mut dyn FnMut(usize) -> bool) -> bool {
        match parts {
            [] => then(at),
            [first, rest @ ..] => first.tries(text, at, &mut |end| Plain::tries_all(rest, text, end, then)),
        }
    }

    fn repeats(
        part: &Plain,
        min: usize,
        max: Option<usize>,
        text: &Text,
        at: usize,
        then: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        if max == Some(0) {
            return then(at);
        }
        let fewer = |count: usize| count.saturating_sub(1);
        // An empty turn beyond those needed gains nothing.
        let more = part.tries(text, at, &mut |end| {
            (end > at || min > 0) && Plain::repeats(part, fewer(min), max.map(fewer), text, end, then)
        });
        more || (min == 0 && then(at))
    }
}

struct Text {
    units: Vec<u16>,
    fold: bool,
}

impl Text {
    /// The unit at a place, with its other case when case does not matter.
    fn variants(&self, at: usize) -> Vec<u16> {
        let Some(&unit) = self.units.get(at) else { return Vec::new() };
        let other = match char::from_u32(unit.into()) {
            Some(c) if self.fold && c.is_uppercase() => c.to_lowercase().next(),
            Some(c) if self.fold => c.to_uppercase().next(),
            _ => None,
        };
        std::iter::once(unit).chain(other.map(|c| c as u16)).collect()
    }
}

#[test]
fn a_naive_matcher_agrees() {
    let mut series = Series(5);
    let (mut found, mut absent) = (0, 0);
    for _ in 0..3_000 {
        let plain = Plain::random(&mut series, 3);
        let (at_start, at_end, fold) = (series.below(2) == 0, series.below(2) == 0, series.below(4) == 0);
        let mut source = String::from(if at_start { "^" } else { "" });
        plain.write(&mut source);
        source.push_str(if at_end { "$" } else { "" });
        let pattern = Pattern::database(&source, fold).unwrap_or_else(|error| panic!("/{source}/: {error}"));
        for _ in 0..8 {
            let text = text(&mut series);
            let plain_text = Text { units: text.as_str().units().collect(), fold };
            let length = plain_text.units.len();
            let want = (0..=if at_start { 0 } else { length })
                .any(|from| plain.tries(&plain_text, from, &mut |end| !at_end || end == length));
            assert_eq!(pattern.is_found(text.as_str()), want, "/{source}/ fold {fold} on {text:?}");
            assert_eq!(pattern.is_found_by_engine(text.as_str()), want, "/{source}/ fold {fold} on {text:?}");
            *(if want { &mut found } else { &mut absent }) += 1;
        }
    }
    assert!(found > 5_000 && absent > 5_000, "{found} {absent}");
}

#[test]
fn usual_patterns_need_no_engine() {
    #[rustfmt::skip]
    let usual = [
        "^[a-z0-9-]+$", r"^\d{4}-\d\d-\d\d$", "^.{1,200}$", "^(draft|live)$", "^https?:\\/\\/.+", "admin", "^user_",
        r"\.(png|jpg)$", "^.+\\.(com|org|edu)$", "........", r"^\+\d+$", "^[A-Z]+", "^$", r"a\$",
    ];
    for source in usual {
        assert!(Pattern::database(source, false).is_ok_and(|pattern| pattern.0.shape.is_some()), "{source}");
    }
}

#[test]
fn any_text_is_parsed_or_refused() {
    #[rustfmt::skip]
    let parts = [
        "(", ")", "[", "]", "{", "}", "{1", "{2,", "3}", ",", "*", "+", "?", "|", "^", "$", "\\", "-", ".", "a", "😀",
        "é", "(?", "[^", "&", "\\d", "\u{FFFD}", "\0",
    ];
    let mut series = Series(3);
    for _ in 0..20_000 {
        let source = series.join(&parts, 8);
        match Pattern::database(&source, series.below(2) == 0) {
            Ok(pattern) => _ = pattern.is_found(Str::Utf8("a😀")),
            Err(error) => assert!(source.get(error.span.range()).is_some(), "/{source}/: {error:?}"),
        }
    }
}
