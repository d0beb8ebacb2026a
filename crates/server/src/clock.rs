//! The clock of a project, which a test can freeze, set and advance.

use std::{
    sync::Mutex,
    time::{Duration, SystemTime},
};

use firewarden::Timestamp;

use crate::lock;

/// The time of a project: the system's time, moved, or a frozen time.
#[derive(Debug, Default)]
pub struct Clock {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The system's time, plus so many milliseconds.
    Running(i64),
    /// This time, in milliseconds since 1970, until it is moved.
    Frozen(i64),
}

impl Default for State {
    fn default() -> Self {
        State::Running(0)
    }
}

/// The greatest distance to 1970 in milliseconds that [`Timestamp`] and dates of JavaScript can both express.
const MAX_MILLIS: i64 = 253_402_300_799_999;

impl Clock {
    /// The time in whole milliseconds since 1970.
    pub fn millis(&self) -> i64 {
        match *lock(&self.state) {
            State::Running(offset) => system_millis().saturating_add(offset).clamp(-MAX_MILLIS, MAX_MILLIS),
            State::Frozen(time) => time,
        }
    }

    /// The time in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis()).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Whether the clock stands still.
    pub fn is_frozen(&self) -> bool {
        matches!(*lock(&self.state), State::Frozen(_))
    }

    /// Stops the clock, at a time in milliseconds since 1970 or at the present one.
    pub fn freeze(&self, at: Option<i64>) {
        let at = at.unwrap_or_else(|| self.millis()).clamp(-MAX_MILLIS, MAX_MILLIS);
        *lock(&self.state) = State::Frozen(at);
    }

    /// Lets the clock run from its present time on.
    pub fn run(&self) {
        let mut state = lock(&self.state);
        if let State::Frozen(time) = *state {
            *state = State::Running(time.saturating_sub(system_millis()));
        }
    }

    /// Sets the time in milliseconds since 1970. A running clock runs on from there.
    pub fn set(&self, time: i64) {
        let time = time.clamp(-MAX_MILLIS, MAX_MILLIS);
        let mut state = lock(&self.state);
        *state = match *state {
            State::Running(_) => State::Running(time.saturating_sub(system_millis())),
            State::Frozen(_) => State::Frozen(time),
        };
    }

    /// Moves the time by so many milliseconds.
    pub fn advance(&self, by: i64) {
        let mut state = lock(&self.state);
        *state = match *state {
            State::Running(offset) => State::Running(offset.saturating_add(by)),
            State::Frozen(time) => State::Frozen(time.saturating_add(by).clamp(-MAX_MILLIS, MAX_MILLIS)),
        };
    }

    /// Runs with the system's time again.
    pub fn reset(&self) {
        *lock(&self.state) = State::default();
    }
}

/// A time as `Date.toISOString` of JavaScript writes it, with milliseconds.
pub fn iso_time(time: Timestamp) -> String {
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        time.year(),
        time.month(),
        time.day(),
        time.hours(),
        time.minutes(),
        time.seconds(),
        time.nanos() / 1_000_000
    )
}

fn system_millis() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(MAX_MILLIS)
}
