//! Which events a flow sends (identity specification, section 4.3).

/// What a blocking function is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// Before an account is stored.
    BeforeCreate,
    /// Before a user gets a token.
    BeforeSignIn,
    /// Before an e-mail is sent. No flow here sends it.
    BeforeSendEmail,
    /// Before a text message is sent. No flow here sends it.
    BeforeSendSms,
}

impl Event {
    /// The name on the wire: `beforeCreate`.
    pub fn name(self) -> &'static str {
        match self {
            Event::BeforeCreate => "beforeCreate",
            Event::BeforeSignIn => "beforeSignIn",
            Event::BeforeSendEmail => "beforeSendEmail",
            Event::BeforeSendSms => "beforeSendSms",
        }
    }

    /// The event of a name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Event::BeforeCreate, Event::BeforeSignIn, Event::BeforeSendEmail, Event::BeforeSendSms];
        all.into_iter().find(|event| event.name() == name)
    }
}

/// What a user or an administrator does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flow {
    /// A new account with a password.
    PasswordSignUp,
    /// An account's password.
    PasswordSignIn,
    /// A new account by a phone number.
    PhoneSignUp,
    /// An account's phone number.
    PhoneSignIn,
    /// A new account by an e-mail link.
    EmailLinkSignUp,
    /// An e-mail link for an account.
    EmailLinkSignIn,
    /// A new account through a provider such as `google.com`, `saml.NAME`, `oidc.NAME`.
    ProviderSignUp(String),
    /// An account through a provider.
    ProviderSignIn(String),
    /// The first factor of two: no token yet.
    FirstFactor,
    /// The second factor, after a first one of that provider.
    SecondFactor(String),
    /// A provider is linked to the account of a user who is signed in.
    LinkProvider(String),
    /// An address and a password are linked.
    LinkPassword,
    /// A guest.
    Anonymous,
    /// A custom token.
    CustomToken,
    /// An administrator makes an account.
    AdminCreate,
    /// A session gets its next token.
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

    /// Whether the account is new.
    pub fn is_new(&self) -> bool {
        matches!(self, Flow::Anonymous | Flow::AdminCreate) || self.events().contains(&Event::BeforeCreate)
    }

    /// Whether the flow ends with a token.
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
