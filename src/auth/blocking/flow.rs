//! Sign-up and sign-in flows, and the events that each sends (identity specification, section 4.3).

/// The event that calls a blocking function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Before an account is stored.
    BeforeCreate,
    /// Before a token is issued.
    BeforeSignIn,
    /// Before an e-mail is sent. No flow here sends it.
    BeforeSendEmail,
    /// Before a text message is sent. No flow here sends it.
    BeforeSendSms,
}

impl Event {
    /// The name in the protocol: `beforeCreate`.
    pub fn name(self) -> &'static str {
        match self {
            Event::BeforeCreate => "beforeCreate",
            Event::BeforeSignIn => "beforeSignIn",
            Event::BeforeSendEmail => "beforeSendEmail",
            Event::BeforeSendSms => "beforeSendSms",
        }
    }

    /// Parses a name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Event::BeforeCreate, Event::BeforeSignIn, Event::BeforeSendEmail, Event::BeforeSendSms];
        all.into_iter().find(|event| event.name() == name)
    }
}

/// An action of a user or an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flow {
    /// A sign-up with a password.
    PasswordSignUp,
    /// A sign-in with a password.
    PasswordSignIn,
    /// A sign-up with a phone number.
    PhoneSignUp,
    /// A sign-in with a phone number.
    PhoneSignIn,
    /// A sign-up with an e-mail link.
    EmailLinkSignUp,
    /// A sign-in with an e-mail link.
    EmailLinkSignIn,
    /// A sign-up with a provider such as `google.com`, `saml.NAME`, `oidc.NAME`.
    ProviderSignUp(String),
    /// A sign-in with a provider.
    ProviderSignIn(String),
    /// The first of two factors, which issues no token.
    FirstFactor,
    /// The second factor, after a first factor of that provider.
    SecondFactor(String),
    /// A signed-in user links a provider.
    LinkProvider(String),
    /// A signed-in user links an e-mail address and a password.
    LinkPassword,
    /// An anonymous sign-in.
    Anonymous,
    /// A sign-in with a custom token.
    CustomToken,
    /// An administrator creates an account.
    AdminCreate,
    /// A session refreshes its token.
    Refresh,
    /// A user changes the password.
    PasswordChange,
}

impl Flow {
    /// The events that the flow sends, in order.
    pub fn events(&self) -> &'static [Event] {
        match self {
            Flow::PasswordSignUp | Flow::PhoneSignUp | Flow::EmailLinkSignUp | Flow::ProviderSignUp(_) => {
                &[Event::BeforeCreate, Event::BeforeSignIn]
            }
            Flow::PasswordSignIn
            | Flow::PhoneSignIn
            | Flow::EmailLinkSignIn
            | Flow::ProviderSignIn(_)
            | Flow::SecondFactor(_)
            | Flow::LinkProvider(_) => &[Event::BeforeSignIn],
            Flow::FirstFactor
            | Flow::LinkPassword
            | Flow::Anonymous
            | Flow::CustomToken
            | Flow::AdminCreate
            | Flow::Refresh
            | Flow::PasswordChange => &[],
        }
    }

    /// Whether the flow creates the account.
    pub fn is_new(&self) -> bool {
        matches!(self, Flow::Anonymous | Flow::AdminCreate) || self.events().contains(&Event::BeforeCreate)
    }

    /// Whether the flow issues a token.
    pub fn gives_token(&self) -> bool {
        !matches!(self, Flow::FirstFactor | Flow::AdminCreate)
    }

    /// The claim `firebase.sign_in_provider`.
    pub fn provider(&self) -> &str {
        match self {
            Flow::PhoneSignUp | Flow::PhoneSignIn => "phone",
            Flow::Anonymous => "anonymous",
            Flow::CustomToken => "custom",
            Flow::ProviderSignUp(id) | Flow::ProviderSignIn(id) | Flow::LinkProvider(id) | Flow::SecondFactor(id) => id,
            _ => "password",
        }
    }

    /// The event's `sign_in_method`.
    pub fn method(&self) -> &str {
        match self {
            Flow::EmailLinkSignUp | Flow::EmailLinkSignIn => "emailLink",
            other => other.provider(),
        }
    }
}
