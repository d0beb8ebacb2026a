//! The engine: what it accepts, decides, explains and refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod api;
mod bad_input;
mod citations;
mod clock;
mod corpus;
mod database;
mod diagnostics;
mod grammar;
mod hot;
mod identity;
mod layering;
mod lints;
mod patterns;
mod properties;
mod queries;
mod stdlib;
mod words;
