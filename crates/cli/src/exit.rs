//! Exit statuses.

use std::process::ExitCode;

/// What the exit status tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// All well; the request is allowed.
    Ok = 0,
    /// The request is denied, a test failed, a threshold is not reached.
    Denied = 1,
    /// Wrong usage or unreadable input.
    Usage = 2,
    /// The rules are refused.
    Refused = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
