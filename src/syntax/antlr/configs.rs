//! ATN configurations and their sets: the states, alternatives and contexts that the tokens so far may have led to.

use super::atn::{StateId, StateKind, Transition};
use super::contexts::{ContextId, EMPTY, EMPTY_RETURN_STATE, PredictionContexts};
use super::simulator::ParserAtnSimulator;
use rustc_hash::{FxHashMap, FxHashSet};

#[derive(Clone, Copy, Debug)]
pub(super) struct AtnConfig {
    pub(super) state: StateId,
    pub(super) alternative: u8,
    pub(super) context: ContextId,
    /// The configuration has left the rule of the decision (`reachesIntoOuterContext`).
    pub(super) dips_into_outer_context: bool,
    /// It has left a left-recursive rule that was entered with precedence 0 (`precedenceFilterSuppressed`).
    pub(super) suppresses_precedence_filter: bool,
}

/// What ANTLR compares configuration sets by: whether any configuration dips into the outer context, but not which. Of two
/// equal sets the DFA keeps the one that it met first.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct ConfigSetKey {
    places: Box<[(StateId, u8, ContextId, bool)]>,
    any_dips: bool,
}

impl ConfigSetKey {
    pub(super) fn of(configs: &[AtnConfig]) -> Self {
        let mut places: Box<[_]> = configs
            .iter()
            .map(|config| (config.state, config.alternative, config.context, config.suppresses_precedence_filter))
            .collect();
        places.sort_unstable();
        Self { places, any_dips: configs.iter().any(|config| config.dips_into_outer_context) }
    }
}

/// A configuration set under construction.
pub(super) struct ConfigSet {
    pub(super) configs: Vec<AtnConfig>,
    places: FxHashMap<(StateId, u8), usize>,
    /// State, alternative, context, the two flags, and whether within the decision's own rule.
    visited: FxHashSet<(StateId, u8, ContextId, bool, bool, bool)>,
    full: bool,
    /// The precedence that predicates are evaluated with; only while the start state is computed.
    pub(super) precedence: Option<u8>,
    /// The left-recursive rule whose loop is decided.
    pub(super) precedence_rule: Option<u16>,
}

impl ConfigSet {
    pub(super) fn new(full: bool) -> Self {
        Self {
            configs: Vec::new(),
            places: FxHashMap::default(),
            visited: FxHashSet::default(),
            full,
            precedence: None,
            precedence_rule: None,
        }
    }

    pub(super) fn add(&mut self, config: AtnConfig, contexts: &mut PredictionContexts) {
        let key = (config.state, config.alternative);
        let wildcard = !self.full;
        match self.places.get(&key).and_then(|place| self.configs.get_mut(*place)) {
            Some(known) => {
                known.context = contexts.merge(known.context, config.context, wildcard);
                known.dips_into_outer_context |= config.dips_into_outer_context;
                known.suppresses_precedence_filter |= config.suppresses_precedence_filter;
            }
            None => {
                self.places.insert(key, self.configs.len());
                self.configs.push(config);
            }
        }
    }
}

impl ParserAtnSimulator {
    /// Adds the configurations that `config` reaches without a token.
    pub(super) fn closure(&mut self, config: AtnConfig, closure: &mut ConfigSet) {
        // At depth 0 predicates belong to the decision itself.
        let mut todo = vec![(config, 0i32)];
        while let Some((config, depth)) = todo.pop() {
            self.steps = self.steps.saturating_add(1);
            let AtnConfig { state, alternative, context, dips_into_outer_context, suppresses_precedence_filter } =
                config;
            let visit =
                (state, alternative, context, dips_into_outer_context, suppresses_precedence_filter, depth == 0);
            if self.is_exhausted() || !closure.visited.insert(visit) {
                continue;
            }
            let Some(state) = self.atn.state(config.state) else {
                continue;
            };
            if state.kind == StateKind::RuleStop {
                if config.context != EMPTY {
                    self.pop(config, depth, closure, &mut todo);
                } else if closure.full {
                    closure.add(config, &mut self.contexts);
                } else {
                    self.global_follow(config, depth, closure, &mut todo);
                }
                continue;
            }
            let mut waits = false;
            for (index, transition) in state.transitions.iter().enumerate() {
                match transition {
                    Transition::Token(..) => waits = true,
                    Transition::Epsilon(to) => {
                        if index == 0 && state.is_precedence_decision && self.can_drop_loop_entry_edge(config) {
                            continue;
                        }
                        todo.push((AtnConfig { state: *to, ..config }, depth));
                    }
                    Transition::Notice(_, to) => todo.push((AtnConfig { state: *to, ..config }, depth)),
                    Transition::Precedence(level, to) => {
                        let in_force = closure.precedence.filter(|_| depth == 0);
                        if in_force.is_none_or(|precedence| *level >= precedence) {
                            todo.push((AtnConfig { state: *to, ..config }, depth));
                        }
                    }
                    Transition::Rule { rule, follow, .. } => {
                        let start = self.atn.rule(*rule).map_or(config.state, |rule| rule.start);
                        let context = self.contexts.push(config.context, *follow);
                        let inner = if depth >= 0 { depth.saturating_add(1) } else { depth };
                        todo.push((AtnConfig { state: start, context, ..config }, inner));
                    }
                }
            }
            if waits {
                closure.add(config, &mut self.contexts);
            }
        }
    }

    fn pop(&mut self, config: AtnConfig, depth: i32, closure: &mut ConfigSet, todo: &mut Vec<(AtnConfig, i32)>) {
        let entries = self.contexts.entries(config.context).to_vec();
        for (state, context) in entries {
            if state == EMPTY_RETURN_STATE {
                let ended = AtnConfig { context: EMPTY, ..config };
                if closure.full {
                    closure.add(ended, &mut self.contexts);
                } else {
                    self.global_follow(ended, depth, closure, todo);
                }
            } else {
                todo.push((AtnConfig { state, context, ..config }, depth.saturating_sub(1)));
            }
        }
    }

    /// Leaves the rule of the decision in SLL mode, where the callers are unknown: towards all of them.
    fn global_follow(
        &mut self,
        config: AtnConfig,
        depth: i32,
        closure: &mut ConfigSet,
        todo: &mut Vec<(AtnConfig, i32)>,
    ) {
        let Some(rule) = self.atn.state(config.state).map(|state| state.rule) else {
            return;
        };
        let Some(callers) = self.atn.rule(rule).map(|rule| rule.callers.as_slice()) else {
            return;
        };
        if callers.is_empty() {
            closure.add(config, &mut self.contexts);
        }
        for (follow, precedence_zero) in callers {
            let suppresses_precedence_filter =
                config.suppresses_precedence_filter || (*precedence_zero && closure.precedence_rule == Some(rule));
            let config =
                AtnConfig { state: *follow, dips_into_outer_context: true, suppresses_precedence_filter, ..config };
            todo.push((config, depth.saturating_sub(1)));
        }
    }

    /// Whether the loop of a nested operand offers only what the outer loop offers
    /// (`canDropLoopEntryEdgeInLeftRecursiveRule`).
    fn can_drop_loop_entry_edge(&self, config: AtnConfig) -> bool {
        let entries = self.contexts.entries(config.context);
        !self.contexts.may_be_empty(config.context)
            && entries.iter().all(|(state, _)| self.atn.returns_to(*state, config.state))
    }

    /// The first alternative that finished the rule of the decision before the token that no alternative accepts
    /// (`getSynValidOrSemInvalidAltThatFinishedDecisionEntryRule`).
    pub(super) fn alt_that_finished_decision_entry_rule(&self, configs: &[AtnConfig]) -> Option<usize> {
        configs
            .iter()
            .filter(|config| {
                config.dips_into_outer_context
                    || (self.atn.kind(config.state) == StateKind::RuleStop
                        && self.contexts.may_be_empty(config.context))
            })
            .map(|config| usize::from(config.alternative))
            .min()
    }

    /// The first of the alternatives that further tokens cannot tell apart (`hasSLLConflictTerminatingPrediction`).
    pub(super) fn sll_conflict(&self, configs: &[AtnConfig]) -> Option<u8> {
        let all_stopped = configs.iter().all(|config| self.atn.kind(config.state) == StateKind::RuleStop);
        let sets = alternatives_by(configs, |config| (config.state, config.context));
        let clash = sets.values().any(|set| set.count_ones() > 1);
        let lone = alternatives_by(configs, |config| config.state).values().any(|set| set.count_ones() == 1);
        if !all_stopped && (!clash || lone) {
            return None;
        }
        configs.iter().map(|config| config.alternative).min()
    }
}

pub(super) fn unique_alt(configs: &[AtnConfig]) -> Option<u8> {
    let first = configs.first()?.alternative;
    configs.iter().all(|config| config.alternative == first).then_some(first)
}

/// The alternative that is the minimum of every conflicting subset (`resolvesToJustOneViableAlt`).
pub(super) fn single_viable_alt(configs: &[AtnConfig]) -> Option<u8> {
    let sets = alternatives_by(configs, |config| (config.state, config.context));
    let mut firsts = sets.values().map(|set| set.trailing_zeros());
    let first = firsts.next()?;
    firsts.all(|other| other == first).then(|| u8::try_from(first).ok())?
}

fn alternatives_by<K: std::hash::Hash + Eq>(configs: &[AtnConfig], key: impl Fn(&AtnConfig) -> K) -> FxHashMap<K, u64> {
    let mut sets = FxHashMap::default();
    for config in configs {
        let bit = 1u64.checked_shl(u32::from(config.alternative)).unwrap_or(0);
        *sets.entry(key(config)).or_insert(0) |= bit;
    }
    sets
}
