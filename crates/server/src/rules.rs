//! The rules of a database or bucket while the server runs: loaded, with their coverage, or refused.

use std::sync::{Arc, Mutex};

use firewarden::{
    Coverage,
    rules::{Product, Rules, RulesError},
    text::{Diagnostics, Source},
};
use firewarden_suite::coverage::FileCoverage;

use crate::lock;

/// Compiled rules, and what requests have evaluated of them since they were loaded.
#[derive(Debug)]
pub struct LoadedRules {
    /// The rules.
    pub rules: Rules,
    /// What was evaluated.
    pub coverage: Mutex<Coverage>,
}

impl LoadedRules {
    /// Reads, checks and compiles rules.
    ///
    /// # Errors
    ///
    /// As for [`Rules::parse`].
    pub fn parse(source: &Source, product: Product) -> Result<Arc<Self>, RulesError> {
        let rules = Rules::parse(source, Some(product))?;
        Ok(Arc::new(LoadedRules { rules, coverage: Mutex::new(Coverage::new(false)) }))
    }

    /// What was evaluated, for a report.
    pub fn coverage(&self) -> FileCoverage {
        FileCoverage::new(&self.rules, &lock(&self.coverage))
    }
}

/// The first error of refused rules: line and column from 1, and the official text.
pub fn first_error(refused: &Diagnostics) -> Option<(u32, u32, &str)> {
    let error = refused.iter().find(|problem| problem.is_error())?;
    let at = refused.source().position(error.span?.start);
    Some((at.line, at.column, error.message.as_str()))
}
