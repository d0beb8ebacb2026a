//! The loaded rulesets, by the names that `firebase-tools` counts up and never gives back.

use std::collections::HashMap;

use firewarden::storage::Ruleset;

/// The number of rulesets that are kept. Beyond it, the one that was not used for longest is dropped.
const MAX_RULESETS: usize = 256;

#[derive(Default)]
pub(super) struct Rulesets {
    by_name: HashMap<String, Kept>,
    /// Counts uses.
    clock: u64,
}

struct Kept {
    rules: Ruleset,
    used: u64,
}

impl Rulesets {
    pub(super) fn insert(&mut self, name: String, rules: Ruleset) {
        self.clock += 1;
        self.by_name.insert(name, Kept { rules, used: self.clock });
        if self.by_name.len() > MAX_RULESETS {
            let oldest = self.by_name.iter().min_by_key(|(_, kept)| kept.used).map(|(name, _)| name.clone());
            oldest.and_then(|name| self.by_name.remove(&name));
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
    }

    /// The rules of a name; clones share them.
    pub(super) fn get(&mut self, name: &str) -> Option<Ruleset> {
        self.clock += 1;
        let kept = self.by_name.get_mut(name)?;
        kept.used = self.clock;
        Some(kept.rules.clone())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_least_recently_used_ruleset_is_dropped() {
        let rules: Ruleset = "service firebase.storage { match /b/{b}/o/{f} { allow get; } }".parse().unwrap();
        let mut rulesets = Rulesets::default();
        for name in 0..MAX_RULESETS {
            rulesets.insert(name.to_string(), rules.clone());
        }
        assert!(rulesets.get("0").is_some());
        rulesets.insert("one more".to_owned(), rules);
        assert!(rulesets.get("1").is_none());
        assert!(rulesets.get("0").is_some() && rulesets.get("2").is_some() && rulesets.get("one more").is_some());
        assert_eq!(rulesets.by_name.len(), MAX_RULESETS);
    }
}
