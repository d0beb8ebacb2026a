//! JSON in which no object repeats a name and nothing nests too deeply. A token whose two readers may see different
//! claims is not one to trust.

use std::{borrow::Cow, cell::Cell, collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json, de::Read};

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Not JSON, or more follows.
    NotJson,
    /// An object has the same name twice.
    RepeatedName,
    /// More levels than [`MAX_DEPTH`].
    TooDeep,
    /// No object, where one is read for its fields.
    NotAnObject,
}

/// Levels of nesting that are read.
pub(super) const MAX_DEPTH: usize = 64;

/// The fields of an object that somebody wants.
pub(super) trait Fields {
    /// Where the value of that name goes; nothing for values that nobody wants.
    fn place(&mut self, name: &str) -> Option<&mut Option<Json>>;
}

/// Reads a whole text.
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "for those who read keys"))]
pub(super) fn read(octets: &[u8]) -> Result<Json, Flaw> {
    finish(serde_json::Deserializer::from_slice(octets), octets, Keep::All)
}

/// Reads a whole text, an object, and makes values of the wanted fields only. The rest is checked as strictly.
pub(super) fn read_fields(octets: &[u8], fields: &mut dyn Fields) -> Result<(), Flaw> {
    let json = match std::str::from_utf8(octets) {
        // Checked at once, which is quicker than text by text.
        Ok(text) => finish(serde_json::Deserializer::from_str(text), octets, Keep::Only(Some(fields))),
        // Refused, but for the first flaw, which may stand before the octets that are no text.
        Err(_) => finish(serde_json::Deserializer::from_slice(octets), octets, Keep::Only(Some(fields))),
    };
    if json?.is_object() { Ok(()) } else { Err(Flaw::NotAnObject) }
}

fn finish<'de, R: Read<'de>>(
    mut reader: serde_json::Deserializer<R>,
    octets: &[u8],
    keep: Keep<'_>,
) -> Result<Json, Flaw> {
    let flaw = Cell::new(Flaw::NotJson);
    let level = Level { here: Here { depth: 0, flaw: &flaw, octets }, keep };
    level.deserialize(&mut reader).and_then(|json| reader.end().map(|()| json)).map_err(|_| flaw.get())
}

/// What is made of the text.
enum Keep<'k> {
    /// The whole value.
    All,
    /// Of an object the fields that somebody wants; of all else only of which kind it is.
    Only(Option<&'k mut dyn Fields>),
}

struct Level<'a, 'k> {
    here: Here<'a>,
    keep: Keep<'k>,
}

/// Where the reader is.
#[derive(Clone, Copy)]
struct Here<'a> {
    depth: usize,
    flaw: &'a Cell<Flaw>,
    /// The whole text.
    octets: &'a [u8],
}

/// The name under which `serde_json` hands over a number, as its text, where another crate of the same build has
/// switched on its feature `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

impl<'a> Here<'a> {
    /// Whether a name announces a number. The same name within the text is one like any other.
    #[allow(clippy::ptr_arg, reason = "a name that was copied out of the text is told from one that was not")]
    fn announces_number(self, name: &Cow<'_, str>) -> bool {
        match name {
            Cow::Borrowed(NUMBER) => !self.octets.as_ptr_range().contains(&name.as_ptr()),
            _ => false,
        }
    }

    fn refuse<E: serde::de::Error>(self, flaw: Flaw) -> E {
        self.flaw.set(flaw);
        E::custom("refused")
    }

    /// A value here, kept or only checked.
    fn level(self, keeps: bool) -> Level<'a, 'static> {
        Level { here: self, keep: if keeps { Keep::All } else { Keep::Only(None) } }
    }
}

impl<'a> Level<'a, '_> {
    fn below<E: serde::de::Error>(&self) -> Result<Here<'a>, E> {
        let depth = self.here.depth;
        if depth >= MAX_DEPTH {
            Err(self.here.refuse(Flaw::TooDeep))
        } else {
            Ok(Here { depth: depth + 1, ..self.here })
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, '_> {
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
        Ok(if matches!(self.keep, Keep::All) { Json::String(text.to_owned()) } else { Json::Null })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let below = self.below()?;
        let keeps = matches!(self.keep, Keep::All);
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(below.level(keeps))? {
            if keeps {
                list.push(item);
            }
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut first = fields.next_key_seed(Name)?;
        if first.as_ref().is_some_and(|name| self.here.announces_number(name)) {
            let text: String = fields.next_value()?;
            return number(&text).map(Json::Number).ok_or_else(|| serde::de::Error::custom("no number"));
        }
        let below = self.below()?;
        let mut next = |fields: &mut A| match first.take() {
            Some(name) => Ok(Some(name)),
            None => fields.next_key_seed(Name),
        };
        match self.keep {
            Keep::All => {
                let mut object = Map::new();
                while let Some(name) = next(&mut fields)? {
                    let value = fields.next_value_seed(below.level(true))?;
                    if object.insert(name.into_owned(), value).is_some() {
                        return Err(below.refuse(Flaw::RepeatedName));
                    }
                }
                Ok(Json::Object(object))
            }
            Keep::Only(mut wanted) => {
                let mut names = Names::default();
                while let Some(name) = next(&mut fields)? {
                    let place = wanted.as_mut().and_then(|wanted| wanted.place(&name));
                    let value = fields.next_value_seed(below.level(place.is_some()))?;
                    if let Some(place) = place {
                        *place = Some(value);
                    }
                    if !names.add(name) {
                        return Err(below.refuse(Flaw::RepeatedName));
                    }
                }
                Ok(Json::Object(Map::new()))
            }
        }
    }
}

/// The number that a text is, in the form that `serde_json` gives it by itself; nothing of one beyond the doubles.
fn number(text: &str) -> Option<Number> {
    if !text.contains(['.', 'e', 'E']) {
        if let Ok(n) = text.parse::<u64>() {
            return Some(n.into());
        }
        if let Some(n) = text.parse::<i64>().ok().filter(|n| *n != 0) {
            return Some(n.into());
        }
    }
    text.parse().ok().and_then(Number::from_f64)
}

/// The name of a field, borrowed from the text where nothing in it is escaped.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// The names of an object so far. Few are compared one by one; where there are many, hashes keep a hostile object cheap.
#[derive(Default)]
struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>>,
}

impl<'de> Names<'de> {
    const FEW: usize = 24;

    /// Whether the name is a new one.
    fn add(&mut self, name: Cow<'de, str>) -> bool {
        if !self.many.is_empty() {
            return self.many.insert(name);
        }
        if self.few.contains(&name) {
            return false;
        }
        if self.few.len() < Names::FEW {
            if self.few.is_empty() {
                self.few.reserve_exact(Names::FEW);
            }
            self.few.push(name);
            return true;
        }
        self.many.extend(self.few.drain(..));
        self.many.insert(name)
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

    /// Wants `a`.
    #[derive(Debug, Default, PartialEq)]
    struct Wanted(Option<Json>);

    impl Fields for Wanted {
        fn place(&mut self, name: &str) -> Option<&mut Option<Json>> {
            (name == "a").then_some(&mut self.0)
        }
    }

    fn wanted(octets: &[u8]) -> Result<Option<Json>, Flaw> {
        let mut found = Wanted::default();
        read_fields(octets, &mut found).map(|()| found.0)
    }

    #[test]
    fn wanted_fields_are_whole_and_the_rest_is_checked() {
        let text = br#"{"x": [1, {"a": 2}], "\u0061": [1, "b\n", {"c": null}], "y": 1.5}"#;
        assert_eq!(wanted(text), Ok(Some(serde_json::json!([1, "b\n", { "c": null }]))));
        assert_eq!(wanted(br#"{"b": {"a": 1}}"#), Ok(None));
        for text in ["1", "[]", "null", "\"a\"", "[{\"a\": 1}]"] {
            assert_eq!(wanted(text.as_bytes()), Err(Flaw::NotAnObject), "{text}");
        }
    }

    #[test]
    fn what_nobody_wants_is_refused_as_if_it_were_wanted() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let many = |last: usize| {
            let names = (0..100).chain([last]).map(|n| format!("\"n{n}\": {n}"));
            format!("{{{}}}", names.collect::<Vec<_>>().join(", "))
        };
        let mut texts: Vec<Vec<u8>> = [
            r#"{"b": 1, "b": 1}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            r#"{"x": [{"b": 1, "\u0062": 2}], }"#,
            r#"{"b": 1, "b": }"#,
            r#"{"b": 1, "b": {"c": 1, "c": 2}, "#,
            r#"{"a": {"c": 1, "c": 2}}"#,
            r#"{"b": {"a": 1}, "c": {"a": 1}}"#,
            r#"{"b": 1e999}"#,
            r#"{"b": nul}"#,
            r#"{"b": "\ud800"}"#,
            r#"{"b": 1} {}"#,
            "{",
            "",
            "\u{feff}{}",
            "{1: 2}",
        ]
        .map(|text| text.as_bytes().to_vec())
        .to_vec();
        texts.push(b"{\"b\": \"\xff\"}".to_vec());
        texts.push(b"{\"b\": 1, \"b\": 2, \"c\": \"\xff\"}".to_vec());
        texts.push(b"{} \xff".to_vec());
        for depth in [MAX_DEPTH - 1, MAX_DEPTH, 100_000] {
            texts.push(format!(r#"{{"b": {}}}"#, nested(depth)).into_bytes());
            texts.push(format!(r#"{{"a": {}}}"#, nested(depth)).into_bytes());
        }
        for last in [0, 23, 24, 99, 100] {
            texts.push(many(last).into_bytes());
            texts.push(format!(r#"{{"b": {}}}"#, many(last)).into_bytes());
        }
        for text in texts {
            let whole = read(&text).map(|json| json.get("a").cloned());
            assert_eq!(wanted(&text), whole, "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn values_are_those_of_the_ordinary_reader() {
        let text = br#"{"a": [1, -1, 18446744073709551615, 1.0, 1e3, 1.5, true, null, "x\u00e9", {}]}"#;
        assert_eq!(read(text).unwrap(), serde_json::from_slice::<Json>(text).unwrap());
    }

    /// What a reader of `serde_json` hands over where another crate of the build has switched on `arbitrary_precision`.
    fn read_number_text(text: &str) -> Result<Json, Flaw> {
        use serde::de::value::{BorrowedStrDeserializer, Error, MapDeserializer};

        let flaw = Cell::new(Flaw::NotJson);
        let key = BorrowedStrDeserializer::<Error>::new(NUMBER);
        let level = Level { here: Here { depth: 0, flaw: &flaw, octets: text.as_bytes() }, keep: Keep::All };
        let numbers = MapDeserializer::<_, Error>::new([(key, text)].into_iter());
        level.deserialize(numbers).map_err(|_| flaw.get())
    }

    #[test]
    fn numbers_kept_as_texts_are_the_same_numbers() {
        for text in [
            "0",
            "7",
            "-7",
            "-0",
            "1.0",
            "1E2",
            "18446744073709551615",
            "123456789012345678901234567890",
            "0.1",
            "5e-324",
        ] {
            assert_eq!(read_number_text(text), read(text.as_bytes()), "{text}");
        }
        assert_eq!(read_number_text("1e400"), Err(Flaw::NotJson));
        // A text that has the name itself has an object, wherever it is read.
        let named = read(br#"{"$serde_json::private::Number": "7"}"#).unwrap();
        assert_eq!(named.get(NUMBER).and_then(Json::as_str), Some("7"));
    }
}
