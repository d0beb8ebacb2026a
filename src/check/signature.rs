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
struct Form {
    receiver: Option<Type>,
    overload: &'static Overload,
}

impl Form {
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

    /// How many arguments, the receiver not counted.
    fn arguments(&self) -> usize {
        self.overload.params.len()
    }
}

/// The ways to apply an operation, and what they have in common.
#[derive(Clone)]
pub(super) struct Forms {
    list: Cow<'static, [Form]>,
    /// What each operand may be, for as many as most operations have.
    operands: [Types; 3],
    /// What they give, `Any` left out.
    results: Types,
    /// Whether one of them gives anything.
    gives_any: bool,
}

impl Forms {
    /// None, where it is not known what an operation does or none of its forms fits.
    pub(super) const NONE: &'static Forms = &Forms::of(&[]);

    const fn of(list: &'static [Form]) -> Forms {
        let operands = [operand(list, 0), operand(list, 1), operand(list, 2)];
        let (results, gives_any) = results(list);
        Forms { list: Cow::Borrowed(list), operands, results, gives_any }
    }

    fn owned(list: Vec<Form>) -> Forms {
        let operands = [0, 1, 2].map(|index| operand(&list, index));
        let (results, gives_any) = results(&list);
        Forms { list: Cow::Owned(list), operands, results, gives_any }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them takes so many arguments.
    pub(super) fn take(&self, arguments: usize) -> bool {
        self.list.iter().any(|form| form.arguments() == arguments)
    }

    /// What an operand may be.
    pub(super) fn operand(&self, index: usize) -> Types {
        self.operands.get(index).copied().unwrap_or_else(|| operand(&self.list, index))
    }

    /// What they give; nothing is known if one of them gives anything, or if there is none.
    pub(super) fn result(&self) -> Possible {
        (!self.gives_any && !self.results.is_empty()).then_some(self.results)
    }

    /// Those that can give what is wanted. All number forms stay if one of them fits: `[1][1.5 * 2]` draws no
    /// warning. None if none fits exactly.
    pub(super) fn fitting(&'static self, wanted: &Types) -> Fitting {
        let fits = |form: &Form| form.result() == Any || wanted.contains(form.result());
        let number = |t: Type| t == Int || t == Float;
        let kept = |form: &Form| fits(form) || (number(form.result()) && wanted.has_number());
        if self.results.within(wanted) {
            Fitting::All(self)
        } else if self.list.iter().any(fits) {
            Fitting::Some(Box::new(Forms::owned(self.list.iter().filter(|form| kept(form)).copied().collect())))
        } else {
            Fitting::All(Forms::NONE)
        }
    }
}

/// The forms of an operation that can give what is wanted.
pub(super) enum Fitting {
    All(&'static Forms),
    Some(Box<Forms>),
}

impl std::ops::Deref for Fitting {
    type Target = Forms;

    fn deref(&self) -> &Forms {
        match self {
            Fitting::All(forms) => forms,
            Fitting::Some(forms) => forms,
        }
    }
}

/// What an operand may be, over several forms; a float parameter takes integers too. Anything, if there is no form.
const fn operand(mut forms: &[Form], index: usize) -> Types {
    let mut types = Types::NONE;
    while let [form, rest @ ..] = forms {
        types = match form.operand(index) {
            Some(Float) => types.with(Float).with(Int),
            Some(other) => types.with(other),
            None => types.with(Any),
        };
        forms = rest;
    }
    if types.is_empty() { Types::ANY } else { types }
}

/// What several forms give, and whether one of them gives anything.
const fn results(mut forms: &[Form]) -> (Types, bool) {
    let (mut types, mut any) = (Types::NONE, false);
    while let [form, rest @ ..] = forms {
        match form.result() {
            Any => any = true,
            other => types = types.with(other),
        }
        forms = rest;
    }
    (types, any)
}

macro_rules! forms {
    ($($($param:ident),* => $result:ident);* $(;)?) => {
        Forms::of(&[$(Form { receiver: None, overload: &Overload { params: &[$($param),*], result: $result } }),*])
    };
}

static ADD: Forms = forms!(
    Int, Int => Int;
    Float, Float => Float;
    String, String => String;
    Duration, Duration => Duration;
    Duration, Timestamp => Timestamp;
    Timestamp, Duration => Timestamp;
);
static SUBTRACT: Forms = forms!(
    Int, Int => Int;
    Float, Float => Float;
    Duration, Duration => Duration;
    Timestamp, Duration => Timestamp;
    Timestamp, Timestamp => Duration;
);
static MULTIPLY: Forms = forms!(Int, Int => Int; Float, Float => Float);
static NEGATE: Forms = forms!(Int => Int; Float => Float; Duration => Duration);
static NOT: Forms = forms!(Bool => Bool);
static LOGIC: Forms = forms!(Bool, Bool => Bool);
static EQUAL: Forms = forms!(Int, Int => Bool; Float, Float => Bool; Any, Any => Bool);
static ORDER: Forms = forms!(
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
pub(super) static CONTAINS: Forms =
    forms!(List, Any => Bool; Set, Any => Bool; Map, Any => Bool; Constraint, Any => Bool);
/// `a is int`
pub(super) static IS: Forms = forms!(Any => Bool);
/// `a.b`
pub(super) static MEMBER: Forms = forms!(Map => Any);
/// `a[b]`
pub(super) static INDEX: Forms =
    forms!(String, Int => String; List, Int => Any; Map, String => Any; Path, String => Any; Path, Int => Any);
/// `a[b:c]`
pub(super) static RANGE: Forms = forms!(
    String, Null, Null => String; String, Int, Int => String;
    List, Null, Null => List; List, Int, Int => List;
    Path, Null, Null => Path; Path, Int, Int => Path;
);
/// Functions of the host that read a document.
pub(super) static DOCUMENT: Forms = forms!(Path => Any);
/// `debug(x)`
pub(super) static DEBUG: Forms = forms!(Any => Any);

/// What may stand in `/$( )`.
pub(super) const INTERPOLATION: [Type; 6] = [Path, Null, Int, Float, String, Bool];

pub(super) fn binary(op: BinaryOp) -> &'static Forms {
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

pub(super) fn unary(op: UnaryOp) -> &'static Forms {
    match op {
        UnaryOp::Negate => &NEGATE,
        UnaryOp::Not => &NOT,
    }
}

/// Built-ins by name: methods, functions of packages, plain functions.
#[derive(Default)]
struct Index {
    methods: FxHashMap<&'static str, Forms>,
    packages: FxHashMap<&'static str, FxHashMap<&'static str, Forms>>,
    functions: FxHashMap<&'static str, Forms>,
}

static BUILT_INS: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index::default();
    let mut methods: FxHashMap<&str, Vec<Form>> = FxHashMap::default();
    let mut functions: FxHashMap<(Option<&str>, &str), Vec<Form>> = FxHashMap::default();
    for builtin in stdlib::table(stdlib::Dialect::Service) {
        // What lists give of unknown documents is not known to the static check, and `debug` is the host's.
        if builtin.receiver == Some(Constraint) || builtin.name == "debug" {
            continue;
        }
        let forms = builtin.overloads.iter().map(|overload| Form { receiver: builtin.receiver, overload });
        match builtin.receiver {
            Some(_) => methods.entry(builtin.name).or_default().extend(forms),
            None => functions.entry((builtin.package, builtin.name)).or_default().extend(forms),
        }
    }
    for (name, mut forms) in methods {
        // Messages name durations before timestamps: `nanos`, `seconds`.
        forms.sort_by_key(|form| form.receiver == Some(Timestamp));
        index.methods.insert(name, Forms::owned(forms));
    }
    for ((package, name), forms) in functions {
        let known = match package {
            Some(package) => index.packages.entry(package).or_default(),
            None => &mut index.functions,
        };
        known.insert(name, Forms::owned(forms));
    }
    index
});

/// The methods of that name, of all types that have one.
pub(super) fn method(name: &str) -> Option<&'static Forms> {
    BUILT_INS.methods.get(name)
}

/// The names of the methods of values of some types, in alphabetical order; of all, where nothing is known.
pub(super) fn method_names(of: Possible) -> Vec<&'static str> {
    let has = |forms: &Forms| of.is_none_or(|types| forms.operand(0).overlaps(&types));
    let mut names: Vec<_> = BUILT_INS.methods.iter().filter(|(_, forms)| has(forms)).map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}

/// The names of the functions of a package, or of those without one, in alphabetical order.
pub(super) fn function_names(package: Option<&str>) -> Vec<&'static str> {
    let functions = match package {
        Some(package) => BUILT_INS.packages.get(package),
        None => Some(&BUILT_INS.functions),
    };
    let mut names: Vec<_> = functions.into_iter().flat_map(|functions| functions.keys().copied()).collect();
    names.sort_unstable();
    names
}

/// `math.abs` and its like.
pub(super) fn package_function(package: &str, name: &str) -> Option<&'static Forms> {
    BUILT_INS.packages.get(package)?.get(name)
}

/// `int`, `float`, `string`, `path`.
pub(super) fn function(name: &str) -> Option<&'static Forms> {
    BUILT_INS.functions.get(name)
}
