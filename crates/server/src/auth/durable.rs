//! Accounts, tenants and settings on disk: what was acknowledged is there after the process was killed. Codes are not: their
//! e-mails and messages are in the log of the process that ended.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::disk::{AccountChange, Disk, DiskError};

use super::{
    project::{Project, Settings, State},
    store::Pool,
};

/// The projects that are on disk.
///
/// # Errors
///
/// The file cannot be read, or is damaged.
pub fn restore(disk: &Disk) -> Result<BTreeMap<String, Arc<Project>>, DiskError> {
    let mut projects: BTreeMap<String, Arc<Project>> = BTreeMap::new();
    disk.accounts(|project, tenant, id, value| {
        let found = match projects.entry(project.to_owned()) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(free) => free.insert(Arc::new(Project::new(project.to_owned(), true))),
        };
        let mut state = found.lock();
        match id {
            "" => restore_settings(&mut state, tenant, value),
            _ => restore_account(&mut state, tenant, value),
        }
    })?;
    for project in projects.values() {
        let mut state = project.lock();
        let State { pool, tenants, .. } = &mut *state;
        // What is on disk is no change.
        pool.take_changes();
        for tenant in tenants.values_mut() {
            tenant.config_changed = false;
            tenant.pool.take_changes();
        }
    }
    Ok(projects)
}

fn parsed<T: DeserializeOwned>(value: &[u8]) -> Result<T, String> {
    serde_json::from_slice(value).map_err(|error| format!("it is damaged: {error}"))
}

fn restore_settings(state: &mut State, tenant: &str, value: &[u8]) -> Result<(), String> {
    match tenant {
        "" => state.settings = Settings(parsed(value)?),
        _ => state.add_tenant(tenant.to_owned(), parsed(value)?),
    }
    Ok(())
}

fn restore_account(state: &mut State, tenant: &str, value: &[u8]) -> Result<(), String> {
    let account = parsed(value)?;
    // The empty id of its settings comes before its accounts.
    let pool = match tenant {
        "" => &mut state.pool,
        _ => &mut state.tenants.get_mut(tenant).ok_or("its tenant is not there")?.pool,
    };
    pool.put(account);
    Ok(())
}

/// Writes what has changed in a project since the last call.
///
/// # Errors
///
/// The disk does not take it; nothing more is then taken until the next start.
pub fn save(disk: &Disk, project: &Project) -> Result<(), DiskError> {
    // The lock is held until all is written: what changes later must not be overwritten by what changed before.
    let mut state = project.lock();
    let State { settings, settings_changed, pool, tenants, removed_tenants, .. } = &mut *state;
    let mut changes: Vec<_> = std::mem::take(removed_tenants).into_iter().map(AccountChange::RemoveTenant).collect();
    if std::mem::take(settings_changed) {
        changes.push(put("", "", &settings.0));
    }
    changes.extend(changed_accounts("", pool));
    for (id, tenant) in tenants {
        if std::mem::take(&mut tenant.config_changed) {
            changes.push(put(id, "", &tenant.config));
        }
        changes.extend(changed_accounts(id, &mut tenant.pool));
    }
    match changes.is_empty() {
        true => Ok(()),
        false => disk.put_accounts(&project.id, &changes),
    }
}

/// Stores a value of the server's. None has a form that JSON lacks.
fn put(tenant: &str, id: &str, value: &impl Serialize) -> AccountChange {
    let value = serde_json::to_vec(value).unwrap_or_default();
    AccountChange::Put { tenant: tenant.to_owned(), id: id.to_owned(), value }
}

fn changed_accounts(tenant: &str, pool: &mut Pool) -> Vec<AccountChange> {
    let changed = pool.take_changes();
    let change = |id: String| match pool.get(&id) {
        Some(account) => put(tenant, &id, account),
        None => AccountChange::Remove { tenant: tenant.to_owned(), id },
    };
    changed.into_iter().map(change).collect()
}
