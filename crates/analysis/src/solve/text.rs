//! Texts: which are equal, which differ, which patterns match. Gives each class of equal texts a value.

use std::{collections::VecDeque, rc::Rc};

use rustc_hash::FxHashMap;

use super::automaton::{Automaton, Member, member};
use crate::{
    atom::{Atom, ConstId, LanguageId},
    place::{Origin, PlaceId},
    world::{Language, World},
};

/// A needed literal of this theory.
pub type Needed = (Atom, bool);

/// What the needed literals give.
#[derive(Debug)]
pub enum Texts {
    /// A text for each place that a literal speaks of.
    Values(FxHashMap<PlaceId, String>),
    /// These of the needed literals contradict each other.
    Conflict(Vec<usize>),
    /// No text was found within the budget; the places whose class was in the way.
    Unknown(PlaceId),
}

/// Bounds of the length of a text in UTF-16 units, and the needed literals that they come from.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    /// The least length.
    pub least: u32,
    /// The greatest length.
    pub most: Option<u32>,
    /// The positions of these literals.
    pub origins: Vec<usize>,
}

/// Automata that were built already.
#[derive(Debug, Default)]
pub struct Automata {
    built: FxHashMap<LanguageId, Option<Rc<Automaton>>>,
    all: FxHashMap<bool, Option<Rc<Automaton>>>,
}

impl Automata {
    fn of(&mut self, world: &World, language: LanguageId) -> Option<Rc<Automaton>> {
        let build = || match world.language_of(language)? {
            Language::Pattern(pattern) => Automaton::of_pattern(pattern).map(Rc::new),
        };
        self.built.entry(language).or_insert_with(build).clone()
    }

    fn all(&mut self, segment: bool) -> Option<Rc<Automaton>> {
        self.all.entry(segment).or_insert_with(|| Automaton::of_all(segment).map(Rc::new)).clone()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Term {
    Place(PlaceId),
    Const(ConstId),
}

/// Finds texts. `bounds` gives the length of the text of a place; `value` a readable text for a place.
pub fn solve(
    world: &World,
    automata: &mut Automata,
    needed: &[Needed],
    bounds: &FxHashMap<PlaceId, Bounds>,
    readable: &impl Fn(PlaceId) -> Vec<String>,
) -> Texts {
    let mut edges: FxHashMap<Term, Vec<(Term, usize)>> = FxHashMap::default();
    let mut terms = Vec::new();
    let mut note = |term: Term, edges: &mut FxHashMap<Term, Vec<(Term, usize)>>| {
        if let std::collections::hash_map::Entry::Vacant(slot) = edges.entry(term) {
            slot.insert(Vec::new());
            terms.push(term);
        }
    };
    for (at, (atom, holds)) in needed.iter().enumerate() {
        let ends = match *atom {
            Atom::TextSame(a, b) => Some((Term::Place(a), Term::Place(b))),
            Atom::TextIs(place, text) => Some((Term::Place(place), Term::Const(text))),
            Atom::TextIn(place, _) => {
                note(Term::Place(place), &mut edges);
                None
            }
            _ => None,
        };
        let Some((a, b)) = ends else { continue };
        note(a, &mut edges);
        note(b, &mut edges);
        if *holds {
            for (from, to) in [(a, b), (b, a)] {
                if let Some(list) = edges.get_mut(&from) {
                    list.push((to, at));
                }
            }
        }
    }
    for place in bounds.keys() {
        note(Term::Place(*place), &mut edges);
    }
    terms.sort_unstable();
    // The class of each term, named by its first term.
    let mut class: FxHashMap<Term, usize> = FxHashMap::default();
    let mut classes: Vec<Vec<Term>> = Vec::new();
    for term in &terms {
        if class.contains_key(term) {
            continue;
        }
        let id = classes.len();
        let mut members = vec![*term];
        let mut open = VecDeque::from([*term]);
        class.insert(*term, id);
        while let Some(at) = open.pop_front() {
            for (to, _) in edges.get(&at).into_iter().flatten() {
                if class.insert(*to, id).is_none() {
                    members.push(*to);
                    open.push_back(*to);
                }
            }
        }
        classes.push(members);
    }
    let same = |a: Term, b: Term| class.get(&a) == class.get(&b);
    // Two constants in one class; a difference within one.
    for members in &classes {
        let mut constants = members.iter().filter(|term| matches!(term, Term::Const(_)));
        if let (Some(a), Some(b)) = (constants.next(), constants.next()) {
            return Texts::Conflict(path(&edges, *a, *b));
        }
    }
    for (at, (atom, holds)) in needed.iter().enumerate() {
        let ends = match *atom {
            Atom::TextSame(a, b) => (Term::Place(a), Term::Place(b)),
            Atom::TextIs(place, text) => (Term::Place(place), Term::Const(text)),
            _ => continue,
        };
        if !holds && same(ends.0, ends.1) {
            let mut core = path(&edges, ends.0, ends.1);
            core.push(at);
            return Texts::Conflict(core);
        }
    }
    let mut problem = Problem { world, automata, needed, bounds, edges: &edges, class: &class, classes: &classes };
    problem.values(readable)
}

/// The literals along a path of equalities.
fn path(edges: &FxHashMap<Term, Vec<(Term, usize)>>, from: Term, to: Term) -> Vec<usize> {
    let mut before: FxHashMap<Term, (Term, usize)> = FxHashMap::default();
    let mut open = VecDeque::from([from]);
    while let Some(at) = open.pop_front() {
        if at == to {
            break;
        }
        for (next, by) in edges.get(&at).into_iter().flatten() {
            if *next != from && !before.contains_key(next) {
                before.insert(*next, (at, *by));
                open.push_back(*next);
            }
        }
    }
    let mut found = Vec::new();
    let mut at = to;
    while let Some((previous, by)) = before.get(&at) {
        found.push(*by);
        at = *previous;
    }
    found
}

struct Problem<'p> {
    world: &'p World,
    automata: &'p mut Automata,
    needed: &'p [Needed],
    bounds: &'p FxHashMap<PlaceId, Bounds>,
    edges: &'p FxHashMap<Term, Vec<(Term, usize)>>,
    class: &'p FxHashMap<Term, usize>,
    classes: &'p [Vec<Term>],
}

/// What a class of equal texts has to satisfy.
#[derive(Default)]
struct Wanted {
    inside: Vec<LanguageId>,
    outside: Vec<LanguageId>,
    least: u32,
    most: Option<u32>,
    segment: bool,
    literals: Vec<usize>,
}

impl Problem<'_> {
    fn values(&mut self, readable: &impl Fn(PlaceId) -> Vec<String>) -> Texts {
        let mut texts: Vec<Option<String>> = vec![None; self.classes.len()];
        // Classes with a constant first: others have to differ from them.
        for constant in [true, false] {
            for (id, members) in self.classes.iter().enumerate() {
                let text = members.iter().find_map(|term| match term {
                    Term::Const(text) => Some(*text),
                    Term::Place(_) => None,
                });
                if text.is_some() != constant {
                    continue;
                }
                let wanted = self.wanted(members);
                match text {
                    Some(text) => {
                        let value = self.world.text(text);
                        if let Some(conflict) = self.refuted(members, text, &value, &wanted) {
                            return Texts::Conflict(conflict);
                        }
                        if let Some(slot) = texts.get_mut(id) {
                            *slot = Some(value);
                        }
                    }
                    None => match self.find(id, members, &wanted, &texts, readable) {
                        Found::Text(value) => {
                            if let Some(slot) = texts.get_mut(id) {
                                *slot = Some(value);
                            }
                        }
                        Found::Conflict(core) => return Texts::Conflict(core),
                        Found::Unknown => {
                            let place = members.iter().find_map(|term| match term {
                                Term::Place(place) => Some(*place),
                                Term::Const(_) => None,
                            });
                            return Texts::Unknown(place.unwrap_or(PlaceId(0)));
                        }
                    },
                }
            }
        }
        let mut values = FxHashMap::default();
        for (members, text) in self.classes.iter().zip(&texts) {
            for term in members {
                if let (Term::Place(place), Some(text)) = (term, text) {
                    values.insert(*place, text.clone());
                }
            }
        }
        Texts::Values(values)
    }

    fn wanted(&self, members: &[Term]) -> Wanted {
        let mut wanted = Wanted::default();
        for (at, (atom, holds)) in self.needed.iter().enumerate() {
            if let Atom::TextIn(place, language) = atom
                && members.contains(&Term::Place(*place))
            {
                let list = if *holds { &mut wanted.inside } else { &mut wanted.outside };
                list.push(*language);
                wanted.literals.push(at);
            }
        }
        for term in members {
            let Term::Place(place) = term else { continue };
            if let Some(bounds) = self.bounds.get(place) {
                wanted.least = wanted.least.max(bounds.least);
                wanted.most = match (wanted.most, bounds.most) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                wanted.literals.extend(&bounds.origins);
            }
            wanted.segment |= matches!(self.world.place(*place).origin, Origin::Segment(_));
        }
        // Classes of several members also depend on what makes them equal.
        if members.len() > 1 {
            let first = members.first().copied();
            for term in members.iter().skip(1) {
                if let Some(first) = first {
                    wanted.literals.extend(path(self.edges, first, *term));
                }
            }
        }
        wanted.literals.sort_unstable();
        wanted.literals.dedup();
        wanted
    }

    /// Why a constant does not satisfy what its class has to, if it does not.
    fn refuted(&self, members: &[Term], constant: ConstId, text: &str, wanted: &Wanted) -> Option<Vec<usize>> {
        for (at, (atom, holds)) in self.needed.iter().enumerate() {
            if let Atom::TextIn(place, language) = atom
                && members.contains(&Term::Place(*place))
                && self.matches(*language, text) != *holds
            {
                let mut core = path(self.edges, Term::Place(*place), Term::Const(constant));
                core.push(at);
                return Some(core);
            }
        }
        let length = text.encode_utf16().count() as u32;
        let fits = length >= wanted.least && wanted.most.is_none_or(|most| length <= most);
        let segment = !wanted.segment || !text.contains('/') && !text.is_empty();
        if fits && segment { None } else { Some(wanted.literals.clone()) }
    }

    fn matches(&self, language: LanguageId, text: &str) -> bool {
        match self.world.language_of(language) {
            Some(Language::Pattern(pattern)) => pattern.matches(text.into()),
            None => false,
        }
    }

    fn find(
        &mut self,
        id: usize,
        members: &[Term],
        wanted: &Wanted,
        texts: &[Option<String>],
        readable: &impl Fn(PlaceId) -> Vec<String>,
    ) -> Found {
        // Texts that this class must not have, and those that others have.
        let (mut forbidden, mut literals) = (Vec::new(), Vec::new());
        for (at, (atom, holds)) in self.needed.iter().enumerate() {
            let ends = match *atom {
                Atom::TextSame(a, b) => (Term::Place(a), Term::Place(b)),
                Atom::TextIs(place, text) => (Term::Place(place), Term::Const(text)),
                _ => continue,
            };
            if *holds {
                continue;
            }
            for (mine, other) in [ends, (ends.1, ends.0)] {
                if self.class.get(&mine) != Some(&id) {
                    continue;
                }
                let text = match other {
                    Term::Const(text) => Some(self.world.text(text)),
                    Term::Place(_) => self.class.get(&other).and_then(|c| texts.get(*c).cloned().flatten()),
                };
                if let Some(text) = text {
                    forbidden.push((text, matches!(other, Term::Const(_))));
                    literals.push(at);
                }
            }
        }
        let allowed = |text: &str, this: &Self| {
            let length = text.encode_utf16().count() as u32;
            length >= wanted.least
                && wanted.most.is_none_or(|most| length <= most)
                && !(wanted.segment && (text.contains('/') || text.is_empty()))
                && wanted.inside.iter().all(|language| this.matches(*language, text))
                && !wanted.outside.iter().any(|language| this.matches(*language, text))
                && !forbidden.iter().any(|(other, _)| other == text)
        };
        let is_used = |text: &str| texts.iter().flatten().any(|used| used == text);
        for term in members {
            let Term::Place(place) = term else { continue };
            for candidate in readable(*place) {
                let numbered = (2..6).map(|n| format!("{candidate}{n}"));
                for text in std::iter::once(candidate.clone()).chain(numbered) {
                    if !is_used(&text) && allowed(&text, self) {
                        return Found::Text(text);
                    }
                }
            }
        }
        let mut automata = Vec::new();
        for language in wanted.inside.iter().chain(&wanted.outside) {
            match self.automata.of(self.world, *language) {
                Some(automaton) => automata.push(automaton),
                None => return Found::Unknown,
            }
        }
        let Some(base) = self.automata.all(wanted.segment) else { return Found::Unknown };
        let split = wanted.inside.len();
        let mut inside: Vec<&Automaton> = vec![&base];
        inside.extend(automata.iter().take(split).map(|a| &**a));
        let outside: Vec<&Automaton> = automata.iter().skip(split).map(|a| &**a).collect();
        let taken: Vec<&str> = forbidden.iter().map(|(text, _)| text.as_str()).collect();
        match member(&inside, &outside, (wanted.least, wanted.most), &taken) {
            Member::Text(text) => Found::Text(text),
            Member::Empty => Found::Conflict(wanted.literals.clone()),
            // All members may be among few that are forbidden.
            Member::Unknown => self.few(&inside, &outside, wanted, &forbidden, &literals),
        }
    }

    /// A language of which the members found so far are all taken: lists up to a few members.
    fn few(
        &self,
        inside: &[&Automaton],
        outside: &[&Automaton],
        wanted: &Wanted,
        forbidden: &[(String, bool)],
        literals: &[usize],
    ) -> Found {
        match super::automaton::members(inside, outside, (wanted.least, wanted.most), forbidden.len() + 1) {
            Some(all) => match all.iter().find(|text| !forbidden.iter().any(|(other, _)| other == *text)) {
                Some(text) => Found::Text(text.clone()),
                // Only constants are forbidden for certain; other classes could have other texts.
                None if forbidden.iter().all(|(_, constant)| *constant) => {
                    let mut core = wanted.literals.clone();
                    core.extend(literals);
                    core.sort_unstable();
                    core.dedup();
                    Found::Conflict(core)
                }
                None => Found::Unknown,
            },
            None => Found::Unknown,
        }
    }
}

enum Found {
    Text(String),
    Conflict(Vec<usize>),
    Unknown,
}
