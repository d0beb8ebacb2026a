//! Number rules of the official engine: conversions from and to text, rounding and saturation, checked integer
//! arithmetic, and comparisons of `int` with `float`.
//!
//! Source: runtime specification, sections 5, 6, 7, 12; recorded groups `int`, `float`, `string`, `math.round`, `int +`
//! .. `int %`, `float %`, `number ==`.

mod big_uint;
mod javascript;
mod parse;
mod print;

pub use javascript::javascript_number;
pub use parse::{decimal_digit, parse_double, parse_int};
pub use print::double_to_string;

/// An integer result left the 64-bit range (section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("Integer value is out of the [-9223372036854775808, 9223372036854775807] range.")]
pub struct Overflow;

/// The divisor of an integer `/` or `%` was 0 (section 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("Divide by zero error.")]
pub struct DivideByZero;

/// `a + b`. Errors with [`Overflow`] outside 64 bits (section 7, group `int +`).
pub fn add(a: i64, b: i64) -> Result<i64, Overflow> {
    a.checked_add(b).ok_or(Overflow)
}

/// `a - b`. Errors with [`Overflow`] outside 64 bits (section 7, group `int -`).
pub fn sub(a: i64, b: i64) -> Result<i64, Overflow> {
    a.checked_sub(b).ok_or(Overflow)
}

/// `a * b`. Errors with [`Overflow`] outside 64 bits (section 7, group `int *`).
pub fn mul(a: i64, b: i64) -> Result<i64, Overflow> {
    a.checked_mul(b).ok_or(Overflow)
}

/// Unary minus. Errors with [`Overflow`] for the least integer (section 7, group `unary`).
pub fn neg(a: i64) -> Result<i64, Overflow> {
    a.checked_neg().ok_or(Overflow)
}

/// `a / b`, truncating toward zero. `min / -1` is `min`, not an overflow (section 7, group
/// `int /`). Errors with [`DivideByZero`].
pub fn div(a: i64, b: i64) -> Result<i64, DivideByZero> {
    match b {
        0 => Err(DivideByZero),
        -1 => Ok(a.wrapping_neg()),
        _ => a.checked_div(b).ok_or(DivideByZero),
    }
}

/// `a % b` with the sign of the dividend; `min % -1` is 0 (section 7, group `int %`).
/// Errors with [`DivideByZero`].
pub fn rem(a: i64, b: i64) -> Result<i64, DivideByZero> {
    match b {
        0 => Err(DivideByZero),
        -1 => Ok(0),
        _ => a.checked_rem(b).ok_or(DivideByZero),
    }
}

/// `math.abs(int)`: the least integer is its own absolute value (section 12, group `math.abs`).
#[must_use]
pub fn abs(a: i64) -> i64 {
    a.wrapping_abs()
}

/// Float `+` as the engine sums: it starts with 0.0, so that `-0.0 + -0.0` is `0.0` (`float +/8`); with other operands
/// this is IEEE addition (section 7, groups `float +`, `mixed +`).
#[must_use]
pub fn float_add(a: f64, b: f64) -> f64 {
    0.0 + a + b
}

/// Float `%` as C `fmod`: sign of the dividend, `x % 0` is NaN (section 7, group `float %`).
#[must_use]
pub fn float_rem(a: f64, b: f64) -> f64 {
    a % b
}

/// `int(float)`: truncation toward zero, saturating, NaN gives 0 (section 12, `int/32` to `int/37`).
#[must_use]
pub fn double_to_int(x: f64) -> i64 {
    x as i64 // the language defines this cast with exactly these rules
}

/// `math.round(float)`: `floor(x + 0.5)` as if computed exactly, saturating, NaN gives 0
/// (section 12, group `math.round`).
#[must_use]
pub fn round(x: f64) -> i64 {
    // x - floor(x) is exact wherever its distance to one half matters; x + 0.5 is not (0.49999999999999994 + 0.5 rounds
    // to 1).
    let floor = x.floor();
    double_to_int(if x - floor >= 0.5 { floor + 1.0 } else { floor })
}

/// Mathematical equality of an int and a float, without rounding the int: relation E4
/// (section 5). NaN and the infinities equal no int.
#[must_use]
pub fn int_equals_double_exactly(i: i64, x: f64) -> bool {
    // The range excludes 2^63, which the cast would saturate to i64::MAX.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&x) && x.trunc() == x && x as i64 == i
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equality_across_types() {
        const TWO_63: f64 = 9_223_372_036_854_775_808.0;
        assert!(!int_equals_double_exactly(i64::MAX, TWO_63));
        assert!(int_equals_double_exactly(i64::MIN, -TWO_63));
        assert!(!int_equals_double_exactly(9_007_199_254_740_993, 9_007_199_254_740_992.0));
    }
}
