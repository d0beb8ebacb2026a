//! The accounts of Auth on disk.

use redb::TableDefinition;

use super::{Disk, DiskError};

/// Accounts by project, tenant and id. An empty tenant stands for none, an empty id for the settings of the project or the
/// tenant.
const ACCOUNTS: TableDefinition<'_, AccountKey<'_>, &[u8]> = TableDefinition::new("accounts");

type AccountKey<'k> = (&'k str, &'k str, &'k str);

/// A change of the accounts of a project. An empty tenant stands for none, an empty id for the settings of the project or the
/// tenant.
#[derive(Debug)]
pub enum AccountChange {
    /// Stores a value, in a form of the caller's.
    Put {
        /// The tenant.
        tenant: String,
        /// The id.
        id: String,
        /// The value.
        value: Vec<u8>,
    },
    /// Forgets an account.
    Remove {
        /// The tenant.
        tenant: String,
        /// The id.
        id: String,
    },
    /// Forgets a tenant with its settings and accounts.
    RemoveTenant(String),
}

impl Disk {
    /// Makes changes to the accounts of a project, all or none.
    ///
    /// # Errors
    ///
    /// The disk does not take them; nothing is then changed.
    pub fn put_accounts(&self, project: &str, changes: &[AccountChange]) -> Result<(), DiskError> {
        self.commit(|commit| {
            let mut accounts = commit.open_table(ACCOUNTS)?;
            for change in changes {
                match change {
                    AccountChange::Put { tenant, id, value } => {
                        accounts.insert((project, tenant.as_str(), id.as_str()), value.as_slice())?;
                    }
                    AccountChange::Remove { tenant, id } => {
                        accounts.remove((project, tenant.as_str(), id.as_str()))?;
                    }
                    AccountChange::RemoveTenant(tenant) => {
                        // The tenant that follows it in the order of names.
                        let next = format!("{tenant}\0");
                        let range = (project, tenant.as_str(), "")..(project, next.as_str(), "");
                        accounts.retain_in::<AccountKey<'_>, _>(range, |_, _| false)?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Hands all accounts and settings to a function, with project, tenant and id. It ends with the first error.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or the function fails; its error gets the account's name.
    pub fn accounts(
        &self,
        mut take: impl FnMut(&str, &str, &str, &[u8]) -> Result<(), String>,
    ) -> Result<(), DiskError> {
        self.entries(ACCOUNTS, |(project, tenant, id), value| {
            let taken = take(project, tenant, id, value);
            taken.map_err(|why| format!("the account {id:?} of {project:?}, tenant {tenant:?}: {why}"))
        })
    }
}
