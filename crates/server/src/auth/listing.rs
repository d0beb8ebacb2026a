//! Accounts with the claims of their next tokens.

use firewarden::{
    Timestamp,
    auth::{Claims, Session},
};
use serde_json::{Map, Value as Json, json};

use super::{Auth, account::Account};

/// The most accounts in a list.
const MAX_ACCOUNTS: usize = 10_000;

/// `[{"account", "claims", "tenant"?}]`, the accounts of a project before those of its tenants.
pub fn listing(auth: &Auth, project: &str) -> Vec<Json> {
    let found = auth.project(project);
    let now = auth.shared.clock(project).now();
    let state = found.lock();
    let own = state.pool.accounts().map(|account| (account, None));
    let of_tenants = state
        .tenants
        .iter()
        .flat_map(|(id, tenant)| tenant.pool.accounts().map(move |account| (account, Some(id.as_str()))));
    let entry = |(account, tenant): (&Account, Option<&str>)| {
        let mut entry = Map::new();
        let claims = claims(account, project, tenant, now).map(Claims::into_json);
        entry.insert("account".to_owned(), json!(account));
        entry.insert("claims".to_owned(), claims.unwrap_or_default());
        if let Some(tenant) = tenant {
            entry.insert("tenant".to_owned(), json!(tenant));
        }
        Json::Object(entry)
    };
    own.chain(of_tenants).take(MAX_ACCOUNTS).map(entry).collect()
}

/// The claims after a sign-in with the first way that the account has.
fn claims(account: &Account, project: &str, tenant: Option<&str>, now: Timestamp) -> Option<Claims> {
    let first = account.providers().first().map(|info| info.provider_id.as_str());
    let provider = match (first, account.custom_auth) {
        (Some(provider), _) => provider,
        (None, Some(true)) => "custom",
        (None, _) => "anonymous",
    };
    let mut session = Session::new(provider, account.signed_in_at().unwrap_or(now));
    session.tenant = tenant.map(str::to_owned);
    session.id_token(&account.record(), project, now).ok()
}
