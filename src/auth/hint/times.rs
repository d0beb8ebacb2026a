//! How far the times of a token are off, in units for people.

use serde_json::{Map, Value as Json};

use crate::{
    auth::{
        TokenFault,
        checks::{CUSTOM_TOKEN_LIFETIME, MAX_SKEW, Rules},
    },
    value::Timestamp,
};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// A larger number of seconds since 1970 is thousands of years ahead: it counts milliseconds.
const MILLISECONDS: f64 = 1e11;

pub(super) fn hint(fault: &TokenFault, payload: &Map<String, Json>, rules: &Rules, now: Timestamp) -> Option<String> {
    let number = |name: &str| payload.get(name).and_then(Json::as_f64);
    let clock = now.unix_seconds() as f64;
    match fault {
        TokenFault::Expired => {
            let expired = number("exp")?;
            let since = if expired == clock { "this very second".to_owned() } else { length(clock - expired) + " ago" };
            Some(format!("it expired {since}: `exp` is {}, and the clock says {now}", moment(expired)))
        }
        TokenFault::InFuture(name) => Some(ahead(name, number(name)?, rules, now)),
        TokenFault::NotYetValid => Some(ahead("nbf", number("nbf")?, rules, now)),
        TokenFault::BadTime => {
            let name =
                ["nbf", "exp"].into_iter().find(|name| payload.get(*name).is_some_and(|time| !time.is_number()))?;
            Some(not_a_number(name, payload.get(name)))
        }
        TokenFault::MissingClaim(name) => Some(not_a_number(name, payload.get(*name))),
        TokenFault::LivesTooLong => {
            let lives = number("exp")? - number("iat")?;
            Some(format!(
                "from `iat` to `exp` it lives {}; at most {} is allowed",
                length(lives),
                length(CUSTOM_TOKEN_LIFETIME as f64)
            ))
        }
        _ => None,
    }
}

fn ahead(name: &str, time: f64, rules: &Rules, now: Timestamp) -> String {
    if time > MILLISECONDS {
        return format!("`{name}` counts milliseconds; the times of tokens are seconds since 1970");
    }
    let ahead = time - now.unix_seconds() as f64;
    let what = format!("`{name}` is {}, {} ahead of the clock, which says {now}", moment(time), length(ahead));
    let allowed = match rules.skew {
        0 => String::new(),
        skew => format!(" (the skew is {})", length(skew as f64)),
    };
    let help = if ahead <= MAX_SKEW as f64 {
        format!(
            "a skew of up to {} may be allowed (`firewarden token verify --skew`, in the library `Verifier::skew`)",
            length(MAX_SKEW as f64)
        )
    } else {
        "set the clock of the machine that made it, or the one it is verified by".to_owned()
    };
    format!("{what}{allowed}; {help}")
}

fn not_a_number(name: &str, claim: Option<&Json>) -> String {
    match claim {
        None => format!("`{name}` is missing: seconds since 1970, a number"),
        Some(Json::String(_)) => {
            format!("`{name}` is text: write seconds since 1970 as a number, without quotation marks")
        }
        Some(_) => format!("`{name}` is not a number of seconds since 1970"),
    }
}

/// The date and time; the number itself where it is out of range.
fn moment(seconds: f64) -> String {
    let time = (-MILLISECONDS..=MILLISECONDS).contains(&seconds).then(|| Timestamp::from_secs(seconds as i64));
    time.and_then(Result::ok).map_or_else(|| seconds.to_string(), |time| time.to_string())
}

/// A span of time in its two largest units: `1 hour 5 minutes`.
fn length(seconds: f64) -> String {
    // Saturates; a token may state any number.
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
    use super::length;

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
            assert_eq!(length(seconds), words);
        }
        assert!(length(f64::INFINITY).ends_with("days") && length(f64::NAN) == "0 seconds");
    }
}
