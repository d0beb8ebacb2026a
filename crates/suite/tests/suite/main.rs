//! Rules unit tests: what suites say, what they refuse, how they run, what is reported, what they cover.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod coverage;
mod embedding;
mod examples;
mod kinds;
mod mistaken;
mod mistakes;
mod pages;
mod production;
mod reports;
mod rules_api;
mod running;
