//! The built-in functions, methods and operators: one table for the checker, the evaluator and the explanations.
//!
//! Built-ins take borrowed values and an arena, and return a value or a [`Failure`]. Invariant: no evaluation state, no
//! requests; every entry has its signatures, a description, and an example that evaluates to true.

use bumpalo::Bump;

use crate::value::{CowStr, ListRef, Str, StrBuf, Type, ValueRef};

/// A table of built-ins by receiver or package. Each has a description, its signatures, an example, its [`Symbolic`]
/// treatment, its implementation, and any other fields of [`Builtin`].
macro_rules! builtins {
    ($($owner:expr => { $(
        $(#[doc = $doc:literal])*
        $name:ident $(($($param:ident),*) -> $result:ident)|+, $example:literal, $symbolic:ident, $run:expr
        $(, $field:ident: $value:expr)*;
    )* })*) => {
        &[$($($crate::stdlib::Builtin {
            name: stringify!($name),
            overloads: &[$($crate::stdlib::Overload {
                params: &[$($crate::value::Type::$param),*],
                result: $crate::value::Type::$result,
            }),+],
            run: $run,
            doc: concat!($($doc),*).trim_ascii_start(),
            example: $example,
            symbolic: $crate::stdlib::Symbolic::$symbolic,
            $($field: $value,)*
            ..$owner
        },)*)*]
    };
}

/// A function that reads an argument of one type.
macro_rules! argument {
    ($name:ident: $variant:ident($type:ty)) => {
        fn $name<'a>(args: &[ValueRef<'a>], at: usize) -> Result<$type, Failure<'a>> {
            match args.get(at) {
                Some(ValueRef::$variant(argument)) => Ok(*argument),
                _ => Err($crate::stdlib::mismatch()),
            }
        }
    };
}

mod access;
mod convert;
mod database;
mod dialect;
mod failure;
mod hashing;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a broken table should stop the test
mod hostile;
mod latlng;
mod lists;
mod lookup;
mod maps;
mod numbers;
mod operators;
mod paths;
mod sets;
mod strings;
mod symbolic;
mod times;

pub use access::{INDEX, RANGE, check_extent, has_elements, index, member_of, range, unreadable, whole};
pub use database::{Misuse, claim_index};
pub use dialect::{DATABASE, Dialect, Operators, SERVICE};
pub use failure::{Explained, Failure, Operation};
pub use operators::{Arithmetic, contains, equal, has_type, not};
pub use paths::splice;
pub use strings::{replace_by, split_by};
pub use symbolic::Symbolic;

/// A signature of a built-in.
#[derive(Debug)]
pub struct Overload {
    /// Types of the arguments, without the receiver. `Float` also accepts an integer and converts it.
    pub params: &'static [Type],
    /// Type of the result.
    pub result: Type,
}

/// Computes a result from arguments that fit one of the overloads; the first argument of a method is the receiver.
pub type BuiltinFn = for<'a> fn(&'a Bump, &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>>;

/// Explains a false result: names the elements that caused it.
pub type ReasonFn = fn(&[ValueRef<'_>]) -> Option<String>;

/// A built-in function or method.
pub struct Builtin {
    /// The type whose method it is, if it is a method.
    pub receiver: Option<Type>,
    /// The package whose function it is, if it is one.
    pub package: Option<&'static str>,
    /// Its name.
    pub name: &'static str,
    /// The signatures, in the order in which messages list them.
    pub overloads: &'static [Overload],
    /// The implementation.
    pub run: BuiltinFn,
    /// A description in one sentence.
    pub doc: &'static str,
    /// An expression that evaluates to true.
    pub example: &'static str,
    /// How the analysis treats it.
    pub symbolic: Symbolic,
    /// Explains a false result.
    pub reason: Option<ReasonFn>,
    /// Whether it accepts any number of arguments of any types, whatever its overload says.
    pub variadic: bool,
}

impl std::fmt::Debug for Builtin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.signatures())
    }
}

impl Builtin {
    /// What all functions outside packages have in common.
    const FUNCTION: Self = Builtin {
        receiver: None,
        package: None,
        name: "",
        overloads: &[],
        run: |_, _| Err(mismatch()),
        doc: "",
        example: "",
        symbolic: Symbolic::Open,
        reason: None,
        variadic: false,
    };

    /// What all methods of a type have in common.
    const fn method(receiver: Type) -> Self {
        Builtin { receiver: Some(receiver), ..Builtin::FUNCTION }
    }

    /// What all functions of a package have in common.
    const fn package(package: &'static str) -> Self {
        Builtin { package: Some(package), ..Builtin::FUNCTION }
    }

    /// The name as messages print it: `string.size`, `math.abs`, `int`.
    pub fn qualified_name(&self) -> String {
        match (self.receiver, self.package) {
            (Some(receiver), _) => format!("{receiver}.{}", self.name),
            (None, Some(package)) => format!("{package}.{}", self.name),
            (None, None) => self.name.to_owned(),
        }
    }

    /// All signatures as messages print them: `math.abs(int), math.abs(float)`.
    pub fn signatures(&self) -> String {
        let name = match self.receiver {
            // Messages describe the method of constraints as that of lists.
            Some(Type::Constraint) => format!("{}.{}", Type::List, self.name),
            _ => self.qualified_name(),
        };
        let one = |overload: &Overload| {
            let params: Vec<_> = overload.params.iter().map(|t| t.name()).collect();
            format!("{name}({})", params.join(", "))
        };
        self.overloads.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    /// Calls the built-in: checks the number and the types of the arguments, and converts integers where a float is
    /// expected.
    ///
    /// # Errors
    ///
    /// A wrong number of arguments, else wrong types, else a failure of the operation itself.
    pub fn call<'a>(
        &'static self,
        operators: &Operators,
        bump: &'a Bump,
        args: &[ValueRef<'a>],
    ) -> Result<ValueRef<'a>, Failure<'a>> {
        let given = args.get(usize::from(self.receiver.is_some())..).unwrap_or(&[]);
        if self.variadic {
            return (self.run)(bump, args);
        }
        if !self.overloads.iter().any(|o| o.params.len() == given.len()) {
            return Err(Failure::ArgumentCount(given.len(), self));
        }
        let fits = |overload: &&Overload| {
            overload.params.len() == given.len() && overload.params.iter().zip(given).all(|(p, a)| accepts(*p, *a))
        };
        let Some(overload) = self.overloads.iter().find(fits) else {
            return Err((operators.mismatch)(self, given));
        };
        let converts = |(param, arg): (&Type, &ValueRef<'_>)| *param == Type::Float && matches!(arg, ValueRef::Int(_));
        if overload.params.iter().zip(given).any(converts) {
            let mut converted = [ValueRef::Null; MAX_ARGUMENTS];
            let skip = args.len() - given.len();
            for (i, (slot, arg)) in converted.iter_mut().zip(args).enumerate() {
                let wants_float = i >= skip && overload.params.get(i - skip) == Some(&Type::Float);
                *slot = match arg {
                    ValueRef::Int(n) if wants_float => ValueRef::Float(*n as f64),
                    other => *other,
                };
            }
            return (self.run)(bump, converted.get(..args.len()).unwrap_or(args));
        }
        (self.run)(bump, args)
    }
}

/// Maximum number of arguments of a built-in, receiver included.
const MAX_ARGUMENTS: usize = 8;

fn accepts(param: Type, arg: ValueRef<'_>) -> bool {
    let given = arg.type_of();
    param == given || param == Type::Any || (param == Type::Float && given == Type::Int)
}

/// Every built-in of a language, in the order in which messages about several of them list their types.
pub fn table(dialect: Dialect) -> impl Iterator<Item = &'static Builtin> {
    const SERVICE: [&[Builtin]; 11] = [
        strings::TABLE,
        lists::BYTES,
        lists::TABLE,
        sets::TABLE,
        maps::TABLE,
        times::TABLE,
        latlng::TABLE,
        paths::TABLE,
        numbers::TABLE,
        hashing::TABLE,
        convert::TABLE,
    ];
    let parts: &[&'static [Builtin]] = match dialect {
        Dialect::Service => &SERVICE,
        Dialect::Database => &database::TABLES,
    };
    parts.iter().copied().flatten()
}

/// The function of a package with that name.
pub fn package_function(package: &str, name: &str) -> Option<&'static Builtin> {
    table(Dialect::Service).find(|b| b.receiver.is_none() && b.package == Some(package) && b.name == name)
}

/// The function with that name outside packages.
pub fn function(name: &str) -> Option<&'static Builtin> {
    table(Dialect::Service).find(|b| b.receiver.is_none() && b.package.is_none() && b.name == name)
}

/// The methods with that name, one for each type that has it.
pub fn methods(dialect: Dialect, name: &str) -> impl Iterator<Item = &'static Builtin> {
    table(dialect).filter(move |b| b.receiver.is_some() && b.name == name)
}

/// Copies text into the arena.
fn alloc_text<'a>(bump: &'a Bump, text: StrBuf) -> Result<Str<'a>, Failure<'a>> {
    check_arena(bump, text.as_str().bytes())?;
    Ok(match text {
        StrBuf::Utf8(text) => Str::Utf8(bump.alloc_str(&text)),
        StrBuf::Wide(units) => Str::Wide(bump.alloc_slice_copy(&units)),
    })
}

fn alloc_cow<'a>(bump: &'a Bump, cut: CowStr<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(ValueRef::String(match cut {
        CowStr::Borrowed(text) => text,
        CowStr::Owned(text) => alloc_text(bump, text)?,
    }))
}

/// Copies elements into the arena unless they are too many.
fn alloc_list<'a>(bump: &'a Bump, elements: impl Iterator<Item = ValueRef<'a>>) -> Result<ListRef<'a>, Failure<'a>> {
    let elements: Vec<_> = elements.take(access::MAX_ELEMENTS + 1).collect();
    access::check_elements(elements.len())?;
    check_arena(bump, size_of_val(elements.as_slice()))?;
    Ok(ListRef::Made(bump.alloc_slice_copy(&elements)))
}

/// The failure with that message. Messages contain what a client sent, so many long ones end the evaluation.
pub fn message<'a>(bump: &'a Bump, error: impl std::fmt::Display) -> Failure<'a> {
    match alloc_text(bump, StrBuf::Utf8(error.to_string())) {
        Ok(Str::Utf8(text)) => Failure::Message(text),
        Ok(Str::Wide(_)) => mismatch(),
        Err(full) => full,
    }
}

/// The failure with that message and its cause.
pub fn explained<'a>(bump: &'a Bump, error: impl std::fmt::Display, why: impl std::fmt::Display) -> Failure<'a> {
    match (message(bump, error), message(bump, why)) {
        (Failure::Message(message), Failure::Message(why)) => {
            Failure::Explained(bump.alloc(Explained { message, why }))
        }
        (failure, _) => failure,
    }
}

/// Maximum size of the values of one evaluation in bytes. The official engine keeps values on a stack of two MiB; this
/// bounds what a thousand expressions of that size could allocate together.
const MAX_ARENA: usize = 40 << 20;

/// Checks that the arena has room for so many more bytes. Callers check before they allocate anything large.
fn check_arena<'a>(bump: &Bump, bytes: usize) -> Result<(), Failure<'a>> {
    if bytes <= bump.chunk_capacity() {
        return Ok(());
    }
    // A new block is at least twice as large as the previous one.
    let taken = bump.allocated_bytes();
    if taken + bytes.max(2 * taken) > MAX_ARENA { Err(Failure::MemoryLimit) } else { Ok(()) }
}

/// The failure of arguments that fit no overload although [`Builtin::call`] checked them: the table contradicts itself.
/// Fails closed.
fn mismatch<'a>() -> Failure<'a> {
    Failure::Message("internal: a built-in was called with arguments that it does not take")
}
