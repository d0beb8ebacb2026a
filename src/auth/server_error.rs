//! Error responses of the Firebase Authentication server.

use serde_json::{Value as Json, json};

/// An error response of Firebase Authentication, such as `INVALID_CLAIMS` or `USER_DISABLED`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ServerError {
    status: u16,
    message: String,
}

impl ServerError {
    /// A 400 response: the request is wrong.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        ServerError { status: 400, message: message.into() }
    }

    /// A 500 response: the server or a function failed.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        ServerError { status: 500, message: message.into() }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The official text, such as `FORBIDDEN_CLAIM : sub`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The code of the error in the client SDK.
    pub fn client_code(&self) -> &'static str {
        let name = self.message.split([' ', ':']).next().unwrap_or_default();
        match name {
            "USER_DISABLED" => "auth/user-disabled",
            "INVALID_CUSTOM_TOKEN" => "auth/invalid-custom-token",
            "TENANT_ID_MISMATCH" => "auth/tenant-id-mismatch",
            "TOKEN_EXPIRED" | "USER_NOT_FOUND" => "auth/user-token-expired",
            "INVALID_ID_TOKEN" => "auth/invalid-user-token",
            _ => "auth/internal-error",
        }
    }

    /// The body of the response.
    pub fn to_json(&self) -> Json {
        let (reason, domain) = if self.status == 500 { ("internalError", "global") } else { ("invalid", "global") };
        json!({
            "error": {
                "code": self.status,
                "message": self.message,
                "errors": [{ "message": self.message, "reason": reason, "domain": domain }],
            }
        })
    }
}
