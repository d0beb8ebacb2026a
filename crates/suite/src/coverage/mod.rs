//! What tests have evaluated of a rules file, for people and for programs.
//!
//! [`FileCoverage`] is the model: counts of statements, functions, conditions and all sub-expressions of one file, from
//! the [`Coverage`](firewarden::Coverage) that decisions filled. [`text`], [`lcov`], [`json`] and [`html`] write it down;
//! a [`Threshold`] judges it. Invariant: the same counts give the same bytes.
//!
//! What counts:
//!
//! - A **statement** is an `allow`, or a `.read`, `.write` or `.validate`. It is covered once it was tried.
//! - A **condition** is a part of rules that decides alone: the whole condition of a statement where it has no `&&`,
//!   `||`, `!` or `?:`, otherwise their operands, and the condition of a `?:`, wherever they stand; the branches of a
//!   `?:` only where its own result is a condition. A call and a variable are conditions as they stand, and so is what
//!   they stand for: the result of the function, the value of the `let`; an argument is none. Nor are literals. Each
//!   condition has two
//!   outcomes, and both are to be seen; one that can never be false (`1 == 1`) is missed like any other.
//! - An error is seen, but is neither outcome. So is a value that is no boolean, which its operator refuses.
//! - A **line** counts where a statement or a sub-expression starts; its hits are the largest count of those.
//! - A file with rules for Storage and for Firestore is one file: what was counted for the one and for the other can be
//!   added up with [`Coverage::add`](firewarden::Coverage::add). A function outside services is compiled for each of them,
//!   and its counts are added up here.
//!
//! ```
//! use firewarden::{Auth, Coverage, rules::Rules, storage::Request};
//! use firewarden_suite::coverage::{FileCoverage, Threshold, text};
//! use firewarden::text::Source;
//!
//! let source = Source::new("storage.rules", "service firebase.storage {
//!   match /{path=**} { allow get: if request.auth.uid == 'alice'; }
//! }");
//! let rules = Rules::parse(&source, None)?;
//! let mut coverage = Coverage::new(true);
//! if let Rules::Storage(ruleset) = &rules {
//!     ruleset.cover(&Request::get("bucket", "a").auth(Auth::user("alice")), &(), &mut coverage)?;
//! }
//! let files = [FileCoverage::new(&rules, &coverage)];
//! assert_eq!(files[0].lines().to_string(), "100 %");
//! // It was never false.
//! assert_eq!(files[0].conditions().to_string(), "50.0 %");
//! assert!(text(&files, 80).contains("only true"));
//! let enough = Threshold { lines: Some(100.0), conditions: Some(80.0) };
//! assert_eq!(enough.shortfalls(&files)[0].missing, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod counts;
mod file;
mod gaps;
mod json;
mod lcov;
mod marks;
mod page;
mod ratio;
mod rows;
mod text;
mod walk;

pub use counts::{Counts, Status};
pub use file::{
    ConditionCoverage, ExpressionCoverage, FileCoverage, FunctionCoverage, LineCoverage, StatementCoverage,
};
pub use gaps::{Gap, GapKind};
pub use json::json;
pub use lcov::lcov;
pub use page::{PageError, html};
pub use ratio::{Measure, Ratio, Shortfall, Threshold};
pub use text::text;
