//! Fields of documents: as the REST API of Firestore writes them, and as rules see them.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map as JsonMap, Value as Json, json};

/// Fields of a document as the typed JSON of rules. `referenceValue` names documents of any project.
///
/// # Errors
///
/// A value that the REST API does not have.
pub fn as_rules_see(fields: &Json) -> Result<Json> {
    let fields = fields.as_object().into_iter().flatten();
    let fields: Result<JsonMap<_, _>> = fields.map(|(name, value)| Ok((name.clone(), typed(value)?))).collect();
    Ok(json!({ "mapValue": { "fields": fields? } }))
}

fn typed(value: &Json) -> Result<Json> {
    let (kind, inner) = value.as_object().and_then(|o| o.iter().next()).context("a value has one key")?;
    Ok(match kind.as_str() {
        "nullValue" => json!({ "nullValue": null }),
        "booleanValue" => json!({ "boolValue": inner }),
        "integerValue" => json!({ "intValue": inner }),
        "doubleValue" => json!({ "floatValue": inner }),
        "stringValue" => json!({ "stringValue": inner }),
        "bytesValue" => json!({ "bytesValue": inner }),
        "timestampValue" => json!({ "timestampValue": inner }),
        "geoPointValue" => json!({ "latlngValue": inner }),
        "referenceValue" => {
            // `projects/P/databases/D/documents/…`: rules see it from `databases` on.
            let name = inner.as_str().unwrap_or_default();
            let segments = name.split('/').skip(2).map(|segment| json!({ "simple": segment }));
            json!({ "pathValue": { "segments": segments.collect::<Vec<_>>() } })
        }
        "arrayValue" => json!({ "listValue": { "values": values(inner)? } }),
        "mapValue" if is_vector(inner) => {
            json!({ "vectorValue": { "values": values(&inner["fields"]["value"]["arrayValue"])? } })
        }
        "mapValue" => as_rules_see(&inner["fields"])?,
        other => bail!("{other} is no kind of value"),
    })
}

fn values(array: &Json) -> Result<Vec<Json>> {
    array["values"].as_array().into_iter().flatten().map(typed).collect()
}

fn is_vector(map: &Json) -> bool {
    map["fields"]["__type__"]["stringValue"] == "__vector__"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_rules_see_them() -> Result<()> {
        let fields = json!({
            "n": { "integerValue": "2" },
            "r": { "referenceValue": "projects/p/databases/(default)/documents/q/w" },
            "v": { "mapValue": { "fields": {
                "__type__": { "stringValue": "__vector__" },
                "value": { "arrayValue": { "values": [{ "doubleValue": 1.5 }] } } } } },
            "e": { "arrayValue": {} },
        });
        let segments = json!([
            { "simple": "databases" }, { "simple": "(default)" }, { "simple": "documents" }, { "simple": "q" },
            { "simple": "w" }
        ]);
        let seen = json!({ "mapValue": { "fields": {
            "n": { "intValue": "2" },
            "r": { "pathValue": { "segments": segments } },
            "v": { "vectorValue": { "values": [{ "floatValue": 1.5 }] } },
            "e": { "listValue": { "values": [] } },
        } } });
        assert_eq!(as_rules_see(&fields)?, seen);
        Ok(())
    }
}
