//! Callable functions: the gate that stands before a handler (identity specification, section 5).
//!
//! A [`Call`] is a method, headers and a body, from whatever HTTP framework; [`Gate::admit`] makes a [`Context`] of it or
//! the [`HttpsError`](super::HttpsError) to answer with; [`success`] is the body of a handler's result.
//!
//! ```
//! use std::time::SystemTime;
//! use firewarden::auth::{ErrorCode, HttpsError, callable::{Call, Gate, success}};
//! use serde_json::json;
//!
//! let headers = [("Content-Type", "application/json")];
//! let call = Call::new("POST", headers, br#"{"data": {"text": "hi"}}"#);
//! let context = Gate::emulator().admit(&call, SystemTime::now().into())?;
//! assert_eq!(context.data["text"], "hi");
//! // Nobody is signed in: whether that is an error is the handler's choice.
//! assert!(context.auth.is_none());
//! assert_eq!(success(&json!({ "ok": true })), json!({ "result": { "ok": true } }));
//! # Ok::<(), HttpsError>(())
//! ```
//!
//! Two things stay with the host:
//!
//! * Cross-origin requests. The SDK answers the preflight `OPTIONS` itself, with 204 and `Access-Control-*` headers; to
//!   the gate it is a method other than `POST` and ends in 400. Answer it before the gate, as your framework does.
//! * An `authPolicy`. It is a check in the handler, after the gate, that answers `permission-denied` with the message
//!   `Permission Denied`:
//!
//! ```
//! use firewarden::auth::{ErrorCode, HttpsError, callable::Context};
//!
//! /// Administrators alone, as their token says.
//! fn policy(context: &Context) -> Result<(), HttpsError> {
//!     let user = context.auth.as_ref().filter(|user| user.uid().is_some());
//!     let is_admin = user.is_some_and(|user| user.token().get("admin") == Some(&true.into()));
//!     if is_admin { Ok(()) } else { Err(HttpsError::new(ErrorCode::PermissionDenied, "Permission Denied")) }
//! }
//! ```

mod call;
mod data;
mod gate;

pub use call::Call;
pub use data::success;
#[cfg(feature = "verify")]
pub use gate::WrongVerifier;
pub use gate::{AppCheck, CallableAuth, Context, Gate, Generation, TokenStatus};
