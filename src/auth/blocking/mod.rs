//! Blocking functions, simulated: what a sign-up or sign-in comes to when handlers may change or refuse it (identity
//! specification, section 4).
//!
//! A [`Simulation`] takes an account, a [`Flow`] and what the handlers answer, and tells which events were sent, what is
//! stored and which claims the ID token has, or the error that the client gets. Handlers need not run: a test states what
//! one returns or throws ([`Handled`]), and [`answer`] makes of it what the Functions SDK would. A real handler is driven
//! with the payload of each event and its HTTP answer.
//!
//! ```
//! use std::time::SystemTime;
//! use firewarden::auth::{UserRecord, blocking::{Answer, Event, Flow, Handled, Simulation, answer}};
//! use serde_json::json;
//!
//! let mut handlers = |event: Event, _payload: &_| match event {
//!     Event::BeforeSignIn => Some(answer(event, &Handled::Returns(json!({ "sessionClaims": { "role": "guest" } })))),
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
mod handled;
mod payload;
mod response;
mod simulate;

pub use event::{event, read_request, request_body};
pub use flow::{Event, Flow};
pub use handled::{Handled, answer};
pub use payload::{Details, Message, OAuthTokens};
pub use response::{Answer, Profile, RecaptchaAction};
pub use simulate::{Handlers, Report, Sent, Simulation};
