//! `batchCreate`: imports of accounts with all that they have.

use std::collections::BTreeSet;

use firewarden::auth::custom_claims;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::auth::{
    account::{Account, Factor, ProviderInfo, is_email, is_phone_number},
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Text, given},
    ids,
    project::Scope,
};

use super::RequestedFactor;

/// The most accounts in a request of a client library; files of exports have more.
const MAX_USERS: usize = 100_000;

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchCreate {
    #[serde(default)]
    users: Vec<User>,
    allow_overwrite: Option<bool>,
    sanity_check: Option<bool>,
    target_project_id: Option<Text>,
}

/// An account to import.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
struct User {
    local_id: Option<Text>,
    email: Option<Text>,
    email_verified: Option<bool>,
    display_name: Option<Text>,
    photo_url: Option<Text>,
    phone_number: Option<Text>,
    disabled: Option<bool>,
    custom_attributes: Option<Text>,
    custom_auth: Option<bool>,
    email_link_signin: Option<bool>,
    initial_email: Option<Text>,
    password_hash: Option<Text>,
    salt: Option<Text>,
    raw_password: Option<Text>,
    password_updated_at: Option<f64>,
    created_at: Option<Text>,
    last_login_at: Option<Text>,
    last_refresh_at: Option<Text>,
    screen_name: Option<Text>,
    tenant_id: Option<Text>,
    provider_user_info: Vec<Provider>,
    mfa_info: Vec<RequestedFactor>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
struct Provider {
    provider_id: Option<Text>,
    raw_id: Option<Text>,
    federated_id: Option<Text>,
    email: Option<Text>,
    display_name: Option<Text>,
    photo_url: Option<Text>,
    screen_name: Option<Text>,
}

/// Imports accounts, each for itself; the answer names those that were refused.
pub async fn batch_create(call: Call, request: BatchCreate) -> Result<Answer, Refusal> {
    let mut scope = call.lock_enabled()?;
    if request.users.is_empty() {
        return refuse("MISSING_USER_ACCOUNT");
    }
    if request.users.len() > MAX_USERS {
        return refuse("USER_LIST_EXCEEDS_LIMIT");
    }
    let (overwrites, is_checked) =
        (request.allow_overwrite.unwrap_or_default(), request.sanity_check.unwrap_or_default());
    check_all(&request.users, overwrites, is_checked)?;
    let mut errors: Vec<Json> = Vec::new();
    for (index, user) in request.users.into_iter().enumerate() {
        match account(&call, &scope, user, overwrites, is_checked) {
            Ok(account) => drop(scope.pool_mut().put(account)),
            Err(message) => errors.push(json!({ "index": index, "message": message })),
        }
    }
    Ok(Answer::of_kind("UploadAccountResponse").with("error", errors))
}

/// The old name of the same, which takes its project from the body.
pub async fn upload(call: Call, request: BatchCreate) -> Result<Answer, Refusal> {
    match given(&request.target_project_id) {
        None => refuse("INSUFFICIENT_PERMISSION"),
        Some(_) => batch_create(call, request).await,
    }
}

/// Refuses a request that contradicts itself.
fn check_all(users: &[User], overwrites: bool, is_checked: bool) -> Result<(), Refusal> {
    if is_checked {
        let mut emails = BTreeSet::new();
        let mut raw_ids = BTreeSet::new();
        for user in users {
            if let Some(email) = given(&user.email)
                && !emails.insert(email.to_lowercase())
            {
                return refuse(format!("DUPLICATE_EMAIL : {}", email.to_lowercase()));
            }
            for info in &user.provider_user_info {
                if let (Some(provider), Some(raw_id)) = (given(&info.provider_id), given(&info.raw_id))
                    && !raw_ids.insert((provider, raw_id))
                {
                    return refuse(format!("DUPLICATE_RAW_ID : Provider id({provider}), Raw id({raw_id})"));
                }
            }
        }
    }
    if !overwrites {
        let mut ids = BTreeSet::new();
        for id in users.iter().filter_map(|user| given(&user.local_id)) {
            if !ids.insert(id) {
                return refuse(format!("DUPLICATE_LOCAL_ID : {id}"));
            }
        }
    }
    Ok(())
}

fn account(call: &Call, scope: &Scope<'_>, user: User, overwrites: bool, is_checked: bool) -> Result<Account, String> {
    let refused = |message: &str| Err(message.to_owned());
    let text = |text: Option<Text>| text.map(String::from);
    let Some(id) = given(&user.local_id).map(str::to_owned) else { return refused("localId is missing") };
    if user.tenant_id.is_some() && user.tenant_id.as_deref() != call.tenant.as_deref() {
        return refused("Tenant id in userInfo does not match the tenant id in request.");
    }
    let mut account = Account {
        created_at: text(user.created_at).or_else(|| Some(call.now.to_millis().to_string())),
        last_login_at: text(user.last_login_at),
        last_refresh_at: text(user.last_refresh_at),
        display_name: text(user.display_name),
        photo_url: text(user.photo_url),
        screen_name: text(user.screen_name),
        initial_email: text(user.initial_email),
        custom_auth: user.custom_auth,
        email_link_signin: user.email_link_signin,
        disabled: Some(user.disabled.unwrap_or_default()),
        email_verified: Some(user.email_verified.unwrap_or_default()),
        tenant_id: call.tenant.clone(),
        ..Account::default()
    };
    account.revoke(call.now);
    match (user.password_hash, user.raw_password) {
        (Some(password_hash), _) => {
            account.password_hash = Some(password_hash.into());
            account.salt = text(user.salt);
            account.password_updated_at = user.password_updated_at.or(Some(call.now.to_millis() as f64));
        }
        (None, Some(password)) => account.set_password(&password, text(user.salt), call.now),
        (None, None) => {}
    }
    if let Some(claims) = given(&user.custom_attributes) {
        custom_claims::from_attributes(claims).map_err(|error| match error.message() {
            "CLAIMS_TOO_LARGE" => "Custom claims provided are too large.".to_owned(),
            "INVALID_CLAIMS" => "Invalid custom claims provided.".to_owned(),
            _ => "Custom claims provided include a reserved claim.".to_owned(),
        })?;
        account.custom_attributes = Some(claims.to_owned());
    }
    for info in user.provider_user_info {
        add_provider(scope, &mut account, &id, info)?;
    }
    if let Some(number) = given(&user.phone_number) {
        if !is_phone_number(number) {
            return refused("phone number format is invalid");
        }
        account.phone_number = Some(number.to_owned());
    }
    if let Some(email) = given(&user.email) {
        if !is_email(email) {
            return refused("email is invalid");
        }
        let email = email.to_lowercase();
        if scope.pool().with_email(&email).is_some_and(|other| other.local_id != id) {
            return Err(match is_checked {
                true => "email exists in other account in database".to_owned(),
                false => format!("((Auth Emulator does not support importing duplicate email: {email}))"),
            });
        }
        account.email = Some(email);
    }
    let factors = second_factors(&account, user.mfa_info)?;
    account.mfa_info = (!factors.is_empty()).then_some(factors);
    if scope.pool().get(&id).is_some() && !overwrites {
        return refused("localId belongs to an existing account - can not overwrite.");
    }
    account.local_id = id;
    Ok(account)
}

fn add_provider(scope: &Scope<'_>, account: &mut Account, id: &str, info: Provider) -> Result<(), String> {
    // These two follow the address and the number.
    if matches!(given(&info.provider_id), Some("password" | "phone")) {
        return Ok(());
    }
    let (Some(provider), Some(raw_id)) =
        (given(&info.provider_id).map(str::to_owned), given(&info.raw_id).map(str::to_owned))
    else {
        return Err(match info.federated_id {
            None => "federatedId or (providerId & rawId) is required".to_owned(),
            Some(_) => {
                "((Parsing federatedId is not implemented in Auth Emulator; please specify providerId AND rawId \
                        as a workaround.))"
                    .to_owned()
            }
        });
    };
    if scope.pool().with_provider(&provider, &raw_id).is_some_and(|other| other.local_id != id) {
        return Err("raw id exists in other account in database".to_owned());
    }
    account.set_provider(ProviderInfo {
        provider_id: provider,
        federated_id: Some(info.federated_id.map_or_else(|| raw_id.clone(), String::from)),
        raw_id: Some(raw_id),
        email: info.email.map(String::from),
        display_name: info.display_name.map(String::from),
        photo_url: info.photo_url.map(String::from),
        screen_name: info.screen_name.map(String::from),
        phone_number: None,
    });
    Ok(())
}

fn second_factors(account: &Account, factors: Vec<RequestedFactor>) -> Result<Vec<Factor>, String> {
    if factors.is_empty() {
        return Ok(Vec::new());
    }
    if account.email.is_none() {
        return Err("Second factor account requires email to be presented.".to_owned());
    }
    if account.email_verified != Some(true) {
        return Err("Second factor account requires email to be verified.".to_owned());
    }
    let mut found: Vec<Factor> = Vec::new();
    for factor in factors {
        let id = given(&factor.mfa_enrollment_id).map_or_else(ids::account_id, str::to_owned);
        if found.iter().any(|known| known.mfa_enrollment_id.as_deref() == Some(&id)) {
            return Err("Enrollment id already exists.".to_owned());
        }
        let Some(number) = given(&factor.phone_info).map(str::to_owned) else {
            return Err("Second factor not supported.".to_owned());
        };
        if !is_phone_number(&number) {
            return Err("Phone number format is invalid".to_owned());
        }
        found.push(factor.enrolled(id, number));
    }
    Ok(found)
}
