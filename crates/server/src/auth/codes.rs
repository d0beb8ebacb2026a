//! Codes that a user receives by e-mail or message, and proofs that one was received.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids;

/// The number of codes of a kind that are kept; the oldest go first.
const MAX_CODES: usize = 10_000;

/// The codes of a project or a tenant.
#[derive(Debug, Default)]
pub struct Codes {
    /// Of e-mails, by code.
    pub emails: Table<EmailCode>,
    /// Of messages, by session.
    pub messages: Table<MessageCode>,
    /// Proofs of having received a message: the number, by proof.
    pub proofs: Table<String>,
}

/// Why an e-mail was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EmailKind {
    /// A sign-in without a password.
    EmailSignin,
    /// A new password.
    PasswordReset,
    /// The proof that the address is the user's.
    VerifyEmail,
    /// The same for a new address.
    VerifyAndChangeEmail,
    /// Taking back a change of address.
    RecoverEmail,
}

impl EmailKind {
    /// The name in links.
    pub fn mode(self) -> &'static str {
        match self {
            EmailKind::EmailSignin => "signIn",
            EmailKind::PasswordReset => "resetPassword",
            EmailKind::VerifyEmail => "verifyEmail",
            EmailKind::VerifyAndChangeEmail => "verifyAndChangeEmail",
            EmailKind::RecoverEmail => "recoverEmail",
        }
    }
}

/// An e-mail that would have been sent.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailCode {
    /// The address.
    pub email: String,
    /// Why.
    pub request_type: EmailKind,
    /// The code.
    pub oob_code: String,
    /// The link in the e-mail.
    pub oob_link: String,
    /// The address to change to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_email: Option<String>,
}

/// A message that would have been sent.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageCode {
    /// The code.
    pub code: String,
    /// The number.
    pub phone_number: String,
    /// What a client gives back with the code.
    pub session_info: String,
}

impl Codes {
    /// Makes the code of a message to a number.
    pub fn message(&mut self, phone_number: String) -> MessageCode {
        let code = MessageCode { code: ids::digits(), phone_number, session_info: ids::base64url(226) };
        self.messages.insert(code.session_info.clone(), code.clone());
        code
    }

    /// Makes a proof of a number.
    pub fn proof(&mut self, phone_number: String) -> String {
        let proof = ids::base64url(119);
        self.proofs.insert(proof.clone(), phone_number);
        proof
    }
}

/// Values by key, in the order in which they were made.
#[derive(Debug)]
pub struct Table<T> {
    numbers: HashMap<String, u64>,
    values: BTreeMap<u64, (String, T)>,
    last: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { numbers: HashMap::new(), values: BTreeMap::new(), last: 0 }
    }
}

impl<T> Table<T> {
    /// Adds a value; the oldest leaves a full table.
    pub fn insert(&mut self, key: String, value: T) {
        self.last += 1;
        self.numbers.insert(key.clone(), self.last);
        self.values.insert(self.last, (key, value));
        while self.values.len() > MAX_CODES {
            let Some((_, (key, _))) = self.values.pop_first() else { return };
            self.numbers.remove(&key);
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.values.get(self.numbers.get(key)?).map(|(_, value)| value)
    }

    /// Removes a value.
    pub fn remove(&mut self, key: &str) -> Option<T> {
        let number = self.numbers.remove(key)?;
        self.values.remove(&number).map(|(_, value)| value)
    }

    /// The values, oldest first.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.values.values().map(|(_, value)| value)
    }
}
