//! Tenants: their settings, and the operations on them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Nothing, Text},
    ids,
};

/// The tenants in a page, unless the request says otherwise, and at most.
const PAGE: usize = 20;
const MAX_PAGE: usize = 1000;

/// The settings of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantConfig {
    /// The name of the resource.
    pub name: String,
    /// The id.
    pub tenant_id: String,
    /// The name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Whether users have passwords.
    pub allow_password_signup: bool,
    /// Whether users sign in with links in e-mails.
    pub enable_email_link_signin: bool,
    /// Whether there are anonymous users.
    pub enable_anonymous_user: bool,
    /// Whether nothing works.
    pub disable_auth: bool,
    /// Second factors.
    pub mfa_config: MfaConfig,
}

/// The settings of second factors.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MfaConfig {
    state: MfaState,
    enabled_providers: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum MfaState {
    StateUnspecified,
    Disabled,
    Enabled,
    Mandatory,
}

impl Default for MfaConfig {
    fn default() -> Self {
        MfaConfig { state: MfaState::Disabled, enabled_providers: Vec::new() }
    }
}

impl MfaConfig {
    /// Whether a sign-in asks for a second factor that the user has.
    pub fn is_enabled(&self) -> bool {
        matches!(self.state, MfaState::Enabled | MfaState::Mandatory)
    }

    /// Whether phones are second factors.
    pub fn takes_phones(&self) -> bool {
        self.is_enabled() && self.enabled_providers.iter().any(|provider| provider == "PHONE_SMS")
    }
}

/// Settings in a request.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TenantFields {
    display_name: Option<Text>,
    allow_password_signup: Option<bool>,
    enable_email_link_signin: Option<bool>,
    enable_anonymous_user: Option<bool>,
    disable_auth: Option<bool>,
    mfa_config: Option<MfaFields>,
}

/// Settings of second factors in a request.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
struct MfaFields {
    state: Option<MfaState>,
    enabled_providers: Option<Vec<Text>>,
}

impl TenantConfig {
    fn new(project: &str, id: &str) -> Self {
        TenantConfig {
            name: format!("projects/{project}/tenants/{id}"),
            tenant_id: id.to_owned(),
            ..TenantConfig::default()
        }
    }

    /// A tenant that a request uses without having made it: everything is enabled.
    pub fn open(project: &str, id: &str) -> Self {
        TenantConfig {
            allow_password_signup: true,
            enable_email_link_signin: true,
            enable_anonymous_user: true,
            mfa_config: MfaConfig { state: MfaState::Enabled, enabled_providers: vec!["PHONE_SMS".to_owned()] },
            ..Self::new(project, id)
        }
    }

    /// Takes the settings of a request that a mask names; without a mask, all.
    fn change(&mut self, fields: TenantFields, mask: Option<&str>) {
        let names = |name: &str| mask.is_none_or(|mask| mask.split(',').any(|path| path == name));
        let set = |setting: &mut bool, name: &str, field: Option<bool>| {
            if names(name) {
                *setting = field.unwrap_or(*setting);
            }
        };
        set(&mut self.allow_password_signup, "allowPasswordSignup", fields.allow_password_signup);
        set(&mut self.enable_email_link_signin, "enableEmailLinkSignin", fields.enable_email_link_signin);
        set(&mut self.enable_anonymous_user, "enableAnonymousUser", fields.enable_anonymous_user);
        set(&mut self.disable_auth, "disableAuth", fields.disable_auth);
        if let Some(name) = fields.display_name.filter(|_| names("displayName")) {
            self.display_name = Some(name.into());
        }
        if let Some(mfa) = fields.mfa_config {
            if let Some(state) = mfa.state.filter(|_| names("mfaConfig") || names("mfaConfig.state")) {
                self.mfa_config.state = state;
            }
            let providers = mfa.enabled_providers.filter(|_| names("mfaConfig") || names("mfaConfig.enabledProviders"));
            if let Some(providers) = providers {
                self.mfa_config.enabled_providers = providers.into_iter().map(String::from).collect();
            }
        }
    }

    fn answer(&self) -> Answer {
        match serde_json::to_value(self) {
            Ok(Json::Object(fields)) => Answer::from(fields),
            _ => Answer::from(Map::new()),
        }
    }
}

/// Makes a tenant. What the request does not enable is off.
pub async fn create(call: Call, request: TenantFields) -> Result<Answer, Refusal> {
    call.check_admin()?;
    let id = ids::account_id();
    let mut config = TenantConfig::new(&call.project.id, &id);
    config.change(request, None);
    let answer = config.answer();
    call.project.lock().add_tenant(id, config);
    Ok(answer)
}

/// A page of the tenants: `?pageSize&pageToken`.
pub async fn list(call: Call, _: Nothing) -> Result<Answer, Refusal> {
    call.check_admin()?;
    let size = call.query("pageSize").and_then(|size| size.parse::<usize>().ok()).unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let state = call.project.lock();
    let after = call.query("pageToken");
    let rest = state.tenants.iter().filter(|(id, _)| after.is_none_or(|after| id.as_str() > after));
    let page: Vec<&TenantConfig> = rest.map(|(_, tenant)| &tenant.config).take(size).collect();
    let next = (page.len() == size).then(|| page.last().map(|tenant| tenant.tenant_id.clone())).flatten();
    Ok(Answer::new().data("tenants", &page).some("nextPageToken", next))
}

/// The settings of a tenant.
pub async fn get(call: Call, _: Nothing) -> Result<Answer, Refusal> {
    call.check_admin()?;
    match call.lock().tenant() {
        Some(config) => Ok(config.answer()),
        None => refuse("((Can only get tenant on tenant projects.))"),
    }
}

/// Changes settings: `?updateMask=a,b.c`.
pub async fn update(call: Call, request: TenantFields) -> Result<Answer, Refusal> {
    call.check_admin()?;
    match call.lock().tenant_mut() {
        Some(config) => {
            config.change(request, call.query("updateMask"));
            Ok(config.answer())
        }
        None => refuse("((Can only update tenant on tenant projects.))"),
    }
}

/// Deletes a tenant with its accounts.
pub async fn delete(call: Call, _: Nothing) -> Result<Answer, Refusal> {
    call.check_admin()?;
    call.project.lock().remove_tenant(call.tenant.as_deref().unwrap_or_default());
    Ok(Answer::new())
}
