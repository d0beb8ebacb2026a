//! Identity: the recorded cases, with tokens that are really signed and verified, and what the cases do not reach.

#![cfg(feature = "verify")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "identity/callables.rs"]
mod callables;
#[path = "identity/cases.rs"]
mod cases;
#[path = "identity/claims.rs"]
mod claims;
#[path = "identity/example.rs"]
mod example;
#[path = "identity/functions.rs"]
mod functions;
#[path = "identity/hints.rs"]
mod hints;
#[path = "identity/issuers.rs"]
mod issuers;
#[path = "identity/keys.rs"]
mod keys;
#[path = "identity/mapping.rs"]
mod mapping;
#[path = "identity/properties.rs"]
mod properties;
#[path = "identity/simulation.rs"]
mod simulation;
#[path = "identity/tokens.rs"]
mod tokens;
#[path = "identity/verification.rs"]
mod verification;
