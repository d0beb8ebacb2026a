//! A strict JSON parser: it refuses objects with duplicate names, and deep nesting. A token must not have two readings.

use std::{borrow::Cow, cell::Cell, collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json, de::Read};

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonError {
    /// The text is not JSON, or continues after a value.
    NotJson,
    /// An object has two members of one name.
    DuplicateName,
    /// The value nests more deeply than [`MAX_DEPTH`].
    TooDeep,
    /// The value is not an object, and [`read_fields`] was called.
    NotAnObject,
}

/// The deepest nesting that is accepted.
pub(super) const MAX_DEPTH: usize = 64;

/// The fields of an object that the caller wants to keep.
pub(super) trait FieldSlots {
    /// The slot for the value of that name; `None` if the caller does not want it.
    fn slot(&mut self, name: &str) -> Option<&mut Option<Json>>;
}

/// Parses a whole text.
#[cfg_attr(not(feature = "verify"), allow(dead_code, reason = "for those who read keys"))]
pub(super) fn read(bytes: &[u8]) -> Result<Json, JsonError> {
    deserialize_whole(serde_json::Deserializer::from_slice(bytes), bytes, Selection::All)
}

/// Parses an object and keeps the wanted fields only. The rest is checked as strictly.
pub(super) fn read_fields(bytes: &[u8], fields: &mut dyn FieldSlots) -> Result<(), JsonError> {
    let json = match std::str::from_utf8(bytes) {
        // Checking UTF-8 once for the whole text is faster than for each string.
        Ok(text) => deserialize_whole(serde_json::Deserializer::from_str(text), bytes, Selection::Only(Some(fields))),
        // Invalid UTF-8 is refused in any case; parsing the bytes finds an error that precedes it.
        Err(_) => deserialize_whole(serde_json::Deserializer::from_slice(bytes), bytes, Selection::Only(Some(fields))),
    };
    if json?.is_object() { Ok(()) } else { Err(JsonError::NotAnObject) }
}

fn deserialize_whole<'de, R: Read<'de>>(
    mut reader: serde_json::Deserializer<R>,
    bytes: &[u8],
    selection: Selection<'_>,
) -> Result<Json, JsonError> {
    let error = Cell::new(JsonError::NotJson);
    let seed = ValueSeed { context: Context { depth: 0, error: &error, bytes }, selection };
    seed.deserialize(&mut reader).and_then(|json| reader.end().map(|()| json)).map_err(|_| error.get())
}

/// Which part of the text becomes values.
enum Selection<'k> {
    /// The whole value.
    All,
    /// The wanted fields of an object; of anything else only its type.
    Only(Option<&'k mut dyn FieldSlots>),
}

struct ValueSeed<'a, 'k> {
    context: Context<'a>,
    selection: Selection<'k>,
}

/// The state of the parser at a value.
#[derive(Clone, Copy)]
struct Context<'a> {
    depth: usize,
    error: &'a Cell<JsonError>,
    /// The whole text.
    bytes: &'a [u8],
}

/// The key under which `serde_json` passes the text of a number if another crate of the build enables its feature
/// `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

impl<'a> Context<'a> {
    /// Whether the key marks a number. The same name within the text is an ordinary name.
    #[allow(clippy::ptr_arg, reason = "only the borrowed key can be compared with the address of the text")]
    fn is_number_key(self, name: &Cow<'_, str>) -> bool {
        match name {
            Cow::Borrowed(NUMBER) => !self.bytes.as_ptr_range().contains(&name.as_ptr()),
            _ => false,
        }
    }

    fn fail<E: serde::de::Error>(self, error: JsonError) -> E {
        self.error.set(error);
        E::custom("refused")
    }

    /// The seed of a value, which is kept or only checked.
    fn seed(self, keeps_all: bool) -> ValueSeed<'a, 'static> {
        ValueSeed { context: self, selection: if keeps_all { Selection::All } else { Selection::Only(None) } }
    }
}

impl<'a> ValueSeed<'a, '_> {
    fn nested<E: serde::de::Error>(&self) -> Result<Context<'a>, E> {
        let depth = self.context.depth;
        if depth >= MAX_DEPTH {
            Err(self.context.fail(JsonError::TooDeep))
        } else {
            Ok(Context { depth: depth + 1, ..self.context })
        }
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_, '_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_, '_> {
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
        Ok(if matches!(self.selection, Selection::All) { Json::String(text.to_owned()) } else { Json::Null })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let nested = self.nested()?;
        let keeps_all = matches!(self.selection, Selection::All);
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(nested.seed(keeps_all))? {
            if keeps_all {
                list.push(item);
            }
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut first = fields.next_key_seed(NameSeed)?;
        if first.as_ref().is_some_and(|name| self.context.is_number_key(name)) {
            let text: String = fields.next_value()?;
            return number(&text).map(Json::Number).ok_or_else(|| serde::de::Error::custom("no number"));
        }
        let nested = self.nested()?;
        let mut next = |fields: &mut A| match first.take() {
            Some(name) => Ok(Some(name)),
            None => fields.next_key_seed(NameSeed),
        };
        match self.selection {
            Selection::All => {
                let mut object = Map::new();
                while let Some(name) = next(&mut fields)? {
                    let value = fields.next_value_seed(nested.seed(true))?;
                    if object.insert(name.into_owned(), value).is_some() {
                        return Err(nested.fail(JsonError::DuplicateName));
                    }
                }
                Ok(Json::Object(object))
            }
            Selection::Only(mut wanted) => {
                let mut names = SeenNames::default();
                while let Some(name) = next(&mut fields)? {
                    let slot = wanted.as_mut().and_then(|wanted| wanted.slot(&name));
                    let value = fields.next_value_seed(nested.seed(slot.is_some()))?;
                    if let Some(slot) = slot {
                        *slot = Some(value);
                    }
                    if !names.add(name) {
                        return Err(nested.fail(JsonError::DuplicateName));
                    }
                }
                Ok(Json::Object(Map::new()))
            }
        }
    }
}

/// Parses a number into the form that `serde_json` uses by default; `None` if it is out of the range of doubles.
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

/// The seed of a name, which borrows from the text unless it has escapes.
struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
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

/// The names of an object so far. A short list is searched; many names go into a hash set, so that a hostile object
/// stays cheap.
#[derive(Default)]
struct SeenNames<'de> {
    list: Vec<Cow<'de, str>>,
    set: HashSet<Cow<'de, str>>,
}

impl<'de> SeenNames<'de> {
    const MAX_LIST: usize = 24;

    /// Adds a name; returns whether it is new.
    fn add(&mut self, name: Cow<'de, str>) -> bool {
        if !self.set.is_empty() {
            return self.set.insert(name);
        }
        if self.list.contains(&name) {
            return false;
        }
        if self.list.len() < SeenNames::MAX_LIST {
            if self.list.is_empty() {
                self.list.reserve_exact(SeenNames::MAX_LIST);
            }
            self.list.push(name);
            return true;
        }
        self.set.extend(self.list.drain(..));
        self.set.insert(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_are_refused_at_any_depth() {
        assert_eq!(read(br#"{"a": 1, "a": 1}"#), Err(JsonError::DuplicateName));
        assert_eq!(read(br#"{"b": [{"a": 1, "\u0061": 2}]}"#), Err(JsonError::DuplicateName));
        assert!(read(br#"{"a": {"a": 1}, "b": {"a": 1}}"#).is_ok());
    }

    #[test]
    fn depth_has_a_limit() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert_eq!(read(nested(MAX_DEPTH + 1).as_bytes()), Err(JsonError::TooDeep));
        assert_eq!(read(nested(100_000).as_bytes()), Err(JsonError::TooDeep));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "{} {}", "nul", "{\"a\": 1e999}", "\u{feff}{}"] {
            assert_eq!(read(text.as_bytes()), Err(JsonError::NotJson), "{text}");
        }
        assert_eq!(read(b"\"\xff\""), Err(JsonError::NotJson));
    }

    /// Keeps `a`.
    #[derive(Debug, Default, PartialEq)]
    struct Wanted(Option<Json>);

    impl FieldSlots for Wanted {
        fn slot(&mut self, name: &str) -> Option<&mut Option<Json>> {
            (name == "a").then_some(&mut self.0)
        }
    }

    fn wanted(bytes: &[u8]) -> Result<Option<Json>, JsonError> {
        let mut found = Wanted::default();
        read_fields(bytes, &mut found).map(|()| found.0)
    }

    #[test]
    fn wanted_fields_are_whole_and_the_rest_is_checked() {
        let text = br#"{"x": [1, {"a": 2}], "\u0061": [1, "b\n", {"c": null}], "y": 1.5}"#;
        assert_eq!(wanted(text), Ok(Some(serde_json::json!([1, "b\n", { "c": null }]))));
        assert_eq!(wanted(br#"{"b": {"a": 1}}"#), Ok(None));
        for text in ["1", "[]", "null", "\"a\"", "[{\"a\": 1}]"] {
            assert_eq!(wanted(text.as_bytes()), Err(JsonError::NotAnObject), "{text}");
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

    /// Parses a number as `serde_json` passes it if another crate of the build enables `arbitrary_precision`.
    fn read_number_text(text: &str) -> Result<Json, JsonError> {
        use serde::de::value::{BorrowedStrDeserializer, Error, MapDeserializer};

        let error = Cell::new(JsonError::NotJson);
        let key = BorrowedStrDeserializer::<Error>::new(NUMBER);
        let seed = ValueSeed {
            context: Context { depth: 0, error: &error, bytes: text.as_bytes() },
            selection: Selection::All,
        };
        let numbers = MapDeserializer::<_, Error>::new([(key, text)].into_iter());
        seed.deserialize(numbers).map_err(|_| error.get())
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
        assert_eq!(read_number_text("1e400"), Err(JsonError::NotJson));
        // A text that contains the key itself has an ordinary object.
        let named = read(br#"{"$serde_json::private::Number": "7"}"#).unwrap();
        assert_eq!(named.get(NUMBER).and_then(Json::as_str), Some("7"));
    }
}
