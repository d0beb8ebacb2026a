//! The `timestamp` and `duration` values: ranges, arithmetic, calendar fields and text.
//!
//! Source: runtime specification, sections 1, 7, 11, 12, 18; recorded groups `timestamp`, `timestamp.value`,
//! `timestamp.date`, `timestamp -`, `duration`, `duration.value`, `duration.time`, `duration.abs`. Totals in
//! nanoseconds have 128 bits, which no sum of two values exceeds: the saturating operations here never saturate.

mod calendar;
mod duration;
mod text;

use std::time::SystemTime;

use calendar::{civil_from_days, days_from_civil};
pub use duration::Duration;

/// Why reading the time of a request without one fails.
pub(crate) const NO_TIME: &str = "the request has no time; set it with at(…)";

const NANOS: i128 = 1_000_000_000;
const DAY: i64 = 86_400;
const FIRST_SECOND: i64 = -62_135_596_800;
const LAST_SECOND: i64 = 253_402_300_799;

/// An invalid time value. All but the two `…Text` variants display as the engine's message (section 18).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Outside 0001-01-01T00:00:00Z .. 9999-12-31T23:59:59.999999999Z, or text that `timestamp.value` refuses.
    #[error(
        "Timestamp is not valid. Seconds must be in range [-62,135,596,800, +253,402,300,799]. \
         Nanos must be in range [0, +999,999,999]."
    )]
    Timestamp,
    /// Outside ±315576000000 s, or nanoseconds out of range or of the other sign.
    #[error(
        "Duration is not valid. Seconds must be in range [-315,576,000,000, +315,576,000,000]. \
         Nanos must be in range [-999,999,999, +999,999,999]. \
         Nanos must have the same sign as seconds."
    )]
    Duration,
    /// `timestamp.date` with a year outside 1..9999.
    #[error("Timestamp should be between 0001-01-01T00.00.00Z and 9999-12-31T23.59.59Z. year: {0}.")]
    Year(i64),
    /// `timestamp.date` with a year, month and day that form no date.
    #[error("Date is not valid. year: {0}, month: {1} day: {2}.")]
    Date(i64, i64, i64),
    /// `duration.value` with an unknown unit; the engine's message is misleading.
    #[error("Invalid regular expression pattern. Pattern: {0}.")]
    Unit(String),
    /// Host text that is not a strict RFC 3339 timestamp.
    #[error("not a timestamp like 2026-01-01T00:00:00Z: {0:?}")]
    TimestampText(String),
    /// Host text that is not a protobuf JSON duration.
    #[error("not a duration like 3.5s: {0:?}")]
    DurationText(String),
}

/// A moment in UTC with nanoseconds, years 1 to 9999 of the proleptic Gregorian calendar. It is the one type for moments
/// in this crate: no function takes bare seconds or milliseconds.
///
/// ```
/// use std::time::SystemTime;
/// use firewarden::Timestamp;
///
/// let now = Timestamp::from(SystemTime::now());
/// let written: Timestamp = "2026-01-01T00:00:00Z".parse()?;
/// assert_eq!(written, Timestamp::from_secs(1_767_225_600)?);
/// assert_eq!(written, Timestamp::from_millis(1_767_225_600_000)?);
/// assert!(Timestamp::from_secs(1_767_225_600_000).is_err()); // these are milliseconds
/// # Ok::<(), firewarden::value::time::TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    seconds: i64,
    nanos: u32,
}

fn total(seconds: i64, nanos: i64) -> i128 {
    i128::from(seconds).saturating_mul(NANOS).saturating_add(i128::from(nanos))
}

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self { seconds: 0, nanos: 0 };

    /// From seconds since 1970 (rounded down) and nanoseconds 0..=999999999.
    /// Errors with [`TimeError::Timestamp`] out of range (section 1).
    pub fn new(seconds: i64, nanos: u32) -> Result<Self, TimeError> {
        if (FIRST_SECOND..=LAST_SECOND).contains(&seconds) && i128::from(nanos) < NANOS {
            Ok(Self { seconds, nanos })
        } else {
            Err(TimeError::Timestamp)
        }
    }

    fn from_total(total: i128) -> Result<Self, TimeError> {
        let seconds = i64::try_from(total.div_euclid(NANOS)).map_err(|_| TimeError::Timestamp)?;
        let nanos = u32::try_from(total.rem_euclid(NANOS)).map_err(|_| TimeError::Timestamp)?;
        Self::new(seconds, nanos)
    }

    fn total(self) -> i128 {
        total(self.seconds, i64::from(self.nanos))
    }

    /// From whole seconds since 1970, the unit of tokens. Errors with [`TimeError::Timestamp`] out of range, which
    /// milliseconds since 1979 are.
    pub fn from_secs(seconds: i64) -> Result<Self, TimeError> {
        Self::new(seconds, 0)
    }

    /// From milliseconds since 1970, the unit of `timestamp.value(int)` and the Realtime Database (`timestamp.value/21`
    /// to `/30`). Errors with [`TimeError::Timestamp`] out of range.
    pub fn from_millis(millis: i64) -> Result<Self, TimeError> {
        Self::from_total(i128::from(millis).saturating_mul(1_000_000))
    }

    /// `timestamp.date(year, month, day)`: midnight of a calendar date (group `timestamp.date`).
    /// Errors with [`TimeError::Year`] first, then [`TimeError::Date`].
    pub fn date_of(year: i64, month: i64, day: i64) -> Result<Self, TimeError> {
        if !(1..=9999).contains(&year) {
            return Err(TimeError::Year(year));
        }
        let invalid = TimeError::Date(year, month, day);
        if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(invalid);
        }
        let days = days_from_civil(year, month, day);
        // A day past the end of the month rolls over and reads back differently.
        if civil_from_days(days) != (year, month, day) {
            return Err(invalid);
        }
        Self::new(days.saturating_mul(DAY), 0)
    }

    /// `timestamp.value(string)`: the engine's lenient reading of RFC 3339 (section 12, group `timestamp.value`).
    /// Fields roll over; text between the seconds and the fraction or zone is ignored, as is everything past the ninth
    /// digit of the fraction. This refuses text whose outcome in the engine is unrecorded (fields or zones beyond
    /// machine integers, exponents). Errors with [`TimeError::Timestamp`].
    pub fn parse_rfc3339_lenient(text: &str) -> Result<Self, TimeError> {
        text::lenient_total(text).ok_or(TimeError::Timestamp).and_then(Self::from_total)
    }

    /// `self + duration`. Errors with [`TimeError::Timestamp`] out of range (section 7).
    pub fn checked_add(self, duration: Duration) -> Result<Self, TimeError> {
        Self::from_total(self.total().saturating_add(duration.total()))
    }

    /// `self - duration`. Errors with [`TimeError::Timestamp`] out of range (section 7).
    pub fn checked_sub(self, duration: Duration) -> Result<Self, TimeError> {
        Self::from_total(self.total().saturating_sub(duration.total()))
    }

    /// `self - earlier`, negative if `earlier` is later. Errors with [`TimeError::Duration`],
    /// which no two timestamps reach (group `timestamp -`).
    pub fn since(self, earlier: Self) -> Result<Duration, TimeError> {
        Duration::from_total(self.total().saturating_sub(earlier.total()))
    }

    /// `self + length`, at most the last timestamp.
    #[must_use]
    pub fn saturating_add(self, length: std::time::Duration) -> Self {
        let nanos = i128::try_from(length.as_nanos()).unwrap_or(i128::MAX);
        Self::from_total(self.total().saturating_add(nanos)).unwrap_or(Self::LAST)
    }

    const FIRST: Self = Self { seconds: FIRST_SECOND, nanos: 0 };
    const LAST: Self = Self { seconds: LAST_SECOND, nanos: 999_999_999 };

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// `toMillis()`: milliseconds since 1970, rounded down (`timestamp/27`).
    #[must_use]
    pub fn to_millis(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add(i64::from(self.nanos / 1_000_000))
    }

    fn days(self) -> i64 {
        self.seconds.div_euclid(DAY)
    }

    fn second_of_day(self) -> i64 {
        self.seconds.rem_euclid(DAY)
    }

    /// `year()`, 1..=9999.
    #[must_use]
    pub fn year(self) -> i64 {
        civil_from_days(self.days()).0
    }

    /// `month()`, 1..=12.
    #[must_use]
    pub fn month(self) -> i64 {
        civil_from_days(self.days()).1
    }

    /// `day()` of the month, 1..=31.
    #[must_use]
    pub fn day(self) -> i64 {
        civil_from_days(self.days()).2
    }

    /// `hours()`, 0..=23.
    #[must_use]
    pub fn hours(self) -> i64 {
        self.second_of_day() / 3600
    }

    /// `minutes()`, 0..=59.
    #[must_use]
    pub fn minutes(self) -> i64 {
        self.second_of_day() / 60 % 60
    }

    /// `seconds()` of the minute, 0..=59.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.second_of_day() % 60
    }

    /// `nanos()` of the second, 0..=999999999.
    #[must_use]
    pub fn nanos(self) -> i64 {
        i64::from(self.nanos)
    }

    /// `dayOfWeek()`, Monday = 1 to Sunday = 7.
    #[must_use]
    pub fn day_of_week(self) -> i64 {
        // Day 0 was a Thursday, three days past Monday.
        self.days().saturating_add(3).rem_euclid(7).saturating_add(1)
    }

    /// `dayOfYear()`, 1..=366.
    #[must_use]
    pub fn day_of_year(self) -> i64 {
        self.days().saturating_sub(days_from_civil(self.year(), 1, 0))
    }

    /// `date()`: midnight of the same day.
    #[must_use]
    pub fn date(self) -> Self {
        // This is never below the first second, which is a midnight itself.
        let midnight = self.seconds.saturating_sub(self.second_of_day());
        Self { seconds: midnight.saturating_add(if self.is_taken_for_the_day_before() { 86_400 } else { 0 }), nanos: 0 }
    }

    /// The engine rounds moments before 1970 toward zero: in the first second of a day, a fraction of a second moves
    /// the midnight to the next one (measured: the date of 1969-12-31T00:00:00.001Z is 1970-01-01).
    fn is_taken_for_the_day_before(self) -> bool {
        self.seconds < 0 && self.second_of_day() == 0 && self.nanos > 0
    }

    /// `time()`: the length of time since midnight.
    #[must_use]
    pub fn time(self) -> Duration {
        if self.is_taken_for_the_day_before() {
            return self.since(self.date()).unwrap_or_default();
        }
        Duration::since_midnight(self.second_of_day(), self.nanos)
    }
}

/// The host's clock; moments outside years 1 to 9999 become the nearest timestamp.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let signed = |length: std::time::Duration| i128::try_from(length.as_nanos()).unwrap_or(i128::MAX);
        let (nanos, nearest) = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => (signed(after), Self::LAST),
            Err(before) => (signed(before.duration()).saturating_neg(), Self::FIRST),
        };
        Self::from_total(nanos).unwrap_or(nearest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_a_cycle_reads_back() {
        let first = Timestamp::new(FIRST_SECOND, 0).unwrap();
        let (mut day, mut of_year) = (first, 0);
        for n in 0..146_097 {
            let (year, month, date) = (day.year(), day.month(), day.day());
            assert_eq!(Timestamp::date_of(year, month, date), Ok(day));
            of_year = if (month, date) == (1, 1) { 1 } else { of_year + 1 };
            assert_eq!(day.day_of_year(), of_year);
            assert_eq!(day.day_of_week(), n % 7 + 1);
            day = Timestamp { seconds: day.seconds + DAY, nanos: 0 };
        }
        assert_eq!(day.date(), Timestamp::date_of(401, 1, 1).unwrap());
    }

    #[test]
    fn clocks_out_of_range_are_clamped() {
        let late = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 60);
        let early = SystemTime::UNIX_EPOCH - std::time::Duration::from_secs(1 << 60);
        assert_eq!(Timestamp::from(late).to_string(), "9999-12-31T23:59:59.999999999Z");
        assert_eq!(Timestamp::from(early).to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Timestamp::UNIX_EPOCH.saturating_add(std::time::Duration::MAX), Timestamp::LAST);
        assert_eq!(
            Timestamp::from_secs(-1).unwrap().saturating_add(std::time::Duration::from_millis(1_500)).to_millis(),
            500
        );
    }

    #[test]
    fn seconds_and_milliseconds_are_told_apart() {
        let moment = Timestamp::from_secs(1_767_225_600).unwrap();
        assert_eq!(Timestamp::from_millis(1_767_225_600_000), Ok(moment));
        assert_eq!(Timestamp::from_secs(moment.to_millis()), Err(TimeError::Timestamp));
        assert_eq!("2026-01-01T01:00:00+01:00".parse(), Ok(moment));
        for out in [FIRST_SECOND - 1, LAST_SECOND + 1, i64::MIN, i64::MAX] {
            assert_eq!(Timestamp::from_secs(out), Err(TimeError::Timestamp), "{out}");
        }
        assert!(Timestamp::from_millis(i64::MIN).is_err() && Timestamp::from_millis(i64::MAX).is_err());
    }
}
