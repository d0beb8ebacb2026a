//! `signInWithIdp`: sign-ins with identity providers, and identities that are linked.

use std::time::Duration;

use firewarden::auth::blocking::{Details, Flow, OAuthTokens};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{
    account::Account,
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given, is_absolute},
    ids,
    project::Scope,
    token::SignIn,
};

use super::idp_response::IdpResponse;

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInWithIdp {
    request_uri: Option<Text>,
    post_body: Option<Text>,
    id_token: Option<Text>,
    return_idp_credential: Option<bool>,
    return_refresh_token: Option<bool>,
    pending_id_token: Option<Text>,
}

/// What becomes of a response.
enum Outcome {
    /// A new account.
    Create(Box<Account>),
    /// This account, changed so.
    SignIn(Box<Account>, Extra),
    /// The user must sign in to this account otherwise first.
    Confirm(String, Vec<String>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Extra {
    Nothing,
    Linked,
    EmailRecycled,
}

/// Signs in with what a provider said, or links it to the account of the ID token.
pub async fn sign_in_with_idp(call: Call, request: SignInWithIdp) -> Result<Answer, Refusal> {
    call.lock().check_enabled()?;
    if request.return_refresh_token.unwrap_or_default() {
        return Err(Refusal::unimplemented("returnRefreshToken is not implemented yet."));
    }
    if given(&request.pending_id_token).is_some() {
        return Err(Refusal::unimplemented("pendingIdToken is not implemented yet."));
    }
    let linked = call.linked_user(&call.lock(), &request.id_token)?;
    let Some(request_uri) = given(&request.request_uri) else { return refuse("MISSING_REQUEST_URI") };
    if !is_absolute(request_uri) {
        return refuse("INVALID_REQUEST_URI");
    }
    let response = IdpResponse::read(request_uri, request.post_body.as_deref().unwrap_or_default())?;
    let outcome = decide(&call, &call.lock(), &response, linked.as_deref());
    let answer = response.answer().some("tenantId", call.tenant.clone());
    let outcome = match outcome {
        // Browsers take some refusals as a part of the answer, with the credential to go on with.
        Err(refusal) if request.return_idp_credential.unwrap_or_default() => {
            return Ok(answer.with("errorMessage", refusal.message().to_owned()));
        }
        outcome => outcome?,
    };
    finish(&call, &response, answer, outcome).await
}

async fn finish(call: &Call, response: &IdpResponse, answer: Answer, outcome: Outcome) -> Result<Answer, Refusal> {
    let details = details(response);
    let provider = response.provider.clone();
    let sign_in = SignIn { attributes: response.attributes.clone(), ..SignIn::new(provider.clone()) };
    let (account, flow, answer) = match outcome {
        Outcome::Confirm(id, providers) => {
            return Ok(answer.with("localId", id).with("needConfirmation", true).with("verifiedProvider", providers));
        }
        Outcome::Create(account) => {
            let flow = Flow::ProviderSignUp(provider);
            let account = call.create(*account, &flow, &details).await?;
            (account, flow, answer.with("isNewUser", true))
        }
        Outcome::SignIn(account, extra) => {
            let account = call.lock().change(&account.local_id.clone(), |stored| *stored = *account)?;
            let flow = match extra {
                Extra::Linked => Flow::LinkProvider(provider),
                _ => Flow::ProviderSignIn(provider),
            };
            let recycled = (extra == Extra::EmailRecycled).then_some(true);
            (account, flow, answer.some("emailRecycled", recycled))
        }
    };
    let answer = answer.with("localId", account.local_id.clone());
    if account.is_disabled() {
        return refuse("USER_DISABLED");
    }
    if call.needs_second_factor(&account) && !matches!(flow, Flow::LinkProvider(_)) {
        return Ok(call.second_factor_wanted(answer, &account, &response.provider));
    }
    let (_, tokens) = call.start_session(&account.local_id, &flow, &details, sign_in).await?;
    Ok(answer.tokens(tokens))
}

/// What a blocking function learns of the sign-in.
fn details(response: &IdpResponse) -> Details {
    Details {
        raw_user_info: response.raw_user_info.clone(),
        sign_in_attributes: response.attributes.clone(),
        oauth: OAuthTokens {
            id_token: response.id_token.clone(),
            access_token: Some(response.access_token.clone()),
            refresh_token: response.refresh_token.clone(),
            token_secret: response.token_secret.clone(),
            expires_in: Some(Duration::from_secs(3600)),
        },
        ..Details::default()
    }
}

fn decide(call: &Call, scope: &Scope<'_>, response: &IdpResponse, linked: Option<&str>) -> Result<Outcome, Refusal> {
    let pool = scope.pool();
    let shares_emails = scope.settings().allows_duplicate_emails();
    let known = pool.with_provider(&response.provider, &response.raw_id);
    let email = response.email.as_deref().map(str::to_lowercase);
    let with_email = email.as_deref().filter(|_| !shares_emails).and_then(|email| pool.with_email(email));
    if let Some(id) = linked {
        if known.is_some() {
            return refuse("FEDERATED_USER_ID_ALREADY_LINKED");
        }
        if with_email.is_some_and(|account| account.local_id != id) {
            return refuse("EMAIL_EXISTS");
        }
        return Ok(Outcome::SignIn(Box::new(link(scope.account(id)?.clone(), response, shares_emails)), Extra::Linked));
    }
    if let Some(account) = known {
        let mut account = account.clone();
        account.set_provider(response.info());
        return Ok(Outcome::SignIn(Box::new(account), Extra::Nothing));
    }
    match with_email {
        Some(account) if response.is_verified => {
            let recycled = account.provider(&response.provider).is_some();
            let extra = if recycled { Extra::EmailRecycled } else { Extra::Nothing };
            Ok(Outcome::SignIn(Box::new(take_over(call, account.clone(), response)), extra))
        }
        Some(account) => {
            let ids = account.providers().iter().map(|info| info.provider_id.clone());
            let others = ids.filter(|id| id != "password" && id != "phone").collect();
            Ok(Outcome::Confirm(account.local_id.clone(), others))
        }
        None => {
            let mut account = Account::new(ids::account_id(), call.now);
            set_profile(&mut account, response);
            if !shares_emails {
                account.email = email;
                account.email_verified = response.email.as_ref().map(|_| response.is_verified);
            }
            account.set_provider(response.info());
            Ok(Outcome::Create(Box::new(account)))
        }
    }
}

fn set_profile(account: &mut Account, response: &IdpResponse) {
    account.display_name.clone_from(&response.display_name);
    account.photo_url.clone_from(&response.photo_url);
    account.screen_name.clone_from(&response.screen_name);
}

/// The account of a signed-in user with a further identity.
fn link(mut account: Account, response: &IdpResponse, shares_emails: bool) -> Account {
    if let Some(email) = response.email.as_deref().map(str::to_lowercase).filter(|_| !shares_emails) {
        if account.email.is_none() {
            account.email = Some(email);
            account.email_verified = Some(response.is_verified);
        } else if account.email.as_ref() == Some(&email) && response.is_verified {
            account.email_verified = Some(true);
        }
    }
    account.set_provider(response.info());
    account
}

/// The account of an address that the provider has verified. Whoever used the address before without verifying it loses
/// the account.
fn take_over(call: &Call, mut account: Account, response: &IdpResponse) -> Account {
    if account.email_verified != Some(true) {
        account.password_hash = None;
        account.phone_number = None;
        account.remove_providers(|_| true);
        account.revoke(call.now);
    }
    set_profile(&mut account, response);
    account.email_verified = Some(true);
    account.set_provider(response.info());
    account
}
