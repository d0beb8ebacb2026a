//! Stand-ins for the official Firebase emulators: Authentication, Realtime Database, Cloud Storage, the hub, and the
//! rules endpoints of Firestore. Unmodified clients and test suites run on them.
//!
//! Protocols and texts are those of the official emulators as their clients know them; `docs/serve.md` lists what differs.

#![forbid(unsafe_code)]

mod answer;
mod auth;
mod body;
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
mod memory;
mod page;
mod rules;
pub mod runtime;
mod server;
mod shared;
mod storage;

pub use clock::Clock;
pub use disk::DiskError;
pub use server::{Builder, Server, StartError};

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use tokio::runtime::{Handle, RuntimeFlavor};

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

/// How often a thread that serves clients looks for a mutex before it leaves its other clients to another thread.
const LOOKS: usize = 100;

/// As [`lock`], for threads that serve clients: if whoever has the mutex takes long, they go on with others meanwhile.
fn lock_or_wait<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    for _ in 0..LOOKS {
        match mutex.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    at_length(|| lock(mutex))
}

/// Does what may take long, if it is that much.
fn at_length_if<T>(is_long: bool, work: impl FnOnce() -> T) -> T {
    if is_long { at_length(work) } else { work() }
}

/// Does what may take long. The other clients of the thread are served by another one meanwhile, if there are several.
fn at_length<T>(work: impl FnOnce() -> T) -> T {
    let has_others = Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread);
    if has_others { tokio::task::block_in_place(work) } else { work() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::{Arc, mpsc};

    use super::*;

    #[test]
    fn who_waits_for_a_mutex_keeps_no_other_client_from_its_thread() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let mutex = Arc::new(Mutex::new(1));
        let taken = lock(&mutex);
        let waits = Arc::clone(&mutex);
        let (about_to_wait, is_about_to_wait) = mpsc::channel();
        let waiting = runtime.spawn(async move {
            about_to_wait.send(()).unwrap();
            *lock_or_wait(&waits)
        });
        is_about_to_wait.recv().unwrap();
        assert_eq!(runtime.block_on(runtime.spawn(async { 2 })).unwrap(), 2);
        drop(taken);
        assert_eq!(runtime.block_on(waiting).unwrap(), 1);
    }

    #[tokio::test]
    async fn what_takes_long_is_done_also_by_a_single_thread() {
        assert_eq!(at_length(|| 1), 1);
        assert_eq!(*lock_or_wait(&Mutex::new(1)), 1);
    }
}
