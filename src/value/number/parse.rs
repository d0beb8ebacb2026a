//! Numbers from text, with the syntax of Java: `int(string)` and `float(string)`.

/// `int(string)` as Java's `Long.parseLong`: an optional sign, then decimal digits of any script (`int/92`), nothing
/// else. `None` for other text or outside 64 bits. Java reads UTF-16 units, so it accepts no digits beyond U+FFFF.
#[must_use]
pub fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return None;
    }
    // The least integer has no positive counterpart, so this accumulates below zero.
    let mut value: i64 = 0;
    for c in digits.chars() {
        value = value.checked_mul(10)?.checked_sub(i64::from(decimal_digit(c)?))?;
    }
    if negative { Some(value) } else { value.checked_neg() }
}

/// Zeros of the runs of ten decimal digits (general category Nd) in the basic plane.
const DIGIT_ZEROS: [u32; 37] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0DE6,
    0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40,
    0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

/// Value 0 to 9 of a decimal digit of any script in the basic plane, as Java's `Character.digit`.
#[must_use]
pub fn decimal_digit(c: char) -> Option<u8> {
    let code = u32::from(c);
    let offset = |zero: &u32| code.checked_sub(*zero).filter(|&d| d < 10);
    DIGIT_ZEROS.iter().find_map(offset).and_then(|d| u8::try_from(d).ok())
}

/// `float(string)` as Java's `Double.parseDouble` (section 12, `float/70` to `float/98`): ignores surrounding
/// characters up to U+0020; accepts signed `NaN`, `Infinity`, decimal or hexadecimal numbers with an optional suffix `f
/// F d D`; rounds out of range to infinity or zero. `None` for other text.
#[must_use]
pub fn parse_double(text: &str) -> Option<f64> {
    let text = text.trim_matches(|c| c <= ' ');
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = match body {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        _ => {
            let number = body.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(body);
            match number.strip_prefix("0x").or_else(|| number.strip_prefix("0X")) {
                Some(hex) => parse_hex(hex)?,
                None => parse_decimal(number)?,
            }
        }
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Parses unsigned `digits [. digits] [e [sign] digits]`; the standard library rounds.
fn parse_decimal(text: &str) -> Option<f64> {
    // What else the standard library accepts ("inf", "nan", a second sign) starts with or contains other characters.
    let number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if starts && text.chars().all(number) { text.parse().ok() } else { None }
}

/// The part after `0x`: `hex [. hex] p [sign] digits`, rounded to nearest even.
fn parse_hex(text: &str) -> Option<f64> {
    let (significand, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = significand.split_once('.').unwrap_or((significand, ""));
    // "0x1." is a number, "0x." is not.
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // No text that fits in memory shifts a larger exponent back into range.
    const FAR: i64 = 1 << 60;
    let magnitude = unsigned.parse::<i64>().unwrap_or(FAR).min(FAR);
    let mut power = if exponent.starts_with('-') { magnitude.saturating_neg() } else { magnitude };

    let mut bits: u64 = 0;
    let mut sticky = false; // a nonzero digit was shifted out below `bits`
    for (in_fraction, part) in [(false, whole), (true, fraction)] {
        for c in part.chars() {
            let digit = u64::from(c.to_digit(16)?);
            if bits >> 60 == 0 {
                bits = bits << 4 | digit;
                power = power.saturating_sub(if in_fraction { 4 } else { 0 });
            } else {
                sticky |= digit != 0;
                power = power.saturating_add(if in_fraction { 0 } else { 4 });
            }
        }
    }
    Some(scale(bits, sticky, power))
}

/// `bits * 2^power` (plus a little when `sticky`) as the nearest double, ties to even.
fn scale(bits: u64, sticky: bool, power: i64) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    // Moves the top bit to position 63: the value is in [2^(e), 2^(e+1)) with e = power + 63.
    let zeros = bits.leading_zeros();
    let bits = bits << zeros;
    let exponent = power.saturating_sub(i64::from(zeros)).saturating_add(63);
    if exponent > 1023 {
        return f64::INFINITY;
    }
    // Keeps 53 bits, fewer if subnormal; dropping all 64 and more leaves 0 or the least double.
    let missing = (-1022_i64).saturating_sub(exponent).max(0);
    let drop = u32::try_from(missing).unwrap_or(u32::MAX).saturating_add(11);
    if drop > 64 {
        return 0.0;
    }
    let kept = bits.checked_shr(drop).unwrap_or(0);
    let half = 1_u64 << drop.saturating_sub(1);
    let below = bits & half.saturating_sub(1);
    let up = bits & half != 0 && (below != 0 || sticky || kept & 1 == 1);
    // In raw bits, a carry out of the significand increments the exponent field, also from subnormal to normal and from
    // the largest double to infinity.
    let field = if missing > 0 { 0 } else { u64::try_from(exponent.saturating_add(1022)).unwrap_or(0) };
    f64::from_bits((field << 52).wrapping_add(kept).wrapping_add(u64::from(up)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_rounding_is_exact_at_every_boundary() {
        for (text, value) in [
            ("0x1.fffffffffffff8p1023", f64::INFINITY),
            ("0x1.fffffffffffff7fffffffffp1023", f64::MAX),
            ("0x1p-1074", 5e-324),
            ("0x1p-1075", 0.0),
            ("0x1.00000000000000000001p-1075", 5e-324),
            ("0x1.8p-1074", 1e-323),
            ("0x0.fffffffffffff8p-1022", f64::MIN_POSITIVE),
            ("0x1.00000000000008p0", 1.0),
            ("0x1.000000000000080000000000001p0", 1.0 + f64::EPSILON),
            ("0x0p99999999999999999999", 0.0),
            ("0x.8p1", 1.0),
            ("0x10000000000000000000p0", 2f64.powi(76)),
        ] {
            assert_eq!(parse_double(text), Some(value), "{text}");
        }
        for text in ["0x.p1", "0x1p", "0x1p+", "0xp1", "0x1.2.3p1", "0x1", "0x1p1_", "0x-1p1"] {
            assert_eq!(parse_double(text), None, "{text}");
        }
    }

    #[test]
    fn digit_runs_do_not_overlap() {
        assert!(DIGIT_ZEROS.windows(2).all(|w| w[0] + 10 <= w[1]));
    }
}
