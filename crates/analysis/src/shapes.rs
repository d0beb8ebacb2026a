//! Closes the shapes of containers before axioms speak of them: names that one container tracks become members of each
//! container that may be equal to it.

use crate::{
    atom::Atom,
    place::{Key, Origin, PlaceId},
    symbolic::Encoder,
    value::SegmentTerm,
    world::World,
};

/// The number of places beyond which shapes are not closed any further.
const MAX_PLACES: usize = 1_500;

/// How deep the members of two places are compared.
const MAX_DEPTH: u32 = 6;

/// Adds members until each pair of containers that may be equal has the same ones; whether that succeeds within the
/// limit.
pub fn close(encoder: &mut Encoder) -> bool {
    let world = &mut encoder.world;
    track_names(world);
    loop {
        let before = world.place_count();
        if before > MAX_PLACES {
            return false;
        }
        for (a, b) in alike(world) {
            if !unify(world, a, b, MAX_DEPTH) {
                return false;
            }
        }
        if world.place_count() == before {
            return true;
        }
    }
}

/// Makes a member of each name that a condition lists.
fn track_names(world: &mut World) {
    let mut wanted = Vec::new();
    for node in world.formulas.nodes() {
        let crate::formula::Node::Atom(atom) = node else { continue };
        match *atom {
            Atom::Only(place, set) => wanted.push((place, set)),
            Atom::OnlyDiff(_, a, b, set) => wanted.extend([(a, set), (b, set)]),
            _ => {}
        }
    }
    for (place, set) in wanted {
        for name in world.consts(set).iter() {
            if matches!(world.value(*name), firewarden::Value::String(_)) {
                world.child(place, Key::Name(*name));
            }
        }
    }
    let mut pairs = Vec::new();
    for node in world.formulas.nodes() {
        if let crate::formula::Node::Atom(Atom::OnlyDiff(_, a, b, _) | Atom::OtherDiff(_, a, b)) = node {
            pairs.push((*a, *b));
        }
    }
    for (a, b) in pairs {
        let keys = names_of(world, a).into_iter().chain(names_of(world, b)).collect::<Vec<_>>();
        for key in keys {
            world.child(a, key);
            world.child(b, key);
        }
    }
}

fn names_of(world: &World, place: PlaceId) -> Vec<Key> {
    world.children(place).iter().map(|(key, _)| *key).filter(|key| matches!(key, Key::Name(_))).collect()
}

/// Pairs of places that may be equal as a whole.
fn alike(world: &World) -> Vec<(PlaceId, PlaceId)> {
    let mut pairs = Vec::new();
    for place in world.places() {
        let children = world.children(place);
        for (at, (key, child)) in children.iter().enumerate() {
            if !matches!(key, Key::Of(_)) {
                continue;
            }
            for (other_at, (other, sibling)) in children.iter().enumerate() {
                let later = other_at > at || matches!(other, Key::Name(_));
                if later && other_at != at && matches!(other, Key::Name(_) | Key::Of(_)) {
                    pairs.push((*child, *sibling));
                }
            }
        }
    }
    let documents = documents(world);
    for (at, (a, path)) in documents.iter().enumerate() {
        for (b, other) in documents.iter().skip(at + 1) {
            if may_be_same(path, other) {
                pairs.push((*a, *b));
            }
        }
    }
    for node in world.formulas.nodes() {
        if let crate::formula::Node::Atom(Atom::Same(_, a, b)) = node {
            pairs.push((*a, *b));
        }
    }
    // A place below another would give it ever more members.
    pairs.retain(|(a, b)| !world.is_below(*a, *b) && !world.is_below(*b, *a));
    pairs
}

/// The documents that rules read, each with the segments of its name; documents after the commit have a mark.
pub fn documents(world: &World) -> Vec<(PlaceId, (bool, Vec<SegmentTerm>))> {
    world
        .places()
        .filter_map(|place| match &world.place(place).origin {
            Origin::Document(path) => Some((place, (false, path.clone()))),
            Origin::After(path) => Some((place, (true, path.clone()))),
            _ => None,
        })
        .collect()
}

/// Whether two documents may be the same.
pub fn may_be_same((after, a): &(bool, Vec<SegmentTerm>), (other, b): &(bool, Vec<SegmentTerm>)) -> bool {
    let differ = |(a, b): (&SegmentTerm, &SegmentTerm)| matches!((a, b), (SegmentTerm::Const(a), SegmentTerm::Const(b)) if a != b);
    after == other && a.len() == b.len() && !a.iter().zip(b).any(differ)
}

/// Gives two places the same members; false where that exceeds the limits, as where one place is below the other.
fn unify(world: &mut World, a: PlaceId, b: PlaceId, depth: u32) -> bool {
    if depth == 0 || world.place_count() > MAX_PLACES {
        return false;
    }
    let mut keys: Vec<Key> = world.children(a).iter().chain(world.children(b)).map(|(key, _)| *key).collect();
    keys.sort_unstable();
    keys.dedup();
    let pairs: Vec<_> = keys.into_iter().filter_map(|key| world.child(a, key).zip(world.child(b, key))).collect();
    pairs.into_iter().all(|(a, b)| unify(world, a, b, depth - 1))
}
