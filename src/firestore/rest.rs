//! Fields of documents as Firestore's REST API writes them.

use serde_json::{Map as JsonMap, Value as Json, json};

use crate::value::{
    Map, Path, Value,
    json::{TypedError, VECTOR, from_typed},
};

/// Maximum nesting that is read. Firestore stores 20 levels.
const MAX_DEPTH: usize = 100;

/// Reads the `fields` of a document of Firestore's REST API: `{"n": {"integerValue": "3"}}`. A reference becomes the path
/// that rules see: `/databases/(default)/documents/users/alice`.
///
/// # Errors
///
/// A value that the REST API does not have.
pub fn fields_from_rest(fields: &JsonMap<String, Json>) -> Result<Value, TypedError> {
    map(fields, 0)
}

fn map(fields: &JsonMap<String, Json>, depth: usize) -> Result<Value, TypedError> {
    let fields = fields.iter().map(|(name, field)| Ok((name.as_str(), value(field, depth)?)));
    Ok(Value::Map(fields.collect::<Result<Map, TypedError>>()?))
}

fn value(json: &Json, depth: usize) -> Result<Value, TypedError> {
    let wrong = |message: String| Err(TypedError::Malformed(message));
    if depth > MAX_DEPTH {
        return wrong("a value nests too deeply".to_owned());
    }
    let mut entries = json.as_object().into_iter().flatten();
    let (Some((kind, inner)), None) = (entries.next(), entries.next()) else {
        return wrong("a value of the REST API is an object with one key, such as `integerValue`".to_owned());
    };
    let ours = match kind.as_str() {
        "booleanValue" => "boolValue",
        "integerValue" => "intValue",
        "doubleValue" => "floatValue",
        "geoPointValue" => "latlngValue",
        "nullValue" | "stringValue" | "bytesValue" | "timestampValue" => kind,
        "referenceValue" => {
            // `projects/P/databases/D/documents/…`
            let name = inner.as_str().and_then(|name| name.strip_prefix("projects/"));
            let Some((_, name)) = name.and_then(|name| name.split_once('/')) else {
                return wrong("a reference is a text `projects/…/databases/…/documents/…`".to_owned());
            };
            return Ok(Value::Path(Path::of(name)));
        }
        "arrayValue" => return values(inner, depth).map(Value::List),
        "mapValue" => {
            return match inner.get("fields") {
                Some(Json::Object(fields)) if is_vector(fields) => {
                    let components = fields.get("value").and_then(|value| value.get("arrayValue"));
                    values(components.unwrap_or(&Json::Null), depth).map(Value::Vector)
                }
                Some(Json::Object(fields)) => map(fields, depth + 1),
                Some(_) => wrong("the `fields` of a map are an object".to_owned()),
                None => Ok(Value::Map(Map::new())),
            };
        }
        other => return Err(TypedError::UnknownType(other.to_owned())),
    };
    from_typed(&json!({ ours: inner }))
}

fn values(array: &Json, depth: usize) -> Result<Vec<Value>, TypedError> {
    match array.get("values") {
        Some(Json::Array(items)) => items.iter().map(|item| value(item, depth + 1)).collect(),
        Some(_) => Err(TypedError::Malformed("the `values` of an array are a list".to_owned())),
        None => Ok(Vec::new()),
    }
}

fn is_vector(fields: &JsonMap<String, Json>) -> bool {
    fields.get("__type__").is_some_and(|kind| *kind == json!({ "stringValue": VECTOR }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::value::json::to_typed;

    fn read(fields: &Json) -> Result<Value, TypedError> {
        fields_from_rest(fields.as_object().unwrap())
    }

    #[test]
    fn fields_are_read_as_rules_see_them() {
        let fields = json!({
            "n": { "integerValue": "2" },
            "gone": { "nullValue": null },
            "null": { "nullValue": "NULL_VALUE" },
            "x": { "doubleValue": "NaN" },
            "r": { "referenceValue": "projects/p/databases/(default)/documents/q/w" },
            "v": { "mapValue": { "fields": {
                "__type__": { "stringValue": "__vector__" },
                "value": { "arrayValue": { "values": [{ "doubleValue": 1.5 }] } } } } },
            "e": { "arrayValue": {} },
            "m": { "mapValue": {} },
            "at": { "timestampValue": "2026-01-01T00:00:00.123456Z" },
            "geo": { "geoPointValue": { "latitude": 1 } },
        });
        let segments = ["databases", "(default)", "documents", "q", "w"].map(|name| json!({ "simple": name }));
        let seen = json!({ "mapValue": { "fields": {
            "n": { "intValue": "2" },
            "gone": { "nullValue": null },
            "null": { "nullValue": null },
            "x": { "floatValue": "NaN" },
            "r": { "pathValue": { "segments": segments } },
            "v": { "vectorValue": { "values": [{ "floatValue": 1.5 }] } },
            "e": { "listValue": { "values": [] } },
            "m": { "mapValue": { "fields": {} } },
            "at": { "timestampValue": "2026-01-01T00:00:00.123456Z" },
            "geo": { "latlngValue": { "latitude": 1.0, "longitude": 0.0 } },
        } } });
        assert_eq!(to_typed(read(&fields).unwrap().view()), seen);
    }

    #[test]
    fn what_the_rest_api_does_not_have_is_refused() {
        for field in [json!({ "intValue": "1" }), json!({}), json!(1), json!({ "referenceValue": "q/w" })] {
            assert!(read(&json!({ "a": field })).is_err(), "{field}");
        }
        let deep =
            (0..300).fold(json!({ "nullValue": null }), |inner, _| json!({ "arrayValue": { "values": [inner] } }));
        assert!(read(&json!({ "a": deep })).is_err());
    }
}
