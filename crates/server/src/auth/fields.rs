//! The types of fields in requests. As in the official emulator, scalars of another type are converted.

use std::{fmt, marker::PhantomData, ops::Deref};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IntoDeserializer as _, Visitor},
};
use serde_json::Value as Json;

use super::error::Refusal;

/// A text; a number or a boolean becomes one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
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

            fn visit_bool<E: Error>(self, value: bool) -> Result<Text, E> {
                Ok(Text(value.to_string()))
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

/// A boolean; the texts `true` and `false` and the numbers 1 and 0 become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Scalar;
        impl Visitor<'_> for Scalar {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("boolean")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Flag, E> {
                Ok(Flag(value))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Flag, E> {
                match text {
                    "true" => Ok(Flag(true)),
                    "false" => Ok(Flag(false)),
                    _ => Err(E::invalid_type(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Flag, E> {
                match value {
                    0 => Ok(Flag(false)),
                    1 => Ok(Flag(true)),
                    _ => Err(E::invalid_type(serde::de::Unexpected::Unsigned(value), &self)),
                }
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Whether a flag is there and set.
pub fn is_set(flag: Option<Flag>) -> bool {
    flag.is_some_and(|Flag(value)| value)
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
#[derive(Debug, Deserialize)]
pub struct Nothing {}

/// A request of an operation from its body.
pub fn read<R: for<'de> Deserialize<'de>>(body: Json) -> Result<R, Refusal> {
    serde_path_to_error::deserialize(body).map_err(|error| {
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
        "string" | "boolean" => format!("must be {expected}"),
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
        force: Option<Flag>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        phone: Option<Text>,
    }

    #[test]
    fn scalars_are_converted() {
        let request: Request =
            read(json!({ "email": 5, "localId": [true, 1.5], "force": "true", "more": {}, "inner": { "phone": 1 } }))
                .unwrap();
        assert_eq!(request.email, Some(Text("5".to_owned())));
        assert_eq!(request.local_id, Some(vec![Text("true".to_owned()), Text("1.5".to_owned())]));
        assert_eq!(request.force, Some(Flag(true)));
        assert_eq!(request.inner.and_then(|inner| inner.phone), Some(Text("1".to_owned())));
    }

    #[test]
    fn a_wrong_type_is_named_with_its_place() {
        for (body, message) in [
            (json!({ "email": {} }), "/email must be string"),
            (json!({ "localId": [[]] }), "/localId/0 must be string"),
            (json!({ "localId": "a" }), "/localId must be array"),
            (json!({ "force": "yes" }), "/force must be boolean"),
            (json!({ "inner": 1 }), "/inner must be object"),
            (json!({ "inner": { "phone": [] } }), "/inner/phone must be string"),
            (json!([]), " must be object"),
        ] {
            let refusal = read::<Request>(body).unwrap_err();
            assert_eq!(refusal.message(), format!("Invalid JSON payload received. {message}"));
        }
    }
}
