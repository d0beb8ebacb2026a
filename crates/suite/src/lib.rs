//! Unit tests for Firebase Security Rules: suites, runs, coverage and reports.
//!
//! A suite is a file `*.test.yaml`, `*.test.yml` or `*.test.json`:
//!
//! ```yaml
//! rules: storage.rules                  # relative to this file; the content determines the product
//! now: 2026-11-22T10:00:00Z             # the clock; a test may set its own
//! users:
//!   owner: { uid: alice }
//!   admin: { uid: root, provider: google.com, claims: { admin: true } }
//!   signed: { token: tokens/alice.jwt, keys: tokens/jwks.json, project: demo-app }
//!   banned: { uid: mallory, beforeSignIn: { throw: permission-denied } }
//! objects:
//!   users/alice/cat.png: { size: 1024, contentType: image/png }
//! tests:
//!   - name: an owner replaces her picture, a guest does not
//!     create: users/alice/cat.png
//!     with: { size: 2048, contentType: image/png }
//!     expect: { owner: allow, signed: allow, guest: deny, banned: no-sign-in }
//!   - name: not even an administrator uploads a film
//!     as: admin
//!     create: users/alice/film.mp4
//!     with: { size: 2048, contentType: video/mp4 }
//!     expect: deny
//!     because: storage.rules:12
//! ```
//!
//! [`JSON_SCHEMA`] describes every key; `docs/suites.md` is an introduction. The keys of a test:
//!
//! | key | |
//! |---|---|
//! | `get` `list` `create` `update` `delete` | the request; `read` stands for get and list, `write` for create, update and delete, one test each; `set` of Firestore is create or update. Databases have `read`, `write` (or `set`), `update` and `delete` |
//! | `as` | the user or users, by name or as `{ uid: alice }`; several users are a test each. Without `as`, nobody is signed in |
//! | `with`, `merge`, `remove` | the new value, or the changes to the stored value |
//! | `query` | the query of a list or a read |
//! | `expect` | `allow`, `deny`, `no-sign-in`, or a verdict for each user |
//! | `because` | the expected cause: a line of the rules, `no-match`, `false`, `error`, `invalid`, `refused` |
//! | `now`, `objects`, `documents`, `data`, `after`, `batch`, `bucket`, `database`, `transport`, `params` | settings of this test |
//! | `skip` | the reason for which the test is skipped |
//!
//! A user has a `uid` with `claims`, taken as they are; a sign-in `provider`, which gives the claims of such tokens; a real
//! `token`, verified at the time of each request; or the response of a blocking function (`beforeCreate`, `beforeSignIn`).
//! Values that JSON lacks are tagged (`!timestamp now-1h`, `!bytes aGk=`, `!latlng [48.1, 11.6]`, `!path /databases/…`,
//! `!duration 90s`, `!float 1`) or typed (`{timestampValue: …}`); writes also have transforms (`!serverTimestamp`,
//! `!increment 1`, `!arrayUnion [a]`).
//!
//! Whatever could let a test pass by mistake is an error with its location: a misspelt key, an unknown user, a wildcard in
//! a path, an unknown field of an object. An expected denial gets a note if its cause is an error, or if no rule covers the
//! request.
//!
//! ```
//! use firewarden_suite::{Options, Suites, report};
//! use std::{collections::BTreeMap, path::PathBuf};
//!
//! let files = BTreeMap::from([
//!     (PathBuf::from("open.rules"), "service firebase.storage { match /b/{b}/o/{o} { allow read; } }".to_owned()),
//!     (PathBuf::from("open.test.yaml"), "rules: open.rules\ntests:\n  - { get: a, expect: allow }\n".to_owned()),
//! ]);
//! let suites = Suites::load(&files, &[PathBuf::from("open.test.yaml")], "2026-11-22T10:00:00Z".parse()?);
//! let run = suites.run(&Options::default(), &|_| ());
//! assert!(suites.errors.is_empty() && run.passed());
//! println!("{}", report::human(&run, report::Layout::default()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In `cargo test`, [`assert_folder`] runs the suites of a folder, and [`assert_allowed`] and [`assert_denied`] fail
//! hand-written tests with the trace.

mod case;
pub mod clock;
mod computed_metadata;
pub mod coverage;
mod embed;
mod error;
mod expected_cause;
mod file_reader;
mod files;
mod fingerprint;
pub mod invariants;
mod load;
pub mod missing_metadata;
mod node;
mod note;
mod outcome;
pub mod paths;
mod project;
pub mod report;
pub mod rules_api;
mod run;
mod schema;
pub mod seeds;
mod select;
mod suite_file;
mod synonyms;
mod transforms;
mod unused;
mod users;
mod values;

pub use embed::{ExplainedDecision, assert_allowed, assert_denied, assert_folder, run_folder};
pub use error::LoadError;
pub use files::{Disk, Files, discover, discover_invariants, is_invariants, is_suite};
pub use files::{UTF16, is_utf16};
pub use fingerprint::Location;
pub use load::{Suite, Suites};
pub use note::Note;
pub use outcome::{TestFailure, TestOutcome, TestResult};
pub use project::{Emulator, Emulators, ProjectError, RulesFile, Target, emulators, project};
pub use run::{Options, Run, SuiteLine, TestId};
pub use schema::{JSON_SCHEMA, to_json};
pub use select::ListedTest;
