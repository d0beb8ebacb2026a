//! The augmented transition network (ATN) of the grammar, built as ANTLR builds it: which states are block starts, loop
//! entries and loop backs decides where `DefaultErrorStrategy::sync` looks for errors.

use std::sync::OnceLock;

use super::grammar::{GRAMMAR, Item, Repeat, rules};
use super::notice::Notice;
use super::token::{EPSILON, Kind, KindSet, kind_named};

pub(super) type StateId = u16;

/// Marks "a precedence predicate decides" in look-ahead sets.
pub(super) const PRECEDENCE_DECIDES: Kind = 62;

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
pub(super) enum Transition {
    Epsilon(StateId),
    Token(KindSet, StateId),
    Rule { rule: u16, precedence: u8, follow: StateId },
    Precedence(u8, StateId),
    Notice(Notice, StateId),
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) kind: StateKind,
    pub(super) rule: u16,
    pub(super) transitions: Vec<Transition>,
    /// Tokens that may come next, with [`EPSILON`] where the rule may end.
    pub(super) next: KindSet,
    /// As `next`, but stopping at precedence predicates.
    next_to_precedence: KindSet,
    /// For an LL(1) decision: the tokens of each alternative.
    pub(super) ll1_lookahead: Option<Vec<KindSet>>,
    /// An optional block, or a loop: the last alternative leaves it.
    pub(super) may_leave: bool,
    /// The loop of a left-recursive rule, which precedence predicates guard.
    pub(super) is_precedence_decision: bool,
}

#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) start: StateId,
    pub(super) stop: StateId,
    /// The follow states of its callers, and whether they call with precedence 0.
    pub(super) callers: Vec<(StateId, bool)>,
    /// Tokens that may follow the rule anywhere.
    follow: KindSet,
    pub(super) is_precedence_rule: bool,
}

#[derive(Debug, Default)]
pub(super) struct Atn {
    pub(super) states: Vec<State>,
    pub(super) rules: Vec<Rule>,
}

impl Atn {
    pub(super) fn get() -> &'static Self {
        static ATN: OnceLock<Atn> = OnceLock::new();
        ATN.get_or_init(|| Self::build(GRAMMAR))
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

    pub(super) fn transitions(&self, id: StateId) -> &[Transition] {
        self.state(id).map_or(&[], |state| state.transitions.as_slice())
    }

    pub(super) fn next_tokens(&self, id: StateId) -> KindSet {
        self.state(id).map(|state| state.next).unwrap_or_default()
    }

    /// Whether epsilon transitions alone lead from `from` to the loop `entry`.
    pub(super) fn returns_to(&self, from: StateId, entry: StateId) -> bool {
        let mut at = from;
        for _ in 0..8 {
            if at == entry {
                return true;
            }
            match self.transitions(at) {
                [Transition::Epsilon(to)] => at = *to,
                _ => return false,
            }
        }
        false
    }

    fn build(text: &str) -> Self {
        let rules = rules(text);
        let names: Vec<&str> = rules.iter().map(|(name, _)| *name).collect();
        let mut atn = Self::default();
        for (index, _) in rules.iter().enumerate() {
            let rule = u16::try_from(index).unwrap_or_default();
            let start = atn.add(StateKind::Plain, rule);
            let stop = atn.add(StateKind::RuleStop, rule);
            atn.rules.push(Rule { start, stop, ..Rule::default() });
        }
        for (index, (_, alternatives)) in rules.iter().enumerate() {
            let rule = u16::try_from(index).unwrap_or_default();
            let (start, stop) = atn.rule(rule).map_or((0, 0), |rule| (rule.start, rule.stop));
            let end = atn.block(alternatives, Repeat::Once, start, rule, &names);
            atn.connect(end, Transition::Epsilon(stop));
        }
        atn.link_callers();
        atn.fill_next();
        atn.compute_ll1_lookahead();
        atn
    }

    fn add(&mut self, kind: StateKind, rule: u16) -> StateId {
        self.states.push(State {
            kind,
            rule,
            transitions: Vec::new(),
            next: KindSet::default(),
            next_to_precedence: KindSet::default(),
            ll1_lookahead: None,
            may_leave: matches!(kind, StateKind::StarLoopEntry | StateKind::PlusLoopBack),
            is_precedence_decision: false,
        });
        StateId::try_from(self.states.len().saturating_sub(1)).unwrap_or(StateId::MAX)
    }

    fn connect(&mut self, from: StateId, transition: Transition) {
        if let Some(state) = self.states.get_mut(usize::from(from)) {
            state.transitions.push(transition);
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
        if let Some(transition) = token_set(alternatives).filter(|_| repeat == Repeat::Once) {
            let end = self.add(StateKind::Plain, rule);
            self.connect(from, Transition::Token(transition, end));
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
                self.connect(source, Transition::Token(set, target));
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
            self.connect(start, Transition::Epsilon(first));
            self.connect(last, Transition::Epsilon(end));
        }
        match repeat {
            Repeat::Once => {
                self.connect(from, Transition::Epsilon(start));
                end
            }
            Repeat::Optional => {
                self.connect(from, Transition::Epsilon(start));
                self.connect(start, Transition::Epsilon(end));
                if let Some(state) = self.states.get_mut(usize::from(start)) {
                    state.may_leave = true;
                }
                end
            }
            Repeat::Star => {
                let entry = self.add(StateKind::StarLoopEntry, rule);
                let back = self.add(StateKind::StarLoopBack, rule);
                let exit = self.add(StateKind::Plain, rule);
                self.connect(from, Transition::Epsilon(entry));
                self.connect(entry, Transition::Epsilon(start));
                self.connect(entry, Transition::Epsilon(exit));
                self.connect(end, Transition::Epsilon(back));
                self.connect(back, Transition::Epsilon(entry));
                let precedence_rule =
                    alternatives.iter().any(|items| matches!(items.first(), Some(Item::Precedence(_))));
                if precedence_rule {
                    if let Some(state) = self.states.get_mut(usize::from(entry)) {
                        state.is_precedence_decision = true;
                    }
                    if let Some(rule) = self.rules.get_mut(usize::from(rule)) {
                        rule.is_precedence_rule = true;
                    }
                }
                exit
            }
            Repeat::Plus => {
                let back = self.add(StateKind::PlusLoopBack, rule);
                let exit = self.add(StateKind::Plain, rule);
                self.connect(from, Transition::Epsilon(start));
                self.connect(end, Transition::Epsilon(back));
                self.connect(back, Transition::Epsilon(start));
                self.connect(back, Transition::Epsilon(exit));
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
            let transition = match item {
                Item::Token(name) => kind_named(name).map(|kind| Transition::Token(KindSet::one(kind), to)),
                Item::Rule(name, precedence) => names
                    .iter()
                    .position(|candidate| candidate == name)
                    .and_then(|index| u16::try_from(index).ok())
                    .map(|rule| Transition::Rule { rule, precedence: *precedence, follow: to }),
                Item::Notice(name) => Notice::named(name).map(|notice| Transition::Notice(notice, to)),
                Item::Precedence(precedence) => Some(Transition::Precedence(*precedence, to)),
                Item::Block(..) => None,
            };
            self.connect(at, transition.unwrap_or(Transition::Epsilon(to)));
            at = to;
        }
        at
    }

    fn link_callers(&mut self) {
        let calls: Vec<(u16, StateId, u8)> = self
            .states
            .iter()
            .flat_map(|state| state.transitions.iter())
            .filter_map(|transition| match transition {
                Transition::Rule { rule, precedence, follow } => Some((*rule, *follow, *precedence)),
                _ => None,
            })
            .collect();
        for (rule, follow, precedence) in calls {
            if let Some(rule) = self.rules.get_mut(usize::from(rule)) {
                let suppresses_precedence_filter = rule.is_precedence_rule && precedence == 0;
                rule.callers.push((follow, suppresses_precedence_filter));
            }
        }
    }

    /// Fills the look-ahead sets of states and rules; they only grow, so this ends.
    fn fill_next(&mut self) {
        for rule in 0..self.rules.len() {
            let stop = self.rules.get(rule).map_or(0, |rule| rule.stop);
            if let Some(state) = self.states.get_mut(usize::from(stop)) {
                state.next = KindSet::one(EPSILON);
                state.next_to_precedence = KindSet::one(EPSILON);
            }
        }
        loop {
            let mut changed = false;
            for index in 0..self.states.len() {
                let Some(state) = self.states.get(index) else {
                    continue;
                };
                let (mut all, mut visible) = (state.next, state.next_to_precedence);
                for transition in &state.transitions {
                    all.join(self.ahead(transition, |state| state.next, false));
                    visible.join(self.ahead(transition, |state| state.next_to_precedence, true));
                }
                changed |= all != state.next || visible != state.next_to_precedence;
                if let Some(state) = self.states.get_mut(index) {
                    state.next = all;
                    state.next_to_precedence = visible;
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

    fn ahead(&self, transition: &Transition, of: impl Fn(&State) -> KindSet, stop_at_operators: bool) -> KindSet {
        let at = |id: StateId| self.state(id).map(&of).unwrap_or_default();
        match transition {
            Transition::Epsilon(to) | Transition::Notice(_, to) => at(*to),
            Transition::Precedence(_, _) if stop_at_operators => KindSet::one(PRECEDENCE_DECIDES),
            Transition::Precedence(_, to) => at(*to),
            Transition::Token(set, _) => *set,
            Transition::Rule { rule, follow, .. } => {
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
        let mut set = state.next_to_precedence;
        if set.has(EPSILON) {
            set = set.without(EPSILON);
            set.join(self.rule(state.rule).map(|rule| rule.follow).unwrap_or_default());
        }
        set
    }

    /// Finds the LL(1) decisions.
    fn compute_ll1_lookahead(&mut self) {
        for index in 0..self.states.len() {
            let Some(state) = self.states.get(index).filter(|state| state.transitions.len() > 1) else {
                continue;
            };
            let sets: Vec<KindSet> = state
                .transitions
                .iter()
                .map(|transition| match transition {
                    Transition::Epsilon(to) => self.ahead_anywhere(*to),
                    _ => KindSet::default(),
                })
                .collect();
            let mut seen = KindSet::default();
            let mut disjoint = true;
            for set in &sets {
                disjoint &= !set.is_empty() && !set.has(PRECEDENCE_DECIDES) && !seen.meets(*set);
                seen.join(*set);
            }
            if let Some(state) = self.states.get_mut(index).filter(|_| disjoint) {
                state.ll1_lookahead = Some(sets);
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
