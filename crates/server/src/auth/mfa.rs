//! `/v2/accounts/mfaEnrollment:…` and `mfaSignIn:…`: second factors, of which there are phones only.

use firewarden::auth::{
    SecondFactor,
    blocking::{Details, Flow},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::clock::iso_time;

use super::{
    account::{Factor, is_phone_number},
    accounts::phone::spend_code,
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given},
    ids,
    project::Scope,
    token::{PendingCredential, SignIn},
};

/// A code that the user received.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PhoneVerification {
    session_info: Option<Text>,
    code: Option<Text>,
}

/// The number to enrol.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PhoneEnrollment {
    phone_number: Option<Text>,
}

/// The beginning of an enrolment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartEnrollment {
    id_token: Option<Text>,
    phone_enrollment_info: Option<PhoneEnrollment>,
}

/// The end of an enrolment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeEnrollment {
    id_token: Option<Text>,
    phone_verification_info: Option<PhoneVerification>,
    display_name: Option<Text>,
}

/// The end of a factor.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Withdraw {
    id_token: Option<Text>,
    mfa_enrollment_id: Option<Text>,
}

/// The beginning of a sign-in with a second factor.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StartSignIn {
    mfa_pending_credential: Option<Text>,
    mfa_enrollment_id: Option<Text>,
}

/// The end of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeSignIn {
    mfa_pending_credential: Option<Text>,
    phone_verification_info: Option<PhoneVerification>,
}

fn check_allowed(scope: &Scope<'_>) -> Result<(), Refusal> {
    match scope.allows(|tenant| tenant.mfa_config.takes_phones()) {
        true => Ok(()),
        false => refuse("OPERATION_NOT_ALLOWED : SMS based MFA not enabled."),
    }
}

/// The state of a tenant, or of none, that has second factors.
fn lock(call: &Call) -> Result<Scope<'_>, Refusal> {
    let scope = call.lock_enabled()?;
    check_allowed(&scope)?;
    Ok(scope)
}

/// The user of the request, who must have one of the first factors that take a second.
fn first_factor(call: &Call, scope: &Scope<'_>, token: &Option<Text>) -> Result<(String, SignIn), Refusal> {
    let (id, sign_in) = call.required_user(scope, token)?;
    match sign_in.provider.as_str() {
        "anonymous" | "phone" | "custom" => {
            refuse("UNSUPPORTED_FIRST_FACTOR : MFA is not available for the given first factor.")
        }
        _ => Ok((id, sign_in)),
    }
}

fn check_free(factors: &[Factor], number: &str) -> Result<(), Refusal> {
    match factors.iter().any(|factor| factor.unobfuscated_phone_info.as_deref() == Some(number)) {
        true => refuse("SECOND_FACTOR_EXISTS : Phone number already enrolled as second factor for this account."),
        false => Ok(()),
    }
}

/// Sends a code to the number to enrol.
pub async fn start_enrollment(call: Call, request: StartEnrollment) -> Result<Answer, Refusal> {
    let mut scope = lock(&call)?;
    let (id, _) = first_factor(&call, &scope, &request.id_token)?;
    let account = scope.account(&id)?;
    if account.email_verified != Some(true) {
        return refuse("UNVERIFIED_EMAIL : Need to verify email first before enrolling second factors.");
    }
    let Some(info) = &request.phone_enrollment_info else {
        return refuse("INVALID_ARGUMENT : ((Missing phoneEnrollmentInfo.))");
    };
    let Some(number) = given(&info.phone_number).filter(|number| is_phone_number(number)) else {
        return refuse("INVALID_PHONE_NUMBER : Invalid format.");
    };
    check_free(account.factors(), number)?;
    let sent = scope.pool_mut().codes.message(number.to_owned());
    let session = Answer::new().with("sessionInfo", sent.session_info);
    Ok(Answer::new().data("phoneSessionInfo", session.fields()))
}

/// Enrols the number of a code.
pub async fn finalize_enrollment(call: Call, request: FinalizeEnrollment) -> Result<Answer, Refusal> {
    let mut scope = lock(&call)?;
    let (id, mut sign_in) = first_factor(&call, &scope, &request.id_token)?;
    let Some(info) = &request.phone_verification_info else {
        return refuse("INVALID_ARGUMENT : ((Missing phoneVerificationInfo.))");
    };
    let number = spend_code(&mut scope, &info.session_info, &info.code)?;
    check_free(scope.account(&id)?.factors(), &number)?;
    let name = request.display_name.map(String::from);
    let factor = Factor::phone(ids::account_id(), number, name, Some(iso_time(call.now)));
    sign_in.second_factor = second_factor(&factor);
    scope.change(&id, |account| account.mfa_info.get_or_insert_default().push(factor))?;
    let tokens = call.issue(&mut scope, &id, &sign_in)?;
    Ok(Answer::new().bare_tokens(tokens))
}

fn second_factor(factor: &Factor) -> Option<SecondFactor> {
    let identifier = factor.mfa_enrollment_id.clone()?;
    Some(SecondFactor { provider: "phone".to_owned(), identifier })
}

/// Removes a factor.
pub async fn withdraw(call: Call, request: Withdraw) -> Result<Answer, Refusal> {
    let mut scope = call.lock_enabled()?;
    let (id, sign_in) = call.required_user(&scope, &request.id_token)?;
    let wanted = given(&request.mfa_enrollment_id);
    let is_wanted = |factor: &Factor| factor.mfa_enrollment_id.as_deref() == wanted;
    if wanted.is_none() || !scope.account(&id)?.factors().iter().any(is_wanted) {
        return refuse("MFA_ENROLLMENT_NOT_FOUND");
    }
    scope.change(&id, |account| account.mfa_info.iter_mut().for_each(|all| all.retain(|factor| !is_wanted(factor))))?;
    let tokens = call.issue(&mut scope, &id, &SignIn::new(sign_in.provider))?;
    Ok(Answer::new().tokens(tokens))
}

/// The account of a first factor.
fn pending(call: &Call, text: &str) -> Result<PendingCredential, Refusal> {
    let pending = PendingCredential::decode(text)?;
    if pending.project_id != call.project.id {
        return refuse("INVALID_PROJECT_ID : Project ID does not match MFA pending credential.");
    }
    if pending.tenant_id.is_some() && call.tenant.is_some() && pending.tenant_id != call.tenant {
        return refuse("TENANT_ID_MISMATCH");
    }
    Ok(pending)
}

fn no_user() -> Refusal {
    Refusal::new_400("((User in pendingCredentialPayload does not exist.))")
}

/// Sends a code to a factor of the user whose first factor the credential proves.
pub async fn start_sign_in(mut call: Call, request: StartSignIn) -> Result<Answer, Refusal> {
    let Some(credential) = given(&request.mfa_pending_credential) else {
        lock(&call)?;
        return refuse("MISSING_MFA_PENDING_CREDENTIAL : Request does not have MFA pending credential.");
    };
    let Some(wanted) = given(&request.mfa_enrollment_id) else {
        lock(&call)?;
        return refuse("MISSING_MFA_ENROLLMENT_ID : No second factor identifier is provided.");
    };
    let pending = pending(&call, credential)?;
    call.tenant = pending.tenant_id.clone().or(call.tenant);
    let mut scope = lock(&call)?;
    let account = scope.pool().get(&pending.local_id).ok_or_else(no_user)?;
    let factor = account.factors().iter().find(|factor| factor.mfa_enrollment_id.as_deref() == Some(wanted));
    let Some(number) = factor.and_then(|factor| factor.unobfuscated_phone_info.clone()) else {
        return refuse("MFA_ENROLLMENT_NOT_FOUND");
    };
    let sent = scope.pool_mut().codes.message(number);
    let session = Answer::new().with("sessionInfo", sent.session_info);
    Ok(Answer::new().data("phoneResponseInfo", session.fields()))
}

/// Signs in with both factors.
pub async fn finalize_sign_in(mut call: Call, request: FinalizeSignIn) -> Result<Answer, Refusal> {
    let Some(credential) = given(&request.mfa_pending_credential) else {
        lock(&call)?;
        return refuse("MISSING_CREDENTIAL : Please set MFA Pending Credential.");
    };
    let Some(info) = &request.phone_verification_info else {
        lock(&call)?;
        return refuse("INVALID_ARGUMENT : MFA provider not supported!");
    };
    let pending = pending(&call, credential)?;
    call.tenant = pending.tenant_id.clone().or(call.tenant);
    let factor = {
        let mut scope = lock(&call)?;
        if given(&info.code).is_none() {
            return refuse("MISSING_CODE");
        }
        let number = spend_code(&mut scope, &info.session_info, &info.code)?;
        let account = scope.pool().get(&pending.local_id).ok_or_else(no_user)?;
        if account.is_disabled() {
            return refuse("USER_DISABLED");
        }
        let has_number = |factor: &&Factor| factor.unobfuscated_phone_info.as_deref() == Some(&number);
        account.factors().iter().find(has_number).cloned()
    };
    let Some(factor) = factor else { return refuse("MFA_ENROLLMENT_NOT_FOUND") };
    let sign_in = SignIn { second_factor: second_factor(&factor), ..SignIn::new(&pending.sign_in_provider) };
    let flow = Flow::SecondFactor(pending.sign_in_provider);
    let (_, tokens) = call.start_session(&pending.local_id, &flow, &Details::default(), sign_in).await?;
    Ok(Answer::new().bare_tokens(tokens))
}
