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
                    return best.with_address(holds);
                }
                if holds(&candidate) {
                    smaller = Some(candidate);
                    break;
                }
            }
            match smaller {
                Some(found) => best = found,
                None => return best.with_address(holds),
            }
        }
    }

    /// The witness with an e-mail address where the token says whether it is verified, as real tokens have it.
    fn with_address(self, holds: &mut dyn FnMut(&Witness) -> bool) -> Witness {
        let mut with = self.clone();
        if let Some((uid, token)) = &mut with.auth
            && token.get("email_verified").is_some()
            && token.get("email").is_none()
        {
            token.insert("email", Value::from(format!("{}@example.com", uid.to_lowercase())));
            if holds(&with) {
                return with;
            }
        }
        self
    }

    /// Witnesses that lack one thing.
    fn smaller(&self) -> Vec<Witness> {
        let mut found = Vec::new();
        if self.root != self.usual_root() {
            found.push(Witness { root: self.usual_root().to_owned(), ..self.clone() });
        }
        if let Some((uid, _)) = &self.auth
            && uid != "alice"
        {
            found.push(self.renamed(uid, "alice"));
        }
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
        if self.stored.is_some() && !matches!(self.method, Method::Update | Method::Delete | Method::List) {
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

impl Witness {
    /// The witness with another name wherever a text is this one.
    fn renamed(&self, from: &str, to: &str) -> Witness {
        let text = |text: &String| if text == from { to.to_owned() } else { text.clone() };
        let name = |name: &String| {
            name.split('/').map(|part| if part == from { to } else { part }).collect::<Vec<_>>().join("/")
        };
        let map = |map: &Map| match replaced(&Value::Map(map.clone()), from, to) {
            Value::Map(map) => map,
            _ => Map::new(),
        };
        Witness {
            path: self.path.iter().map(text).collect(),
            auth: self.auth.as_ref().map(|(uid, token)| (text(uid), map(token))),
            stored: self.stored.as_ref().map(map),
            incoming: self.incoming.as_ref().map(map),
            documents: self.documents.iter().map(|(key, value)| (name(key), replaced(value, from, to))).collect(),
            after: self
                .after
                .iter()
                .map(|(key, value)| (name(key), value.as_ref().map(|value| replaced(value, from, to))))
                .collect(),
            ..self.clone()
        }
    }
}

fn replaced(value: &Value, from: &str, to: &str) -> Value {
    match value {
        Value::String(_) if value.as_str() == Some(from) => Value::from(to),
        Value::List(items) => Value::List(items.iter().map(|item| replaced(item, from, to)).collect()),
        Value::Map(map) => {
            let mut changed = Map::new();
            for (key, value) in map.iter() {
                changed.insert(if key == from { to } else { key }, replaced(value, from, to));
            }
            Value::Map(changed)
        }
        other => other.clone(),
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
