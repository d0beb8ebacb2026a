//! Hints about the times of a token: how far they are off, in readable units.

use serde_json::{Map, Value as Json};

use crate::{
    auth::{
        TokenFault,
        policy::{CUSTOM_TOKEN_LIFETIME, MAX_SKEW, TokenPolicy},
    },
    value::Timestamp,
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// The largest plausible number of seconds since 1970, in the year 5138. A larger number counts milliseconds.
const MAX_SECONDS: f64 = 1e11;

pub(super) fn hint(
    fault: &TokenFault,
    payload: &Map<String, Json>,
    policy: &TokenPolicy,
    now: Timestamp,
) -> Option<String> {
    let number = |name: &str| payload.get(name).and_then(Json::as_f64);
    let clock = now.unix_seconds() as f64;
    match fault {
        TokenFault::Expired => {
            let expired = number("exp")?;
            let since = if expired == clock {
                "this very second".to_owned()
            } else {
                format_duration(clock - expired) + " ago"
            };
            Some(format!("it expired {since}: `exp` is {}, and the clock says {now}", format_time(expired)))
        }
        TokenFault::InFuture(name) => Some(future_hint(name, number(name)?, policy, now)),
        TokenFault::NotYetValid => Some(future_hint("nbf", number("nbf")?, policy, now)),
        TokenFault::InvalidTime => {
            let name =
                ["nbf", "exp"].into_iter().find(|name| payload.get(*name).is_some_and(|time| !time.is_number()))?;
            Some(not_a_number_hint(name, payload.get(name)))
        }
        TokenFault::MissingClaim(name) => Some(not_a_number_hint(name, payload.get(*name))),
        TokenFault::LifetimeTooLong => {
            let lives = number("exp")? - number("iat")?;
            Some(format!(
                "its lifetime from `iat` to `exp` is {}; at most {} is allowed",
                format_duration(lives),
                format_duration(CUSTOM_TOKEN_LIFETIME as f64)
            ))
        }
        _ => None,
    }
}

fn future_hint(name: &str, time: f64, policy: &TokenPolicy, now: Timestamp) -> String {
    if time > MAX_SECONDS {
        return format!("`{name}` is in milliseconds; it must be in seconds since 1970");
    }
    let ahead = time - now.unix_seconds() as f64;
    let what =
        format!("`{name}` is {}, {} ahead of the clock, which says {now}", format_time(time), format_duration(ahead));
    let allowed = match policy.skew {
        0 => String::new(),
        skew => format!(" (the skew is {})", format_duration(skew as f64)),
    };
    let help = if ahead <= MAX_SKEW as f64 {
        format!("a verifier can tolerate a skew of up to {} (`Verifier::skew`)", format_duration(MAX_SKEW as f64))
    } else {
        "correct the clock of the machine that issued the token, or of the one that verifies it".to_owned()
    };
    format!("{what}{allowed}; {help}")
}

fn not_a_number_hint(name: &str, claim: Option<&Json>) -> String {
    match claim {
        None => format!("`{name}` is missing: it is a number of seconds since 1970"),
        Some(Json::String(_)) => {
            format!("`{name}` is a string: write the seconds since 1970 as a number, without quotation marks")
        }
        Some(_) => format!("`{name}` is not a number of seconds since 1970"),
    }
}

/// The date and time; the number itself if it is out of range.
fn format_time(seconds: f64) -> String {
    let time = (-MAX_SECONDS..=MAX_SECONDS).contains(&seconds).then(|| Timestamp::from_secs(seconds as i64));
    time.and_then(Result::ok).map_or_else(|| seconds.to_string(), |time| time.to_string())
}

/// A duration in its two largest units: `1 hour 5 minutes`.
fn format_duration(seconds: f64) -> String {
    // The cast saturates; a token may contain any number.
    let seconds = seconds.abs().ceil() as u64;
    let units = [("year", YEAR), ("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", 1)];
    let first = units.iter().position(|(_, unit)| seconds >= *unit).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let mut words = Vec::new();
    for (name, unit) in units.iter().skip(first).take(2) {
        let count = rest / unit;
        rest %= unit;
        if count > 0 || words.is_empty() && *unit == 1 {
            words.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::format_duration;

    #[test]
    fn lengths_are_told_in_two_units() {
        for (seconds, words) in [
            (0.0, "0 seconds"),
            (1.0, "1 second"),
            (59.2, "1 minute"),
            (61.0, "1 minute 1 second"),
            (3600.0, "1 hour"),
            (3900.0, "1 hour 5 minutes"),
            (3601.0, "1 hour"),
            (90_000.0, "1 day 1 hour"),
            (-90_000.0, "1 day 1 hour"),
            (1.7e9, "53 years 330 days"),
        ] {
            assert_eq!(format_duration(seconds), words);
        }
        assert!(format_duration(f64::INFINITY).ends_with("days") && format_duration(f64::NAN) == "0 seconds");
    }
}
