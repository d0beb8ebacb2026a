//! The JSON schema of suites.

use firewarden::text::{Diagnostics, Source};

use super::node;

/// The JSON schema (draft 7) of suites. The first line `# yaml-language-server: $schema=suite.schema.json` of a suite
/// makes editors complete and check it. The schema covers the form of a suite; only a run checks that users, files and
/// paths exist.
pub const JSON_SCHEMA: &str = include_str!("suite.schema.json");

/// Converts a suite to plain JSON, for validators: anchors and merge keys are resolved, tags left out. A `name` that
/// ends in `.json` selects JSON, any other YAML.
///
/// # Errors
///
/// The text is neither.
pub fn to_json(name: &str, text: &str) -> Result<serde_json::Value, Diagnostics> {
    let source = Source::new(name, text);
    match node::parse(&source) {
        Ok(node) => Ok(node.to_json()),
        Err(problem) => Err(Diagnostics::new(source, vec![*problem])),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use serde_json::Value as Json;

    use super::JSON_SCHEMA;

    #[test]
    fn schema_and_reader_know_the_same_keys() {
        let schema: Json = serde_json::from_str(JSON_SCHEMA).unwrap();
        let keys = |pointer: &str| {
            let mut keys: Vec<String> = schema.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
            keys.sort();
            keys
        };
        let sorted = |keys: &[&str]| {
            let mut keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            keys.sort();
            keys
        };
        assert_eq!(keys("/properties"), sorted(&crate::suite_file::KEYS));
        assert_eq!(keys("/$defs/test/properties"), sorted(&crate::case::KEYS));
        assert_eq!(keys("/$defs/user/oneOf/1/properties"), sorted(&crate::users::KEYS));
        assert_eq!(keys("/$defs/object/properties"), sorted(&firewarden::storage::OBJECT_FIELDS));
    }
}
