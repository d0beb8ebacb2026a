//! The official formats: test requests of the Rules API, and coverage as the Firestore emulator reports it.
/// Placeholder until the report is there.
pub fn coverage(_: &crate::firestore::Ruleset, _: &crate::eval::Coverage) -> serde_json::Value {
    serde_json::Value::Null
}
