//! JSON as the emulators read it: of a repeated name the last value stays, and a number beyond all doubles is one of the
//! largest, where official parsers make it infinite.

use serde_json::Value as Json;

/// Reads a whole text.
pub(super) fn read(octets: &[u8]) -> Option<Json> {
    serde_json::from_slice(octets)
        .ok()
        .or_else(|| serde_json::from_str(&clamped(std::str::from_utf8(octets).ok()?)?).ok())
}

/// The text with each number beyond the doubles replaced by the largest one; nothing if there is none.
fn clamped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut changed) = (text, false);
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => string_length(rest),
            '-' | '0'..='9' => {
                let is_part = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
                rest.find(|c| !is_part(c)).unwrap_or(rest.len())
            }
            other => other.len_utf8(),
        };
        let (token, after) = rest.split_at_checked(length)?;
        match token.parse::<f64>() {
            Ok(number) if number.is_infinite() => {
                changed = true;
                out.push_str(&f64::MAX.copysign(number).to_string());
                out.push_str(".0");
            }
            _ => out.push_str(token),
        }
        rest = after;
    }
    changed.then_some(out)
}

/// The length of the string that a text begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_beyond_the_doubles_are_the_largest() {
        let found = read(br#"{"a": 1e400, "b": [-1E+999, 2], "c": "1e400 \" 1e400", "d": 1e300}"#).unwrap();
        assert_eq!(found, json!({ "a": f64::MAX, "b": [f64::MIN, 2], "c": "1e400 \" 1e400", "d": 1e300 }));
        assert_eq!(read(br#"{"a": 1, "a": 2}"#), Some(json!({ "a": 2 })));
        for text in ["", "{", "1e400 1e400", "\"1e400", "[1e400", "1e", "-"] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(read(b"\xff1e400"), None);
    }
}
