//! Order and arithmetic.

use firewarden::{
    internals::{program::OpId, stdlib::Arithmetic},
    value::Comparator,
};

use super::{Encoder, Scope, equal::order_label};
use crate::{
    formula::Formula,
    linear::Linear,
    place::{Kind, Kinds},
    ratio::Ratio,
    value::{NumKind, Sym, TextPart, Values},
    world::OpenWhat,
};

const NUMERIC: Kinds = Kinds::of(&[Kind::Int, Kind::Float, Kind::NaN]);

impl Encoder {
    pub(super) fn compare(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        comparator: Comparator,
        a: &Values,
        b: &Values,
    ) -> Values {
        if let Comparator::Eq | Comparator::Ne = comparator {
            return self.equality(scope, id, comparator == Comparator::Ne, a, b);
        }
        let (mut trues, mut falses) = (Vec::new(), Vec::new());
        for (guard, a, b) in self.pairs(a, b) {
            let (t, f) = self.order(scope, id, comparator, a, b);
            trues.push(self.world.formulas.and(guard, t));
            falses.push(self.world.formulas.and(guard, f));
        }
        let (t, f) = (self.world.formulas.any(trues), self.world.formulas.any(falses));
        self.boolean(t, f)
    }

    /// Where a comparison is true, and where it is false.
    fn order(&mut self, scope: Scope<'_>, id: OpId, comparator: Comparator, a: &Sym, b: &Sym) -> (Formula, Formula) {
        if let (Sym::SizeOf(of), Sym::Const(_)) = (a, b) {
            let holds = self.size_order(scope, id, comparator, of, b);
            let defined = self.has_kinds(b, NUMERIC);
            return self.split(defined, holds);
        }
        if let (Sym::Const(_), Sym::SizeOf(of)) = (a, b) {
            let holds = self.size_order(scope, id, flipped(comparator), of, a);
            let defined = self.has_kinds(a, NUMERIC);
            return self.split(defined, holds);
        }
        let (mut trues, mut falses) = (Vec::new(), Vec::new());
        let mut add = |this: &mut Self, defined: Formula, holds: Formula| {
            let (t, f) = this.split(defined, holds);
            trues.push(t);
            falses.push(f);
        };
        let exact = self.ordered(comparator, a, b);
        for kind in [Kind::Timestamp, Kind::Duration] {
            let kinds = Kinds::of(&[kind]);
            let (ha, hb) = (self.has_kinds(a, kinds), self.has_kinds(b, kinds));
            let both = self.world.formulas.and(ha, hb);
            if both != Formula::FALSE {
                let holds = exact.unwrap_or_else(|| self.open_order(scope, id, comparator, a, b));
                add(self, both, holds);
            }
        }
        let (ha, hb) = (self.has_kinds(a, NUMERIC), self.has_kinds(b, NUMERIC));
        let both = self.world.formulas.and(ha, hb);
        if both != Formula::FALSE {
            let nan = Kinds::of(&[Kind::NaN]);
            let (na, nb) = (self.has_kinds(a, nan), self.has_kinds(b, nan));
            let number = self.world.formulas.or(na, nb).not();
            let mut holds = exact.unwrap_or_else(|| self.open_order(scope, id, comparator, a, b));
            for (x, y) in [(a, b), (b, a)] {
                let (int, float) =
                    (self.has_kinds(x, Kinds::of(&[Kind::Int])), self.has_kinds(y, Kinds::of(&[Kind::Float])));
                let mixed = self.world.formulas.and(int, float);
                if mixed != Formula::FALSE {
                    let careful = self.unless_huge(scope, id, x, a, b, holds);
                    holds = self.world.formulas.choose(mixed, careful, holds);
                }
            }
            let holds = self.world.formulas.and(number, holds);
            add(self, both, holds);
        }
        for kind in [Kind::String, Kind::Bytes, Kind::Other] {
            let kinds = Kinds::of(&[kind]);
            let (ha, hb) = (self.has_kinds(a, kinds), self.has_kinds(b, kinds));
            let both =
                if kind == Kind::Other { self.world.formulas.or(ha, hb) } else { self.world.formulas.and(ha, hb) };
            if both != Formula::FALSE {
                let holds = self.open_order(scope, id, comparator, a, b);
                add(self, both, holds);
            }
        }
        (self.world.formulas.any(trues), self.world.formulas.any(falses))
    }

    fn split(&mut self, defined: Formula, holds: Formula) -> (Formula, Formula) {
        (self.world.formulas.and(defined, holds), self.world.formulas.and(defined, holds.not()))
    }

    /// The inequality; `None` where a value is not linear.
    fn ordered(&mut self, comparator: Comparator, a: &Sym, b: &Sym) -> Option<Formula> {
        let (a, b) = self.linear(a).zip(self.linear(b))?;
        match comparator {
            Comparator::Lt => self.world.at_most(&a, &b, true),
            Comparator::Le => self.world.at_most(&a, &b, false),
            Comparator::Gt => self.world.at_most(&b, &a, true),
            _ => self.world.at_most(&b, &a, false),
        }
    }

    fn open_order(&mut self, scope: Scope<'_>, id: OpId, comparator: Comparator, a: &Sym, b: &Sym) -> Formula {
        if let (Sym::Const(a), Sym::Const(b)) = (a, b) {
            let (a, b) = (self.world.value(*a).clone(), self.world.value(*b).clone());
            let holds = firewarden::internals::stdlib::SERVICE.compare;
            if let Ok(holds) = holds(comparator, a.view(), b.view()) {
                return super::equal::truth(holds);
            }
        }
        let operands = [a, b].map(|sym| self.world.always(sym.clone())).to_vec();
        self.open_bool(scope, id, order_label(comparator), operands)
    }

    pub(super) fn arithmetic(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        operator: Arithmetic,
        a: &Values,
        b: &Values,
    ) -> Values {
        let mut found = Vec::new();
        for (guard, a, b) in self.pairs(a, b) {
            for (own, sym) in self.computed(scope, id, operator, a, b) {
                found.push((self.world.formulas.and(guard, own), sym));
            }
        }
        self.values(found)
    }

    fn computed(&mut self, scope: Scope<'_>, id: OpId, operator: Arithmetic, a: &Sym, b: &Sym) -> Vec<(Formula, Sym)> {
        if let (Sym::Const(x), Sym::Const(y)) = (a, b) {
            let operands = [*x, *y];
            let run = firewarden::internals::stdlib::SERVICE.arithmetic;
            return self.evaluated(&operands, |bump, values| match values {
                [x, y] => run(bump, operator, *x, *y).ok(),
                _ => None,
            });
        }
        let (ka, kb) = (self.kinds(a), self.kinds(b));
        let mut found = Vec::new();
        let mut rest = Vec::new();
        let cases = [
            (Kind::Int, Kind::Int, Some(NumKind::Int)),
            (Kind::Timestamp, Kind::Duration, Some(NumKind::Timestamp)),
            (Kind::Duration, Kind::Timestamp, Some(NumKind::Timestamp)),
            (Kind::Duration, Kind::Duration, Some(NumKind::Duration)),
            (Kind::Timestamp, Kind::Timestamp, Some(NumKind::Duration)),
            (Kind::String, Kind::String, None),
        ];
        for (x, y, result) in cases {
            if !ka.has(x) || !kb.has(y) {
                continue;
            }
            let (ha, hb) = (self.has_kinds(a, Kinds::of(&[x])), self.has_kinds(b, Kinds::of(&[y])));
            let guard = self.world.formulas.and(ha, hb);
            match (result, operator) {
                (None, Arithmetic::Add) => match self.parts(a).zip(self.parts(b)) {
                    Some((mut parts, more)) => {
                        parts.extend(more);
                        found.push((guard, Sym::Text(parts.into())));
                    }
                    None => rest.push((guard, Kinds::of(&[Kind::String]))),
                },
                (None, _) => {}
                (Some(kind), _) => match self.linear_result(operator, (x, y), a, b) {
                    Some(linear) => {
                        let inside = self.inside(kind, &linear);
                        let guard = self.world.formulas.and(guard, inside);
                        found.push((guard, Sym::Number(kind, linear)));
                    }
                    None => rest.push((guard, kind_of_number(kind))),
                },
            }
        }
        let doubles = NUMERIC.without(Kinds::of(&[Kind::Int]));
        let (na, nb) = (self.has_kinds(a, NUMERIC), self.has_kinds(b, NUMERIC));
        let (da, db) = (self.has_kinds(a, doubles), self.has_kinds(b, doubles));
        let either = self.world.formulas.or(da, db);
        let double = self.world.formulas.all([na, nb, either]);
        if double != Formula::FALSE {
            rest.push((double, Kinds::of(&[Kind::Float, Kind::NaN])));
        }
        let (oa, ob) = (self.has_kinds(a, Kinds::of(&[Kind::Other])), self.has_kinds(b, Kinds::of(&[Kind::Other])));
        let other = self.world.formulas.or(oa, ob);
        if other != Formula::FALSE {
            rest.push((other, Kinds::ANY));
        }
        let kinds = rest.iter().fold(Kinds::NONE, |kinds, (_, more)| kinds.or(*more));
        if !kinds.is_empty() {
            let guard = self.world.formulas.any(rest.iter().map(|(guard, _)| *guard));
            let operands = [a, b].map(|sym| self.world.always(sym.clone())).to_vec();
            // The result has other kinds where the form above gives it.
            let open = self.open(scope, id, OpenWhat::Operator(operator.symbol()), operands, Kinds::ANY);
            for (own, sym) in self.guarded(guard, &open) {
                let has = self.has_kinds(&sym, kinds);
                found.push((self.world.formulas.and(own, has), sym));
            }
        }
        found
    }

    fn linear_result(&mut self, operator: Arithmetic, kinds: (Kind, Kind), a: &Sym, b: &Sym) -> Option<Linear> {
        let (x, y) = self.linear(a).zip(self.linear(b))?;
        match (operator, kinds) {
            (Arithmetic::Add, (Kind::Timestamp, Kind::Timestamp)) => None,
            (Arithmetic::Add, _) => x.plus(Ratio::ONE, &y),
            (Arithmetic::Sub, (Kind::Duration, Kind::Timestamp)) => None,
            (Arithmetic::Sub, _) => x.plus(Ratio::ONE.neg(), &y),
            (Arithmetic::Mul, (Kind::Int, Kind::Int)) if x.terms.is_empty() => y.times(x.constant),
            (Arithmetic::Mul, (Kind::Int, Kind::Int)) if y.terms.is_empty() => x.times(y.constant),
            _ => None,
        }
    }

    /// Whether a result is within the range of its type; else the operation is an error.
    fn inside(&mut self, kind: NumKind, linear: &Linear) -> Formula {
        let (low, high) = range(kind);
        let low = self.world.at_most(&Linear::constant(low), linear, false);
        let high = self.world.at_most(linear, &Linear::constant(high), false);
        match low.zip(high) {
            Some((low, high)) => self.world.formulas.and(low, high),
            None => Formula::TRUE,
        }
    }

    /// The parts of a text.
    pub(super) fn parts(&self, sym: &Sym) -> Option<Vec<TextPart>> {
        match sym {
            Sym::Const(id) => Some(vec![TextPart::Const(*id)]),
            Sym::Place(place) => Some(vec![TextPart::Of(*place)]),
            Sym::Text(parts) => Some(parts.to_vec()),
            _ => None,
        }
    }

    pub(super) fn negate(&mut self, scope: Scope<'_>, id: OpId, a: &Values) -> Values {
        let mut found = Vec::new();
        for (guard, sym) in a.iter() {
            for (kind, result) in [(Kind::Int, NumKind::Int), (Kind::Duration, NumKind::Duration)] {
                let has = self.has_kinds(sym, Kinds::of(&[kind]));
                let Some(linear) = self.linear(sym).and_then(|linear| linear.times(Ratio::ONE.neg())) else { continue };
                let inside = self.inside(result, &linear);
                let guard = self.world.formulas.all([*guard, has, inside]);
                found.push((guard, Sym::Number(result, linear)));
            }
            let double = Kinds::of(&[Kind::Float, Kind::NaN, Kind::Other]);
            let has = self.has_kinds(sym, double);
            if has != Formula::FALSE {
                let operand = self.world.always(sym.clone());
                let kinds =
                    if self.kinds(sym).has(Kind::Other) { Kinds::ANY } else { Kinds::of(&[Kind::Float, Kind::NaN]) };
                let open = self.open(scope, id, OpenWhat::Operator("-"), vec![operand], kinds);
                let guard = self.world.formulas.and(*guard, has);
                found.extend(self.guarded(guard, &open));
            }
            if matches!(sym, Sym::SizeOf(_)) {
                let operand = self.world.always(sym.clone());
                let open = self.open(scope, id, OpenWhat::Operator("-"), vec![operand], Kinds::of(&[Kind::Int]));
                found.extend(self.guarded(*guard, &open));
            }
        }
        self.values(found)
    }
}

fn flipped(comparator: Comparator) -> Comparator {
    match comparator {
        Comparator::Lt => Comparator::Gt,
        Comparator::Le => Comparator::Ge,
        Comparator::Gt => Comparator::Lt,
        Comparator::Ge => Comparator::Le,
        other => other,
    }
}

fn kind_of_number(kind: NumKind) -> Kinds {
    Kinds::of(&[match kind {
        NumKind::Int => Kind::Int,
        NumKind::Timestamp => Kind::Timestamp,
        NumKind::Duration => Kind::Duration,
    }])
}

/// The least and the greatest number of a type, in nanoseconds for times.
pub fn range(kind: NumKind) -> (Ratio, Ratio) {
    const SECOND: i128 = 1_000_000_000;
    match kind {
        NumKind::Int => (Ratio::int(i128::from(i64::MIN)), Ratio::int(i128::from(i64::MAX))),
        // The years 1 to 9999.
        NumKind::Timestamp => (Ratio::int(-62_135_596_800 * SECOND), Ratio::int(253_402_300_799 * SECOND + SECOND - 1)),
        NumKind::Duration => {
            (Ratio::int(-315_576_000_000 * SECOND - (SECOND - 1)), Ratio::int(315_576_000_000 * SECOND + SECOND - 1))
        }
    }
}
