//! A model of the solver as values of places.

use firewarden::{
    Timestamp, Value,
    value::{Duration, Map},
};
use rustc_hash::FxHashMap;

use crate::{
    atom::Atom,
    formula::{Formula, Node},
    linear::NumVar,
    place::{Key, Kind, Kinds, PlaceId},
    ratio::Ratio,
    schema::Schema,
    solve::cnf::Cnf,
    world::World,
};

/// Values of places that satisfy formulas.
pub struct Model {
    /// Texts of places.
    pub texts: FxHashMap<PlaceId, String>,
    /// Numbers of places.
    pub numbers: FxHashMap<NumVar, Ratio>,
    atoms: FxHashMap<Atom, bool>,
    formulas: FxHashMap<usize, bool>,
    now: Timestamp,
}

/// Kinds in the order in which a value gets one that no literal decides.
const USUAL: [Kind; 8] =
    [Kind::Absent, Kind::String, Kind::Map, Kind::Bool, Kind::Int, Kind::Timestamp, Kind::List, Kind::Null];

impl Model {
    pub(crate) fn new(
        world: &World,
        cnf: &Cnf,
        texts: FxHashMap<PlaceId, String>,
        numbers: FxHashMap<NumVar, Ratio>,
        now: Timestamp,
    ) -> Self {
        let mut atoms = FxHashMap::default();
        for node in world.formulas.nodes() {
            if let Node::Atom(atom) = node
                && let Some(value) = cnf.atom(world, *atom)
            {
                atoms.insert(*atom, value);
            }
        }
        let mut model = Model { texts, numbers, atoms, formulas: FxHashMap::default(), now };
        // Members of containers are asked for by formulas.
        for (at, node) in world.formulas.nodes().iter().enumerate() {
            let holds = match node {
                Node::True => true,
                Node::Atom(atom) => model.atom(*atom),
                Node::And(children) => children.iter().all(|child| model.holds(*child)),
            };
            model.formulas.insert(at, holds);
        }
        model
    }

    /// The time from which the answer holds.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The truth of an atom; false where nothing decides it.
    pub fn atom(&self, atom: Atom) -> bool {
        self.atoms.get(&atom).copied().unwrap_or(false)
    }

    /// The truth of a formula.
    pub fn holds(&self, formula: Formula) -> bool {
        self.formulas.get(&formula.node()).copied().unwrap_or(false) != formula.is_negated()
    }

    /// Whether a literal decides that a place has a kind.
    pub fn is(&self, place: PlaceId, kind: Kind) -> bool {
        self.atom(Atom::Tag(place, kind))
    }

    /// The kind of the value at a place.
    pub fn kind(&self, world: &World, place: PlaceId) -> Kind {
        let kinds = world.place(place).kinds;
        if let Some(kind) = kinds.single() {
            return kind;
        }
        if let Some(kind) = kinds.iter().find(|kind| self.is(place, *kind)) {
            return kind;
        }
        let refuted = |kind: Kind| self.atoms.contains_key(&Atom::Tag(place, kind));
        let required = world.place(place).required;
        let usual = USUAL.into_iter().filter(|kind| *kind != Kind::Absent || !required);
        let others = kinds.iter().filter(|kind| *kind != Kind::Absent || !required);
        usual.chain(others).find(|kind| kinds.has(*kind) && !refuted(*kind)).unwrap_or(Kind::Absent)
    }

    /// The value at a place; `None` where there is none.
    pub fn value(&self, world: &World, place: PlaceId) -> Option<Value> {
        let number = || self.numbers.get(&NumVar::Value(place)).copied();
        Some(match self.kind(world, place) {
            Kind::Absent => return None,
            Kind::Null | Kind::Other => Value::Null,
            Kind::Bool => Value::Bool(self.atom(Atom::Truth(place))),
            Kind::Int => Value::Int(number().map_or(1, |n| i64::try_from(n.floor()).unwrap_or(i64::MAX))),
            Kind::Float => Value::Float(number().map_or(1.5, Ratio::to_double)),
            Kind::NaN => Value::Float(f64::NAN),
            Kind::String => Value::from(self.texts.get(&place).cloned().unwrap_or_else(|| default_text(world, place))),
            Kind::Bytes => Value::Bytes(vec![1; self.size(place).unwrap_or(1)]),
            Kind::Timestamp => Value::Timestamp(number().and_then(timestamp).unwrap_or(self.now)),
            Kind::Duration => Value::Duration(number().and_then(duration).unwrap_or_default()),
            Kind::LatLng => firewarden::value::LatLng::new(1.0, 2.0).map_or(Value::Null, Value::LatLng),
            Kind::List => Value::List(self.list(world, place)),
            Kind::Map => Value::Map(self.map(world, place)),
            Kind::Path => Value::Path(firewarden::value::Path::of("/databases/(default)/documents/x/y")),
            Kind::Vector => Value::Vector(vec![Value::Float(1.0)]),
        })
    }

    fn size(&self, place: PlaceId) -> Option<usize> {
        self.numbers.get(&NumVar::Len(place)).and_then(|size| usize::try_from(size.floor()).ok())
    }

    /// The number of elements up to which a container is filled.
    const MAX_SIZE: usize = 1_000;

    fn map(&self, world: &World, place: PlaceId) -> Map {
        let mut map = Map::new();
        let mut later = Vec::new();
        for (key, child) in world.children(place) {
            match key {
                Key::Name(name) => {
                    if let Some(value) = self.value(world, *child) {
                        map.insert(world.text(*name), value);
                    }
                }
                Key::Of(key) => later.push((*key, *child)),
                Key::Index(_) => {}
            }
        }
        for (key, child) in later {
            let text = self.texts.get(&key).cloned();
            if let (Some(text), Some(value)) = (text, self.value(world, child))
                && self.kind(world, key) == Kind::String
                && map.get(&text).is_none()
            {
                map.insert(text, value);
            }
        }
        let tracked = |name: &str| {
            world.children(place).iter().any(|(key, _)| matches!(key, Key::Name(known) if world.text(*known) == name))
        };
        let has_other = map.iter().any(|(name, _)| !tracked(name));
        let closed = world.place(place).schema.closed().is_some();
        if self.atom(Atom::Other(place)) && !has_other && !closed {
            map.insert("another_key", self.filler(world, place));
        }
        let size = self.size(place).unwrap_or(0).min(Self::MAX_SIZE);
        let mut at = 1;
        while map.len() < size && !closed {
            map.insert(format!("another_key{at}"), self.filler(world, place));
            at += 1;
        }
        map
    }

    fn filler(&self, world: &World, place: PlaceId) -> Value {
        let text = Kinds::of(&[Kind::String]);
        match world.place(place).schema.element() {
            Some(member) if member.kinds.and(text).is_empty() => Value::Null,
            _ => Value::from("another value"),
        }
    }

    fn list(&self, world: &World, place: PlaceId) -> Vec<Value> {
        let mut items: Vec<(u32, Value)> = Vec::new();
        for (key, child) in world.children(place) {
            if let (Key::Index(at), Some(value)) = (key, self.value(world, *child)) {
                items.push((*at, value));
            }
        }
        items.sort_by_key(|(at, _)| *at);
        let mut list: Vec<Value> = Vec::new();
        for (at, value) in items {
            while list.len() < (at as usize).min(Self::MAX_SIZE) {
                list.push(Value::Null);
            }
            list.push(value);
        }
        for (atom, holds) in self.sorted() {
            let value = match atom {
                Atom::HasConst(list, item) if list == place && holds => world.value(item).clone(),
                Atom::Has(list, item) if list == place && holds => match self.value(world, item) {
                    Some(value) => value,
                    None => continue,
                },
                _ => continue,
            };
            if !list.contains(&value) {
                list.push(value);
            }
        }
        if self.atom(Atom::Other(place)) {
            list.push(Value::from("another value"));
        }
        let size = self.size(place).unwrap_or(0).min(Self::MAX_SIZE);
        while list.len() < size {
            // A repeated element adds none that was not there.
            let filler = list.first().cloned().unwrap_or_else(|| Value::from("another value"));
            list.push(filler);
        }
        list
    }

    fn sorted(&self) -> Vec<(Atom, bool)> {
        let mut atoms: Vec<_> = self.atoms.iter().map(|(atom, holds)| (*atom, *holds)).collect();
        atoms.sort_unstable();
        atoms
    }
}

fn default_text(world: &World, place: PlaceId) -> String {
    match &world.place(place).origin {
        crate::place::Origin::Child(_, Key::Name(name)) => match world.text(*name).as_str() {
            "uid" => "alice".to_owned(),
            "email" => "alice@example.com".to_owned(),
            "contentType" => "image/png".to_owned(),
            "sign_in_provider" => "password".to_owned(),
            _ => "text".to_owned(),
        },
        crate::place::Origin::Segment(at) => {
            let name = world.segment_names.get(*at as usize).cloned().flatten();
            match at {
                1 if world.place(place).schema == Schema::Leaf => "(default)".to_owned(),
                _ => name.unwrap_or_else(|| "x".to_owned()),
            }
        }
        _ => "text".to_owned(),
    }
}

const SECOND: i128 = 1_000_000_000;

fn timestamp(nanos: Ratio) -> Option<Timestamp> {
    let total = nanos.floor();
    let (seconds, nanos) = (i64::try_from(total.div_euclid(SECOND)).ok()?, total.rem_euclid(SECOND) as u32);
    Timestamp::new(seconds, nanos).ok()
}

fn duration(nanos: Ratio) -> Option<Duration> {
    let total = nanos.floor();
    Duration::new(i64::try_from(total / SECOND).ok()?, (total % SECOND) as i32).ok()
}
