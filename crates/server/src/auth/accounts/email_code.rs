//! `sendOobCode`: codes and links for e-mails, which are shown instead of sent.

use percent_encoding::utf8_percent_encode;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    answer::COMPONENT,
    auth::{
        account::is_email,
        answer::Answer,
        call::Call,
        codes::{EmailCode, EmailKind},
        error::{Refusal, refuse},
        fields::{Choice, Numbered, Text, given, is_absolute},
        ids,
        project::Scope,
    },
};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendCode {
    request_type: Option<Choice<RequestType>>,
    email: Option<Text>,
    new_email: Option<Text>,
    id_token: Option<Text>,
    continue_url: Option<Text>,
    return_oob_link: Option<bool>,
}

/// Why an e-mail is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum RequestType {
    OobReqTypeUnspecified,
    PasswordReset,
    OldEmailAgree,
    NewEmailAccept,
    VerifyEmail,
    RecoverEmail,
    EmailSignin,
    VerifyAndChangeEmail,
    RevertSecondFactorAddition,
}

impl Numbered for RequestType {
    const ALL: &'static [Self] = &[
        RequestType::OobReqTypeUnspecified,
        RequestType::PasswordReset,
        RequestType::OldEmailAgree,
        RequestType::NewEmailAccept,
        RequestType::VerifyEmail,
        RequestType::RecoverEmail,
        RequestType::EmailSignin,
        RequestType::VerifyAndChangeEmail,
        RequestType::RevertSecondFactorAddition,
    ];
}

/// An e-mail to send.
#[derive(Clone, Debug)]
pub struct Email {
    kind: EmailKind,
    to: String,
    new_email: Option<String>,
    continue_url: Option<String>,
}

impl Email {
    /// An e-mail of a kind to an address.
    pub fn new(kind: EmailKind, to: String) -> Self {
        Email { kind, to, new_email: None, continue_url: None }
    }
}

/// Makes a code, and a link with it. Administrators get the link; everybody finds it in the list of codes.
pub async fn send_code(call: Call, request: SendCode) -> Result<Answer, Refusal> {
    let mut scope = call.lock_enabled()?;
    let kind = match request.request_type {
        None | Some(Choice(RequestType::OobReqTypeUnspecified)) => return refuse("MISSING_REQ_TYPE"),
        Some(Choice(kind)) => kind,
    };
    let returns_link = request.return_oob_link.unwrap_or_default();
    if returns_link && !call.is_admin {
        return refuse("INSUFFICIENT_PERMISSION");
    }
    let continue_url = given(&request.continue_url);
    if continue_url.is_some_and(|url| !is_absolute(url)) {
        return refuse("INVALID_CONTINUE_URI : ((expected an absolute URI with valid scheme and host))");
    }
    let answer = Answer::of_kind("GetOobConfirmationCodeResponse");
    let Some(mut email) = email(&call, &scope, kind, &request, returns_link)? else {
        return Ok(answer.some("email", given(&request.email).map(str::to_lowercase)));
    };
    email.continue_url = continue_url.map(str::to_owned);
    let sent = send(&call, &mut scope, email);
    let answer = answer.with("email", sent.email);
    Ok(if returns_link { answer.with("oobCode", sent.oob_code).with("oobLink", sent.oob_link) } else { answer })
}

/// The e-mail of a request; `None` for an address without account where that is not said.
fn email(
    call: &Call,
    scope: &Scope<'_>,
    kind: RequestType,
    request: &SendCode,
    returns_link: bool,
) -> Result<Option<Email>, Refusal> {
    let stated = || match given(&request.email) {
        None => refuse("MISSING_EMAIL"),
        Some(email) if !is_email(email) => refuse("INVALID_EMAIL"),
        Some(email) => Ok(email.to_lowercase()),
    };
    let known = || {
        let email = stated()?;
        match scope.pool().with_email(&email) {
            Some(_) => Ok(email),
            None => refuse("USER_NOT_FOUND"),
        }
    };
    let own = || {
        let (id, _) = call.signed_in(scope)?;
        match &scope.account(&id)?.email {
            Some(email) => Ok(email.clone()),
            None => refuse("MISSING_EMAIL"),
        }
    };
    Ok(Some(match kind {
        RequestType::EmailSignin => {
            if !scope.allows(|tenant| tenant.enable_email_link_signin) {
                return refuse("OPERATION_NOT_ALLOWED");
            }
            Email::new(EmailKind::EmailSignin, stated()?)
        }
        RequestType::PasswordReset => {
            let email = stated()?;
            if scope.pool().with_email(&email).is_none() {
                return if scope.settings().hides_emails() { Ok(None) } else { refuse("EMAIL_NOT_FOUND") };
            }
            Email::new(EmailKind::PasswordReset, email)
        }
        RequestType::VerifyEmail if returns_link && given(&request.id_token).is_none() => {
            Email::new(EmailKind::VerifyEmail, known()?)
        }
        RequestType::VerifyEmail => Email::new(EmailKind::VerifyEmail, own()?),
        RequestType::VerifyAndChangeEmail => {
            let Some(new_email) = given(&request.new_email) else { return refuse("MISSING_NEW_EMAIL") };
            let new_email = new_email.to_lowercase();
            let email = if returns_link && given(&request.id_token).is_none() {
                known()?
            } else {
                if given(&request.id_token).is_none() {
                    return refuse("MISSING_ID_TOKEN");
                }
                own()?
            };
            if scope.pool().with_email(&new_email).is_some() {
                return refuse("EMAIL_EXISTS");
            }
            Email { new_email: Some(new_email), ..Email::new(EmailKind::VerifyAndChangeEmail, email) }
        }
        other => return Err(Refusal::unimplemented(other.name())),
    }))
}

impl RequestType {
    /// The name of a type that is not done.
    fn name(self) -> &'static str {
        match self {
            RequestType::OldEmailAgree => "OLD_EMAIL_AGREE",
            RequestType::NewEmailAccept => "NEW_EMAIL_ACCEPT",
            RequestType::RecoverEmail => "RECOVER_EMAIL",
            RequestType::RevertSecondFactorAddition => "REVERT_SECOND_FACTOR_ADDITION",
            _ => "OOB_REQ_TYPE_UNSPECIFIED",
        }
    }
}

/// Makes the code of an e-mail and keeps it.
pub fn send(call: &Call, scope: &mut Scope<'_>, email: Email) -> EmailCode {
    let encode = |text: &str| utf8_percent_encode(text, COMPONENT).to_string();
    let code = ids::base64url(54);
    let mut link =
        format!("{}/emulator/action?mode={}&lang=en&oobCode={code}&apiKey=fake-api-key", call.base, email.kind.mode());
    if let Some(url) = &email.continue_url {
        link += &format!("&continueUrl={}", encode(url));
    }
    if let Some(tenant) = &call.tenant {
        link += &format!("&tenantId={}", encode(tenant));
    }
    let made = EmailCode {
        email: email.to,
        request_type: email.kind,
        oob_code: code.clone(),
        oob_link: link,
        new_email: email.new_email,
    };
    scope.pool_mut().codes.emails.insert(code, made.clone());
    made
}
