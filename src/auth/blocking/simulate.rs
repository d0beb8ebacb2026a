//! The simulation of a flow, from its events to the token or the error.

use super::{
    Details, Event, Flow, FunctionResponse, Message, Profile, RecaptchaAction,
    payload::PayloadBuilder,
    response::{self, UserUpdates},
};
use crate::{
    auth::{Claims, SecondFactor, Session, SignedIn, UserRecord, server_error::ServerError},
    value::Timestamp,
};

/// The blocking functions of a project.
pub trait Handlers {
    /// Calls the function for an event with the payload of its token. `None` if the project has no such function.
    fn call(&mut self, event: Event, payload: &Claims) -> Option<FunctionResponse>;
}

impl<F: FnMut(Event, &Claims) -> Option<FunctionResponse>> Handlers for F {
    fn call(&mut self, event: Event, payload: &Claims) -> Option<FunctionResponse> {
        self(event, payload)
    }
}

/// An event that the flow sent.
#[derive(Clone, Debug, PartialEq)]
pub struct SentEvent {
    /// The event.
    pub event: Event,
    /// The payload of its token.
    pub payload: Claims,
}

/// The result of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The events in order, including those that no function handles.
    pub sent: Vec<SentEvent>,
    /// The stored account after the flow, if any.
    pub stored: Option<UserRecord>,
    /// The reCAPTCHA action of the last handler that requested one.
    pub recaptcha: Option<RecaptchaAction>,
    /// The sign-in, `None` for flows without a token, or the error for the client.
    pub outcome: Result<Option<SignedIn>, ServerError>,
}

/// A flow of a user of a project. It is a pure function of the time and the responses.
#[derive(Clone, Debug)]
pub struct Simulation {
    project: String,
    flow: Flow,
    now: Timestamp,
    profile: Profile,
    details: Details,
    tenant: Option<String>,
    session: Option<Session>,
    second_factor: Option<SecondFactor>,
    url: Option<String>,
    event_id: String,
}

impl Simulation {
    /// A flow at the time `now`, as in production.
    pub fn new(project: impl Into<String>, flow: Flow, now: Timestamp) -> Self {
        Simulation {
            project: project.into(),
            flow,
            now,
            profile: Profile::Production,
            details: Details::default(),
            tenant: None,
            session: None,
            second_factor: None,
            url: None,
            event_id: "simulated".to_owned(),
        }
    }

    /// Sets the server that is simulated.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets the details of the sign-in.
    #[must_use]
    pub fn details(mut self, details: Details) -> Self {
        self.details = details;
        self
    }

    /// Sets the tenant of a multi-tenant project.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Sets the previous session: for a refresh, a change of password, or the claims of a custom token.
    #[must_use]
    pub fn session(mut self, session: Session) -> Self {
        self.session = Some(session);
        self
    }

    /// Sets the second factor of [`Flow::SecondFactor`].
    #[must_use]
    pub fn second_factor(mut self, factor: SecondFactor) -> Self {
        self.second_factor = Some(factor);
        self
    }

    /// Sets the URL of the functions, which is the audience of their tokens. The default is
    /// `https://us-central1-PROJECT.cloudfunctions.net/EVENT`.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Sets the id of the events, which the host may draw at random.
    #[must_use]
    pub fn event_id(mut self, id: impl Into<String>) -> Self {
        self.event_id = id.into();
        self
    }

    /// The payload of an event about an e-mail or a text message. No flow sends it.
    pub fn message(&self, message: &Message) -> Claims {
        let event = match message {
            Message::Email { .. } => Event::BeforeSendEmail,
            Message::Sms { .. } => Event::BeforeSendSms,
        };
        self.payload_builder(&self.function_url(event)).message(message)
    }

    /// The payload of an event of this flow about an account.
    pub fn payload(&self, event: Event, user: &UserRecord) -> Claims {
        let second_factor = match self.flow {
            Flow::SecondFactor(_) => Some(self.second_factor.as_ref().map_or("phone", |factor| &factor.provider)),
            _ => None,
        };
        let url = self.function_url(event);
        self.payload_builder(&url).user(event, user, self.flow.method(), second_factor)
    }

    /// The changes that the response to an event of this flow asks for.
    ///
    /// # Errors
    ///
    /// The error for the client: the function refuses, fails, is too late, or its response makes no sense.
    pub fn read_response(&self, event: Event, response: &FunctionResponse) -> Result<UserUpdates, ServerError> {
        response::read(self.profile, event, &self.function_url(event), response)
    }

    /// Runs the flow for an account: the new one, or the stored one.
    pub fn run(&self, user: UserRecord, handlers: &mut dyn Handlers) -> Report {
        let stored = (!self.flow.is_new()).then(|| user.clone());
        let mut report = Report { sent: Vec::new(), stored, recaptcha: None, outcome: Ok(None) };
        report.outcome = self.run_flow(user, handlers, &mut report);
        report
    }

    fn run_flow(
        &self,
        mut user: UserRecord,
        handlers: &mut dyn Handlers,
        report: &mut Report,
    ) -> Result<Option<SignedIn>, ServerError> {
        let disabled = || ServerError::bad_request("USER_DISABLED");
        let is_new = self.flow.is_new();
        if is_new {
            user.created_at = user.created_at.or(Some(self.now));
            user.tenant_id = user.tenant_id.or_else(|| self.tenant.clone());
        } else if user.disabled {
            return Err(disabled());
        }
        if self.flow.events().contains(&Event::BeforeCreate) {
            self.call_handler(Event::BeforeCreate, &user, handlers, report)?.apply(&mut user);
            if user.disabled || self.profile == Profile::Emulator {
                report.stored = Some(user.clone());
            }
            if user.disabled {
                return Err(disabled());
            }
        }
        let mut session = self.start_session();
        if self.flow.events().contains(&Event::BeforeSignIn) {
            let updates = self.call_handler(Event::BeforeSignIn, &user, handlers, report)?;
            updates.apply(&mut user);
            session.claims = updates.session_claims.unwrap_or_default();
        }
        if self.flow.gives_token() && !matches!(self.flow, Flow::Refresh) {
            user.last_sign_in_at = Some(session.signed_in_at);
        }
        report.stored = Some(user.clone());
        // A flow without a token signs nobody in, so it may create a disabled account.
        if !self.flow.gives_token() {
            return Ok(None);
        }
        if user.disabled {
            return Err(disabled());
        }
        let claims = session.id_token(&user, &self.project, self.now)?;
        Ok(Some(SignedIn { user, is_new, session, claims }))
    }

    /// The session that the flow starts or continues. The emulator's refresh tokens keep no attributes.
    fn start_session(&self) -> Session {
        if let Some(session) = &self.session {
            let mut session = session.clone();
            if self.profile == Profile::Emulator && self.flow == Flow::Refresh {
                session.sign_in_attributes = None;
            }
            return session;
        }
        let mut session = Session::new(self.flow.provider(), self.now);
        session.tenant.clone_from(&self.tenant);
        session.second_factor.clone_from(&self.second_factor);
        // Only SAML has attributes; the emulator never sets them for OpenID providers.
        if self.flow.provider().starts_with("saml.") {
            session.sign_in_attributes.clone_from(&self.details.sign_in_attributes);
        }
        session
    }

    fn call_handler(
        &self,
        event: Event,
        user: &UserRecord,
        handlers: &mut dyn Handlers,
        report: &mut Report,
    ) -> Result<UserUpdates, ServerError> {
        let payload = self.payload(event, user);
        let response = handlers.call(event, &payload);
        report.sent.push(SentEvent { event, payload });
        let Some(response) = response else { return Ok(UserUpdates::default()) };
        let updates = self.read_response(event, &response)?;
        report.recaptcha = updates.recaptcha.or(report.recaptcha);
        Ok(updates)
    }

    fn function_url(&self, event: Event) -> String {
        let default = || format!("https://us-central1-{}.cloudfunctions.net/{}", self.project, event.name());
        self.url.clone().unwrap_or_else(default)
    }

    fn payload_builder<'a>(&'a self, url: &'a str) -> PayloadBuilder<'a> {
        PayloadBuilder {
            project: &self.project,
            url,
            event_id: &self.event_id,
            tenant: self.tenant.as_deref(),
            details: &self.details,
            profile: self.profile,
            now: self.now,
        }
    }
}
