//! The two languages: what their variables are called, and which operators they compute with.

use bumpalo::Bump;

use crate::{
    pattern::Pattern,
    value::{Comparator, Str, Type, ValueRef},
};

use super::{Arithmetic, Builtin, Failure, Misuse, Operation, access, database, operators};

/// A rules language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// That of Storage and Firestore.
    Service,
    /// That of Realtime Database expressions.
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
    /// `a.matches(pattern)` with a compiled pattern: all of the text, or any part of it.
    pub matches: fn(&Pattern, Str<'_>) -> bool,
    /// What a name or literal fails with that has no value.
    pub no_value: Failure<'static>,
    /// What an evaluation fails with that makes too many large values.
    pub too_large: Failure<'static>,
    /// What a call of a method fails with, where the receiver's type has none of that name.
    pub no_method: for<'a> fn(&'a str, Type) -> Failure<'a>,
    /// What it fails with, where the arguments, without the receiver, do not fit.
    pub misfit: for<'a> fn(&'static Builtin, &[ValueRef<'a>]) -> Failure<'a>,
}

/// Operators of Storage and Firestore rules.
pub const SERVICE: Operators = Operators {
    arithmetic: operators::arithmetic,
    negate: operators::negate,
    compare: operators::compare,
    member: access::member,
    matches: Pattern::matches,
    no_value: Failure::Null,
    too_large: Failure::MemoryLimit,
    no_method: |name, received| if received == Type::Null { Failure::Null } else { Failure::NotFound(name) },
    misfit: |builtin, given| Failure::Unsupported(Operation::call(builtin, given)),
};

/// Operators of Realtime Database rules.
pub const DATABASE: Operators = Operators {
    arithmetic: database::arithmetic,
    negate: database::negate,
    compare: database::compare,
    member: database::member,
    matches: Pattern::is_found,
    no_value: Failure::Database(Misuse::NoValue),
    too_large: Failure::Database(Misuse::TooLong),
    no_method: |name, received| Failure::Database(Misuse::Receiver(name, received)),
    misfit: |builtin, given| {
        let misfit = given.iter().map(|value| value.type_of()).find(|received| *received != Type::String);
        Failure::Database(Misuse::Argument(builtin, misfit.unwrap_or(Type::Null)))
    },
};

impl Dialect {
    /// The variables that every expression may name, in the order of their slots.
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

    /// Its operators.
    pub fn operators(self) -> &'static Operators {
        match self {
            Dialect::Service => &SERVICE,
            Dialect::Database => &DATABASE,
        }
    }
}
