//! A simulator of the checks before the handler of a callable function (identity specification, section 5). Rules never
//! call it: it produces the user and the data that a handler receives.
//!
//! A [`Call`] is the method, headers and body of an HTTP request, from any framework. [`Gate::admit`] makes a
//! [`Context`] from it, or the [`HttpsError`](super::HttpsError) to respond with; [`success`] makes the body for a
//! handler's result.
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
//! The host has two tasks:
//!
//! * Cross-origin requests. The SDK responds to the preflight `OPTIONS` itself, with 204 and `Access-Control-*`
//!   headers. The gate refuses `OPTIONS` with 400 as a wrong method, so the host must respond before the gate, as
//!   frameworks do.
//! * An `authPolicy`. It is a check in the handler, after the gate, that fails with `permission-denied` and the message
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
