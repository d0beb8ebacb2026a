//! Counts of results, and the status of a condition.

use firewarden::internals::eval::OpHits;

/// How often a statement, a condition or a sub-expression gave each kind of result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// True.
    pub truths: u64,
    /// False.
    pub falses: u64,
    /// An error.
    pub errors: u64,
    /// A value other than a boolean.
    pub others: u64,
}

impl Counts {
    /// The number of evaluations.
    pub fn total(self) -> u64 {
        self.truths.saturating_add(self.falses).saturating_add(self.errors).saturating_add(self.others)
    }

    /// The status of a condition with these counts.
    pub fn status(self) -> Status {
        match (self.truths > 0, self.falses > 0) {
            (true, true) => Status::Both,
            (true, false) => Status::OnlyTrue,
            (false, true) => Status::OnlyFalse,
            (false, false) if self.total() > 0 => Status::OnlyFailed,
            (false, false) => Status::Never,
        }
    }

    /// How often a condition failed: with an error, or with a value that logical operators refuse.
    pub fn failures(self) -> u64 {
        self.errors.saturating_add(self.others)
    }

    pub(super) fn add(&mut self, other: Counts) {
        self.truths = self.truths.saturating_add(other.truths);
        self.falses = self.falses.saturating_add(other.falses);
        self.errors = self.errors.saturating_add(other.errors);
        self.others = self.others.saturating_add(other.others);
    }
}

impl From<&OpHits> for Counts {
    fn from(hits: &OpHits) -> Self {
        Counts { truths: hits.truths, falses: hits.falses, errors: hits.errors, others: hits.others }
    }
}

/// The outcomes that a condition has had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// The condition was never evaluated.
    Never,
    /// Every evaluation failed.
    OnlyFailed,
    /// The condition was true, never false.
    OnlyTrue,
    /// The condition was false, never true.
    OnlyFalse,
    /// The condition was true and false.
    Both,
}

impl Status {
    /// The name in reports for programs: `never`, `only-failed`, `only-true`, `only-false`, `both`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Never => "never",
            Status::OnlyFailed => "only-failed",
            Status::OnlyTrue => "only-true",
            Status::OnlyFalse => "only-false",
            Status::Both => "both",
        }
    }

    /// How many of the two outcomes occurred.
    pub fn outcomes(self) -> u64 {
        match self {
            Status::Never | Status::OnlyFailed => 0,
            Status::OnlyTrue | Status::OnlyFalse => 1,
            Status::Both => 2,
        }
    }
}

/// Writes `never evaluated`, `only true` and so on.
impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Status::Never => "never evaluated",
            Status::OnlyFailed => "only failed",
            Status::OnlyTrue => "only true",
            Status::OnlyFalse => "only false",
            Status::Both => "true and false",
        })
    }
}
