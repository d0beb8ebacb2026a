//! The built-in functions, methods and operators: one table for the checker, the evaluator and the explanations.
//!
//! Takes borrowed values and an arena, gives a value or a [`Failure`]. Invariant: no evaluation state, no requests;
//! every entry says what it takes, what it gives, what it means, and an example that is true.

mod access;
mod convert;
mod database;
mod dialect;
mod failure;
mod hashing;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a broken table should stop the test
mod hostile;
mod lists;
mod lookup;
mod maps;
mod numbers;
mod operators;
mod paths;
mod places;
mod sets;
mod strings;
mod times;

use bumpalo::Bump;

use crate::value::{Cut, ListRef, Str, StrBuf, Type, ValueRef};

pub use access::{INDEX, RANGE, check_extent, has_elements, index, member_of, range, unreadable, whole};
pub use database::{Misuse, claim_index};
pub use dialect::{DATABASE, Dialect, Operators, SERVICE};
pub use failure::{Failure, Operation, Told};
pub use operators::{Arithmetic, contains, equal, has_type, not};
pub use paths::splice;
pub use strings::{replace_by, split_by};

/// What a function takes and gives.
#[derive(Debug)]
pub struct Overload {
    /// Types of the arguments, without the receiver. `Float` takes an integer too and converts it.
    pub params: &'static [Type],
    /// Type of the result.
    pub result: Type,
}

/// Computes a result from arguments that fit one of the overloads; of a method, the first is the receiver.
pub type Run = for<'a> fn(&'a Bump, &[ValueRef<'a>]) -> Result<ValueRef<'a>, Failure<'a>>;

/// Why the answer to such arguments is false, in a few words.
pub type Why = fn(&[ValueRef<'_>]) -> Option<String>;

/// A built-in function or method.
pub struct Builtin {
    /// The type whose method it is.
    pub receiver: Option<Type>,
    /// The package whose function it is.
    pub package: Option<&'static str>,
    /// Its name.
    pub name: &'static str,
    /// What it takes, in the order in which messages list it.
    pub overloads: &'static [Overload],
    /// What it computes.
    pub run: Run,
    /// What it means, in a sentence.
    pub doc: &'static str,
    /// An expression that is true.
    pub example: &'static str,
    /// What a reader asks when it gives false: which elements it is about.
    pub why: Option<Why>,
    /// Whether it takes any number of arguments of any types, whatever its overload says.
    pub variadic: bool,
}

/// A method of a type.
const fn method(
    receiver: Type,
    name: &'static str,
    overloads: &'static [Overload],
    run: Run,
    doc: &'static str,
    example: &'static str,
) -> Builtin {
    Builtin { receiver: Some(receiver), package: None, name, overloads, run, doc, example, why: None, variadic: false }
}

/// A function of a package.
const fn packaged(
    package: &'static str,
    name: &'static str,
    overloads: &'static [Overload],
    run: Run,
    doc: &'static str,
    example: &'static str,
) -> Builtin {
    Builtin { receiver: None, package: Some(package), name, overloads, run, doc, example, why: None, variadic: false }
}

impl std::fmt::Debug for Builtin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.signatures())
    }
}

impl Builtin {
    /// The same, which says why it gives false.
    const fn because(self, why: Why) -> Self {
        Builtin { why: Some(why), ..self }
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

    /// Calls it: counts and types are checked, integers converted where a float is wanted.
    ///
    /// # Errors
    ///
    /// A wrong count, then wrong types, then what the operation itself runs into.
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
            return Err((operators.misfit)(self, given));
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

/// No built-in takes more, receiver included.
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
        places::TABLE,
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

/// The function of a package.
pub fn package_function(package: &str, name: &str) -> Option<&'static Builtin> {
    table(Dialect::Service).find(|b| b.receiver.is_none() && b.package == Some(package) && b.name == name)
}

/// The function without a package.
pub fn function(name: &str) -> Option<&'static Builtin> {
    table(Dialect::Service).find(|b| b.receiver.is_none() && b.package.is_none() && b.name == name)
}

/// The methods of that name, one for each type that has it.
pub fn methods(dialect: Dialect, name: &str) -> impl Iterator<Item = &'static Builtin> {
    table(dialect).filter(move |b| b.receiver.is_some() && b.name == name)
}

/// Text into the arena.
fn keep<'a>(bump: &'a Bump, text: StrBuf) -> Result<Str<'a>, Failure<'a>> {
    room(bump, text.as_str().bytes())?;
    Ok(match text {
        StrBuf::Utf8(text) => Str::Utf8(bump.alloc_str(&text)),
        StrBuf::Wide(units) => Str::Wide(bump.alloc_slice_copy(&units)),
    })
}

fn keep_cut<'a>(bump: &'a Bump, cut: Cut<'a>) -> Result<ValueRef<'a>, Failure<'a>> {
    Ok(ValueRef::String(match cut {
        Cut::Borrowed(text) => text,
        Cut::Owned(text) => keep(bump, text)?,
    }))
}

/// Elements into the arena, if they are not too many.
fn keep_all<'a>(bump: &'a Bump, elements: impl Iterator<Item = ValueRef<'a>>) -> Result<ListRef<'a>, Failure<'a>> {
    let elements: Vec<_> = elements.take(access::MAX_ELEMENTS + 1).collect();
    access::check_elements(elements.len())?;
    room(bump, size_of_val(elements.as_slice()))?;
    Ok(ListRef::Made(bump.alloc_slice_copy(&elements)))
}

/// The failure with that message. Messages hold what a client sent: many long ones end the evaluation.
pub fn message<'a>(bump: &'a Bump, error: impl std::fmt::Display) -> Failure<'a> {
    match keep(bump, StrBuf::Utf8(error.to_string())) {
        Ok(Str::Utf8(text)) => Failure::Message(text),
        Ok(Str::Wide(_)) => misfit(),
        Err(full) => full,
    }
}

/// The failure with that message and the cause of it.
pub fn told<'a>(bump: &'a Bump, error: impl std::fmt::Display, why: impl std::fmt::Display) -> Failure<'a> {
    match (message(bump, error), message(bump, why)) {
        (Failure::Message(message), Failure::Message(why)) => Failure::Told(bump.alloc(Told { message, why })),
        (failure, _) => failure,
    }
}

/// Bytes that the values of one evaluation take at most. The official engine keeps values on a stack of two MiB; this
/// bounds what a thousand expressions of that size could hold together.
const MAX_ARENA: usize = 40 << 20;

/// Whether so many bytes more fit in the arena. Asked before they are taken, so that nothing large is made in vain.
fn room<'a>(bump: &Bump, bytes: usize) -> Result<(), Failure<'a>> {
    if bytes <= bump.chunk_capacity() {
        return Ok(());
    }
    // A new block is at least twice as large as the one before it.
    let taken = bump.allocated_bytes();
    if taken + bytes.max(2 * taken) > MAX_ARENA { Err(Failure::MemoryLimit) } else { Ok(()) }
}

/// The arguments did not fit the overloads: the table contradicts itself. Fails closed.
fn misfit<'a>() -> Failure<'a> {
    Failure::Message("internal: a built-in was called with arguments that it does not take")
}
