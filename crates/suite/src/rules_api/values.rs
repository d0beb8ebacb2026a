//! Converts the JSON of test requests to values.
//!
//! Plain JSON has no timestamps, paths and integers, so the field decides the type: `request.time` and the two times of
//! a Storage object are timestamps, `request.path` and the argument of a mock are paths, and a number without a
//! fraction is an int, however it is written. Typed values such as `{"timestampValue": "2026-01-01T00:00:00Z"}` or
//! `{"floatValue": 1}` express everything else.

use serde_json::Value as Json;

use firewarden::{
    firestore, storage,
    value::{
        Map, Path, Segment, StrBuf, Timestamp, Value,
        json::from_typed,
        path::{decode_path, split_path},
    },
};

use super::{
    case::Encoding,
    reader::{JsonLocation, RequestError, kind},
};

/// Converts any value.
pub(super) fn any(location: &JsonLocation<'_>) -> Result<Value, RequestError> {
    location.shallow()?;
    Ok(match location.json {
        Json::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(n), _) => Value::Int(n),
            (None, Some(n)) if n.fract() == 0.0 && (i64::MIN as f64..-(i64::MIN as f64)).contains(&n) => {
                Value::Int(n as i64)
            }
            (None, n) => Value::Float(n.unwrap_or(f64::NAN)),
        },
        Json::Array(_) => {
            let elements = JsonLocation::elements(Some(location.clone()))?;
            Value::List(elements.iter().map(any).collect::<Result<_, _>>()?)
        }
        Json::Object(_) if is_typed(location.json) => typed(location)?,
        Json::Object(_) => Value::Map(map(location, |_, value| any(value))?),
        other => Value::from(other),
    })
}

fn is_typed(json: &Json) -> bool {
    let one = json.as_object().filter(|fields| fields.len() == 1);
    one.and_then(|fields| fields.keys().next()).is_some_and(|kind| kind.ends_with("Value"))
}

fn typed(location: &JsonLocation<'_>) -> Result<Value, RequestError> {
    from_typed(location.json).or_else(|error| location.fail(error.to_string()))
}

fn map(
    location: &JsonLocation<'_>,
    mut value: impl FnMut(&str, &JsonLocation<'_>) -> Result<Value, RequestError>,
) -> Result<Map, RequestError> {
    let Json::Object(fields) = location.json else {
        return location.fail(format!("expected an object, not {}", kind(location.json)));
    };
    let mut map = Map::new();
    for (name, json) in fields {
        map.insert(name.as_str(), value(name, &location.child(name, json))?);
    }
    Ok(map)
}

/// The segments of a path, with or without a leading slash.
pub(super) fn segments(location: &JsonLocation<'_>, encoding: Encoding) -> Result<Vec<String>, RequestError> {
    let text = location.text()?;
    let segments = match encoding {
        Encoding::Url => decode_path(text),
        Encoding::Plain => {
            split_path(text).map(|segments| segments.into_iter().map(str::to_owned).collect()).map_err(str::to_owned)
        }
    };
    segments.or_else(|why| location.fail(format!("invalid path `{text}`: {why}")))
}

/// A path as a value.
pub(super) fn path(segments: &[String]) -> Value {
    let segments = segments.iter().map(|text| Segment::Simple(StrBuf::from(text.clone())));
    Value::Path(Path { segments: segments.collect() })
}

/// Converts the variable `request`; `path` is its path, converted before.
pub(super) fn request(location: &JsonLocation<'_>, service: &str, path: Value) -> Result<Value, RequestError> {
    let mut request = map(location, |name, value| match name {
        "path" => Ok(path.clone()),
        "time" => timestamp(value),
        "auth" => auth(value),
        "resource" => resource(value, service),
        _ => any(value),
    })?;
    if request.get("auth").is_none() {
        request.insert("auth", Value::Null);
    }
    Ok(Value::Map(request))
}

fn timestamp(location: &JsonLocation<'_>) -> Result<Value, RequestError> {
    let found = match location.json {
        Json::String(text) => text.parse::<Timestamp>().map(Value::Timestamp).ok(),
        _ if is_typed(location.json) => Some(typed(location)?).filter(|value| matches!(value, Value::Timestamp(_))),
        _ => None,
    };
    match found {
        Some(time) => Ok(time),
        None => location.fail(format!("invalid time {}; write \"2026-01-31T12:00:00Z\"", location.json)),
    }
}

/// Converts `auth`: null, or the user.
fn auth(location: &JsonLocation<'_>) -> Result<Value, RequestError> {
    if location.json.is_null() {
        return Ok(Value::Null);
    }
    map(location, |name, value| match (name, value.json) {
        ("uid", Json::String(_)) | ("token", Json::Object(_)) => any(value),
        ("uid", other) => value.fail(format!("expected a string, not {}", kind(other))),
        ("token", other) => value.fail(format!("expected an object with claims, not {}", kind(other))),
        _ => value.fail("unknown field of `auth`; expected uid or token"),
    })
    .map(Value::Map)
}

/// Converts `resource` or `request.resource`: null, a document or an object.
pub(super) fn resource(location: &JsonLocation<'_>, service: &str) -> Result<Value, RequestError> {
    match location.json {
        Json::Null => Ok(Value::Null),
        Json::Object(_) if is_typed(location.json) => typed(location),
        Json::Object(_) if service == firestore::SERVICE => document(location),
        Json::Object(_) => map(location, |name, value| match (name, value.json) {
            ("timeCreated" | "updated", Json::String(_)) => timestamp(value),
            // The JSON of objects has 64-bit numbers as strings.
            ("size" | "generation" | "metageneration", Json::String(digits)) => match digits.parse() {
                Ok(number) => Ok(Value::Int(number)),
                Err(_) => value.fail(format!("expected a whole number, not `{digits}`")),
            },
            _ => any(value),
        })
        .map(Value::Map),
        other => location.fail(format!("expected an object, not {}", kind(other))),
    }
}

/// Converts a document, whose fields are in `data`.
pub(super) fn document(location: &JsonLocation<'_>) -> Result<Value, RequestError> {
    if location.json.get("data").is_none() {
        return location.fail("a document is {\"data\": {…}}, with its fields in data");
    }
    let document = map(location, |name, value| match (name, value.json) {
        ("__name__", Json::String(text)) => Ok(Value::Path(Path::of(text))),
        ("data", Json::Object(_)) | ("id" | "__name__", _) => any(value),
        ("data", other) => value.fail(format!("expected an object with fields, not {}", kind(other))),
        _ => value.fail("unknown field of a document; expected data, id or __name__"),
    });
    document.map(Value::Map)
}

/// The service of a path: paths of objects and of documents differ.
pub(super) fn service_of(location: &JsonLocation<'_>, segments: &[String]) -> Result<&'static str, RequestError> {
    let at = |index: usize| segments.get(index).map(String::as_str);
    match (at(0), at(2)) {
        (Some("databases"), Some("documents")) => Ok(firestore::SERVICE),
        (Some("b"), Some("o")) => Ok(storage::SERVICE),
        _ => location
            .fail("expected a path that begins with /databases/(default)/documents/ for a document, or /b/BUCKET/o/ for an object"),
    }
}
