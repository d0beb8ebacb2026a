//! Suggests names that are in scope in place of an unknown name in the rules of a service.

use super::{context::Env, infer::Checker, scope::ScopeId, signature, types::Possible};
use crate::{
    request::ServiceProduct,
    syntax::{Language, PACKAGES, Role, advice},
};

/// Maximum number of names that are listed if none is similar.
const MOST_LISTED: usize = 12;

impl<'a> Checker<'_, 'a> {
    fn language(&self, scope: ScopeId) -> Language {
        match self.symbols.product(scope) {
            Some(ServiceProduct::Storage) => Language::Storage,
            _ => Language::Firestore,
        }
    }

    /// Suggests a variable.
    pub(super) fn suggest_variable(&self, env: &Env<'a>, name: &str) -> Option<String> {
        let captures = self.symbols.capture_names(env.scope);
        let mut known: Vec<&str> =
            env.visible.iter().filter(|(_, indices)| !indices.is_empty()).map(|(name, _)| *name).collect();
        known.extend(captures);
        env.kinds.variable_names().for_each(|name| known.push(name));
        known.sort_unstable();
        known.dedup();
        if self.symbols.function(env.scope, name).is_some() {
            return Some(format!("a function is called: `{name}(…)`"));
        }
        // A package precedes a dot, where a variable may stand too.
        if let Some(package) = PACKAGES.iter().find(|package| package.eq_ignore_ascii_case(name)) {
            return Some(format!("did you mean `{package}`?"));
        }
        let listed = || {
            let more = if known.len() > MOST_LISTED { ", …" } else { "" };
            let first: Vec<_> = known.iter().take(MOST_LISTED).copied().collect();
            (!first.is_empty()).then(|| format!("here the names are {}{more}", first.join(", ")))
        };
        advice(self.language(env.scope), Role::Variable, name, known.iter().copied()).or_else(listed)
    }

    /// Suggests a function, with its package if it has one.
    pub(super) fn suggest_function(&self, env: &Env<'a>, full: &str) -> Option<String> {
        let language = self.language(env.scope);
        if let Some((package, _)) = full.split_once('.') {
            let of_host = env.kinds.function_names(Some(package));
            let names = signature::function_names(Some(package)).into_iter().chain(of_host);
            let known: Vec<String> = names.map(|name| format!("{package}.{name}")).collect();
            return advice(language, Role::Function, full, known.iter().map(String::as_str))
                .or_else(|| (!known.is_empty()).then(|| format!("there are {}", known.join(", "))));
        }
        let mut known: Vec<&str> = self.symbols.visible_functions(env.scope).collect();
        env.kinds.function_names(None).for_each(|name| known.push(name));
        signature::function_names(None).into_iter().for_each(|name| known.push(name));
        known.sort_unstable();
        let advised = advice(language, Role::Function, full, known);
        advised.or_else(|| {
            Some(match signature::method(full) {
                Some(_) => format!("this is a method: `x.{full}(…)`"),
                None => {
                    format!("no function of this name is in scope: declare it, `function {full}(…) {{ return …; }}`")
                }
            })
        })
    }

    /// Suggests a method for a receiver of some types.
    pub(super) fn suggest_method(&self, env: &Env<'a>, name: &str, receiver: Possible) -> Option<String> {
        let is_function =
            self.symbols.function(env.scope, name).is_some() || signature::function_names(None).contains(&name);
        if is_function {
            return Some(format!("this is a function: `{name}(x)`"));
        }
        let known = signature::method_names(receiver);
        let advised = advice(self.language(env.scope), Role::Method, name, known.iter().copied());
        // For a receiver of known type, these are all methods.
        advised.or_else(|| receiver.map(|types| format!("methods of {types} are {}", known.join(", "))))
    }
}
