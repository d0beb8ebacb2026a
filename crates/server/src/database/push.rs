//! What a namespace sends to its listeners.

use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value as Json;

use super::tree::{Node, Wire};
use crate::{
    at_length_if,
    memory::{Full, Held, Memory},
};

/// The number by which a client knows a listen with a query.
pub type Tag = i64;

/// Takes what a namespace sends to one connection. Calls arrive in order, under the lock of the namespace: a subscriber
/// puts the push into its queue and returns. It must not call the namespace.
pub trait Subscriber: Send + Sync {
    /// Takes a push.
    fn push(&self, push: &Arc<Push>);
}

/// A change that listeners are told. All who are told the same share one push, and with it one serialised frame.
#[derive(Debug)]
pub struct Push {
    /// What changed.
    pub change: Change,
    frame: OnceLock<Box<str>>,
    held: OnceLock<Result<Held, Full>>,
}

/// What changed. Paths are like `users/alice`, without slashes at their ends; the root is empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The value of a path is now this one; [`Node::Nothing`] if it was removed. The path is that
    /// of the listen or below it.
    Data {
        /// The path.
        path: String,
        /// The value.
        value: Node,
        /// The tag of a listen with a query. The value at its path is then the window.
        tag: Option<Tag>,
    },
    /// The values at some paths below a path are now these. Other values below it stay.
    Merge {
        /// The path, at or below that of the listen.
        path: String,
        /// The paths below it, `a` or `a/b`, each with its value.
        children: Vec<(String, Node)>,
        /// The tag of a listen with a query.
        tag: Option<Tag>,
    },
    /// The rules no longer allow a listen. It has ended; nothing follows for it.
    Revoked {
        /// The path of the listen.
        path: String,
        /// The query as the client wrote it; `None` for the default query.
        query: Option<Json>,
        /// Its tag.
        tag: Option<Tag>,
    },
}

impl Push {
    pub(super) fn new(change: Change) -> Arc<Self> {
        Arc::new(Push { change, frame: OnceLock::new(), held: OnceLock::new() })
    }

    /// The message of the WebSocket protocol, `{"t":"d","d":{"a":…,"b":…}}`. Serialised once, whoever asks.
    pub fn frame(&self) -> &str {
        self.frame.get_or_init(|| {
            // Serialising to text does not fail: keys are strings, numbers are finite.
            let frame = || serde_json::to_string(&Message { t: "d", d: Action { a: self.action(), b: &self.change } });
            let frame = at_length_if(self.change.is_large(), frame);
            frame.unwrap_or_default().into()
        })
    }

    /// Counts the message as on its way, once for all who are told.
    ///
    /// # Errors
    ///
    /// Too much is on its way already.
    pub(super) fn count(&self, memory: &Memory) -> Result<(), Full> {
        self.held.get_or_init(|| memory.take(self.frame().len())).as_ref().map(drop).map_err(|full| *full)
    }

    fn action(&self) -> &'static str {
        match &self.change {
            Change::Data { .. } => "d",
            Change::Merge { .. } => "m",
            Change::Revoked { .. } => "c",
        }
    }
}

impl Change {
    fn is_large(&self) -> bool {
        match self {
            Change::Data { value, .. } => value.is_large(),
            Change::Merge { children, .. } => children.iter().any(|(_, value)| value.is_large()),
            Change::Revoked { .. } => false,
        }
    }
}

#[derive(Serialize)]
struct Message<'p> {
    t: &'static str,
    d: Action<'p>,
}

#[derive(Serialize)]
struct Action<'p> {
    a: &'static str,
    b: &'p Change,
}

/// The body of a message, without copies of the values.
impl Serialize for Change {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut body = serializer.serialize_map(None)?;
        let tag = match self {
            Change::Data { path, value, tag } => {
                body.serialize_entry("p", path)?;
                body.serialize_entry("d", &Wire(value))?;
                tag
            }
            Change::Merge { path, children, tag } => {
                body.serialize_entry("p", path)?;
                let children = children.iter().map(|(path, value)| (path, Wire(value)));
                body.serialize_entry("d", &children.collect::<Entries<_>>())?;
                tag
            }
            Change::Revoked { path, query, .. } => {
                body.serialize_entry("p", path)?;
                if let Some(query) = query {
                    body.serialize_entry("q", &[query])?;
                }
                &None
            }
        };
        if let Some(tag) = tag {
            body.serialize_entry("t", tag)?;
        }
        body.end()
    }
}

/// Serialises as a map.
struct Entries<E>(Vec<E>);

impl<E> FromIterator<E> for Entries<E> {
    fn from_iter<I: IntoIterator<Item = E>>(entries: I) -> Self {
        Entries(entries.into_iter().collect())
    }
}

impl<K: Serialize, V: Serialize> Serialize for Entries<(K, V)> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_the_protocol() {
        let data = Change::Data { path: "a/b".to_owned(), value: Node::Number(1.0), tag: None };
        assert_eq!(Push::new(data).frame(), r#"{"t":"d","d":{"a":"d","b":{"p":"a/b","d":1}}}"#);
        let children = vec![("b".to_owned(), Node::Bool(true)), ("c/d".to_owned(), Node::Nothing)];
        let merge = Change::Merge { path: "a".to_owned(), children, tag: Some(7) };
        assert_eq!(
            Push::new(merge).frame(),
            r#"{"t":"d","d":{"a":"m","b":{"p":"a","d":{"b":true,"c/d":null},"t":7}}}"#
        );
        let query = Some(serde_json::json!({ "l": 2, "vf": "r" }));
        let revoked = Change::Revoked { path: "a".to_owned(), query, tag: Some(7) };
        assert_eq!(Push::new(revoked).frame(), r#"{"t":"d","d":{"a":"c","b":{"p":"a","q":[{"l":2,"vf":"r"}]}}}"#);
    }
}
