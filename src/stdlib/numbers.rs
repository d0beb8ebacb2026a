//! The package `math` (runtime specification, section 12).

use crate::value::{ValueRef, number};

use super::{Builtin, Failure, mismatch};

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::package("math") => {
        /// The number without its sign.
        abs(Int) -> Int | (Float) -> Float, "math.abs(-1) == 1", Open, |_, a| match a {
            [ValueRef::Int(n)] => Ok(ValueRef::Int(number::abs(*n))),
            [ValueRef::Float(n)] => Ok(ValueRef::Float(n.abs())),
            _ => Err(mismatch()),
        };
        /// The next whole number up, as a float.
        ceil(Float) -> Float, "math.ceil(1.2) == 2.0", Open, |_, a| Ok(ValueRef::Float(float(a, 0)?.ceil()));
        /// The next whole number down, as a float.
        floor(Float) -> Float, "math.floor(1.8) == 1.0", Open, |_, a| Ok(ValueRef::Float(float(a, 0)?.floor()));
        /// The nearest integer, halves up.
        round(Float) -> Int, "math.round(-0.5) == 0", Open, |_, a| Ok(ValueRef::Int(number::round(float(a, 0)?)));
        /// The square root.
        sqrt(Float) -> Float, "math.sqrt(4) == 2.0", Open, |_, a| Ok(ValueRef::Float(float(a, 0)?.sqrt()));
        /// The first number to the power of the second.
        pow(Float, Float) -> Float, "math.pow(2, 10) == 1024.0", Open,
            |_, a| Ok(ValueRef::Float(power(float(a, 0)?, float(a, 1)?)));
        /// Whether it is not a number.
        isNaN(Float) -> Bool, "math.isNaN(0.0 / 0)", Open, |_, a| Ok(ValueRef::Bool(float(a, 0)?.is_nan()));
        /// Whether it is infinite.
        isInfinity(Float) -> Bool, "math.isInfinity(1.0 / 0)", Open, |_, a| Ok(ValueRef::Bool(float(a, 0)?.is_infinite()));
    }
};

/// Java's `Math.pow`: unlike in C, one to the power of NaN or infinity is NaN.
fn power(base: f64, exponent: f64) -> f64 {
    if base.abs() == 1.0 && exponent.is_infinite() || base == 1.0 && exponent.is_nan() {
        return f64::NAN;
    }
    base.powf(exponent)
}

argument!(float: Float(f64));
