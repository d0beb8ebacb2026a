//! The `duration` value.

use std::ops::Neg;

use super::{NANOS, TimeError, total};

const LAST_SECOND: i64 = 315_576_000_000;

/// A signed length of time within ±315576000000 s; seconds and nanoseconds never differ in sign (section 1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    seconds: i64,
    nanos: i32,
}

impl Duration {
    /// From whole seconds and nanoseconds within ±999999999 of the same sign.
    /// Errors with [`TimeError::Duration`].
    pub fn new(seconds: i64, nanos: i32) -> Result<Self, TimeError> {
        let opposite = (seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0);
        // A fraction beyond the last second is in range (`duration/84`).
        let inside = (-LAST_SECOND..=LAST_SECOND).contains(&seconds);
        if inside && i128::from(nanos.unsigned_abs()) < NANOS && !opposite {
            Ok(Self { seconds, nanos })
        } else {
            Err(TimeError::Duration)
        }
    }

    /// The time since midnight; both numbers must be in range.
    pub(super) fn since_midnight(seconds: i64, nanos: u32) -> Self {
        Self { seconds, nanos: nanos.cast_signed() }
    }

    pub(super) fn from_total(total: i128) -> Result<Self, TimeError> {
        let seconds = i64::try_from(total / NANOS).map_err(|_| TimeError::Duration)?;
        let nanos = i32::try_from(total % NANOS).map_err(|_| TimeError::Duration)?;
        Self::new(seconds, nanos)
    }

    pub(super) fn total(self) -> i128 {
        total(self.seconds, i64::from(self.nanos))
    }

    /// `duration.value(amount, unit)` with the units w d h m s ms ns (section 12, group
    /// `duration.value`). Errors with [`TimeError::Unit`], else [`TimeError::Duration`].
    pub fn value(amount: i64, unit: &str) -> Result<Self, TimeError> {
        let nanos: i128 = match unit {
            "w" => 604_800_000_000_000,
            "d" => 86_400_000_000_000,
            "h" => 3_600_000_000_000,
            "m" => 60_000_000_000,
            "s" => NANOS,
            "ms" => 1_000_000,
            "ns" => 1,
            _ => return Err(TimeError::Unit(unit.to_owned())),
        };
        // The engine converts milliseconds to nanoseconds in 64 bits before it checks the range.
        if unit == "ms" && amount.checked_mul(1_000_000).is_none() {
            return Err(TimeError::Duration);
        }
        Self::from_total(i128::from(amount).saturating_mul(nanos))
    }

    /// `duration.time(hours, minutes, seconds, nanos)`, each of any size and sign (section 12, group `duration.time`).
    /// Errors with [`TimeError::Timestamp`], as the engine does.
    pub fn time(hours: i64, minutes: i64, seconds: i64, nanos: i64) -> Result<Self, TimeError> {
        // The engine checks the range of each part, of hours with minutes, of seconds with nanoseconds, and of the sum.
        let part = |amount: i64, seconds: i64| {
            let seconds = amount.checked_mul(seconds).ok_or(TimeError::Duration)?;
            Self::new(seconds, 0)
        };
        let minutes = part(hours, 3600).and_then(|hours| hours.checked_add(part(minutes, 60)?));
        let rest = part(seconds, 1).and_then(|seconds| seconds.checked_add(Self::from_total(i128::from(nanos))?));
        minutes.and_then(|minutes| minutes.checked_add(rest?)).map_err(|_| TimeError::Timestamp)
    }

    /// `self + other`. Errors with [`TimeError::Duration`] out of range (section 7).
    pub fn checked_add(self, other: Self) -> Result<Self, TimeError> {
        Self::from_total(self.total().saturating_add(other.total()))
    }

    /// `self - other`. Errors with [`TimeError::Duration`] out of range (section 7).
    pub fn checked_sub(self, other: Self) -> Result<Self, TimeError> {
        Self::from_total(self.total().saturating_sub(other.total()))
    }

    /// `duration.abs(duration)` (group `duration.abs`).
    #[must_use]
    pub fn abs(self) -> Self {
        Self { seconds: self.seconds.saturating_abs(), nanos: self.nanos.saturating_abs() }
    }

    /// `seconds()`: whole seconds, truncated toward zero.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// `nanos()`: the fraction, of the same sign as the seconds (`duration/39`).
    #[must_use]
    pub fn nanos(self) -> i64 {
        i64::from(self.nanos)
    }
}

/// Unary minus; the range is symmetric (section 7).
impl Neg for Duration {
    type Output = Self;

    fn neg(self) -> Self {
        Self { seconds: self.seconds.saturating_neg(), nanos: self.nanos.saturating_neg() }
    }
}
