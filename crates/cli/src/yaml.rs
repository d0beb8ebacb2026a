//! YAML for suites that the command writes.

use serde_json::Value as Json;

/// A scalar: plain where YAML reads it as this text, else a JSON string, which YAML reads as well.
pub(super) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./- ".contains(c);
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    match begins && !word && !text.ends_with(' ') && text.chars().all(plain) {
        true => text.to_owned(),
        false => Json::from(text).to_string(),
    }
}

/// A value in flow style: `{ size: 1, contentType: image/png }`.
pub(super) fn flow(value: &Json) -> String {
    match value {
        Json::String(text) => quoted(text),
        Json::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Json::Object(fields) => {
            let entries = fields.iter().map(|(key, value)| format!("{}: {}", quoted(key), flow(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_would_read_as_something_else_is_quoted() {
        for text in ["true", "No", "null", "12", "a: b", "# a", "", "-a", "a ", "x, y", "2026-01-01"] {
            assert_eq!(quoted(text), Json::from(text).to_string());
        }
        assert_eq!(quoted("users/alice/cat.png"), "users/alice/cat.png");
        assert_eq!(flow(&serde_json::json!({ "a b": [1, "x", null], "c": {} })), "{ a b: [1, x, null], c: {} }");
    }
}
