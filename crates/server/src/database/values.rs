//! The number of values in a text of JSON, before it is read: a text of commas takes much more memory as values.

use crate::memory::FREE;

/// What a value counts at least towards the size of a write, in bytes.
const VALUE: usize = 16;

/// Whether a text has more values than a write of `limit` bytes can have. Of small texts this does not matter.
pub fn has_too_many_values(json: &[u8], limit: usize) -> bool {
    json.len() > FREE && commas(json) > limit / VALUE
}

/// The commas outside of strings.
fn commas(json: &[u8]) -> usize {
    let (mut count, mut is_text, mut is_escaped) = (0, false, false);
    for byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            b',' if !is_text => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_of_texts() {
        for (json, count) in [("", 0), ("[1,2,3]", 2), (r#"{"a":"x,y","b":[1,"\",,\\",2]}"#, 3), (r#""\\",1"#, 1)] {
            assert_eq!(commas(json.as_bytes()), count, "{json}");
        }
        let list = format!("[{}1]", "1,".repeat(100_000));
        assert!(has_too_many_values(list.as_bytes(), 1_000_000));
        assert!(!has_too_many_values(list.as_bytes(), 2_000_000));
        assert!(!has_too_many_values(format!("{list:?}").as_bytes(), 1_000_000));
        assert!(!has_too_many_values(b"[1,2,3]", 0));
    }
}
