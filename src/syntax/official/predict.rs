//! Which alternative of a decision fits: all are followed in step, token by token, until one is
//! left. First with callers unknown (that is cached), then, if that is ambiguous, with them.

use std::rc::Rc;

use super::closure::{Closure, Config, Key, single_viable, unique};
use super::hash::Map;
use super::network::{Edge, Network, StateId, StateKind};
use super::stacks::{EMPTY, StackId, Stacks};
use super::token::{EOF, Kind, Token};

/// Steps of any kind after which no more is predicted: so many, so many more for each token of the source, and never
/// more than so many. A long file of ordinary conditions with a mistake takes 26 for each token; a step takes 30 to 160
/// nanoseconds.
const FREE_STEPS: usize = 1_000_000;
pub(super) const STEPS_PER_TOKEN: usize = 32;
const MAX_STEPS: usize = 6_000_000;
/// Cached places and stacks before the cache is dropped, and before a single prediction is given up.
const MAX_CACHED: usize = 100_000;
const MAX_CACHED_IN_ONE: usize = 500_000;

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(super) enum Unpredictable {
    /// The token at which the last alternative died.
    NoViable(usize),
    TooComplex,
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Open,
    Unique(u8),
    Conflict(u8),
}

#[derive(Debug, Clone)]
struct Cached {
    configs: Rc<[Config]>,
    outcome: Outcome,
    edges: Map<Kind, Option<usize>>,
}

/// Where a decision is taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decision {
    pub(super) state: StateId,
    /// The strength in force.
    pub(super) strength: u8,
    /// Index of the first token.
    pub(super) at: usize,
    /// Take the first of several alternatives rather than look at the callers.
    pub(super) quick: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Predictor {
    pub(super) network: &'static Network,
    pub(super) stacks: Stacks,
    starts: Map<(StateId, u8), usize>,
    states: Vec<Cached>,
    ids: Map<Key, usize>,
    /// Places in `states`.
    cached: usize,
    /// Work done so far, without that of `stacks`.
    pub(super) steps: usize,
    /// Work after which to give up.
    budget: usize,
    /// Index of the last token looked at.
    pub(super) reach: usize,
}

impl Predictor {
    pub(super) fn new(network: &'static Network) -> Self {
        Self {
            network,
            stacks: Stacks::new(),
            starts: Map::default(),
            states: Vec::new(),
            ids: Map::default(),
            cached: 0,
            steps: 0,
            budget: FREE_STEPS,
            reach: 0,
        }
    }

    /// Begins a source of so many tokens.
    pub(super) fn begin(&mut self, tokens: usize) {
        self.steps = 0;
        self.stacks.steps = 0;
        self.budget = tokens.saturating_mul(STEPS_PER_TOKEN).saturating_add(FREE_STEPS).min(MAX_STEPS);
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.work() > self.budget
            || self.cached > MAX_CACHED_IN_ONE
            || self.stacks.len() > MAX_CACHED_IN_ONE
            || self.stacks.overflow
    }

    /// Work done so far.
    pub(super) fn work(&self) -> usize {
        self.steps.saturating_add(self.stacks.steps)
    }

    /// The same, as a part of what may be done.
    #[cfg(test)]
    pub(super) fn share(&self) -> f64 {
        self.work() as f64 / self.budget as f64
    }

    /// The index of the alternative to take. `follows` are the return states of the callers,
    /// outermost first.
    pub(super) fn predict(
        &mut self,
        decision: Decision,
        tokens: &[Token],
        follows: impl Iterator<Item = StateId>,
    ) -> Result<usize, Unpredictable> {
        if self.cached > MAX_CACHED || self.stacks.len() > MAX_CACHED {
            let steps = self.stacks.steps;
            self.stacks = Stacks::new();
            self.stacks.steps = steps;
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
                return self.finished(&configs).ok_or(Unpredictable::NoViable(at));
            };
            match self.states.get(next).map_or(Outcome::Open, |state| state.outcome) {
                Outcome::Unique(alternative) => return Ok(usize::from(alternative)),
                Outcome::Conflict(alternative) if decision.quick => {
                    return Ok(usize::from(alternative));
                }
                Outcome::Conflict(_) => return self.predict_full(decision, tokens, follows),
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

    fn configs(&self, state: usize) -> Rc<[Config]> {
        self.states.get(state).map_or_else(|| Rc::from([]), |state| Rc::clone(&state.configs))
    }

    fn start(&mut self, decision: Decision) -> usize {
        let operators = self.network.state(decision.state).is_some_and(|state| state.operator_loop);
        let key = (decision.state, if operators { decision.strength } else { u8::MAX });
        if let Some(id) = self.starts.get(&key) {
            return *id;
        }
        let configs = self.start_configs(decision, EMPTY, false);
        let id = self.intern(configs, Outcome::Open);
        self.starts.insert(key, id);
        id
    }

    fn start_configs(&mut self, decision: Decision, stack: StackId, full: bool) -> Vec<Config> {
        let mut closure = Closure::new(full);
        let state = self.network.state(decision.state);
        let operators = state.filter(|state| state.operator_loop).map(|state| state.rule);
        if full || operators.is_some() {
            closure.strength = Some(decision.strength);
        }
        closure.operators = operators;
        for (index, edge) in self.network.edges(decision.state).iter().enumerate() {
            if let (Edge::Empty(to), Ok(alternative)) = (edge, u8::try_from(index)) {
                let config = Config { state: *to, alternative, stack, left: false, outermost: false };
                self.close(config, &mut closure);
            }
        }
        let mut configs = closure.configs;
        if operators.is_some() && !full {
            // What leaving the loop reaches by re-entering it from outside is the first
            // alternative's already.
            let first: Map<StateId, StackId> = configs
                .iter()
                .filter(|config| config.alternative == 0)
                .map(|config| (config.state, config.stack))
                .collect();
            configs.retain(|config| {
                config.alternative == 0 || config.outermost || first.get(&config.state) != Some(&config.stack)
            });
        }
        for config in &mut configs {
            config.outermost = false;
        }
        configs
    }

    fn intern(&mut self, configs: Vec<Config>, outcome: Outcome) -> usize {
        self.steps = self.steps.saturating_add(configs.len());
        let key = Key::of(&configs);
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
        self.cached = self.cached.saturating_add(configs.len());
        let id = self.states.len();
        self.ids.insert(key, id);
        self.states.push(Cached { configs: configs.into(), outcome, edges: Map::default() });
        id
    }

    fn step(&mut self, current: usize, kind: Kind) -> Option<usize> {
        if let Some(known) = self.states.get(current).and_then(|state| state.edges.get(&kind)) {
            return *known;
        }
        let configs = self.configs(current);
        let reached = self.reach_set(&configs, kind, false);
        let next = (!reached.is_empty()).then(|| {
            let outcome = match unique(&reached) {
                Some(alternative) => Outcome::Unique(alternative),
                None => self.conflict(&reached).map_or(Outcome::Open, Outcome::Conflict),
            };
            self.intern(reached, outcome)
        });
        if let Some(state) = self.states.get_mut(current) {
            state.edges.insert(kind, next);
        }
        next
    }

    fn predict_full(
        &mut self,
        decision: Decision,
        tokens: &[Token],
        follows: impl Iterator<Item = StateId>,
    ) -> Result<usize, Unpredictable> {
        let mut stack = EMPTY;
        for follow in follows {
            self.steps = self.steps.saturating_add(1);
            stack = self.stacks.push(stack, follow);
        }
        let mut configs = self.start_configs(decision, stack, true);
        let mut at = decision.at;
        loop {
            let kind = self.look(tokens, at);
            let reached = self.reach_set(&configs, kind, true);
            self.check()?;
            if reached.is_empty() {
                return self.finished(&configs).ok_or(Unpredictable::NoViable(at));
            }
            if let Some(alternative) = unique(&reached).or_else(|| single_viable(&reached)) {
                return Ok(usize::from(alternative));
            }
            configs = reached;
            if kind != EOF {
                at = at.saturating_add(1);
            }
        }
    }

    fn reach_set(&mut self, configs: &[Config], kind: Kind, full: bool) -> Vec<Config> {
        self.steps = self.steps.saturating_add(configs.len());
        let mut moved = Closure::new(full);
        let mut stopped = Vec::new();
        for config in configs {
            if self.network.kind(config.state) == StateKind::RuleStop {
                if full || kind == EOF {
                    stopped.push(*config);
                }
                continue;
            }
            for edge in self.network.edges(config.state) {
                if let Edge::Token(set, to) = edge
                    && set.has(kind)
                {
                    moved.add(Config { state: *to, ..*config }, &mut self.stacks);
                }
            }
        }
        if stopped.is_empty() && kind != EOF && unique(&moved.configs).is_some() {
            return moved.configs;
        }
        let mut closure = Closure::new(full);
        for config in moved.configs {
            self.close(config, &mut closure);
        }
        if kind == EOF {
            let network = self.network;
            closure.configs.retain(|config| network.kind(config.state) == StateKind::RuleStop);
        }
        let any_stopped = closure.configs.iter().any(|config| self.network.kind(config.state) == StateKind::RuleStop);
        if !full || !any_stopped {
            for config in stopped {
                closure.add(config, &mut self.stacks);
            }
        }
        closure.configs
    }
}
