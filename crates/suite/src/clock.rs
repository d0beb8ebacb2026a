//! Times as suites write them.

use firewarden::value::{Duration, Timestamp};

/// Parses RFC 3339 and, with a clock, `now`, `now-1h` and `now+90s`.
pub fn moment(text: &str, now: Option<Timestamp>) -> Option<Timestamp> {
    let text = text.trim();
    let (Some(now), Some(rest)) = (now, text.strip_prefix("now")) else { return text.parse().ok() };
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(now);
    }
    let (sign, amount) = rest.split_at_checked(1)?;
    let amount = span_of_time(amount.trim())?;
    match sign {
        "+" => now.checked_add(amount).ok(),
        "-" => now.checked_sub(amount).ok(),
        _ => None,
    }
}

/// Parses a duration: `90s`, `15m`, `1h`, `7d`, `2w`, `250ms`, or a sequence of these such as `1h30m`.
pub fn span_of_time(text: &str) -> Option<Duration> {
    let mut sum: Option<Duration> = None;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, after) = after.split_at_checked(letters)?;
        let one = Duration::value(number.parse().ok()?, unit).ok()?;
        sum = Some(match sum {
            Some(sum) => sum.checked_add(one).ok()?,
            None => one,
        });
        rest = after.trim_start();
    }
    sum
}
