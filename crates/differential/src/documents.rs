//! Fields of documents: as the REST API of Firestore writes them, and as rules see them.

use anyhow::Result;
use firewarden::{firestore::fields_from_rest, value::json::to_typed};
use serde_json::Value as Json;

/// Fields of a document as the typed JSON of rules.
///
/// # Errors
///
/// A value that the REST API does not have.
pub fn as_rules_see(fields: &Json) -> Result<Json> {
    let fields = fields.as_object().cloned().unwrap_or_default();
    Ok(to_typed(fields_from_rest(&fields)?.view()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
