//! A session: what a client asks over a WebSocket or by long polling, and what the namespace tells it.

pub mod frames;
pub mod long_poll;
mod message;
mod outbox;
pub mod websocket;

use std::sync::Arc;

use firewarden::{
    Auth,
    auth::{self, database_handshake},
    database::RequestError,
    value::json::to_plain,
};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::{
    message::{Body, Control, Message, Request, Status},
    outbox::Outbox,
};
use super::{Caller, Namespace, Query, Refused, SubscriberId, Transport, User};

/// The largest request in bytes, as official clients send it.
const MAX_REQUEST: usize = 16 << 20;

/// The largest listen in bytes. Its query is kept as long as it lasts.
const MAX_LISTEN: usize = 64 << 10;

/// A client with its user, its listens and what happens when it goes. Ends when it is dropped.
pub struct Session {
    id: String,
    namespace: Arc<Namespace>,
    outbox: Arc<Outbox>,
    subscriber: SubscriberId,
    caller: Caller,
}

/// What follows from a message for the connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing.
    Continue,
    /// The client goes on with this connection.
    Switch,
    /// The client sends nothing more over this connection.
    EndOfInput,
    /// The client does not speak the protocol. It was told so; the connection ends.
    Close,
}

/// The answer to a request: its status and its data.
type Answer = (Status, Json);

impl Session {
    /// A session of nobody, with an id that no other has.
    pub fn new(namespace: Arc<Namespace>, stop: &CancellationToken) -> Self {
        let outbox = Outbox::new(stop, &namespace.shared().memory);
        let caller = Caller { user: User::Nobody, transport: Transport::WebSocket };
        let subscriber = namespace.connect(Arc::clone(&outbox) as _, caller.clone());
        Session { id: Uuid::new_v4().simple().to_string(), namespace, outbox, subscriber, caller }
    }

    /// The id, of 32 characters.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What waits to be sent to the client.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.outbox
    }

    /// The namespace.
    pub fn namespace(&self) -> &Arc<Namespace> {
        &self.namespace
    }

    /// The first message to the client.
    pub fn hello(&self, host: &str) -> String {
        message::hello(self.namespace.clock().millis(), host, &self.id)
    }

    /// Takes a message. Pushes and the answer wait in the outbox afterwards, in this order.
    pub fn take(&mut self, text: &str) -> Next {
        match Message::parse(text) {
            Ok(Message::Request(request)) => {
                let (status, data) = self.respond(&request);
                self.outbox.say(message::answer(&request.number, status, data));
                Next::Continue
            }
            Ok(Message::Control(Control::Ping)) => {
                self.outbox.say(message::control("o", ()));
                Next::Continue
            }
            Ok(Message::Control(Control::SwitchAck)) => Next::Switch,
            Ok(Message::Control(Control::EndTransmission)) => Next::EndOfInput,
            Ok(Message::Control(Control::Other)) => Next::Continue,
            Err(error) => {
                self.outbox.say(message::control("e", error.to_string()));
                Next::Close
            }
        }
    }

    fn respond(&mut self, request: &Request<'_>) -> Answer {
        if request.length() > MAX_REQUEST {
            let text = format!("the request has {} bytes; at most {MAX_REQUEST} can be sent at once", request.length());
            return (Status::TooBig, Json::String(text));
        }
        if request.has_too_many_values(MAX_REQUEST) {
            let text = format!("the request has too many values; {MAX_REQUEST} bytes can be written at once");
            return (Status::TooBig, Json::String(text));
        }
        let body = match request.body() {
            Ok(body) => body,
            Err(error) => return (Status::Error, Json::String(format!("the body of the request: {error}"))),
        };
        let query = match body.query.as_ref().map_or_else(|| Ok(Query::default()), Query::from_wire) {
            Ok(query) => query,
            Err(why) => return (Status::Error, Json::String(why)),
        };
        let answer = match &*request.action {
            "s" | "appcheck" | "unappeck" => Ok(done()),
            "auth" | "gauth" => return self.sign_in(&request.action, body),
            "unauth" => {
                self.change_user(User::Nobody);
                Ok(done())
            }
            "q" if request.length() > MAX_LISTEN => {
                return (Status::TooBig, Json::String(format!("a listen has at most {MAX_LISTEN} bytes")));
            }
            "q" => {
                let warning =
                    self.namespace.listen(self.subscriber, &body.path, &query, body.tag, body.hash.as_deref());
                let data = |warns| if warns { json!({ "w": ["no_index"] }) } else { json!({}) };
                warning.map(|warning| (Status::Ok, data(warning.is_some())))
            }
            "n" => {
                self.namespace.unlisten(self.subscriber, &body.path, &query);
                Ok(done())
            }
            "g" => {
                let reading = self.namespace.read(&self.caller, &body.path, &query);
                reading.map(|reading| (Status::Ok, reading.value.to_wire()))
            }
            "p" => {
                let hash = body.hash.as_deref();
                self.namespace.set(&self.caller, &body.path, body.data, hash).map(|_| done())
            }
            "m" => self.namespace.update(&self.caller, &body.path, body.data).map(|_| done()),
            "o" => self.namespace.on_disconnect_set(self.subscriber, &body.path, body.data).map(|()| done()),
            "om" => self.namespace.on_disconnect_update(self.subscriber, &body.path, body.data).map(|()| done()),
            "oc" => self.namespace.on_disconnect_cancel(self.subscriber, &body.path).map(|()| done()),
            other => {
                let name: String = other.chars().take(20).collect();
                return (Status::Error, Json::String(format!("there is no action {name:?}")));
            }
        };
        answer.unwrap_or_else(|refused| self.refuse(&request.action, &body.path, refused))
    }

    /// Reads a token. Neither its signature nor its times are verified: test libraries sign nothing, and their tokens have
    /// expired in 1970.
    fn sign_in(&mut self, action: &str, body: Body) -> Answer {
        let user = match (body.auth_variable, body.is_anonymous) {
            (Some(variable), _) => User::from_variable(variable),
            (None, true) => User::Nobody,
            // Clients send tokens of tools as `gauth`.
            (None, false) if action == "gauth" || body.credential == "owner" => User::Admin,
            (None, false) => match claims(&body.credential) {
                Ok(claims) => User::from_claims(claims),
                Err(why) => return (Status::InvalidToken, Json::String(why)),
            },
        };
        let auth = match &user {
            User::Admin | User::Nobody => Json::Null,
            User::SignedIn(user) => to_plain(database_handshake(&Auth::from_claims(user.claims.clone())).view()),
            User::Variable(variable) => variable.json.clone(),
        };
        self.change_user(user);
        (Status::Ok, json!({ "auth": auth }))
    }

    fn change_user(&mut self, user: User) {
        self.caller.user = user.clone();
        self.namespace.change_user(self.subscriber, user);
    }

    /// The answer to a refused request. In debug mode, the console of the client shows the reason of a denial.
    fn refuse(&self, action: &str, path: &str, refused: Refused) -> Answer {
        let status = match &refused {
            Refused::Denied { reason, entry } => {
                if self.namespace.shared().settings.debug {
                    let text = format!("firewarden: {action} {path} denied (request {entry}): {reason}");
                    self.outbox.say(message::action("sd", json!({ "msg": text })));
                }
                Status::PermissionDenied
            }
            Refused::Stale { .. } => Status::DataStale,
            Refused::Invalid(RequestError::WriteTooLarge { .. } | RequestError::StringTooLong { .. }) => Status::TooBig,
            Refused::Unavailable(_) => Status::Unavailable,
            _ => Status::Error,
        };
        (status, Json::String(refused.to_string()))
    }
}

fn done() -> Answer {
    (Status::Ok, Json::String(String::new()))
}

/// The claims of an ID token, without verification.
///
/// # Errors
///
/// The official text, and why the text is no token.
pub fn claims(token: &str) -> Result<Json, String> {
    const REFUSED: &str = "Could not parse auth token.";
    match auth::decode(token) {
        Ok(token) if token.payload().is_object() => Ok(token.payload().clone()),
        Ok(_) => Err(REFUSED.to_owned()),
        Err(why) => Err(format!("{REFUSED} ({why})")),
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.outbox.end().cancel();
        self.namespace.disconnect(self.subscriber);
    }
}
