#![doc = "[docs/suites.md]: guide::suites"]
#![doc = "[docs/migrate.md]: guide::migrate"]
#![doc = "[docs/lints.md]: guide::lints"]
#![doc = "[docs/jsonl.md]: guide::jsonl"]
#![doc = "[docs/serve.md]: guide::serve"]
#![doc = "[docs/analysis.md]: guide::analysis"]
#![doc = ""]
// The first definition of a link counts: in rustdoc a page is a module, in the repository it is a file.
#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! One folder per stage; each takes what the one before it gives. A folder imports only from those above it.
//!
//! | folder | takes → gives |
//! |---|---|
//! | `text` | named source text → lines, columns, caret frames |
//! | `value` | what expressions compute with, owned and borrowed |
//! | `request` | the product of a request, and the parts of it that most conditions read |
//! | `pattern` | RE2 patterns, and those of database rules → matchers |
//! | `stdlib` | one table of built-ins and operators, by language |
//! | `syntax` | source text → syntax tree, or the official syntax errors |
//! | `check` | syntax tree → official warnings and errors |
//! | `program` | checked tree → flat compiled form, conditions fused into predicates |
//! | `eval` | compiled form and a request → value or verdict, trace |
//! | `explain` | traces → text |
//! | `auth` | who is asking |
//! | `service` | what Storage and Firestore share: decisions, documents, explanations |
//! | `storage`, `firestore` | their products: requests as typed builders |
//! | `database` | Realtime Database: data, the overlay of a write, the cascade, decisions, explanations |
//! | `lint` | syntax tree → warnings of our own |
//! | `rules` | rules of whichever product, and decisions on requests to them as data |
//!
//! Suites of tests are the crate `firewarden-suite`, the command is `firewarden-cli`.
//!
//! Deliberately absent: an async runtime, HTTP, a clock, randomness, files; all of that is the host's. There is one
//! evaluator, for both languages: plain decisions, explanations and coverage run the same program. Where a language
//! differs, [`internals::eval::Language`] says how.
//!
//! Loading rules, deciding and explaining need less than 1 MiB of stack, for any rules and in any profile (`tests/host`
//! measures it without optimisation). Rules in which more than 24 brackets nest are parsed on a thread of their own.

#![forbid(unsafe_code)]
// What only the other crates of the repository use is unused without them.
#![cfg_attr(not(feature = "unstable-internals"), allow(dead_code, unused_imports))]

// The generated parser names it.
extern crate alloc;

pub mod auth;
mod check;
pub mod database;
mod error;
mod eval;
mod explain;
pub mod firestore;
pub mod lint;
mod pattern;
mod program;
mod request;
pub mod rules;
mod service;
mod stdlib;
pub mod storage;
mod syntax;
pub mod text;
pub mod value;

pub use auth::Auth;
pub use error::{BoxError, Error};
pub use eval::{BlockTrace, Coverage, Fault, Outcome, StatementTrace, Step, StepKind};
pub use explain::Nearest;
pub use service::{Cause, Decision, DocumentPath, Documents, Explanation, WriteEffect};
pub use text::Diagnostics;
pub use value::{Timestamp, Value};

/// The pages of the repository about the command, suites and conformance.
#[cfg(all(doc, not(doctest)))]
pub mod guide {
    #[doc = "[examples/]: examples\n[migrate.md]: migrate\n[CONFORMANCE.md]: conformance\n"]
    #[doc = include_str!("../docs/suites.md")]
    pub mod suites {}

    #[doc = "[suites.md]: suites\n"]
    #[doc = include_str!("../docs/migrate.md")]
    pub mod migrate {}

    #[doc = include_str!("../docs/lints.md")]
    pub mod lints {}

    #[doc = "[suites.md]: suites\n"]
    #[doc = include_str!("../docs/serve.md")]
    pub mod serve {}

    #[doc = include_str!("../docs/analysis.md")]
    pub mod analysis {}

    #[doc = include_str!("../docs/jsonl.md")]
    pub mod jsonl {}

    #[doc = include_str!("../CONFORMANCE.md")]
    pub mod conformance {}

    #[doc = include_str!("../examples/README.md")]
    pub mod examples {}
}

/// The stages of the compiler and the evaluator, and what the other crates of this repository share with the products.
/// No promise of stability.
#[cfg(feature = "unstable-internals")]
#[doc(hidden)]
pub mod internals {
    /// Names, types and static limits.
    pub mod check {
        pub use crate::check::*;
    }
    /// Running a program.
    pub mod eval {
        pub use crate::eval::*;
    }
    /// The text of explanations.
    pub mod explain {
        pub use crate::explain::*;
    }
    /// Regular expressions.
    pub mod pattern {
        pub use crate::pattern::*;
    }
    /// The compiled form.
    pub mod program {
        pub use crate::program::*;
    }
    /// Requests before any rules.
    pub mod request {
        pub use crate::request::*;
    }
    /// What Storage and Firestore share.
    pub mod service {
        pub use crate::service::*;
    }
    /// The table of built-ins.
    pub mod stdlib {
        pub use crate::stdlib::*;
    }
    /// The syntax tree.
    pub mod syntax {
        pub use crate::syntax::*;
    }
}
