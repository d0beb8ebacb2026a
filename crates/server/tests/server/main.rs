//! Servers on free ports and clients that speak to them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod client;
mod hostile;
mod long_poll;
mod rest;
mod sessions;
mod settings;
mod stream;
