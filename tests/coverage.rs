//! Coverage of rules: counts against counts made by hand, and what the reports look like.

#![cfg(feature = "suite")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "coverage/corpus.rs"]
mod corpus;
#[path = "coverage/counts.rs"]
mod counts;
#[path = "coverage/hand.rs"]
mod hand;
#[path = "coverage/reports.rs"]
mod reports;
