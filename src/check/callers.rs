//! Determines the kinds of requests in which a function may run, and thus the variables and functions of the host that
//! it sees.
//!
//! The official compiler passes the names that statements call outward, from block to block in source order, and the
//! first function of that name takes them: one in a later sibling block before one in the enclosing block, although the
//! call itself refers to the latter (measured). Only names count here, so `a.f()` counts as well.

use rustc_hash::FxHashMap;

use super::{
    host::RequestKinds,
    scope::{FunctionId, ScopeId, SymbolTable},
};
use crate::syntax::ast::{Expr, ExprId, Exprs, Function};

/// The kinds of requests in which each function may run, by [`FunctionId`].
pub(super) fn request_kinds<'a>(symbols: &SymbolTable<'a>, exprs: &'a Exprs) -> Vec<RequestKinds> {
    let count = symbols.functions.len();
    let names = symbols.functions.iter().map(|declared| function_names(exprs, declared.function)).collect();
    let mut walk =
        CallerWalk { symbols, exprs, names, kinds: vec![RequestKinds::NONE; count], waiting: FxHashMap::default() };
    walk.visit(SymbolTable::ROOT);
    walk.kinds
}

struct CallerWalk<'w, 'a> {
    symbols: &'w SymbolTable<'a>,
    exprs: &'a Exprs,
    /// The names that each function calls.
    names: Vec<Vec<&'a str>>,
    kinds: Vec<RequestKinds>,
    /// Names called so far for which no function was found.
    waiting: FxHashMap<&'a str, RequestKinds>,
}

impl<'a> CallerWalk<'_, 'a> {
    /// Visits the blocks within a block, then its statements, then its functions. Blocks nest at most 64 deep.
    fn visit(&mut self, scope: ScopeId) {
        for child in self.symbols.children(scope) {
            self.visit(*child);
        }
        for statement in self.symbols.statements_in(scope) {
            for name in statement.allow.condition.into_iter().flat_map(|root| expression_names(self.exprs, root)) {
                self.wait(name, statement.kinds);
            }
        }
        let mut met: Vec<&'a str> =
            self.symbols.function_names(scope).filter(|name| self.waiting.contains_key(name)).collect();
        while let Some(name) = met.pop() {
            let Some(kinds) = self.waiting.remove(name) else { continue };
            for id in self.symbols.functions_named(scope, name) {
                self.add(*id, kinds, scope, &mut met);
            }
        }
    }

    fn wait(&mut self, name: &'a str, kinds: RequestKinds) {
        let known = self.waiting.entry(name).or_insert(RequestKinds::NONE);
        *known = known.and(kinds);
    }

    fn add(&mut self, id: FunctionId, kinds: RequestKinds, scope: ScopeId, met: &mut Vec<&'a str>) {
        let Some(known) = self.kinds.get_mut(id) else { return };
        let all = known.and(kinds);
        if all == *known {
            return;
        }
        *known = all;
        for name in self.names.get(id).cloned().unwrap_or_default() {
            self.wait(name, all);
            if !self.symbols.functions_named(scope, name).is_empty() {
                met.push(name);
            }
        }
    }
}

fn function_names<'a>(exprs: &'a Exprs, function: &Function) -> Vec<&'a str> {
    let roots = function.lets.iter().map(|l| l.value).chain([function.result]);
    roots.flat_map(|root| expression_names(exprs, root)).collect()
}

/// The names of functions and methods that an expression calls.
fn expression_names(exprs: &Exprs, root: ExprId) -> impl Iterator<Item = &str> {
    exprs.tree(root).filter_map(|expr| match expr {
        Expr::Call(name, _) | Expr::Method(_, name, _) => Some(name.text.as_str()),
        _ => None,
    })
}
