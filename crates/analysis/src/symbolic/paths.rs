//! Wildcards, and paths that rules compose.

use std::rc::Rc;

use firewarden::{
    Value,
    internals::{
        program::{Ids, OpId, Part},
        request::ServiceProduct,
        syntax::ast::Version,
    },
};

use super::{Encoder, Scope, members::segment_term};
use crate::{
    formula::Formula,
    place::{Kind, Kinds, Origin, PlaceId},
    schema::{Method, Schema},
    value::{SegmentTerm, Sym, Term, TextPart, Values},
    world::{OpenWhat, Segment},
};

/// The number of possible paths of one expression beyond which it is open.
const MAX_PATHS: usize = 16;

/// The forms of the segments that a value inserts, and where it is a reference.
type Pieces = (Vec<(Formula, Vec<SegmentTerm>)>, Formula);

impl Encoder {
    /// Makes the segments of the request's path.
    pub(super) fn make_segments(&mut self, count: usize) {
        let fixed = match self.product() {
            ServiceProduct::Storage => ["b", "o"],
            ServiceProduct::Firestore => ["databases", "documents"],
        };
        let unnamed = self.product() == ServiceProduct::Firestore && self.method() == Method::List;
        for at in 0..count {
            let segment = match at {
                0 | 2 => {
                    let [first, last] = fixed;
                    Segment::Const(self.world.constant_text(if at == 0 { first } else { last }))
                }
                at if unnamed && at + 1 == count => Segment::Unnamed,
                at => Segment::Place(self.segment_place(at)),
            };
            self.world.segments.push(segment);
        }
    }

    fn segment_place(&mut self, at: usize) -> PlaceId {
        let place = self.world.place_of(Origin::Segment(at as u32), Kinds::of(&[Kind::String]), Schema::Leaf, true);
        let empty = self.world.text_is(place, "");
        self.world.facts.push(empty.not());
        place
    }

    /// What a wildcard stands for.
    pub(super) fn capture(&mut self, scope: Scope<'_>, id: OpId, slot: u8) -> Term {
        let count = self.world.segments.len();
        let Some((taken, glob)) = scope.block.captured_at(usize::from(slot), count) else {
            return self.plain(Vec::new());
        };
        let unnamed = taken.end == count && matches!(self.world.segments.last(), Some(Segment::Unnamed));
        if unnamed && (!glob || taken.len() == 1 && scope.service.version == Version::V1) {
            // Where another wildcard of its name stands outside, that one is meant.
            return match scope.block.hidden_by(slot) {
                Some(outer) => self.capture(scope, id, outer),
                None => self.plain(Vec::new()),
            };
        }
        if !glob {
            let found = self.world.segment(taken.start).map(|sym| (Formula::TRUE, sym));
            return self.plain(found.into_iter().collect());
        }
        if unnamed {
            let slot = self.world.constant(&Value::Int(i64::from(slot)));
            let operands = vec![self.world.always(Sym::Const(slot))];
            let values = self.open(
                scope,
                id,
                OpenWhat::Operator("a wildcard for unnamed documents"),
                operands,
                Kinds::of(&[Kind::Path]),
            );
            return Term { values, leaves: Formula::FALSE };
        }
        let segments = taken.filter_map(|at| self.world.segment(at)).filter_map(|sym| segment_term(&sym)).collect();
        self.plain(vec![(Formula::TRUE, Sym::Path(segments))])
    }

    /// A path that the rules compose.
    pub(super) fn path(&mut self, scope: Scope<'_>, id: OpId, parts: Ids<Part>, locals: &[Values]) -> Term {
        let Ok(parts) = scope.code.parts.slice(parts) else { return self.plain(Vec::new()) };
        let mut terms = Vec::new();
        let mut simple = true;
        let (mut defined, mut references) = (Vec::new(), Vec::new());
        // The possible prefixes, each with its guard.
        let mut paths: Vec<(Formula, Vec<SegmentTerm>)> = vec![(Formula::TRUE, Vec::new())];
        for part in parts {
            match part {
                Part::Literal(name) => {
                    let text = self.world.constant_text(scope.code.name(*name).unwrap_or_default());
                    paths.iter_mut().for_each(|(_, path)| path.push(SegmentTerm::Const(text)));
                    defined.push(Formula::TRUE);
                }
                Part::Capture(_) | Part::Glob(_) => simple = false,
                Part::Op(op) => {
                    let term = self.eval(scope, *op, locals);
                    let pieces = self.pieces(&term.values);
                    match pieces {
                        Some((pieces, reference)) => {
                            references.push(reference);
                            let mut longer = Vec::new();
                            for (guard, path) in &paths {
                                for (own, piece) in &pieces {
                                    let guard = self.world.formulas.and(*guard, *own);
                                    if guard != Formula::FALSE {
                                        let mut path = path.clone();
                                        path.extend(piece.iter().cloned());
                                        longer.push((guard, path));
                                    }
                                }
                            }
                            paths = longer;
                            let guards = pieces.iter().map(|(guard, _)| *guard).chain([reference]);
                            defined.push(self.world.formulas.any(guards));
                        }
                        None => {
                            simple = false;
                            let possible = self.defined(&term.values);
                            let open = self.open_bool(
                                scope,
                                id,
                                OpenWhat::Operator("a segment of a path"),
                                vec![Rc::clone(&term.values)],
                            );
                            defined.push(self.world.formulas.and(possible, open));
                        }
                    }
                    terms.push(term);
                }
            }
        }
        let result = if simple && paths.len() <= MAX_PATHS {
            let mut found: Vec<_> = paths.into_iter().map(|(guard, path)| (guard, Sym::Path(path.into()))).collect();
            let reference = self.world.formulas.any(references);
            if reference != Formula::FALSE {
                let operands = terms.iter().map(|term| Rc::clone(&term.values)).collect();
                let label = OpenWhat::Lookup("a reference in a path");
                let open = self.open(scope, id, label, operands, Kinds::of(&[Kind::Path]));
                found.extend(self.guarded(reference, &open));
            }
            self.values(found)
        } else {
            let operands = terms.iter().map(|term| Rc::clone(&term.values)).collect();
            let label = OpenWhat::Lookup(if simple { "a path with many forms" } else { "a path" });
            self.open(scope, id, label, operands, Kinds::of(&[Kind::Path]))
        };
        let mut left: Vec<Formula> = match defined.as_slice() {
            [before @ .., _] => before.iter().map(|defined| defined.not()).collect(),
            [] => Vec::new(),
        };
        left.extend(terms.iter().map(|term| term.leaves));
        let leaves = self.world.formulas.any(left);
        let stray = self.world.formulas.any(terms.iter().map(|term| term.leaves));
        Term { values: self.or_stray(scope, id, result, stray, &terms), leaves }
    }

    /// The text of null is `null`.
    pub(super) fn null_text(&mut self, place: PlaceId) {
        let null = self.world.tag(place, Kind::Null);
        if null != Formula::FALSE {
            let is_null = self.world.text_is(place, "null");
            let fact = self.world.formulas.implies(null, is_null);
            self.world.facts.push(fact);
        }
    }

    /// The segments that `$(value)` inserts, for each form of the value, and where the value is a reference, which inserts
    /// an unknown number of segments; `None` where they are not modelled.
    fn pieces(&mut self, values: &Values) -> Option<Pieces> {
        let (mut found, mut references) = (Vec::new(), Vec::new());
        for (guard, sym) in values.iter() {
            match sym {
                Sym::Path(segments) => found.push((*guard, segments.to_vec())),
                Sym::Const(constant) => {
                    let text = match self.world.value(*constant) {
                        Value::String(_) => *constant,
                        Value::Null => self.world.constant_text("null"),
                        Value::Int(n) => {
                            let text = n.to_string();
                            self.world.constant_text(&text)
                        }
                        Value::Bool(b) => {
                            let text = b.to_string();
                            self.world.constant_text(&text)
                        }
                        Value::Timestamp(_) | Value::Duration(_) | Value::List(_) | Value::Map(_) => continue,
                        _ => return None,
                    };
                    found.push((*guard, vec![SegmentTerm::Const(text)]));
                }
                Sym::Place(place) => {
                    let (path, other) = (self.world.tag(*place, Kind::Path), self.world.tag(*place, Kind::Other));
                    if other != Formula::FALSE || path == Formula::TRUE {
                        return None;
                    }
                    let text = self.world.tags(*place, Kinds::SEGMENT);
                    let guard_text = self.world.formulas.and(*guard, text);
                    self.null_text(*place);
                    found.push((guard_text, vec![SegmentTerm::Of(*place)]));
                    let guard_path = self.world.formulas.and(*guard, path);
                    references.push(guard_path);
                }
                Sym::Text(parts) => {
                    // The text of one place is that of the place.
                    let term = match &**parts {
                        [TextPart::Of(place)] => SegmentTerm::Of(*place),
                        _ => SegmentTerm::Parts(Rc::clone(parts)),
                    };
                    found.push((*guard, vec![term]));
                }
                // `string()` takes neither lists nor maps.
                Sym::List(_) | Sym::Map(_) | Sym::Keys(_) => {}
                _ => return None,
            }
        }
        Some((found, self.world.formulas.any(references)))
    }
}
