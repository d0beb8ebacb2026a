//! Timestamps and durations as text: the protobuf JSON form, strictly, and the lenient reading of
//! `timestamp.value(string)`.

use std::fmt;
use std::str::FromStr;

use super::calendar::{civil_from_days, days_from_civil};
use super::{DAY, Duration, TimeError, Timestamp, total};
use crate::value::number::{decimal_digit, parse_int};

/// Writes nothing, or a point and 3, 6 or 9 digits.
fn write_fraction(f: &mut fmt::Formatter<'_>, nanos: u32) -> fmt::Result {
    match nanos {
        0 => Ok(()),
        n if n % 1_000_000 == 0 => write!(f, ".{:03}", n / 1_000_000),
        n if n % 1000 == 0 => write!(f, ".{:06}", n / 1000),
        n => write!(f, ".{n:09}"),
    }
}

/// Protobuf JSON: `2026-01-01T00:00:00Z` with 0, 3, 6 or 9 digits of fraction.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.days());
        let (hours, minutes, seconds) = (self.hours(), self.minutes(), self.seconds());
        write!(f, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}")?;
        write_fraction(f, self.nanos)?;
        f.write_str("Z")
    }
}

/// Protobuf JSON: `3.500s`, `-1s`, with 0, 3, 6 or 9 digits of fraction.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if *self < self.abs() { "-" } else { "" };
        let length = self.abs();
        write!(f, "{sign}{}", length.seconds())?;
        write_fraction(f, u32::try_from(length.nanos()).unwrap_or(0))?;
        f.write_str("s")
    }
}

/// Host data: `YYYY-MM-DDThh:mm:ss[.1 to 9 digits](Z|±hh:mm)`, every field in range, no leap second. Errors with
/// [`TimeError::TimestampText`], or [`TimeError::Timestamp`] out of range.
impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let invalid = || TimeError::TimestampText(text.to_owned());
        Self::from_total(strict_total(text).ok_or_else(invalid)?)
    }
}

/// Host data: `[-]digits[.1 to 9 digits]s`. Errors with [`TimeError::DurationText`], or [`TimeError::Duration`] out of
/// range.
impl FromStr for Duration {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let invalid = || TimeError::DurationText(text.to_owned());
        Self::from_total(duration_total(text).ok_or_else(invalid)?)
    }
}

fn duration_total(text: &str) -> Option<i128> {
    let number = text.strip_suffix('s')?;
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let (whole, nanos) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, strict_nanos(fraction)?),
        None => (unsigned, 0),
    };
    let length = total(digits(whole)?, nanos);
    Some(if number.len() == unsigned.len() { length } else { length.saturating_neg() })
}

fn strict_total(text: &str) -> Option<i128> {
    let (fields, rest) = text.split_at_checked(19)?;
    let separators = fields.bytes().skip(4).step_by(3);
    if !separators.eq(*b"--T::") {
        return None;
    }
    let field = |from: usize, to: usize| fields.get(from..to).and_then(digits);
    let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let midnight = Timestamp::date_of(year, month, day).ok()?.unix_seconds();
    let seconds = clock(field(11, 13)?, field(14, 16)?)?.saturating_add(up_to(field(17, 19)?, 59)?);
    let (nanos, zone) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let (fraction, zone) = rest.split_at_checked(end)?;
            (strict_nanos(fraction)?, zone)
        }
        None => (0, rest),
    };
    let offset = if zone == "Z" { 0 } else { strict_offset(zone)? };
    Some(total(midnight.saturating_add(seconds).saturating_sub(offset), nanos))
}

/// Seconds of `±hh:mm`.
fn strict_offset(zone: &str) -> Option<i64> {
    let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let seconds = clock(digits(hours)?, digits(minutes)?)?;
    Some(if zone.starts_with('-') { seconds.saturating_neg() } else { seconds })
}

/// Seconds of an hour 0..=23 and a minute 0..=59.
fn clock(hours: i64, minutes: i64) -> Option<i64> {
    let hours = up_to(hours, 23)?.saturating_mul(3600);
    Some(up_to(minutes, 59)?.saturating_mul(60).saturating_add(hours))
}

fn up_to(value: i64, most: i64) -> Option<i64> {
    Some(value).filter(|&v| v <= most)
}

/// ASCII digits only, at least one.
fn digits(text: &str) -> Option<i64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn strict_nanos(fraction: &str) -> Option<i64> {
    if (1..=9).contains(&fraction.len()) { lenient_nanos(fraction) } else { None }
}

/// The first nine characters as digits after a decimal point, padded with zeros.
fn lenient_nanos(fraction: &str) -> Option<i64> {
    let mut nanos: i64 = 0;
    let mut rest = fraction.chars();
    for _ in 0..9 {
        let digit = rest.next().map_or(Some(0), |c| c.to_digit(10))?;
        nanos = nanos.checked_mul(10)?.checked_add(i64::from(digit))?;
    }
    Some(nanos)
}

/// `timestamp.value(string)` as nanoseconds since 1970. The zone is the first `Z` after the first `T`, else the first
/// `+`, else the first `-`; the fraction follows the first point before it.
pub(super) fn lenient_total(text: &str) -> Option<i128> {
    let day_end = text.find('T')?;
    let clock = text.get(day_end..)?;
    let zone_start = ['Z', '+', '-'].iter().find_map(|&mark| clock.find(mark))?;
    let (fields, zone) = text.split_at_checked(day_end.checked_add(zone_start)?)?;
    let (fields, fraction) = fields.split_once('.').unwrap_or((fields, ""));

    let mut rest = fields;
    let year = lenient_field(&mut rest, Some('-'))?;
    let month = lenient_field(&mut rest, Some('-'))?;
    let day = lenient_field(&mut rest, Some('T'))?;
    let hours = lenient_field(&mut rest, Some(':'))?;
    let minutes = lenient_field(&mut rest, Some(':'))?;
    // The engine ignores whatever follows the seconds (`timestamp.value/53`).
    let seconds = lenient_field(&mut rest, None)?;

    let seconds = days_from_civil(year, month, day)
        .checked_mul(DAY)?
        .checked_add(hours.checked_mul(3600)?)?
        .checked_add(minutes.checked_mul(60)?)?
        .checked_add(seconds)?
        .checked_sub(lenient_offset(zone)?)?;
    Some(total(seconds, lenient_nanos(fraction)?))
}

/// Spaces and tabs, an optional minus, digits of any script, then `separator`.
fn lenient_field(rest: &mut &str, separator: Option<char>) -> Option<i64> {
    let text = rest.trim_start_matches([' ', '\t']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let after = digits.trim_start_matches(|c| decimal_digit(c).is_some());
    // The engine's number format would read an exponent here.
    if after.starts_with('E') {
        return None;
    }
    let length = text.len().checked_sub(after.len())?;
    // Java keeps 32 bits of a field; its handling of more is unrecorded.
    let value = i32::try_from(parse_int(text.get(..length)?)?).ok()?;
    *rest = match separator {
        Some(c) => after.strip_prefix(c)?,
        None => after,
    };
    Some(i64::from(value))
}

/// Seconds of `Z`, `+h:m` or `-h:m` with numbers of any length and sign.
fn lenient_offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
    let minutes = parse_int(hours)?.checked_mul(60)?.checked_add(parse_int(minutes)?)?;
    let seconds = minutes.checked_mul(60)?;
    if zone.starts_with('-') { seconds.checked_neg() } else { Some(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_texts() {
        for (text, shown) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("2026-01-01T00:00:00.5+02:30", "2025-12-31T21:30:00.500Z"),
            ("0001-01-01T00:00:00.000001-00:00", "0001-01-01T00:00:00.000001Z"),
        ] {
            assert_eq!(text.parse::<Timestamp>().map(|t| t.to_string()), Ok(shown.to_owned()));
        }
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01t00:00:00z",
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00.Z",
            " 2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01T00:00:00+0200",
            "2026-01-01T00:00:00ZZ",
            "2026-01-01T00:00:00,5Z",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:0éZ",
            "0001-01-01T00:00:00+00:01",
            "2026-01-01T00:00:00.5",
            "2026-01-01T00:00:00+24:00",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
        for (text, shown) in [
            ("3.5s", "3.500s"),
            ("-0.5s", "-0.500s"),
            ("-0s", "0s"),
            ("0.000000001s", "0.000000001s"),
            ("-315576000000.999999999s", "-315576000000.999999999s"),
        ] {
            assert_eq!(text.parse::<Duration>().map(|d| d.to_string()), Ok(shown.to_owned()));
        }
        for text in ["", "s", "3", "3.s", ".5s", "--3s", "+3s", "3 s", "1.0000000001s", "315576000001s", "1.-5s"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
