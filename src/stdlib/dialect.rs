//! The two languages: the names of their variables, and their operators.

use bumpalo::Bump;

use crate::{
    pattern::Pattern,
    value::{Comparator, Str, Type, ValueRef},
};

use super::{Arithmetic, Builtin, Failure, Misuse, Operation, access, database, operators};

/// A rules language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The language of Storage and Firestore.
    Service,
    /// The language of Realtime Database expressions.
    Database,
}

/// Operators whose meaning differs between the languages.
pub struct Operators {
    /// `+ - * / %`
    pub arithmetic: for<'a> fn(&'a Bump, Arithmetic, ValueRef<'a>, ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>>,
    /// `-a`
    pub negate: for<'a> fn(ValueRef<'a>) -> Result<ValueRef<'a>, Failure<'a>>,
    /// `== != < <= > >=`
    pub compare: for<'a> fn(Comparator, ValueRef<'a>, ValueRef<'a>) -> Result<bool, Failure<'a>>,
    /// `a.name`
    pub member: for<'a> fn(ValueRef<'a>, Str<'a>) -> Result<ValueRef<'a>, Failure<'a>>,
    /// `a.matches(pattern)` with a compiled pattern: matches the whole text, or any part of it.
    pub matches: fn(&Pattern, Str<'_>) -> bool,
    /// The failure of a name or literal without a value.
    pub no_value: Failure<'static>,
    /// The failure of an evaluation that makes too many large values.
    pub too_large: Failure<'static>,
    /// The failure of a method call if the receiver's type has no method of that name.
    pub no_method: for<'a> fn(&'a str, Type) -> Failure<'a>,
    /// The failure of a call whose arguments, without the receiver, fit no overload.
    pub mismatch: for<'a> fn(&'static Builtin, &[ValueRef<'a>]) -> Failure<'a>,
}

/// The operators of Storage and Firestore rules.
pub const SERVICE: Operators = Operators {
    arithmetic: operators::arithmetic,
    negate: operators::negate,
    compare: operators::compare,
    member: access::member,
    matches: Pattern::matches,
    no_value: Failure::Null,
    too_large: Failure::MemoryLimit,
    no_method: |name, received| if received == Type::Null { Failure::Null } else { Failure::NotFound(name) },
    mismatch: |builtin, given| Failure::Unsupported(Operation::call(builtin, given)),
};

/// The operators of Realtime Database rules.
pub const DATABASE: Operators = Operators {
    arithmetic: database::arithmetic,
    negate: database::negate,
    compare: database::compare,
    member: database::member,
    matches: Pattern::is_found,
    no_value: Failure::Database(Misuse::NoValue),
    too_large: Failure::Database(Misuse::TooLong),
    no_method: |name, received| Failure::Database(Misuse::Receiver(name, received)),
    mismatch: |builtin, given| {
        let mismatch = given.iter().map(|value| value.type_of()).find(|received| *received != Type::String);
        Failure::Database(Misuse::Argument(builtin, mismatch.unwrap_or(Type::Null)))
    },
};

impl Dialect {
    /// The variables that are in scope everywhere, in the order of their slots.
    pub fn variables(self) -> &'static [&'static str] {
        match self {
            Dialect::Service => &["request", "resource"],
            Dialect::Database => &["auth", "now", "root", "data", "newData", "query"],
        }
    }

    /// The slot of a variable.
    pub fn variable(self, name: &str) -> Option<u8> {
        self.variables().iter().position(|known| *known == name).and_then(|at| u8::try_from(at).ok())
    }

    /// The variable of a slot.
    pub fn variable_name(self, slot: u8) -> &'static str {
        self.variables().get(usize::from(slot)).copied().unwrap_or("?")
    }

    /// The operators of the language.
    pub fn operators(self) -> &'static Operators {
        match self {
            Dialect::Service => &SERVICE,
            Dialect::Database => &DATABASE,
        }
    }
}
