//! Expression values, in which `firebase-tools` gives variables: objects with one key that names the type.

use firewarden::value::{Comparator, Constraint, Duration, LatLng, Map, Path, Segment, Value, json};
use serde_json::{Value as Json, json};

/// Maximum nesting that is read; the JSON reader has a similar limit.
const MAX_DEPTH: usize = 128;

/// Reads an expression value.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn read(json: &Json) -> Result<Value, String> {
    value(json, 0)
}

fn value(json: &Json, depth: usize) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err("an expression value nests too deeply".to_owned());
    }
    let mut entries = json.as_object().into_iter().flatten();
    let (Some((kind, inner)), None) = (entries.next(), entries.next()) else {
        return Err(format!(
            "`{}` is no expression value: an object with one key, such as `string_value`",
            brief(json)
        ));
    };
    let bad = || format!("`{}` is no {kind}", brief(inner));
    let same = |typed: Json| json::from_typed(&typed).map_err(|_| bad());
    match kind.as_str() {
        "null_value" if inner.is_null() || *inner == 0 => Ok(Value::Null),
        "bool_value" => inner.as_bool().map(Value::Bool).ok_or_else(bad),
        // JavaScript calls any number without a fraction an integer, also beyond 64 bits.
        "int_value" => match inner.as_number() {
            Some(number) => Ok(json::claims(Json::Number(number.clone()))),
            None => same(json!({ "intValue": inner })),
        },
        // JavaScript writes NaN, which no fraction makes an integer, as null.
        "float_value" if inner.is_null() => Ok(Value::Float(f64::NAN)),
        "float_value" => same(json!({ "floatValue": inner })),
        "string_value" => inner.as_str().map(Value::from).ok_or_else(bad),
        "bytes_value" => match inner.get("data") {
            // A `Buffer` of Node.js as JSON.
            Some(data) => serde_json::from_value(data.clone()).map(Value::Bytes).map_err(|_| bad()),
            None => same(json!({ "bytesValue": inner })),
        },
        "timestamp_value" => same(json!({ "timestampValue": inner })),
        "duration_value" => {
            let part = |name| inner.get(name).map_or(Some(0), Json::as_i64).ok_or_else(bad);
            let (seconds, nanos) = (part("seconds")?, i32::try_from(part("nanos")?).map_err(|_| bad())?);
            Duration::new(seconds, nanos).map(Value::Duration).map_err(|error| error.to_string())
        }
        "latlng_value" => {
            let part = |name| inner.get(name).map_or(Some(0.0), Json::as_f64).ok_or_else(bad);
            LatLng::new(part("latitude")?, part("longitude")?).map(Value::LatLng).map_err(|error| error.to_string())
        }
        "path_value" => path(inner, depth).map(Value::Path),
        "map_value" => match inner.get("fields") {
            Some(Json::Object(fields)) => {
                let fields = fields.iter().map(|(name, field)| {
                    Ok((name.as_str(), value(field, depth + 1).map_err(|why| format!("{name}: {why}"))?))
                });
                Ok(Value::Map(fields.collect::<Result<Map, String>>()?))
            }
            Some(_) => Err(bad()),
            None => Ok(Value::Map(Map::new())),
        },
        "list_value" => values(inner, depth).map(Value::List),
        "set_value" => {
            // Elements of a set are unique.
            let mut unique = Vec::new();
            for item in values(inner, depth)? {
                if !unique.contains(&item) {
                    unique.push(item);
                }
            }
            Ok(Value::Set(unique))
        }
        "constraint_value" => {
            let terms = match inner.get("comparator").and_then(Json::as_str) {
                None | Some("UNSET_COMPARATOR") => Vec::new(),
                Some(name) => {
                    let comparator = Comparator::parse(name).ok_or_else(bad)?;
                    vec![(comparator, value(inner.get("value").unwrap_or(&Json::Null), depth + 1)?)]
                }
            };
            Ok(Value::Constraint(Constraint { terms }))
        }
        other => Err(format!("unknown type of expression value `{other}`")),
    }
}

fn values(json: &Json, depth: usize) -> Result<Vec<Value>, String> {
    match json.get("values") {
        Some(Json::Array(items)) => items.iter().map(|item| value(item, depth + 1)).collect(),
        Some(other) => Err(format!("`{}` is no list of values", brief(other))),
        None => Ok(Vec::new()),
    }
}

/// Segments are plain, or variables with the text or path that they are bound to.
fn path(json: &Json, depth: usize) -> Result<Path, String> {
    if depth > MAX_DEPTH {
        return Err("a path nests too deeply".to_owned());
    }
    let mut segments = Vec::new();
    for segment in json.get("segments").and_then(Json::as_array).into_iter().flatten() {
        let text = |name| segment.get(name).and_then(Json::as_str).map(|text| text.to_owned().into());
        segments.push(match (text("simple"), text("variable_name"), segment.get("bound_value")) {
            (Some(simple), None, None) => Segment::Simple(simple),
            (None, Some(name), Some(bound @ Json::Object(_))) => Segment::Glob(name, Some(path(bound, depth + 1)?)),
            (None, Some(name), Some(Json::String(bound))) => Segment::Capture(name, Some(bound.clone().into())),
            (None, Some(name), None) => Segment::Capture(name, None),
            _ => return Err(format!("`{}` is no segment of a path", brief(segment))),
        });
    }
    Ok(Path { segments })
}

fn brief(json: &Json) -> String {
    firewarden::internals::explain::shorten(&json.to_string(), 60)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn each_type_is_read() {
        for (given, read_as) in [
            (json!({ "null_value": null }), json!({ "nullValue": null })),
            (json!({ "null_value": 0 }), json!({ "nullValue": null })),
            (json!({ "bool_value": true }), json!({ "boolValue": true })),
            (json!({ "int_value": 1795318035478_i64 }), json!({ "intValue": "1795318035478" })),
            (json!({ "int_value": 1e15 }), json!({ "intValue": "1000000000000000" })),
            (json!({ "int_value": "7" }), json!({ "intValue": "7" })),
            (json!({ "int_value": 1e21 }), json!({ "floatValue": 1e21 })),
            (json!({ "float_value": 1.5 }), json!({ "floatValue": 1.5 })),
            (json!({ "float_value": 2.0 }), json!({ "floatValue": 2.0 })),
            (json!({ "float_value": null }), json!({ "floatValue": "NaN" })),
            (json!({ "string_value": "ä" }), json!({ "stringValue": "ä" })),
            (json!({ "bytes_value": { "type": "Buffer", "data": [104, 105] } }), json!({ "bytesValue": "aGk=" })),
            (json!({ "bytes_value": "aGk=" }), json!({ "bytesValue": "aGk=" })),
            (
                json!({ "timestamp_value": "2026-11-22T03:27:15.478Z" }),
                json!({ "timestampValue": "2026-11-22T03:27:15.478Z" }),
            ),
            (json!({ "duration_value": { "seconds": 3, "nanos": 500000000 } }), json!({ "durationValue": "3.500s" })),
            (
                json!({ "latlng_value": { "latitude": 1.5, "longitude": -2 } }),
                json!({ "latlngValue": { "latitude": 1.5, "longitude": -2.0 } }),
            ),
            (
                json!({ "map_value": { "fields": { "a": { "list_value": { "values": [{ "int_value": 1 }] } } } } }),
                json!({ "mapValue": { "fields": { "a": { "listValue": { "values": [{ "intValue": "1" }] } } } } }),
            ),
            (json!({ "map_value": {} }), json!({ "mapValue": { "fields": {} } })),
            (
                json!({ "set_value": { "values": [{ "int_value": 1 }, { "int_value": 1 }] } }),
                json!({ "setValue": { "values": [{ "intValue": "1" }] } }),
            ),
            (
                json!({ "constraint_value": { "comparator": "LTE", "value": { "int_value": 3 } } }),
                json!({ "constraintValue": {
                    "simpleConstraints": [{ "comparator": "LTE", "value": { "intValue": "3" } }] } }),
            ),
            (
                json!({ "path_value": { "segments": [
                    { "simple": "a b" },
                    { "variable_name": "user", "bound_value": "ann" },
                    { "variable_name": "rest", "bound_value": { "segments": [{ "simple": "c" }] } }] } }),
                json!({ "pathValue": { "segments": [
                    { "simple": "a b" },
                    { "capture": { "variableName": "user", "boundValue": "ann" } },
                    { "globCapture": {
                        "variableName": "rest", "boundValue": { "segments": [{ "simple": "c" }] } } }] } }),
            ),
        ] {
            assert_eq!(json::to_typed(read(&given).unwrap().view()), read_as, "{given}");
        }
    }

    #[test]
    fn malformed_values_are_refused_with_a_reason() {
        for (given, why) in [
            (json!(1), "`1` is no expression value: an object with one key, such as `string_value`"),
            (json!({ "int_value": null }), "`null` is no int_value"),
            (json!({ "int_value": true }), "`true` is no int_value"),
            (json!({ "stringValue": "a" }), "unknown type of expression value `stringValue`"),
            (json!({ "map_value": { "fields": { "a": { "bool_value": 1 } } } }), "a: `1` is no bool_value"),
            (json!({ "timestamp_value": "yesterday" }), "`\"yesterday\"` is no timestamp_value"),
            (json!({ "path_value": { "segments": [{}] } }), "`{}` is no segment of a path"),
        ] {
            assert_eq!(read(&given).unwrap_err(), why, "{given}");
        }
        let deep = (0..300).fold(json!({ "null_value": 0 }), |inner, _| json!({ "list_value": { "values": [inner] } }));
        assert!(read(&deep).is_err());
    }
}
