//! How far searches look beyond what they find. A search for `a.*b|a` finds one `a`, and looks through all of a text
//! without `b` before it knows; to find each `a` of such a text takes time that grows with the square of its length.
//! What searches look at in vain is counted here, and bounded.

use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::{Compiler, Config as NfaConfig, WhichCaptures};
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use super::replace::ReplaceError;
use super::search::{Found, Scan};

/// Octets that the searches in one text may look at in vain: for so many, a text of 5,000 characters may be searched
/// through from each of its places.
const MOST: usize = 1 << 24;

/// A pattern that takes no more octets than this cannot look far.
const SHORT: usize = 64;

/// Tells how far a search for a pattern looks.
#[derive(Debug)]
pub(super) enum Lookahead {
    /// Not far.
    Short,
    /// As far as this automaton goes on.
    Automaton(Box<DFA>),
}

impl Lookahead {
    /// That of a pattern; nothing when its automaton would take more than `max_bytes`.
    pub(super) fn build(hir: &Hir, max_bytes: usize) -> Option<Lookahead> {
        if hir.properties().maximum_len().is_some_and(|most| most <= SHORT) {
            return Some(Lookahead::Short);
        }
        let config = NfaConfig::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(max_bytes));
        let nfa = Compiler::new().configure(config).build_from_hir(hir).ok()?;
        DFA::builder().configure(Config::new()).build_from_nfa(nfa).ok().map(|dfa| Lookahead::Automaton(Box::new(dfa)))
    }
}

/// What the searches in one text looked at in vain.
#[derive(Default)]
pub(super) struct Overshoot {
    /// At most.
    most: usize,
    /// Counted, from where that became too much.
    counted: usize,
    cache: Option<Cache>,
}

impl Overshoot {
    /// Adds a search.
    ///
    /// # Errors
    /// Searches that together take too long.
    pub(super) fn add<'p>(
        &mut self,
        scan: &Scan<'_>,
        found: Found,
        lookahead: impl FnOnce() -> Option<&'p Lookahead>,
    ) -> Result<(), ReplaceError> {
        self.most = self.most.saturating_add(scan.len() - found.end);
        if self.most <= MOST {
            return Ok(());
        }
        match lookahead() {
            Some(Lookahead::Short) => Ok(()),
            Some(Lookahead::Automaton(dfa)) => {
                let cache = self.cache.get_or_insert_with(|| dfa.create_cache());
                let (octets, from) = scan.octets_of_match(found);
                let looked = looked_at(dfa, cache, octets, from, MOST);
                self.counted += looked.saturating_sub(found.end - found.start);
                if self.counted > MOST { Err(ReplaceError::TooSlow) } else { Ok(()) }
            }
            None => Err(ReplaceError::TooSlow),
        }
    }
}

/// How many octets a search looks at that finds a match where it begins, up to `most`.
fn looked_at(dfa: &DFA, cache: &mut Cache, octets: &[u8], from: usize, most: usize) -> usize {
    let input = Input::new(octets).range(from..).anchored(Anchored::Yes);
    let Ok(mut state) = dfa.start_state_forward(cache, &input) else { return most };
    let mut looked = 0;
    for octet in octets.get(from..).unwrap_or_default().iter().take(most) {
        let Ok(next) = dfa.next_state(cache, state, *octet) else { return most };
        if next.is_dead() || next.is_quit() {
            break;
        }
        looked += 1;
        state = next;
    }
    looked
}
