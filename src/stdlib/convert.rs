//! Conversions: `int`, `float`, `string`, and `debug` (runtime specification, section 12).

use bumpalo::Bump;

use crate::value::{Str, ValueRef, number};

use super::{Builtin, Failure, Operation, alloc_text, mismatch};

pub(super) const TABLE: &[Builtin] = builtins! {
    Builtin::FUNCTION => {
        /// The number as an integer, the fraction dropped; the number a text stands for.
        int(Int) -> Int | (Float) -> Int | (String) -> Int, "int('42') == 42", Open, |bump, a| match a {
            [ValueRef::Int(n)] => Ok(ValueRef::Int(*n)),
            [ValueRef::Float(n)] => Ok(ValueRef::Int(number::double_to_int(*n))),
            [ValueRef::String(text)] => match number::parse_int(&text.to_string()) {
                Some(n) => Ok(ValueRef::Int(n)),
                None => Err(unreadable(bump, *text, "int")),
            },
            _ => Err(mismatch()),
        };
        /// The number as a float; the number a text stands for.
        float(Int) -> Float | (Float) -> Float | (String) -> Float, "float('1.5') == 1.5", Open, |bump, a| match a {
            [ValueRef::Int(n)] => Ok(ValueRef::Float(*n as f64)),
            [ValueRef::Float(n)] => Ok(ValueRef::Float(*n)),
            [ValueRef::String(text)] => match number::parse_double(&text.to_string()) {
                Some(n) => Ok(ValueRef::Float(n)),
                None => Err(unreadable(bump, *text, "float")),
            },
            _ => Err(mismatch()),
        };
        /// The text of a number, bool, null, path or string.
        string(Int) -> String | (Float) -> String | (Null) -> String | (String) -> String | (Bool) -> String
            | (Path) -> String,
            "string(1.0) == '1.0'", Text,
            |bump, a| match a {
                [value] => to_text(bump, *value).map(ValueRef::String),
                _ => Err(mismatch()),
            };
        /// Its first argument; explanations and logs show all.
        debug(Any) -> Any, "debug(1) == 1", First, |bump, a| {
            let none = "Service call error. Function: [debug], Argument: [].";
            a.first().copied().ok_or_else(|| super::message(bump, none.to_owned()))
        }, variadic: true;
    }
};

fn unreadable<'a>(bump: &'a Bump, text: Str<'_>, to: &str) -> Failure<'a> {
    let message = format!("Type conversion error. Argument: [{text}], From type: [string], To type: [{to}].");
    super::message(bump, message)
}

/// The function `string`, which joining, binding and path interpolation also use.
pub(super) fn to_text<'a>(bump: &'a Bump, value: ValueRef<'a>) -> Result<Str<'a>, Failure<'a>> {
    Ok(match value {
        ValueRef::String(text) => text,
        ValueRef::Null => Str::Utf8("null"),
        ValueRef::Bool(true) => Str::Utf8("true"),
        ValueRef::Bool(false) => Str::Utf8("false"),
        ValueRef::Int(n) => Str::Utf8(bump.alloc_str(&n.to_string())),
        ValueRef::Float(n) => Str::Utf8(bump.alloc_str(&number::double_to_string(n))),
        ValueRef::Path(path) => alloc_text(bump, path.text())?,
        other => {
            let Some(string) = super::function("string") else { return Err(mismatch()) };
            return Err(Failure::Unsupported(Operation::call(string, &[other])));
        }
    })
}
