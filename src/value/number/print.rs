//! Doubles as text, digit by digit, in the format of Java's `Double.toString` up to version 18, which the official engine
//! runs on.
//!
//! Java's digits are usually, but not always, the shortest that parse to the same double: it prints 2e23 as
//! `1.9999999999999998E23` (`string/1`). This module therefore generates the digits as Java does (`FloatingDecimal`):
//! one by one, until the remainder is below the distance to the midpoints of the neighbouring doubles. It was verified
//! against Java 17 on random bit patterns and on the edges of every binade.

use std::cmp::Ordering;

use super::big_uint::BigUint;

/// Decimal digits 0..=9, the first of which has the weight `10^exponent`.
struct Decimal {
    digits: Vec<u8>,
    exponent: i32,
}

/// A double as the engine prints it (section 12, group `string`): `NaN`, `-Infinity`, `0.0`, plain decimal from 1e-3 to
/// below 1e7, otherwise `d.dE-n`.
#[must_use]
pub fn double_to_string(x: f64) -> String {
    if x.is_nan() {
        return "NaN".to_owned();
    }
    let mut text = String::from(if x.is_sign_negative() { "-" } else { "" });
    if x.is_infinite() {
        text.push_str("Infinity");
    } else if x == 0.0 {
        text.push_str("0.0");
    } else {
        format_decimal(&mut text, &decimal(x.abs()));
    }
    text
}

fn format_decimal(text: &mut String, decimal: &Decimal) {
    let digit = |d: &u8| char::from(b'0'.saturating_add(*d));
    let plain = (-3..7).contains(&decimal.exponent);
    let mut digits = decimal.digits.iter().map(digit);
    if plain && decimal.exponent < 0 {
        text.push_str("0.");
        text.extend((decimal.exponent..-1).map(|_| '0'));
        text.extend(digits);
        return;
    }
    let whole = if plain { decimal.exponent } else { 0 };
    text.extend((0..=whole).map(|_| digits.next().unwrap_or('0')));
    text.push('.');
    text.push(digits.next().unwrap_or('0'));
    text.extend(digits);
    if !plain {
        text.push('E');
        text.push_str(&decimal.exponent.to_string());
    }
}

/// The digits of a positive finite double.
fn decimal(x: f64) -> Decimal {
    let bits = x.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let field = i32::try_from(bits >> 52).unwrap_or(0);
    // x = significand * 2^ulp, with its highest bit at 2^binary.
    let (significand, ulp) = match field {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, field.saturating_sub(1075)),
    };
    let length = 64_i32.saturating_sub_unsigned(significand.leading_zeros());
    let binary = ulp.saturating_add(length).saturating_sub(1);
    let odd_length = length.saturating_sub_unsigned(significand.trailing_zeros());
    if odd_length.saturating_sub(1) <= binary && binary <= 62 {
        return integer(x, binary.saturating_sub(length).saturating_sub(1));
    }
    generate(significand, ulp, binary, odd_length)
}

/// The digits of an integer below 2^63: exact except for digits below the precision `2^power`.
fn integer(x: f64, power: i32) -> Decimal {
    let mut value = x as u64;
    let mut exponent = 0_i32;
    if power > 1 {
        let dropped = 2_f64.powi(power).log10().floor() as u32;
        let unit = 10_u64.saturating_pow(dropped);
        let up = value.checked_rem(unit).unwrap_or(0) >= unit / 2 && dropped > 0;
        value = value.checked_div(unit).unwrap_or(value).saturating_add(u64::from(up));
        exponent = exponent.saturating_add_unsigned(dropped);
    }
    let mut digits: Vec<u8> = value.to_string().bytes().map(|b| b.saturating_sub(b'0')).collect();
    let count = i32::try_from(digits.len()).unwrap_or(0);
    while digits.len() > 1 && digits.last() == Some(&0) {
        digits.pop();
    }
    Decimal { digits, exponent: exponent.saturating_add(count).saturating_sub(1) }
}

/// Generates the digits. `binary` is the exponent of the highest bit, `odd_length` the length of the significand
/// without trailing zeros.
fn generate(significand: u64, ulp: i32, binary: i32, odd_length: i32) -> Decimal {
    let mut exponent = estimate(significand, binary);
    let odd = significand >> significand.trailing_zeros();
    let mut remainder = match FixedRemainder::new(odd, exponent, ulp, binary, odd_length) {
        Some(fixed) => Remainder::Fixed(fixed),
        None => Remainder::Big(BigRemainder::new(significand, exponent, ulp, odd_length == 1)),
    };
    let mut digits = Vec::with_capacity(18);
    let mut next = remainder.next_digit();
    if next.digit == 0 && !next.high {
        exponent = exponent.saturating_sub(1); // the estimate was one too large
    } else {
        digits.push(next.digit);
    }
    // The form with an exponent has at least two digits.
    if !(-3..8).contains(&exponent) {
        (next.low, next.high) = (false, false);
    }
    while !next.low && !next.high {
        next = remainder.next_digit();
        digits.push(next.digit);
    }
    let round_up = next.high
        && (!next.low
            || match remainder.twice_cmp() {
                Ordering::Greater => true,
                Ordering::Equal => digits.last().is_some_and(|d| d % 2 == 1),
                Ordering::Less => false,
            });
    if round_up && increment(&mut digits) {
        exponent = exponent.saturating_add(1);
    }
    Decimal { digits, exponent }
}

/// The remainder of a value after the digits so far, the margin below which another digit is redundant, and the unit
/// that is worth 1 at the position of the last digit.
enum Remainder {
    Fixed(FixedRemainder),
    Big(BigRemainder),
}

/// A generated digit.
struct NextDigit {
    digit: u8,
    /// Whether the remainder is below the margin.
    low: bool,
    /// Whether the remainder is closer to the unit than the margin.
    high: bool,
}

impl Remainder {
    /// Generates the next digit.
    fn next_digit(&mut self) -> NextDigit {
        match self {
            Self::Fixed(fixed) => fixed.next_digit(),
            Self::Big(big) => big.next_digit(),
        }
    }

    /// Compares twice the remainder with the unit.
    fn twice_cmp(&self) -> Ordering {
        match self {
            Self::Fixed(fixed) => fixed.value.wrapping_shl(1).wrapping_sub(fixed.unit).cmp(&0),
            Self::Big(big) => big.value.add(&big.value).cmp(&big.unit),
        }
    }
}

struct BigRemainder {
    value: BigUint,
    margin: BigUint,
    unit: BigUint,
    started: bool,
}

impl BigRemainder {
    fn new(significand: u64, exponent: i32, ulp: i32, power_of_two: bool) -> Self {
        // value / unit is the double divided by 10^exponent. The margin is half the distance to the next double, or a
        // quarter for a power of two, below which doubles lie closer together.
        let (up, down) = (exponent.max(0).unsigned_abs(), exponent.min(0).unsigned_abs());
        let shift = ulp.saturating_sub(2);
        let (left, right) = (shift.max(0).unsigned_abs(), shift.min(0).unsigned_abs());
        let scaled = |n: u64| BigUint::new(n).mul_pow(10, down).mul_pow(2, left);
        Self {
            value: scaled(significand.wrapping_mul(4)),
            margin: scaled(if power_of_two { 1 } else { 2 }),
            unit: BigUint::new(1).mul_pow(10, up).mul_pow(2, right),
            started: false,
        }
    }

    fn next_digit(&mut self) -> NextDigit {
        if self.started {
            self.value.mul_small(10);
            self.margin.mul_small(10);
        }
        self.started = true;
        let digit = self.value.div_small(&self.unit);
        let high = self.value.add(&self.margin) >= self.unit;
        NextDigit { digit, low: self.value < self.margin, high }
    }
}

/// The remainder in 64 bits, which Java uses where the value fits. The margin may overflow, which shows in the digits
/// (2.2000000000000004E25), so it overflows here too.
struct FixedRemainder {
    value: i64,
    margin: i64,
    /// Ten times the unit of the first digit: value and margin are scaled by ten as well.
    unit: i64,
    started: bool,
}

impl FixedRemainder {
    fn new(odd: u64, exponent: i32, ulp: i32, binary: i32, odd_length: i32) -> Option<Self> {
        // Powers of two in the value without its odd significand, in the unit and in the margin, before and after
        // removing their common factor.
        let tiny = odd_length.saturating_sub(binary).saturating_sub(1).max(0);
        let (value5, unit5) = (exponent.saturating_neg().max(0), exponent.max(0));
        let whole = value5.saturating_add(tiny);
        let value2 = whole.saturating_add(binary).saturating_sub(odd_length).saturating_add(1);
        let unit2 = unit5.saturating_add(tiny);
        let margin2 = whole.saturating_add(ulp).saturating_sub(if odd_length == 1 { 2 } else { 1 });
        let common = value2.min(unit2).min(margin2);
        let [value2, unit2, margin2] = [value2, unit2, margin2].map(|n| n.saturating_sub(common));

        let value_bits = odd_length.saturating_add(value2).saturating_add(five_bits(value5));
        let next5 = unit5.saturating_add(1);
        let unit_bits = unit2.saturating_add(1).saturating_add(five_bits(next5));
        if value_bits >= 64 || unit_bits >= 64 {
            return None;
        }
        let five = |n: i32| 5_i64.checked_pow(n.unsigned_abs());
        let shl = |n: i64, by: i32| n.wrapping_shl(by.unsigned_abs());
        Some(Self {
            value: shl(i64::try_from(odd).ok()?.wrapping_mul(five(value5)?), value2),
            margin: shl(five(value5)?, margin2),
            unit: shl(five(next5)?, unit2.saturating_add(1)),
            started: false,
        })
    }

    fn next_digit(&mut self) -> NextDigit {
        let unit = self.unit / 10;
        let digit = self.value.checked_div(unit).and_then(|d| u8::try_from(d).ok()).unwrap_or(0);
        self.value = self.value.checked_rem(unit).unwrap_or(0).wrapping_mul(10);
        self.margin = self.margin.wrapping_mul(10);
        let overflowed = self.started && self.margin <= 0;
        self.started = true;
        let low = overflowed || self.value < self.margin;
        let high = overflowed || self.value.wrapping_add(self.margin) > self.unit;
        NextDigit { digit, low, high }
    }
}

/// Java's bound on the bit length of 5^n: exact within its table.
fn five_bits(n: i32) -> i32 {
    match n {
        0 => 0,
        1..27 => (f64::from(n) * 5_f64.log2()).ceil() as i32,
        _ => n.saturating_mul(3),
    }
}

/// Estimates the decimal exponent from a tangent of the logarithm at 1.5. The estimate may be one too large.
fn estimate(significand: u64, binary: i32) -> i32 {
    let fraction = significand << significand.leading_zeros() >> 11 & ((1 << 52) - 1);
    let mantissa = f64::from_bits(1023 << 52 | fraction);
    let logarithm = (mantissa - 1.5) * 0.289529654 + 0.176091259;
    (logarithm + f64::from(binary) * std::f64::consts::LOG10_2).floor() as i32
}

/// Adds one in the last position; returns whether that carried out of the first (then the digits are 1, 0, 0 ..).
fn increment(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit = digit.saturating_add(1);
            return false;
        }
        *digit = 0;
    }
    if let Some(first) = digits.first_mut() {
        *first = 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_java_17() {
        for (x, text) in [
            (2e23, "1.9999999999999998E23"), // string/1
            (2e22, "2.0E22"),
            (2.2000000000000005e25, "2.2000000000000004E25"),
            (5e-324, "4.9E-324"), // string/52
            (2.2250738585072014e-308, "2.2250738585072014E-308"),
            (0.001, "0.001"),
            (-9_999_999.0, "-9999999.0"),
            (9_223_372_036_854_775_807.0, "9.223372036854776E18"), // string/46
        ] {
            assert_eq!(double_to_string(x), text);
        }
    }
}
