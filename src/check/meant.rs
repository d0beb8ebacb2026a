//! What an unknown name of a service's rules may have been meant to be, of the names that are in scope where it stands.

use super::{context::Env, host::Product, infer::Checker, scope::ScopeId, signature, types::Possible};
use crate::syntax::{Language, PACKAGES, Role, advice};

/// Names that are listed where nothing is like the name.
const MOST_LISTED: usize = 12;

impl<'a> Checker<'_, 'a> {
    fn language(&self, scope: ScopeId) -> Language {
        match self.world.product(scope) {
            Some(Product::Storage) => Language::Storage,
            _ => Language::Firestore,
        }
    }

    /// Of a variable.
    pub(super) fn meant_variable(&self, env: &Env<'a>, name: &str) -> Option<String> {
        let captures = self.world.capture_names(env.scope);
        let mut known: Vec<&str> =
            env.locals.iter().filter(|(_, places)| !places.is_empty()).map(|(name, _)| *name).collect();
        known.extend(captures);
        env.hosts.variable_names().for_each(|name| known.push(name));
        known.sort_unstable();
        known.dedup();
        if self.world.function(env.scope, name).is_some() {
            return Some(format!("a function is called: `{name}(…)`"));
        }
        // A package is written before a point, where a variable may stand too.
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

    /// Of a function, with its package where it has one.
    pub(super) fn meant_function(&self, env: &Env<'a>, full: &str) -> Option<String> {
        let language = self.language(env.scope);
        if let Some((package, _)) = full.split_once('.') {
            let of_host = env.hosts.function_names(Some(package));
            let names = signature::function_names(Some(package)).into_iter().chain(of_host);
            let known: Vec<String> = names.map(|name| format!("{package}.{name}")).collect();
            return advice(language, Role::Function, full, known.iter().map(String::as_str))
                .or_else(|| (!known.is_empty()).then(|| format!("there are {}", known.join(", "))));
        }
        let mut known: Vec<&str> = self.world.visible_functions(env.scope).collect();
        env.hosts.function_names(None).for_each(|name| known.push(name));
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

    /// Of a method, whose receiver may be of some types.
    pub(super) fn meant_method(&self, env: &Env<'a>, name: &str, receiver: Possible) -> Option<String> {
        let is_function =
            self.world.function(env.scope, name).is_some() || signature::function_names(None).contains(&name);
        if is_function {
            return Some(format!("this is a function: `{name}(x)`"));
        }
        let known = signature::method_names(receiver);
        let advised = advice(self.language(env.scope), Role::Method, name, known.iter().copied());
        // Of a receiver whose type is known, these are all.
        advised.or_else(|| receiver.map(|types| format!("methods of {types} are {}", known.join(", "))))
    }
}
