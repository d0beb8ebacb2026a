//! The package `math` (runtime specification, section 12).

use crate::value::{Type, ValueRef, number};

use super::{Builtin, Failure, Overload, mismatch};

const TO_FLOAT: &[Overload] = &[Overload { params: &[Type::Float], result: Type::Float }];
const TO_BOOL: &[Overload] = &[Overload { params: &[Type::Float], result: Type::Bool }];

pub(super) const TABLE: &[Builtin] = &[
    Builtin::in_package(
        "math",
        "abs",
        &[
            Overload { params: &[Type::Int], result: Type::Int },
            Overload { params: &[Type::Float], result: Type::Float },
        ],
        |_, a| match a {
            [ValueRef::Int(n)] => Ok(ValueRef::Int(number::abs(*n))),
            [ValueRef::Float(n)] => Ok(ValueRef::Float(n.abs())),
            _ => Err(mismatch()),
        },
        "The number without its sign.",
        "math.abs(-1) == 1",
    ),
    Builtin::in_package(
        "math",
        "ceil",
        TO_FLOAT,
        |_, a| Ok(ValueRef::Float(float(a, 0)?.ceil())),
        "The next whole number up, as a float.",
        "math.ceil(1.2) == 2.0",
    ),
    Builtin::in_package(
        "math",
        "floor",
        TO_FLOAT,
        |_, a| Ok(ValueRef::Float(float(a, 0)?.floor())),
        "The next whole number down, as a float.",
        "math.floor(1.8) == 1.0",
    ),
    Builtin::in_package(
        "math",
        "round",
        &[Overload { params: &[Type::Float], result: Type::Int }],
        |_, a| Ok(ValueRef::Int(number::round(float(a, 0)?))),
        "The nearest integer, halves up.",
        "math.round(-0.5) == 0",
    ),
    Builtin::in_package(
        "math",
        "sqrt",
        TO_FLOAT,
        |_, a| Ok(ValueRef::Float(float(a, 0)?.sqrt())),
        "The square root.",
        "math.sqrt(4) == 2.0",
    ),
    Builtin::in_package(
        "math",
        "pow",
        &[Overload { params: &[Type::Float, Type::Float], result: Type::Float }],
        |_, a| Ok(ValueRef::Float(power(float(a, 0)?, float(a, 1)?))),
        "The first number to the power of the second.",
        "math.pow(2, 10) == 1024.0",
    ),
    Builtin::in_package(
        "math",
        "isNaN",
        TO_BOOL,
        |_, a| Ok(ValueRef::Bool(float(a, 0)?.is_nan())),
        "Whether it is not a number.",
        "math.isNaN(0.0 / 0)",
    ),
    Builtin::in_package(
        "math",
        "isInfinity",
        TO_BOOL,
        |_, a| Ok(ValueRef::Bool(float(a, 0)?.is_infinite())),
        "Whether it is infinite.",
        "math.isInfinity(1.0 / 0)",
    ),
];

/// Java's `Math.pow`: unlike in C, one to the power of NaN or infinity is NaN.
fn power(base: f64, exponent: f64) -> f64 {
    if base.abs() == 1.0 && exponent.is_infinite() || base == 1.0 && exponent.is_nan() {
        return f64::NAN;
    }
    base.powf(exponent)
}

fn float<'a>(args: &[ValueRef<'a>], at: usize) -> Result<f64, Failure<'a>> {
    match args.get(at) {
        Some(ValueRef::Float(n)) => Ok(*n),
        _ => Err(mismatch()),
    }
}
