//! The official formats: test requests of the Rules API, and coverage as the Firestore emulator reports it.

#![cfg(feature = "suite")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "official/coverage/mod.rs"]
mod coverage;
#[path = "official/requests/mod.rs"]
mod requests;
