//! Rules unit tests: files of tests, their runs, coverage and reports.

mod because;
mod case;
mod clock;
pub mod coverage;
mod files;
mod load;
mod node;
pub mod official;
mod outcome;
mod paths;
pub mod report;
mod rules;
mod run;
mod schema;
mod seeds;
mod users;
mod values;

pub use files::{Disk, Files, discover, is_suite};
pub use load::{LoadError, Suite, Suites};
pub use outcome::{Failure, Note, Outcome, TestResult};
pub use rules::{Product, Rules, RulesError};
pub(crate) use rules::{is_database, problems};
pub use run::{Options, Run};
pub use schema::{JSON_SCHEMA, to_json};
