//! Which alternative of a decision fits: all are followed in step, token by token, until one is
//! left. First with callers unknown (that is cached), then, if that is ambiguous, with them.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::network::{Edge, Network, StateId, StateKind};
use super::stacks::{EMPTY, END, StackId, Stacks};
use super::token::{EOF, Kind, Token};

/// Closure steps after which a source counts as too complex.
const MAX_STEPS: u64 = 40_000_000;
/// Cached states and stacks before the cache is dropped.
const MAX_CACHED: usize = 200_000;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
struct Config {
    state: StateId,
    alternative: u8,
    stack: StackId,
    /// Has left the rule of the decision.
    left: bool,
    /// Left an operator rule entered with strength 0.
    outermost: bool,
}

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

#[derive(Debug)]
struct Cached {
    configs: Rc<[Config]>,
    outcome: Outcome,
    edges: HashMap<Kind, Option<usize>>,
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

#[derive(Debug)]
pub(super) struct Predictor {
    network: &'static Network,
    stacks: Stacks,
    starts: HashMap<(StateId, u8), usize>,
    states: Vec<Cached>,
    ids: HashMap<Rc<[Config]>, usize>,
    steps: u64,
    /// Index of the last token looked at.
    pub(super) reach: usize,
}

/// What is being closed over.
struct Closure {
    configs: Vec<Config>,
    places: HashMap<(StateId, u8), usize>,
    visited: HashSet<(Config, bool)>,
    full: bool,
    /// The strength to filter operators with, only while a decision starts.
    strength: Option<u8>,
    /// The operator rule whose loop is being decided.
    operators: Option<u16>,
}

impl Closure {
    fn new(full: bool) -> Self {
        Self {
            configs: Vec::new(),
            places: HashMap::new(),
            visited: HashSet::new(),
            full,
            strength: None,
            operators: None,
        }
    }

    fn add(&mut self, config: Config, stacks: &mut Stacks) {
        let key = (config.state, config.alternative);
        let wildcard = !self.full;
        match self.places.get(&key).and_then(|place| self.configs.get_mut(*place)) {
            Some(known) => {
                known.stack = stacks.merge(known.stack, config.stack, wildcard);
                known.left |= config.left;
                known.outermost |= config.outermost;
            }
            None => {
                self.places.insert(key, self.configs.len());
                self.configs.push(config);
            }
        }
    }
}

impl Predictor {
    pub(super) fn new(network: &'static Network) -> Self {
        Self {
            network,
            stacks: Stacks::new(),
            starts: HashMap::new(),
            states: Vec::new(),
            ids: HashMap::new(),
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
                let config =
                    Config { state: *to, alternative, stack, left: false, outermost: false };
                self.close(config, &mut closure);
            }
        }
        let mut configs = closure.configs;
        if operators.is_some() && !full {
            // What leaving the loop reaches by re-entering it from outside is the first
            // alternative's already.
            let first: HashMap<StateId, StackId> = configs
                .iter()
                .filter(|config| config.alternative == 0)
                .map(|config| (config.state, config.stack))
                .collect();
            configs.retain(|config| {
                config.alternative == 0
                    || config.outermost
                    || first.get(&config.state) != Some(&config.stack)
            });
        }
        for config in &mut configs {
            config.outermost = false;
        }
        configs
    }

    fn intern(&mut self, mut configs: Vec<Config>, outcome: Outcome) -> usize {
        configs.sort_unstable();
        let configs: Rc<[Config]> = configs.into();
        if let Some(id) = self.ids.get(&configs) {
            return *id;
        }
        let id = self.states.len();
        self.ids.insert(Rc::clone(&configs), id);
        self.states.push(Cached { configs, outcome, edges: HashMap::new() });
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
        let any_stopped = closure
            .configs
            .iter()
            .any(|config| self.network.kind(config.state) == StateKind::RuleStop);
        if !full || !any_stopped {
            for config in stopped {
                closure.add(config, &mut self.stacks);
            }
        }
        closure.configs
    }

    /// Adds everything reachable from `config` without a token.
    fn close(&mut self, config: Config, closure: &mut Closure) {
        // The depth tells whether operators still belong to the decision itself.
        let mut todo = vec![(config, 0i32)];
        while let Some((config, depth)) = todo.pop() {
            self.steps = self.steps.saturating_add(1);
            if self.steps > MAX_STEPS || !closure.visited.insert((config, depth == 0)) {
                continue;
            }
            let Some(state) = self.network.state(config.state) else { continue };
            if state.kind == StateKind::RuleStop {
                if config.stack != EMPTY {
                    self.pop(config, depth, closure, &mut todo);
                } else if closure.full {
                    closure.add(config, &mut self.stacks);
                } else {
                    self.chase(config, depth, closure, &mut todo);
                }
                continue;
            }
            let mut waits = false;
            for (index, edge) in state.edges.iter().enumerate() {
                match edge {
                    Edge::Token(..) => waits = true,
                    Edge::Empty(to) => {
                        if index == 0 && state.operator_loop && self.leads_back(config) {
                            continue;
                        }
                        todo.push((Config { state: *to, ..config }, depth));
                    }
                    Edge::Notice(_, to) => todo.push((Config { state: *to, ..config }, depth)),
                    Edge::Strength(level, to) => {
                        let in_force = closure.strength.filter(|_| depth == 0);
                        if in_force.is_none_or(|strength| *level >= strength) {
                            todo.push((Config { state: *to, ..config }, depth));
                        }
                    }
                    Edge::Rule { rule, follow, .. } => {
                        let start = self.network.rule(*rule).map_or(config.state, |rule| rule.start);
                        let stack = self.stacks.push(config.stack, *follow);
                        let inner = if depth >= 0 { depth.saturating_add(1) } else { depth };
                        todo.push((Config { state: start, stack, ..config }, inner));
                    }
                }
            }
            if waits {
                closure.add(config, &mut self.stacks);
            }
        }
    }

    fn pop(
        &mut self,
        config: Config,
        depth: i32,
        closure: &mut Closure,
        todo: &mut Vec<(Config, i32)>,
    ) {
        let entries = self.stacks.entries(config.stack).to_vec();
        for (state, stack) in entries {
            if state == END {
                let ended = Config { stack: EMPTY, ..config };
                if closure.full {
                    closure.add(ended, &mut self.stacks);
                } else {
                    self.chase(ended, depth, closure, todo);
                }
            } else {
                todo.push((Config { state, stack, ..config }, depth.saturating_sub(1)));
            }
        }
    }

    /// Leaves the rule of the decision towards all its callers.
    fn chase(
        &mut self,
        config: Config,
        depth: i32,
        closure: &mut Closure,
        todo: &mut Vec<(Config, i32)>,
    ) {
        let Some(rule) = self.network.state(config.state).map(|state| state.rule) else { return };
        let Some(callers) = self.network.rule(rule).map(|rule| rule.callers.as_slice()) else {
            return;
        };
        if callers.is_empty() {
            closure.add(config, &mut self.stacks);
        }
        for (follow, strength_zero) in callers {
            let outermost = config.outermost || (*strength_zero && closure.operators == Some(rule));
            let config = Config { state: *follow, left: true, outermost, ..config };
            todo.push((config, depth.saturating_sub(1)));
        }
    }

    /// Whether an operator loop within an operand would only repeat what the outer loop offers.
    fn leads_back(&self, config: Config) -> bool {
        let entries = self.stacks.entries(config.stack);
        !self.stacks.may_be_empty(config.stack)
            && entries.iter().all(|(state, _)| self.network.returns_to(*state, config.state))
    }

    /// The first alternative that could have ended the rule of the decision before the token
    /// that fits none.
    fn finished(&self, configs: &[Config]) -> Option<usize> {
        configs
            .iter()
            .filter(|config| {
                config.left
                    || (self.network.kind(config.state) == StateKind::RuleStop
                        && self.stacks.may_be_empty(config.stack))
            })
            .map(|config| usize::from(config.alternative))
            .min()
    }

    /// Some alternatives cannot be told apart any more: the first of them.
    fn conflict(&self, configs: &[Config]) -> Option<u8> {
        let all_stopped =
            configs.iter().all(|config| self.network.kind(config.state) == StateKind::RuleStop);
        let sets = alternatives_by(configs, |config| (config.state, config.stack));
        let clash = sets.values().any(|set| set.count_ones() > 1);
        let lone = alternatives_by(configs, |config| config.state)
            .values()
            .any(|set| set.count_ones() == 1);
        if !all_stopped && (!clash || lone) {
            return None;
        }
        configs.iter().map(|config| config.alternative).min()
    }
}

fn unique(configs: &[Config]) -> Option<u8> {
    let first = configs.first()?.alternative;
    configs.iter().all(|config| config.alternative == first).then_some(first)
}

/// The one alternative that is the first in every state.
fn single_viable(configs: &[Config]) -> Option<u8> {
    let sets = alternatives_by(configs, |config| (config.state, config.stack));
    let mut firsts = sets.values().map(|set| set.trailing_zeros());
    let first = firsts.next()?;
    firsts.all(|other| other == first).then(|| u8::try_from(first).ok())?
}

fn alternatives_by<K: std::hash::Hash + Eq>(
    configs: &[Config],
    key: impl Fn(&Config) -> K,
) -> HashMap<K, u64> {
    let mut sets = HashMap::new();
    for config in configs {
        let bit = 1u64.checked_shl(u32::from(config.alternative)).unwrap_or(0);
        *sets.entry(key(config)).or_insert(0) |= bit;
    }
    sets
}
