//! The engine behind `matches` for patterns without a shape: does the whole text match?
//!
//! One forward automaton, run as a lazy DFA; nothing else that a general regex would prepare, since
//! patterns are built far more often than large texts are matched.

use std::fmt;

use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::pikevm::{self, PikeVM};
use regex_automata::nfa::thompson::{Compiler, Config as NfaConfig, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

/// Answers for one pattern, from any number of threads; the pool hands each its own caches.
pub(super) struct Whole {
    /// None when the automaton is too large for the caches of a lazy DFA.
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

impl Whole {
    /// Builds the engine; `hir` must be anchored at both ends. Nothing when the automaton would
    /// take more than `max_bytes`.
    pub(super) fn build(hir: &Hir, max_bytes: usize) -> Option<Whole> {
        let config = NfaConfig::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(max_bytes));
        let nfa = Compiler::new().configure(config).build_from_hir(hir).ok()?;
        // Gives up, for the slower machine to take over, when states are thrown away too often.
        let config = Config::new()
            .match_kind(MatchKind::All)
            .minimum_cache_clear_count(Some(3))
            .minimum_bytes_per_state(Some(10));
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa.clone()).ok();
        let vm = PikeVM::builder().build_from_nfa(nfa).ok()?;
        Some(Whole { dfa, vm, caches: Pool::new(Scratch::default) })
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

impl fmt::Debug for Whole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Whole").field("states", &self.vm.get_nfa().states().len()).finish()
    }
}
