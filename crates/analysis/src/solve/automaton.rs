//! Texts that a set of patterns accepts, and another set does not: the product of their automata, searched for the shortest
//! member.

use std::collections::VecDeque;

use firewarden::internals::pattern::Pattern;
use regex_automata::{
    Anchored, Input, MatchKind,
    dfa::{Automaton as _, dense},
    nfa::thompson,
    util::primitives::StateID,
};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};
use rustc_hash::FxHashMap;

/// The number of states of a product beyond which its language is unknown.
const MAX_STATES: usize = 20_000;

/// The size of one automaton in bytes beyond which it is not built.
const MAX_BYTES: usize = 4 << 20;

/// The automaton of one pattern.
#[derive(Debug)]
pub struct Automaton {
    dfa: dense::DFA<Vec<u32>>,
}

/// What a search in a product finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// A text of the language, one of the shortest.
    Text(String),
    /// The language has no text.
    Empty,
    /// The search exceeds its budget.
    Unknown,
}

impl Automaton {
    /// The texts that a pattern matches; `None` where the automaton is too large.
    pub fn of_pattern(pattern: &Pattern) -> Option<Self> {
        Automaton::of_hir(&pattern.hir())
    }

    /// All texts, or with `segment` those that a segment of a path can be.
    pub fn of_all(segment: bool) -> Option<Self> {
        let range = |a, b| ClassUnicodeRange::new(a, b);
        let ranges = if segment { vec![range('\0', '.'), range('0', char::MAX)] } else { vec![range('\0', char::MAX)] };
        let class = Hir::class(Class::Unicode(ClassUnicode::new(ranges)));
        let repeated = Repetition { min: u32::from(segment), max: None, greedy: true, sub: Box::new(class) };
        Automaton::of_hir(&Hir::concat(vec![Hir::look(Look::Start), Hir::repetition(repeated), Hir::look(Look::End)]))
    }

    fn of_hir(hir: &Hir) -> Option<Self> {
        let config = thompson::Config::new().nfa_size_limit(Some(MAX_BYTES));
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(hir).ok()?;
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(regex_automata::dfa::StartKind::Anchored)
            .dfa_size_limit(Some(MAX_BYTES))
            .determinize_size_limit(Some(MAX_BYTES));
        let dfa = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        Some(Automaton { dfa })
    }

    fn start(&self) -> Option<StateID> {
        self.dfa.start_state_forward(&Input::new("").anchored(Anchored::Yes)).ok()
    }

    fn accepts(&self, state: StateID) -> bool {
        self.dfa.is_match_state(self.dfa.next_eoi_state(state))
    }
}

/// Bytes in the order in which members are preferred to have them.
fn preferred() -> Vec<u8> {
    let nice = (b'a'..=b'z').chain(b'0'..=b'9').chain(*b"-_.@/ ").chain(b'A'..=b'Z');
    let mut bytes: Vec<u8> = nice.collect();
    bytes.extend((0x20..=0xFF).filter(|byte| !bytes.contains(byte)).collect::<Vec<_>>());
    bytes.extend(0..0x20);
    bytes
}

/// The UTF-16 units that a byte of UTF-8 begins.
fn units(byte: u8) -> u32 {
    match byte {
        0x80..=0xBF => 0,
        0xF0..=0xFF => 2,
        _ => 1,
    }
}

/// A text that all of `inside` accept and none of `outside`, with at least and at most so many UTF-16 units, and none of
/// `taken`.
pub fn member(
    inside: &[&Automaton],
    outside: &[&Automaton],
    (least, most): (u32, Option<u32>),
    taken: &[&str],
) -> Member {
    let all: Vec<&Automaton> = inside.iter().chain(outside).copied().collect();
    let Some(start) = all.iter().map(|automaton| automaton.start()).collect::<Option<Vec<_>>>() else {
        return Member::Unknown;
    };
    // Beyond this length nothing depends on it.
    let cap = most.map_or(least, |most| most + 1);
    let bytes = preferred();
    type State = (Vec<StateID>, u32);
    let mut known: FxHashMap<State, usize> = FxHashMap::default();
    let mut states: Vec<(State, Option<(usize, u8)>)> = vec![((start.clone(), 0), None)];
    known.insert((start, 0), 0);
    let mut open = VecDeque::from([0]);
    let mut avoided = false;
    while let Some(at) = open.pop_front() {
        let Some(((ids, length), _)) = states.get(at).cloned() else { break };
        let accepted = all
            .iter()
            .zip(&ids)
            .enumerate()
            .all(|(index, (automaton, id))| automaton.accepts(*id) == (index < inside.len()));
        if accepted
            && length >= least
            && most.is_none_or(|most| length <= most)
            && let Some(text) = text_of(&states, at)
        {
            if !taken.contains(&text.as_str()) {
                return Member::Text(text);
            }
            avoided = true;
        }
        for byte in &bytes {
            let length = (length + units(*byte)).min(cap);
            if most.is_some_and(|most| length > most) {
                continue;
            }
            let next: Vec<StateID> =
                all.iter().zip(&ids).map(|(automaton, id)| automaton.dfa.next_state(*id, *byte)).collect();
            let dead = all.iter().zip(&next).take(inside.len()).any(|(a, id)| a.dfa.is_dead_state(*id));
            if dead {
                continue;
            }
            let state = (next, length);
            if known.contains_key(&state) {
                continue;
            }
            if states.len() >= MAX_STATES {
                return Member::Unknown;
            }
            known.insert(state.clone(), states.len());
            open.push_back(states.len());
            states.push((state, Some((at, *byte))));
        }
    }
    // A member that is taken may have others in the same state.
    if avoided { Member::Unknown } else { Member::Empty }
}

/// The members of a language, up to `most_members` of the shortest; fewer where it has no more. `None` where the search
/// exceeds its budget.
pub fn members(
    inside: &[&Automaton],
    outside: &[&Automaton],
    (least, most): (u32, Option<u32>),
    most_members: usize,
) -> Option<Vec<String>> {
    let all: Vec<&Automaton> = inside.iter().chain(outside).copied().collect();
    let start = all.iter().map(|automaton| automaton.start()).collect::<Option<Vec<_>>>()?;
    let bytes = preferred();
    let mut found = Vec::new();
    let mut level: Vec<(Vec<StateID>, Vec<u8>, u32)> = vec![(start, Vec::new(), 0)];
    let mut steps = 0;
    while !level.is_empty() {
        let mut next = Vec::new();
        for (ids, text, length) in &level {
            let accepted = all
                .iter()
                .zip(ids)
                .enumerate()
                .all(|(index, (automaton, id))| automaton.accepts(*id) == (index < inside.len()));
            if accepted && *length >= least && most.is_none_or(|most| *length <= most) {
                found.extend(String::from_utf8(text.clone()));
                if found.len() >= most_members {
                    return Some(found);
                }
            }
            for byte in &bytes {
                let length = length + units(*byte);
                if most.is_some_and(|most| length > most) {
                    continue;
                }
                let ids: Vec<StateID> =
                    all.iter().zip(ids).map(|(automaton, id)| automaton.dfa.next_state(*id, *byte)).collect();
                if all.iter().zip(&ids).take(inside.len()).any(|(a, id)| a.dfa.is_dead_state(*id)) {
                    continue;
                }
                steps += 1;
                if steps > MAX_STATES {
                    return None;
                }
                let mut text = text.clone();
                text.push(*byte);
                next.push((ids, text, length));
            }
        }
        level = next;
    }
    Some(found)
}

fn text_of<S>(states: &[(S, Option<(usize, u8)>)], mut at: usize) -> Option<String> {
    let mut bytes = Vec::new();
    while let Some((_, Some((before, byte)))) = states.get(at) {
        bytes.push(*byte);
        at = *before;
    }
    bytes.reverse();
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use firewarden::internals::pattern::Pattern;

    use super::{Automaton, Member, member};

    #[test]
    fn members_match_and_empty_languages_have_none() {
        let of =
            |text: &str| (Pattern::new(text).unwrap(), Automaton::of_pattern(&Pattern::new(text).unwrap()).unwrap());
        let all = Automaton::of_all(false).unwrap();
        let patterns = ["image/.*", "[a-z]+@example[.]com", ".{3,5}", "(a|b)*", "\\d+", "^$", "x|y|é", "[^a]*"].map(of);
        for (p, a) in &patterns {
            for (q, b) in &patterns {
                let Member::Text(text) = member(&[&all, a], &[b], (0, None), &[]) else {
                    continue;
                };
                assert!(p.matches(text.as_str().into()) && !q.matches(text.as_str().into()), "{text}");
            }
            assert_eq!(member(&[&all, a], &[a], (0, None), &[]), Member::Empty);
        }
        let (_, a) = of("a{2,4}");
        assert_eq!(member(&[&all, &a], &[], (0, Some(1)), &[]), Member::Empty);
        assert_eq!(member(&[&all, &a], &[], (3, None), &["aaa"]), Member::Text("aaaa".to_owned()));
    }
}
