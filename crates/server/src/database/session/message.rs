//! The messages of the protocol: what clients send, and the texts that they receive.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json, value::RawValue};

use crate::database::{Tag, values::has_too_many_values};

/// A message of a client.
#[derive(Debug)]
pub enum Message<'m> {
    /// It concerns the connection.
    Control(Control),
    /// It concerns data.
    Request(Request<'m>),
}

/// A message about the connection. Its content does not matter.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(from = "Typed")]
pub enum Control {
    /// The client wants to know whether the connection works.
    Ping,
    /// The client goes on with this connection.
    SwitchAck,
    /// The client sends nothing more over this connection.
    EndTransmission,
    /// Any other.
    Other,
}

#[derive(Deserialize)]
struct Typed {
    t: String,
}

impl From<Typed> for Control {
    fn from(control: Typed) -> Self {
        match control.t.as_str() {
            "p" => Control::Ping,
            "a" => Control::SwitchAck,
            "n" => Control::EndTransmission,
            _ => Control::Other,
        }
    }
}

/// A request, which the server answers with the same number.
#[derive(Debug, Deserialize)]
pub struct Request<'m> {
    /// The number.
    #[serde(rename = "r")]
    pub number: serde_json::Number,
    /// What to do.
    #[serde(rename = "a")]
    pub action: Cow<'m, str>,
    /// With what.
    #[serde(rename = "b", borrow, default)]
    body: Option<&'m RawValue>,
}

/// What a request says. Each action needs some of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Body {
    /// The path.
    #[serde(rename = "p")]
    pub path: String,
    /// The value.
    #[serde(rename = "d")]
    pub data: Json,
    /// The hash of what the client knows.
    #[serde(rename = "h")]
    pub hash: Option<String>,
    /// The query; absent or empty for all.
    #[serde(rename = "q")]
    pub query: Option<Json>,
    /// The client's number of a listen with a query.
    #[serde(rename = "t")]
    pub tag: Option<Tag>,
    /// A token.
    #[serde(rename = "cred")]
    pub credential: String,
    /// The variable `auth` that the rules shall see.
    #[serde(rename = "authvar")]
    pub auth_variable: Option<Json>,
    /// Whether the rules shall see nobody.
    #[serde(rename = "noauth")]
    pub is_anonymous: bool,
}

/// Why a message has no meaning.
#[derive(Debug, thiserror::Error)]
#[error(
    "a message has to be {{\"t\":\"d\",\"d\":{{\"r\":NUMBER,\"a\":ACTION,\"b\":{{}}}}}} or {{\"t\":\"c\",\"d\":{{\"t\":TYPE,\"d\":{{}}}}}}: {0}"
)]
pub struct NoMessage(String);

impl<'m> Message<'m> {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// The text is no message of the protocol.
    pub fn parse(text: &'m str) -> Result<Self, NoMessage> {
        #[derive(Deserialize)]
        struct Envelope<'m> {
            t: Cow<'m, str>,
            #[serde(borrow)]
            d: &'m RawValue,
        }
        let wrong = |error: serde_json::Error| NoMessage(error.to_string());
        let Envelope { t, d } = serde_json::from_str(text).map_err(wrong)?;
        match &*t {
            "c" => serde_json::from_str(d.get()).map(Message::Control).map_err(wrong),
            "d" => serde_json::from_str(d.get()).map(Message::Request).map_err(wrong),
            other => Err(NoMessage(format!("its type is {:?}", other.chars().take(20).collect::<String>()))),
        }
    }
}

impl Request<'_> {
    /// Reads what the request says.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn body(&self) -> Result<Body, serde_json::Error> {
        self.body.map_or_else(|| Ok(Body::default()), |body| serde_json::from_str(body.get()))
    }

    /// Whether it says more values than a write of `limit` bytes can have.
    pub fn has_too_many_values(&self, limit: usize) -> bool {
        self.body.is_some_and(|body| has_too_many_values(body.get().as_bytes(), limit))
    }

    /// The length of what the request says, in bytes.
    pub fn length(&self) -> usize {
        self.body.map_or(0, |body| body.get().len())
    }
}

/// The status of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The request is done.
    Ok,
    /// The rules deny it.
    PermissionDenied,
    /// The data is no longer what the client knows.
    #[serde(rename = "datastale")]
    DataStale,
    /// The token cannot be read.
    InvalidToken,
    /// The server cannot do it now.
    Unavailable,
    /// The value is larger than the database accepts.
    TooBig,
    /// The request makes no sense.
    Error,
}

/// The answer to a request.
pub fn answer(number: &serde_json::Number, status: Status, data: impl Serialize) -> String {
    #[derive(Serialize)]
    struct Answer<'a, D> {
        r: &'a serde_json::Number,
        b: Outcome<D>,
    }
    #[derive(Serialize)]
    struct Outcome<D> {
        s: Status,
        d: D,
    }
    message("d", Answer { r: number, b: Outcome { s: status, d: data } })
}

/// What the server says of its own accord about data.
pub fn action(action: &'static str, body: impl Serialize) -> String {
    #[derive(Serialize)]
    struct Action<B> {
        a: &'static str,
        b: B,
    }
    message("d", Action { a: action, b: body })
}

/// What the server says about the connection. The key `d` is always there; clients ask for it.
pub fn control(kind: &'static str, data: impl Serialize) -> String {
    #[derive(Serialize)]
    struct Said<D> {
        t: &'static str,
        d: D,
    }
    message("c", Said { t: kind, d: data })
}

/// The first message of a connection.
pub fn hello(millis: i64, host: &str, session: &str) -> String {
    control("h", json!({ "ts": millis, "v": "5", "h": host, "s": session }))
}

fn message(layer: &'static str, content: impl Serialize) -> String {
    #[derive(Serialize)]
    struct Envelope<C> {
        t: &'static str,
        d: C,
    }
    // Values of JSON and derived structures always serialize.
    serde_json::to_string(&Envelope { t: layer, d: content }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_a_number_an_action_and_a_body() {
        let text = r#"{"t":"d","d":{"r":7,"a":"q","b":{"p":"/a","h":"","q":{"l":2},"t":3}}}"#;
        let Message::Request(request) = Message::parse(text).expect("a message") else { panic!("a request") };
        assert_eq!((request.number.as_u64(), &*request.action), (Some(7), "q"));
        let body = request.body().expect("a body");
        assert_eq!((body.path.as_str(), body.hash.as_deref(), body.tag), ("/a", Some(""), Some(3)));
    }

    #[test]
    fn controls_need_no_content() {
        for (kind, control) in [("p", Control::Ping), ("a", Control::SwitchAck), ("zz", Control::Other)] {
            let text = format!(r#"{{"t":"c","d":{{"t":"{kind}"}}}}"#);
            assert!(matches!(Message::parse(&text), Ok(Message::Control(read)) if read == control));
        }
    }

    #[test]
    fn other_texts_are_no_messages() {
        for text in
            ["", "7", "[]", "{\"t\":\"d\"", r#"{"t":"x","d":{}}"#, r#"{"t":"d","d":{"a":"q"}}"#, r#"{"t":"c","d":1}"#]
        {
            assert!(Message::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_bodies_are_errors_of_the_request_alone() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let text = format!(r#"{{"t":"d","d":{{"r":1,"a":"p","b":{{"p":"/a","d":{deep}}}}}}}"#);
        let Ok(Message::Request(request)) = Message::parse(&text) else { panic!("a request") };
        assert!(request.body().is_err());
    }

    #[test]
    fn answers_are_as_clients_expect_them() {
        assert_eq!(
            answer(&3.into(), Status::DataStale, "x").as_str(),
            r#"{"t":"d","d":{"r":3,"b":{"s":"datastale","d":"x"}}}"#
        );
        assert_eq!(control("o", ()).as_str(), r#"{"t":"c","d":{"t":"o","d":null}}"#);
        assert_eq!(action("sd", json!({ "msg": "x" })).as_str(), r#"{"t":"d","d":{"a":"sd","b":{"msg":"x"}}}"#);
    }
}
