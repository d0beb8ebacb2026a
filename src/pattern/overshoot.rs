//! Bounds how far searches look past the matches that they find. A search for `a.*b|a` in a text without `b` finds one
//! `a` only after scanning the rest of the text, so that finding each `a` takes time quadratic in the length of the
//! text.

use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::{Compiler, Config as NfaConfig, WhichCaptures};
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use super::replace::ReplaceError;
use super::search::{MatchSpan, Scan};

/// Bytes that the searches in one text may scan past their matches: enough to scan a text of 5,000 characters from each
/// of its positions.
const MAX_OVERSHOOT: usize = 1 << 24;

/// A pattern that matches at most this many bytes cannot look far.
const MAX_SHORT: usize = 64;

/// How far a search for a pattern may look.
#[derive(Debug)]
pub(super) enum Lookahead {
    /// Not far.
    Short,
    /// As long as this automaton is alive.
    Automaton(Box<DFA>),
}

impl Lookahead {
    /// The lookahead of a pattern; `None` if its automaton would exceed `max_bytes`.
    pub(super) fn build(hir: &Hir, max_bytes: usize) -> Option<Lookahead> {
        if hir.properties().maximum_len().is_some_and(|length| length <= MAX_SHORT) {
            return Some(Lookahead::Short);
        }
        let config = NfaConfig::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(max_bytes));
        let nfa = Compiler::new().configure(config).build_from_hir(hir).ok()?;
        DFA::builder().configure(Config::new()).build_from_nfa(nfa).ok().map(|dfa| Lookahead::Automaton(Box::new(dfa)))
    }
}

/// The bytes that the searches in one text scanned past their matches.
#[derive(Default)]
pub(super) struct Overshoot {
    /// An upper bound.
    upper_bound: usize,
    /// The exact number, counted once the upper bound exceeds the limit.
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
        found: MatchSpan,
        lookahead: impl FnOnce() -> Option<&'p Lookahead>,
    ) -> Result<(), ReplaceError> {
        self.upper_bound = self.upper_bound.saturating_add(scan.len() - found.end);
        if self.upper_bound <= MAX_OVERSHOOT {
            return Ok(());
        }
        match lookahead() {
            Some(Lookahead::Short) => Ok(()),
            Some(Lookahead::Automaton(dfa)) => {
                let cache = self.cache.get_or_insert_with(|| dfa.create_cache());
                let (bytes, from) = scan.searched_bytes(found);
                let scanned = scanned_bytes(dfa, cache, bytes, from, MAX_OVERSHOOT);
                self.counted += scanned.saturating_sub(found.end - found.start);
                if self.counted > MAX_OVERSHOOT { Err(ReplaceError::TooSlow) } else { Ok(()) }
            }
            None => Err(ReplaceError::TooSlow),
        }
    }
}

/// Number of bytes that a search scans which finds a match where it starts, up to `limit`.
fn scanned_bytes(dfa: &DFA, cache: &mut Cache, bytes: &[u8], from: usize, limit: usize) -> usize {
    let input = Input::new(bytes).range(from..).anchored(Anchored::Yes);
    let Ok(mut state) = dfa.start_state_forward(cache, &input) else { return limit };
    let mut scanned = 0;
    for byte in bytes.get(from..).unwrap_or_default().iter().take(limit) {
        let Ok(next) = dfa.next_state(cache, state, *byte) else { return limit };
        if next.is_dead() || next.is_quit() {
            break;
        }
        scanned += 1;
        state = next;
    }
    scanned
}
