//! In which requests a function may run, and so which variables and functions of the host it sees.
//!
//! The official compiler hands the names that statements call outward, from block to block in source order, and
//! whichever function of that name it meets next takes them: one in a later sibling block before one in the block
//! around, although the call itself means the latter (measured). Only names decide here, so `a.f()` counts as well.

use rustc_hash::FxHashMap;

use super::{
    host::Hosts,
    scope::{FunctionId, ScopeId, World},
};
use crate::syntax::ast::{Expr, ExprId, Exprs, Function};

/// The requests in which each function may run, by [`FunctionId`].
pub(super) fn hosts<'a>(world: &World<'a>, exprs: &'a Exprs) -> Vec<Hosts> {
    let count = world.functions.len();
    let names = world.functions.iter().map(|declared| function_names(exprs, declared.function)).collect();
    let mut reach = Reach { world, exprs, names, hosts: vec![Hosts::NONE; count], waiting: FxHashMap::default() };
    reach.leave(World::ROOT);
    reach.hosts
}

struct Reach<'w, 'a> {
    world: &'w World<'a>,
    exprs: &'a Exprs,
    /// What each function calls.
    names: Vec<Vec<&'a str>>,
    hosts: Vec<Hosts>,
    /// Names called so far for which no function was met.
    waiting: FxHashMap<&'a str, Hosts>,
}

impl<'a> Reach<'_, 'a> {
    /// Blocks within a block first, then its statements, then its functions. Blocks nest at most 64 deep.
    fn leave(&mut self, scope: ScopeId) {
        for child in self.world.children(scope) {
            self.leave(*child);
        }
        for statement in self.world.statements_in(scope) {
            for name in statement.allow.condition.into_iter().flat_map(|root| expression_names(self.exprs, root)) {
                self.wait(name, statement.hosts);
            }
        }
        let mut met: Vec<&'a str> =
            self.world.function_names(scope).filter(|name| self.waiting.contains_key(name)).collect();
        while let Some(name) = met.pop() {
            let Some(hosts) = self.waiting.remove(name) else { continue };
            for id in self.world.functions_named(scope, name) {
                self.add(*id, hosts, scope, &mut met);
            }
        }
    }

    fn wait(&mut self, name: &'a str, hosts: Hosts) {
        let known = self.waiting.entry(name).or_insert(Hosts::NONE);
        *known = known.and(hosts);
    }

    fn add(&mut self, id: FunctionId, hosts: Hosts, scope: ScopeId, met: &mut Vec<&'a str>) {
        let Some(known) = self.hosts.get_mut(id) else { return };
        let all = known.and(hosts);
        if all == *known {
            return;
        }
        *known = all;
        for name in self.names.get(id).cloned().unwrap_or_default() {
            self.wait(name, all);
            if !self.world.functions_named(scope, name).is_empty() {
                met.push(name);
            }
        }
    }
}

fn function_names<'a>(exprs: &'a Exprs, function: &Function) -> Vec<&'a str> {
    let roots = function.lets.iter().map(|l| l.value).chain([function.result]);
    roots.flat_map(|root| expression_names(exprs, root)).collect()
}

/// The names of functions and methods called in an expression.
fn expression_names(exprs: &Exprs, root: ExprId) -> impl Iterator<Item = &str> {
    exprs.tree(root).filter_map(|expr| match expr {
        Expr::Call(name, _) | Expr::Method(_, name, _) => Some(name.text.as_str()),
        _ => None,
    })
}
