//! Linear terms over numbers of places, and inequalities of them.

use crate::{place::PlaceId, ratio::Ratio};

/// A number that a request decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NumVar {
    /// The number at a place: of times and durations the nanoseconds.
    Value(PlaceId),
    /// The number of elements at a place.
    Len(PlaceId),
    /// The number of UTF-16 units of the text at a place.
    TextLen(PlaceId),
}

impl NumVar {
    /// The place.
    pub fn place(self) -> PlaceId {
        let (NumVar::Value(place) | NumVar::Len(place) | NumVar::TextLen(place)) = self;
        place
    }
}

/// `c1 * x1 + c2 * x2 + … + constant`; variables are sorted, no coefficient is zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Linear {
    /// Variables with their coefficients.
    pub terms: Vec<(NumVar, Ratio)>,
    /// What is added to them.
    pub constant: Ratio,
}

impl Linear {
    /// A constant.
    pub fn constant(constant: Ratio) -> Self {
        Linear { terms: Vec::new(), constant }
    }

    /// A variable.
    pub fn var(var: NumVar) -> Self {
        Linear { terms: vec![(var, Ratio::ONE)], constant: Ratio::ZERO }
    }

    /// `self + factor * other`; `None` where a number exceeds what is represented.
    pub fn plus(&self, factor: Ratio, other: &Linear) -> Option<Linear> {
        let mut terms = self.terms.clone();
        for (var, coefficient) in &other.terms {
            let more = coefficient.mul(factor)?;
            match terms.iter_mut().find(|(known, _)| known == var) {
                Some((_, sum)) => *sum = sum.add(more)?,
                None => terms.push((*var, more)),
            }
        }
        terms.retain(|(_, coefficient)| *coefficient != Ratio::ZERO);
        terms.sort_unstable_by_key(|(var, _)| *var);
        Some(Linear { terms, constant: self.constant.add(factor.mul(other.constant)?)? })
    }

    /// All coefficients and the constant times a factor.
    pub fn times(&self, factor: Ratio) -> Option<Linear> {
        Linear::constant(Ratio::ZERO).plus(factor, self)
    }

    /// The coefficient of a variable.
    pub fn coefficient(&self, var: NumVar) -> Ratio {
        self.terms.iter().find(|(known, _)| *known == var).map_or(Ratio::ZERO, |(_, c)| *c)
    }

    /// The value, given those of variables.
    pub fn value(&self, of: &impl Fn(NumVar) -> Option<Ratio>) -> Option<Ratio> {
        self.terms.iter().try_fold(self.constant, |sum, (var, c)| sum.add(c.mul(of(*var)?)?))
    }
}

/// `linear <= 0`, or with `strict` `linear < 0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// The left side.
    pub linear: Linear,
    /// Whether zero is excluded.
    pub strict: bool,
}

impl Row {
    /// The row that holds exactly where this one does not.
    pub fn negated(&self) -> Option<Row> {
        Some(Row { linear: self.linear.times(Ratio::ONE.neg())?, strict: !self.strict })
    }
}
