//! What an identity provider says of a user: fake tokens, as texts of JSON or as unsigned tokens.

use firewarden::auth::{MAX_TOKEN, decode};
use serde_json::{Map, Value as Json, json};

use crate::auth::{
    account::{ProviderInfo, is_email},
    answer::Answer,
    call::pairs,
    error::{Refusal, refuse},
};

const SCOPE: &str = "openid https://www.googleapis.com/auth/userinfo.profile";
const EMAIL_SCOPE: &str = "https://www.googleapis.com/auth/userinfo.email";

/// What a provider says of a user.
#[derive(Clone, Debug, Default)]
pub struct IdpResponse {
    /// The provider.
    pub provider: String,
    /// The user's id there.
    pub raw_id: String,
    /// The id in answers.
    federated_id: String,
    /// The address as the provider writes it, in lower case but for SAML.
    pub email: Option<String>,
    /// Whether the provider has verified it.
    pub is_verified: bool,
    /// The name.
    pub display_name: Option<String>,
    /// The picture.
    pub photo_url: Option<String>,
    /// The login.
    pub screen_name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// All of it, as JSON.
    pub raw_user_info: Option<String>,
    /// The attributes of a SAML assertion.
    pub attributes: Option<Json>,
    /// The access token.
    pub access_token: String,
    /// The ID token.
    pub id_token: Option<String>,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// The secret of OAuth 1.
    pub token_secret: Option<String>,
}

/// The parameters of a response: the query of the address, then the body, then the fragment of the address.
fn parameters(request_uri: &str, body: &str) -> Vec<(String, String)> {
    let (rest, fragment) = request_uri.split_once('#').unwrap_or((request_uri, ""));
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let mut all = pairs(query);
    all.extend(pairs(body));
    all.extend(pairs(fragment));
    all
}

impl IdpResponse {
    /// Reads the response in an address and a body.
    pub fn read(request_uri: &str, body: &str) -> Result<Self, Refusal> {
        let all = parameters(request_uri, body);
        let param = |name: &str| {
            let found = all.iter().rev().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let Some(provider) = param("providerId") else {
            let address = match (request_uri.contains('?'), body.is_empty()) {
                (_, true) => request_uri.to_owned(),
                (true, false) => format!("{request_uri}&{body}"),
                (false, false) => with_query(request_uri, body),
            };
            return refuse(format!("INVALID_CREDENTIAL_OR_PROVIDER_ID : Invalid IdP response/credential: {address}"));
        };
        let provider = provider.to_lowercase();
        let (id_token, access_token) = (param("id_token"), param("access_token"));
        let claims = claims(&provider, id_token, access_token)?;
        let mut response = match provider.as_str() {
            "google.com" => google(&claims)?,
            _ if provider.starts_with("saml.") => saml(&claims, param("SAMLResponse"))?,
            _ => other(&claims)?,
        };
        response.access_token = match access_token {
            Some(token) => token.to_owned(),
            None => format!("FirebaseAuthEmulatorFakeAccessToken_{provider}"),
        };
        response.id_token = id_token.map(str::to_owned);
        response.refresh_token = param("refresh_token").map(str::to_owned);
        response.token_secret = param("oauth_token_secret").or(param("token_secret")).map(str::to_owned);
        response.provider = provider;
        Ok(response)
    }

    /// The entry of the provider in an account.
    pub fn info(&self) -> ProviderInfo {
        ProviderInfo {
            provider_id: self.provider.clone(),
            raw_id: Some(self.raw_id.clone()),
            federated_id: Some(self.raw_id.clone()),
            email: self.email.clone(),
            display_name: self.display_name.clone(),
            photo_url: self.photo_url.clone(),
            screen_name: self.screen_name.clone(),
            phone_number: None,
        }
    }

    /// The part of the answer that comes from the provider.
    pub fn answer(&self) -> Answer {
        Answer::of_kind("VerifyAssertionResponse")
            .with("context", "")
            .with("providerId", self.provider.clone())
            .with("federatedId", self.federated_id.clone())
            .some("email", self.email.clone())
            .some("emailVerified", self.email.as_ref().map(|_| self.is_verified))
            .some("displayName", self.display_name.clone())
            .some("fullName", self.display_name.clone())
            .some("firstName", self.first_name.clone())
            .some("lastName", self.last_name.clone())
            .some("screenName", self.screen_name.clone())
            .some("photoUrl", self.photo_url.clone())
            .some("rawUserInfo", self.raw_user_info.clone())
            .with("oauthAccessToken", self.access_token.clone())
            .some("oauthIdToken", self.id_token.clone())
    }
}

/// An address with a query; an address without a path gets one.
fn with_query(address: &str, query: &str) -> String {
    let has_path = address.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    format!("{address}{}?{query}", if has_path { "" } else { "/" })
}

/// The claims of the fake token.
fn claims(provider: &str, id_token: Option<&str>, access_token: Option<&str>) -> Result<Map<String, Json>, Refusal> {
    let Some(token) = id_token.or(access_token) else {
        return Err(Refusal::unimplemented(
            "The Auth Emulator only supports sign-in with credentials (id_token required).",
        ));
    };
    let unreadable = |why: &str| refuse(format!("INVALID_IDP_RESPONSE : Unable to parse id_token: {token} (({why}))"));
    if token.starts_with('{') {
        let parsed = if token.len() > MAX_TOKEN { None } else { serde_json::from_str(token).ok() };
        return match parsed {
            Some(claims) => Ok(claims),
            None => unreadable("Auth Emulator failed to parse fake id_token as strict JSON."),
        };
    }
    if let Some(Json::Object(claims)) = decode(token).ok().map(|token| token.payload().clone()) {
        return Ok(claims);
    }
    if id_token.is_some() {
        return unreadable("Auth Emulator only accepts strict JSON or JWTs as fake id_tokens.");
    }
    Err(Refusal::unimplemented(match provider {
        "google.com" | "apple.com" => format!(
            "The Auth Emulator only support sign-in with {provider} using id_token, not access_token. Please update your \
             code to use id_token."
        ),
        _ => format!("The Auth Emulator does not support {provider} sign-in with credentials."),
    }))
}

/// What all providers say.
fn common(claims: &Map<String, Json>) -> Result<IdpResponse, Refusal> {
    let raw_id = match claims.get("sub") {
        Some(Json::String(id)) if !id.is_empty() => id.clone(),
        None | Some(Json::Null | Json::Bool(false) | Json::String(_)) => {
            return refuse(
                "INVALID_IDP_RESPONSE : Invalid Idp Response: id_token missing required fields. ((Missing \"sub\" field. \
                 This field is required and must be a unique identifier.))",
            );
        }
        Some(_) => return refuse("INVALID_IDP_RESPONSE : ((The \"sub\" field must be a string.))"),
    };
    let text = |name: &str| claims.get(name).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let is_verified = match claims.get("email_verified") {
        None | Some(Json::Null) => false,
        Some(Json::Bool(verified)) => *verified,
        Some(Json::Number(number)) => number.as_f64().is_some_and(|number| number != 0.0),
        Some(Json::String(text)) => !text.is_empty(),
        Some(_) => true,
    };
    Ok(IdpResponse {
        federated_id: raw_id.clone(),
        raw_id,
        email: text("email").map(|email| email.to_lowercase()),
        is_verified,
        display_name: text("name"),
        photo_url: text("picture"),
        screen_name: text("screen_name"),
        ..IdpResponse::default()
    })
}

fn other(claims: &Map<String, Json>) -> Result<IdpResponse, Refusal> {
    Ok(IdpResponse { raw_user_info: Some(json!(claims).to_string()), ..common(claims)? })
}

fn google(claims: &Map<String, Json>) -> Result<IdpResponse, Refusal> {
    let response = common(claims)?;
    let text = |name: &str| claims.get(name).and_then(Json::as_str).map(str::to_owned);
    let (first_name, last_name) = (text("given_name"), text("family_name"));
    let scopes = if response.email.is_some() { format!("{SCOPE} {EMAIL_SCOPE}") } else { SCOPE.to_owned() };
    let raw = Answer::new()
        .with("granted_scopes", scopes)
        .with("id", response.raw_id.clone())
        .some("name", response.display_name.clone())
        .some("given_name", first_name.clone())
        .some("family_name", last_name.clone())
        .with("verified_email", response.is_verified)
        .with("locale", "en")
        .some("email", response.email.clone())
        .some("picture", response.photo_url.clone());
    Ok(IdpResponse {
        federated_id: format!("https://accounts.google.com/{}", response.raw_id),
        first_name,
        last_name,
        raw_user_info: Some(json!(raw.fields()).to_string()),
        ..response
    })
}

/// An assertion is JSON: `{"assertion": {"subject": {"nameId"}, "attributeStatements"}}`.
fn saml(claims: &Map<String, Json>, response: Option<&str>) -> Result<IdpResponse, Refusal> {
    let mut found = common(claims)?;
    let Some(response) = response else { return Ok(found) };
    let parsed = if response.len() > MAX_TOKEN { None } else { serde_json::from_str(response).ok() };
    let Some(response): Option<Json> = parsed else {
        return refuse("INVALID_IDP_RESPONSE ((The SAMLResponse is no JSON.))");
    };
    let missing = |what: &str| refuse(format!("INVALID_IDP_RESPONSE ((Missing {what} in SAMLResponse.))"));
    let Some(assertion) = response.get("assertion") else { return missing("assertion") };
    let Some(subject) = assertion.get("subject") else { return missing("assertion.subject") };
    let Some(name) = subject.get("nameId").and_then(Json::as_str) else { return missing("assertion.subject.nameId") };
    if is_email(name) {
        found.email = Some(name.to_owned());
        found.is_verified = true;
    }
    found.attributes = assertion.get("attributeStatements").cloned();
    found.raw_user_info = found.attributes.as_ref().map(Json::to_string);
    Ok(found)
}
