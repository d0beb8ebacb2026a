//! Why an operation failed: the types of its operands, and those that it accepts. `Display` gives the official message
//! (runtime specification, section 18).

use crate::value::{Comparator, Str, Type};

use super::{Arithmetic, Builtin, Misuse};

/// Why an operation has no value. It is `Copy` and made without allocating, so that a denial costs no more than a
/// permit.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub enum Failure<'a> {
    /// A null, or a variable that is unknown or unbound.
    Null,
    /// A missing key.
    Property(Str<'a>),
    /// A path variable without a value.
    Unbound(Str<'a>),
    /// A value of the wrong type, where the message names no operator.
    Type {
        /// The type of the value.
        received: Type,
        /// The accepted types, as the message lists them. The double reference keeps results small.
        expected: &'static &'static str,
    },
    /// A missing function, with its name in the message.
    NotFound(&'a str),
    /// A wrong number of arguments of a built-in.
    ArgumentCount(usize, &'static Builtin),
    /// An operation that these types lack.
    Unsupported(Operation),
    /// Division of an integer by zero.
    DivideByZero,
    /// An integer result that exceeds 64 bits.
    Overflow,
    /// An index out of the bounds of a list, string or path.
    IndexOutOfBounds {
        /// The index.
        index: i64,
        /// The number of elements.
        size: usize,
    },
    /// A range whose end precedes its start.
    IllegalRange {
        /// The start.
        from: i64,
        /// The end.
        to: i64,
    },
    /// An operation of a database rule on values that it does not accept.
    Database(Misuse<'a>),
    /// Any other failure, with the official message.
    Message(&'a str),
    /// A failure whose official message has several causes, with the cause.
    Explained(&'a Explained<'a>),
    /// More than 1,000 expressions: ends the whole request.
    ExpressionLimit,
    /// A value that is too large: ends the whole request.
    MemoryLimit,
    /// Another failure that ends the whole request: a replacement that names a group which the pattern lacks.
    Fatal(&'a str),
    /// The host could not read its documents; the host's error is kept elsewhere. Ends the whole request.
    Host,
}

/// An official message that has several causes, with the cause.
#[derive(Clone, Copy, Debug)]
pub struct Explained<'a> {
    /// The official message.
    pub message: &'a str,
    /// The cause, and what would be right, in our words.
    pub why: &'a str,
}

impl<'a> Failure<'a> {
    /// The cause, if the official message has several.
    pub fn why(&self) -> Option<&'a str> {
        match self {
            Failure::Explained(explained) => Some(explained.why),
            _ => None,
        }
    }

    /// Whether the failure ends the evaluation of the whole request, so that neither `||` nor another statement can
    /// allow it.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Failure::ExpressionLimit | Failure::MemoryLimit | Failure::Fatal(_) | Failure::Host)
    }
}

/// An operation with the types of its operands.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// `a + b`
    Arithmetic(Arithmetic, Type, Type),
    /// `a < b`
    Order(Comparator, Type, Type),
    /// `-a`
    Negate(Type),
    /// `!a`
    Not(Type),
    /// `a in map`
    InMap(Type),
    /// `a[b]`
    Index(Type, Type),
    /// `a[b:c]`; a missing bound is null
    Range(Type, Type, Type),
    /// A built-in with the types of its arguments.
    Call(&'static Builtin, [Option<Type>; 6]),
}

impl Operation {
    pub(super) fn call(builtin: &'static Builtin, args: &[crate::value::ValueRef<'_>]) -> Self {
        let mut types = [None; 6];
        for (slot, arg) in types.iter_mut().zip(args) {
            *slot = Some(arg.type_of());
        }
        Operation::Call(builtin, types)
    }

    fn received(&self) -> String {
        match self {
            Operation::Arithmetic(op, a, b) => format!("{a} {} {b}", op.symbol()),
            Operation::Order(op, a, b) => format!("{a} {} {b}", op.symbol()),
            Operation::Negate(a) => format!("-{a}"),
            Operation::Not(a) => format!("!{a}"),
            Operation::InMap(a) => format!("map.in({a})"),
            Operation::Index(a, b) => format!("{a}[{b}]"),
            Operation::Range(a, b, c) => format!("{a}[{b}:{c}]"),
            Operation::Call(builtin, types) => {
                let types: Vec<_> = types.iter().flatten().map(|t| t.name()).collect();
                format!("{}({})", builtin.qualified_name(), types.join(", "))
            }
        }
    }

    fn expected(&self) -> String {
        let each = |op: &str, pairs: &[(&str, &str)]| {
            pairs.iter().map(|(a, b)| format!("{a} {op} {b}")).collect::<Vec<_>>().join(", ")
        };
        const NUMBERS: [(&str, &str); 2] = [("int", "int"), ("float", "float")];
        match self {
            Operation::Arithmetic(op @ Arithmetic::Add, ..) => {
                let more = [
                    ("string", "string"),
                    ("duration", "duration"),
                    ("duration", "timestamp"),
                    ("timestamp", "duration"),
                ];
                each(op.symbol(), &[&NUMBERS[..], &more[..]].concat())
            }
            Operation::Arithmetic(op @ Arithmetic::Sub, ..) => {
                let more = [("duration", "duration"), ("timestamp", "duration"), ("timestamp", "timestamp")];
                each(op.symbol(), &[&NUMBERS[..], &more[..]].concat())
            }
            Operation::Arithmetic(op, ..) => each(op.symbol(), &NUMBERS),
            Operation::Order(op, ..) => {
                let same = ["string", "bytes", "int", "float", "duration", "timestamp"].map(|t| (t, t));
                each(op.symbol(), &[&same[..], &[("constraint", "any"), ("any", "constraint")]].concat())
            }
            Operation::Negate(_) => "-int, -float, -duration".to_owned(),
            Operation::Not(_) => "!bool".to_owned(),
            Operation::InMap(_) => "map.in(string)".to_owned(),
            Operation::Index(Type::Map, _) => "map[string]".to_owned(),
            Operation::Index(Type::Path, _) => "path[string], path[int]".to_owned(),
            Operation::Index(receiver, _) => format!("{receiver}[int]"),
            Operation::Range(Type::Path, ..) => {
                "path[null:null], path[int:int], path[int:null], path[null:int]".to_owned()
            }
            Operation::Range(receiver, ..) => {
                let bounds = ["null:null", "null:int", "int:null", "int:int"];
                bounds.map(|b| format!("{receiver}[{b}]")).join(", ")
            }
            Operation::Call(builtin, _) => builtin.signatures(),
        }
    }
}

impl std::fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Failure::Null => f.write_str("Null value error."),
            Failure::Property(name) => write!(f, "Property {name} is undefined on object."),
            Failure::Unbound(name) => write!(f, "Variable {name} is not bound in path template."),
            Failure::Type { received, expected } => {
                write!(f, "Type error. Received: [{received}] Expected: [{expected}].")
            }
            Failure::NotFound(name) => write!(f, "Function not found error: Name: [{name}]."),
            Failure::ArgumentCount(received, builtin) => {
                write!(f, "Incorrect number of arguments. Received: {received}. Expected: {}.", builtin.signatures())
            }
            Failure::Database(misuse) => write!(f, "{misuse}"),
            Failure::Unsupported(operation) => {
                let (received, expected) = (operation.received(), operation.expected());
                write!(f, "Unsupported operation error. Received: {received}. Expected: {expected}.")
            }
            Failure::DivideByZero => f.write_str("Divide by zero error."),
            Failure::Overflow => {
                f.write_str("Integer value is out of the [-9223372036854775808, 9223372036854775807] range.")
            }
            Failure::IndexOutOfBounds { index, size } => {
                write!(f, "Index out of bound error. Index: [{index}] , size: [{size}].")
            }
            Failure::IllegalRange { from, to } => {
                write!(f, "Illegal range error. From index: [{from}] , To index: [{to}].")
            }
            Failure::Message(message) | Failure::Fatal(message) => f.write_str(message),
            Failure::Explained(explained) => f.write_str(explained.message),
            Failure::ExpressionLimit => f.write_str(
                "Unable to evaluate the expression as the maximum of 1000 expressions to evaluate has been reached.",
            ),
            Failure::MemoryLimit => {
                f.write_str("Unable to evaluate the expression as the maximum memory usage of 1000 has been reached.")
            }
            Failure::Host => f.write_str("The data that the rules ask for could not be read."),
        }
    }
}
