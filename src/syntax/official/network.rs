//! The grammar as a transition network, built the way the official parser generator does it:
//! which states count as block starts and loop ends decides how errors are recovered from.

use std::sync::OnceLock;

use super::grammar::{GRAMMAR, Item, Repeat, rules};
use super::notice::Notice;
use super::token::{EPSILON, Kind, KindSet, kind_named};

pub(super) type StateId = u16;

/// Marks "an operator's binding strength decides" in look-ahead sets.
pub(super) const STRENGTH_DECIDES: Kind = 62;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StateKind {
    Plain,
    RuleStop,
    /// Start of a block, plain or optional.
    BlockStart,
    PlusBlockStart,
    StarBlockStart,
    StarLoopEntry,
    StarLoopBack,
    PlusLoopBack,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Edge {
    Empty(StateId),
    Token(KindSet, StateId),
    Rule { rule: u16, strength: u8, follow: StateId },
    Strength(u8, StateId),
    Notice(Notice, StateId),
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) kind: StateKind,
    pub(super) rule: u16,
    pub(super) edges: Vec<Edge>,
    /// Tokens that may come next, with [`EPSILON`] where the rule may end.
    pub(super) next: KindSet,
    /// As `next`, but stopping at operators.
    next_to_operators: KindSet,
    /// For a decision that one token settles: the tokens of each alternative.
    pub(super) settled: Option<Vec<KindSet>>,
    /// An optional block, or a loop: the last alternative leaves it.
    pub(super) may_leave: bool,
    /// The loop of an operator rule.
    pub(super) operator_loop: bool,
}

#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) start: StateId,
    pub(super) stop: StateId,
    /// Where its callers continue, and whether the call was with strength 0.
    pub(super) callers: Vec<(StateId, bool)>,
    /// Tokens that may follow the rule anywhere.
    follow: KindSet,
    pub(super) has_operators: bool,
}

#[derive(Debug, Default)]
pub(super) struct Network {
    pub(super) states: Vec<State>,
    pub(super) rules: Vec<Rule>,
}

impl Network {
    pub(super) fn get() -> &'static Self {
        static NETWORK: OnceLock<Network> = OnceLock::new();
        NETWORK.get_or_init(|| Self::build(GRAMMAR))
    }

    pub(super) fn state(&self, id: StateId) -> Option<&State> {
        self.states.get(usize::from(id))
    }

    pub(super) fn rule(&self, id: u16) -> Option<&Rule> {
        self.rules.get(usize::from(id))
    }

    pub(super) fn kind(&self, id: StateId) -> StateKind {
        self.state(id).map_or(StateKind::RuleStop, |state| state.kind)
    }

    pub(super) fn edges(&self, id: StateId) -> &[Edge] {
        self.state(id).map_or(&[], |state| state.edges.as_slice())
    }

    pub(super) fn next(&self, id: StateId) -> KindSet {
        self.state(id).map(|state| state.next).unwrap_or_default()
    }

    /// Whether an operand that ends at `from` goes straight back to the operator loop `entry`.
    pub(super) fn returns_to(&self, from: StateId, entry: StateId) -> bool {
        let mut at = from;
        for _ in 0..8 {
            if at == entry {
                return true;
            }
            match self.edges(at) {
                [Edge::Empty(to)] => at = *to,
                _ => return false,
            }
        }
        false
    }

    fn build(text: &str) -> Self {
        let rules = rules(text);
        let names: Vec<&str> = rules.iter().map(|(name, _)| *name).collect();
        let mut network = Self::default();
        for (index, _) in rules.iter().enumerate() {
            let rule = u16::try_from(index).unwrap_or_default();
            let start = network.add(StateKind::Plain, rule);
            let stop = network.add(StateKind::RuleStop, rule);
            network.rules.push(Rule { start, stop, ..Rule::default() });
        }
        for (index, (_, alternatives)) in rules.iter().enumerate() {
            let rule = u16::try_from(index).unwrap_or_default();
            let (start, stop) = network.rule(rule).map_or((0, 0), |rule| (rule.start, rule.stop));
            let end = network.block(alternatives, Repeat::Once, start, rule, &names);
            network.connect(end, Edge::Empty(stop));
        }
        network.link_callers();
        network.fill_next();
        network.settle();
        network
    }

    fn add(&mut self, kind: StateKind, rule: u16) -> StateId {
        self.states.push(State {
            kind,
            rule,
            edges: Vec::new(),
            next: KindSet::default(),
            next_to_operators: KindSet::default(),
            settled: None,
            may_leave: matches!(kind, StateKind::StarLoopEntry | StateKind::PlusLoopBack),
            operator_loop: false,
        });
        StateId::try_from(self.states.len().saturating_sub(1)).unwrap_or(StateId::MAX)
    }

    fn connect(&mut self, from: StateId, edge: Edge) {
        if let Some(state) = self.states.get_mut(usize::from(from)) {
            state.edges.push(edge);
        }
    }

    /// Builds a block after `from` and returns its end.
    fn block(
        &mut self,
        alternatives: &[Vec<Item<'_>>],
        repeat: Repeat,
        from: StateId,
        rule: u16,
        names: &[&str],
    ) -> StateId {
        if let Some(edge) = token_set(alternatives).filter(|_| repeat == Repeat::Once) {
            let end = self.add(StateKind::Plain, rule);
            self.connect(from, Edge::Token(edge, end));
            return end;
        }
        if let ([items], Repeat::Once) = (alternatives, repeat) {
            return self.sequence(items, from, rule, names);
        }
        let start = self.add(
            match repeat {
                Repeat::Once | Repeat::Optional => StateKind::BlockStart,
                Repeat::Star => StateKind::StarBlockStart,
                Repeat::Plus => StateKind::PlusBlockStart,
            },
            rule,
        );
        let end = self.add(StateKind::Plain, rule);
        let members = match token_set(alternatives) {
            Some(set) => {
                let target = self.add(StateKind::Plain, rule);
                let source = self.add(StateKind::Plain, rule);
                self.connect(source, Edge::Token(set, target));
                vec![(source, target)]
            }
            None => alternatives
                .iter()
                .map(|items| {
                    let first = self.add(StateKind::Plain, rule);
                    (first, self.sequence(items, first, rule, names))
                })
                .collect(),
        };
        for (first, last) in members {
            self.connect(start, Edge::Empty(first));
            self.connect(last, Edge::Empty(end));
        }
        match repeat {
            Repeat::Once => {
                self.connect(from, Edge::Empty(start));
                end
            }
            Repeat::Optional => {
                self.connect(from, Edge::Empty(start));
                self.connect(start, Edge::Empty(end));
                if let Some(state) = self.states.get_mut(usize::from(start)) {
                    state.may_leave = true;
                }
                end
            }
            Repeat::Star => {
                let entry = self.add(StateKind::StarLoopEntry, rule);
                let back = self.add(StateKind::StarLoopBack, rule);
                let exit = self.add(StateKind::Plain, rule);
                self.connect(from, Edge::Empty(entry));
                self.connect(entry, Edge::Empty(start));
                self.connect(entry, Edge::Empty(exit));
                self.connect(end, Edge::Empty(back));
                self.connect(back, Edge::Empty(entry));
                let operators = alternatives.iter().any(|items| matches!(items.first(), Some(Item::Strength(_))));
                if operators {
                    if let Some(state) = self.states.get_mut(usize::from(entry)) {
                        state.operator_loop = true;
                    }
                    if let Some(rule) = self.rules.get_mut(usize::from(rule)) {
                        rule.has_operators = true;
                    }
                }
                exit
            }
            Repeat::Plus => {
                let back = self.add(StateKind::PlusLoopBack, rule);
                let exit = self.add(StateKind::Plain, rule);
                self.connect(from, Edge::Empty(start));
                self.connect(end, Edge::Empty(back));
                self.connect(back, Edge::Empty(start));
                self.connect(back, Edge::Empty(exit));
                exit
            }
        }
    }

    fn sequence(&mut self, items: &[Item<'_>], from: StateId, rule: u16, names: &[&str]) -> StateId {
        let mut at = from;
        for item in items {
            if let Item::Block(alternatives, repeat) = item {
                at = self.block(alternatives, *repeat, at, rule, names);
                continue;
            }
            let to = self.add(StateKind::Plain, rule);
            let edge = match item {
                Item::Token(name) => kind_named(name).map(|kind| Edge::Token(KindSet::one(kind), to)),
                Item::Rule(name, strength) => names
                    .iter()
                    .position(|candidate| candidate == name)
                    .and_then(|index| u16::try_from(index).ok())
                    .map(|rule| Edge::Rule { rule, strength: *strength, follow: to }),
                Item::Notice(name) => Notice::named(name).map(|notice| Edge::Notice(notice, to)),
                Item::Strength(strength) => Some(Edge::Strength(*strength, to)),
                Item::Block(..) => None,
            };
            self.connect(at, edge.unwrap_or(Edge::Empty(to)));
            at = to;
        }
        at
    }

    fn link_callers(&mut self) {
        let calls: Vec<(u16, StateId, u8)> = self
            .states
            .iter()
            .flat_map(|state| state.edges.iter())
            .filter_map(|edge| match edge {
                Edge::Rule { rule, strength, follow } => Some((*rule, *follow, *strength)),
                _ => None,
            })
            .collect();
        for (rule, follow, strength) in calls {
            if let Some(rule) = self.rules.get_mut(usize::from(rule)) {
                let outermost = rule.has_operators && strength == 0;
                rule.callers.push((follow, outermost));
            }
        }
    }

    /// Fills the look-ahead sets of states and rules; they only grow, so this ends.
    fn fill_next(&mut self) {
        for rule in 0..self.rules.len() {
            let stop = self.rules.get(rule).map_or(0, |rule| rule.stop);
            if let Some(state) = self.states.get_mut(usize::from(stop)) {
                state.next = KindSet::one(EPSILON);
                state.next_to_operators = KindSet::one(EPSILON);
            }
        }
        loop {
            let mut changed = false;
            for index in 0..self.states.len() {
                let Some(state) = self.states.get(index) else {
                    continue;
                };
                let (mut all, mut visible) = (state.next, state.next_to_operators);
                for edge in &state.edges {
                    all.join(self.ahead(edge, |state| state.next, false));
                    visible.join(self.ahead(edge, |state| state.next_to_operators, true));
                }
                changed |= all != state.next || visible != state.next_to_operators;
                if let Some(state) = self.states.get_mut(index) {
                    state.next = all;
                    state.next_to_operators = visible;
                }
            }
            for index in 0..self.rules.len() {
                let Some(rule) = self.rules.get(index) else {
                    continue;
                };
                let mut follow = rule.follow;
                for (caller, _) in &rule.callers {
                    follow.join(self.ahead_anywhere(*caller));
                }
                changed |= follow != rule.follow;
                if let Some(rule) = self.rules.get_mut(index) {
                    rule.follow = follow;
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn ahead(&self, edge: &Edge, of: impl Fn(&State) -> KindSet, stop_at_operators: bool) -> KindSet {
        let at = |id: StateId| self.state(id).map(&of).unwrap_or_default();
        match edge {
            Edge::Empty(to) | Edge::Notice(_, to) => at(*to),
            Edge::Strength(_, _) if stop_at_operators => KindSet::one(STRENGTH_DECIDES),
            Edge::Strength(_, to) => at(*to),
            Edge::Token(set, _) => *set,
            Edge::Rule { rule, follow, .. } => {
                let mut set = at(self.rule(*rule).map_or(0, |rule| rule.start));
                if set.has(EPSILON) {
                    set = set.without(EPSILON);
                    set.join(at(*follow));
                }
                set
            }
        }
    }

    /// Tokens after `id` whoever called its rule.
    fn ahead_anywhere(&self, id: StateId) -> KindSet {
        let Some(state) = self.state(id) else {
            return KindSet::default();
        };
        let mut set = state.next_to_operators;
        if set.has(EPSILON) {
            set = set.without(EPSILON);
            set.join(self.rule(state.rule).map(|rule| rule.follow).unwrap_or_default());
        }
        set
    }

    /// Finds the decisions that one token settles.
    fn settle(&mut self) {
        for index in 0..self.states.len() {
            let Some(state) = self.states.get(index).filter(|state| state.edges.len() > 1) else {
                continue;
            };
            let sets: Vec<KindSet> = state
                .edges
                .iter()
                .map(|edge| match edge {
                    Edge::Empty(to) => self.ahead_anywhere(*to),
                    _ => KindSet::default(),
                })
                .collect();
            let mut seen = KindSet::default();
            let mut disjoint = true;
            for set in &sets {
                disjoint &= !set.is_empty() && !set.has(STRENGTH_DECIDES) && !seen.meets(*set);
                seen.join(*set);
            }
            if let Some(state) = self.states.get_mut(index).filter(|_| disjoint) {
                state.settled = Some(sets);
            }
        }
    }
}

/// Alternatives that are single tokens each make one set.
fn token_set(alternatives: &[Vec<Item<'_>>]) -> Option<KindSet> {
    if alternatives.len() < 2 {
        return None;
    }
    let mut set = KindSet::default();
    for items in alternatives {
        let [Item::Token(name)] = items.as_slice() else {
            return None;
        };
        set.add(kind_named(name)?);
    }
    Some(set)
}
