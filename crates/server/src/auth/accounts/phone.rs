//! `sendVerificationCode` and `signInWithPhoneNumber`.

use firewarden::auth::blocking::{Details, Flow};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{
    account::{Account, is_phone_number},
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given},
    ids,
    project::Scope,
    token::SignIn,
};

/// The request for a code.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendVerificationCode {
    phone_number: Option<Text>,
}

/// The sign-in with a code, or with a proof of an earlier one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignInWithPhoneNumber {
    session_info: Option<Text>,
    code: Option<Text>,
    temporary_proof: Option<Text>,
    phone_number: Option<Text>,
    id_token: Option<Text>,
}

/// A phone cannot be both factors.
fn check_first_factor(account: Option<&Account>) -> Result<(), Refusal> {
    match account.is_some_and(|account| !account.factors().is_empty()) {
        true => refuse(
            "UNSUPPORTED_FIRST_FACTOR : A phone number cannot be set as a first factor on an SMS based MFA user.",
        ),
        false => Ok(()),
    }
}

fn check_tenant(call: &Call) -> Result<(), Refusal> {
    match call.tenant {
        Some(_) => refuse("UNSUPPORTED_TENANT_OPERATION"),
        None => Ok(()),
    }
}

/// Makes the code of a message, which the list of codes shows.
pub async fn send_verification_code(call: Call, request: SendVerificationCode) -> Result<Answer, Refusal> {
    let mut scope = call.lock_enabled()?;
    check_tenant(&call)?;
    let Some(number) = given(&request.phone_number).filter(|number| is_phone_number(number)) else {
        return refuse("INVALID_PHONE_NUMBER : Invalid format.");
    };
    check_first_factor(scope.pool().with_phone_number(number))?;
    let sent = scope.pool_mut().codes.message(number.to_owned());
    Ok(Answer::new().with("sessionInfo", sent.session_info))
}

/// The number of a code that a user received; the code is spent.
pub fn spend_code(scope: &mut Scope<'_>, session: &Option<Text>, code: &Option<Text>) -> Result<String, Refusal> {
    let Some(session) = given(session) else { return refuse("MISSING_SESSION_INFO") };
    let Some(code) = given(code) else { return refuse("MISSING_CODE") };
    let Some(sent) = scope.pool().codes.messages.get(session) else { return refuse("INVALID_SESSION_INFO") };
    if sent.code != code {
        return refuse("INVALID_CODE");
    }
    let sent = scope.pool_mut().codes.messages.remove(session);
    sent.map(|sent| sent.phone_number).ok_or_else(|| Refusal::new_400("INVALID_SESSION_INFO"))
}

/// Signs in with a number, or adds it to the account of the ID token.
pub async fn sign_in_with_phone_number(call: Call, request: SignInWithPhoneNumber) -> Result<Answer, Refusal> {
    let proof = given(&request.temporary_proof);
    let (number, linked, known) = {
        let mut scope = call.lock_enabled()?;
        check_tenant(&call)?;
        let number = match proof {
            Some(proof) => {
                let Some(number) = given(&request.phone_number) else { return refuse("MISSING_PHONE_NUMBER") };
                match scope.pool().codes.proofs.get(proof) {
                    Some(proven) if proven == number => number.to_owned(),
                    _ => return refuse("INVALID_TEMPORARY_PROOF"),
                }
            }
            None => spend_code(&mut scope, &request.session_info, &request.code)?,
        };
        let linked = call.linked_user(&scope, &request.id_token)?;
        let known = scope.pool().with_phone_number(&number).map(|account| account.local_id.clone());
        if linked.is_some() && known.is_some() && linked != known {
            // The user may go on with the account of the number.
            if proof.is_some() {
                return refuse("PHONE_NUMBER_EXISTS");
            }
            let proof = scope.pool_mut().codes.proof(number.clone());
            return Ok(Answer::new()
                .with("phoneNumber", number)
                .with("temporaryProof", proof)
                .with("temporaryProofExpiresIn", "3600"));
        }
        check_first_factor(linked.as_ref().or(known.as_ref()).and_then(|id| scope.pool().get(id)))?;
        (number, linked, known)
    };
    let details = Details::default();
    let is_new = linked.is_none() && known.is_none();
    let (id, flow) = match linked.as_ref().or(known.as_ref()) {
        None => {
            let mut account = Account::new(ids::account_id(), call.now);
            account.phone_number = Some(number.clone());
            (call.create(account, &Flow::PhoneSignUp, &details).await?.local_id, Flow::PhoneSignUp)
        }
        Some(id) => {
            let account = call.lock().change(id, |account| account.phone_number = Some(number.clone()))?;
            if account.is_disabled() {
                return refuse("USER_DISABLED");
            }
            (id.clone(), Flow::PhoneSignIn)
        }
    };
    let (_, tokens) = call.start_session(&id, &flow, &details, SignIn::new("phone")).await?;
    Ok(Answer::new().with("isNewUser", is_new).with("phoneNumber", number).with("localId", id).tokens(tokens))
}
