//! Which alternative of a decision fits: all are followed in step, token by token, until one is
//! left. First with callers unknown (that is cached), then, if that is ambiguous, with them.

use std::rc::Rc;

use super::closure::{Closure, Config, Key, single_viable, unique};
use super::hash::Map;
use super::network::{Edge, Network, StateId, StateKind};
use super::stacks::{EMPTY, StackId, Stacks};
use super::token::{EOF, Kind, Token};

/// Steps, of any kind, after which a source counts as too complex.
pub(super) const MAX_STEPS: usize = 10_000_000;
/// Cached states and stacks before the cache is dropped.
const MAX_CACHED: usize = 200_000;

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
    /// Work done so far.
    pub(super) steps: usize,
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
            steps: 0,
            reach: 0,
        }
    }

    /// The index of the alternative to take. `follows` are the return states of the callers,
    /// outermost first.
    pub(super) fn predict(
        &mut self,
        decision: Decision,
        tokens: &[Token],
        follows: impl Iterator<Item = StateId>,
    ) -> Result<usize, Unpredictable> {
        if self.states.len() > MAX_CACHED || self.stacks.len() > MAX_CACHED {
            self.stacks = Stacks::new();
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
        if self.steps > MAX_STEPS || self.stacks.overflow {
            return Err(Unpredictable::TooComplex);
        }
        Ok(())
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
        let key = Key::of(&configs);
        if let Some(id) = self.ids.get(&key) {
            return *id;
        }
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
