//! Lists, maps, sets and differences of maps.

use std::rc::Rc;

use firewarden::{
    Value,
    internals::program::{Ids, OpId},
};

use super::{Encoder, Scope};
use crate::{
    atom::{Atom, ConstId, DiffKeys, Relation},
    formula::Formula,
    place::{Key, Kind, Kinds, PlaceId},
    value::{Sym, Term, Values},
    world::OpenWhat,
};

impl Encoder {
    /// `[…]`
    pub(super) fn list(&mut self, scope: Scope<'_>, id: OpId, items: Ids<OpId>, locals: &[Values]) -> Term {
        let Ok(ops) = scope.code.lists.slice(items) else { return self.plain(Vec::new()) };
        let terms: Vec<Term> = ops.iter().map(|op| self.eval(scope, *op, locals)).collect();
        let defined: Vec<Formula> = terms.iter().map(|term| self.defined(&term.values)).collect();
        let all = self.world.formulas.all(defined.iter().copied());
        // Where an element before the last fails, those after it stay behind.
        let mut left = Vec::new();
        if let [before @ .., _] = defined.as_slice() {
            left.extend(before.iter().map(|defined| defined.not()));
        }
        left.extend(terms.iter().map(|term| term.leaves));
        let leaves = self.world.formulas.any(left);
        let constants: Option<Vec<Value>> = terms.iter().map(|term| self.constant_of(&term.values)).collect();
        let sym = match constants {
            Some(items) => Sym::Const(self.world.constant(&Value::List(items))),
            None => Sym::List(terms.iter().map(|term| Rc::clone(&term.values)).collect()),
        };
        let result = self.values(vec![(all, sym)]);
        // The last element is evaluated first, with nothing below it.
        let last = terms.len().saturating_sub(1);
        let stray = self.world.formulas.any(terms.iter().take(last).map(|term| term.leaves));
        Term { values: self.or_stray(scope, id, result, stray, &terms), leaves }
    }

    /// `{…}`
    pub(super) fn map(&mut self, scope: Scope<'_>, id: OpId, entries: Ids<OpId>, locals: &[Values]) -> Term {
        let Ok(ops) = scope.code.lists.slice(entries) else { return self.plain(Vec::new()) };
        let terms: Vec<Term> = ops.iter().map(|op| self.eval(scope, *op, locals)).collect();
        let mut made = Vec::new();
        let mut defined = Vec::new();
        let mut known = true;
        for pair in terms.chunks_exact(2) {
            let [key, value] = pair else { continue };
            defined.push(self.defined(&value.values));
            match &*key.values {
                [(Formula::TRUE, Sym::Const(name))] if matches!(self.world.value(*name), Value::String(_)) => {
                    made.push((Sym::Const(*name), Rc::clone(&value.values)));
                }
                [(guard, Sym::Place(place))] => {
                    let text = self.world.tag(*place, Kind::String);
                    defined.push(self.world.formulas.and(*guard, text));
                    made.push((Sym::Place(*place), Rc::clone(&value.values)));
                }
                _ => known = false,
            }
        }
        let result = if known {
            let guard = self.world.formulas.all(defined);
            self.values(vec![(guard, Sym::Map(made.into()))])
        } else {
            let operands = terms.iter().map(|term| Rc::clone(&term.values)).collect();
            self.open(scope, id, OpenWhat::Operator("a map with computed keys"), operands, Kinds::of(&[Kind::Map]))
        };
        self.strayed(scope, id, result, &terms, 0)
    }

    /// The value of an expression that is a constant.
    pub(super) fn constant_of(&self, values: &Values) -> Option<Value> {
        match &**values {
            [(Formula::TRUE, Sym::Const(id))] => Some(self.world.value(*id).clone()),
            [(Formula::TRUE, Sym::Bool(Formula::TRUE, _))] => Some(Value::Bool(true)),
            [(Formula::TRUE, Sym::Bool(_, Formula::TRUE))] => Some(Value::Bool(false)),
            [(Formula::TRUE, Sym::ToSet(list))] => match &**list {
                Sym::Const(id) => match self.world.value(*id) {
                    Value::List(items) => Some(Value::Set(items.clone())),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// The elements of a list or a set that is constant.
    pub(super) fn elements(&mut self, sym: &Sym) -> Option<Vec<ConstId>> {
        match sym {
            Sym::Const(id) => match self.world.value(*id).clone() {
                Value::List(items) | Value::Set(items) => {
                    Some(items.iter().map(|item| self.world.constant(item)).collect())
                }
                _ => None,
            },
            Sym::ToSet(list) => self.elements(list),
            Sym::Union(a, b) => {
                let (mut a, b) = (self.elements(a)?, self.elements(b)?);
                a.extend(b);
                Some(a)
            }
            Sym::List(items) if items.is_empty() => Some(Vec::new()),
            _ => None,
        }
    }

    /// Whether all elements of a list or a set are among constants.
    pub(super) fn only(&mut self, scope: Scope<'_>, id: OpId, container: &Sym, among: &[ConstId]) -> Formula {
        match container {
            Sym::Place(list) => {
                let set = self.world.const_set(among.to_vec());
                self.world.formulas.atom(Atom::Only(*list, set))
            }
            Sym::Keys(map) => {
                let set = self.names(among);
                let set = self.world.const_set(set);
                self.world.formulas.atom(Atom::Only(*map, set))
            }
            Sym::DiffKeys(which, new, old) => {
                let set = self.names(among);
                let set = self.world.const_set(set);
                self.world.formulas.atom(Atom::OnlyDiff(*which, *new, *old, set))
            }
            Sym::ToSet(list) => {
                // Numbers of different types are equal in sets.
                let texts = among.iter().all(|item| matches!(self.world.value(*item), Value::String(_)));
                if texts { self.only(scope, id, list, among) } else { self.open_only(scope, id, container, among) }
            }
            Sym::Union(a, b) => {
                let (a, b) = (self.only(scope, id, a, among), self.only(scope, id, b, among));
                self.world.formulas.and(a, b)
            }
            Sym::Difference(a, b) => match self.elements(b) {
                Some(mut more) => {
                    let texts = more.iter().all(|item| matches!(self.world.value(*item), Value::String(_)));
                    if self.is_set(a) && !texts {
                        return self.open_only(scope, id, container, among);
                    }
                    more.extend_from_slice(among);
                    self.only(scope, id, a, &more)
                }
                None => self.open_only(scope, id, container, among),
            },
            Sym::Const(_) | Sym::List(_) => {
                let items: Vec<Values> = match self.elements(container) {
                    Some(items) => items.iter().map(|item| self.world.always(Sym::Const(*item))).collect(),
                    None => match container {
                        Sym::List(items) => items.to_vec(),
                        _ => return self.open_only(scope, id, container, among),
                    },
                };
                let mut parts = Vec::new();
                for item in &items {
                    let mut any = Vec::new();
                    for (guard, item) in item.iter() {
                        for one in among {
                            let same = self.same_element(scope, id, item, &Sym::Const(*one));
                            any.push(self.world.formulas.and(*guard, same));
                        }
                    }
                    parts.push(self.world.formulas.any(any));
                }
                self.world.formulas.all(parts)
            }
            _ => self.open_only(scope, id, container, among),
        }
    }

    /// The texts among constants.
    fn names(&self, among: &[ConstId]) -> Vec<ConstId> {
        among.iter().copied().filter(|item| matches!(self.world.value(*item), Value::String(_))).collect()
    }

    fn open_only(&mut self, scope: Scope<'_>, id: OpId, container: &Sym, among: &[ConstId]) -> Formula {
        let items: Vec<Value> = among.iter().map(|item| self.world.value(*item).clone()).collect();
        let items = self.world.constant(&Value::List(items));
        let operands = [container.clone(), Sym::Const(items)].map(|sym| self.world.always(sym)).to_vec();
        self.open_bool(scope, id, OpenWhat::Operator("hasOnly"), operands)
    }

    /// Whether a difference of maps has a key.
    pub(super) fn in_diff(&mut self, which: DiffKeys, new: PlaceId, old: PlaceId, key: ConstId) -> Formula {
        let (a, b) = (self.world.child(new, Key::Name(key)), self.world.child(old, Key::Name(key)));
        let in_new = a.map_or(Formula::FALSE, |a| self.world.present(a));
        let in_old = b.map_or(Formula::FALSE, |b| self.world.present(b));
        match which {
            DiffKeys::Added => self.world.formulas.and(in_new, in_old.not()),
            DiffKeys::Removed => self.world.formulas.and(in_old, in_new.not()),
            DiffKeys::Changed | DiffKeys::Unchanged | DiffKeys::Affected => {
                let both = self.world.formulas.and(in_new, in_old);
                let equal = match a.zip(b) {
                    Some((a, b)) => self.inside_equal(Relation::Set, &Sym::Place(a), &Sym::Place(b)),
                    None => Formula::FALSE,
                };
                match which {
                    DiffKeys::Changed => self.world.formulas.and(both, equal.not()),
                    DiffKeys::Unchanged => self.world.formulas.and(both, equal),
                    _ => {
                        let either = self.world.formulas.or(in_new, in_old);
                        let unchanged = self.world.formulas.and(both, equal);
                        self.world.formulas.and(either, unchanged.not())
                    }
                }
            }
        }
    }
}
