//! How often something gave what, and what that means for a condition.

use firewarden::internals::eval::OpHits;

/// How often a statement, a condition or a sub-expression gave what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// True.
    pub truths: u64,
    /// False.
    pub falses: u64,
    /// An error.
    pub errors: u64,
    /// A value that is no boolean.
    pub others: u64,
}

impl Counts {
    /// How often it was evaluated.
    pub fn total(self) -> u64 {
        self.truths.saturating_add(self.falses).saturating_add(self.errors).saturating_add(self.others)
    }

    /// What of the two outcomes of a condition was seen.
    pub fn status(self) -> Status {
        match (self.truths > 0, self.falses > 0) {
            (true, true) => Status::Both,
            (true, false) => Status::OnlyTrue,
            (false, true) => Status::OnlyFalse,
            (false, false) if self.total() > 0 => Status::OnlyFailed,
            (false, false) => Status::Never,
        }
    }

    /// How often a condition gave neither true nor false: errors, and values that `&&` and its kin refuse.
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

/// What was seen of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// It was never evaluated.
    Never,
    /// It was evaluated, and gave neither outcome: each time it failed.
    OnlyFailed,
    /// It was true, never false.
    OnlyTrue,
    /// It was false, never true.
    OnlyFalse,
    /// Both outcomes.
    Both,
}

impl Status {
    /// A name for programs: `never`, `only-failed`, `only-true`, `only-false`, `both`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Never => "never",
            Status::OnlyFailed => "only-failed",
            Status::OnlyTrue => "only-true",
            Status::OnlyFalse => "only-false",
            Status::Both => "both",
        }
    }

    /// How many of the two outcomes were seen.
    pub fn outcomes(self) -> u64 {
        match self {
            Status::Never | Status::OnlyFailed => 0,
            Status::OnlyTrue | Status::OnlyFalse => 1,
            Status::Both => 2,
        }
    }
}

/// In words: `never evaluated`, `only true`.
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
