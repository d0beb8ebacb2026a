//! The command line.

use std::path::PathBuf;

use clap::Parser;

use crate::kinds::Kind;

/// Asks the official Firestore emulator and firewarden the same random questions, and shows where they differ.
///
/// Exit status: 0 nothing differs, 1 something differs, 2 something else went wrong, 3 the emulator is not installed.
#[derive(Debug, Parser)]
#[command(name = "firewarden-differential", version)]
pub struct Args {
    /// The seed of the run; without it the clock gives one. Same seed and cases, same questions.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Seconds in all, shared by the kinds.
    #[arg(long, default_value_t = 60, conflicts_with = "cases")]
    pub seconds: u64,
    /// Batches of each kind, instead of seconds: a run that ends at the same place everywhere.
    #[arg(long)]
    pub cases: Option<u64>,
    /// Kinds of questions.
    #[arg(long, value_delimiter = ',', default_values = ["compile", "expressions", "decisions", "queries", "commits"])]
    pub kind: Vec<Kind>,
    /// Folders of rules files that are mutated, in place of those of the repository.
    #[arg(long)]
    pub corpus: Vec<PathBuf>,
    /// The folder that rows are written to, a file a table.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Threads that ask; each has a project of its own.
    #[arg(long, default_value_t = 2)]
    pub jobs: usize,
    /// Rows of requests on which both agree that are written too, of each kind: every hundredth, so that they are mixed.
    #[arg(long, default_value_t = 0)]
    pub record: u64,
    /// An emulator that runs, at HOST:PORT, instead of starting one.
    #[arg(long)]
    pub emulator: Option<String>,
    /// The beginning of the names of projects in the emulator.
    #[arg(long, default_value = "demo-differential")]
    pub project: String,
    /// Differences of one class that are made small; the others are counted.
    #[arg(long, default_value_t = 2)]
    pub each: u64,
    /// Tests that one difference may cost to be made small.
    #[arg(long, default_value_t = 400)]
    pub effort: usize,
}
