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
        tenants.values_mut().for_each(|tenant| drop(tenant.pool.take_changes()));
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
    state.saved_settings.insert(tenant.to_owned(), value.to_owned());
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
    let mut changes = removed_tenants(&mut state);
    changes.extend(changed_settings(&mut state));
    changes.extend(changed_accounts("", &mut state.pool));
    for (id, tenant) in &mut state.tenants {
        changes.extend(changed_accounts(id, &mut tenant.pool));
    }
    match changes.is_empty() {
        true => Ok(()),
        false => disk.put_accounts(&project.id, &changes),
    }
}

/// A value of the server's as bytes. None has a form that JSON lacks.
fn bytes(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn removed_tenants(state: &mut State) -> Vec<AccountChange> {
    let removed = std::mem::take(&mut state.removed_tenants);
    for tenant in &removed {
        state.saved_settings.remove(tenant);
    }
    removed.into_iter().map(AccountChange::RemoveTenant).collect()
}

fn changed_settings(state: &mut State) -> Vec<AccountChange> {
    let State { settings, tenants, saved_settings, .. } = state;
    let own = std::iter::once(("", bytes(&settings.0)));
    let of_tenants = tenants.iter().map(|(id, tenant)| (id.as_str(), bytes(&tenant.config)));
    let mut changes = Vec::new();
    for (tenant, value) in own.chain(of_tenants) {
        if saved_settings.get(tenant) != Some(&value) {
            saved_settings.insert(tenant.to_owned(), value.clone());
            changes.push(AccountChange::Put { tenant: tenant.to_owned(), id: String::new(), value });
        }
    }
    changes
}

fn changed_accounts(tenant: &str, pool: &mut Pool) -> Vec<AccountChange> {
    let changed = pool.take_changes();
    let change = |id: String| {
        let tenant = tenant.to_owned();
        match pool.get(&id).map(bytes) {
            Some(value) => AccountChange::Put { tenant, id, value },
            None => AccountChange::Remove { tenant, id },
        }
    };
    changed.into_iter().map(change).collect()
}
