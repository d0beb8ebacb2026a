//! The values of literals: escapes in strings, bytes, decoded path segments.

use crate::value::{PercentMode, StrBuf, percent_decode};

/// The text of a string literal, quotes included. Two `\u` halves of a surrogate pair join; a lone one stays.
pub(super) fn string(literal: &str) -> StrBuf {
    let inner = inner(literal);
    if !inner.contains('\\') {
        return StrBuf::from(inner.to_owned());
    }
    let mut units = Vec::with_capacity(inner.len());
    unescape(inner, |piece| match piece {
        Piece::Char(c) => units.extend_from_slice(c.encode_utf16(&mut [0; 2])),
        Piece::Unit(unit) | Piece::Wide(unit) => units.push(unit),
    });
    StrBuf::from_units(units)
}

/// The octets of a bytes literal, without its `b`; `None` where it holds a `\u` escape.
pub(super) fn bytes(literal: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let mut wide = false;
    unescape(inner(literal), |piece| match piece {
        Piece::Char(c) => octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        Piece::Unit(unit) => octets.push(unit as u8),
        Piece::Wide(_) => wide = true,
    });
    (!wide).then_some(octets)
}

enum Piece {
    Char(char),
    /// `\xHH`, `\OOO` and the letters: at most 255.
    Unit(u16),
    /// `\uHHHH`
    Wide(u16),
}

fn inner(literal: &str) -> &str {
    literal.get(1..literal.len().saturating_sub(1)).unwrap_or("")
}

/// The grammar admits known escapes only; an unknown one would stay as its letter.
fn unescape(text: &str, mut each: impl FnMut(Piece)) {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            each(Piece::Char(c));
            continue;
        }
        let number = |chars: &mut std::str::Chars<'_>, digits: usize, radix: u32, first: u32| {
            chars.by_ref().take(digits).filter_map(|d| d.to_digit(radix)).fold(first, |n, d| n * radix + d) as u16
        };
        each(match chars.next() {
            Some('b') => Piece::Unit(8),
            Some('t') => Piece::Unit(9),
            Some('n') => Piece::Unit(10),
            Some('f') => Piece::Unit(12),
            Some('r') => Piece::Unit(13),
            Some('x') => Piece::Unit(number(&mut chars, 2, 16, 0)),
            Some('u') => Piece::Wide(number(&mut chars, 4, 16, 0)),
            Some(d @ '0'..='3') => Piece::Unit(number(&mut chars, 2, 8, d.to_digit(8).unwrap_or(0))),
            Some(other) => Piece::Char(other),
            None => return,
        });
    }
}

/// A path segment token (with its slash) as the text it stands for: form-decoded, so `+` is a blank.
pub(super) fn segment(token: &str) -> String {
    let encoded = token.strip_prefix('/').unwrap_or(token);
    if !encoded.contains(['%', '+']) {
        return encoded.into();
    }
    // The grammar admits whole `%HH` only.
    percent_decode(encoded, PercentMode::Form).map_or_else(|_| encoded.into(), |decoded| decoded.into_owned())
}

/// The text of a string literal of database rules, quotes included, with JavaScript's escapes: `\n` and its kin, `\xHH`,
/// `\uHHHH`, up to three octal digits, a line break that goes on, and any other character as itself.
pub(super) fn javascript_string(literal: &str) -> StrBuf {
    let inner = inner(literal);
    if !inner.contains('\\') {
        return StrBuf::from(inner.to_owned());
    }
    let mut units: Vec<u16> = Vec::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
            continue;
        }
        let Some(escaped) = chars.next() else { break };
        let mut number = |radix: u32, most: usize, first: u32, limit: u32| {
            let mut value = first;
            for _ in 0..most {
                let next = chars.peek().and_then(|c| c.to_digit(radix)).map(|digit| value * radix + digit);
                let Some(next) = next.filter(|next| *next <= limit) else { break };
                value = next;
                chars.next();
            }
            value as u16
        };
        units.push(match escaped {
            'b' => 8,
            't' => 9,
            'n' => 10,
            'v' => 11,
            'f' => 12,
            'r' => 13,
            'x' => number(16, 2, 0, 0xFF),
            'u' => number(16, 4, 0, 0xFFFF),
            '0'..='7' => number(8, 2, escaped.to_digit(8).unwrap_or(0), 0xFF),
            '\r' | '\n' | '\u{2028}' | '\u{2029}' => {
                if escaped == '\r' && chars.peek() == Some(&'\n') {
                    chars.next();
                }
                continue;
            }
            other => {
                units.extend_from_slice(other.encode_utf16(&mut [0; 2]));
                continue;
            }
        });
    }
    StrBuf::from_units(units)
}
