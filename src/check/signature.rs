//! What operators, built-ins and host functions take and give, in one form for the checker.
//!
//! Built-ins come from [`crate::stdlib::table`]; operators and host functions, which are not in it, are declared here
//! with the types of the *static* check, which knows less than the evaluator: `a[b]` of a path and every host
//! function give anything (measured: `exists(/a) == 1` draws no warning).

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

/// One way to apply an operation: a method's receiver is its first operand.
#[derive(Clone, Copy)]
pub(super) struct Form {
    receiver: Option<Type>,
    overload: &'static Overload,
}

impl Form {
    pub(super) fn result(&self) -> Type {
        self.overload.result
    }

    pub(super) fn operand(&self, index: usize) -> Option<Type> {
        match (self.receiver, index) {
            (Some(receiver), 0) => Some(receiver),
            (Some(_), _) => self.overload.params.get(index - 1).copied(),
            (None, _) => self.overload.params.get(index).copied(),
        }
    }

    /// How many arguments, the receiver not counted.
    pub(super) fn arguments(&self) -> usize {
        self.overload.params.len()
    }
}

/// What an operand may be, over several forms; a float parameter takes integers too. Anything, if there is no form.
pub(super) fn operand_types(forms: &[Form], index: usize) -> Types {
    let types = forms.iter().fold(Types::NONE, |types, form| match form.operand(index) {
        Some(Float) => types.with(Float).with(Int),
        other => types.with(other.unwrap_or(Any)),
    });
    if types.is_empty() { Types::ANY } else { types }
}

/// What several forms give; nothing is known if one of them gives anything, or if there is none.
pub(super) fn result_types(forms: &[Form]) -> Possible {
    let types = forms.iter().try_fold(Types::NONE, |types, form| match form.result() {
        Any => None,
        other => Some(types.with(other)),
    });
    types.filter(|types| !types.is_empty())
}

/// The forms that can give what is wanted. All number forms stay if one of them fits: `[1][1.5 * 2]` draws no
/// warning. None if none fits exactly.
pub(super) fn fitting<'f>(forms: &'f [Form], wanted: &Types) -> Cow<'f, [Form]> {
    let fits = |form: &Form| form.result() == Any || wanted.contains(form.result());
    let number = |t: Type| t == Int || t == Float;
    let kept = |form: &Form| fits(form) || (number(form.result()) && wanted.has_number());
    if forms.iter().all(fits) {
        Cow::Borrowed(forms)
    } else if forms.iter().any(fits) {
        Cow::Owned(forms.iter().filter(|form| kept(form)).copied().collect())
    } else {
        Cow::Borrowed(&[])
    }
}

macro_rules! forms {
    ($($($param:ident),* => $result:ident);* $(;)?) => {
        &[$(Form { receiver: None, overload: &Overload { params: &[$($param),*], result: $result } }),*]
    };
}

const ADD: &[Form] = forms!(
    Int, Int => Int;
    Float, Float => Float;
    String, String => String;
    Duration, Duration => Duration;
    Duration, Timestamp => Timestamp;
    Timestamp, Duration => Timestamp;
);
const SUBTRACT: &[Form] = forms!(
    Int, Int => Int;
    Float, Float => Float;
    Duration, Duration => Duration;
    Timestamp, Duration => Timestamp;
    Timestamp, Timestamp => Duration;
);
const MULTIPLY: &[Form] = forms!(Int, Int => Int; Float, Float => Float);
const NEGATE: &[Form] = forms!(Int => Int; Float => Float; Duration => Duration);
const NOT: &[Form] = forms!(Bool => Bool);
const LOGIC: &[Form] = forms!(Bool, Bool => Bool);
const EQUAL: &[Form] = forms!(Int, Int => Bool; Float, Float => Bool; Any, Any => Bool);
const ORDER: &[Form] = forms!(
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
pub(super) const CONTAINS: &[Form] =
    forms!(List, Any => Bool; Set, Any => Bool; Map, Any => Bool; Constraint, Any => Bool);
/// `a is int`
pub(super) const IS: &[Form] = forms!(Any => Bool);
/// `a.b`
pub(super) const MEMBER: &[Form] = forms!(Map => Any);
/// `a[b]`
pub(super) const INDEX: &[Form] =
    forms!(String, Int => String; List, Int => Any; Map, String => Any; Path, String => Any; Path, Int => Any);
/// `a[b:c]`
pub(super) const RANGE: &[Form] = forms!(
    String, Null, Null => String; String, Int, Int => String;
    List, Null, Null => List; List, Int, Int => List;
    Path, Null, Null => Path; Path, Int, Int => Path;
);
/// Functions of the host that read a document.
pub(super) const DOCUMENT: &[Form] = forms!(Path => Any);
/// `debug(x)`
pub(super) const DEBUG: &[Form] = forms!(Any => Any);

/// What may stand in `/$( )`.
pub(super) const INTERPOLATION: [Type; 6] = [Path, Null, Int, Float, String, Bool];

pub(super) fn binary(op: BinaryOp) -> &'static [Form] {
    match op {
        BinaryOp::Or | BinaryOp::And => LOGIC,
        BinaryOp::In => CONTAINS,
        BinaryOp::Eq | BinaryOp::Ne => EQUAL,
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => ORDER,
        BinaryOp::Add => ADD,
        BinaryOp::Sub => SUBTRACT,
        BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => MULTIPLY,
    }
}

pub(super) fn unary(op: UnaryOp) -> &'static [Form] {
    match op {
        UnaryOp::Negate => NEGATE,
        UnaryOp::Not => NOT,
    }
}

/// Built-ins by name: methods, functions of packages, plain functions.
#[derive(Default)]
struct Index {
    methods: FxHashMap<&'static str, Vec<Form>>,
    packages: FxHashMap<&'static str, FxHashMap<&'static str, Vec<Form>>>,
    functions: FxHashMap<&'static str, Vec<Form>>,
}

static BUILT_INS: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index::default();
    for builtin in stdlib::table(stdlib::Dialect::Service) {
        // What lists give of unknown documents is not known to the static check, and `debug` is the host's.
        if builtin.receiver == Some(Constraint) || builtin.name == "debug" {
            continue;
        }
        let forms = builtin.overloads.iter().map(|overload| Form { receiver: builtin.receiver, overload });
        match (builtin.receiver, builtin.package) {
            (Some(_), _) => index.methods.entry(builtin.name).or_default().extend(forms),
            (None, Some(package)) => {
                index.packages.entry(package).or_default().entry(builtin.name).or_default().extend(forms);
            }
            (None, None) => index.functions.entry(builtin.name).or_default().extend(forms),
        }
    }
    for forms in index.methods.values_mut() {
        // Messages name durations before timestamps: `nanos`, `seconds`.
        forms.sort_by_key(|form| form.receiver == Some(Timestamp));
    }
    index
});

/// The methods of that name, of all types that have one.
pub(super) fn method(name: &str) -> Option<&'static [Form]> {
    BUILT_INS.methods.get(name).map(Vec::as_slice)
}

/// `math.abs` and its like.
pub(super) fn package_function(package: &str, name: &str) -> Option<&'static [Form]> {
    BUILT_INS.packages.get(package)?.get(name).map(Vec::as_slice)
}

/// `int`, `float`, `string`, `path`.
pub(super) fn function(name: &str) -> Option<&'static [Form]> {
    BUILT_INS.functions.get(name).map(Vec::as_slice)
}
