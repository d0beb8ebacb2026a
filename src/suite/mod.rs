//! Rules unit tests: files of tests, their runs, coverage and reports.

pub mod coverage;
pub mod official;
mod rules;

pub use rules::{Product, Rules, RulesError};
pub(crate) use rules::{is_database, problems};
