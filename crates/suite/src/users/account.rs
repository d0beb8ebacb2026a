//! Users who sign in: an account, a provider, and the responses of blocking functions. Their claims are those of a real
//! ID token (identity specification, sections 2.4 and 4).

use crate::{
    clock,
    node::{Fields, Node, Reader},
    values,
};
use firewarden::{
    auth::{
        Auth, ErrorCode, ProviderAccount, SecondFactor, Session, UserRecord,
        blocking::{Event, Flow, HandlerResult, Simulation, respond},
        custom_claims,
    },
    text::Span,
    value::Timestamp,
};

use super::{
    Principal,
    claims::{PROVIDERS, is_provider},
};

/// An account, and how its user signs in.
#[derive(Clone, Debug)]
pub(super) struct Account {
    user: UserRecord,
    project: String,
    flow: Flow,
    session: Session,
    /// The time of the sign-in as the suite writes it; by default, the time of the request.
    signed_in: Option<String>,
    handlers: Vec<(Event, HandlerResult)>,
}

impl Account {
    pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>, uid: &str, project: &str) -> Option<Self> {
        let text = |reader: &mut Reader, name: &str| fields.get(name).and_then(|node| reader.text(node, name));
        let project = text(reader, "project").unwrap_or(project).to_owned();
        let provider = match fields.stated("provider") {
            Some(node) => self::provider(reader, node)?,
            None => "password",
        };
        let mut user = profile(uid, provider);
        stated(reader, fields, &mut user);
        super::claims::check_account(reader, fields, &user);
        if provider.contains('.') {
            let raw_id = text(reader, "providerUid").map_or_else(|| format!("{uid}-at-{provider}"), str::to_owned);
            let account =
                ProviderAccount { provider_id: provider.to_owned(), raw_id: Some(raw_id), ..Default::default() };
            user.providers.push(account);
        }
        if let Some(node) = fields.get("claims") {
            let claims = values::plain(reader, node, "claims")?;
            if let Err(error) = custom_claims::set(&mut user, &claims) {
                reader.error("impossible-claim", node.span, format!("{error} ({})", error.code()));
                return None;
            }
            for warning in custom_claims::lint(&user.custom_claims) {
                reader.warn("impossible-claim", node.span, warning.to_string(), "");
            }
        }
        let mut session =
            Session::new(if provider == "emailLink" { "password" } else { provider }, Timestamp::UNIX_EPOCH);
        session.tenant = text(reader, "tenant").map(str::to_owned);
        user.tenant_id.clone_from(&session.tenant);
        session.second_factor = fields.get("secondFactor").and_then(|node| second_factor(reader, node));
        session.sign_in_attributes =
            fields.get("signInAttributes").and_then(|node| values::plain(reader, node, "signInAttributes"));
        let signed_in = text(reader, "signedIn").map(str::to_owned);
        if let (Some(node), Some(text)) = (fields.get("signedIn"), &signed_in)
            && clock::moment(text, Some(Timestamp::UNIX_EPOCH)).is_none()
        {
            reader.error(
                "wrong-value",
                node.span,
                format!("invalid time `{text}` for `signedIn`; write now-1h or RFC 3339"),
            );
        }
        let handlers = handlers(reader, fields);
        let is_new = fields.stated("beforeCreate").is_some();
        let flow = flow(provider, is_new, session.second_factor.is_some());
        for (event, _) in &handlers {
            if !flow.events().contains(event) {
                let span = fields.key(event.name()).map_or(fields.node.span, |key| key.span);
                let message = format!("a sign-in with `{provider}` does not trigger `{}`", event.name());
                reader.error("misplaced-key", span, message);
            }
        }
        Some(Account { user, project, flow, session, signed_in, handlers })
    }

    /// Signs in and issues a token.
    pub(super) fn sign_in(&self, now: Timestamp) -> Principal {
        let at = self.signed_in.as_deref().and_then(|text| clock::moment(text, Some(now)));
        let mut session = self.session.clone();
        session.signed_in_at = at.unwrap_or(now);
        let refused = |code: &str, message: String| Principal::Refused { code: code.to_owned(), message };
        if self.user.disabled {
            return refused("auth/user-disabled", "The user account has been disabled by an administrator.".to_owned());
        }
        let mut user = self.user.clone();
        if !self.handlers.is_empty() {
            let handled = |event: Event| self.handlers.iter().find(|(of, _)| *of == event).map(|(_, handled)| handled);
            let mut call = |event: Event, _: &_| handled(event).map(|handled| respond(event, handled));
            let mut simulation = Simulation::new(&self.project, self.flow.clone(), session.signed_in_at);
            simulation = simulation.session(session.clone());
            if let Some(factor) = &session.second_factor {
                simulation = simulation.second_factor(factor.clone());
            }
            if let Some(tenant) = &session.tenant {
                simulation = simulation.tenant(tenant.as_str());
            }
            match simulation.run(user, &mut call).outcome {
                Ok(Some(signed_in)) => {
                    user = signed_in.user;
                    session.claims = signed_in.session.claims;
                }
                Ok(None) => return Principal::Nobody,
                Err(error) => return refused(error.client_code(), error.message().to_owned()),
            }
        }
        match session.id_token(&user, &self.project, now) {
            Ok(claims) => Principal::User(Box::new(Auth::from_claims(claims.into_json()))),
            Err(error) => refused(error.client_code(), error.message().to_owned()),
        }
    }
}

fn provider<'n>(reader: &mut Reader, node: &'n Node) -> Option<&'n str> {
    let name = reader.text(node, "provider")?;
    if name == "emailLink" || is_provider(name) {
        return Some(name);
    }
    let known = PROVIDERS.into_iter().chain(["emailLink", "saml.NAME", "oidc.NAME"]);
    reader.unknown_name("unknown-provider", node.span, format!("unknown sign-in provider `{name}`"), name, known);
    None
}

/// The usual profile of an account of the provider.
fn profile(uid: &str, provider: &str) -> UserRecord {
    let mut user = UserRecord::new(uid);
    match provider {
        "anonymous" | "custom" => {}
        "phone" => user.phone_number = Some("+15555550100".to_owned()),
        _ => {
            let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            let name: String = uid.chars().filter(|c| letters(*c)).collect::<String>().to_lowercase();
            user.email = Some(format!("{}@example.com", if name.is_empty() { "user" } else { &name }));
            // These providers do not verify the address.
            let unproven = ["password", "facebook.com", "github.com", "twitter.com", "microsoft.com", "linkedin.com"];
            user.email_verified = Some(!unproven.contains(&provider));
            if provider.contains('.') {
                user.display_name = Some(uid.to_owned());
                user.photo_url =
                    Some(format!("https://example.com/{}.png", if name.is_empty() { "user" } else { &name }));
            }
        }
    }
    user
}

/// Applies the suite's fields to the account; null removes a default.
fn stated(reader: &mut Reader, fields: &Fields<'_>, user: &mut UserRecord) {
    let set = |reader: &mut Reader, name: &str, slot: &mut Option<String>| match fields.stated(name) {
        Some(node) if node.is_null() => *slot = None,
        Some(node) => *slot = reader.text(node, name).map(str::to_owned),
        None => {}
    };
    set(reader, "email", &mut user.email);
    set(reader, "phoneNumber", &mut user.phone_number);
    set(reader, "displayName", &mut user.display_name);
    set(reader, "photoURL", &mut user.photo_url);
    // Firebase stores addresses in lower case.
    user.email = user.email.take().map(|email| email.to_lowercase());
    if user.email.is_none() {
        user.email_verified = None;
    } else if user.email_verified.is_none() {
        user.email_verified = Some(false);
    }
    if let Some(node) = fields.get("emailVerified") {
        user.email_verified = reader.bool(node, "emailVerified");
    }
    if let Some(node) = fields.get("disabled") {
        user.disabled = reader.bool(node, "disabled").unwrap_or(false);
    }
}

/// Reads `phone`, or `{provider: phone, id: ENROLMENT}`.
fn second_factor(reader: &mut Reader, node: &Node) -> Option<SecondFactor> {
    if let Some(provider) = node.as_text() {
        return Some(SecondFactor { provider: provider.to_owned(), identifier: "enrolment-1".to_owned() });
    }
    let fields = reader.fields(node, "secondFactor", &["provider", "id"]);
    let mut text = |name: &str| fields.get(name).and_then(|node| reader.text(node, name)).map(str::to_owned);
    let (provider, identifier) = (text("provider"), text("id"));
    Some(SecondFactor {
        provider: provider.unwrap_or_else(|| "phone".to_owned()),
        identifier: identifier.unwrap_or_else(|| "enrolment-1".to_owned()),
    })
}

fn flow(provider: &str, is_new: bool, second_factor: bool) -> Flow {
    match (provider, is_new) {
        ("anonymous", _) => Flow::Anonymous,
        ("custom", _) => Flow::CustomToken,
        (provider, false) if second_factor => Flow::SecondFactor(provider.to_owned()),
        ("password", true) => Flow::PasswordSignUp,
        ("password", false) => Flow::PasswordSignIn,
        ("emailLink", true) => Flow::EmailLinkSignUp,
        ("emailLink", false) => Flow::EmailLinkSignIn,
        ("phone", true) => Flow::PhoneSignUp,
        ("phone", false) => Flow::PhoneSignIn,
        (other, true) => Flow::ProviderSignUp(other.to_owned()),
        (other, false) => Flow::ProviderSignIn(other.to_owned()),
    }
}

fn handlers(reader: &mut Reader, fields: &Fields<'_>) -> Vec<(Event, HandlerResult)> {
    let mut handlers = Vec::new();
    for event in [Event::BeforeCreate, Event::BeforeSignIn] {
        let Some(node) = fields.stated(event.name()) else { continue };
        if let Some(handled) = handler(reader, node, event.name()) {
            handlers.push((event, handled));
        }
    }
    handlers
}

/// `{return: {…}}`, `{throw: CODE}`, `{throw: {code, message, details}}`, `{crash: true}`; null returns nothing.
fn handler(reader: &mut Reader, node: &Node, name: &str) -> Option<HandlerResult> {
    if node.is_null() {
        return Some(HandlerResult::Nothing);
    }
    let fields = reader.fields(node, name, &["return", "throw", "crash"]);
    if !fields.is_map() {
        return None;
    }
    if fields.node.entries().len() != 1 {
        reader.error("wrong-value", node.span, format!("expected one of `return`, `throw` and `crash` in `{name}`"));
        return None;
    }
    if let Some(value) = fields.stated("return") {
        returned(reader, value, name);
        return Some(HandlerResult::Returns(values::plain(reader, value, name)?));
    }
    if let Some(crash) = fields.stated("crash") {
        return reader
            .bool(crash, "crash")
            .map(|crash| if crash { HandlerResult::Crashes } else { HandlerResult::Nothing });
    }
    let thrown = fields.stated("throw")?;
    let (code, span, message, details) = match thrown.as_text() {
        Some(code) => (code, thrown.span, "", None),
        None => {
            let fields = reader.fields(thrown, "throw", &["code", "message", "details"]);
            if !fields.is_map() {
                return None;
            }
            let code = required(reader, &fields, "code")?;
            let message = fields.get("message").and_then(|node| reader.text(node, "message")).unwrap_or("");
            let details = fields.get("details").and_then(|node| values::plain(reader, node, "details"));
            (code.0, code.1, message, details)
        }
    };
    if ErrorCode::parse(code).is_none() {
        let message = format!("unknown HttpsError code `{code}`");
        reader.unknown_name("wrong-value", span, message, code, ErrorCode::names());
        return None;
    }
    Some(HandlerResult::Throws { code: code.to_owned(), message: message.to_owned(), details })
}

/// The fields that a handler can return; others have no effect.
const RETURNED: [&str; 7] = [
    "displayName",
    "disabled",
    "emailVerified",
    "photoURL",
    "customClaims",
    "sessionClaims",
    "recaptchaActionOverride",
];

/// Warns of returned fields that have no effect.
fn returned(reader: &mut Reader, value: &Node, name: &str) {
    for (key, _) in value.entries() {
        if !RETURNED.contains(&key.text.as_str()) {
            let near = firewarden::text::nearest(&key.text, RETURNED);
            let hint = near.map_or_else(|| RETURNED.join(", "), |near| format!("did you mean {near}?"));
            let message = format!("`{}` has no effect when `{name}` returns it", key.text);
            reader.warn("no-effect", key.span, message, &hint);
        } else if key.text == "sessionClaims" && name == Event::BeforeCreate.name() {
            reader.warn("no-effect", key.span, "`sessionClaims` only has an effect in `beforeSignIn`", "");
        }
    }
}

fn required<'n>(reader: &mut Reader, fields: &Fields<'n>, name: &str) -> Option<(&'n str, Span)> {
    let Some(node) = fields.get(name) else {
        reader.missing(fields.node, format!("missing `{name}`"));
        return None;
    };
    reader.text(node, name).map(|text| (text, node.span))
}
