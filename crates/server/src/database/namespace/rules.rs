//! The rules of a namespace.

use std::sync::Arc;

use firewarden::{
    rules::{Product, RulesError},
    text::Source,
};

use super::{Namespace, judge::Active};
use crate::{
    lock, lock_or_wait,
    rules::{LoadedRules, first_error},
};

impl Namespace {
    /// Loads rules. Listens that they no longer allow are revoked.
    ///
    /// # Errors
    ///
    /// `LINE:COLUMN: text` for rules that the compiler refuses. The namespace then denies everything until it gets rules.
    pub fn set_rules(&self, source: &Source) -> Result<(), String> {
        let (rules, answer) = match load(source) {
            Ok(loaded) => (Active::Set(loaded), Ok(())),
            Err(error) => (Active::Broken(source.clone(), error.clone()), Err(error)),
        };
        self.activate(rules);
        answer
    }

    /// Loads rules as [`Self::set_rules`] does, unless the compiler refuses them: those from before then stay.
    ///
    /// # Errors
    ///
    /// As for [`Self::set_rules`].
    pub fn replace_rules(&self, source: &Source) -> Result<(), String> {
        let loaded = load(source)?;
        loaded.hold(&self.shared.kept).map_err(|full| full.to_string())?;
        self.activate(Active::Set(loaded));
        Ok(())
    }

    fn activate(&self, rules: Active) {
        let state = &mut *lock(&self.state);
        state.rules = rules;
        let audiences = state.listens.audiences();
        self.judge_anew(state, audiences, self.clock.now());
    }

    /// Checks rules as [`Self::set_rules`] does, without loading them.
    ///
    /// # Errors
    ///
    /// As for [`Self::set_rules`].
    pub fn check_rules(source: &Source) -> Result<(), String> {
        load(source).map(drop)
    }

    /// The text of the rules as they were set; that of open rules if none were.
    pub fn rules_text(&self) -> String {
        lock_or_wait(&self.state).rules.source().text().to_owned()
    }

    /// The rules, if valid ones were set.
    pub fn rules(&self) -> Option<Arc<LoadedRules>> {
        match &lock(&self.state).rules {
            Active::Set(loaded) => Some(Arc::clone(loaded)),
            Active::Open(_) | Active::Broken(..) => None,
        }
    }
}

fn load(source: &Source) -> Result<Arc<LoadedRules>, String> {
    LoadedRules::parse(source, Product::Database).map_err(|refused| match &refused {
        RulesError::Refused(problems) => match first_error(problems) {
            Some((line, column, text)) => format!("{line}:{column}: {text}"),
            None => refused.to_string(),
        },
        RulesError::Product(_) => refused.to_string(),
    })
}
