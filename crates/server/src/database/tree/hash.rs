//! The hash by which clients and servers compare values: SHA-1 of a text that a value and its children give.

use std::cmp::Ordering;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use firewarden::database::Scalar;
use sha1::{Digest, Sha1};

use super::{
    Node,
    key::compare_text,
    node::{Branch, Leaf},
};

/// The length of a hash in base64.
const TEXT: usize = 28;

impl Node {
    /// The hash that clients compare: base64 of SHA-1; empty for nothing. Values with children keep theirs.
    pub fn hash(&self) -> String {
        self.digest().map_or_else(String::new, |digest| STANDARD.encode(digest))
    }

    fn digest(&self) -> Option<[u8; 20]> {
        match (self, self.leaf()) {
            (Node::Branch(branch), _) => Some(*branch.hash.get_or_init(|| branch.digest())),
            (_, Some(leaf)) => {
                let mut text = Sha1::new();
                write_priority(&mut text, self.priority());
                write_leaf(&mut text, leaf);
                Some(text.finalize().into())
            }
            (_, None) => None,
        }
    }
}

impl Branch {
    fn digest(&self) -> [u8; 20] {
        let mut text = Sha1::new();
        write_priority(&mut text, self.priority.as_deref());
        let mut children: Vec<_> = self.children.iter().collect();
        if children.iter().any(|(_, child)| child.priority().is_some()) {
            // Stable: ties stay in the order of their keys.
            children.sort_by(|(_, a), (_, b)| compare_priorities(a.priority(), b.priority()));
        }
        for (key, child) in children {
            let mut hash = [0; TEXT];
            let encoded = child.digest().and_then(|digest| STANDARD.encode_slice(digest, &mut hash).ok());
            if encoded.is_some() {
                text.update(b":");
                text.update(key.as_str());
                text.update(b":");
                text.update(hash);
            }
        }
        text.finalize().into()
    }
}

fn write_priority(text: &mut Sha1, priority: Option<&Scalar>) {
    if let Some(priority) = priority {
        text.update(b"priority:");
        write_leaf(
            text,
            match priority {
                Scalar::Bool(b) => Leaf::Bool(*b),
                Scalar::Number(n) => Leaf::Number(*n),
                Scalar::String(string) => Leaf::Text(string),
            },
        );
        text.update(b":");
    }
}

fn write_leaf(text: &mut Sha1, leaf: Leaf<'_>) {
    match leaf {
        Leaf::Bool(true) => text.update(b"boolean:true"),
        Leaf::Bool(false) => text.update(b"boolean:false"),
        // Clients are sent 0 for -0, whose bits are others; the sum of both is 0.
        Leaf::Number(n) => text.update(format!("number:{:016x}", (n + 0.0).to_bits())),
        Leaf::Text(string) => {
            text.update(b"string:");
            text.update(string);
        }
    }
}

/// None, then numbers, then strings.
fn compare_priorities(a: Option<&Scalar>, b: Option<&Scalar>) -> Ordering {
    let rank = |priority: Option<&Scalar>| match priority {
        None => 0,
        Some(Scalar::Bool(_)) => 1,
        Some(Scalar::Number(_)) => 2,
        Some(Scalar::String(_)) => 3,
    };
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (Some(Scalar::Number(a)), Some(Scalar::Number(b))) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        (Some(Scalar::String(a)), Some(Scalar::String(b))) => compare_text(a, b),
        _ => Ordering::Equal,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use firewarden::database::Data;
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn hashes_are_those_of_the_official_client() {
        let vectors: [(Json, &str); 21] = [
            (json!(1), "YPVfR2bXt/lcDjiQZ8pOkAd3qkQ="),
            (json!(0), "7ysMph9WPitGP7poMnMHMVPtUlI="),
            (json!(-0.0), "7ysMph9WPitGP7poMnMHMVPtUlI="),
            (json!(-0.25), "rtpYI7p34pbDMms5zQwv5ck+ue8="),
            (json!("two"), "iWEVjqgTDeiL79HiQG4wl96O3/I="),
            (json!("é"), "1M+kSgpwpb2WVucwSmGGq+h8/uU="),
            (json!(true), "E5z61QM0lN/U2WsOnusszCTkR8M="),
            (json!({ ".value": "x", ".priority": 3 }), "DliQj3d94DhY4yddRMIAuQb30Ck="),
            (json!({ "a": 1 }), "gIphxiFGusLh2VwSNVKSvNu90m4="),
            (json!({ "a": 1, "b": { "c": "x" } }), "ysk3YQgEFZBh3N6ot97Ywoub98Q="),
            (json!({ ".priority": 2.5, "a": 1 }), "ScrusQpGJ/ZKY6GPfkBUS3JwCYg="),
            (json!({ "9": 2, "10": 1, "a": 3, "-5": 4 }), "Igyid5foVgo9BPGxpSdLtqFuEws="),
            (
                json!({ "x": { ".value": 1, ".priority": "b" }, "y": { ".value": 1, ".priority": 2 }, "z": 1 }),
                "jJNsTj0hDFqeMn8PeZjSpF6We60=",
            ),
            (json!([1, 2]), "fOnL2UowZBFe3bI9YA5uUzua3N8="),
            (json!(4), "eVih19a6ZDz3NL32uVBtg9KSgQY="),
            (json!(4.5623), "vf1CL0tIRwXXunHcG/irRECk3lY="),
            (json!("hey guys"), "CUNLXWpCVoJE6z7z1vE57lGaKAU="),
            (json!(1.7976931348623157e308), "8R+ekVQmxs6ZWP0fdzFHxVeGnWo="),
            (json!(null), ""),
            (json!({}), ""),
            (json!({ "a": null }), ""),
        ];
        for (value, hash) in vectors {
            let node = Node::from(&Data::from_json(&value).unwrap());
            assert_eq!(node.hash(), hash, "{value}");
            assert_eq!(node.hash(), hash, "{value}, kept");
        }
    }
}
