//! Stand-ins for the official Firebase emulators: Authentication, Realtime Database, Cloud Storage, the hub, and the
//! rules endpoints of Firestore. Unmodified clients and test suites run on them.
//!
//! Protocols and texts are those of the official emulators as their clients know them; `docs/serve.md` lists what differs.

#![forbid(unsafe_code)]

mod answer;
mod auth;
mod client;
mod clock;
mod control;
pub mod database;
mod disk;
mod export;
mod firestore;
mod hub;
mod journal;
mod listener;
mod page;
mod rules;
pub mod runtime;
mod server;
mod shared;
mod storage;

pub use clock::Clock;
pub use disk::DiskError;
pub use server::{Builder, Server, StartError};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A service that has a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Service {
    /// The hub, which tells clients where the others are.
    Hub,
    /// Authentication.
    Auth,
    /// Realtime Database.
    Database,
    /// Cloud Storage.
    Storage,
    /// The rules endpoints of Firestore.
    Firestore,
    /// The page that shows requests and data.
    Page,
}

impl Service {
    /// The name in `firebase.json` and in the answers of the hub.
    pub fn name(self) -> &'static str {
        match self {
            Service::Hub => "hub",
            Service::Auth => "auth",
            Service::Database => "database",
            Service::Storage => "storage",
            Service::Firestore => "firestore",
            Service::Page => "ui",
        }
    }

    /// The port of the official emulator.
    pub fn default_port(self) -> u16 {
        match self {
            Service::Hub => 4400,
            Service::Auth => 9099,
            Service::Database => 9000,
            Service::Storage => 9199,
            Service::Firestore => 8080,
            Service::Page => 4000,
        }
    }
}

/// Locks a mutex. A thread that panicked under it left the state whole or not at all; the next request finds out.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
