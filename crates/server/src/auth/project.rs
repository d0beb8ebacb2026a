//! A project of the Auth stand-in: accounts, tenants and settings under one lock, which no operation holds while it waits.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
};

use serde_json::{Value as Json, json};

use crate::lock;

use super::{
    account::Account,
    codes::Codes,
    error::{Refusal, refuse},
    store::Pool,
    tenants::TenantConfig,
};

/// A project.
#[derive(Debug)]
pub struct Project {
    /// The project id.
    pub id: String,
    state: Mutex<State>,
}

/// What a project has.
#[derive(Debug, Default)]
pub struct State {
    /// Its settings.
    pub settings: Settings,
    /// The accounts outside tenants.
    pub pool: Pool,
    /// The tenants by id.
    pub tenants: BTreeMap<String, Tenant>,
    /// Whether the settings have changed since they were written to disk.
    pub settings_changed: bool,
    /// The tenants that are to be removed from the disk.
    pub removed_tenants: BTreeSet<String>,
}

impl State {
    /// Adds a tenant without accounts.
    pub fn add_tenant(&mut self, id: String, config: TenantConfig) {
        let pool = Pool::new(self.pool.notes_changes());
        self.tenants.insert(id, Tenant { config, config_changed: true, pool });
    }

    /// The settings, to change.
    pub fn settings_mut(&mut self) -> &mut Settings {
        self.settings_changed = true;
        &mut self.settings
    }

    /// Removes a tenant with its accounts.
    pub fn remove_tenant(&mut self, id: &str) {
        if self.tenants.remove(id).is_some() && self.pool.notes_changes() {
            self.removed_tenants.insert(id.to_owned());
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self.settings_mut() = Settings::default();
        self.pool.clear();
        self.pool.codes = Codes::default();
        let tenants: Vec<String> = self.tenants.keys().cloned().collect();
        tenants.iter().for_each(|id| self.remove_tenant(id));
    }
}

/// A tenant.
#[derive(Debug, Default)]
pub struct Tenant {
    /// Its settings.
    pub config: TenantConfig,
    /// Whether they have changed since they were written to disk.
    pub config_changed: bool,
    /// Its accounts.
    pub pool: Pool,
}

/// The settings of a project, in the form of the API.
#[derive(Clone, Debug)]
pub struct Settings(pub Json);

impl Default for Settings {
    fn default() -> Self {
        Settings(json!({
            "signIn": { "allowDuplicateEmails": false },
            "blockingFunctions": {},
            "emailPrivacyConfig": { "enableImprovedEmailPrivacy": false },
        }))
    }
}

impl Settings {
    fn is_on(&self, pointer: &str) -> bool {
        self.0.pointer(pointer).and_then(Json::as_bool).unwrap_or(false)
    }

    /// Whether several accounts may have the same address at their providers.
    pub fn allows_duplicate_emails(&self) -> bool {
        self.is_on("/signIn/allowDuplicateEmails")
    }

    /// Whether answers hide which addresses have accounts.
    pub fn hides_emails(&self) -> bool {
        self.is_on("/emailPrivacyConfig/enableImprovedEmailPrivacy")
    }

    /// The address of the blocking function of an event.
    pub fn function(&self, event: &str) -> Option<&str> {
        self.0.pointer(&format!("/blockingFunctions/triggers/{event}/functionUri"))?.as_str()
    }

    /// Whether blocking functions get a credential of the provider: `idToken`, `accessToken` or `refreshToken`.
    pub fn forwards(&self, credential: &str) -> bool {
        self.is_on(&format!("/blockingFunctions/forwardInboundCredentials/{credential}"))
    }
}

impl Project {
    /// A project without accounts; whether it notes which ones change.
    pub fn new(id: String, notes_changes: bool) -> Self {
        let state = State { pool: Pool::new(notes_changes), ..State::default() };
        Project { id, state: Mutex::new(state) }
    }

    /// The state.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The state as an operation of a tenant or of none sees it. A tenant that does not exist is made, with everything
    /// enabled.
    pub fn scope<'p>(&'p self, tenant: Option<&'p str>) -> Scope<'p> {
        let mut state = self.lock();
        if let Some(id) = tenant
            && !state.tenants.contains_key(id)
        {
            state.add_tenant(id.to_owned(), TenantConfig::open(&self.id, id));
        }
        Scope { state, tenant }
    }
}

/// The locked state of a project, seen from a tenant or from none.
pub struct Scope<'p> {
    state: MutexGuard<'p, State>,
    tenant: Option<&'p str>,
}

impl Scope<'_> {
    /// The accounts.
    pub fn pool(&self) -> &Pool {
        match self.tenant.and_then(|id| self.state.tenants.get(id)) {
            Some(tenant) => &tenant.pool,
            None => &self.state.pool,
        }
    }

    /// The accounts, to change.
    pub fn pool_mut(&mut self) -> &mut Pool {
        let State { pool, tenants, .. } = &mut *self.state;
        match self.tenant.and_then(|id| tenants.get_mut(id)) {
            Some(tenant) => &mut tenant.pool,
            None => pool,
        }
    }

    /// The settings of the project.
    pub fn settings(&self) -> &Settings {
        &self.state.settings
    }

    /// The settings of the tenant.
    pub fn tenant(&self) -> Option<&TenantConfig> {
        self.tenant.and_then(|id| self.state.tenants.get(id)).map(|tenant| &tenant.config)
    }

    /// The settings of the tenant, to change.
    pub fn tenant_mut(&mut self) -> Option<&mut TenantConfig> {
        let tenant = self.state.tenants.get_mut(self.tenant?)?;
        tenant.config_changed = true;
        Some(&mut tenant.config)
    }

    /// Whether something that tenants can switch off is on.
    pub fn allows(&self, setting: impl Fn(&TenantConfig) -> bool) -> bool {
        self.tenant().is_none_or(setting)
    }

    /// Refuses everything in a tenant that is switched off.
    pub fn check_enabled(&self) -> Result<(), Refusal> {
        match self.allows(|tenant| !tenant.disable_auth) {
            true => Ok(()),
            false => refuse("PROJECT_DISABLED"),
        }
    }

    /// An account, or `USER_NOT_FOUND`.
    pub fn account(&self, id: &str) -> Result<&Account, Refusal> {
        self.pool().get(id).ok_or_else(|| Refusal::new_400("USER_NOT_FOUND"))
    }

    /// Changes an account and stores it; `USER_NOT_FOUND` if there is none.
    pub fn change(&mut self, id: &str, change: impl FnOnce(&mut Account)) -> Result<Account, Refusal> {
        let mut account = self.account(id)?.clone();
        change(&mut account);
        Ok(self.pool_mut().put(account).clone())
    }
}
