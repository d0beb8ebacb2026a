//! `&&`, `||`, `?:` and `is`. A deciding side absorbs an error of the other (strong Kleene logic).

use std::rc::Rc;

use firewarden::{internals::program::OpId, value::TypeName};

use super::{Encoder, Scope};
use crate::{
    formula::Formula,
    place::{Kind, Kinds},
    value::{Sym, Term, Values},
    world::OpenWhat,
};

impl Encoder {
    pub(super) fn both(&mut self, scope: Scope<'_>, id: OpId, a: OpId, b: OpId, locals: &[Values]) -> Term {
        let a = self.eval(scope, a, locals);
        let (ta, fa) = self.truth(&a.values);
        if ta == Formula::FALSE && fa == Formula::TRUE {
            return Term { values: self.boolean(ta, fa), leaves: a.leaves };
        }
        let b = self.eval(scope, b, locals);
        let (tb, fb) = self.truth(&b.values);
        let (t, f) = (self.world.formulas.and(ta, tb), self.world.formulas.or(fa, fb));
        // The right side is evaluated only where the left one does not decide.
        self.sides(scope, id, [a, b], fa, (t, f), fb)
    }

    pub(super) fn either(&mut self, scope: Scope<'_>, id: OpId, a: OpId, b: OpId, locals: &[Values]) -> Term {
        let a = self.eval(scope, a, locals);
        let (ta, fa) = self.truth(&a.values);
        if ta == Formula::TRUE {
            return Term { values: self.boolean(ta, fa), leaves: a.leaves };
        }
        let b = self.eval(scope, b, locals);
        let (tb, fb) = self.truth(&b.values);
        let (t, f) = (self.world.formulas.or(ta, tb), self.world.formulas.and(fa, fb));
        self.sides(scope, id, [a, b], ta, (t, f), tb)
    }

    /// The result of both sides. What the right side leaves behind takes the place of the left side, unless the right
    /// side decides.
    fn sides(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        [a, b]: [Term; 2],
        left_decides: Formula,
        (t, f): (Formula, Formula),
        right_decides: Formula,
    ) -> Term {
        let evaluated = self.world.formulas.and(b.leaves, left_decides.not());
        let stray = self.world.formulas.and(evaluated, right_decides.not());
        let leaves = self.world.formulas.or(a.leaves, evaluated);
        let values = self.boolean(t, f);
        Term { values: self.or_stray(scope, id, values, stray, &[a, b]), leaves }
    }

    pub(super) fn ternary(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        [condition, yes, no]: [OpId; 3],
        locals: &[Values],
    ) -> Term {
        let condition = self.eval(scope, condition, locals);
        let (t, f) = self.truth(&condition.values);
        let branch = |this: &mut Self, guard: Formula, op: OpId| {
            if guard == Formula::FALSE {
                return Term { values: Rc::from([]), leaves: Formula::FALSE };
            }
            this.eval(scope, op, locals)
        };
        let (yes, no) = (branch(self, t, yes), branch(self, f, no));
        let mut values = self.guarded(t, &yes.values);
        values.extend(self.guarded(f, &no.values));
        let values = self.values(values);
        // What a branch leaves behind ends the whole request, which is open here.
        let (left_yes, left_no) = (self.world.formulas.and(t, yes.leaves), self.world.formulas.and(f, no.leaves));
        let stray = self.world.formulas.or(left_yes, left_no);
        let leaves = self.world.formulas.or(condition.leaves, stray);
        Term { values: self.or_stray(scope, id, values, stray, &[condition, yes, no]), leaves }
    }

    pub(super) fn is(&mut self, scope: Scope<'_>, id: OpId, a: OpId, name: TypeName, locals: &[Values]) -> Term {
        let a = self.eval(scope, a, locals);
        let kinds = kinds_of_type(name);
        let (mut trues, mut falses) = (Vec::new(), Vec::new());
        for (guard, sym) in a.values.iter() {
            // A query may know a field as a constraint, which has a type of its own.
            if let Sym::Place(place) = sym
                && self.is_queried(*place)
            {
                let operand = self.world.always(sym.clone());
                let open = self.open_bool(scope, id, OpenWhat::Operator("is"), vec![operand]);
                let has = self.has_kinds(sym, kinds);
                let t = if name == TypeName::Constraint { open } else { has };
                let either = self.world.formulas.or(open, has.not());
                trues.push(self.world.formulas.and(*guard, t));
                falses.push(self.world.formulas.and(*guard, either));
                continue;
            }
            if self.kinds(sym).has(Kind::Other) {
                let operand = self.world.always(sym.clone());
                let open = self.open_bool(scope, id, OpenWhat::Operator("is"), vec![operand]);
                let other = self.has_kinds(sym, Kinds::of(&[Kind::Other]));
                let has = self.has_kinds(sym, kinds);
                let t = self.world.formulas.choose(other, open, has);
                trues.push(self.world.formulas.and(*guard, t));
                falses.push(self.world.formulas.and(*guard, t.not()));
                continue;
            }
            let (t, f) = match (sym, name) {
                (Sym::Diff(..), TypeName::MapDiff) => (Formula::TRUE, Formula::FALSE),
                (Sym::Bool(t, f), _) => {
                    let defined = self.world.formulas.or(*t, *f);
                    if name == TypeName::Bool { (defined, Formula::FALSE) } else { (Formula::FALSE, defined) }
                }
                _ => {
                    let has = self.has_kinds(sym, kinds);
                    (has, has.not())
                }
            };
            trues.push(self.world.formulas.and(*guard, t));
            falses.push(self.world.formulas.and(*guard, f));
        }
        let (t, f) = (self.world.formulas.any(trues), self.world.formulas.any(falses));
        let values = self.boolean(t, f);
        // The name of the type lies below the operand.
        self.strayed(scope, id, values, &[a], 0)
    }
}

/// The kinds that `is` accepts.
fn kinds_of_type(name: TypeName) -> Kinds {
    match name {
        TypeName::Bool => Kinds::of(&[Kind::Bool]),
        TypeName::Bytes => Kinds::of(&[Kind::Bytes]),
        TypeName::Duration => Kinds::of(&[Kind::Duration]),
        TypeName::Float => Kinds::of(&[Kind::Float, Kind::NaN]),
        TypeName::Int => Kinds::of(&[Kind::Int]),
        TypeName::LatLng => Kinds::of(&[Kind::LatLng]),
        TypeName::List => Kinds::of(&[Kind::List]),
        TypeName::Vector => Kinds::of(&[Kind::Vector]),
        TypeName::Number => Kinds::of(&[Kind::Int, Kind::Float, Kind::NaN]),
        TypeName::Map => Kinds::of(&[Kind::Map]),
        TypeName::String => Kinds::of(&[Kind::String]),
        TypeName::Timestamp => Kinds::of(&[Kind::Timestamp]),
        TypeName::Path => Kinds::of(&[Kind::Path]),
        TypeName::Constraint | TypeName::Set | TypeName::MapDiff => Kinds::NONE,
    }
}
