//! Rules unit tests: files of tests, their runs, coverage and reports.
//!
//! A suite is a file `*.test.yaml`, `*.test.yml` or `*.test.json`:
//!
//! ```yaml
//! rules: storage.rules                  # beside this file; the kind is read from the content
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
//! [`JSON_SCHEMA`] has every key with what it means; `docs/suites.md` is for newcomers. What a test says:
//!
//! | key | |
//! |---|---|
//! | `get` `list` `create` `update` `delete` | the request; `read` is get and list, `write` is create, update and delete, one test each; `set` of Firestore is create or update. Of a database: `read`, `write` (or `set`), `update`, `delete` |
//! | `as` | the user, or several: one test each; by name, or stated there: `{ uid: alice }`. Without it nobody is signed in |
//! | `with`, `merge`, `remove` | what is written, as it will be; or what changes of what is stored |
//! | `query` | what a list or a read asks for |
//! | `expect` | `allow`, `deny`, `no-sign-in`, or one of them by user |
//! | `because` | what has to decide: a line of the rules, `no-match`, `false`, `error`, `invalid`, `refused` |
//! | `now`, `objects`, `documents`, `data`, `after`, `batch`, `bucket`, `database`, `transport`, `params` | the circumstances of this test |
//! | `skip` | why it is not run |
//!
//! Users are stated by `uid` and `claims` as they are; by a sign-in `provider`, with the claims that tokens of that
//! provider have; by a real `token`, verified at the time of each request; or with what a blocking function
//! (`beforeCreate`, `beforeSignIn`) returns or throws. Values that JSON lacks are tagged (`!timestamp now-1h`,
//! `!bytes aGk=`, `!latlng [48.1, 11.6]`, `!path /databases/…`, `!duration 90s`, `!float 1`) or typed
//! (`{timestampValue: …}`); a write has transforms, too (`!serverTimestamp`, `!increment 1`, `!arrayUnion [a]`).
//!
//! Whatever could let a test pass by mistake is an error with its place: a misspelt key, an unknown user, a wildcard in
//! a path, a field that objects lack. A denial that came from an error, or of a request that no rule covers, is noted.
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
//! Within `cargo test`, [`assert_folder`] runs the suites of a folder, and [`assert_allowed`] and [`assert_denied`] fail
//! hand-written tests with the trace.

mod because;
mod case;
mod cause;
mod clock;
mod content;
pub mod coverage;
mod embed;
mod error;
mod files;
mod idioms;
mod load;
mod node;
mod note;
pub mod official;
mod outcome;
mod part;
pub mod paths;
mod project;
mod reading;
pub mod report;
mod run;
mod schema;
pub mod seeds;
mod select;
mod transforms;
pub mod unstated;
mod unused;
mod users;
mod values;

pub use cause::Place;
pub use embed::{Decided, assert_allowed, assert_denied, assert_folder, run_folder};
pub use error::LoadError;
pub use files::{Disk, Files, discover, is_suite};
pub use files::{UTF16, is_utf16};
pub use load::{Suite, Suites};
pub use note::Note;
pub use outcome::{Failure, Outcome, TestResult};
pub use project::{Named, ProjectError, Target, project};
pub use run::{Options, Run};
pub use schema::{JSON_SCHEMA, to_json};
pub use select::Listed;
