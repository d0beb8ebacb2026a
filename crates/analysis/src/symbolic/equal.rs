//! The equality relations (runtime specification, section 5), and which kinds a symbolic value can have.

use std::rc::Rc;

use firewarden::{Value, internals::program::OpId, value::Comparator};

use super::{Encoder, Scope};
use crate::{
    atom::{Atom, ConstId, Relation},
    formula::Formula,
    linear::{Linear, NumVar},
    place::{Kind, Kinds, PlaceId},
    ratio::Ratio,
    value::{NumKind, SegmentTerm, Sym, TextPart, Values},
    world::OpenWhat,
};

/// Doubles are exact up to this whole number.
const EXACT: i128 = 1 << 53;

/// Kinds whose equality is that of their content.
const CONTENT: [Kind; 7] = [Kind::Bytes, Kind::LatLng, Kind::List, Kind::Map, Kind::Path, Kind::Vector, Kind::Other];

impl Encoder {
    /// The kinds that a value can have. A set or a difference of maps has none of them.
    pub(super) fn kinds(&self, sym: &Sym) -> Kinds {
        match sym {
            Sym::Const(id) => kind_of(self.world.value(*id)).map_or(Kinds::NONE, |kind| Kinds::of(&[kind])),
            Sym::Place(place) => self.world.place(*place).kinds.without(Kinds::of(&[Kind::Absent])),
            Sym::Number(NumKind::Int, _) | Sym::SizeOf(_) => Kinds::of(&[Kind::Int]),
            Sym::Number(NumKind::Timestamp, _) => Kinds::of(&[Kind::Timestamp]),
            Sym::Number(NumKind::Duration, _) => Kinds::of(&[Kind::Duration]),
            Sym::Bool(..) => Kinds::of(&[Kind::Bool]),
            Sym::Text(_) => Kinds::of(&[Kind::String]),
            Sym::List(_) | Sym::Keys(_) => Kinds::of(&[Kind::List]),
            Sym::Map(_) => Kinds::of(&[Kind::Map]),
            Sym::Path(_) => Kinds::of(&[Kind::Path]),
            Sym::Union(a, _) | Sym::Difference(a, _) if !self.is_set(a) => Kinds::of(&[Kind::List]),
            _ => Kinds::NONE,
        }
    }

    /// Whether a value is a set.
    pub(super) fn is_set(&self, sym: &Sym) -> bool {
        match sym {
            Sym::DiffKeys(..) | Sym::ToSet(_) | Sym::Intersection(..) => true,
            Sym::Union(a, _) | Sym::Difference(a, _) => self.is_set(a),
            Sym::Const(id) => matches!(self.world.value(*id), Value::Set(_)),
            _ => false,
        }
    }

    /// Whether a value has one of these kinds.
    pub(super) fn has_kinds(&mut self, sym: &Sym, kinds: Kinds) -> Formula {
        match sym {
            Sym::Place(place) => {
                let possible = self.world.place(*place).kinds.and(kinds);
                self.world.tags(*place, possible)
            }
            _ if self.kinds(sym).and(kinds).is_empty() => Formula::FALSE,
            _ => Formula::TRUE,
        }
    }

    pub(super) fn has(&mut self, sym: &Sym, kind: Kind) -> Formula {
        self.has_kinds(sym, Kinds::of(&[kind]))
    }

    /// The number that a value of a numeric kind is; `None` where its form is not linear.
    pub(super) fn linear(&self, sym: &Sym) -> Option<Linear> {
        match sym {
            Sym::Number(_, linear) => Some(linear.clone()),
            Sym::Place(place) => Some(Linear::var(NumVar::Value(*place))),
            Sym::Const(id) => constant_number(self.world.value(*id)).map(Linear::constant),
            _ => None,
        }
    }

    /// `a == b` and `a != b`.
    pub(super) fn equality(&mut self, scope: Scope<'_>, id: OpId, not: bool, a: &Values, b: &Values) -> Values {
        let (mut trues, mut falses) = (Vec::new(), Vec::new());
        for (guard, a, b) in self.pairs(a, b) {
            let mut defined = vec![guard];
            for sym in [a, b] {
                if let Sym::Bool(t, f) = sym {
                    defined.push(self.world.formulas.or(*t, *f));
                }
            }
            let guard = self.world.formulas.all(defined);
            let equal = self.equal(scope, id, a, b);
            trues.push(self.world.formulas.and(guard, equal));
            falses.push(self.world.formulas.and(guard, equal.not()));
        }
        let (t, f) = (self.world.formulas.any(trues), self.world.formulas.any(falses));
        if not { self.boolean(f, t) } else { self.boolean(t, f) }
    }

    /// Relation E1 of two values that are defined.
    pub(super) fn equal(&mut self, scope: Scope<'_>, id: OpId, a: &Sym, b: &Sym) -> Formula {
        self.related(scope, id, a, b, Relation::Operator, true)
    }

    /// Relation E2, membership in a list: E1 of equal types.
    pub(super) fn same_element(&mut self, scope: Scope<'_>, id: OpId, a: &Sym, b: &Sym) -> Formula {
        self.related(scope, id, a, b, Relation::Operator, false)
    }

    /// Relation E4, of sets and of `diff`.
    pub(super) fn set_equal(&mut self, scope: Scope<'_>, id: OpId, a: &Sym, b: &Sym) -> Formula {
        self.related(scope, id, a, b, Relation::Set, true)
    }

    /// The equality of values of a kind that has at most two values: all relations treat it alike, but for NaN.
    pub(super) fn same_plain(&mut self, kind: Kind, relation: Relation, a: &Sym, b: &Sym) -> Formula {
        match kind {
            Kind::Null => Formula::TRUE,
            Kind::Bool => {
                let ((ta, _), (tb, _)) = (self.truth_of(a), self.truth_of(b));
                self.world.formulas.iff(ta, tb)
            }
            Kind::NaN if relation == Relation::Set => Formula::TRUE,
            _ => Formula::FALSE,
        }
    }

    fn related(&mut self, scope: Scope<'_>, id: OpId, a: &Sym, b: &Sym, relation: Relation, mixes: bool) -> Formula {
        if self.is_set(a) || self.is_set(b) || matches!(a, Sym::Diff(..)) || matches!(b, Sym::Diff(..)) {
            return self.same_set(scope, id, a, b);
        }
        if let (Sym::SizeOf(of), other) | (other, Sym::SizeOf(of)) = (a, b) {
            return self.size_is(scope, id, of, other);
        }
        let common = self.kinds(a).and(self.kinds(b));
        let mut parts = Vec::new();
        for kind in common.iter() {
            let same = match kind {
                Kind::Absent | Kind::Null | Kind::Bool | Kind::NaN => self.same_plain(kind, relation, a, b),
                Kind::Int | Kind::Float | Kind::Timestamp | Kind::Duration => self.same_numbers(scope, id, a, b),
                Kind::String => self.same_text(scope, id, a, b),
                _ if CONTENT.contains(&kind) => self.same_content(scope, id, kind, a, b, relation),
                _ => Formula::FALSE,
            };
            let (ha, hb) = (self.has(a, kind), self.has(b, kind));
            parts.push(self.world.formulas.all([ha, hb, same]));
        }
        if mixes {
            for (x, y) in [(a, b), (b, a)] {
                let (int, float) = (self.has(x, Kind::Int), self.has(y, Kind::Float));
                let mixed = self.world.formulas.and(int, float);
                if mixed != Formula::FALSE {
                    let same = self.same_numbers(scope, id, a, b);
                    let same =
                        if relation == Relation::Set { same } else { self.unless_huge(scope, id, x, a, b, same) };
                    parts.push(self.world.formulas.and(mixed, same));
                }
            }
        }
        self.world.formulas.any(parts)
    }

    /// A comparison of an int with a double is exact unless the int is beyond what doubles represent.
    pub(super) fn unless_huge(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        int: &Sym,
        a: &Sym,
        b: &Sym,
        exact: Formula,
    ) -> Formula {
        let near = |value: &Value| constant_number(value).is_some_and(|n| n.floor().abs() < EXACT);
        for sym in [a, b] {
            if let Sym::Const(id) = sym
                && near(self.world.value(*id))
            {
                return exact;
            }
        }
        let operands = [a, b].map(|sym| self.world.always(sym.clone())).to_vec();
        let open = self.open_bool(scope, id, OpenWhat::Operator("a comparison of huge numbers"), operands);
        let Some(linear) = self.linear(int) else { return open };
        let bound = |n: i128| Linear::constant(Ratio::int(n));
        let below = self.world.at_most(&bound(-EXACT), &linear, false);
        let above = self.world.at_most(&linear, &bound(EXACT), false);
        match below.zip(above) {
            Some((below, above)) => {
                let within = self.world.formulas.and(below, above);
                self.world.formulas.choose(within, exact, open)
            }
            None => open,
        }
    }

    fn same_numbers(&mut self, scope: Scope<'_>, id: OpId, a: &Sym, b: &Sym) -> Formula {
        let linear = self.linear(a).zip(self.linear(b));
        if let Some(same) = linear.and_then(|(a, b)| self.world.same_number(&a, &b)) {
            return same;
        }
        let operands = [a, b].map(|sym| self.world.always(sym.clone())).to_vec();
        self.open_bool(scope, id, OpenWhat::Operator("=="), operands)
    }

    /// Whether two texts are the same.
    pub(super) fn same_text(&mut self, scope: Scope<'_>, id: OpId, a: &Sym, b: &Sym) -> Formula {
        // The text of one place is that of the place.
        let (a, b) = (&single(a), &single(b));
        match (a, b) {
            (Sym::Place(a), Sym::Place(b)) => self.world.text_same(*a, *b),
            (Sym::Place(place), Sym::Const(text)) | (Sym::Const(text), Sym::Place(place)) => {
                let text = *text;
                self.world.formulas.atom(Atom::TextIs(*place, text))
            }
            (Sym::Const(a), Sym::Const(b)) => truth(a == b),
            _ if a == b => Formula::TRUE,
            _ => {
                let operands = [a, b].map(|sym| self.world.always(sym.clone())).to_vec();
                self.open_bool(scope, id, OpenWhat::Operator("text +"), operands)
            }
        }
    }

    fn same_content(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        kind: Kind,
        a: &Sym,
        b: &Sym,
        relation: Relation,
    ) -> Formula {
        match (a, b) {
            (Sym::Place(a), Sym::Place(b)) => {
                self.world.formulas.atom(Atom::Same(relation, (*a).min(*b), (*a).max(*b)))
            }
            (Sym::Const(a), Sym::Const(b)) => {
                let (a, b) = (self.world.value(*a).view(), self.world.value(*b).view());
                truth(match relation {
                    Relation::Operator => firewarden::value::operator_equals(a, b),
                    Relation::Set => firewarden::value::set_equals(a, b),
                })
            }
            (Sym::Place(place), Sym::Const(constant)) | (Sym::Const(constant), Sym::Place(place)) => {
                let (place, constant) = (*place, *constant);
                match self.world.value(constant) {
                    Value::List(items) if items.is_empty() => self.empty(place),
                    Value::Map(map) if map.is_empty() => self.empty(place),
                    _ => self.is_built(relation, place, &Sym::Const(constant)),
                }
            }
            (Sym::Place(place), Sym::List(items)) | (Sym::List(items), Sym::Place(place)) if items.is_empty() => {
                self.empty(*place)
            }
            (Sym::Place(place), Sym::Map(entries)) | (Sym::Map(entries), Sym::Place(place)) if entries.is_empty() => {
                self.empty(*place)
            }
            (Sym::Place(place), built @ (Sym::List(_) | Sym::Map(_)))
            | (built @ (Sym::List(_) | Sym::Map(_)), Sym::Place(place)) => self.is_built(relation, *place, built),
            (Sym::Path(x), Sym::Path(y)) if kind == Kind::Path => {
                if x.len() != y.len() {
                    return Formula::FALSE;
                }
                let pairs: Vec<_> = x.iter().zip(y.iter()).map(|(x, y)| (x.clone(), y.clone())).collect();
                let same: Vec<_> = pairs.iter().map(|(x, y)| self.same_segment(scope, id, x, y)).collect();
                self.world.formulas.all(same)
            }
            (Sym::Keys(map), other) | (other, Sym::Keys(map)) => match self.elements(other) {
                // Keys come sorted.
                Some(items) => {
                    let texts: Vec<_> = items.iter().map(|item| self.world.text(*item)).collect();
                    let names = items.iter().all(|item| matches!(self.world.value(*item), Value::String(_)));
                    if !names || !texts.is_sorted() || texts.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
                        return Formula::FALSE;
                    }
                    let keys = Sym::Keys(*map);
                    self.exactly(scope, id, &keys, &items)
                }
                None => self.opaque(scope, id, a, b),
            },
            _ => self.opaque(scope, id, a, b),
        }
    }

    fn opaque(&mut self, scope: Scope<'_>, id: OpId, a: &Sym, b: &Sym) -> Formula {
        let operands = [a, b].map(|sym| self.world.always(sym.clone())).to_vec();
        self.open_bool(scope, id, OpenWhat::Operator("=="), operands)
    }

    /// Whether a set, or keys, has exactly these constants.
    fn exactly(&mut self, scope: Scope<'_>, id: OpId, container: &Sym, items: &[ConstId]) -> Formula {
        let mut parts = vec![self.only(scope, id, container, items)];
        for item in items {
            parts.push(self.member_of(scope, id, container, &Sym::Const(*item)));
        }
        self.world.formulas.all(parts)
    }

    /// The equality of sets: a set equals sets alone, a difference of maps nothing.
    fn same_set(&mut self, scope: Scope<'_>, id: OpId, a: &Sym, b: &Sym) -> Formula {
        if matches!(a, Sym::Diff(..)) || matches!(b, Sym::Diff(..)) {
            return Formula::FALSE;
        }
        let is_open = |sym: &Sym| matches!(sym, Sym::Place(_)) && self.kinds(sym).has(Kind::Other);
        if is_open(a) || is_open(b) {
            return self.opaque(scope, id, a, b);
        }
        if !self.is_set(a) || !self.is_set(b) {
            return Formula::FALSE;
        }
        if let Some(items) = self.elements(b) {
            return self.exactly(scope, id, &a.clone(), &items);
        }
        if let Some(items) = self.elements(a) {
            return self.exactly(scope, id, &b.clone(), &items);
        }
        if a == b { Formula::TRUE } else { self.opaque(scope, id, a, b) }
    }

    /// `container.size() == n`
    fn size_is(&mut self, scope: Scope<'_>, id: OpId, of: &Rc<Sym>, n: &Sym) -> Formula {
        let sizes = Sym::SizeOf(Rc::clone(of));
        match n {
            Sym::Const(n) if matches!(self.world.value(*n), Value::Int(0)) => self.only(scope, id, of, &[]),
            _ => {
                let operands = [&sizes, n].map(|sym| self.world.always(sym.clone())).to_vec();
                let open = self.open_bool(scope, id, OpenWhat::Operator("size()"), operands);
                match n {
                    Sym::Const(n) if matches!(self.world.value(*n), Value::Int(1..)) => {
                        let empty = self.only(scope, id, of, &[]);
                        self.world.formulas.and(open, empty.not())
                    }
                    _ => open,
                }
            }
        }
    }

    /// `container.size() < n` and so on.
    pub(super) fn size_order(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        comparator: Comparator,
        of: &Rc<Sym>,
        n: &Sym,
    ) -> Formula {
        let number = match n {
            Sym::Const(n) => constant_number(self.world.value(*n)),
            _ => None,
        };
        let (zero, one) = (Some(Ratio::ZERO), Some(Ratio::ONE));
        let empty = self.only(scope, id, of, &[]);
        match comparator {
            Comparator::Gt if number == zero => empty.not(),
            Comparator::Ge if number == one => empty.not(),
            Comparator::Le if number == zero => empty,
            Comparator::Lt if number == one => empty,
            _ => {
                let sizes = Sym::SizeOf(Rc::clone(of));
                let operands = [&sizes, n].map(|sym| self.world.always(sym.clone())).to_vec();
                self.open_bool(scope, id, order_label(comparator), operands)
            }
        }
    }

    /// Whether the list or the map at a place is empty.
    pub(super) fn empty(&mut self, place: PlaceId) -> Formula {
        let linear = Linear::var(NumVar::Len(place));
        self.world.at_most(&linear, &Linear::constant(Ratio::ZERO), false).unwrap_or(Formula::FALSE)
    }

    pub(super) fn same_segment(&mut self, scope: Scope<'_>, id: OpId, a: &SegmentTerm, b: &SegmentTerm) -> Formula {
        match (a, b) {
            (SegmentTerm::Const(a), SegmentTerm::Const(b)) => truth(a == b),
            (SegmentTerm::Of(a), SegmentTerm::Of(b)) => self.world.text_same(*a, *b),
            (SegmentTerm::Of(place), SegmentTerm::Const(text)) | (SegmentTerm::Const(text), SegmentTerm::Of(place)) => {
                self.world.formulas.atom(Atom::TextIs(*place, *text))
            }
            _ if a == b => Formula::TRUE,
            _ => {
                let sym = |segment: &SegmentTerm| match segment {
                    SegmentTerm::Const(text) => Sym::Const(*text),
                    SegmentTerm::Of(place) => Sym::Text(Rc::from([TextPart::Of(*place)])),
                    SegmentTerm::Parts(parts) => Sym::Text(Rc::clone(parts)),
                };
                let operands = vec![self.world.always(sym(a)), self.world.always(sym(b))];
                self.open_bool(scope, id, OpenWhat::Operator("text +"), operands)
            }
        }
    }
}

/// A text of a single part as that part.
fn single(sym: &Sym) -> Sym {
    match sym {
        Sym::Text(parts) => match &**parts {
            [TextPart::Of(place)] => Sym::Place(*place),
            [TextPart::Const(text)] => Sym::Const(*text),
            _ => sym.clone(),
        },
        _ => sym.clone(),
    }
}

/// The name of a comparison that is not modelled.
pub(super) fn order_label(comparator: Comparator) -> OpenWhat {
    OpenWhat::Operator(match comparator {
        Comparator::Lt => "<",
        Comparator::Le => "<=",
        Comparator::Gt => ">",
        Comparator::Ge => ">=",
        _ => "==",
    })
}

/// The constant formula.
pub(super) fn truth(holds: bool) -> Formula {
    if holds { Formula::TRUE } else { Formula::FALSE }
}

/// The kind of a constant.
pub fn kind_of(value: &Value) -> Option<Kind> {
    Some(match value {
        Value::Null => Kind::Null,
        Value::Bool(_) => Kind::Bool,
        Value::Int(_) => Kind::Int,
        Value::Float(n) if n.is_nan() => Kind::NaN,
        Value::Float(_) => Kind::Float,
        Value::String(_) => Kind::String,
        Value::Bytes(_) => Kind::Bytes,
        Value::Duration(_) => Kind::Duration,
        Value::Timestamp(_) => Kind::Timestamp,
        Value::LatLng(_) => Kind::LatLng,
        Value::List(_) => Kind::List,
        Value::Vector(_) => Kind::Vector,
        Value::Map(_) => Kind::Map,
        Value::Path(_) => Kind::Path,
        Value::Set(_) | Value::MapDiff(_) | Value::Constraint(_) => Kind::Other,
        _ => return None,
    })
}

/// The number of a constant, of times and durations the nanoseconds.
pub fn constant_number(value: &Value) -> Option<Ratio> {
    match value {
        Value::Int(n) => Some(Ratio::int(i128::from(*n))),
        Value::Float(n) => Ratio::of_double(*n),
        Value::Timestamp(time) => Some(crate::world::time_number(*time)),
        Value::Duration(length) => Some(crate::world::duration_number(*length)),
        _ => None,
    }
}
