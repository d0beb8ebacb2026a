//! A SAT solver: conflict-driven clause learning with two watched literals, first-UIP learning, activities and saved phases.
//! It is deterministic: the same clauses in the same order give the same model.

use std::{cmp::Reverse, collections::BinaryHeap};

/// A literal: a variable and a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lit(u32);

#[allow(clippy::should_implement_trait, reason = "an operator would hide the sign")]
impl Lit {
    /// The variable, true.
    pub fn positive(var: usize) -> Self {
        Lit((var as u32) << 1)
    }

    /// The opposite.
    #[must_use]
    pub fn not(self) -> Self {
        Lit(self.0 ^ 1)
    }

    /// This literal, or with `negated` its opposite.
    #[must_use]
    pub fn negated_if(self, negated: bool) -> Self {
        Lit(self.0 ^ u32::from(negated))
    }

    fn var(self) -> usize {
        (self.0 >> 1) as usize
    }

    fn is_negative(self) -> bool {
        self.0 & 1 == 1
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Debug, Default)]
struct Var {
    value: Option<bool>,
    level: u32,
    reason: Option<usize>,
    activity: f64,
    phase: bool,
    seen: bool,
}

/// Clauses, and the state of the search.
#[derive(Debug)]
pub struct Sat {
    vars: Vec<Var>,
    clauses: Vec<Vec<Lit>>,
    watches: Vec<Vec<usize>>,
    trail: Vec<Lit>,
    limits: Vec<usize>,
    head: usize,
    order: BinaryHeap<(u64, Reverse<usize>)>,
    increment: f64,
    contradiction: bool,
}

impl Default for Sat {
    fn default() -> Self {
        Sat {
            vars: Vec::new(),
            clauses: Vec::new(),
            watches: Vec::new(),
            trail: Vec::new(),
            limits: Vec::new(),
            head: 0,
            order: BinaryHeap::new(),
            increment: 1.0,
            contradiction: false,
        }
    }
}

impl Sat {
    /// A new variable, which the search first tries with this value.
    pub fn variable(&mut self, phase: bool) -> usize {
        let var = self.vars.len();
        self.vars.push(Var { phase, ..Var::default() });
        self.watches.push(Vec::new());
        self.watches.push(Vec::new());
        self.order.push((0, Reverse(var)));
        var
    }

    /// Makes the search try this value of a variable first, and this variable before others.
    pub fn prefer(&mut self, var: usize, phase: bool) {
        self.back_to(0);
        if let Some(slot) = self.var(var) {
            slot.phase = phase;
        }
        self.bump(var);
    }

    /// The value of a literal in the model or in the search so far.
    pub fn value(&self, lit: Lit) -> Option<bool> {
        self.vars.get(lit.var()).and_then(|var| var.value).map(|value| value != lit.is_negative())
    }

    fn var(&mut self, var: usize) -> Option<&mut Var> {
        self.vars.get_mut(var)
    }

    fn level_of(&self, lit: Lit) -> u32 {
        self.vars.get(lit.var()).map_or(0, |var| var.level)
    }

    /// Adds a clause. The search starts anew.
    pub fn clause(&mut self, mut literals: Vec<Lit>) {
        self.back_to(0);
        literals.sort_unstable();
        literals.dedup();
        if literals.windows(2).any(|pair| matches!(pair, [a, b] if *b == a.not())) {
            return;
        }
        literals.retain(|lit| self.value(*lit) != Some(false));
        if literals.iter().any(|lit| self.value(*lit) == Some(true)) {
            return;
        }
        match literals.as_slice() {
            [] => self.contradiction = true,
            [one] => self.assign(*one, None),
            [..] => {
                self.attach(literals);
            }
        }
    }

    fn attach(&mut self, literals: Vec<Lit>) -> usize {
        let id = self.clauses.len();
        for lit in literals.iter().take(2) {
            if let Some(watch) = self.watches.get_mut(lit.index()) {
                watch.push(id);
            }
        }
        self.clauses.push(literals);
        id
    }

    fn assign(&mut self, lit: Lit, reason: Option<usize>) {
        let level = self.limits.len() as u32;
        if let Some(var) = self.var(lit.var()) {
            var.value = Some(!lit.is_negative());
            var.level = level;
            var.reason = reason;
        }
        self.trail.push(lit);
    }

    fn back_to(&mut self, level: usize) {
        let Some(limit) = self.limits.get(level).copied() else { return };
        for lit in self.trail.split_off(limit.min(self.trail.len())) {
            let mut activity = 0.0;
            if let Some(var) = self.var(lit.var()) {
                var.phase = var.value.unwrap_or(var.phase);
                var.value = None;
                activity = var.activity;
            }
            self.order.push((activity.to_bits(), Reverse(lit.var())));
        }
        self.limits.truncate(level);
        self.head = limit.min(self.head);
    }

    /// Follows from what is assigned; the clause that contradicts it, if there is one.
    fn propagate(&mut self) -> Option<usize> {
        while let Some(lit) = self.trail.get(self.head).copied() {
            self.head += 1;
            let falsified = lit.not();
            let watching = self.watches.get_mut(falsified.index()).map(std::mem::take).unwrap_or_default();
            let mut kept = Vec::with_capacity(watching.len());
            let mut conflict = None;
            for id in watching {
                if conflict.is_some() {
                    kept.push(id);
                    continue;
                }
                match self.visit(id, falsified) {
                    Visit::Moved => {}
                    Visit::Kept => kept.push(id),
                    Visit::Unit(lit) => {
                        kept.push(id);
                        self.assign(lit, Some(id));
                    }
                    Visit::Conflict => {
                        kept.push(id);
                        conflict = Some(id);
                    }
                }
            }
            if let Some(watch) = self.watches.get_mut(falsified.index()) {
                watch.append(&mut kept);
            }
            if conflict.is_some() {
                return conflict;
            }
        }
        None
    }

    /// Looks at a clause of which a watched literal became false.
    fn visit(&mut self, id: usize, falsified: Lit) -> Visit {
        let value = |vars: &[Var], lit: Lit| {
            vars.get(lit.var()).and_then(|var| var.value).map(|value| value != lit.is_negative())
        };
        let Some(clause) = self.clauses.get_mut(id) else { return Visit::Kept };
        if clause.first() == Some(&falsified) {
            clause.swap(0, 1);
        }
        let Some(first) = clause.first().copied() else { return Visit::Kept };
        if value(&self.vars, first) == Some(true) {
            return Visit::Kept;
        }
        let other = clause.iter().skip(2).position(|lit| value(&self.vars, *lit) != Some(false));
        if let Some(at) = other {
            clause.swap(1, at + 2);
            let watched = clause.get(1).copied();
            if let Some(watch) = watched.and_then(|lit| self.watches.get_mut(lit.index())) {
                watch.push(id);
            }
            return Visit::Moved;
        }
        if value(&self.vars, first) == Some(false) { Visit::Conflict } else { Visit::Unit(first) }
    }

    fn bump(&mut self, var: usize) {
        let increment = self.increment;
        let Some(slot) = self.var(var) else { return };
        slot.activity += increment;
        let activity = slot.activity;
        self.order.push((activity.to_bits(), Reverse(var)));
        if activity > 1e100 {
            self.vars.iter_mut().for_each(|var| var.activity *= 1e-100);
            self.increment *= 1e-100;
        }
    }

    /// Learns from a conflict: the clause, its asserting literal first, and the level to go back to.
    fn analyse(&mut self, conflict: usize) -> (Vec<Lit>, usize) {
        let level = self.limits.len() as u32;
        let mut learned = Vec::new();
        let mut open = 0;
        let mut reason = Some(conflict);
        let mut at = self.trail.len();
        let mut asserting = None;
        loop {
            let literals = reason.and_then(|id| self.clauses.get(id)).cloned().unwrap_or_default();
            for lit in literals {
                let var_level = self.level_of(lit);
                let Some(var) = self.var(lit.var()) else { continue };
                if Some(lit) == asserting || var.seen || var_level == 0 {
                    continue;
                }
                var.seen = true;
                self.bump(lit.var());
                if var_level == level {
                    open += 1;
                } else {
                    learned.push(lit);
                }
            }
            // The last assigned literal that takes part.
            let next = loop {
                at -= 1;
                let Some(lit) = self.trail.get(at).copied() else { break None };
                if self.vars.get(lit.var()).is_some_and(|var| var.seen) {
                    break Some(lit);
                }
                if at == 0 {
                    break None;
                }
            };
            let Some(next) = next else { break };
            open -= 1;
            if let Some(var) = self.var(next.var()) {
                var.seen = false;
                reason = var.reason;
            }
            asserting = Some(next);
            if open == 0 {
                learned.insert(0, next.not());
                break;
            }
        }
        for lit in learned.iter().skip(1).copied().collect::<Vec<_>>() {
            if let Some(var) = self.var(lit.var()) {
                var.seen = false;
            }
        }
        self.increment *= 1.05;
        let back = learned.iter().skip(1).map(|lit| self.level_of(*lit)).max().unwrap_or(0);
        // A literal of that level is watched.
        if let Some(second) = learned.iter().skip(1).position(|lit| self.level_of(*lit) == back) {
            learned.swap(1, second + 1);
        }
        (learned, back as usize)
    }

    /// Whether the clauses have a model, within a number of conflicts.
    pub fn solve(&mut self, conflicts: usize) -> Option<bool> {
        self.back_to(0);
        if self.contradiction {
            return Some(false);
        }
        for _ in 0..conflicts {
            let found = loop {
                if let Some(conflict) = self.propagate() {
                    break Some(conflict);
                }
                let Some(var) = self.next_variable() else { break None };
                self.limits.push(self.trail.len());
                let phase = self.vars.get(var).is_some_and(|var| var.phase);
                self.assign(Lit::positive(var).negated_if(!phase), None);
            };
            let Some(conflict) = found else { return Some(true) };
            if self.limits.is_empty() {
                self.contradiction = true;
                return Some(false);
            }
            let (learned, back) = self.analyse(conflict);
            self.back_to(back);
            match learned.as_slice() {
                [] => {
                    self.contradiction = true;
                    return Some(false);
                }
                [one] => self.assign(*one, None),
                [first, ..] => {
                    let first = *first;
                    let id = self.attach(learned);
                    self.assign(first, Some(id));
                }
            }
        }
        None
    }

    fn next_variable(&mut self) -> Option<usize> {
        while let Some((_, Reverse(var))) = self.order.pop() {
            if self.vars.get(var).is_some_and(|var| var.value.is_none()) {
                return Some(var);
            }
        }
        None
    }
}

enum Visit {
    Moved,
    Kept,
    Unit(Lit),
    Conflict,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::{Lit, Sat};

    /// Random clauses: a model satisfies them, and where there is none, trying all finds none.
    #[test]
    fn answers_agree_with_trying_all_assignments() {
        let mut state = 7_u64;
        let mut next = |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % n
        };
        let (mut yes, mut no) = (0, 0);
        for _ in 0..600 {
            let vars = 3 + next(8) as usize;
            let clauses: Vec<Vec<(usize, bool)>> = (0..vars * 4 + next(8) as usize)
                .map(|_| (0..3).map(|_| (next(vars as u64) as usize, next(2) == 0)).collect())
                .collect();
            let mut sat = Sat::default();
            for _ in 0..vars {
                sat.variable(false);
            }
            for clause in &clauses {
                sat.clause(clause.iter().map(|(var, negated)| Lit::positive(*var).negated_if(*negated)).collect());
            }
            let holds = |value: &dyn Fn(usize) -> bool| {
                clauses.iter().all(|clause| clause.iter().any(|(var, negated)| value(*var) != *negated))
            };
            let possible = (0..1_u32 << vars).any(|bits| holds(&|var| bits >> var & 1 == 1));
            let found = sat.solve(100_000).unwrap();
            assert_eq!(found, possible);
            if found {
                yes += 1;
                assert!(holds(&|var| sat.value(Lit::positive(var)).unwrap()));
            } else {
                no += 1;
            }
        }
        assert!(yes > 50 && no > 50, "{yes} {no}");
    }
}
