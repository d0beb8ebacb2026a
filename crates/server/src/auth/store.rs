//! The accounts of a project or a tenant, with the indexes by which operations find them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
};

use super::{
    account::{Account, ProviderInfo},
    codes::Codes,
};

/// The accounts and codes of a project or a tenant.
#[derive(Debug, Default)]
pub struct Pool {
    accounts: BTreeMap<String, Account>,
    by_email: HashMap<String, String>,
    by_initial_email: HashMap<String, String>,
    by_phone_number: HashMap<String, String>,
    /// By provider, then by the id there.
    by_provider: HashMap<String, HashMap<String, String>>,
    /// Of the addresses at providers, which several accounts may share.
    by_provider_email: HashMap<String, BTreeSet<String>>,
    by_passkey: HashMap<String, String>,
    /// The accounts that changed since the last [`Pool::take_changes`], if somebody asks.
    changed: Option<BTreeSet<String>>,
    /// Codes of e-mails and messages.
    pub codes: Codes,
}

impl Pool {
    /// A pool without accounts; whether it notes which ones change.
    pub fn new(notes_changes: bool) -> Self {
        Pool { changed: notes_changes.then(BTreeSet::new), ..Pool::default() }
    }

    /// Whether the pool notes which accounts change.
    pub fn notes_changes(&self) -> bool {
        self.changed.is_some()
    }

    /// The accounts that changed since the last call.
    pub fn take_changes(&mut self) -> BTreeSet<String> {
        self.changed.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn note(&mut self, id: &str) {
        if let Some(changed) = &mut self.changed {
            changed.insert(id.to_owned());
        }
    }

    /// The account with an id.
    pub fn get(&self, id: &str) -> Option<&Account> {
        self.accounts.get(id)
    }

    /// The account with an e-mail address, in lower case.
    pub fn with_email(&self, email: &str) -> Option<&Account> {
        self.get(self.by_email.get(email)?)
    }

    /// The account whose address was this one at first.
    pub fn with_initial_email(&self, email: &str) -> Option<&Account> {
        self.get(self.by_initial_email.get(email)?)
    }

    /// The account with a phone number.
    pub fn with_phone_number(&self, number: &str) -> Option<&Account> {
        self.get(self.by_phone_number.get(number)?)
    }

    /// The account with an id at a provider.
    pub fn with_provider(&self, provider: &str, raw_id: &str) -> Option<&Account> {
        self.get(self.by_provider.get(provider)?.get(raw_id)?)
    }

    /// The account with a passkey.
    pub fn with_passkey(&self, credential: &str) -> Option<&Account> {
        self.get(self.by_passkey.get(credential)?)
    }

    /// The accounts that have an address, of their own or at a provider.
    pub fn with_any_email(&self, email: &str) -> Vec<&Account> {
        let own = self.by_email.get(email).into_iter();
        let others = self.by_provider_email.get(email).into_iter().flatten();
        let ids: BTreeSet<&String> = own.chain(others).collect();
        ids.into_iter().filter_map(|id| self.get(id)).collect()
    }

    /// The entries of a provider in all accounts.
    pub fn entries_of<'p>(&'p self, provider: &'p str) -> impl Iterator<Item = &'p ProviderInfo> {
        self.accounts().filter_map(move |account| account.provider(provider))
    }

    /// All accounts by id.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.accounts.values()
    }

    /// The number of accounts.
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// The accounts whose id follows a given one.
    pub fn accounts_after<'p>(&'p self, id: Option<&str>) -> impl Iterator<Item = &'p Account> + use<'p> {
        let start = id.map_or(Bound::Unbounded, Bound::Excluded);
        self.accounts.range::<str, _>((start, Bound::Unbounded)).map(|(_, account)| account)
    }

    /// Stores an account, in the place of the one with its id, with the entries of its address and number brought up to
    /// date. Returns what is stored.
    pub fn put(&mut self, mut account: Account) -> &Account {
        account.update_providers();
        self.remove(&account.local_id);
        let id = account.local_id.clone();
        let add = |index: &mut HashMap<String, String>, key: &Option<String>| {
            if let Some(key) = key {
                index.insert(key.clone(), id.clone());
            }
        };
        add(&mut self.by_email, &account.email);
        add(&mut self.by_initial_email, &account.initial_email);
        add(&mut self.by_phone_number, &account.phone_number);
        for info in account.providers() {
            if let Some(raw_id) = &info.raw_id {
                let index = self.by_provider.entry(info.provider_id.clone()).or_default();
                index.insert(raw_id.clone(), id.clone());
            }
            if let Some(email) = &info.email {
                self.by_provider_email.entry(email.clone()).or_default().insert(id.clone());
            }
        }
        for passkey in account.passkey_info.iter().flatten() {
            self.by_passkey.insert(passkey.credential_id.clone(), id.clone());
        }
        self.accounts.entry(id).or_insert(account)
    }

    /// Changes fields of an account that no index has; `None` if there is no such account.
    pub fn touch(&mut self, id: &str, change: impl FnOnce(&mut Account)) -> Option<&Account> {
        self.note(id);
        let account = self.accounts.get_mut(id)?;
        change(account);
        Some(account)
    }

    /// Removes an account.
    pub fn remove(&mut self, id: &str) -> Option<Account> {
        self.note(id);
        let account = self.accounts.remove(id)?;
        // An address or a number may be another account's by now.
        let drop = |index: &mut HashMap<String, String>, key: &Option<String>| {
            if let Some(key) = key
                && index.get(key).is_some_and(|owner| owner == id)
            {
                index.remove(key);
            }
        };
        drop(&mut self.by_email, &account.email);
        drop(&mut self.by_initial_email, &account.initial_email);
        drop(&mut self.by_phone_number, &account.phone_number);
        for passkey in account.passkey_info.iter().flatten() {
            drop(&mut self.by_passkey, &Some(passkey.credential_id.clone()));
        }
        for info in account.providers() {
            if let Some(index) = self.by_provider.get_mut(&info.provider_id) {
                drop(index, &info.raw_id);
            }
            if let Some(email) = &info.email
                && let Some(owners) = self.by_provider_email.get_mut(email)
            {
                owners.remove(id);
                if owners.is_empty() {
                    self.by_provider_email.remove(email);
                }
            }
        }
        Some(account)
    }

    /// Removes all accounts. Codes stay.
    pub fn clear(&mut self) {
        let codes = std::mem::take(&mut self.codes);
        let changed = self.changed.take().map(|mut changed| {
            changed.extend(std::mem::take(&mut self.accounts).into_keys());
            changed
        });
        *self = Pool { codes, changed, ..Pool::default() };
    }
}
