//! Exit statuses.

use std::process::{ExitCode, ExitStatus};

/// The exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// Success; the request is allowed.
    Ok,
    /// The request is denied, a test failed, or a threshold is missed.
    Denied,
    /// Wrong usage, or input that cannot be read.
    Usage,
    /// The rules are refused.
    Refused,
    /// Nothing was found, and not everything could be decided.
    Unknown,
    /// What the command that was run ended with.
    Command(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Ok => 0,
            Exit::Denied => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::Unknown => 4,
            Exit::Command(status) => status,
        })
    }
}

/// The status of a command that ended: 128 and the number of a signal that ended it, as shells say it.
pub(super) fn of_status(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = status.code().or(signal.map(|signal| 128 + signal));
    Exit::Command(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
