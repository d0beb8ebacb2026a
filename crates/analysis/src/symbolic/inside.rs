//! Equality inside of containers, and with literals of the rules.

use std::rc::Rc;

use firewarden::Value;

use super::{
    Encoder,
    equal::{kind_of, truth},
};
use crate::{
    atom::{Atom, ConstId, Relation},
    formula::Formula,
    linear::{Linear, NumVar},
    place::{Key, Kind, PlaceId},
    ratio::Ratio,
    value::{Sym, TextPart, Values},
};

/// The number of parts of a literal up to which an equality with it speaks of each part.
const MAX_PARTS: usize = 24;

impl Encoder {
    /// The equality with a constant that is a scalar, in the sense that the two are the same value; `None` for other
    /// constants and for values of other forms.
    pub fn scalar_equal(&mut self, sym: &Sym, constant: &Sym) -> Option<Formula> {
        let Sym::Const(id) = constant else { return None };
        let kind = kind_of(self.world.value(*id))?;
        let same = match kind {
            Kind::Null | Kind::NaN => Formula::TRUE,
            Kind::Bool => {
                let ((t, f), truth) = (self.truth_of(sym), self.world.value(*id).clone());
                if matches!(truth, Value::Bool(true)) { t } else { f }
            }
            Kind::Int | Kind::Float | Kind::Timestamp | Kind::Duration => {
                let (a, b) = self.linear(sym).zip(self.linear(constant))?;
                self.world.same_number(&a, &b)?
            }
            Kind::String => match sym {
                Sym::Place(place) => self.world.formulas.atom(Atom::TextIs(*place, *id)),
                Sym::Const(other) => truth(other == id),
                Sym::Text(parts) => return self.parts_are(parts, *id),
                _ => return None,
            },
            _ => return None,
        };
        let has = self.has(sym, kind);
        Some(self.world.formulas.and(has, same))
    }

    /// One way in which a text in parts is a constant: only where at most one part is not constant.
    fn parts_are(&mut self, parts: &[TextPart], constant: ConstId) -> Option<Formula> {
        let text = self.world.text(constant);
        let (mut before, mut after, mut place) = (String::new(), String::new(), None);
        for part in parts {
            match part {
                TextPart::Const(part) if place.is_none() => before.push_str(&self.world.text(*part)),
                TextPart::Const(part) => after.push_str(&self.world.text(*part)),
                TextPart::Of(of) if place.is_none() => place = Some(*of),
                TextPart::Of(_) => return None,
            }
        }
        let middle = text.strip_prefix(&before)?.strip_suffix(&after)?;
        let place = place?;
        Some(self.world.text_is(place, middle))
    }

    /// The equality of values inside of equal containers: E3 or E4.
    pub(super) fn inside_equal(&mut self, relation: Relation, a: &Sym, b: &Sym) -> Formula {
        let common = self.kinds(a).and(self.kinds(b));
        let mut parts = Vec::new();
        for kind in common.iter() {
            let operands = || [a, b].map(|sym| Rc::from([(Formula::TRUE, sym.clone())])).to_vec();
            let same = match kind {
                Kind::Absent | Kind::Null | Kind::Bool | Kind::NaN => self.same_plain(kind, relation, a, b),
                Kind::Int | Kind::Float | Kind::Timestamp | Kind::Duration => {
                    let linear = self.linear(a).zip(self.linear(b));
                    let same = linear.and_then(|(a, b)| self.world.same_number(&a, &b)).unwrap_or(Formula::TRUE);
                    if kind == Kind::Float && relation == Relation::Operator {
                        // Zeros of different signs are different there.
                        let free = self.free("zeros", operands());
                        self.world.formulas.and(same, free)
                    } else {
                        same
                    }
                }
                Kind::String => match (a, b) {
                    (Sym::Place(a), Sym::Place(b)) => self.world.text_same(*a, *b),
                    (Sym::Place(place), Sym::Const(text)) | (Sym::Const(text), Sym::Place(place)) => {
                        self.world.formulas.atom(Atom::TextIs(*place, *text))
                    }
                    _ => self.free("==", operands()),
                },
                _ => match (a, b) {
                    (Sym::Place(a), Sym::Place(b)) => {
                        self.world.formulas.atom(Atom::Same(relation, (*a).min(*b), (*a).max(*b)))
                    }
                    (Sym::Place(place), built @ (Sym::Const(_) | Sym::List(_) | Sym::Map(_)))
                        if matches!(kind, Kind::List | Kind::Map) =>
                    {
                        self.is_built(relation, *place, built)
                    }
                    _ => self.free("==", operands()),
                },
            };
            let (ha, hb) = (self.has(a, kind), self.has(b, kind));
            parts.push(self.world.formulas.all([ha, hb, same]));
        }
        if relation == Relation::Set {
            for (x, y) in [(a, b), (b, a)] {
                let (int, float) = (self.has(x, Kind::Int), self.has(y, Kind::Float));
                let same = self.linear(a).zip(self.linear(b)).and_then(|(a, b)| self.world.same_number(&a, &b));
                parts.push(self.world.formulas.all([int, float, same.unwrap_or(Formula::TRUE)]));
            }
        }
        self.world.formulas.any(parts)
    }

    /// Whether the container at a place equals one whose parts the rules list.
    pub(super) fn is_built(&mut self, relation: Relation, place: PlaceId, built: &Sym) -> Formula {
        let constant = |this: &mut Self, value: &Value| Sym::Const(this.world.constant(value));
        let mut parts: Vec<(Option<PlaceId>, Values)> = Vec::new();
        let own = match built {
            Sym::Const(id) => Some(self.world.value(*id).clone()),
            _ => None,
        };
        match (built, own) {
            (_, Some(Value::List(items))) if items.len() <= MAX_PARTS => {
                for (at, item) in items.iter().enumerate() {
                    let child = self.world.child(place, Key::Index(at as u32));
                    let sym = constant(self, item);
                    parts.push((child, self.world.always(sym)));
                }
            }
            (_, Some(Value::Map(map))) if map.len() <= MAX_PARTS => {
                for (name, item) in map.iter() {
                    let child = self.world.member(place, name);
                    let sym = constant(self, item);
                    parts.push((child, self.world.always(sym)));
                }
            }
            (Sym::List(items), _) if items.len() <= MAX_PARTS => {
                for (at, item) in items.iter().enumerate() {
                    parts.push((self.world.child(place, Key::Index(at as u32)), Rc::clone(item)));
                }
            }
            // Keys that may be equal to others would be counted twice.
            (Sym::Map(entries), _) if entries.len() <= 1 || constants(entries) && entries.len() <= MAX_PARTS => {
                for (key, value) in entries.iter() {
                    let child = match key {
                        Sym::Const(name) => self.world.child(place, Key::Name(*name)),
                        Sym::Place(key) => self.world.child(place, Key::Of(*key)),
                        _ => None,
                    };
                    parts.push((child, Rc::clone(value)));
                }
            }
            (_, Some(_)) => {
                if let Sym::Const(id) = built {
                    return self.world.formulas.atom(Atom::SameConst(place, *id));
                }
            }
            _ => {
                let operands = vec![self.world.always(Sym::Place(place)), self.world.always(built.clone())];
                return self.free("==", operands);
            }
        }
        let size = Linear::constant(Ratio::int(parts.len() as i128));
        let len = Linear::var(NumVar::Len(place));
        let mut all = vec![self.world.same_number(&len, &size).unwrap_or(Formula::FALSE)];
        for (child, values) in parts {
            let Some(child) = child else { return Formula::FALSE };
            all.push(self.world.present(child));
            let mut any = Vec::new();
            for (guard, sym) in values.iter() {
                let equal = self.inside_equal(relation, &Sym::Place(child), sym);
                any.push(self.world.formulas.and(*guard, equal));
            }
            all.push(self.world.formulas.any(any));
        }
        self.world.formulas.all(all)
    }
}

/// Whether all keys of a map that rules make are different constants.
fn constants(entries: &[(Sym, Values)]) -> bool {
    let mut names: Vec<ConstId> =
        entries.iter().filter_map(|(key, _)| if let Sym::Const(name) = key { Some(*name) } else { None }).collect();
    let all = names.len() == entries.len();
    names.sort_unstable();
    names.dedup();
    all && names.len() == entries.len()
}
