//! The command: what it prints, and its exit status.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod analysis;
mod bad_input;
mod check;
mod ci;
mod clock;
mod docs;
mod documents;
mod hints;
#[cfg(unix)]
mod java;
#[path = "../../../suite/tests/suite/kinds.rs"]
mod kinds;
mod layout;
mod lints;
mod oracle;
mod pressure;
mod project;
mod runner;
mod selection;
#[cfg(unix)]
mod serve;
mod suites;
mod tokens;
