//! ECMAScript semantics for JSON values: string length, number formatting, truthiness and coercion. The official
//! services and SDKs are written in JavaScript, and their messages and limits depend on it.

use std::io;

use serde::Serialize as _;
use serde_json::{Map, Number, Value as Json, ser::Formatter};

use crate::value::number::javascript_number;

/// The length in UTF-16 code units: `String.length`.
pub(super) fn utf16_length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The length of `JSON.stringify(json)` in UTF-16 code units.
pub(super) fn stringified_length(json: &Json) -> usize {
    utf16_length(&stringify(json))
}

/// `JSON.stringify(json)`.
pub(super) fn stringify(json: &Json) -> String {
    let mut bytes = Vec::new();
    // Serializing a JSON value to memory cannot fail.
    let _ = json.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, EcmaScriptNumbers));
    String::from_utf8(bytes).unwrap_or_default()
}

/// Formats numbers as ECMAScript does.
struct EcmaScriptNumbers;

impl Formatter for EcmaScriptNumbers {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, number: f64) -> io::Result<()> {
        writer.write_all(javascript_number(number).as_bytes())
    }

    fn write_i64<W: ?Sized + io::Write>(&mut self, writer: &mut W, number: i64) -> io::Result<()> {
        self.write_f64(writer, number as f64)
    }

    /// Called for all numbers if the feature `serde_json/arbitrary_precision` is on, which keeps numbers as text.
    fn write_number_str<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        self.write_f64(writer, text.parse().unwrap_or(f64::NAN))
    }

    fn write_u64<W: ?Sized + io::Write>(&mut self, writer: &mut W, number: u64) -> io::Result<()> {
        self.write_f64(writer, number as f64)
    }
}

/// The value after `JSON.stringify(JSON.parse(…))`: every number is rounded to a double, and a whole number has no
/// fraction.
pub(super) fn normalize_numbers(json: &Json) -> Json {
    match json {
        Json::Number(n) => Json::Number(normalize_number(n)),
        Json::Array(items) => items.iter().map(normalize_numbers).collect(),
        Json::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), normalize_numbers(value))).collect(),
        other => other.clone(),
    }
}

fn normalize_number(n: &Number) -> Number {
    /// From here on, ECMAScript writes whole numbers with an exponent.
    const MIN_EXPONENT_FORM: f64 = 1e21;
    let Some(double) = n.as_f64() else { return n.clone() };
    if double.fract() != 0.0 || double.abs() >= MIN_EXPONENT_FORM {
        return Number::from_f64(double).unwrap_or_else(|| n.clone());
    }
    if double >= 0.0 && double < u64::MAX as f64 {
        Number::from(double as u64)
    } else if double < 0.0 && double >= i64::MIN as f64 {
        Number::from(double as i64)
    } else {
        Number::from_f64(double).unwrap_or_else(|| n.clone())
    }
}

/// `String(value)`, where `None` is `undefined`.
pub(super) fn to_string(value: Option<&Json>) -> String {
    match value {
        None => "undefined".to_owned(),
        Some(Json::String(text)) => text.clone(),
        Some(Json::Array(items)) => {
            let items = items.iter().map(|item| if item.is_null() { String::new() } else { to_string(Some(item)) });
            items.collect::<Vec<_>>().join(",")
        }
        Some(Json::Object(_)) => "[object Object]".to_owned(),
        Some(other) => stringify(other),
    }
}

/// `Boolean(value)`, where `None` is `undefined`.
pub(super) fn is_truthy(value: Option<&Json>) -> bool {
    match value {
        None | Some(Json::Null) => false,
        Some(Json::Bool(b)) => *b,
        Some(Json::Number(n)) => n.as_f64().is_some_and(|n| n != 0.0),
        Some(Json::String(text)) => !text.is_empty(),
        Some(Json::Array(_) | Json::Object(_)) => true,
    }
}

/// The string of a string, number or boolean; `None` for other values.
pub(super) fn primitive_to_string(value: Option<&Json>) -> Option<String> {
    value.filter(|v| v.is_string() || v.is_number() || v.is_boolean()).map(|v| to_string(Some(v)))
}

/// `{...value}`: the members of an object, the items of a list by index, the characters of a string by index.
pub(super) fn spread(value: &Json) -> Map<String, Json> {
    match value {
        Json::Object(fields) => fields.clone(),
        Json::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item.clone())).collect(),
        Json::String(text) => {
            text.chars().enumerate().map(|(at, c)| (at.to_string(), Json::String(c.to_string()))).collect()
        }
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_lose_what_javascript_loses() {
        let json: Json = serde_json::from_str("[1.0, 1e3, -0.0, 9007199254740993, 1.5, -2.0]").unwrap();
        assert_eq!(normalize_numbers(&json).to_string(), "[1,1000,0,9007199254740992,1.5,-2]");
    }

    #[test]
    fn json_is_written_with_the_numbers_of_javascript() {
        for (read, written) in [
            (
                "[0.000001,1e20,-1e19,1e21,1e-7,0.0000012345]",
                "[0.000001,100000000000000000000,-10000000000000000000,1e+21,1e-7,0.0000012345]",
            ),
            ("{\"a\":[1.0,18446744073709551615,-0.0,\"é\\n\"]}", "{\"a\":[1,18446744073709552000,0,\"é\\n\"]}"),
        ] {
            assert_eq!(stringify(&serde_json::from_str(read).unwrap()), written);
        }
    }

    #[test]
    fn values_in_messages_are_those_of_javascript() {
        let cases = [
            (json!("a"), "a"),
            (json!(["a", null, 2.0]), "a,,2"),
            (json!({}), "[object Object]"),
            (json!(null), "null"),
        ];
        for (value, expected) in cases {
            assert_eq!(to_string(Some(&value)), expected);
        }
        assert_eq!(to_string(None), "undefined");
    }

    #[test]
    fn truth_and_coercion_are_those_of_javascript() {
        for (value, holds) in [(json!("false"), true), (json!(""), false), (json!(0), false), (json!([]), true)] {
            assert_eq!(is_truthy(Some(&value)), holds, "{value}");
        }
        assert_eq!(primitive_to_string(Some(&json!(5.0))).as_deref(), Some("5"));
        assert_eq!(primitive_to_string(Some(&json!({}))), None);
    }
}
