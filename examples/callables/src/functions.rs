//! The functions themselves: they know nothing of HTTP.

use firewarden::{
    Timestamp,
    auth::{
        ErrorCode, HttpsError, SignError,
        callable::{CallableAuth, Context},
    },
};
use serde_json::{Value, json};

use super::chat::Chat;

/// The functions of the project.
pub struct Functions {
    chat: Chat,
}

impl Functions {
    /// Functions that share a secret with the chat service.
    pub fn new(secret: [u8; 32]) -> Result<Self, SignError> {
        Ok(Functions { chat: Chat::new(secret)? })
    }

    /// Runs the function of a name.
    pub fn run(&self, name: &str, context: &Context, now: Timestamp) -> Result<Value, HttpsError> {
        match name {
            "addMessage" => add_message(context),
            "createChatUser" => {
                let (user, uid) = self.chat_user(context)?;
                self.chat.create(uid, user.token());
                Ok(json!(self.chat.token(uid, now)?))
            }
            "getChatToken" => Ok(json!(self.chat.token(self.chat_user(context)?.1, now)?)),
            "revokeChatToken" => {
                self.chat.revoke(self.chat_user(context)?.1, now)?;
                Ok(Value::Null)
            }
            _ => Err(HttpsError::new(ErrorCode::NotFound, "no such function")),
        }
    }

    /// A user is gone: so is everything of his at the chat service.
    pub fn user_deleted(&self, uid: &str, now: Timestamp) {
        self.chat.delete(uid, now);
    }

    /// Whoever asks the chat service for something; guests get `failed-precondition`. An ID token outlives its account
    /// by up to an hour, so one of a deleted account is refused here.
    fn chat_user<'a>(&self, context: &'a Context) -> Result<(&'a CallableAuth, &'a str), HttpsError> {
        let (user, uid) = signed_in(context, ErrorCode::FailedPrecondition)?;
        if self.chat.is_of_deleted(uid, user.token()) {
            let message = "The account of this token was deleted. Sign in again.";
            return Err(HttpsError::new(ErrorCode::Unauthenticated, message));
        }
        Ok((user, uid))
    }

    /// The chat service, as its own clients see it.
    #[allow(dead_code, reason = "for the tests")]
    pub fn chat(&self) -> &Chat {
        &self.chat
    }
}

/// A message by whoever is signed in; guests get `unauthenticated`.
fn add_message(context: &Context) -> Result<Value, HttpsError> {
    let text = context.data.get("text").and_then(Value::as_str).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| {
        let message = "The function must be called with one argument \"text\" containing the message text to add.";
        HttpsError::new(ErrorCode::InvalidArgument, message)
    })?;
    let (user, uid) = signed_in(context, ErrorCode::Unauthenticated)?;
    let claim = |name: &str| user.token().get(name).cloned().unwrap_or_default();
    Ok(json!({
        "text": text,
        "author": { "uid": uid, "name": claim("name"), "picture": claim("picture"), "email": claim("email") },
    }))
}

/// Which code tells guests that they are guests is the function's choice. A user without id is a guest as well.
fn signed_in(context: &Context, code: ErrorCode) -> Result<(&CallableAuth, &str), HttpsError> {
    let user = context.auth.as_ref().and_then(|user| Some((user, user.uid()?)));
    user.ok_or_else(|| HttpsError::new(code, "The function must be called while authenticated."))
}
