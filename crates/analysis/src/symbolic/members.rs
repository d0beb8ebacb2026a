//! `a.b`, `a[b]` and `a in b`.

use std::rc::Rc;

use firewarden::{
    Value,
    internals::{program::OpId, request::ServiceProduct},
};

use super::{Encoder, Scope, equal::truth};
use crate::{
    atom::{Atom, ConstId},
    formula::Formula,
    place::{Key, Kind, Kinds, Origin, PlaceId},
    schema::Schema,
    value::{SegmentTerm, Sym, TextPart, Values},
    world::OpenWhat,
};

impl Encoder {
    /// `object.name`
    pub(super) fn member(&mut self, scope: Scope<'_>, id: OpId, object: &Values, name: &str) -> Values {
        let key = self.world.constant_text(name);
        let mut found = Vec::new();
        for (guard, sym) in object.iter() {
            let values = self.at_name(scope, id, sym, key);
            found.extend(self.guarded(*guard, &values));
        }
        self.values(found)
    }

    /// The value of a constant key.
    fn at_name(&mut self, scope: Scope<'_>, id: OpId, sym: &Sym, key: ConstId) -> Values {
        match sym {
            Sym::Place(place) => {
                let mut found = self.field(*place, key).to_vec();
                let peculiar = self.peculiar(*place);
                let has = self.has_kinds(sym, peculiar);
                if has != Formula::FALSE {
                    // A path with variables has members too; the paths of requests and references have none.
                    let operands = vec![self.world.always(sym.clone()), self.world.always(Sym::Const(key))];
                    let open = self.open(scope, id, OpenWhat::Operator("."), operands, Kinds::ANY);
                    found.extend(self.guarded(has, &open));
                }
                self.values(found)
            }
            Sym::Const(constant) => match self.world.value(*constant) {
                Value::Map(map) => match map.get(&self.world.text(key)).cloned() {
                    Some(value) => {
                        let value = self.world.constant(&value);
                        self.world.always(Sym::Const(value))
                    }
                    None => Rc::from([]),
                },
                _ => Rc::from([]),
            },
            // A repeated key keeps its last value.
            Sym::Map(entries) if entries.iter().all(|(name, _)| matches!(name, Sym::Const(_))) => {
                let found = entries.iter().rev().find(|(name, _)| *name == Sym::Const(key));
                found.map_or_else(|| Rc::from([]), |(_, values)| Rc::clone(values))
            }
            Sym::Map(_) => {
                let operands = vec![self.world.always(sym.clone()), self.world.always(Sym::Const(key))];
                self.open(scope, id, OpenWhat::Operator("."), operands, Kinds::ANY)
            }
            _ => Rc::from([]),
        }
    }

    /// Kinds of a place whose members are not modelled.
    fn peculiar(&self, place: PlaceId) -> Kinds {
        let place = self.world.place(place);
        let open = matches!(place.origin, Origin::Open(_)) || place.schema == Schema::Any;
        if open { place.kinds.and(Kinds::of(&[Kind::Path, Kind::Other])) } else { Kinds::NONE }
    }

    /// The value of a constant key at a place.
    pub(super) fn field(&mut self, place: PlaceId, key: ConstId) -> Values {
        let name = self.world.text(key);
        let schema = self.world.place(place).schema;
        let map = self.world.tag(place, Kind::Map);
        match (schema, name.as_str()) {
            (Schema::StorageRequest(_) | Schema::FirestoreRequest(_), "method") => {
                let method = self.world.constant_text(self.method().name());
                return Rc::from([(map, Sym::Const(method))]);
            }
            (Schema::StorageRequest(_) | Schema::FirestoreRequest(_), "path") => {
                let path = self.request_path();
                return Rc::from([(map, Sym::Path(path))]);
            }
            // An object's name and bucket are those of the request.
            (Schema::Object, "name") => return Rc::from([(map, self.object_name())]),
            (Schema::Object, "bucket") => {
                if let Some(bucket) = self.world.segment(1) {
                    return Rc::from([(map, bucket)]);
                }
            }
            (Schema::Document, "id") => {
                if let Some(id) = self.document_path(place).and_then(|path| path.last().cloned()) {
                    return Rc::from([(map, segment_sym(&id))]);
                }
            }
            (Schema::Document, "__name__") => {
                if let Some(path) = self.document_path(place) {
                    return Rc::from([(map, Sym::Path(path))]);
                }
            }
            _ => {}
        }
        match self.world.child(place, Key::Name(key)) {
            Some(child) => {
                let present = self.world.present(child);
                Rc::from([(present, Sym::Place(child))])
            }
            None => Rc::from([]),
        }
    }

    /// The name of the request's object: its segments, with slashes between them.
    fn object_name(&mut self) -> Sym {
        let slash = self.world.constant_text("/");
        let mut parts = Vec::new();
        for at in 3..self.world.segments.len() {
            if at > 3 {
                parts.push(TextPart::Const(slash));
            }
            match self.world.segment(at) {
                Some(Sym::Place(place)) => parts.push(TextPart::Of(place)),
                Some(Sym::Const(text)) => parts.push(TextPart::Const(text)),
                _ => {}
            }
        }
        match parts.as_slice() {
            [TextPart::Of(place)] => Sym::Place(*place),
            [TextPart::Const(text)] => Sym::Const(*text),
            _ => Sym::Text(parts.into()),
        }
    }

    /// The full name of a document.
    fn document_path(&self, place: PlaceId) -> Option<Rc<[SegmentTerm]>> {
        match &self.world.place(place).origin {
            Origin::Document(path) | Origin::After(path) => Some(path.as_slice().into()),
            Origin::Resource | Origin::Child(..) => Some(self.request_path()),
            _ => None,
        }
    }

    /// `object[index]`
    pub(super) fn index(&mut self, scope: Scope<'_>, id: OpId, object: &Values, index: &Values) -> Values {
        let mut found = Vec::new();
        for (guard, object, index) in self.pairs(object, index) {
            let values = self.element(scope, id, object, index);
            found.extend(self.guarded(guard, &values));
        }
        self.values(found)
    }

    fn element(&mut self, scope: Scope<'_>, id: OpId, object: &Sym, index: &Sym) -> Values {
        let operands = [object, index].map(|sym| self.world.always(sym.clone())).to_vec();
        if let Sym::Const(key) = index {
            let value = self.world.value(*key).clone();
            match (object, value) {
                (Sym::Place(_) | Sym::Map(_), Value::String(_)) => return self.at_name(scope, id, object, *key),
                (Sym::Place(place), Value::Int(at)) => return self.at_index(scope, id, *place, at, operands),
                (Sym::Path(segments), Value::Int(at)) => {
                    let segment = usize::try_from(at).ok().and_then(|at| segments.get(at).cloned());
                    return segment.map_or_else(|| Rc::from([]), |segment| self.world.always(segment_sym(&segment)));
                }
                (Sym::List(items), Value::Int(at)) => {
                    let item = usize::try_from(at).ok().and_then(|at| items.get(at));
                    return item.map_or_else(|| Rc::from([]), Rc::clone);
                }
                (Sym::Const(object), _) => {
                    let found = self.evaluated(&[*object, *key], |bump, values| match values {
                        [object, key] => firewarden::internals::stdlib::index(bump, *object, *key).ok(),
                        _ => None,
                    });
                    return self.values(found);
                }
                (Sym::Place(_), _) if !self.kinds(object).has(Kind::Other) => return Rc::from([]),
                _ => {}
            }
        }
        let (Sym::Place(place), Sym::Place(key)) = (object, index) else {
            return self.open(scope, id, OpenWhat::Operator("[]"), operands, Kinds::ANY);
        };
        let mut found = Vec::new();
        let (map, text) = (self.world.tag(*place, Kind::Map), self.world.tag(*key, Kind::String));
        let both = self.world.formulas.and(map, text);
        if both != Formula::FALSE {
            match self.world.child(*place, Key::Of(*key)) {
                Some(child) => {
                    let present = self.world.present(child);
                    let guard = self.world.formulas.and(both, present);
                    found.push((guard, Sym::Place(child)));
                }
                None => {
                    let open = self.open(scope, id, OpenWhat::Operator("[]"), operands.clone(), Kinds::ANY);
                    found.extend(self.guarded(both, &open));
                }
            }
        }
        let (sequences, int) = (
            self.world.tags(*place, Kinds::of(&[Kind::List, Kind::String, Kind::Path, Kind::Other])),
            self.world.tags(*key, Kinds::of(&[Kind::Int, Kind::Other])),
        );
        let peculiar = self.peculiar(*place);
        let peculiar = self.world.tags(*place, peculiar);
        let indexed = self.world.formulas.and(sequences, int);
        let indexed = self.world.formulas.or(indexed, peculiar);
        if indexed != Formula::FALSE {
            let open = self.open(scope, id, OpenWhat::Operator("[]"), operands, Kinds::ANY);
            found.extend(self.guarded(indexed, &open));
        }
        self.values(found)
    }

    fn at_index(&mut self, scope: Scope<'_>, id: OpId, place: PlaceId, at: i64, operands: Vec<Values>) -> Values {
        let Ok(at) = u32::try_from(at) else { return Rc::from([]) };
        let list = self.world.tag(place, Kind::List);
        let mut found = Vec::new();
        let mut rest = Kinds::of(&[Kind::String, Kind::Path, Kind::Other]);
        if list != Formula::FALSE {
            match self.world.child(place, Key::Index(at)) {
                Some(child) => {
                    let present = self.world.present(child);
                    let guard = self.world.formulas.and(list, present);
                    found.push((guard, Sym::Place(child)));
                }
                None => rest = rest.or(Kinds::of(&[Kind::List])),
            }
        }
        let rest = self.world.tags(place, rest);
        if rest != Formula::FALSE {
            let open = self.open(scope, id, OpenWhat::Operator("[]"), operands, Kinds::ANY);
            found.extend(self.guarded(rest, &open));
        }
        self.values(found)
    }

    /// `x in container`
    pub(super) fn contains(&mut self, scope: Scope<'_>, id: OpId, x: &Values, container: &Values) -> Values {
        let (mut trues, mut falses) = (Vec::new(), Vec::new());
        for (gc, container) in container.iter() {
            for (gx, x) in x.iter() {
                let mut guard = self.world.formulas.and(*gc, *gx);
                if guard == Formula::FALSE {
                    continue;
                }
                if let Sym::Bool(t, f) = x {
                    let defined = self.world.formulas.or(*t, *f);
                    guard = self.world.formulas.and(guard, defined);
                }
                for (case, holds) in self.membership(scope, id, x, container) {
                    let guard = self.world.formulas.and(guard, case);
                    let unsure = self.unsure(scope, id, holds, &[x, container]);
                    trues.push(self.world.formulas.and(guard, holds));
                    falses.push(self.world.formulas.and(guard, unsure));
                }
            }
        }
        let (t, f) = (self.world.formulas.any(trues), self.world.formulas.any(falses));
        self.boolean(t, f)
    }

    /// Where a membership is false: also, perhaps, where a query does not know a value that would be a member.
    pub(super) fn unsure(&mut self, scope: Scope<'_>, id: OpId, holds: Formula, of: &[&Sym]) -> Formula {
        if !of.iter().any(|sym| matches!(sym, Sym::Place(place) if self.is_queried(*place))) {
            return holds.not();
        }
        let operands = of.iter().map(|sym| self.world.always((*sym).clone())).collect();
        let open = self.open_bool(scope, id, OpenWhat::Operator("a member in a query"), operands);
        self.world.formulas.or(holds.not(), open)
    }

    /// The cases in which a membership is no error, each with the formula of the membership.
    fn membership(&mut self, scope: Scope<'_>, id: OpId, x: &Sym, container: &Sym) -> Vec<(Formula, Formula)> {
        let mut cases = Vec::new();
        if let Sym::Place(place) = container {
            let (map, list) = (self.world.tag(*place, Kind::Map), self.world.tag(*place, Kind::List));
            if map != Formula::FALSE {
                let text = self.has_kinds(x, Kinds::of(&[Kind::String]));
                let case = self.world.formulas.and(map, text);
                if case != Formula::FALSE {
                    let holds = self.has_key(scope, id, *place, x);
                    cases.push((case, holds));
                }
            }
            if list != Formula::FALSE {
                let holds = self.member_of(scope, id, container, x);
                cases.push((list, holds));
            }
            let other = self.world.tag(*place, Kind::Other);
            if other != Formula::FALSE {
                let operands = [x, container].map(|sym| self.world.always(sym.clone())).to_vec();
                let open = self.open(scope, id, OpenWhat::Operator("in"), operands, Kinds::of(&[Kind::Bool]));
                let (t, f) = self.truth(&open);
                let defined = self.world.formulas.or(t, f);
                cases.push((self.world.formulas.and(other, defined), t));
            }
            return cases;
        }
        let kinds = self.kinds(container);
        match container {
            Sym::Map(entries) => {
                let case = self.has_kinds(x, Kinds::of(&[Kind::String]));
                let names: Vec<_> = entries.iter().map(|(name, _)| name.clone()).collect();
                let same: Vec<_> = names.iter().map(|name| self.same_text(scope, id, x, name)).collect();
                cases.push((case, self.world.formulas.any(same)));
            }
            Sym::Const(constant) if matches!(self.world.value(*constant), Value::Map(_)) => {
                let case = self.has_kinds(x, Kinds::of(&[Kind::String]));
                let operands = [x, container].map(|sym| self.world.always(sym.clone())).to_vec();
                cases.push((case, self.open_bool(scope, id, OpenWhat::Operator("in"), operands)));
            }
            _ if kinds.has(Kind::List) || self.is_set(container) => {
                let holds = self.member_of(scope, id, container, x);
                cases.push((Formula::TRUE, holds));
            }
            _ => {}
        }
        cases
    }

    /// Whether the map at a place has a text as a key.
    pub(super) fn has_key(&mut self, scope: Scope<'_>, id: OpId, map: PlaceId, key: &Sym) -> Formula {
        let child = match key {
            Sym::Const(name) => {
                let text = self.world.text(*name);
                let schema = self.world.place(map).schema;
                // These are values of their own, and always there.
                let own = match schema {
                    Schema::StorageRequest(_) | Schema::FirestoreRequest(_) => matches!(&*text, "method" | "path"),
                    Schema::Document => matches!(&*text, "id" | "__name__"),
                    Schema::Object => matches!(&*text, "name" | "bucket"),
                    _ => false,
                };
                if own {
                    return self.world.tag(map, Kind::Map);
                }
                self.world.child(map, Key::Name(*name))
            }
            Sym::Place(key) => self.world.child(map, Key::Of(*key)),
            _ => {
                let operands = vec![self.world.always(Sym::Place(map)), self.world.always(key.clone())];
                return self.open_bool(scope, id, OpenWhat::Operator("in"), operands);
            }
        };
        match child {
            Some(child) => self.world.present(child),
            None => Formula::FALSE,
        }
    }

    /// Whether a list or a set has an element.
    pub(super) fn member_of(&mut self, scope: Scope<'_>, id: OpId, container: &Sym, x: &Sym) -> Formula {
        match container {
            Sym::Place(list) => match x {
                Sym::Const(constant) => {
                    if matches!(self.world.value(*constant), Value::Float(n) if n.is_nan()) {
                        return Formula::FALSE;
                    }
                    self.world.formulas.atom(Atom::HasConst(*list, *constant))
                }
                Sym::Place(x) => self.world.formulas.atom(Atom::Has(*list, *x)),
                _ => self.open_member(scope, id, container, x),
            },
            Sym::Const(constant) => match self.world.value(*constant).clone() {
                Value::List(items) => {
                    let items: Vec<_> = items.iter().map(|item| Sym::Const(self.world.constant(item))).collect();
                    let same: Vec<_> = items.iter().map(|item| self.same_element(scope, id, item, x)).collect();
                    self.world.formulas.any(same)
                }
                Value::Set(items) => {
                    let items: Vec<_> = items.iter().map(|item| Sym::Const(self.world.constant(item))).collect();
                    let same: Vec<_> = items.iter().map(|item| self.set_equal(scope, id, item, x)).collect();
                    self.world.formulas.any(same)
                }
                _ => Formula::FALSE,
            },
            Sym::List(items) => {
                let mut same = Vec::new();
                for item in items.iter() {
                    for (guard, item) in item.iter() {
                        let equal = self.same_element(scope, id, item, x);
                        same.push(self.world.formulas.and(*guard, equal));
                    }
                }
                self.world.formulas.any(same)
            }
            Sym::Keys(map) => {
                let text = self.has_kinds(x, Kinds::of(&[Kind::String]));
                let has = self.has_key(scope, id, *map, x);
                self.world.formulas.and(text, has)
            }
            Sym::DiffKeys(which, new, old) => match x {
                Sym::Const(key) if matches!(self.world.value(*key), Value::String(_)) => {
                    self.in_diff(*which, *new, *old, *key)
                }
                Sym::Const(_) => Formula::FALSE,
                _ => self.open_member(scope, id, container, x),
            },
            Sym::ToSet(list) => match x {
                // Numbers of different types are equal in sets.
                Sym::Const(constant) if matches!(self.world.value(*constant), Value::String(_) | Value::Bool(_)) => {
                    self.member_of(scope, id, list, x)
                }
                _ if matches!(**list, Sym::Keys(_)) => self.member_of(scope, id, list, x),
                _ => match self.elements(list) {
                    Some(items) => {
                        let same: Vec<_> =
                            items.iter().map(|item| self.set_equal(scope, id, &Sym::Const(*item), x)).collect();
                        self.world.formulas.any(same)
                    }
                    None => self.open_member(scope, id, container, x),
                },
            },
            Sym::Union(a, b) => {
                let (a, b) = (self.member_of(scope, id, a, x), self.member_of(scope, id, b, x));
                self.world.formulas.or(a, b)
            }
            Sym::Intersection(a, b) => {
                let (a, b) = (self.member_of(scope, id, a, x), self.member_of(scope, id, b, x));
                self.world.formulas.and(a, b)
            }
            Sym::Difference(a, b) => {
                let (a, b) = (self.member_of(scope, id, a, x), self.member_of(scope, id, b, x));
                self.world.formulas.and(a, b.not())
            }
            _ => truth(false),
        }
    }

    fn open_member(&mut self, scope: Scope<'_>, id: OpId, container: &Sym, x: &Sym) -> Formula {
        let operands = [container, x].map(|sym| self.world.always(sym.clone())).to_vec();
        self.open_bool(scope, id, OpenWhat::Operator("in"), operands)
    }

    /// The path of the request: of a list in Firestore that of the collection.
    pub(super) fn request_path(&self) -> Rc<[SegmentTerm]> {
        let segments = (0..self.world.segments.len()).filter_map(|at| self.world.segment(at));
        segments.filter_map(|sym| segment_term(&sym)).collect()
    }

    /// Whether the request names a document of its own.
    pub(super) fn has_own_document(&self) -> bool {
        self.product() == ServiceProduct::Firestore && self.method() != crate::schema::Method::List
    }
}

/// A segment as a value.
pub(super) fn segment_sym(segment: &SegmentTerm) -> Sym {
    match segment {
        SegmentTerm::Const(text) => Sym::Const(*text),
        SegmentTerm::Of(place) => Sym::Place(*place),
        SegmentTerm::Parts(parts) => Sym::Text(Rc::clone(parts)),
    }
}

/// A value that is a text as a segment.
pub(super) fn segment_term(sym: &Sym) -> Option<SegmentTerm> {
    match sym {
        Sym::Const(text) => Some(SegmentTerm::Const(*text)),
        Sym::Place(place) => Some(SegmentTerm::Of(*place)),
        Sym::Text(parts) => Some(SegmentTerm::Parts(Rc::clone(parts))),
        _ => None,
    }
}
