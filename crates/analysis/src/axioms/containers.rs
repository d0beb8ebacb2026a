//! What holds of lists, maps and their differences: what they have, how many, and what is left.

use firewarden::Value;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Axioms, Tracked};

use crate::{
    atom::{Atom, ConstId, DiffKeys},
    formula::{Formula, Node},
    linear::NumVar,
    place::{Key, Kind, PlaceId},
};

impl Axioms<'_> {
    /// What the members of a container say about its size, and what "only these" means.
    pub(super) fn containers(&mut self, tracked: &Tracked) {
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
    pub(super) fn lists(&mut self, tracked: &Tracked) {
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

    /// What keys a difference of maps has.
    pub(super) fn differences(&mut self) {
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
}
