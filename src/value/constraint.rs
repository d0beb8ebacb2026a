//! What the filters of a list query say about a value that is otherwise unknown (runtime specification, section 15).

use super::{Value, ValueRef, operator_equals, order};

/// The comparison of a simple constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparator {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// The value is a list that contains this element.
    ListContains,
}

impl Comparator {
    /// The name in typed JSON.
    pub fn name(self) -> &'static str {
        match self {
            Comparator::Eq => "EQ",
            Comparator::Ne => "NEQ",
            Comparator::Lt => "LT",
            Comparator::Le => "LTE",
            Comparator::Gt => "GT",
            Comparator::Ge => "GTE",
            Comparator::ListContains => "LIST_CONTAINS",
        }
    }

    /// The operator as rules write it.
    pub fn symbol(self) -> &'static str {
        match self {
            Comparator::Eq => "==",
            Comparator::Ne => "!=",
            Comparator::Lt => "<",
            Comparator::Le => "<=",
            Comparator::Gt => ">",
            Comparator::Ge => ">=",
            Comparator::ListContains => "array-contains",
        }
    }

    /// The comparator with that name in typed JSON.
    pub fn parse(name: &str) -> Option<Self> {
        use Comparator::*;
        [Eq, Ne, Lt, Le, Gt, Ge, ListContains].into_iter().find(|c| c.name() == name)
    }

    /// The comparison with its operands exchanged.
    #[must_use]
    pub fn flipped(self) -> Self {
        match self {
            Comparator::Lt => Comparator::Gt,
            Comparator::Le => Comparator::Ge,
            Comparator::Gt => Comparator::Lt,
            Comparator::Ge => Comparator::Le,
            other => other,
        }
    }
}

/// A conjunction of comparisons that an otherwise unknown value satisfies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraint {
    /// The comparisons, all of which hold.
    pub terms: Vec<(Comparator, Value)>,
}

impl Constraint {
    /// Whether the constraint proves `unknown OP value`. `false` means "not proven", never "disproven".
    pub fn implies(&self, op: Comparator, value: ValueRef<'_>) -> bool {
        self.terms.iter().any(|(known, bound)| term_implies(*known, bound.view(), op, value))
    }

    /// The constraint as text, for explanations.
    pub fn describe(&self) -> String {
        let term = |(op, value): &(Comparator, Value)| format!("{} {}", op.name(), value.view().describe());
        self.terms.iter().map(term).collect::<Vec<_>>().join(" and ")
    }
}

/// Whether `x KNOWN bound` proves `x OP value`.
///
/// The official engine compares an int bound with a double, but not a double bound with an int: `x > 2.5` does not
/// prove `x > 2`. It takes nothing to be different from NaN, and lets a bound of NaN prove anything about a number.
fn term_implies(known: Comparator, bound: ValueRef<'_>, op: Comparator, value: ValueRef<'_>) -> bool {
    use Comparator::*;
    use ValueRef::{Float, Int, Null};
    use std::cmp::Ordering::{Equal, Greater, Less};
    match (bound, value) {
        (Null, Null) => return known == op,
        // Any known comparison proves that the value is not null.
        (_, Null) => return op == Ne,
        (Float(bound), Int(_) | Float(_)) if bound.is_nan() && known != Ne => return true,
        (Int(_) | Float(_), Float(value)) if value.is_nan() && op == Ne => return true,
        (Float(_), Int(_)) => return (known, op) == (Eq, Ne),
        _ => {}
    }
    if known == ListContains || op == ListContains {
        return known == op && operator_equals(bound, value);
    }
    let relation = order(bound, value).or_else(|| operator_equals(bound, value).then_some(Equal));
    match (known, op, relation) {
        (Eq, Eq, Some(Equal)) | (Ne, Ne, Some(Equal)) => true,
        (Eq, Ne, Some(Less | Greater)) => true,
        // Types without an order compare for equality only.
        (Eq, Ne, None) => bound.type_of() == value.type_of() && !operator_equals(bound, value),
        (Eq, Lt, Some(Less)) | (Eq, Le, Some(Less | Equal)) => true,
        (Eq, Gt, Some(Greater)) | (Eq, Ge, Some(Greater | Equal)) => true,
        (Lt, Lt | Le | Ne, Some(Less | Equal)) => true,
        (Le, Le, Some(Less | Equal)) | (Le, Lt | Ne, Some(Less)) => true,
        (Gt, Gt | Ge | Ne, Some(Greater | Equal)) => true,
        (Ge, Ge, Some(Greater | Equal)) | (Ge, Gt | Ne, Some(Greater)) => true,
        _ => false,
    }
}

impl std::fmt::Display for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}
