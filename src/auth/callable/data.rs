//! The data format of callable functions: JSON with a wrapper for 64-bit integers.

use serde_json::{Map, Number, Value as Json, json};

use crate::auth::{ErrorCode, HttpsError};

const INT64: &str = "type.googleapis.com/google.protobuf.Int64Value";
const UINT64: &str = "type.googleapis.com/google.protobuf.UInt64Value";

/// Decodes `{"@type": …Int64Value, "value": "12"}` as a double, as the official runtime does. Another `@type` fails
/// with 500, as there.
pub(super) fn decode(data: Json) -> Result<Json, HttpsError> {
    match data {
        Json::Array(items) => items.into_iter().map(decode).collect::<Result<_, _>>().map(Json::Array),
        Json::Object(fields) => match fields.get("@type") {
            Some(Json::String(kind)) if kind == INT64 || kind == UINT64 => {
                let number = fields.get("value").and_then(leading_number).and_then(Number::from_f64);
                number.map(Json::Number).ok_or_else(unreadable)
            }
            Some(kind) if crate::auth::ecmascript::is_truthy(Some(kind)) => Err(unreadable()),
            _ => {
                let fields = fields.into_iter().map(|(name, value)| Ok((name, decode(value)?)));
                fields.collect::<Result<Map<_, _>, _>>().map(Json::Object)
            }
        },
        plain => Ok(plain),
    }
}

/// `parseFloat` of JavaScript: the number at the start of the text.
fn leading_number(value: &Json) -> Option<f64> {
    let text = crate::auth::ecmascript::to_string(Some(value));
    let text = text.trim_start();
    let end = text.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(text.len());
    let candidate = text.get(..end)?;
    // The longest prefix that is a number; such texts are short.
    (1..=candidate.len().min(64)).rev().find_map(|end| candidate.get(..end)?.parse().ok())
}

fn unreadable() -> HttpsError {
    let reason =
        "`data` contains an `@type` other than Int64Value and UInt64Value, or one whose `value` is not a number";
    HttpsError::new(ErrorCode::Internal, "INTERNAL").with_log(reason, None)
}

/// The body of the response to a successful call.
pub fn success(result: &Json) -> Json {
    json!({ "result": result })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_integers_become_doubles() {
        let wide = |kind: &str, value: &str| json!({ "@type": kind, "value": value });
        assert_eq!(decode(json!([{ "n": wide(INT64, "-12") }])).unwrap(), json!([{ "n": -12.0 }]));
        assert_eq!(decode(wide(UINT64, "18446744073709551615")).unwrap(), json!(18446744073709551615_u64 as f64));
        assert_eq!(decode(wide(INT64, " 7 apples")).unwrap(), json!(7.0));
        assert!(decode(wide(INT64, "apples")).is_err() && decode(wide("other", "1")).is_err());
        assert!(decode(json!({ "@type": "", "value": null })).is_ok());
    }
}
