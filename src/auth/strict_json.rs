//! JSON in which no object repeats a name and nothing nests too deeply. A token whose two readers may see different
//! claims is not one to trust.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Not JSON, or more follows.
    NotJson,
    /// An object has the same name twice.
    RepeatedName,
    /// More levels than [`MAX_DEPTH`].
    TooDeep,
}

/// Levels of nesting that are read.
pub(super) const MAX_DEPTH: usize = 64;

/// Reads a whole text.
pub(super) fn read(octets: &[u8]) -> Result<Json, Flaw> {
    let flaw = Cell::new(Flaw::NotJson);
    let mut reader = serde_json::Deserializer::from_slice(octets);
    let level = Level { depth: 0, flaw: &flaw };
    level.deserialize(&mut reader).and_then(|json| reader.end().map(|()| json)).map_err(|_| flaw.get())
}

#[derive(Clone, Copy)]
struct Level<'a> {
    depth: usize,
    flaw: &'a Cell<Flaw>,
}

impl Level<'_> {
    fn refuse<E: serde::de::Error>(self, flaw: Flaw) -> E {
        self.flaw.set(flaw);
        E::custom("refused")
    }

    fn below<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.refuse(Flaw::TooDeep));
        }
        Ok(Level { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Json, E> {
        Ok(Json::Bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Json, E> {
        Ok(Json::Number(n.into()))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Json, E> {
        Ok(Json::Number(n.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, n: f64) -> Result<Json, E> {
        Number::from_f64(n).map(Json::Number).ok_or_else(|| E::custom("no number"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(Json::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            list.push(item);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let below = self.below()?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(below)?;
            if object.insert(name, value).is_some() {
                return Err(self.refuse(Flaw::RepeatedName));
            }
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_are_refused_at_any_depth() {
        assert_eq!(read(br#"{"a": 1, "a": 1}"#), Err(Flaw::RepeatedName));
        assert_eq!(read(br#"{"b": [{"a": 1, "\u0061": 2}]}"#), Err(Flaw::RepeatedName));
        assert!(read(br#"{"a": {"a": 1}, "b": {"a": 1}}"#).is_ok());
    }

    #[test]
    fn depth_has_a_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(read(nested(MAX_DEPTH + 1).as_bytes()), Err(Flaw::TooDeep));
        assert_eq!(read(nested(100_000).as_bytes()), Err(Flaw::TooDeep));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "{} {}", "nul", "{\"a\": 1e999}", "\u{feff}{}"] {
            assert_eq!(read(text.as_bytes()), Err(Flaw::NotJson), "{text}");
        }
        assert_eq!(read(b"\"\xff\""), Err(Flaw::NotJson));
    }

    #[test]
    fn values_are_those_of_the_ordinary_reader() {
        let text = br#"{"a": [1, -1, 18446744073709551615, 1.0, 1e3, 1.5, true, null, "x\u00e9", {}]}"#;
        assert_eq!(read(text).unwrap(), serde_json::from_slice::<Json>(text).unwrap());
    }
}
