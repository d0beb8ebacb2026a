//! The call graph: unused functions, recursion, call depth.

use std::collections::hash_map::Entry;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    codes::Code,
    limits::Limits,
    problems::Problems,
    scope::{FunctionId, ScopeId, SymbolTable},
};
use crate::{
    syntax::ast::{Expr, ExprId, Exprs},
    text::Span,
};

/// Steps after which the search for further cycles or deep chains stops: many functions may have more of them than
/// anyone could read.
const MAX_STEPS: usize = 50_000;
/// Reports of one kind after which the search stops.
const MAX_REPORTS: usize = 64;

/// The call graph of a file.
pub(super) struct Calls<'w, 'a> {
    symbols: &'w SymbolTable<'a>,
    /// The functions that each function calls, in source order, with repetitions. The official compiler takes
    /// `math.f()` for a call of `f` here (measured).
    callees: Vec<Vec<FunctionId>>,
    /// Whether a call or a method call uses the name of each function; of functions with the same name, the first
    /// represents all.
    called: Vec<bool>,
}

impl<'w, 'a> Calls<'w, 'a> {
    pub(super) fn new(symbols: &'w SymbolTable<'a>, exprs: &Exprs) -> Self {
        let mut calls = Calls { symbols, callees: Vec::new(), called: vec![false; symbols.functions.len()] };
        for declared in &symbols.functions {
            let lets = declared.function.lets.iter().map(|l| l.value);
            let roots = lets.chain([declared.function.result]);
            let mut callees = Vec::new();
            roots.for_each(|root| calls.collect(exprs, root, declared.scope, &mut callees));
            calls.callees.push(callees);
        }
        // Nothing calls statements, so their callees are not recorded.
        let mut callees = Vec::new();
        for statement in &symbols.statements {
            if let Some(condition) = statement.allow.condition {
                callees.clear();
                calls.collect(exprs, condition, statement.scope, &mut callees);
            }
        }
        calls
    }

    /// Appends the functions that an expression calls, in source order.
    fn collect(&mut self, exprs: &Exprs, root: ExprId, scope: ScopeId, callees: &mut Vec<FunctionId>) {
        let before = callees.len();
        for expr in exprs.tree(root) {
            let Some(function) = self.named(expr, scope) else { continue };
            if !matches!(expr, Expr::Method(..)) {
                callees.push(function);
            }
            if let Some(called) = self.called.get_mut(function).filter(|_| !matches!(expr, Expr::PackageCall(..))) {
                *called = true;
            }
        }
        if callees.len() > before + 1 {
            // The tree lists them from the inside out.
            callees.truncate(before);
            let mut pending = vec![root];
            while let Some(id) = pending.pop() {
                let expr = exprs.get(id);
                callees.extend(self.named(expr, scope).filter(|_| !matches!(expr, Expr::Method(..))));
                expr.children().rev().for_each(|(child, _)| pending.push(child));
            }
        }
    }

    /// The function whose name an expression calls.
    fn named(&self, expr: &Expr, scope: ScopeId) -> Option<FunctionId> {
        match expr {
            Expr::Call(name, _) | Expr::PackageCall(_, name, _) | Expr::Method(_, name, _) => {
                self.symbols.function(scope, &name.text)
            }
            _ => None,
        }
    }

    fn callees(&self, id: FunctionId) -> &[FunctionId] {
        self.callees.get(id).map_or(&[], Vec::as_slice)
    }

    fn name(&self, id: FunctionId) -> (&'a str, Span) {
        self.symbols
            .declared(id)
            .map_or(("", Span::default()), |d| (d.function.name.text.as_str(), d.function.name.span))
    }

    /// Reports functions that nothing calls. A call by an unused function counts.
    pub(super) fn unused(&self, problems: &mut Problems) {
        for id in 0..self.called.len() {
            let first = self.symbols.namesakes(id).first().copied().unwrap_or(id);
            if self.called.get(first) == Some(&false) {
                let (name, span) = self.name(id);
                problems.add(Code::UnusedFunction, span, format!("Unused function: {name}."));
            }
        }
    }

    /// Reports recursion or, if there is none, chains of calls that are too long.
    pub(super) fn depth(&self, limits: &Limits, problems: &mut Problems) {
        let mut recursive = false;
        for id in 0..self.callees.len() {
            if self.callees(id).contains(&id) {
                recursive = true;
                problems.add(Code::Recursion, self.name(id).1, "Recursive call is not allowed.");
            }
        }
        let heights = self.heights();
        if heights.iter().any(Option::is_none) {
            self.cycles(&heights, problems);
        } else if !recursive {
            self.chains(&heights, limits.call_depth + 1, problems);
        }
    }

    /// The length of the longest chain of calls from each function; `None` for a function that leads into a cycle of
    /// several functions.
    fn heights(&self) -> Vec<Option<usize>> {
        let count = self.callees.len();
        let mut heights = vec![None; count];
        let mut callers = vec![Vec::new(); count];
        let mut open = vec![0_usize; count];
        for id in 0..count {
            for callee in self.callees(id).iter().filter(|callee| **callee != id) {
                if let (Some(callers), Some(open)) = (callers.get_mut(*callee), open.get_mut(id)) {
                    callers.push(id);
                    *open += 1;
                }
            }
        }
        let mut ready: Vec<_> = open.iter().enumerate().filter(|(_, n)| **n == 0).map(|(id, _)| id).collect();
        while let Some(id) = ready.pop() {
            let below =
                self.callees(id).iter().filter(|c| **c != id).filter_map(|c| heights.get(*c).copied().flatten()).max();
            if let Some(height) = heights.get_mut(id) {
                *height = Some(below.unwrap_or(0) + 1);
            }
            for caller in callers.get(id).into_iter().flatten() {
                if let Some(open) = open.get_mut(*caller) {
                    *open -= 1;
                    if *open == 0 {
                        ready.push(*caller);
                    }
                }
            }
        }
        heights
    }

    /// Reports every cycle once, starting from the function in it that comes first in [`Self::order`]. A cycle stays
    /// within one scope.
    fn cycles(&self, heights: &[Option<usize>], problems: &mut Problems) {
        let (mut steps, mut found) = (0, 0);
        let cyclic = |id: &FunctionId| heights.get(*id).is_some_and(Option::is_none);
        let met = self.order();
        let rank = |id: FunctionId| met.get(&id).copied().unwrap_or(usize::MAX);
        let mut starts: Vec<_> = (0..heights.len()).filter(cyclic).collect();
        starts.sort_by_key(|id| rank(*id));
        for start in starts {
            // A path from the start through later functions, and for each the number of callees already tried.
            let mut path = vec![(start, 0)];
            let mut on_path = FxHashSet::from_iter([start]);
            while let Some((id, tried)) = path.last_mut() {
                let next = self.callees(*id).get(*tried).copied();
                *tried += 1;
                steps += 1;
                match next {
                    _ if found >= MAX_REPORTS || (steps > MAX_STEPS && found > 0) => return,
                    None => {
                        on_path.remove(id);
                        path.pop();
                    }
                    Some(next) if next == start && path.len() > 1 => {
                        found += 1;
                        let names: Vec<_> = path.iter().map(|(id, _)| self.name(*id).0).collect();
                        let message = format!("Detected a call cycle between [{}] functions.", names.join(","));
                        problems.add(Code::CallCycle, self.name(start).1, message);
                    }
                    Some(next) if rank(next) > rank(start) && cyclic(&next) && on_path.insert(next) => {
                        path.push((next, 0))
                    }
                    Some(_) => {}
                }
                if steps > MAX_STEPS && found == 0 {
                    self.any_cycle(heights, problems);
                    return;
                }
            }
        }
    }

    /// The order in which the official compiler visits functions: source order, with the callees of a function right
    /// after it.
    fn order(&self) -> FxHashMap<FunctionId, usize> {
        let mut met = FxHashMap::default();
        for id in 0..self.callees.len() {
            let mut pending = vec![id];
            while let Some(id) = pending.pop() {
                let next = met.len();
                if let Entry::Vacant(entry) = met.entry(id) {
                    entry.insert(next);
                    pending.extend(self.callees(id).iter().rev());
                }
            }
        }
        met
    }

    /// Reports one cycle, found in one walk.
    fn any_cycle(&self, heights: &[Option<usize>], problems: &mut Problems) {
        let cyclic = |id: &FunctionId| heights.get(*id).is_some_and(Option::is_none);
        let mut path: Vec<FunctionId> = (0..heights.len()).find(cyclic).into_iter().collect();
        let mut visited = FxHashSet::default();
        while let Some(id) = path.last().copied() {
            if !visited.insert(id) {
                let from = path.iter().position(|other| *other == id).unwrap_or(0);
                let names: Vec<_> = path.iter().skip(from + 1).map(|id| self.name(*id).0).collect();
                let message = format!("Detected a call cycle between [{}] functions.", names.join(","));
                problems.add(Code::CallCycle, self.name(id).1, message);
                return;
            }
            match self.callees(id).iter().find(|callee| **callee != id && cyclic(callee)) {
                Some(next) => path.push(*next),
                None => return,
            }
        }
    }

    /// Reports every way in which a chain of calls from a function that nothing calls exceeds `limit` functions. The
    /// official message lists the functions visited last, which are not always the chain (measured).
    fn chains(&self, heights: &[Option<usize>], limit: usize, problems: &mut Problems) {
        let called: FxHashSet<FunctionId> = self.callees.iter().flatten().copied().collect();
        let (mut steps, mut found) = (0, 0);
        let too_high = |id: &FunctionId| heights.get(*id).copied().flatten().is_some_and(|height| height > limit);
        for root in (0..heights.len()).filter(too_high).filter(|id| !called.contains(id)) {
            let mut visited = vec![root];
            let mut chain = vec![(root, 0)];
            while let Some((id, tried)) = chain.last_mut() {
                let next = self.callees(*id).get(*tried).copied();
                *tried += 1;
                steps += 1;
                let depth = chain.len();
                match next {
                    Some(next) if depth >= limit => {
                        let last = visited.get(visited.len().saturating_sub(limit)..).unwrap_or(&visited);
                        let names: Vec<_> = last.iter().map(|id| self.name(*id).0).collect();
                        let message = format!(
                            "Maximum allowed call depth of {} is reached for [{}] call stack.",
                            limit - 1,
                            names.join("->")
                        );
                        problems.add(Code::CallDepth, self.name(next).1, message);
                        found += 1;
                        if found >= MAX_REPORTS || steps > MAX_STEPS {
                            return;
                        }
                    }
                    Some(next) => {
                        // Once the search has taken long, it visits only what leads to a report.
                        let height = heights.get(next).copied().flatten().unwrap_or(0);
                        if steps <= MAX_STEPS || depth + height > limit {
                            visited.push(next);
                            chain.push((next, 0));
                        }
                    }
                    None => {
                        chain.pop();
                    }
                }
            }
        }
    }
}
