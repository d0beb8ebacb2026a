//! Values as JSON, in the forms of REST and of the WebSocket protocol.

use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value as Json;

use super::{Node, node::Leaf};

/// Serialises as REST answers: without priorities, and with arrays where more than half of the indexes are there.
pub struct Rest<'n>(pub &'n Node);

/// Serialises as the WebSocket protocol and `format=export` do: objects only, with `.priority` and, beside it, `.value`.
pub struct Wire<'n>(pub &'n Node);

impl Node {
    /// Plain JSON as REST answers it: no priorities, and children whose keys are more than half of 0 to the greatest are an
    /// array.
    pub fn to_rest(&self) -> Json {
        json(&Rest(self))
    }

    /// JSON of the WebSocket protocol and of `format=export`: objects only, with `.priority` and, beside it, `.value`.
    pub fn to_wire(&self) -> Json {
        json(&Wire(self))
    }

    /// The answer to `shallow=true`: each child is `true`; a leaf is itself.
    pub fn to_shallow(&self) -> Json {
        match self {
            Node::Branch(_) => {
                Json::Object(self.children().map(|(key, _)| (key.as_str().to_owned(), Json::Bool(true))).collect())
            }
            leaf => leaf.to_rest(),
        }
    }

    /// The length of the array that the children make: one more than the greatest key, if all keys are indexes and more
    /// than half of the array is there.
    fn array_length(&self) -> Option<usize> {
        let index = |key: &str| match key.as_bytes() {
            [b'0'] => Some(0),
            [b'1'..=b'9', ..] => key.parse::<usize>().ok().filter(|index| *index < usize::MAX),
            _ => None,
        };
        // Keys sort by number, so the last of them is the greatest if all are indexes.
        let greatest = index(self.children().next_back()?.0.as_str())?;
        let fits = greatest + 1 < self.child_count().saturating_mul(2);
        (fits && self.children().all(|(key, _)| index(key.as_str()).is_some())).then_some(greatest + 1)
    }
}

/// Serialising to [`Json`] does not fail: keys are strings, numbers are finite.
fn json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}

impl Serialize for Rest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.0;
        match node.leaf() {
            Some(leaf) => leaf.serialize(serializer),
            None if node.is_nothing() => serializer.serialize_unit(),
            None => match node.array_length() {
                Some(length) => {
                    let mut children = node.children().peekable();
                    serializer.collect_seq((0..length).map(|at| {
                        let is_next = |(key, _): &(&super::Key, &Node)| key.as_str().parse() == Ok(at);
                        children.next_if(is_next).map(|(_, child)| Rest(child))
                    }))
                }
                None => serializer.collect_map(node.children().map(|(key, child)| (key.as_str(), Rest(child)))),
            },
        }
    }
}

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.0;
        match (node.leaf(), node.priority()) {
            (Some(leaf), None) => leaf.serialize(serializer),
            (None, None) if node.is_nothing() => serializer.serialize_unit(),
            (leaf, priority) => {
                let mut object = serializer.serialize_map(None)?;
                if let Some(leaf) = leaf {
                    object.serialize_entry(".value", &leaf)?;
                }
                if let Some(priority) = priority {
                    object.serialize_entry(".priority", &Wire(&Node::from(priority)))?;
                }
                for (key, child) in node.children() {
                    object.serialize_entry(key.as_str(), &Wire(child))?;
                }
                object.end()
            }
        }
    }
}

impl Serialize for Leaf<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Leaf::Bool(b) => serializer.serialize_bool(b),
            // The database writes whole numbers without a point.
            Leaf::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => serializer.serialize_i64(n as i64),
            Leaf::Number(n) => serializer.serialize_f64(n),
            Leaf::Text(text) => serializer.serialize_str(text),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use firewarden::database::Data;
    use serde_json::json;

    use super::*;

    fn node(json: Json) -> Node {
        Node::from(&Data::from_json(&json).unwrap())
    }

    #[test]
    fn children_are_an_array_where_more_than_half_of_it_is_there() {
        assert_eq!(node(json!({ "0": "a", "1": { "b": [true] } })).to_rest(), json!(["a", { "b": [true] }]));
        assert_eq!(node(json!({ "1": "a", "3": "b" })).to_rest(), json!({ "1": "a", "3": "b" }));
        assert_eq!(node(json!({ "2": "a" })).to_rest(), json!({ "2": "a" }));
        assert_eq!(node(json!({ "1": "a" })).to_rest(), json!({ "1": "a" }));
        assert_eq!(node(json!({ "1": "a", "2": "b" })).to_rest(), json!([null, "a", "b"]));
        assert_eq!(node(json!({ "0": "a", "01": "b" })).to_rest(), json!({ "0": "a", "01": "b" }));
        assert_eq!(node(json!({ "-1": "a", "0": "b" })).to_rest(), json!({ "-1": "a", "0": "b" }));
        assert_eq!(node(json!([1, 2])).to_wire(), json!({ "0": 1, "1": 2 }));
    }

    #[test]
    fn only_the_wire_keeps_priorities() {
        let value = json!({ ".priority": "p", "a": { ".value": 1.5, ".priority": 3 }, "b": [1] });
        assert_eq!(node(value.clone()).to_rest(), json!({ "a": 1.5, "b": [1] }));
        assert_eq!(
            node(value.clone()).to_wire().to_string(),
            r#"{".priority":"p","a":{".value":1.5,".priority":3},"b":{"0":1}}"#
        );
        assert_eq!(node(value).to_shallow(), json!({ "a": true, "b": true }));
        assert_eq!(node(json!({ ".value": 1, ".priority": 3 })).to_shallow(), json!(1));
        assert_eq!(node(json!(null)).to_wire(), Json::Null);
    }
}
