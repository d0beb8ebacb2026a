//! Sets of places in the network that the tokens so far may have led to.

use super::hash::{Map, Set};
use super::network::{Edge, StateId, StateKind};
use super::predict::Predictor;
use super::stacks::{EMPTY, END, StackId, Stacks};

#[derive(Clone, Copy, Debug)]
pub(super) struct Config {
    pub(super) state: StateId,
    pub(super) alternative: u8,
    pub(super) stack: StackId,
    /// Has left the rule of the decision.
    pub(super) left: bool,
    /// Left an operator rule entered with strength 0.
    pub(super) outermost: bool,
}

/// A set of places as the official engine compares them: it looks at whether any has left the rule of the decision, but
/// not at which. Of two such sets it keeps the first one it met.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    places: Box<[(StateId, u8, StackId, bool)]>,
    any_left: bool,
}

impl Key {
    pub(super) fn of(configs: &[Config]) -> Self {
        let mut places: Box<[_]> =
            configs.iter().map(|config| (config.state, config.alternative, config.stack, config.outermost)).collect();
        places.sort_unstable();
        Self { places, any_left: configs.iter().any(|config| config.left) }
    }
}

/// What is being closed over.
pub(super) struct Closure {
    pub(super) configs: Vec<Config>,
    places: Map<(StateId, u8), usize>,
    /// State, alternative, stack, `left`, `outermost`, and whether of the decision itself.
    visited: Set<(StateId, u8, StackId, bool, bool, bool)>,
    full: bool,
    /// The strength to filter operators with, only while a decision starts.
    pub(super) strength: Option<u8>,
    /// The operator rule whose loop is being decided.
    pub(super) operators: Option<u16>,
}

impl Closure {
    pub(super) fn new(full: bool) -> Self {
        Self {
            configs: Vec::new(),
            places: Map::default(),
            visited: Set::default(),
            full,
            strength: None,
            operators: None,
        }
    }

    pub(super) fn add(&mut self, config: Config, stacks: &mut Stacks) {
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
    /// Adds everything reachable from `config` without a token.
    pub(super) fn close(&mut self, config: Config, closure: &mut Closure) {
        // The depth tells whether operators still belong to the decision itself.
        let mut todo = vec![(config, 0i32)];
        while let Some((config, depth)) = todo.pop() {
            self.steps = self.steps.saturating_add(1);
            let Config { state, alternative, stack, left, outermost } = config;
            let visit = (state, alternative, stack, left, outermost, depth == 0);
            if self.is_exhausted() || !closure.visited.insert(visit) {
                continue;
            }
            let Some(state) = self.network.state(config.state) else {
                continue;
            };
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

    fn pop(&mut self, config: Config, depth: i32, closure: &mut Closure, todo: &mut Vec<(Config, i32)>) {
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
    fn chase(&mut self, config: Config, depth: i32, closure: &mut Closure, todo: &mut Vec<(Config, i32)>) {
        let Some(rule) = self.network.state(config.state).map(|state| state.rule) else {
            return;
        };
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
    pub(super) fn finished(&self, configs: &[Config]) -> Option<usize> {
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
    pub(super) fn conflict(&self, configs: &[Config]) -> Option<u8> {
        let all_stopped = configs.iter().all(|config| self.network.kind(config.state) == StateKind::RuleStop);
        let sets = alternatives_by(configs, |config| (config.state, config.stack));
        let clash = sets.values().any(|set| set.count_ones() > 1);
        let lone = alternatives_by(configs, |config| config.state).values().any(|set| set.count_ones() == 1);
        if !all_stopped && (!clash || lone) {
            return None;
        }
        configs.iter().map(|config| config.alternative).min()
    }
}

pub(super) fn unique(configs: &[Config]) -> Option<u8> {
    let first = configs.first()?.alternative;
    configs.iter().all(|config| config.alternative == first).then_some(first)
}

/// The one alternative that is the first in every state.
pub(super) fn single_viable(configs: &[Config]) -> Option<u8> {
    let sets = alternatives_by(configs, |config| (config.state, config.stack));
    let mut firsts = sets.values().map(|set| set.trailing_zeros());
    let first = firsts.next()?;
    firsts.all(|other| other == first).then(|| u8::try_from(first).ok())?
}

fn alternatives_by<K: std::hash::Hash + Eq>(configs: &[Config], key: impl Fn(&Config) -> K) -> Map<K, u64> {
    let mut sets = Map::default();
    for config in configs {
        let bit = 1u64.checked_shl(u32::from(config.alternative)).unwrap_or(0);
        *sets.entry(key(config)).or_insert(0) |= bit;
    }
    sets
}
