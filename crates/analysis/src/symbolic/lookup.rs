//! `get`, `exists` and their kin: documents that rules read.

use std::rc::Rc;

use firewarden::internals::{
    program::{Ids, OpId, ServiceFunction},
    request::ServiceProduct,
};

use super::{Encoder, Scope};
use crate::{
    formula::Formula,
    place::{Kind, Kinds, Origin, PlaceId},
    schema::{Method, Schema},
    value::{SegmentTerm, Sym, Term, Values},
    world::OpenWhat,
};

impl Encoder {
    pub(super) fn service(
        &mut self,
        scope: Scope<'_>,
        id: OpId,
        function: ServiceFunction,
        arguments: Ids<OpId>,
        locals: &[Values],
    ) -> Term {
        let ops = scope.code.lists.slice(arguments).unwrap_or(&[]);
        let reversed: Vec<OpId> = ops.iter().rev().copied().collect();
        self.several(scope, id, &reversed, locals, |this, values| match values {
            [path] => this.looked_up(scope, id, function, path),
            _ => Rc::from([]),
        })
    }

    fn looked_up(&mut self, scope: Scope<'_>, id: OpId, function: ServiceFunction, path: &Values) -> Values {
        let mut found = Vec::new();
        for (guard, sym) in path.iter() {
            let values = match sym {
                Sym::Path(segments) => self.document(scope, id, function, segments),
                Sym::Place(place) => {
                    let unknown = self.world.tags(*place, Kinds::of(&[Kind::Path, Kind::Other]));
                    let operand = self.world.always(sym.clone());
                    let (name, kinds) = match function {
                        ServiceFunction::Exists => ("exists", Kinds::of(&[Kind::Bool])),
                        ServiceFunction::ExistsAfter => ("existsAfter", Kinds::of(&[Kind::Bool])),
                        ServiceFunction::Get => ("get", Kinds::of(&[Kind::Map, Kind::Null])),
                        ServiceFunction::GetAfter => ("getAfter", Kinds::of(&[Kind::Map, Kind::Null])),
                        ServiceFunction::Value => ("value", Kinds::ANY),
                    };
                    let schema = if kinds.has(Kind::Map) { Schema::Document } else { Schema::Any };
                    let open = self.open_with(scope, id, OpenWhat::Lookup(name), vec![operand], kinds, schema);
                    let open = self.guarded(unknown, &open);
                    self.values(open)
                }
                _ => Rc::from([]),
            };
            found.extend(self.guarded(*guard, &values));
        }
        self.values(found)
    }

    /// What a function gives for the document of a path.
    fn document(&mut self, scope: Scope<'_>, id: OpId, function: ServiceFunction, segments: &[SegmentTerm]) -> Values {
        let [root, database, documents, names @ ..] = segments else { return Rc::from([]) };
        if names.is_empty() || names.len() % 2 != 0 {
            return Rc::from([]);
        }
        if function == ServiceFunction::Value {
            let path = self.world.always(Sym::Path(segments.into()));
            return self.open(scope, id, OpenWhat::Lookup("value"), vec![path], Kinds::ANY);
        }
        let mut valid = Vec::new();
        for (segment, text) in [(root, "databases"), (documents, "documents")] {
            let text = SegmentTerm::Const(self.world.constant_text(text));
            valid.push(self.same_segment(scope, id, segment, &text));
        }
        valid.push(self.same_database(scope, id, database));
        // A document's id is not empty; a collection's may be, and names nothing then.
        for name in names.iter().skip(1).step_by(2) {
            let empty = SegmentTerm::Const(self.world.constant_text(""));
            valid.push(self.same_segment(scope, id, name, &empty).not());
        }
        let valid = self.world.formulas.all(valid);
        if valid == Formula::FALSE {
            return Rc::from([]);
        }
        let own = self.is_own(scope, id, segments);
        let after = matches!(function, ServiceFunction::GetAfter | ServiceFunction::ExistsAfter);
        let mut found = Vec::new();
        let own_valid = self.world.formulas.and(own, valid);
        if own_valid != Formula::FALSE {
            let place = self.own_document(after);
            let values = self.read(function, place);
            found.extend(self.guarded(own_valid, &values));
        }
        let other = self.world.formulas.and(own.not(), valid);
        if other != Formula::FALSE {
            let (origin, kinds) = if after {
                (Origin::After(names.to_vec()), Kinds::of(&[Kind::Absent, Kind::Null, Kind::Map]))
            } else {
                (Origin::Document(names.to_vec()), Kinds::of(&[Kind::Absent, Kind::Map]))
            };
            let place = self.world.place_of(origin, kinds, Schema::Document, false);
            let values = self.read(function, place);
            found.extend(self.guarded(other, &values));
        }
        self.values(found)
    }

    /// Whether the database of a path is that whose documents the rules reach.
    fn same_database(&mut self, scope: Scope<'_>, id: OpId, database: &SegmentTerm) -> Formula {
        let default = SegmentTerm::Const(self.world.constant_text("(default)"));
        match self.product() {
            ServiceProduct::Storage => self.same_segment(scope, id, database, &default),
            ServiceProduct::Firestore => {
                let Some(own) = self.world.segment(1).and_then(|sym| super::members::segment_term(&sym)) else {
                    return Formula::FALSE;
                };
                let same = self.same_segment(scope, id, database, &own);
                // An empty name means the default database.
                let empty = SegmentTerm::Const(self.world.constant_text(""));
                let (unnamed, is_default) =
                    (self.same_segment(scope, id, database, &empty), self.same_segment(scope, id, &own, &default));
                let alias = self.world.formulas.and(unnamed, is_default);
                self.world.formulas.or(same, alias)
            }
        }
    }

    /// Whether a path is that of the request's own document.
    fn is_own(&mut self, scope: Scope<'_>, id: OpId, segments: &[SegmentTerm]) -> Formula {
        if !self.has_own_document() || segments.len() != self.world.segments.len() {
            return Formula::FALSE;
        }
        let own = self.request_path();
        let mut same = Vec::new();
        for (mine, theirs) in own.iter().zip(segments).skip(3) {
            same.push(self.same_segment(scope, id, mine, theirs));
        }
        self.world.formulas.all(same)
    }

    /// The request's own document, before or after the request.
    fn own_document(&mut self, after: bool) -> PlaceId {
        if after && matches!(self.method(), Method::Create | Method::Update | Method::Delete) {
            let request = self.request();
            if let Some(place) = self.world.member(request, "resource") {
                return place;
            }
        }
        self.resource()
    }

    /// What a function gives for a document's place. The request's own document is null where it does not exist.
    fn read(&mut self, function: ServiceFunction, place: PlaceId) -> Values {
        let map = self.world.tag(place, Kind::Map);
        if matches!(function, ServiceFunction::Exists | ServiceFunction::ExistsAfter) {
            return self.boolean(map, map.not());
        }
        let present = self.world.present(place);
        Rc::from([(present, Sym::Place(place))])
    }
}
