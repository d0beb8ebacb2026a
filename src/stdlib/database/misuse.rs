//! Why an operation of a database rule fails. The service fails the rule without a message, so these messages are ours.

use crate::{
    stdlib::{Arithmetic, Builtin},
    value::{Comparator, Type},
};

/// An operation on values that it does not accept.
#[derive(Clone, Copy, Debug)]
pub enum Misuse<'a> {
    /// A method of strings, by its name, on a value of another type.
    Receiver(&'a str, Type),
    /// An argument that is not a string.
    Argument(&'static Builtin, Type),
    /// A list element that names a child but is not a string.
    Element(Type),
    /// `+ - * / %`
    Arithmetic(Arithmetic, Type, Type),
    /// `< <= > >=`
    Order(Comparator, Type, Type),
    /// `-a`
    Negate(Type),
    /// `a[b]`
    Index(Type, Type),
    /// A regular expression, or a method that is not called, in place of a value.
    NoValue,
    /// `root.parent()`
    NoParent,
    /// A string that exceeds what the database stores.
    TooLong,
}

impl std::fmt::Display for Misuse<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let is = name;
        match self {
            Misuse::Receiver(method, received) => write!(f, "`{method}` is for strings; this is {}", is(*received)),
            Misuse::Argument(builtin, received) => {
                write!(f, "`{}` takes a string; this is {}", builtin.name, is(*received))
            }
            Misuse::Element(received) => write!(f, "the name of a child is a string; this is {}", is(*received)),
            Misuse::Arithmetic(op @ Arithmetic::Add, a, b) => {
                write!(f, "`{}` takes numbers and strings; these are {} and {}", op.symbol(), is(*a), is(*b))
            }
            Misuse::Arithmetic(op, a, b) => {
                write!(f, "`{}` takes numbers; these are {} and {}", op.symbol(), is(*a), is(*b))
            }
            Misuse::Order(op, a, b) => {
                let (op, a, b) = (op.symbol(), is(*a), is(*b));
                write!(f, "`{op}` takes two numbers or two strings; these are {a} and {b}")
            }
            Misuse::Negate(received) => write!(f, "`-` takes a number; this is {}", is(*received)),
            Misuse::Index(object, index) => write!(f, "{} cannot index {}", is(*index), is(*object)),
            Misuse::NoValue => f.write_str("neither a regular expression nor a method that is not called is a value"),
            Misuse::NoParent => f.write_str("the root has no parent"),
            Misuse::TooLong => f.write_str("the string would be longer than 10 MB"),
        }
    }
}

/// A type as authors of database rules call it.
fn name(of: Type) -> &'static str {
    match of {
        Type::Null => "null",
        Type::Bool => "a boolean",
        Type::Int | Type::Float => "a number",
        Type::String => "a string",
        Type::List => "an array",
        _ => "an object",
    }
}
