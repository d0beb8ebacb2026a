//! What a namespace sends to its listeners.

use std::sync::{Arc, OnceLock};

use serde_json::{Value as Json, json};

use super::tree::Node;

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
}

/// What changed. Paths are like `users/alice`, without slashes at their ends; the root is empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The value of a path is now this one; [`Node::Nothing`] if it was removed. The path is at, below or, never, above that
    /// of the listen.
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
        Arc::new(Push { change, frame: OnceLock::new() })
    }

    /// The message of the WebSocket protocol, `{"t":"d","d":{"a":…,"b":…}}`. Serialised once, whoever asks.
    pub fn frame(&self) -> &str {
        self.frame.get_or_init(|| {
            let (action, mut body, tag) = match &self.change {
                Change::Data { path, value, tag } => ("d", json!({ "p": path, "d": value.to_wire() }), tag),
                Change::Merge { path, children, tag } => {
                    let children = children.iter().map(|(path, value)| (path.clone(), value.to_wire()));
                    ("m", json!({ "p": path, "d": Json::Object(children.collect()) }), tag)
                }
                Change::Revoked { path, query: None, .. } => ("c", json!({ "p": path }), &None),
                Change::Revoked { path, query: Some(query), .. } => ("c", json!({ "p": path, "q": [query] }), &None),
            };
            if let (Some(tag), Some(body)) = (tag, body.as_object_mut()) {
                body.insert("t".to_owned(), json!(tag));
            }
            json!({ "t": "d", "d": { "a": action, "b": body } }).to_string().into()
        })
    }
}
