//! Values as data that suites and `firewarden eval` read back, and in the words of the rules language.

use firewarden::{
    Value,
    value::{
        Map,
        json::{to_plain, to_typed},
    },
};
use serde_json::{Map as JsonMap, Value as Json};

/// A value of a document as people write it: plain JSON, with typed values for what JSON lacks.
pub(super) fn written(value: &Value) -> Json {
    match value {
        Value::Map(map) => fields(map).map_or_else(|| to_typed(value.view()), Json::Object),
        Value::List(items) => items.iter().map(written).collect(),
        // YAML reads a whole number with a fraction as an int.
        Value::Float(n) if n.fract() == 0.0 || !n.is_finite() => to_typed(value.view()),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => to_plain(value.view()),
        _ => to_typed(value.view()),
    }
}

/// The fields of a document, each as [`written`] gives it; `None` for a map that only its typed form tells from a typed
/// value.
fn fields(map: &Map) -> Option<JsonMap<String, Json>> {
    let looks_typed = map.len() == 1 && map.iter().all(|(key, _)| key.ends_with("Value"));
    (!looks_typed).then(|| document(map))
}

/// The fields of a whole document, which is never a typed value.
pub(super) fn document(map: &Map) -> JsonMap<String, Json> {
    map.iter().map(|(key, value)| (key.to_owned(), written(value))).collect()
}

/// A value as the rules language would write it.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::String(_) => {
            format!("'{}'", value.as_str().unwrap_or_default().replace('\\', "\\\\").replace('\'', "\\'"))
        }
        Value::List(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Map(map) if map.is_empty() => "{}".to_owned(),
        Value::Map(map) => format!("{{ {} }}", entries(map)),
        Value::Timestamp(time) => {
            let text = time.to_string();
            text.strip_suffix("T00:00:00Z").map_or(text.clone(), str::to_owned)
        }
        Value::Float(n) if n.fract() == 0.0 && n.abs() < 1e15 => format!("{n:.1}"),
        value => match to_plain(value.view()) {
            Json::String(text) => text,
            json => json.to_string(),
        },
    }
}

/// The entries of a map: `size: 1, contentType: 'image/png'`.
pub(super) fn entries(map: &Map) -> String {
    let bare = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let entry = |(key, value): (&str, &Value)| match bare(key) {
        true => format!("{key}: {}", literal(value)),
        false => format!("'{key}': {}", literal(value)),
    };
    map.iter().map(entry).collect::<Vec<_>>().join(", ")
}
