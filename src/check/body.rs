//! Functions: their parameters and variables, and what a call of them means.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::smallvec;

use super::{
    codes::Code,
    context::{Env, Inferred, Uses, Variable, Want},
    host::Hosts,
    infer::Checker,
    scope::{FunctionId, Statement, World},
    types::{Possible, Types},
};
use crate::{
    syntax::ast::{Expr, Function, Let, Version},
    text::Span,
    value::Type,
};

/// What a call of a function means where something is wanted of its result.
pub(super) struct Summary {
    /// What it gives.
    pub(super) types: Possible,
    /// What its parameters may be.
    pub(super) parameters: Vec<Types>,
}

impl Summary {
    /// Nothing is known.
    pub(super) fn unknown() -> Rc<Summary> {
        Rc::new(Summary { types: None, parameters: Vec::new() })
    }
}

/// Summaries made so far: each body is looked into once for each thing wanted of it, however often it is called.
pub(super) type Summaries = FxHashMap<(FunctionId, Types), Rc<Summary>>;

/// Calls within calls that are looked into. Longer chains are refused anyway.
const MAX_CALLS: usize = 24;

impl<'a> Checker<'_, 'a> {
    /// Checks the condition of a statement.
    pub(super) fn statement(&mut self, statement: &Statement<'a>) {
        let Some(condition) = statement.allow.condition else { return };
        let mut env = Env {
            locals: FxHashMap::default(),
            read: Vec::new(),
            scope: statement.scope,
            hosts: statement.hosts,
            unreached: Code::UnknownMethod,
        };
        self.infer(&mut env, condition, Want { condition: true, ..Want::of(const { Types::of(&[Type::Bool]) }) });
    }

    /// Checks a function for itself.
    pub(super) fn function(&mut self, id: FunctionId) {
        let Some(declared) = self.world.declared(id) else { return };
        let function = declared.function;
        let mut env = self.env(id);
        self.names(function);
        if declared.at_root {
            self.service_functions(function, env.hosts);
        }
        self.active.push(id);
        self.lets(&mut env, function, 0, Want::ANY);
        self.active.pop();
        self.unread(&env, function);
    }

    /// Checks the names of parameters and variables.
    fn names(&mut self, function: &Function) {
        // One name is no repetition.
        let several = function.parameters.len() + function.lets.len() > 1;
        let mut bound = FxHashSet::default();
        for parameter in &function.parameters {
            if several && !bound.insert(parameter.text.as_str()) {
                self.report(Code::DuplicateParameter, parameter.span, || {
                    format!("Variable {} is already defined.", parameter.text)
                });
            }
        }
        for Let { name, .. } in &function.lets {
            if self.version == Version::V1 {
                self.report(Code::LetInVersion1, name.span, || {
                    "Let bindings are not allowed in rules_version=\"1\";".to_owned()
                });
            }
            if several && !bound.insert(&name.text) {
                self.report(Code::RepeatedLet, name.span, || {
                    format!("The identifier [{}] is already bound in the current scope.", name.text)
                });
            }
        }
    }

    /// Reports functions of the host that a function outside services calls.
    fn service_functions(&mut self, function: &Function, hosts: Hosts) {
        let mut pending: Vec<_> = function.lets.iter().map(|l| l.value).chain([function.result]).collect();
        while let Some(id) = pending.pop() {
            let expr = self.exprs.get(id);
            let (package, name) = match expr {
                Expr::Call(name, _) if self.world.function(World::ROOT, &name.text).is_none() => (None, Some(name)),
                Expr::PackageCall(package, name, _) => (Some(package.text.as_str()), Some(name)),
                _ => (None, None),
            };
            if let Some(name) = name
                && let Some((_, true)) = hosts.function(package, &name.text)
            {
                let full = package.map_or_else(|| name.text.to_string(), |package| format!("{package}.{}", name.text));
                self.report(Code::ServiceFunctionOutside, name.span, || {
                    format!("Call to service function '{full}' occurs outside of defining scope.")
                });
            }
            expr.children().for_each(|(child, _)| pending.push(child));
        }
    }

    /// Reports parameters and variables that were not read. Where variables are too many, the body was not looked
    /// into; only what another hides is known to be unread then.
    fn unread(&mut self, env: &Env<'a>, function: &Function) {
        if env.read.iter().all(|(_, read)| *read) {
            return;
        }
        let too_many = function.lets.len() > self.limits.variables;
        let parameters = function.parameters.len();
        // Namesakes among parameters are read together.
        let read: FxHashSet<_> =
            env.read.iter().take(parameters).filter(|(_, read)| *read).map(|(name, _)| &name.text).collect();
        for (i, (name, is_read)) in env.read.iter().enumerate() {
            let hidden = || env.read.iter().skip((i + 1).max(parameters)).any(|(n, _)| n.text == name.text);
            if !is_read && (i >= parameters || !read.contains(&name.text)) && (!too_many || hidden()) {
                self.report(Code::UnusedVariable, name.span, || format!("Unused variable: {}.", name.text));
            }
        }
    }

    fn env(&self, id: FunctionId) -> Env<'a> {
        let declared = self.world.declared(id);
        let function = declared.map(|d| d.function);
        let mut env = Env {
            locals: FxHashMap::default(),
            read: Vec::new(),
            scope: declared.map_or(0, |d| d.scope),
            hosts: self.hosts.get(id).copied().unwrap_or(Hosts::NONE),
            unreached: Code::UnusedFunction,
        };
        for parameter in function.into_iter().flat_map(|f| &f.parameters) {
            // Of namesakes, which are an error, the first is meant.
            env.locals.entry(&parameter.text).or_insert_with(|| smallvec![env.read.len()]);
            env.read.push((parameter, false));
        }
        env
    }

    /// The variables from `from` on and the result. A variable is to its value what a parameter is to an argument.
    fn lets(&mut self, env: &mut Env<'a>, function: &'a Function, from: usize, want: Want) -> Inferred<'a> {
        if from > self.limits.variables {
            // The official compiler accepts one more than its message says.
            let said = self.limits.variables.saturating_sub(1);
            let place = self.body_place(function, from);
            self.report(Code::TooManyVariables, place, || {
                format!("Maximum allowed variable count of {said} for a given function has been reached.")
            });
            return Inferred::unknown();
        }
        let Some(Let { name, value, .. }) = function.lets.get(from) else {
            return self.infer(env, function.result, want);
        };
        let local = env.read.len();
        env.read.push((name, false));
        env.locals.entry(&name.text).or_default().push(local);
        let mut rest = self.lets(env, function, from + 1, want);
        if let Some(places) = env.locals.get_mut(name.text.as_str()) {
            places.pop();
        }
        let wanted = rest.uses.remove(Variable::Local(local)).unwrap_or(Types::ANY);
        let value = self.infer(env, *value, Want { implied: true, ..Want::of(wanted) });
        let uses = self.join(env, value.uses.and(rest.uses), |this| this.body_place(function, from));
        Inferred { types: rest.types, uses }
    }

    /// Where the part of a body begins that starts with a variable, or with the result after the last.
    fn body_place(&self, function: &Function, from: usize) -> Span {
        match function.lets.get(from) {
            Some(next) => Span { start: self.places().before(next.name.span.start), end: next.name.span.end },
            None => self.outer_span(function.result, false),
        }
    }

    /// What a call of a function means where `wanted` is wanted of it.
    pub(super) fn summary(&mut self, id: FunctionId, wanted: Types) -> Rc<Summary> {
        if self.active.len() >= MAX_CALLS || self.active.contains(&id) {
            return Summary::unknown();
        }
        if let Some(known) = self.summaries.get(&(id, wanted)) {
            return Rc::clone(known);
        }
        let Some(function) = self.world.declared(id).map(|d| d.function) else { return Summary::unknown() };
        let mut env = self.env(id);
        self.active.push(id);
        self.quiet += 1;
        let found = self.lets(&mut env, function, 0, Want::of(wanted));
        self.quiet -= 1;
        self.active.pop();
        let summary = Rc::new(Summary { types: found.types, parameters: parameters(function, &env, &found.uses) });
        self.summaries.insert((id, wanted), Rc::clone(&summary));
        summary
    }
}

/// What uses in a body want of its parameters. Namesakes, which are an error, count once, as they do officially.
fn parameters(function: &Function, env: &Env<'_>, uses: &Uses<'_>) -> Vec<Types> {
    let names = function.parameters.iter().enumerate();
    let first =
        names.filter(|(i, name)| env.locals.get(name.text.as_str()).is_some_and(|places| places.first() == Some(i)));
    first.map(|(i, _)| uses.get(Variable::Local(i)).unwrap_or(Types::ANY)).collect()
}
