//! Formulas and places in words, for messages and tests.

use crate::{
    atom::Atom,
    formula::{Formula, Node},
    linear::NumVar,
    place::{Key, Origin, PlaceId},
    value::SegmentTerm,
    world::World,
};

/// A place as rules write it.
pub fn place(world: &World, id: PlaceId) -> String {
    let names = |path: &[SegmentTerm]| path.iter().map(|s| segment(world, s)).collect::<Vec<_>>().join("/");
    match &world.place(id).origin {
        Origin::Request => "request".to_owned(),
        Origin::Resource => "resource".to_owned(),
        Origin::Segment(at) => format!("segment {at}"),
        Origin::Document(path) => format!("document {}", names(path)),
        Origin::After(path) => format!("document {} afterwards", names(path)),
        Origin::Child(parent, Key::Name(name)) => format!("{}.{}", place(world, *parent), world.text(*name)),
        Origin::Child(parent, Key::Index(at)) => format!("{}[{at}]", place(world, *parent)),
        Origin::Child(parent, Key::Of(key)) => format!("{}[{}]", place(world, *parent), place(world, *key)),
        Origin::Open(id) => {
            let open = world.open_of(*id);
            format!("the result of {:?} ({})", open.map(|open| &open.what), id.0)
        }
        Origin::Named(name) => (*name).to_owned(),
    }
}

fn segment(world: &World, term: &SegmentTerm) -> String {
    match term {
        SegmentTerm::Const(text) => world.text(*text),
        SegmentTerm::Of(of) => format!("$({})", place(world, *of)),
        SegmentTerm::Parts(_) => "$(…)".to_owned(),
    }
}

/// An atom.
pub fn atom(world: &World, of: Atom) -> String {
    match of {
        Atom::Tag(p, kind) => format!("{} is {kind:?}", place(world, p)),
        Atom::Truth(p) => place(world, p),
        Atom::TextIs(p, text) => format!("{} == '{}'", place(world, p), world.text(text)),
        Atom::TextSame(p, q) => format!("{} == {}", place(world, p), place(world, q)),
        Atom::Row(row) => match world.row_of(row) {
            Some(row) => {
                let terms = row.linear.terms.iter().map(|(var, c)| {
                    let of = match var {
                        NumVar::Value(p) => place(world, *p),
                        NumVar::Len(p) => format!("size of {}", place(world, *p)),
                        NumVar::TextLen(p) => format!("length of {}", place(world, *p)),
                    };
                    format!("{} * {of}", c.to_double())
                });
                let sum = terms.collect::<Vec<_>>().join(" + ");
                format!("{sum} + {} {} 0", row.linear.constant.to_double(), if row.strict { "<" } else { "<=" })
            }
            None => "?".to_owned(),
        },
        Atom::HasConst(p, item) => format!("{:?} in {}", world.value(item), place(world, p)),
        Atom::Has(p, q) => format!("{} in {}", place(world, q), place(world, p)),
        Atom::Other(p) => format!("{} has others", place(world, p)),
        other => {
            let places: Vec<_> = other.places().into_iter().flatten().map(|p| place(world, p)).collect();
            format!("{other:?}({})", places.join(", "))
        }
    }
}

/// A formula with everything below it.
pub fn formula(world: &World, of: Formula) -> String {
    let not = if of.is_negated() { "!" } else { "" };
    match world.formulas.node(of) {
        Node::True => format!("{not}true"),
        Node::Atom(a) => format!("{not}[{}]", atom(world, *a)),
        Node::And(children) => {
            let parts: Vec<_> = children.iter().map(|child| formula(world, *child)).collect();
            format!("{not}({})", parts.join(" && "))
        }
    }
}
