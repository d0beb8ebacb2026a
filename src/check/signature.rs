//! The signatures of operators, built-ins and host functions, in one form for the checker.
//!
//! Built-ins come from [`crate::stdlib::table`]. Operators and host functions, which it lacks, are declared here with
//! the types of the *static* check, which knows less than the evaluator: `a[b]` of a path and every host function give
//! any type (measured: `exists(/a) == 1` draws no warning).

use std::{borrow::Cow, sync::LazyLock};

use rustc_hash::FxHashMap;

use super::types::{Possible, Types};
use crate::{
    stdlib::{self, Overload},
    syntax::ast::{BinaryOp, UnaryOp},
    value::Type::{
        self, Any, Bool, Bytes, Constraint, Duration, Float, Int, List, Map, Null, Path, Set, String, Timestamp,
    },
};

/// One signature of an operation; the receiver of a method is its first operand.
#[derive(Clone, Copy)]
struct Signature {
    receiver: Option<Type>,
    overload: &'static Overload,
}

impl Signature {
    const fn result(&self) -> Type {
        self.overload.result
    }

    const fn operand(&self, index: usize) -> Option<Type> {
        let (mut skipped, mut params) = match self.receiver {
            Some(receiver) if index == 0 => return Some(receiver),
            Some(_) => (1, self.overload.params),
            None => (0, self.overload.params),
        };
        while let [first, rest @ ..] = params {
            if skipped == index {
                return Some(*first);
            }
            (skipped, params) = (skipped + 1, rest);
        }
        None
    }

    /// Number of arguments, not counting the receiver.
    fn arguments(&self) -> usize {
        self.overload.params.len()
    }
}

/// The signatures of an operation, with their unions precomputed.
#[derive(Clone)]
pub(super) struct SignatureSet {
    list: Cow<'static, [Signature]>,
    /// The types of each operand, for as many operands as most operations have.
    operands: [Types; 3],
    /// The result types, without `Any`.
    results: Types,
    /// Whether one of the signatures gives any type.
    gives_any: bool,
}

impl SignatureSet {
    /// No signature: the operation is unknown, or none of its signatures fits.
    pub(super) const NONE: &'static SignatureSet = &SignatureSet::of(&[]);

    const fn of(list: &'static [Signature]) -> SignatureSet {
        let operands = [operand(list, 0), operand(list, 1), operand(list, 2)];
        let (results, gives_any) = results(list);
        SignatureSet { list: Cow::Borrowed(list), operands, results, gives_any }
    }

    fn owned(list: Vec<Signature>) -> SignatureSet {
        let operands = [0, 1, 2].map(|index| operand(&list, index));
        let (results, gives_any) = results(&list);
        SignatureSet { list: Cow::Owned(list), operands, results, gives_any }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of the signatures has so many arguments.
    pub(super) fn accept(&self, arguments: usize) -> bool {
        self.list.iter().any(|signature| signature.arguments() == arguments)
    }

    /// The types of an operand.
    pub(super) fn operand(&self, index: usize) -> Types {
        self.operands.get(index).copied().unwrap_or_else(|| operand(&self.list, index))
    }

    /// The result types; unknown if one of the signatures gives any type, or if there is none.
    pub(super) fn result(&self) -> Possible {
        (!self.gives_any && !self.results.is_empty()).then_some(self.results)
    }

    /// The signatures that can give an expected type. All numeric ones stay if one of them fits: `[1][1.5 * 2]` draws
    /// no warning. None if none fits exactly.
    pub(super) fn applicable(&'static self, wanted: &Types) -> Applicable {
        let fits = |signature: &Signature| signature.result() == Any || wanted.contains(signature.result());
        let number = |t: Type| t == Int || t == Float;
        let kept = |signature: &Signature| fits(signature) || (number(signature.result()) && wanted.has_number());
        if self.results.within(wanted) {
            Applicable::All(self)
        } else if self.list.iter().any(fits) {
            Applicable::Some(Box::new(SignatureSet::owned(
                self.list.iter().filter(|signature| kept(signature)).copied().collect(),
            )))
        } else {
            Applicable::All(SignatureSet::NONE)
        }
    }
}

/// The signatures of an operation that can give an expected type.
pub(super) enum Applicable {
    All(&'static SignatureSet),
    Some(Box<SignatureSet>),
}

impl std::ops::Deref for Applicable {
    type Target = SignatureSet;

    fn deref(&self) -> &SignatureSet {
        match self {
            Applicable::All(signatures) => signatures,
            Applicable::Some(signatures) => signatures,
        }
    }
}

/// The types of an operand over several signatures; a float parameter also accepts ints. Any type without a signature.
const fn operand(mut signatures: &[Signature], index: usize) -> Types {
    let mut types = Types::NONE;
    while let [signature, rest @ ..] = signatures {
        types = match signature.operand(index) {
            Some(Float) => types.with(Float).with(Int),
            Some(other) => types.with(other),
            None => types.with(Any),
        };
        signatures = rest;
    }
    if types.is_empty() { Types::ANY } else { types }
}

/// The result types of several signatures, and whether one of them gives any type.
const fn results(mut signatures: &[Signature]) -> (Types, bool) {
    let (mut types, mut any) = (Types::NONE, false);
    while let [signature, rest @ ..] = signatures {
        match signature.result() {
            Any => any = true,
            other => types = types.with(other),
        }
        signatures = rest;
    }
    (types, any)
}

macro_rules! signatures {
    ($($($param:ident),* => $result:ident);* $(;)?) => {
        SignatureSet::of(&[$(Signature { receiver: None, overload: &Overload { params: &[$($param),*], result: $result } }),*])
    };
}

static ADD: SignatureSet = signatures!(
    Int, Int => Int;
    Float, Float => Float;
    String, String => String;
    Duration, Duration => Duration;
    Duration, Timestamp => Timestamp;
    Timestamp, Duration => Timestamp;
);
static SUBTRACT: SignatureSet = signatures!(
    Int, Int => Int;
    Float, Float => Float;
    Duration, Duration => Duration;
    Timestamp, Duration => Timestamp;
    Timestamp, Timestamp => Duration;
);
static MULTIPLY: SignatureSet = signatures!(Int, Int => Int; Float, Float => Float);
static NEGATE: SignatureSet = signatures!(Int => Int; Float => Float; Duration => Duration);
static NOT: SignatureSet = signatures!(Bool => Bool);
static LOGIC: SignatureSet = signatures!(Bool, Bool => Bool);
static EQUAL: SignatureSet = signatures!(Int, Int => Bool; Float, Float => Bool; Any, Any => Bool);
static ORDER: SignatureSet = signatures!(
    String, String => Bool;
    Bytes, Bytes => Bool;
    Int, Int => Bool;
    Float, Float => Bool;
    Duration, Duration => Bool;
    Timestamp, Timestamp => Bool;
    Constraint, Any => Bool;
    Any, Constraint => Bool;
);

/// `a in b`, a method of `b`
pub(super) static CONTAINS: SignatureSet =
    signatures!(List, Any => Bool; Set, Any => Bool; Map, Any => Bool; Constraint, Any => Bool);
/// `a is int`
pub(super) static IS: SignatureSet = signatures!(Any => Bool);
/// `a.b`
pub(super) static MEMBER: SignatureSet = signatures!(Map => Any);
/// `a[b]`
pub(super) static INDEX: SignatureSet =
    signatures!(String, Int => String; List, Int => Any; Map, String => Any; Path, String => Any; Path, Int => Any);
/// `a[b:c]`
pub(super) static RANGE: SignatureSet = signatures!(
    String, Null, Null => String; String, Int, Int => String;
    List, Null, Null => List; List, Int, Int => List;
    Path, Null, Null => Path; Path, Int, Int => Path;
);
/// Functions of the host that read a document.
pub(super) static DOCUMENT: SignatureSet = signatures!(Path => Any);
/// `debug(x)`
pub(super) static DEBUG: SignatureSet = signatures!(Any => Any);

/// The types of an interpolation `/$( )`.
pub(super) const INTERPOLATION: [Type; 6] = [Path, Null, Int, Float, String, Bool];

pub(super) fn binary(op: BinaryOp) -> &'static SignatureSet {
    match op {
        BinaryOp::Or | BinaryOp::And => &LOGIC,
        BinaryOp::In => &CONTAINS,
        BinaryOp::Eq | BinaryOp::Ne => &EQUAL,
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => &ORDER,
        BinaryOp::Add => &ADD,
        BinaryOp::Sub => &SUBTRACT,
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => &MULTIPLY,
    }
}

pub(super) fn unary(op: UnaryOp) -> &'static SignatureSet {
    match op {
        UnaryOp::Negate => &NEGATE,
        UnaryOp::Not => &NOT,
    }
}

/// Built-ins by name: methods, functions of packages, plain functions.
#[derive(Default)]
struct Index {
    methods: FxHashMap<&'static str, SignatureSet>,
    packages: FxHashMap<&'static str, FxHashMap<&'static str, SignatureSet>>,
    functions: FxHashMap<&'static str, SignatureSet>,
}

static BUILT_INS: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index::default();
    let mut methods: FxHashMap<&str, Vec<Signature>> = FxHashMap::default();
    let mut functions: FxHashMap<(Option<&str>, &str), Vec<Signature>> = FxHashMap::default();
    for builtin in stdlib::table(stdlib::Dialect::Service) {
        // The static check does not know the lists of unknown documents, and `debug` is a function of the host.
        if builtin.receiver == Some(Constraint) || builtin.name == "debug" {
            continue;
        }
        let signatures = builtin.overloads.iter().map(|overload| Signature { receiver: builtin.receiver, overload });
        match builtin.receiver {
            Some(_) => methods.entry(builtin.name).or_default().extend(signatures),
            None => functions.entry((builtin.package, builtin.name)).or_default().extend(signatures),
        }
    }
    for (name, mut signatures) in methods {
        // Messages name durations before timestamps: `nanos`, `seconds`.
        signatures.sort_by_key(|signature| signature.receiver == Some(Timestamp));
        index.methods.insert(name, SignatureSet::owned(signatures));
    }
    for ((package, name), signatures) in functions {
        let known = match package {
            Some(package) => index.packages.entry(package).or_default(),
            None => &mut index.functions,
        };
        known.insert(name, SignatureSet::owned(signatures));
    }
    index
});

/// The methods with that name, over all types that have one.
pub(super) fn method(name: &str) -> Option<&'static SignatureSet> {
    BUILT_INS.methods.get(name)
}

/// The names of the methods of some types, in alphabetical order; of all types if nothing is known.
pub(super) fn method_names(of: Possible) -> Vec<&'static str> {
    let has = |signatures: &SignatureSet| of.is_none_or(|types| signatures.operand(0).overlaps(&types));
    let mut names: Vec<_> =
        BUILT_INS.methods.iter().filter(|(_, signatures)| has(signatures)).map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}

/// The names of the functions of a package, or of those outside packages, in alphabetical order.
pub(super) fn function_names(package: Option<&str>) -> Vec<&'static str> {
    let functions = match package {
        Some(package) => BUILT_INS.packages.get(package),
        None => Some(&BUILT_INS.functions),
    };
    let mut names: Vec<_> = functions.into_iter().flat_map(|functions| functions.keys().copied()).collect();
    names.sort_unstable();
    names
}

/// A function of a package, such as `math.abs`.
pub(super) fn package_function(package: &str, name: &str) -> Option<&'static SignatureSet> {
    BUILT_INS.packages.get(package)?.get(name)
}

/// A function outside packages: `int`, `float`, `string`, `path`.
pub(super) fn function(name: &str) -> Option<&'static SignatureSet> {
    BUILT_INS.functions.get(name)
}
