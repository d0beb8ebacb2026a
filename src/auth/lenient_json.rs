//! JSON as the emulators read it: the last of several equal names wins. A number out of the range of doubles becomes
//! the largest double, where official parsers make it infinite.

use serde_json::Value as Json;

/// Parses a whole text.
pub(super) fn read(bytes: &[u8]) -> Option<Json> {
    serde_json::from_slice(bytes)
        .ok()
        .or_else(|| serde_json::from_str(&clamp_numbers(std::str::from_utf8(bytes).ok()?)?).ok())
}

/// Replaces each number out of the range of doubles by the largest double; `None` if there is no such number.
fn clamp_numbers(text: &str) -> Option<String> {
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

/// The length of the string literal at the start of `text`, with its quotes.
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
