//! The rules of a database or bucket while the server runs: loaded, with their coverage, or refused.

use std::sync::{
    Arc, Mutex, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use firewarden::{
    Coverage,
    rules::{Product, Rules, RulesError},
    text::{Diagnostics, Source},
};
use firewarden_suite::coverage::FileCoverage;

use crate::{
    lock,
    memory::{Full, Held, Memory},
};

/// Compiled rules, and what requests have evaluated of them since they were loaded.
#[derive(Debug)]
pub struct LoadedRules {
    /// The rules.
    pub rules: Rules,
    /// What was evaluated.
    pub coverage: Mutex<Coverage>,
    is_counted: AtomicBool,
    held: OnceLock<Held>,
}

/// The memory that compiled rules take for each byte of their text, at least.
const BYTES_PER_BYTE: usize = 32;

impl LoadedRules {
    /// Reads, checks and compiles rules.
    ///
    /// # Errors
    ///
    /// As for [`Rules::parse`].
    pub fn parse(source: &Source, product: Product) -> Result<Arc<Self>, RulesError> {
        let rules = Rules::parse(source, Some(product))?;
        Ok(Arc::new(LoadedRules {
            rules,
            coverage: Mutex::new(Coverage::new(false)),
            is_counted: AtomicBool::new(false),
            held: OnceLock::new(),
        }))
    }

    /// Counts the memory that they take as kept.
    ///
    /// # Errors
    ///
    /// Too much is kept already.
    pub fn hold(&self, memory: &Memory) -> Result<(), Full> {
        let held = memory.take(self.size())?;
        let _ = self.held.set(held);
        Ok(())
    }

    /// About the bytes of memory that they take.
    fn size(&self) -> usize {
        self.rules.source().text().len() * BYTES_PER_BYTE
    }

    /// About the bytes of memory that they take, for the first who asks; 0 for all others, who keep the same.
    pub fn size_once(&self) -> usize {
        if self.is_counted.swap(true, Ordering::Relaxed) { 0 } else { self.size() }
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
