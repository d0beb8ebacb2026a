//! Who asks: nobody signed in, anybody signed in, a stranger to whom no stored data refers.

use crate::{
    atom::Atom,
    formula::{Formula, Node},
    place::{Key, Kind, Origin, PlaceId},
    schema::Schema,
    shapes::documents,
    symbolic::Encoder,
    value::SegmentTerm,
    witness::Witness,
};

/// A class of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// Anybody at all.
    Anybody,
    /// Nobody is signed in.
    SignedOut,
    /// A signed-in user.
    SignedIn,
    /// A signed-in user to whom neither the path nor stored data refers, without custom claims.
    Stranger,
}

impl Subject {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Subject::Anybody => "anybody",
            Subject::SignedOut => "signed-out callers",
            Subject::SignedIn => "signed-in users",
            Subject::Stranger => "any signed-in stranger",
        }
    }

    /// Whether a request comes from a caller of this class.
    pub fn has(self, witness: &Witness) -> bool {
        match self {
            Subject::Anybody => true,
            Subject::SignedOut => witness.auth.is_none(),
            Subject::SignedIn => witness.auth.is_some(),
            Subject::Stranger => witness.auth.is_some() && !witness.mentions_user(),
        }
    }

    /// Where the caller is of this class. To be called when all conditions are formulas already.
    pub fn formula(self, encoder: &mut Encoder) -> Formula {
        let request = encoder.request();
        let Some(auth) = encoder.world.member(request, "auth") else { return Formula::FALSE };
        let signed_in = encoder.world.tag(auth, Kind::Map);
        match self {
            Subject::Anybody => Formula::TRUE,
            Subject::SignedOut => signed_in.not(),
            Subject::SignedIn => signed_in,
            Subject::Stranger => {
                let strange = stranger(encoder, auth);
                encoder.world.formulas.and(signed_in, strange)
            }
        }
    }
}

fn stranger(encoder: &mut Encoder, auth: PlaceId) -> Formula {
    let mut parts = Vec::new();
    let Some(token) = encoder.world.member(auth, "token") else { return Formula::FALSE };
    let mut mine = vec![];
    mine.extend(encoder.world.member(auth, "uid"));
    for name in ["sub", "user_id", "email", "phone_number"] {
        mine.extend(encoder.world.member(token, name));
    }
    // Texts of his own, and those that he sends, may be equal.
    let request = encoder.request();
    let incoming = encoder.world.member(request, "resource");
    let his = |encoder: &Encoder, place: PlaceId| {
        encoder.world.is_below(place, auth) || incoming.is_some_and(|incoming| encoder.world.is_below(place, incoming))
    };
    for node in encoder.world.formulas.nodes().to_vec() {
        let Node::Atom(atom) = node else { continue };
        let refers = match atom {
            Atom::TextSame(a, b) => mine.contains(&a) && !his(encoder, b) || mine.contains(&b) && !his(encoder, a),
            Atom::Has(list, x) => mine.contains(&x) && !his(encoder, list),
            // His id is none that the rules name.
            Atom::TextIs(place, text) => mine.contains(&place) && !encoder.world.text(text).is_empty(),
            _ => false,
        };
        if refers {
            parts.push(encoder.world.formulas.atom(atom).not());
        }
    }
    let places: Vec<PlaceId> = encoder.world.places().collect();
    for place in places {
        let Origin::Child(parent, key) = encoder.world.place(place).origin.clone() else { continue };
        match key {
            Key::Of(key) if mine.contains(&key) && !his(encoder, parent) => {
                parts.push(encoder.world.tag(place, Kind::Absent));
            }
            _ => {}
        }
    }
    parts.push(only_claims(encoder, &[]));
    for (place, (_, path)) in documents(&encoder.world) {
        if path.iter().any(|term| matches!(term, SegmentTerm::Of(of) if mine.contains(of))) {
            let there = encoder.world.tag(place, Kind::Map);
            parts.push(there.not());
        }
    }
    encoder.world.formulas.all(parts)
}

/// Claims that every token may have.
pub const STANDARD_CLAIMS: [&str; 13] = [
    "sub",
    "user_id",
    "email",
    "email_verified",
    "phone_number",
    "name",
    "picture",
    "iss",
    "aud",
    "auth_time",
    "iat",
    "exp",
    "firebase",
];

/// Where the token has no custom claims but these. To be called when all conditions are formulas already.
pub(super) fn only_claims(encoder: &mut Encoder, known: &[String]) -> Formula {
    let mut parts = Vec::new();
    let places: Vec<PlaceId> = encoder.world.places().collect();
    for place in places {
        let Origin::Child(parent, key) = encoder.world.place(place).origin.clone() else { continue };
        if encoder.world.place(parent).schema != Schema::Token {
            continue;
        }
        let may_be = match key {
            Key::Name(name) => {
                let name = encoder.world.text(name);
                STANDARD_CLAIMS.contains(&name.as_str()) || known.contains(&name)
            }
            // A claim whose name a request decides may be one of those that exist.
            Key::Of(_) => !known.is_empty(),
            _ => true,
        };
        if !may_be {
            parts.push(encoder.world.tag(place, Kind::Absent));
        }
    }
    encoder.world.formulas.all(parts)
}

/// Whether the token of a request has no custom claims but these.
pub(super) fn has_only_claims(witness: &Witness, known: &[String]) -> bool {
    let Some((_, token)) = &witness.auth else { return true };
    token.iter().all(|(name, _)| STANDARD_CLAIMS.contains(&name) || known.iter().any(|known| known == name))
}
