//! The coverage of rules files: what tests have evaluated.
//!
//! [`FileCoverage`] has the counts of statements, functions, conditions and all sub-expressions of one file, from the
//! [`Coverage`](firewarden::Coverage) that decisions filled. [`text`], [`lcov`], [`json`] and [`html`] render it, and a
//! [`Threshold`] checks it. The same counts render to the same bytes.
//!
//! - A **statement** is an `allow` statement or a `.read`, `.write` or `.validate` rule. It is covered once evaluated.
//! - A **condition** is a boolean part of rules without logical operators: the condition of a statement, if it has no
//!   `&&`, `||`, `!` or `?:`, otherwise the operands of these operators; of `?:` always its condition, and its branches
//!   if its own result is a condition. A call or a variable is a condition, and so is the result of the function or the
//!   value of the `let`; arguments and literals are not. Each condition has two outcomes, and both have to occur, even if
//!   the condition can never be false (`1 == 1`).
//! - An error counts as an evaluation but is neither outcome, like a value that its operator refuses.
//! - A **line** counts if a statement or a sub-expression starts on it; its hits are the largest count of these.
//! - A file with rules for Storage and Firestore is one file: [`Coverage::add`](firewarden::Coverage::add) adds up the
//!   counts of the two. A function outside services is compiled for each of them, and its counts are added up.
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
mod fragments;
mod gaps;
mod json;
mod lcov;
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
