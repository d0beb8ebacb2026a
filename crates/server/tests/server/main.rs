//! Servers on free ports, and clients that speak to them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod auth;
mod client;
mod control;
mod hostile;
mod http;
mod long_poll;
mod rest;
mod sessions;
mod settings;
mod storage;
mod stream;
