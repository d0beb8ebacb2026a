//! Axioms that are stated only where they matter: for keys and documents that coincide in a model, and for sizes that
//! members contradict.

use firewarden::Value;

use crate::{
    atom::{Atom, ConstId},
    axioms::Tracked,
    formula::Formula,
    linear::{Linear, NumVar},
    model::Model,
    place::{Key, Kind, Kinds, Origin, PlaceId},
    ratio::Ratio,
    shapes::{documents, may_be_same},
    symbolic::Encoder,
    value::SegmentTerm,
};

/// Lemmas that a model may violate.
pub fn lemmas(encoder: &mut Encoder, model: &Model) -> Vec<Formula> {
    let mut found = Vec::new();
    let tracked = Tracked::of(&encoder.world);
    keys(encoder, model, &tracked, &mut found);
    same_documents(encoder, model, &tracked, &mut found);
    sizes(encoder, model, &tracked, &mut found);
    number_texts(encoder, model, &mut found);
    found
}

/// The text of a number or a boolean is how it is printed.
fn number_texts(encoder: &mut Encoder, model: &Model, found: &mut Vec<Formula>) {
    let mut places: Vec<PlaceId> = model.texts.keys().copied().collect();
    places.sort_unstable();
    for place in places {
        let kind = model.kind(&encoder.world, place);
        let (value, printed) = match (kind, model.value(&encoder.world, place)) {
            (Kind::Int, Some(Value::Int(n))) => (Value::Int(n), n.to_string()),
            (Kind::Bool, Some(Value::Bool(b))) => (Value::Bool(b), b.to_string()),
            (Kind::Float, Some(Value::Float(n))) => (Value::Float(n), firewarden::value::number::double_to_string(n)),
            _ => continue,
        };
        let constant = crate::value::Sym::Const(encoder.world.constant(&value));
        let Some(guard) = encoder.scalar_equal(&crate::value::Sym::Place(place), &constant) else { continue };
        let text = encoder.world.text_is(place, &printed);
        found.push(encoder.world.formulas.implies(guard, text));
    }
}

/// Members of one map by keys with the same text are the same.
fn keys(encoder: &mut Encoder, model: &Model, tracked: &Tracked, found: &mut Vec<Formula>) {
    let places: Vec<PlaceId> = encoder.world.places().collect();
    for place in places {
        let children = encoder.world.children(place).to_vec();
        for (at, (key, child)) in children.iter().enumerate() {
            let Key::Of(key) = key else { continue };
            let Some(text) = model.texts.get(key) else { continue };
            for (other_at, (other, sibling)) in children.iter().enumerate() {
                let equal = match other {
                    Key::Name(name) if encoder.world.text(*name) == *text => {
                        encoder.world.formulas.atom(Atom::TextIs(*key, *name))
                    }
                    Key::Of(other) if other_at > at && model.texts.get(other) == Some(text) => {
                        encoder.world.text_same(*key, *other)
                    }
                    _ => continue,
                };
                let mut guard = vec![equal, encoder.world.tag(*key, Kind::String)];
                if let Key::Of(other) = other {
                    guard.push(encoder.world.tag(*other, Kind::String));
                }
                let guard = encoder.world.formulas.all(guard);
                alike(encoder, guard, (*child, *sibling), tracked, found);
            }
        }
    }
}

/// Documents with the same name are the same.
fn same_documents(encoder: &mut Encoder, model: &Model, tracked: &Tracked, found: &mut Vec<Formula>) {
    let documents = documents(&encoder.world);
    for (at, (a, path)) in documents.iter().enumerate() {
        for (b, other) in documents.iter().skip(at + 1) {
            if !may_be_same(path, other) {
                continue;
            }
            let mut guard = Vec::new();
            let mut coincide = true;
            for (x, y) in path.1.iter().zip(&other.1) {
                let text = |term: &SegmentTerm, encoder: &Encoder| match term {
                    SegmentTerm::Const(text) => Some(encoder.world.text(*text)),
                    SegmentTerm::Of(place) => model.texts.get(place).cloned(),
                    SegmentTerm::Parts(_) => None,
                };
                if x == y {
                    continue;
                }
                match (text(x, encoder), text(y, encoder)) {
                    (Some(a), Some(b)) if a == b => {}
                    _ => coincide = false,
                }
                guard.push(match (x, y) {
                    (SegmentTerm::Of(x), SegmentTerm::Of(y)) => encoder.world.text_same(*x, *y),
                    (SegmentTerm::Of(place), SegmentTerm::Const(text))
                    | (SegmentTerm::Const(text), SegmentTerm::Of(place)) => {
                        encoder.world.formulas.atom(Atom::TextIs(*place, *text))
                    }
                    _ => Formula::FALSE,
                });
            }
            if coincide {
                let guard = encoder.world.formulas.all(guard);
                alike(encoder, guard, (*a, *b), tracked, found);
            }
        }
    }
}

/// Two places have the same value under a condition.
fn alike(
    encoder: &mut Encoder,
    guard: Formula,
    (a, b): (PlaceId, PlaceId),
    tracked: &Tracked,
    found: &mut Vec<Formula>,
) {
    if guard == Formula::FALSE || a == b {
        return;
    }
    let mut parts = Vec::new();
    same(encoder, (a, b), tracked, &mut parts, 0);
    for part in parts {
        let lemma = encoder.world.formulas.implies(guard, part);
        if lemma != Formula::TRUE {
            found.push(lemma);
        }
    }
}

fn same(encoder: &mut Encoder, (a, b): (PlaceId, PlaceId), tracked: &Tracked, parts: &mut Vec<Formula>, depth: u32) {
    let kinds = encoder.world.place(a).kinds.or(encoder.world.place(b).kinds);
    for kind in kinds.iter() {
        let (x, y) = (encoder.world.tag(a, kind), encoder.world.tag(b, kind));
        parts.push(encoder.world.formulas.iff(x, y));
    }
    let (x, y) = [a, b].map(|place| encoder.world.formulas.atom(Atom::Truth(place))).into();
    parts.push(encoder.world.formulas.iff(x, y));
    parts.push(encoder.world.text_same(a, b));
    for var in [NumVar::Value, NumVar::Len, NumVar::TextLen] {
        let equal = encoder.world.same_number(&Linear::var(var(a)), &Linear::var(var(b)));
        parts.push(equal.unwrap_or(Formula::TRUE));
    }
    let others = [a, b].map(|place| encoder.world.formulas.atom(Atom::Other(place)));
    let [x, y] = others;
    parts.push(encoder.world.formulas.iff(x, y));
    let items: Vec<ConstId> = tracked.elements(a).iter().chain(tracked.elements(b)).copied().collect();
    for item in items {
        let has = [a, b].map(|place| encoder.world.formulas.atom(Atom::HasConst(place, item)));
        let [x, y] = has;
        parts.push(encoder.world.formulas.iff(x, y));
    }
    if depth > 6 {
        return;
    }
    for (key, x) in encoder.world.children(a).to_vec() {
        // Shapes are closed: where a member is missing, they grew too large.
        if let Some(y) = encoder.world.known_place(&Origin::Child(b, key)) {
            same(encoder, (x, y), tracked, parts, depth + 1);
        }
    }
}

/// The size of a container is that of its members, and of others where it has others.
fn sizes(encoder: &mut Encoder, model: &Model, tracked: &Tracked, found: &mut Vec<Formula>) {
    let places: Vec<PlaceId> = encoder.world.places().collect();
    for place in places {
        let Some(size) = model.numbers.get(&NumVar::Len(place)).and_then(|size| size.whole()) else { continue };
        let kind = if model.is(place, Kind::Map) {
            Kind::Map
        } else if model.is(place, Kind::List) {
            Kind::List
        } else {
            continue;
        };
        let mut present = Vec::new();
        let mut absent = Vec::new();
        if kind == Kind::Map {
            for (key, child) in encoder.world.children(place).to_vec() {
                let Key::Name(_) = key else { continue };
                let there = encoder.world.present(child);
                if model.holds(there) { present.push(there) } else { absent.push(there.not()) }
            }
        } else {
            for item in tracked.elements(place).to_vec() {
                // Equal elements of different types would be counted twice.
                if !matches!(encoder.world.value(item), Value::String(_)) {
                    continue;
                }
                let has = encoder.world.formulas.atom(Atom::HasConst(place, item));
                if model.holds(has) { present.push(has) } else { absent.push(has.not()) }
            }
        }
        let tag = encoder.world.tags(place, Kinds::of(&[kind]));
        let count = Linear::constant(Ratio::int(present.len() as i128));
        let size_var = Linear::var(NumVar::Len(place));
        let other = encoder.world.formulas.atom(Atom::Other(place));
        if (present.len() as i128) > size {
            let enough = encoder.world.at_most(&count, &size_var, false).unwrap_or(Formula::TRUE);
            let guard = encoder.world.formulas.all(present.iter().copied().chain([tag]));
            found.push(encoder.world.formulas.implies(guard, enough));
        } else if kind == Kind::Map && (present.len() as i128) < size && !model.holds(other) {
            let enough = encoder.world.at_most(&size_var, &count, false).unwrap_or(Formula::TRUE);
            let guard = encoder.world.formulas.all(absent.iter().copied().chain([tag, other.not()]));
            found.push(encoder.world.formulas.implies(guard, enough));
        }
    }
    found.retain(|lemma| *lemma != Formula::TRUE);
}
