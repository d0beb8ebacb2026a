//! The engine for `matches` with patterns that have no shape: does the whole text match?
//!
//! It has one forward automaton, run as a lazy DFA, and nothing else that a general regex would prepare: patterns are
//! built far more often than they match large texts.

use std::fmt;

use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{Compiler, Config as NfaConfig, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

/// The engine of one pattern, for any number of threads: the pool gives each thread its own caches.
pub(super) struct FullMatcher {
    /// `None` if the automaton is too large for the caches of a lazy DFA.
    dfa: Option<DFA>,
    vm: PikeVM,
    caches: Caches,
}

type Caches = Pool<Scratch, fn() -> Scratch>;

#[derive(Default)]
struct Scratch {
    dfa: Option<Cache>,
    vm: Option<pikevm::Cache>,
}

impl FullMatcher {
    /// Builds the engine; `hir` must be anchored at both ends. `None` if the automaton would exceed `max_bytes`.
    pub(super) fn build(hir: &Hir, max_bytes: usize) -> Option<FullMatcher> {
        let config = NfaConfig::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(max_bytes));
        let nfa = Compiler::new().configure(config).build_from_hir(hir).ok()?;
        // The DFA gives up, and the slower machine takes over, if it discards states too often.
        let config = Config::new()
            .match_kind(MatchKind::All)
            .minimum_cache_clear_count(Some(3))
            .minimum_bytes_per_state(Some(10));
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa.clone()).ok();
        let vm = PikeVM::builder().build_from_nfa(nfa).ok()?;
        Some(FullMatcher { dfa, vm, caches: Pool::new(Scratch::default) })
    }

    /// Whether the whole of `text` matches. Allocates only while caches grow.
    pub(super) fn matches(&self, text: &str) -> bool {
        let input = Input::new(text).anchored(Anchored::Yes);
        let caches = &mut *self.caches.get();
        if let Some(dfa) = &self.dfa {
            let cache = caches.dfa.get_or_insert_with(|| dfa.create_cache());
            if let Ok(end) = dfa.try_search_fwd(cache, &input) {
                return end.is_some();
            }
        }
        let cache = caches.vm.get_or_insert_with(|| self.vm.create_cache());
        self.vm.is_match(cache, input)
    }
}

impl fmt::Debug for FullMatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FullMatcher").field("states", &self.vm.get_nfa().states().len()).finish()
    }
}
