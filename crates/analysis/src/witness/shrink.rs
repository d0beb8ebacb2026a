//! Makes a witness smaller: drops what it does not need, one thing at a time.

use firewarden::{Value, value::Map};

use super::Witness;
use crate::schema::Method;

/// The number of decisions of one minimisation.
const MAX_TRIES: usize = 200;

impl Witness {
    /// The witness without whatever `holds` does not need.
    #[must_use]
    pub fn shrunk(self, holds: &mut dyn FnMut(&Witness) -> bool) -> Witness {
        let mut best = self;
        let mut tries = 0;
        loop {
            let mut smaller = None;
            for candidate in best.smaller() {
                tries += 1;
                if tries > MAX_TRIES {
                    return best;
                }
                if holds(&candidate) {
                    smaller = Some(candidate);
                    break;
                }
            }
            match smaller {
                Some(found) => best = found,
                None => return best,
            }
        }
    }

    /// Witnesses that lack one thing.
    fn smaller(&self) -> Vec<Witness> {
        let mut found = Vec::new();
        let mut push = |change: &dyn Fn(&mut Witness)| {
            let mut smaller = self.clone();
            change(&mut smaller);
            found.push(smaller);
        };
        for name in self.documents.keys() {
            push(&|w| drop(w.documents.remove(name)));
        }
        for name in self.after.keys() {
            push(&|w| drop(w.after.remove(name)));
        }
        if self.stored.is_some() && !matches!(self.method, Method::Update | Method::List) {
            push(&|w| w.stored = None);
        }
        if self.write_fields.is_some() {
            push(&|w| w.write_fields = None);
        }
        if self.limit.is_some() {
            push(&|w| w.limit = None);
        }
        if let Some((_, token)) = &self.auth {
            for smaller in without_each(token) {
                push(&|w| {
                    if let Some((_, token)) = &mut w.auth {
                        *token = smaller.clone();
                    }
                });
            }
        }
        if let Some(stored) = &self.stored {
            for smaller in without_each(stored) {
                push(&|w| w.stored = Some(smaller.clone()));
            }
        }
        if let Some(incoming) = &self.incoming {
            for smaller in without_each(incoming) {
                push(&|w| w.incoming = Some(smaller.clone()));
            }
        }
        for (name, fields) in &self.documents {
            if let Value::Map(fields) = fields {
                for smaller in without_each(fields) {
                    push(&|w| drop(w.documents.insert(name.clone(), Value::Map(smaller.clone()))));
                }
            }
        }
        found
    }
}

/// A map without each of its keys, and without what is in them.
fn without_each(map: &Map) -> Vec<Map> {
    let mut found = Vec::new();
    for (dropped, value) in map.iter() {
        let rest = |replacement: Option<Value>| {
            let mut smaller = Map::new();
            for (key, value) in map.iter() {
                if key != dropped {
                    smaller.insert(key, value.clone());
                } else if let Some(replacement) = &replacement {
                    smaller.insert(key, replacement.clone());
                }
            }
            smaller
        };
        found.push(rest(None));
        match value {
            Value::Map(inner) => found.extend(without_each(inner).into_iter().map(|inner| rest(Some(inner.into())))),
            Value::List(items) => {
                for at in 0..items.len() {
                    let kept = items.iter().enumerate().filter(|(other, _)| *other != at);
                    found.push(rest(Some(Value::List(kept.map(|(_, item)| item.clone()).collect()))));
                }
            }
            _ => {}
        }
    }
    found
}
