//! Adaptive prediction: which alternative of a decision fits. All alternatives are simulated token by token until one is
//! left, first in SLL mode, whose results a DFA caches, then, where that conflicts, with the full context.

use std::rc::Rc;

use super::atn::{Atn, StateId, StateKind, Transition};
use super::configs::{AtnConfig, ConfigSet, ConfigSetKey, single_viable_alt, unique_alt};
use super::contexts::{ContextId, EMPTY, PredictionContexts};
use super::token::{EOF, Kind, Token};
use rustc_hash::FxHashMap;

/// The steps that prediction may take: a base, an allowance for each token, and a maximum. A long file of ordinary
/// conditions with a mistake takes 26 a token; a step takes 30 to 160 nanoseconds.
const FREE_STEPS: usize = 1_000_000;
pub(super) const STEPS_PER_TOKEN: usize = 32;
const MAX_STEPS: usize = 6_000_000;
/// Cached configurations and contexts before the DFA is dropped, and before a single prediction is given up.
const MAX_CACHED: usize = 100_000;
const MAX_CACHED_IN_ONE: usize = 500_000;

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Unpredictable {
    /// The token that no alternative accepts.
    NoViableAlt(usize),
    TooComplex,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Open,
    Unique(u8),
    Conflict(u8),
}

#[derive(Debug, Clone)]
struct DfaState {
    configs: Rc<[AtnConfig]>,
    outcome: Outcome,
    transitions: FxHashMap<Kind, Option<usize>>,
}

/// A decision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decision {
    pub(super) state: StateId,
    /// The precedence of the current rule.
    pub(super) precedence: u8,
    /// Index of the first token.
    pub(super) at: usize,
    /// On a conflict take the minimum alternative, without the full context.
    pub(super) sll_only: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ParserAtnSimulator {
    pub(super) atn: &'static Atn,
    pub(super) contexts: PredictionContexts,
    starts: FxHashMap<(StateId, u8), usize>,
    states: Vec<DfaState>,
    ids: FxHashMap<ConfigSetKey, usize>,
    /// Configurations in `states`.
    cached: usize,
    /// The work done so far, without that of `contexts`.
    pub(super) steps: usize,
    /// Work after which to give up.
    budget: usize,
    /// Index of the last token looked at.
    pub(super) reach: usize,
}

impl ParserAtnSimulator {
    pub(super) fn new(atn: &'static Atn) -> Self {
        Self {
            atn,
            contexts: PredictionContexts::new(),
            starts: FxHashMap::default(),
            states: Vec::new(),
            ids: FxHashMap::default(),
            cached: 0,
            steps: 0,
            budget: FREE_STEPS,
            reach: 0,
        }
    }

    /// Begins a source of so many tokens.
    pub(super) fn begin(&mut self, tokens: usize) {
        self.steps = 0;
        self.contexts.steps = 0;
        self.budget = tokens.saturating_mul(STEPS_PER_TOKEN).saturating_add(FREE_STEPS).min(MAX_STEPS);
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.work() > self.budget
            || self.cached > MAX_CACHED_IN_ONE
            || self.contexts.len() > MAX_CACHED_IN_ONE
            || self.contexts.overflow
    }

    /// The work done so far.
    pub(super) fn work(&self) -> usize {
        self.steps.saturating_add(self.contexts.steps)
    }

    /// The work done so far, as a share of the budget.
    #[cfg(test)]
    pub(super) fn share(&self) -> f64 {
        self.work() as f64 / self.budget as f64
    }

    /// The index of the alternative to take. `follows` are the return states of the callers,
    /// outermost first.
    pub(super) fn adaptive_predict(
        &mut self,
        decision: Decision,
        tokens: &[Token],
        follows: impl Iterator<Item = StateId>,
    ) -> Result<usize, Unpredictable> {
        if self.cached > MAX_CACHED || self.contexts.len() > MAX_CACHED {
            let steps = self.contexts.steps;
            self.contexts = PredictionContexts::new();
            self.contexts.steps = steps;
            self.cached = 0;
            self.starts.clear();
            self.states.clear();
            self.ids.clear();
        }
        let mut at = decision.at;
        let mut current = self.start(decision);
        loop {
            let kind = self.look(tokens, at);
            let next = self.step(current, kind);
            self.check()?;
            let Some(next) = next else {
                let configs = self.configs(current);
                return self.alt_that_finished_decision_entry_rule(&configs).ok_or(Unpredictable::NoViableAlt(at));
            };
            match self.states.get(next).map_or(Outcome::Open, |state| state.outcome) {
                Outcome::Unique(alternative) => return Ok(usize::from(alternative)),
                Outcome::Conflict(alternative) if decision.sll_only => {
                    return Ok(usize::from(alternative));
                }
                Outcome::Conflict(_) => return self.exec_full_context(decision, tokens, follows),
                Outcome::Open => current = next,
            }
            if kind != EOF {
                at = at.saturating_add(1);
            }
        }
    }

    fn look(&mut self, tokens: &[Token], at: usize) -> Kind {
        self.reach = self.reach.max(at);
        self.steps = self.steps.saturating_add(1);
        tokens.get(at).map_or(EOF, |token| token.kind)
    }

    fn check(&self) -> Result<(), Unpredictable> {
        if self.is_exhausted() { Err(Unpredictable::TooComplex) } else { Ok(()) }
    }

    fn configs(&self, state: usize) -> Rc<[AtnConfig]> {
        self.states.get(state).map_or_else(|| Rc::from([]), |state| Rc::clone(&state.configs))
    }

    fn start(&mut self, decision: Decision) -> usize {
        let precedence_rule = self.atn.state(decision.state).is_some_and(|state| state.is_precedence_decision);
        let key = (decision.state, if precedence_rule { decision.precedence } else { u8::MAX });
        if let Some(id) = self.starts.get(&key) {
            return *id;
        }
        let configs = self.compute_start_state(decision, EMPTY, false);
        let id = self.intern(configs, Outcome::Open);
        self.starts.insert(key, id);
        id
    }

    fn compute_start_state(&mut self, decision: Decision, context: ContextId, full: bool) -> Vec<AtnConfig> {
        let mut closure = ConfigSet::new(full);
        let state = self.atn.state(decision.state);
        let precedence_rule = state.filter(|state| state.is_precedence_decision).map(|state| state.rule);
        if full || precedence_rule.is_some() {
            closure.precedence = Some(decision.precedence);
        }
        closure.precedence_rule = precedence_rule;
        for (index, transition) in self.atn.transitions(decision.state).iter().enumerate() {
            if let (Transition::Epsilon(to), Ok(alternative)) = (transition, u8::try_from(index)) {
                let config = AtnConfig {
                    state: *to,
                    alternative,
                    context,
                    dips_into_outer_context: false,
                    suppresses_precedence_filter: false,
                };
                self.closure(config, &mut closure);
            }
        }
        let mut configs = closure.configs;
        if precedence_rule.is_some() && !full {
            // The precedence filter: what the exit alternative reaches by entering the loop again from outside, the first
            // alternative covers.
            let first: FxHashMap<StateId, ContextId> = configs
                .iter()
                .filter(|config| config.alternative == 0)
                .map(|config| (config.state, config.context))
                .collect();
            configs.retain(|config| {
                config.alternative == 0
                    || config.suppresses_precedence_filter
                    || first.get(&config.state) != Some(&config.context)
            });
        }
        for config in &mut configs {
            config.suppresses_precedence_filter = false;
        }
        configs
    }

    fn intern(&mut self, configs: Vec<AtnConfig>, outcome: Outcome) -> usize {
        self.steps = self.steps.saturating_add(configs.len());
        let key = ConfigSetKey::of(&configs);
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        self.cached = self.cached.saturating_add(configs.len());
        let id = self.states.len();
        self.ids.insert(key, id);
        self.states.push(DfaState { configs: configs.into(), outcome, transitions: FxHashMap::default() });
        id
    }

    fn step(&mut self, current: usize, kind: Kind) -> Option<usize> {
        if let Some(known) = self.states.get(current).and_then(|state| state.transitions.get(&kind)) {
            return *known;
        }
        let configs = self.configs(current);
        let reached = self.compute_reach_set(&configs, kind, false);
        let next = (!reached.is_empty()).then(|| {
            let outcome = match unique_alt(&reached) {
                Some(alternative) => Outcome::Unique(alternative),
                None => self.sll_conflict(&reached).map_or(Outcome::Open, Outcome::Conflict),
            };
            self.intern(reached, outcome)
        });
        if let Some(state) = self.states.get_mut(current) {
            state.transitions.insert(kind, next);
        }
        next
    }

    fn exec_full_context(
        &mut self,
        decision: Decision,
        tokens: &[Token],
        follows: impl Iterator<Item = StateId>,
    ) -> Result<usize, Unpredictable> {
        let mut context = EMPTY;
        for follow in follows {
            self.steps = self.steps.saturating_add(1);
            context = self.contexts.push(context, follow);
        }
        let mut configs = self.compute_start_state(decision, context, true);
        let mut at = decision.at;
        loop {
            let kind = self.look(tokens, at);
            let reached = self.compute_reach_set(&configs, kind, true);
            self.check()?;
            if reached.is_empty() {
                return self.alt_that_finished_decision_entry_rule(&configs).ok_or(Unpredictable::NoViableAlt(at));
            }
            if let Some(alternative) = unique_alt(&reached).or_else(|| single_viable_alt(&reached)) {
                return Ok(usize::from(alternative));
            }
            configs = reached;
            if kind != EOF {
                at = at.saturating_add(1);
            }
        }
    }

    fn compute_reach_set(&mut self, configs: &[AtnConfig], kind: Kind, full: bool) -> Vec<AtnConfig> {
        self.steps = self.steps.saturating_add(configs.len());
        let mut moved = ConfigSet::new(full);
        let mut stopped = Vec::new();
        for config in configs {
            if self.atn.kind(config.state) == StateKind::RuleStop {
                if full || kind == EOF {
                    stopped.push(*config);
                }
                continue;
            }
            for transition in self.atn.transitions(config.state) {
                if let Transition::Token(set, to) = transition
                    && set.has(kind)
                {
                    moved.add(AtnConfig { state: *to, ..*config }, &mut self.contexts);
                }
            }
        }
        if stopped.is_empty() && kind != EOF && unique_alt(&moved.configs).is_some() {
            return moved.configs;
        }
        let mut closure = ConfigSet::new(full);
        for config in moved.configs {
            self.closure(config, &mut closure);
        }
        if kind == EOF {
            let atn = self.atn;
            closure.configs.retain(|config| atn.kind(config.state) == StateKind::RuleStop);
        }
        let any_stopped = closure.configs.iter().any(|config| self.atn.kind(config.state) == StateKind::RuleStop);
        if !full || !any_stopped {
            for config in stopped {
                closure.add(config, &mut self.contexts);
            }
        }
        closure.configs
    }
}
