//! JSON of test requests to values as rules see them.
//!
//! Plain JSON has no timestamps, paths and whole numbers of its own, so what a field is decides: `request.time` and the
//! two times of an object in Storage are timestamps, `request.path` and the argument of a mock are paths, and a number
//! without a fraction is an int however it is written. Anything else that JSON lacks is written as a typed value, such
//! as `{"timestampValue": "2026-01-01T00:00:00Z"}` or `{"floatValue": 1}`.

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
    reader::{Place, RequestError, kind},
};

/// A value of any kind.
pub(super) fn any(place: &Place<'_>) -> Result<Value, RequestError> {
    place.shallow()?;
    Ok(match place.json {
        Json::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(n), _) => Value::Int(n),
            (None, Some(n)) if n.fract() == 0.0 && (i64::MIN as f64..-(i64::MIN as f64)).contains(&n) => {
                Value::Int(n as i64)
            }
            (None, n) => Value::Float(n.unwrap_or(f64::NAN)),
        },
        Json::Array(_) => {
            let elements = Place::elements(Some(place.clone()))?;
            Value::List(elements.iter().map(any).collect::<Result<_, _>>()?)
        }
        Json::Object(_) if is_typed(place.json) => typed(place)?,
        Json::Object(_) => Value::Map(map(place, |_, value| any(value))?),
        other => Value::from(other),
    })
}

fn is_typed(json: &Json) -> bool {
    let one = json.as_object().filter(|fields| fields.len() == 1);
    one.and_then(|fields| fields.keys().next()).is_some_and(|kind| kind.ends_with("Value"))
}

fn typed(place: &Place<'_>) -> Result<Value, RequestError> {
    from_typed(place.json).or_else(|error| place.fail(error.to_string()))
}

fn map(
    place: &Place<'_>,
    mut value: impl FnMut(&str, &Place<'_>) -> Result<Value, RequestError>,
) -> Result<Map, RequestError> {
    let Json::Object(fields) = place.json else {
        return place.fail(format!("an object is expected, not {}", kind(place.json)));
    };
    let mut map = Map::new();
    for (name, json) in fields {
        map.insert(name.as_str(), value(name, &place.child(name, json))?);
    }
    Ok(map)
}

/// The segments of a path, a slash before it optional.
pub(super) fn segments(place: &Place<'_>, encoding: Encoding) -> Result<Vec<String>, RequestError> {
    let text = place.text()?;
    let segments = match encoding {
        Encoding::Url => decode_path(text),
        Encoding::Plain => {
            split_path(text).map(|segments| segments.into_iter().map(str::to_owned).collect()).map_err(str::to_owned)
        }
    };
    segments.or_else(|why| place.fail(format!("{text:?} is no path: {why}")))
}

/// A path as a value.
pub(super) fn path(segments: &[String]) -> Value {
    let segments = segments.iter().map(|text| Segment::Simple(StrBuf::from(text.clone())));
    Value::Path(Path { segments: segments.collect() })
}

/// The variable `request`; `path` is the one that was read already.
pub(super) fn request(place: &Place<'_>, service: &str, path: Value) -> Result<Value, RequestError> {
    let mut request = map(place, |name, value| match name {
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

fn timestamp(place: &Place<'_>) -> Result<Value, RequestError> {
    let found = match place.json {
        Json::String(text) => text.parse::<Timestamp>().map(Value::Timestamp).ok(),
        _ if is_typed(place.json) => Some(typed(place)?).filter(|value| matches!(value, Value::Timestamp(_))),
        _ => None,
    };
    match found {
        Some(time) => Ok(time),
        None => place.fail(format!("{} is no time, which is written as \"2026-01-31T12:00:00Z\"", place.json)),
    }
}

/// Null, or who is signed in.
fn auth(place: &Place<'_>) -> Result<Value, RequestError> {
    if place.json.is_null() {
        return Ok(Value::Null);
    }
    map(place, |name, value| match (name, value.json) {
        ("uid", Json::String(_)) | ("token", Json::Object(_)) => any(value),
        ("uid", other) => value.fail(format!("a text is expected, not {}", kind(other))),
        ("token", other) => value.fail(format!("an object with claims is expected, not {}", kind(other))),
        _ => value.fail("auth has uid and token"),
    })
    .map(Value::Map)
}

/// The variable `resource`, also the one of the request: null, a document or an object.
pub(super) fn resource(place: &Place<'_>, service: &str) -> Result<Value, RequestError> {
    match place.json {
        Json::Null => Ok(Value::Null),
        Json::Object(_) if is_typed(place.json) => typed(place),
        Json::Object(_) if service == firestore::SERVICE => document(place),
        Json::Object(_) => map(place, |name, value| match (name, value.json) {
            ("timeCreated" | "updated", Json::String(_)) => timestamp(value),
            // 64-bit numbers are texts in the JSON of objects.
            ("size" | "generation" | "metageneration", Json::String(digits)) => match digits.parse() {
                Ok(number) => Ok(Value::Int(number)),
                Err(_) => value.fail(format!("a whole number is expected, not {digits:?}")),
            },
            _ => any(value),
        })
        .map(Value::Map),
        other => place.fail(format!("an object is expected, not {}", kind(other))),
    }
}

/// A document as rules see it: its fields stand in `data`.
pub(super) fn document(place: &Place<'_>) -> Result<Value, RequestError> {
    if place.json.get("data").is_none() {
        return place.fail("a document is {\"data\": {…}}, with its fields in data");
    }
    let document = map(place, |name, value| match (name, value.json) {
        ("__name__", Json::String(text)) => Ok(Value::Path(Path::of(text))),
        ("data", Json::Object(_)) | ("id" | "__name__", _) => any(value),
        ("data", other) => value.fail(format!("an object with fields is expected, not {}", kind(other))),
        _ => value.fail("a document has data, id and __name__"),
    });
    document.map(Value::Map)
}

/// Which service a path belongs to: objects and documents have different ones.
pub(super) fn service_of(place: &Place<'_>, segments: &[String]) -> Result<&'static str, RequestError> {
    let at = |index: usize| segments.get(index).map(String::as_str);
    match (at(0), at(2)) {
        (Some("databases"), Some("documents")) => Ok(firestore::SERVICE),
        (Some("b"), Some("o")) => Ok(storage::SERVICE),
        _ => place
            .fail("a path begins with /databases/(default)/documents/ for a document, with /b/BUCKET/o/ for an object"),
    }
}
