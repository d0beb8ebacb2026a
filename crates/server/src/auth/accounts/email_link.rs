//! `signInWithEmailLink`.

use firewarden::auth::blocking::{Details, Flow};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{
    account::{Account, is_email},
    answer::Answer,
    call::Call,
    codes::EmailKind,
    error::{Refusal, refuse},
    fields::{Text, given},
    ids,
    token::SignIn,
};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInWithEmailLink {
    email: Option<Text>,
    oob_code: Option<Text>,
    id_token: Option<Text>,
}

/// Signs in with the code of a link, or links the address to the account of the ID token.
pub async fn sign_in_with_email_link(call: Call, request: SignInWithEmailLink) -> Result<Answer, Refusal> {
    let (email, linked, known) = spend(&call, &request)?;
    let verify = |account: &mut Account| {
        account.email = Some(email.clone());
        account.email_verified = Some(true);
        account.email_link_signin = Some(true);
    };
    let answer = |account: &Account, is_new: bool| {
        Answer::of_kind("EmailLinkSigninResponse")
            .with("email", email.clone())
            .with("localId", account.local_id.clone())
            .with("isNewUser", is_new)
    };
    let (details, sign_in) = (Details::default(), SignIn::new("password"));
    // Linking an address calls no function.
    let flow = if linked.is_some() { Flow::LinkPassword } else { Flow::EmailLinkSignIn };
    let Some(id) = linked.or(known) else {
        let mut account = Account::new(ids::account_id(), call.now);
        verify(&mut account);
        let flow = Flow::EmailLinkSignUp;
        let account = call.create(account, &flow, &details).await?;
        let (account, tokens) = call.start_session(&account.local_id, &flow, &details, sign_in).await?;
        return Ok(answer(&account, true).tokens(tokens));
    };
    let account = call.lock().change(&id, verify)?;
    let answer = answer(&account, false);
    if call.needs_second_factor(&account) {
        return Ok(call.second_factor_wanted(answer, &account, "password"));
    }
    let (_, tokens) = call.start_session(&id, &flow, &details, sign_in).await?;
    Ok(answer.tokens(tokens))
}

/// Spends the code. The address, the account of the ID token, and the account that has the address.
fn spend(call: &Call, request: &SignInWithEmailLink) -> Result<(String, Option<String>, Option<String>), Refusal> {
    let mut scope = call.lock_enabled()?;
    if !scope.allows(|tenant| tenant.enable_email_link_signin) {
        return refuse("OPERATION_NOT_ALLOWED");
    }
    let linked = call.linked_user(&scope, &request.id_token)?;
    let Some(email) = given(&request.email) else { return refuse("MISSING_EMAIL") };
    if !is_email(email) {
        return refuse("INVALID_EMAIL");
    }
    let email = email.to_lowercase();
    let Some(code) = given(&request.oob_code) else { return refuse("MISSING_OOB_CODE") };
    let found = scope.pool().codes.emails.get(code).filter(|found| found.request_type == EmailKind::EmailSignin);
    let Some(found) = found else { return refuse("INVALID_OOB_CODE") };
    if found.email != email {
        return refuse("INVALID_EMAIL : The email provided does not match the sign-in email address.");
    }
    scope.pool_mut().codes.emails.remove(code);
    let known = scope.pool().with_email(&email);
    if known.is_some_and(Account::is_disabled) {
        return refuse("USER_DISABLED");
    }
    let known = known.map(|account| account.local_id.clone());
    if linked.is_some() && known.is_some() && linked != known {
        return refuse("EMAIL_EXISTS");
    }
    Ok((email, linked, known))
}
