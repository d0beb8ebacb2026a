//! What holds of every request: tags exclude each other, members belong to maps, sizes are not negative. Formulas that
//! [`crate::symbolic`] makes use atoms whose meaning these axioms fix.

use firewarden::{Timestamp, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    atom::{Atom, ConstId, DiffKeys, Relation},
    formula::{Formula, Node},
    linear::{Linear, NumVar},
    place::{Key, Kind, Kinds, Origin, PlaceId},
    ratio::Ratio,
    symbolic::{Encoder, number_range},
    value::NumKind,
    world::{World, time_number},
};

/// The number of equalities beyond which their consequences are left out.
const MAX_EQUALITIES: usize = 600;

/// The containers' elements that formulas speak of.
#[derive(Debug, Default)]
pub struct Tracked {
    /// Elements of lists.
    pub elements: FxHashMap<PlaceId, Vec<ConstId>>,
}

impl Tracked {
    /// Collects them from all formulas so far.
    pub fn of(world: &World) -> Self {
        let mut elements: FxHashMap<PlaceId, Vec<ConstId>> = FxHashMap::default();
        for node in world.formulas.nodes() {
            match *node {
                Node::Atom(Atom::HasConst(list, item)) => elements.entry(list).or_default().push(item),
                Node::Atom(Atom::Only(list, set)) => {
                    elements.entry(list).or_default().extend(world.consts(set).iter());
                }
                _ => {}
            }
        }
        for items in elements.values_mut() {
            items.sort_unstable();
            items.dedup();
        }
        Tracked { elements }
    }

    /// The tracked elements of a list.
    pub fn elements(&self, list: PlaceId) -> &[ConstId] {
        self.elements.get(&list).map_or(&[], Vec::as_slice)
    }
}

/// All axioms about the places of an encoder, whose shapes are [closed](crate::shapes::close).
pub fn axioms(encoder: &mut Encoder, now: Option<Timestamp>) -> Vec<Formula> {
    let mut done = Axioms { encoder, found: Vec::new(), same: FxHashSet::default() };
    done.equalities();
    let tracked = Tracked::of(&done.encoder.world);
    done.time(now);
    done.lists(&tracked);
    done.containers(&tracked);
    done.differences();
    let places: Vec<PlaceId> = done.encoder.world.places().collect();
    for place in places {
        done.members(place);
        done.symbolic_members(place);
    }
    done.numbers();
    done.tags();
    let facts = std::mem::take(&mut done.encoder.world.facts);
    done.found.extend(facts.iter().copied());
    done.encoder.world.facts = facts;
    done.found.retain(|axiom| *axiom != Formula::TRUE);
    done.found
}

struct Axioms<'e> {
    encoder: &'e mut Encoder,
    found: Vec<Formula>,
    /// The equalities whose consequences are stated.
    same: FxHashSet<(Relation, PlaceId, PlaceId)>,
}

impl Axioms<'_> {
    fn world(&mut self) -> &mut World {
        &mut self.encoder.world
    }

    fn add(&mut self, axiom: Formula) {
        self.found.push(axiom);
    }

    fn implies(&mut self, a: Formula, b: Formula) {
        let axiom = self.world().formulas.implies(a, b);
        self.add(axiom);
    }

    fn time(&mut self, now: Option<Timestamp>) {
        let Some(now) = now else { return };
        let request = self.encoder.request();
        if let Some(time) = self.world().member(request, "time") {
            let now = Linear::constant(time_number(now));
            if let Some(row) = self.world().at_most(&now, &Linear::var(NumVar::Value(time)), false) {
                self.add(row);
            }
        }
    }

    /// Tags of a place exclude each other, and one of them holds.
    fn tags(&mut self) {
        let mut mentioned: FxHashMap<PlaceId, Vec<Kind>> = FxHashMap::default();
        for node in self.encoder.world.formulas.nodes() {
            if let Node::Atom(Atom::Tag(place, kind)) = node {
                mentioned.entry(*place).or_default().push(*kind);
            }
        }
        let mut mentioned: Vec<_> = mentioned.into_iter().collect();
        mentioned.sort_unstable();
        for (place, mut kinds) in mentioned {
            kinds.sort_unstable();
            for (at, a) in kinds.iter().enumerate() {
                for b in kinds.iter().skip(at + 1) {
                    let (a, b) = (self.world().tag(place, *a), self.world().tag(place, *b));
                    let both = self.world().formulas.and(a, b);
                    self.add(both.not());
                }
            }
            let all = self.encoder.world.place(place).kinds;
            if all.without(Kinds::of(&kinds)).is_empty() {
                let tags: Vec<_> = kinds.iter().map(|kind| self.world().tag(place, *kind)).collect();
                let one = self.world().formulas.any(tags);
                self.add(one);
            }
        }
    }

    /// What is there belongs to a map, or to a list.
    fn members(&mut self, place: PlaceId) {
        for (key, child) in self.encoder.world.children(place).to_vec() {
            let present = self.world().present(child);
            match key {
                Key::Name(_) => {
                    let map = self.world().tag(place, Kind::Map);
                    self.implies(present, map);
                    if self.encoder.world.place(child).required {
                        self.implies(map, present);
                    }
                }
                Key::Of(key) => {
                    let (map, text) = (self.world().tag(place, Kind::Map), self.world().tag(key, Kind::String));
                    let both = self.world().formulas.and(map, text);
                    self.implies(present, both);
                }
                Key::Index(at) => {
                    let list = self.world().tag(place, Kind::List);
                    let least = Linear::constant(Ratio::int(i128::from(at) + 1));
                    let long = self.world().at_most(&least, &Linear::var(NumVar::Len(place)), false);
                    let inside = self.world().formulas.and(list, long.unwrap_or(Formula::TRUE));
                    let axiom = self.world().formulas.iff(present, inside);
                    self.add(axiom);
                }
            }
        }
    }

    /// A member by a computed key is one of the tracked members, or another.
    fn symbolic_members(&mut self, place: PlaceId) {
        let children = self.encoder.world.children(place).to_vec();
        for (key, child) in &children {
            let Key::Of(key) = key else { continue };
            let mut cases = vec![self.world().formulas.atom(Atom::Other(place))];
            for (other, sibling) in &children {
                let Key::Name(name) = other else { continue };
                let is_name = self.world().formulas.atom(Atom::TextIs(*key, *name));
                let there = self.world().present(*sibling);
                cases.push(self.world().formulas.and(is_name, there));
            }
            let present = self.world().present(*child);
            let any = self.world().formulas.any(cases);
            self.implies(present, any);
        }
    }

    /// What the members of a container say about its size, and what "only these" means.
    fn containers(&mut self, tracked: &Tracked) {
        let mut wanted = FxHashSet::default();
        let mut only = Vec::new();
        for node in self.encoder.world.formulas.nodes() {
            match *node {
                Node::Atom(Atom::Only(place, set)) => {
                    wanted.insert(place);
                    only.push((place, set));
                }
                Node::Atom(Atom::Other(place) | Atom::HasConst(place, _) | Atom::Has(place, _)) => {
                    wanted.insert(place);
                }
                Node::Atom(Atom::Row(row)) => {
                    let terms = self.encoder.world.row_of(row).map(|row| row.linear.terms.clone());
                    for (var, _) in terms.unwrap_or_default() {
                        if let NumVar::Len(place) = var {
                            wanted.insert(place);
                        }
                    }
                }
                _ => {}
            }
        }
        for (place, set) in only {
            let among = self.encoder.world.consts(set);
            let atom = self.world().formulas.atom(Atom::Only(place, set));
            for (kind, members) in [(Kind::Map, self.keys(place)), (Kind::List, self.items(place, tracked))] {
                let mut parts = vec![self.world().formulas.atom(Atom::Other(place)).not()];
                parts.extend(members.iter().filter(|(item, _)| !among.contains(item)).map(|(_, has)| has.not()));
                let meaning = self.world().formulas.all(parts);
                let same = self.world().formulas.iff(atom, meaning);
                let tag = self.world().tag(place, kind);
                self.implies(tag, same);
            }
        }
        let mut wanted: Vec<_> = wanted.into_iter().collect();
        wanted.sort_unstable();
        for place in wanted {
            let empty = self.encoder.is_empty(place);
            for (kind, members) in [(Kind::Map, self.keys(place)), (Kind::List, self.items(place, tracked))] {
                let mut parts: Vec<_> = members.iter().map(|(_, has)| *has).collect();
                parts.push(self.world().formulas.atom(Atom::Other(place)));
                let any = self.world().formulas.any(parts);
                let same = self.world().formulas.iff(empty, any.not());
                let tag = self.world().tag(place, kind);
                self.implies(tag, same);
            }
            // A closed map has no other keys.
            if self.encoder.world.place(place).schema.closed().is_some() {
                let map = self.world().tag(place, Kind::Map);
                let tracked = self.encoder.world.children(place).len();
                let names = self.encoder.world.place(place).schema.closed().map_or(0, <[_]>::len);
                if tracked == names {
                    let other = self.world().formulas.atom(Atom::Other(place));
                    self.implies(map, other.not());
                }
            }
        }
    }

    /// The tracked keys of a map, each with the formula that it has it.
    fn keys(&mut self, place: PlaceId) -> Vec<(ConstId, Formula)> {
        if !self.encoder.world.place(place).kinds.has(Kind::Map) {
            return Vec::new();
        }
        let children = self.encoder.world.children(place).to_vec();
        let mut found = Vec::new();
        for (key, child) in children {
            if let Key::Name(name) = key {
                let present = self.world().present(child);
                found.push((name, present));
            }
        }
        found
    }

    /// The tracked elements of a list, each with the formula that it has it.
    fn items(&mut self, place: PlaceId, tracked: &Tracked) -> Vec<(ConstId, Formula)> {
        if !self.encoder.world.place(place).kinds.has(Kind::List) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for item in tracked.elements(place) {
            let has = self.world().formulas.atom(Atom::HasConst(place, *item));
            found.push((*item, has));
        }
        found
    }

    /// Elements of lists that are equal are elements alike.
    fn lists(&mut self, tracked: &Tracked) {
        let mut symbolic: FxHashMap<PlaceId, Vec<PlaceId>> = FxHashMap::default();
        for node in self.encoder.world.formulas.nodes() {
            if let Node::Atom(Atom::Has(list, x)) = node {
                symbolic.entry(*list).or_default().push(*x);
            }
        }
        let mut symbolic: Vec<_> = symbolic.into_iter().collect();
        symbolic.sort_unstable();
        for (list, elements) in symbolic {
            let texts: Vec<ConstId> = tracked
                .elements(list)
                .iter()
                .copied()
                .filter(|item| matches!(self.encoder.world.value(*item), Value::String(_)))
                .collect();
            for (at, x) in elements.iter().enumerate() {
                let has = self.world().formulas.atom(Atom::Has(list, *x));
                let (absent, nan) = (self.world().tag(*x, Kind::Absent), self.world().tag(*x, Kind::NaN));
                let never = self.world().formulas.or(absent, nan);
                self.implies(has, never.not());
                let empty = self.encoder.is_empty(list);
                self.implies(has, empty.not());
                let text = self.world().tag(*x, Kind::String);
                let mut cases = vec![self.world().formulas.atom(Atom::Other(list)), text.not()];
                for item in &texts {
                    let is = self.world().formulas.atom(Atom::TextIs(*x, *item));
                    let constant = self.world().formulas.atom(Atom::HasConst(list, *item));
                    let equal = self.world().formulas.and(text, is);
                    let same = self.world().formulas.iff(has, constant);
                    self.implies(equal, same);
                    cases.push(is);
                }
                let any = self.world().formulas.any(cases);
                self.implies(has, any);
                for y in elements.iter().skip(at + 1) {
                    let other = self.world().formulas.atom(Atom::Has(list, *y));
                    let text_y = self.world().tag(*y, Kind::String);
                    let same_text = self.world().text_same(*x, *y);
                    let equal = self.world().formulas.all([text, text_y, same_text]);
                    let same = self.world().formulas.iff(has, other);
                    self.implies(equal, same);
                }
            }
        }
        // An element at an index is an element.
        for (list, items) in &tracked.elements {
            for (key, child) in self.encoder.world.children(*list).to_vec() {
                let Key::Index(_) = key else { continue };
                for item in items {
                    if !matches!(self.encoder.world.value(*item), Value::String(_)) {
                        continue;
                    }
                    let text = self.world().tag(child, Kind::String);
                    let is = self.world().formulas.atom(Atom::TextIs(child, *item));
                    let at = self.world().formulas.and(text, is);
                    let has = self.world().formulas.atom(Atom::HasConst(*list, *item));
                    self.implies(at, has);
                }
            }
        }
    }

    /// Numbers are within the range of their types; sizes are not negative.
    fn numbers(&mut self) {
        let mut vars = FxHashSet::default();
        for node in self.encoder.world.formulas.nodes() {
            if let Node::Atom(Atom::Row(row)) = node
                && let Some(row) = self.encoder.world.row_of(*row)
            {
                vars.extend(row.linear.terms.iter().map(|(var, _)| *var));
            }
        }
        let mut vars: Vec<_> = vars.into_iter().collect();
        vars.sort_unstable();
        for var in vars {
            let linear = Linear::var(var);
            let zero = Linear::constant(Ratio::ZERO);
            match var {
                NumVar::Len(_) | NumVar::TextLen(_) => {
                    if let Some(row) = self.world().at_most(&zero, &linear, false) {
                        self.add(row);
                    }
                }
                NumVar::Value(place) => {
                    for (kind, number) in [
                        (Kind::Int, NumKind::Int),
                        (Kind::Timestamp, NumKind::Timestamp),
                        (Kind::Duration, NumKind::Duration),
                    ] {
                        if !self.encoder.world.place(place).kinds.has(kind) {
                            continue;
                        }
                        let (low, high) = number_range(number);
                        let tag = self.world().tag(place, kind);
                        let low = self.world().at_most(&Linear::constant(low), &linear, false);
                        let high = self.world().at_most(&linear, &Linear::constant(high), false);
                        if let Some((low, high)) = low.zip(high) {
                            let both = self.world().formulas.and(low, high);
                            self.implies(tag, both);
                        }
                    }
                }
            }
        }
    }

    /// What keys a difference of maps has.
    fn differences(&mut self) {
        let (mut only, mut other) = (Vec::new(), Vec::new());
        for node in self.encoder.world.formulas.nodes() {
            match *node {
                Node::Atom(Atom::OnlyDiff(which, a, b, set)) => only.push((which, a, b, set)),
                Node::Atom(Atom::OtherDiff(which, a, b)) => other.push((which, a, b)),
                _ => {}
            }
        }
        for (which, a, b, set) in only {
            let among = self.encoder.world.consts(set);
            let mut names: Vec<ConstId> = self.keys(a).iter().chain(&self.keys(b)).map(|(name, _)| *name).collect();
            names.sort_unstable();
            names.dedup();
            let mut parts = vec![self.world().formulas.atom(Atom::OtherDiff(which, a, b)).not()];
            for name in names.iter().filter(|name| !among.contains(name)) {
                parts.push(self.encoder.diff_member(which, a, b, *name).not());
            }
            let meaning = self.world().formulas.all(parts);
            let atom = self.world().formulas.atom(Atom::OnlyDiff(which, a, b, set));
            let same = self.world().formulas.iff(atom, meaning);
            self.add(same);
            other.push((which, a, b));
        }
        other.sort_unstable();
        other.dedup();
        for (which, a, b) in other {
            let atom = |this: &mut Self, which| this.world().formulas.atom(Atom::OtherDiff(which, a, b));
            let has = atom(self, which);
            let (new, old) = (self.world().formulas.atom(Atom::Other(a)), self.world().formulas.atom(Atom::Other(b)));
            match which {
                DiffKeys::Added => self.implies(has, new),
                DiffKeys::Removed => self.implies(has, old),
                DiffKeys::Changed | DiffKeys::Unchanged => {
                    let both = self.world().formulas.and(new, old);
                    self.implies(has, both);
                }
                DiffKeys::Affected => {
                    let either = self.world().formulas.or(new, old);
                    self.implies(has, either);
                    // Of affected keys each is added, removed or changed.
                    let parts = [DiffKeys::Added, DiffKeys::Removed, DiffKeys::Changed].map(|which| atom(self, which));
                    let any = self.world().formulas.any(parts);
                    let same = self.world().formulas.iff(has, any);
                    self.add(same);
                }
            }
            let (affected, unchanged) = (atom(self, DiffKeys::Affected), atom(self, DiffKeys::Unchanged));
            let either = self.world().formulas.or(affected, unchanged);
            for other in [new, old] {
                self.implies(other, either);
            }
        }
    }

    /// Equal containers have equal members.
    fn equalities(&mut self) {
        loop {
            let mut open = Vec::new();
            for node in self.encoder.world.formulas.nodes() {
                if let Node::Atom(Atom::Same(relation, a, b)) = *node
                    && !self.same.contains(&(relation, a, b))
                {
                    open.push((relation, a, b));
                }
            }
            if open.is_empty() {
                break;
            }
            let tracked = Tracked::of(&self.encoder.world);
            for (relation, a, b) in open {
                self.same.insert((relation, a, b));
                self.equality(relation, a, b, &tracked);
            }
        }
        let constants: Vec<_> = self
            .encoder
            .world
            .formulas
            .nodes()
            .iter()
            .filter_map(|node| match *node {
                Node::Atom(Atom::SameConst(place, constant)) => Some((place, constant)),
                _ => None,
            })
            .collect();
        for (place, constant) in constants {
            self.constant(place, constant);
        }
    }

    fn equality(&mut self, relation: Relation, a: PlaceId, b: PlaceId, tracked: &Tracked) {
        let same = self.world().formulas.atom(Atom::Same(relation, a, b));
        if relation == Relation::Operator {
            let in_sets = self.world().formulas.atom(Atom::Same(Relation::Set, a, b));
            self.implies(same, in_sets);
        }
        // Where one is below the other, each has ever more members.
        let nested = self.encoder.world.is_below(a, b) || self.encoder.world.is_below(b, a);
        if a == b || nested || self.same.len() > MAX_EQUALITIES {
            return;
        }
        let children = self.encoder.world.children(a).to_vec();
        for (key, x) in children {
            // Shapes are closed: where a member is missing, they grew too large.
            let Some(y) = self.encoder.world.known_place(&Origin::Child(b, key)) else { continue };
            let (map_a, map_b) = (self.world().tag(a, Kind::Map), self.world().tag(b, Kind::Map));
            let (list_a, list_b) = (self.world().tag(a, Kind::List), self.world().tag(b, Kind::List));
            let (maps, lists) = (self.world().formulas.and(map_a, map_b), self.world().formulas.and(list_a, list_b));
            let guard = if matches!(key, Key::Index(_)) { lists } else { maps };
            let guard = self.world().formulas.and(guard, same);
            let (px, py) = (self.world().present(x), self.world().present(y));
            let both = self.world().formulas.iff(px, py);
            self.implies(guard, both);
            let equal = self.encoder.inner_equal(relation, x, y);
            let guard = self.world().formulas.and(guard, px);
            self.implies(guard, equal);
        }
        let (len_a, len_b) = (Linear::var(NumVar::Len(a)), Linear::var(NumVar::Len(b)));
        let sized = self.encoder.is_sized(a) || self.encoder.is_sized(b);
        if sized && let Some(lengths) = self.world().same_number(&len_a, &len_b) {
            let sequence = self.world().tags(a, Kinds::of(&[Kind::Map, Kind::List, Kind::Bytes]));
            let guard = self.world().formulas.and(same, sequence);
            self.implies(guard, lengths);
        }
        let items: Vec<_> = tracked.elements(a).iter().chain(tracked.elements(b)).copied().collect();
        let lists = self.world().tag(a, Kind::List);
        for item in items {
            // Numbers of different types are equal in sets, and lists tell them apart.
            if matches!(self.encoder.world.value(item), Value::String(_) | Value::Bool(_)) {
                let has = [a, b].map(|list| self.world().formulas.atom(Atom::HasConst(list, item)));
                let [x, y] = has;
                let both = self.world().formulas.iff(x, y);
                let guard = self.world().formulas.and(same, lists);
                self.implies(guard, both);
            }
        }
    }

    /// What follows from the equality with a constant.
    fn constant(&mut self, place: PlaceId, constant: ConstId) {
        let same = self.world().formulas.atom(Atom::SameConst(place, constant));
        let value = self.encoder.world.value(constant).clone();
        let (size, kind) = match &value {
            Value::List(items) => (items.len(), Kind::List),
            Value::Map(map) => (map.len(), Kind::Map),
            _ => return,
        };
        let tag = self.world().tag(place, kind);
        let guard = self.world().formulas.and(same, tag);
        let len = Linear::constant(Ratio::int(size as i128));
        if let Some(sized) = self.world().same_number(&Linear::var(NumVar::Len(place)), &len) {
            self.implies(guard, sized);
        }
        match &value {
            Value::List(items) => {
                for item in items {
                    if matches!(item, Value::String(_) | Value::Bool(_) | Value::Int(_)) {
                        let item = self.world().constant(item);
                        let has = self.world().formulas.atom(Atom::HasConst(place, item));
                        self.implies(guard, has);
                    }
                }
            }
            Value::Map(map) => {
                for (name, _) in map.iter() {
                    if let Some(child) = self.world().member(place, name) {
                        let present = self.world().present(child);
                        self.implies(guard, present);
                    }
                }
            }
            _ => {}
        }
    }
}
