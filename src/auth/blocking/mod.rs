//! A simulator of blocking functions, which may change or refuse a sign-up or sign-in (identity specification, section
//! 4). Rules never call it: it produces the accounts and claims that tests and hosts decide requests with.
//!
//! A [`Simulation`] takes an account, a [`Flow`] and the responses of the handlers. It reports the events that were
//! sent, the stored account, and the claims of the ID token or the error for the client. Handlers need not run: a test
//! states the [`HandlerResult`] of one, and [`respond`] makes the response of the Functions SDK from it. A host can
//! also call a real handler with the payload of each event, or run the flow itself and take from a simulation only the
//! payload of an event and the meaning of a response.
//!
//! ```
//! use std::time::SystemTime;
//! use firewarden::auth::{UserRecord, blocking::{FunctionResponse, Event, Flow, HandlerResult, Simulation, respond}};
//! use serde_json::json;
//!
//! let mut handlers = |event: Event, _payload: &_| match event {
//!     Event::BeforeSignIn => Some(respond(event, &HandlerResult::Returns(json!({ "sessionClaims": { "role": "guest" } })))),
//!     _ => None,
//! };
//! let user = UserRecord { email: Some("a@example.com".to_owned()), ..UserRecord::new("alice") };
//! let report = Simulation::new("demo-app", Flow::PasswordSignUp, SystemTime::now().into()).run(user, &mut handlers);
//! let signed_in = report.outcome.unwrap().unwrap();
//! assert_eq!(signed_in.claims.get("role"), Some(&json!("guest")));
//! assert!(report.stored.unwrap().custom_claims.is_empty());
//! ```

mod event;
mod flow;
mod handler;
mod payload;
mod response;
mod simulate;

pub use event::{event, read_request, request_body};
pub use flow::{Event, Flow};
pub use handler::{HandlerResult, respond};
pub use payload::{Details, Message, OAuthTokens};
pub use response::{FunctionResponse, Profile, RecaptchaAction, UserUpdates};
pub use simulate::{Handlers, Report, SentEvent, Simulation};
