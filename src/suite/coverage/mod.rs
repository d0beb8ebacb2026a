//! What tests have evaluated of a rules file, for people and for programs.

use crate::{eval::Coverage, suite::Rules};

/// Placeholder until the reports are there.
#[derive(Debug)]
pub struct FileCoverage;

impl FileCoverage {
    /// From counts.
    pub fn new(_: &Rules, _: &Coverage) -> Self {
        FileCoverage
    }
}
