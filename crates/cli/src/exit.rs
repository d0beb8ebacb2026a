//! Exit statuses.

use std::process::ExitCode;

/// The exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// Success; the request is allowed.
    Ok = 0,
    /// The request is denied, a test failed, or a threshold is missed.
    Denied = 1,
    /// Wrong usage, or input that cannot be read.
    Usage = 2,
    /// The rules are refused.
    Refused = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
