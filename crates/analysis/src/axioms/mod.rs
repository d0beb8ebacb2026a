//! What holds of every request: tags exclude each other, members belong to maps, sizes are not negative. Formulas that
//! [`crate::symbolic`] makes use atoms whose meaning these axioms fix.

mod containers;

use firewarden::{Timestamp, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    atom::{Atom, ConstId, Relation},
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
