//! The fields of an account that `update` changes.

use firewarden::auth::custom_claims;

use crate::auth::{
    account::{Account, ProviderInfo, is_email, is_phone_number, is_strong},
    call::Call,
    error::{Refusal, refuse},
    fields::{Choice, given},
    project::Scope,
    token::SignIn,
};

use super::{
    factors,
    update::{Attribute, LinkedProvider, Update},
};

/// What a change entails.
#[derive(Debug, Default)]
pub struct Changes {
    /// Whether tokens from before are revoked.
    pub is_revoked: bool,
    /// The address at which a user can take back the change of address.
    pub recovered_email: Option<String>,
}

/// Makes the changes of a request. A user who changes an account has a sign-in; an administrator has none.
pub fn apply(
    call: &Call,
    scope: &Scope<'_>,
    request: &Update,
    sign_in: Option<&SignIn>,
    account: &mut Account,
) -> Result<Changes, Refusal> {
    let mut changes = Changes::default();
    if let Some(email) = &request.email {
        if !is_email(email) {
            return refuse("INVALID_EMAIL");
        }
        change_email(call, scope, email.to_lowercase(), sign_in, account, &mut changes)?;
    }
    if let Some(password) = &request.password {
        if !is_strong(password) {
            return refuse("WEAK_PASSWORD : Password should be at least 6 characters");
        }
        account.set_password(password, None, call.now);
        changes.is_revoked = true;
    }
    if let Some(name) = &request.display_name {
        account.display_name = Some(name.to_string());
    }
    if let Some(address) = &request.photo_url {
        account.photo_url = Some(address.to_string());
    }
    if request.valid_since.is_some() {
        account.revoke(call.now);
        changes.is_revoked = true;
    }
    if let Some(mfa) = &request.mfa {
        let factors = factors(mfa.enrollments.clone(), false)?;
        account.mfa_info = (!factors.is_empty()).then_some(factors);
    }
    if sign_in.is_none() {
        as_administrator(scope, request, account)?;
    }
    for Choice(attribute) in &request.delete_attribute {
        match attribute {
            Attribute::DisplayName => account.display_name = None,
            Attribute::PhotoUrl => account.photo_url = None,
            Attribute::Password => account.clear_password(),
            Attribute::Email => clear_email(account),
            Attribute::Provider | Attribute::RawUserInfo | Attribute::UserAttributeNameUnspecified => {}
        }
    }
    for provider in &request.delete_provider {
        match &**provider {
            "password" => {
                account.clear_password();
                clear_email(account);
            }
            "phone" => account.phone_number = None,
            _ => {}
        }
        account.remove_providers(|id| id == &**provider);
    }
    if let Some(passkeys) = &mut account.passkey_info {
        passkeys.retain(|passkey| !request.delete_passkey.iter().any(|id| **id == *passkey.credential_id));
    }
    if let Some(link) = &request.link_provider_user_info {
        account.set_provider(linked(link)?);
    }
    Ok(changes)
}

fn change_email(
    call: &Call,
    scope: &Scope<'_>,
    email: String,
    sign_in: Option<&SignIn>,
    account: &mut Account,
    changes: &mut Changes,
) -> Result<(), Refusal> {
    if account.email.as_ref() == Some(&email) {
        return Ok(());
    }
    if scope.pool().with_email(&email).is_some() {
        return refuse("EMAIL_EXISTS");
    }
    account.revoke(call.now);
    changes.is_revoked = true;
    // An anonymous user had no address to go back to.
    if sign_in.is_none_or(|sign_in| sign_in.provider != "anonymous")
        && let Some(old) = &account.email
    {
        account.initial_email.get_or_insert_with(|| old.clone());
        changes.recovered_email.clone_from(&account.initial_email);
    }
    account.email = Some(email);
    account.email_verified = Some(false);
    account.email_link_signin = account.email_link_signin.map(|_| false);
    Ok(())
}

fn clear_email(account: &mut Account) {
    account.email = None;
    account.email_verified = None;
    account.email_link_signin = None;
}

/// The changes that only administrators make.
fn as_administrator(scope: &Scope<'_>, request: &Update, account: &mut Account) -> Result<(), Refusal> {
    if let Some(disabled) = request.disable_user {
        account.disabled = Some(disabled);
    }
    if let Some(verified) = request.email_verified {
        account.email_verified = Some(verified);
    }
    if let Some(number) = given(&request.phone_number)
        && account.phone_number.as_deref() != Some(number)
    {
        if !is_phone_number(number) {
            return refuse("INVALID_PHONE_NUMBER : Invalid format.");
        }
        if scope.pool().with_phone_number(number).is_some() {
            return refuse("PHONE_NUMBER_EXISTS");
        }
        account.phone_number = Some(number.to_owned());
    }
    if let Some(claims) = given(&request.custom_attributes) {
        custom_claims::from_attributes(claims)?;
        account.custom_attributes = Some(claims.to_owned());
    }
    for (stored, requested) in [
        (&mut account.valid_since, &request.valid_since),
        (&mut account.created_at, &request.created_at),
        (&mut account.last_login_at, &request.last_login_at),
    ] {
        if let Some(requested) = requested {
            *stored = Some(requested.to_string());
        }
    }
    Ok(())
}

fn linked(link: &LinkedProvider) -> Result<ProviderInfo, Refusal> {
    let Some(provider) = given(&link.provider_id) else { return refuse("MISSING_PROVIDER_ID") };
    let Some(raw_id) = given(&link.raw_id) else { return refuse("MISSING_RAW_ID") };
    Ok(ProviderInfo {
        provider_id: provider.to_owned(),
        raw_id: Some(raw_id.to_owned()),
        federated_id: link.federated_id.clone().map(String::from),
        email: link.email.clone().map(String::from),
        display_name: link.display_name.clone().map(String::from),
        photo_url: link.photo_url.clone().map(String::from),
        phone_number: link.phone_number.clone().map(String::from),
        screen_name: link.screen_name.clone().map(String::from),
    })
}
