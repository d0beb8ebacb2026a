//! The types of fields in requests. As in the official emulator, numbers are taken for texts, and nothing else is converted.

use std::{fmt, marker::PhantomData, ops::Deref};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        Error, IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
};
use serde_json::Value as Json;

use super::error::Refusal;

/// A text; a number becomes one.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Text(pub String);

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<Text> for String {
    fn from(text: Text) -> String {
        text.0
    }
}

impl From<Text> for Json {
    fn from(text: Text) -> Json {
        Json::String(text.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        impl Visitor<'_> for Scalar {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Text, E> {
                Ok(Text(text))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
                Ok(Text(value.to_string()))
            }
        }
        deserializer.deserialize_any(Scalar)
    }
}

/// An enumeration whose values have numbers, from 0.
pub trait Numbered: Copy + 'static {
    /// The values in the order of their numbers.
    const ALL: &'static [Self];
}

/// A value of an enumeration, by its name or its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(inline)]
pub struct Choice<T>(pub T);

impl<'de, T: Numbered + Deserialize<'de>> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrNumber<T>(PhantomData<T>);
        impl<'de, T: Numbered + Deserialize<'de>> Visitor<'de> for NameOrNumber<T> {
            type Value = Choice<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("string")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Choice<T>, E> {
                T::deserialize(name.into_deserializer()).map(Choice)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Choice<T>, E> {
                let found = usize::try_from(number).ok().and_then(|number| T::ALL.get(number));
                found.map(|value| Choice(*value)).ok_or_else(|| E::unknown_variant(&number.to_string(), &[]))
            }
        }
        deserializer.deserialize_any(NameOrNumber(PhantomData))
    }
}

/// The text if it is there and not empty.
pub fn given(text: &Option<Text>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Whether a text is an address with scheme and host.
pub fn is_absolute(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let host = rest.strip_prefix("//").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    is_scheme && host.is_some_and(|host| !host.is_empty())
}

/// A request without a body.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Nothing {}

/// JSON in which null is no way to leave something out: a field is absent, or has a value of its type.
struct Strict(Json);

impl<'de> IntoDeserializer<'de, serde_json::Error> for Strict {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Json::Array(items) => SeqDeserializer::new(items.into_iter().map(Strict)).deserialize_any(visitor),
            Json::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| (name, Strict(value)));
                MapDeserializer::new(fields).deserialize_any(visitor)
            }
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Json::String(text) => Json::String(text).deserialize_enum(name, variants, visitor),
            _ => Err(Error::custom("expected string")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

/// A request of an operation from its body.
pub fn read<R: for<'de> Deserialize<'de>>(body: Json) -> Result<R, Refusal> {
    serde_path_to_error::deserialize(Strict(body)).map_err(|error| {
        let pointer: String = error
            .path()
            .iter()
            .map(|segment| match segment {
                serde_path_to_error::Segment::Seq { index } => format!("/{index}"),
                serde_path_to_error::Segment::Map { key } => format!("/{key}"),
                _ => String::new(),
            })
            .collect();
        Refusal::malformed(&format!("{pointer} {}", wording(&error.inner().to_string())))
    })
}

/// The words of the official validator for those of serde.
fn wording(error: &str) -> String {
    let expected = error.rsplit_once("expected ").map_or("", |(_, expected)| expected);
    match expected {
        "string" => "must be string".to_owned(),
        "a boolean" => "must be boolean".to_owned(),
        "a sequence" => "must be array".to_owned(),
        _ if expected.starts_with("struct ") || expected == "a map" => "must be object".to_owned(),
        _ if error.starts_with("unknown variant") => "must be equal to one of the allowed values".to_owned(),
        _ => error.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Request {
        email: Option<Text>,
        local_id: Option<Vec<Text>>,
        force: Option<bool>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        phone: Option<Text>,
        state: Option<State>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    enum State {
        Enabled,
    }

    #[test]
    fn numbers_are_taken_for_texts() {
        let request: Request =
            read(json!({ "email": 5, "localId": ["a", 1.5], "force": true, "more": {}, "inner": { "phone": 1, "state": "ENABLED" } }))
                .unwrap();
        assert_eq!(request.email, Some(Text("5".to_owned())));
        assert_eq!(request.local_id, Some(vec![Text("a".to_owned()), Text("1.5".to_owned())]));
        assert_eq!(request.force, Some(true));
        let inner = request.inner.unwrap();
        assert_eq!((inner.phone, inner.state), (Some(Text("1".to_owned())), Some(State::Enabled)));
    }

    #[test]
    fn a_wrong_type_is_named_with_its_place() {
        for (body, message) in [
            (json!({ "email": {} }), "/email must be string"),
            (json!({ "localId": [[]] }), "/localId/0 must be string"),
            (json!({ "localId": "a" }), "/localId must be array"),
            (json!({ "force": "true" }), "/force must be boolean"),
            (json!({ "force": 1 }), "/force must be boolean"),
            (json!({ "email": true }), "/email must be string"),
            (json!({ "inner": 1 }), "/inner must be object"),
            (json!({ "inner": { "phone": [] } }), "/inner/phone must be string"),
            (json!({ "email": null }), "/email must be string"),
            (json!({ "localId": null }), "/localId must be array"),
            (json!({ "localId": ["a", null] }), "/localId/1 must be string"),
            (json!({ "force": null }), "/force must be boolean"),
            (json!({ "inner": null }), "/inner must be object"),
            (json!({ "inner": { "phone": null } }), "/inner/phone must be string"),
            (json!({ "inner": { "state": null } }), "/inner/state must be string"),
            (json!({ "inner": { "state": {} } }), "/inner/state must be string"),
            (json!({ "inner": { "state": "OFF" } }), "/inner/state must be equal to one of the allowed values"),
            (json!([]), " must be object"),
        ] {
            let refusal = read::<Request>(body).unwrap_err();
            assert_eq!(refusal.message(), format!("Invalid JSON payload received. {message}"));
        }
    }
}
