//! Conversions of values from and to JSON: plain JSON as people write it, claims as tokens carry them, and the typed
//! JSON of the official engine. Only this module of `value` uses serde_json.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map as JsonMap, Number, Value as Json, json};

use super::{
    Comparator, Constraint, DiffStatus, LatLng, ListRef, Map, Path, PathRef, Segment, SegmentRef, Str, StrBuf, Value,
    ValueRef, base64,
};

/// Maximum nesting that is read. The JSON reader bounds the nesting of text, but not that of values built in memory.
const MAX_DEPTH: usize = 200;

/// Plain JSON: whole numbers written without a fraction become ints, all others floats.
impl From<Json> for Value {
    fn from(json: Json) -> Self {
        plain(json, |n| int(n).map_or_else(|| Value::Float(double(n)), Value::Int))
    }
}

impl From<&Json> for Value {
    fn from(json: &Json) -> Self {
        json.clone().into()
    }
}

/// Claims of a token: any whole number within 64 bits becomes an int, however it is written, all others become floats
/// (identity specification, section 6.2). Integers are exact.
pub fn claims(json: Json) -> Value {
    plain(json, |n| match (int(n), double(n)) {
        (Some(n), _) => Value::Int(n),
        (None, n) if n.fract() == 0.0 && (i64::MIN as f64..-(i64::MIN as f64)).contains(&n) => Value::Int(n as i64),
        (None, n) => Value::Float(n),
    })
}

/// The integer that a number is written as. The result does not depend on the feature `serde_json/arbitrary_precision`,
/// which another crate of the build may enable: it keeps numbers as text and takes `-0` for an integer.
pub fn int(n: &Number) -> Option<i64> {
    n.as_i64().filter(|int| *int != 0 || n.as_u64().is_some())
}

/// The nearest double: infinite for a number that is kept as text and out of range.
pub fn double(n: &Number) -> f64 {
    n.as_f64().unwrap_or_else(|| n.to_string().parse().unwrap_or(f64::NAN))
}

fn plain(json: Json, number: fn(&Number) -> Value) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(b),
        Json::Number(n) => number(&n),
        Json::String(s) => Value::from(s),
        Json::Array(items) => Value::List(items.into_iter().map(|item| plain(item, number)).collect()),
        Json::Object(fields) => Value::Map(fields.into_iter().map(|(k, v)| (k, plain(v, number))).collect()),
    }
}

/// Why a typed value is malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypedError {
    /// The only key of an object ends in `Value`, but names no type.
    #[error("unknown type of value `{0}`")]
    UnknownType(String),
    /// The value does not fit its type.
    #[error("{0}")]
    Malformed(String),
}

fn wrong<T>(message: impl Into<String>) -> Result<T, TypedError> {
    Err(TypedError::Malformed(message.into()))
}

/// Reads the fields of a document as people write them: plain JSON, and typed values such as `{"timestampValue": "…"}`
/// for the types that plain JSON lacks.
///
/// # Errors
///
/// A malformed typed value.
pub fn document(fields: &JsonMap<String, Json>) -> Result<Value, TypedError> {
    if fields.get("__type__").is_some_and(|kind| kind == VECTOR) {
        return wrong(VECTOR_HINT);
    }
    let fields = fields.iter().map(|(key, value)| Ok((key.as_str(), field(value)?)));
    Ok(Value::Map(fields.collect::<Result<Map, _>>()?))
}

/// The marker with which Firestore's own interfaces encode a vector as a map.
pub const VECTOR: &str = "__vector__";
/// The message about that marker.
pub const VECTOR_HINT: &str =
    "a map with `__type__` `__vector__` is not a value: write a vector as `{\"vectorValue\": [1.0, 2.5]}`";

/// Reads a value within a document.
///
/// # Errors
///
/// As for [`document`].
pub fn field(value: &Json) -> Result<Value, TypedError> {
    match value {
        Json::Object(entries) if is_typed(entries) => from_typed(value),
        Json::Object(entries) => document(entries),
        Json::Array(items) => items.iter().map(field).collect::<Result<Vec<_>, _>>().map(Value::List),
        plain => Ok(Value::from(plain)),
    }
}

fn is_typed(entries: &JsonMap<String, Json>) -> bool {
    entries.len() == 1 && entries.keys().all(|kind| kind.ends_with("Value"))
}

/// Reads a typed value such as `{"intValue": "12"}`.
///
/// # Errors
///
/// An unknown type or a value that does not fit it.
pub fn from_typed(json: &Json) -> Result<Value, TypedError> {
    typed(json, 0)
}

fn typed(json: &Json, depth: usize) -> Result<Value, TypedError> {
    if depth > MAX_DEPTH {
        return wrong("a typed value nests too deeply");
    }
    let Json::Object(fields) = json else {
        return wrong(format!(
            "`{}` is not a typed value: write an object such as {{\"intValue\": \"1\"}}",
            brief(json)
        ));
    };
    let mut entries = fields.iter();
    let (Some((kind, x)), None) = (entries.next(), entries.next()) else {
        return wrong(format!("a typed value has one key, such as `intValue`; this has {}", fields.len()));
    };
    let bad = || TypedError::Malformed(format!("`{}` is not a {kind}", brief(x)));
    let text = || x.as_str().ok_or_else(bad);
    Ok(match kind.as_str() {
        "nullValue" if x.is_null() || x == "NULL_VALUE" => Value::Null,
        "nullValue" => return wrong(format!("`{}` is not a nullValue: write null", brief(x))),
        "boolValue" => Value::Bool(x.as_bool().ok_or_else(bad)?),
        "intValue" => Value::Int(match x {
            Json::String(digits) => digits.parse().map_err(|_| bad())?,
            other => other.as_i64().ok_or_else(bad)?,
        }),
        "floatValue" => Value::Float(match x {
            Json::String(name) => match name.as_str() {
                "NaN" => f64::NAN,
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                digits => digits.parse().map_err(|_| bad())?,
            },
            other => other.as_f64().ok_or_else(bad)?,
        }),
        "stringValue" => Value::from(text()?),
        "bytesValue" => Value::Bytes(bytes(text()?).ok_or_else(bad)?),
        "timestampValue" => Value::Timestamp(text()?.parse().map_err(|_| bad())?),
        "durationValue" => Value::Duration(text()?.parse().map_err(|_| bad())?),
        "latlngValue" => {
            let x = keys(x, kind, &["latitude", "longitude"], r#"{"latitude": 48.1, "longitude": 11.6}"#)?;
            let part = |name: &str| x.get(name).map_or(Some(0.0), Json::as_f64).ok_or_else(bad);
            Value::LatLng(
                LatLng::new(part("latitude")?, part("longitude")?).map_err(|e| TypedError::Malformed(e.to_string()))?,
            )
        }
        "listValue" => Value::List(elements(x, kind, depth)?),
        "setValue" => Value::Set(elements(x, kind, depth)?),
        "vectorValue" => Value::Vector(components(x, depth)?),
        "mapValue" => {
            let mut map = Map::new();
            let right = r#"{"fields": {"a": {"intValue": "1"}}}; a plain map needs no type"#;
            let fields = object_at(keys(x, kind, &["fields"], right)?, "fields", kind)?;
            if fields.is_some_and(|fields| fields.get("__type__") == Some(&json!({ "stringValue": VECTOR }))) {
                return wrong(VECTOR_HINT);
            }
            for (key, value) in fields.into_iter().flatten() {
                map.insert(key.as_str(), typed(value, depth + 1)?);
            }
            Value::Map(map)
        }
        "pathValue" => Value::Path(path(x, depth)?),
        "mapDiffValue" => {
            let x = keys(x, kind, &["keyStatuses"], r#"{"keyStatuses": {"a": "ADDED"}}"#)?;
            let statuses = object_at(x, "keyStatuses", kind)?.into_iter().flatten();
            let status = |json: &Json| match json.as_str() {
                Some("ADDED") => Ok(DiffStatus::Added),
                Some("REMOVED") => Ok(DiffStatus::Removed),
                Some("CHANGED") => Ok(DiffStatus::Changed),
                Some("UNCHANGED") => Ok(DiffStatus::Unchanged),
                _ => Err(bad()),
            };
            let entry = |(key, json): (&String, &Json)| Ok((StrBuf::from(key.clone()), status(json)?));
            Value::MapDiff(statuses.map(entry).collect::<Result<_, TypedError>>()?)
        }
        "constraintValue" => {
            let right = r#"{"simpleConstraints": [{"comparator": "EQ", "value": {"intValue": "1"}}]}"#;
            let terms = array_at(keys(x, kind, &["simpleConstraints"], right)?, "simpleConstraints", kind)?;
            let term = |json: &Json| {
                let json = keys(json, "a constraint", &["comparator", "value"], right)?;
                let comparator =
                    json.get("comparator").and_then(Json::as_str).and_then(Comparator::parse).ok_or_else(bad)?;
                Ok((comparator, typed(json.get("value").unwrap_or(&Json::Null), depth + 1)?))
            };
            Value::Constraint(Constraint { terms: terms.iter().map(term).collect::<Result<_, TypedError>>()? })
        }
        "undefined" => {
            Value::Undefined(x.get("causeMessage").and_then(Json::as_str).unwrap_or("Null value error.").to_owned())
        }
        other => return Err(unknown(other)),
    })
}

/// The error of an unknown type, with the name to write instead if there is one.
fn unknown(kind: &str) -> TypedError {
    let ours = match kind {
        "booleanValue" => "boolValue",
        "integerValue" => "intValue",
        "doubleValue" => "floatValue",
        "arrayValue" => "listValue",
        "geoPointValue" => "latlngValue",
        "referenceValue" => "pathValue",
        _ => return TypedError::UnknownType(kind.to_owned()),
    };
    TypedError::Malformed(format!("`{kind}` is a type of the REST API: write `{ours}`"))
}

/// The object that encodes a value of type `kind`, provided that it has no other keys than `known`.
fn keys<'j>(json: &'j Json, kind: &str, known: &[&str], right: &str) -> Result<&'j JsonMap<String, Json>, TypedError> {
    let Json::Object(entries) = json else { return wrong(format!("`{}` is not a {kind}: write {right}", brief(json))) };
    match entries.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => wrong(format!("{kind} has no key `{key}`: write {right}")),
        None => Ok(entries),
    }
}

/// The list under a key; empty if the key is missing.
fn array_at<'j>(entries: &'j JsonMap<String, Json>, key: &str, kind: &str) -> Result<&'j [Json], TypedError> {
    match entries.get(key) {
        None => Ok(&[]),
        Some(Json::Array(items)) => Ok(items),
        Some(other) => wrong(format!("`{key}` of {kind} must be a list, not `{}`", brief(other))),
    }
}

/// The object under a key, if the key is present.
fn object_at<'j>(
    entries: &'j JsonMap<String, Json>,
    key: &str,
    kind: &str,
) -> Result<Option<&'j JsonMap<String, Json>>, TypedError> {
    match entries.get(key) {
        None => Ok(None),
        Some(Json::Object(fields)) => Ok(Some(fields)),
        Some(other) => wrong(format!("`{key}` of {kind} must be an object, not `{}`", brief(other))),
    }
}

fn brief(json: &Json) -> String {
    let text = json.to_string();
    if text.chars().count() > 40 { format!("{}…", text.chars().take(40).collect::<String>()) } else { text }
}

/// Standard or URL-safe Base64, with or without padding.
fn bytes(text: &str) -> Option<Vec<u8>> {
    use base64::{
        alphabet,
        engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    };
    let lenient = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet::STANDARD, lenient)
        .decode(text)
        .or_else(|_| GeneralPurpose::new(&alphabet::URL_SAFE, lenient).decode(text))
        .ok()
}

fn elements(json: &Json, kind: &str, depth: usize) -> Result<Vec<Value>, TypedError> {
    let right = r#"{"values": [{"intValue": "1"}]}; a plain list needs no type"#;
    let values = array_at(keys(json, kind, &["values"], right)?, "values", kind)?;
    values.iter().map(|item| typed(item, depth + 1)).collect()
}

/// The components of a vector, from plain numbers or from `values` with typed ones. All become floats.
fn components(json: &Json, depth: usize) -> Result<Vec<Value>, TypedError> {
    let right = "[1.0, 2.5]";
    let Json::Array(numbers) = json else {
        let values = array_at(keys(json, "vectorValue", &["values"], right)?, "values", "vectorValue")?;
        let numbers = values.iter().map(|item| match typed(item, depth + 1)? {
            number @ (Value::Float(_) | Value::Int(_)) => Ok(number),
            _ => wrong(format!("`{}` is not a component of a vector: write {right}", brief(item))),
        });
        return numbers.collect();
    };
    let number = |item: &Json| match item.as_f64() {
        Some(number) => Ok(Value::Float(number)),
        None => wrong(format!("`{}` is not a component of a vector: write {right}", brief(item))),
    };
    numbers.iter().map(number).collect()
}

fn path(json: &Json, depth: usize) -> Result<Path, TypedError> {
    if depth > MAX_DEPTH {
        return wrong("a path nests too deeply");
    }
    let right = r#"{"segments": [{"simple": "users"}, {"simple": "alice"}]}"#;
    let mut segments = Vec::new();
    for segment in array_at(keys(json, "pathValue", &["segments"], right)?, "segments", "pathValue")? {
        let no_segment =
            || TypedError::Malformed(format!("`{}` is not a segment of a path: write {right}", brief(segment)));
        let entries = segment.as_object().filter(|entries| entries.len() == 1).ok_or_else(no_segment)?;
        let (kind, inner) = entries.iter().next().ok_or_else(no_segment)?;
        if kind == "simple" {
            segments.push(Segment::Simple(StrBuf::from(inner.as_str().ok_or_else(no_segment)?.to_owned())));
            continue;
        }
        let right = r#"{"variableName": "user"}"#;
        let capture = keys(inner, kind, &["variableName", "boundValue"], right)?;
        let text = |json: &Json| json.as_str().map(|text| StrBuf::from(text.to_owned())).ok_or_else(no_segment);
        let name = text(capture.get("variableName").unwrap_or(&Json::Null))?;
        let bound = capture.get("boundValue");
        segments.push(match kind.as_str() {
            "capture" => Segment::Capture(name, bound.map(text).transpose()?),
            "globCapture" => Segment::Glob(name, bound.map(|bound| path(bound, depth + 1)).transpose()?),
            _ => return Err(no_segment()),
        });
    }
    Ok(Path { segments })
}

/// Writes a value as typed JSON.
pub fn to_typed(value: ValueRef<'_>) -> Json {
    let values = |list: ListRef<'_>| json!({ "values": list.iter().map(to_typed).collect::<Vec<_>>() });
    match value {
        ValueRef::Null => json!({ "nullValue": null }),
        ValueRef::Bool(b) => json!({ "boolValue": b }),
        ValueRef::Int(n) => json!({ "intValue": n.to_string() }),
        ValueRef::Float(n) if n.is_nan() => json!({ "floatValue": "NaN" }),
        ValueRef::Float(n) if n.is_infinite() => {
            json!({ "floatValue": if n > 0.0 { "Infinity" } else { "-Infinity" } })
        }
        ValueRef::Float(n) => json!({ "floatValue": n }),
        ValueRef::String(text) => json!({ "stringValue": text.to_string() }),
        ValueRef::Bytes(bytes) => json!({ "bytesValue": STANDARD.encode(bytes) }),
        ValueRef::Duration(d) => json!({ "durationValue": d.to_string() }),
        ValueRef::Timestamp(t) => json!({ "timestampValue": t.to_string() }),
        ValueRef::LatLng(p) => json!({ "latlngValue": { "latitude": p.latitude(), "longitude": p.longitude() } }),
        ValueRef::List(list) => json!({ "listValue": values(list) }),
        ValueRef::Set(list) => json!({ "setValue": values(list) }),
        ValueRef::Vector(list) => json!({ "vectorValue": values(list) }),
        ValueRef::Map(map) => {
            let fields: JsonMap<_, _> = map.iter().map(|(key, value)| (key.to_string(), to_typed(value))).collect();
            json!({ "mapValue": { "fields": fields } })
        }
        ValueRef::Path(path) => json!({ "pathValue": path_json(path) }),
        ValueRef::MapDiff(diff) => {
            let statuses: JsonMap<_, _> = diff
                .iter()
                .map(|(key, status)| (key.to_string(), json!(format!("{status:?}").to_uppercase())))
                .collect();
            // Protobuf JSON does not distinguish absent from empty; the official engine leaves an empty field out.
            if statuses.is_empty() {
                return json!({ "mapDiffValue": {} });
            }
            json!({ "mapDiffValue": { "keyStatuses": statuses } })
        }
        ValueRef::Constraint(constraint) => {
            let term =
                |(op, value): &(Comparator, Value)| json!({ "comparator": op.name(), "value": to_typed(value.view()) });
            json!({ "constraintValue": { "simpleConstraints": constraint.terms.iter().map(term).collect::<Vec<_>>() } })
        }
        // Typed JSON has no encoding for snapshots, which only database rules have.
        ValueRef::Snapshot(_) => json!({ "undefined": { "causeMessage": value.describe() } }),
        ValueRef::Undefined(message) => json!({ "undefined": { "causeMessage": message } }),
    }
}

fn path_json(path: PathRef<'_>) -> Json {
    let segment = |segment| match segment {
        SegmentRef::Simple(text) => json!({ "simple": text.to_string() }),
        SegmentRef::Capture(name, bound) => json!({ "capture": capture(name, bound.map(|b| json!(b.to_string()))) }),
        SegmentRef::Glob(name, bound) => json!({ "globCapture": capture(name, bound.map(path_json)) }),
    };
    json!({ "segments": path.segments().map(segment).collect::<Vec<_>>() })
}

fn capture(name: Str<'_>, bound: Option<Json>) -> Json {
    let mut fields = JsonMap::new();
    fields.insert("variableName".to_owned(), json!(name.to_string()));
    if let Some(bound) = bound {
        fields.insert("boundValue".to_owned(), bound);
    }
    Json::Object(fields)
}

/// Writes a value as plain JSON for people: values of types that JSON lacks become text.
pub fn to_plain(value: ValueRef<'_>) -> Json {
    match value {
        ValueRef::Null => Json::Null,
        ValueRef::Bool(b) => json!(b),
        ValueRef::Int(n) => json!(n),
        ValueRef::Float(n) if n.is_finite() => json!(n),
        ValueRef::String(text) => json!(text.to_string()),
        ValueRef::Bytes(bytes) => json!(base64(bytes)),
        ValueRef::List(list) | ValueRef::Set(list) | ValueRef::Vector(list) => list.iter().map(to_plain).collect(),
        ValueRef::Map(map) => Json::Object(map.iter().map(|(key, value)| (key.to_string(), to_plain(value))).collect()),
        other => json!(other.describe()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn typed_values_of_another_shape_are_refused_with_the_key_and_what_is_right() {
        let refused = |json: Json| from_typed(&json).err().map(|error| error.to_string()).unwrap_or_default();
        for (json, key, right) in [
            (json!({ "listValue": [1, 2] }), "[1,2]", "values"),
            (json!({ "listValue": { "value": [] } }), "no key `value`", "values"),
            (json!({ "listValue": { "values": 1 } }), "`values` of listValue", "list"),
            (json!({ "setValue": [] }), "setValue", "values"),
            (json!({ "vectorValue": 1 }), "vectorValue", "[1.0, 2.5]"),
            (json!({ "vectorValue": ["a"] }), "\"a\"", "[1.0, 2.5]"),
            (json!({ "vectorValue": { "values": [{ "stringValue": "a" }] } }), "stringValue", "[1.0, 2.5]"),
            (json!({ "mapValue": { "a": 1 } }), "no key `a`", "fields"),
            (json!({ "mapValue": { "fields": [] } }), "`fields` of mapValue", "object"),
            (
                json!({ "mapValue": { "fields": { "__type__": { "stringValue": "__vector__" } } } }),
                "__type__",
                "vectorValue",
            ),
            (json!({ "pathValue": "/a/b" }), "\"/a/b\"", "segments"),
            (json!({ "pathValue": { "segments": ["a"] } }), "\"a\"", "simple"),
            (json!({ "pathValue": { "segments": [{ "capture": { "name": "a" } }] } }), "no key `name`", "variableName"),
            (json!({ "latlngValue": [1.0, 2.0] }), "[1.0,2.0]", "latitude"),
            (json!({ "latlngValue": { "lat": 1.0 } }), "no key `lat`", "latitude"),
            (json!({ "nullValue": 5 }), "5", "null"),
            (json!({ "mapDiffValue": { "a": "ADDED" } }), "no key `a`", "keyStatuses"),
            (json!({ "constraintValue": { "terms": [] } }), "no key `terms`", "simpleConstraints"),
            (json!({ "integerValue": "1" }), "integerValue", "intValue"),
            (json!({ "arrayValue": {} }), "arrayValue", "listValue"),
        ] {
            let message = refused(json.clone());
            assert!(message.contains(key) && message.contains(right), "{json}: {message}");
        }
    }

    #[test]
    fn a_vector_is_written_as_plain_numbers_or_as_typed_ones() {
        let read = |json: Json| from_typed(&json).map(|value| to_typed(value.view())).ok();
        let typed = json!({ "vectorValue": { "values": [{ "floatValue": 1.0 }, { "floatValue": 2.5 }] } });
        assert_eq!(read(json!({ "vectorValue": [1, 2.5] })), Some(typed.clone()));
        assert_eq!(read(typed.clone()), Some(typed));
        assert!(field(&json!({ "__type__": "__vector__", "value": [1.0] })).is_err());
    }

    #[test]
    fn numbers_are_ints_where_they_are_written_so() {
        for (text, int_, double_) in [
            ("7", Some(7), 7.0),
            ("0", Some(0), 0.0),
            ("-0", None, -0.0),
            ("1.0", None, 1.0),
            ("1E2", None, 100.0),
            ("9007199254740993", Some(9_007_199_254_740_993), 9_007_199_254_740_992.0),
            ("18446744073709551615", None, 18_446_744_073_709_551_615.0),
            ("123456789012345678901234567890", None, 1.234_567_890_123_456_8e29),
            ("0.1", None, 0.1),
        ] {
            let n: Number = serde_json::from_str(text).unwrap();
            assert_eq!((int(&n), double(&n).to_bits()), (int_, f64::to_bits(double_)), "{text}");
        }
    }
}
