//! Checks functions: their parameters, their variables, and the types of calls.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::smallvec;

use super::{
    codes::Code,
    context::{Env, Inferred, Local, Uses, Variable, Want},
    host::RequestKinds,
    infer::Checker,
    scope::{FunctionId, Statement, SymbolTable},
    types::{Possible, Types},
};
use crate::{
    syntax::ast::{Expr, Function, Let, Version},
    text::Span,
    value::Type,
};

/// The types of a call of a function, for given expected types of its result.
pub(super) struct Summary {
    /// Types of the result.
    pub(super) types: Possible,
    /// Types of the parameters.
    pub(super) parameters: Vec<Types>,
}

impl Summary {
    /// The summary of a function about which nothing is known.
    pub(super) fn unknown() -> Rc<Summary> {
        Rc::new(Summary { types: None, parameters: Vec::new() })
    }
}

/// Memoized summaries: a body is inferred once for each expectation of its result, however often it is called.
pub(super) type Summaries = FxHashMap<(FunctionId, Types), Rc<Summary>>;

/// Maximum depth of calls that are inferred. Longer chains are refused anyway.
const MAX_CALLS: usize = 24;

impl<'a> Checker<'_, 'a> {
    /// Checks the condition of a statement.
    pub(super) fn statement(&mut self, statement: &Statement<'a>) {
        let Some(condition) = statement.allow.condition else { return };
        let mut env = Env {
            visible: FxHashMap::default(),
            locals: Vec::new(),
            scope: statement.scope,
            kinds: statement.kinds,
            unreached: Code::UnknownMethod,
        };
        self.infer(&mut env, condition, Want { condition: true, ..Want::of(const { Types::of(&[Type::Bool]) }) });
    }

    /// Checks a function on its own.
    pub(super) fn function(&mut self, id: FunctionId) {
        let Some(declared) = self.symbols.declared(id) else { return };
        let function = declared.function;
        let mut env = self.env(id);
        self.names(function);
        if declared.at_root {
            self.service_functions(function, env.kinds);
        }
        self.active.push(id);
        self.lets(&mut env, function, 0, Want::ANY);
        self.active.pop();
        self.unread(&env, function);
    }

    /// Checks the names of parameters and variables.
    fn names(&mut self, function: &Function) {
        // A single name cannot repeat.
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

    /// Reports service functions that a function outside services calls.
    fn service_functions(&mut self, function: &Function, kinds: RequestKinds) {
        let mut pending: Vec<_> = function.lets.iter().map(|l| l.value).chain([function.result]).collect();
        while let Some(id) = pending.pop() {
            let expr = self.exprs.get(id);
            let (package, name) = match expr {
                Expr::Call(name, _) if self.symbols.function(SymbolTable::ROOT, &name.text).is_none() => {
                    (None, Some(name))
                }
                Expr::PackageCall(package, name, _) => (Some(package.text.as_str()), Some(name)),
                _ => (None, None),
            };
            if let Some(name) = name
                && kinds.function(package, &name.text).is_some_and(|function| function.of_service)
            {
                let full = package.map_or_else(|| name.text.to_string(), |package| format!("{package}.{}", name.text));
                self.report(Code::ServiceFunctionOutside, name.span, || {
                    format!("Call to service function '{full}' occurs outside of defining scope.")
                });
            }
            expr.children().for_each(|(child, _)| pending.push(child));
        }
    }

    /// Reports unread parameters and variables. If there are too many variables, the body was not inferred; then only
    /// variables that another one hides are known to be unread.
    fn unread(&mut self, env: &Env<'a>, function: &Function) {
        if env.locals.iter().all(|local| local.is_read) {
            return;
        }
        let too_many = function.lets.len() > self.limits.variables;
        let parameters = function.parameters.len();
        // A parameter counts as read if another parameter of the same name is.
        let read: FxHashSet<_> =
            env.locals.iter().take(parameters).filter(|local| local.is_read).map(|local| &local.name.text).collect();
        for (i, Local { name, is_read }) in env.locals.iter().enumerate() {
            let hidden = || env.locals.iter().skip((i + 1).max(parameters)).any(|local| local.name.text == name.text);
            if !is_read && (i >= parameters || !read.contains(&name.text)) && (!too_many || hidden()) {
                self.report(Code::UnusedVariable, name.span, || format!("Unused variable: {}.", name.text));
            }
        }
    }

    fn env(&self, id: FunctionId) -> Env<'a> {
        let declared = self.symbols.declared(id);
        let function = declared.map(|d| d.function);
        let mut env = Env {
            visible: FxHashMap::default(),
            locals: Vec::new(),
            scope: declared.map_or(0, |d| d.scope),
            kinds: self.kinds.get(id).copied().unwrap_or(RequestKinds::NONE),
            unreached: Code::UnusedFunction,
        };
        for parameter in function.into_iter().flat_map(|f| &f.parameters) {
            // Of repeated names, which are an error, the first one counts.
            env.visible.entry(&parameter.text).or_insert_with(|| smallvec![env.locals.len()]);
            env.locals.push(Local { name: parameter, is_read: false });
        }
        env
    }

    /// Infers the variables from `from` on and the result. A variable relates to its value as a parameter to an
    /// argument.
    fn lets(&mut self, env: &mut Env<'a>, function: &'a Function, from: usize, want: Want) -> Inferred<'a> {
        if from > self.limits.variables {
            // The official compiler accepts one more than its message says.
            let said = self.limits.variables.saturating_sub(1);
            let span = self.body_span(function, from);
            self.report(Code::TooManyVariables, span, || {
                format!("Maximum allowed variable count of {said} for a given function has been reached.")
            });
            return Inferred::unknown();
        }
        let Some(Let { name, value, .. }) = function.lets.get(from) else {
            return self.infer(env, function.result, want);
        };
        let local = env.locals.len();
        env.locals.push(Local { name, is_read: false });
        env.visible.entry(&name.text).or_default().push(local);
        let mut rest = self.lets(env, function, from + 1, want);
        if let Some(indices) = env.visible.get_mut(name.text.as_str()) {
            indices.pop();
        }
        let wanted = rest.uses.remove(Variable::Local(local)).unwrap_or(Types::ANY);
        let value = self.infer(env, *value, Want { implied: true, ..Want::of(wanted) });
        let uses = self.join(env, value.uses.and(rest.uses), |this| this.body_span(function, from));
        Inferred { types: rest.types, uses }
    }

    /// The span of the part of a body that starts with a variable or, after the last one, with the result.
    fn body_span(&self, function: &Function, from: usize) -> Span {
        match function.lets.get(from) {
            Some(next) => Span { start: self.token_index().previous(next.name.span.start), end: next.name.span.end },
            None => self.outer_span(function.result, false),
        }
    }

    /// The types of a call of a function whose result should have one of `wanted`.
    pub(super) fn summary(&mut self, id: FunctionId, wanted: Types) -> Rc<Summary> {
        if self.active.len() >= MAX_CALLS || self.active.contains(&id) {
            return Summary::unknown();
        }
        if let Some(known) = self.summaries.get(&(id, wanted)) {
            return Rc::clone(known);
        }
        let Some(function) = self.symbols.declared(id).map(|d| d.function) else { return Summary::unknown() };
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

/// The types that the uses in a body require of its parameters. Repeated names, which are an error, count once, as in
/// the official compiler.
fn parameters(function: &Function, env: &Env<'_>, uses: &Uses<'_>) -> Vec<Types> {
    let names = function.parameters.iter().enumerate();
    let first =
        names.filter(|(i, name)| env.visible.get(name.text.as_str()).is_some_and(|indices| indices.first() == Some(i)));
    first.map(|(i, _)| uses.get(Variable::Local(i)).unwrap_or(Types::ANY)).collect()
}
