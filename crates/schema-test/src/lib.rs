//! Holds the JSON schema of suites against a validator (`tests/schema.rs`).
