//! The rules that tests are about, of whichever kind.

use crate::{
    database,
    error::Error,
    firestore,
    service::Compiled,
    storage,
    syntax::is_database,
    text::{Diagnostics, Source},
};

/// Compiled rules of one of the three kinds.
#[derive(Clone, Debug)]
pub enum Rules {
    /// Cloud Storage.
    Storage(storage::Ruleset),
    /// Cloud Firestore.
    Firestore(firestore::Ruleset),
    /// Realtime Database.
    Database(database::Ruleset),
}

/// Which of the two products with services, for a file that has rules for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// `firebase.storage`
    Storage,
    /// `cloud.firestore`
    Firestore,
}

/// Why rules cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RulesError {
    /// The official compiler refuses them.
    #[error("{0}")]
    Refused(Diagnostics),
    /// The file has rules for both products, or for neither.
    #[error("{0}")]
    Product(&'static str),
}

impl Rules {
    /// Reads, checks and compiles a rules file. The kind is read from the text; `product` is needed only for a file with
    /// rules for Storage and for Firestore.
    ///
    /// # Errors
    ///
    /// Rules that the official compiler refuses, or that are for another service than these.
    pub fn parse(source: &Source, product: Option<Product>) -> Result<Self, RulesError> {
        if is_database(source) {
            let rules = database::Ruleset::parse(source).map_err(|error| match error {
                Error::Source(refused) => RulesError::Refused(refused),
                // Reading rules has no other errors.
                _ => RulesError::Refused(Diagnostics::new(source.clone(), Vec::new())),
            })?;
            return match product {
                None => Ok(Rules::Database(rules)),
                Some(_) => Err(RulesError::Product("the rules are of a database, which has no services")),
            };
        }
        let compiled = Compiled::new(source).map_err(RulesError::Refused)?;
        let has = |name| compiled.program().service(name).is_some();
        match product {
            Some(Product::Storage) if !has(storage::SERVICE) => {
                return Err(RulesError::Product("the rules have nothing for Storage"));
            }
            Some(Product::Firestore) if !has(firestore::SERVICE) => {
                return Err(RulesError::Product("the rules have nothing for Firestore"));
            }
            _ => {}
        }
        match product.or(match (has(storage::SERVICE), has(firestore::SERVICE)) {
            (true, false) => Some(Product::Storage),
            (false, true) => Some(Product::Firestore),
            _ => None,
        }) {
            Some(Product::Storage) => Ok(Rules::Storage(storage::Ruleset::from_compiled(compiled))),
            Some(Product::Firestore) => Ok(Rules::Firestore(firestore::Ruleset::from_compiled(compiled))),
            None if has(storage::SERVICE) => {
                Err(RulesError::Product("the rules are for Storage and for Firestore: say which with `service`"))
            }
            None => Err(RulesError::Product("the rules are for neither Storage nor Firestore")),
        }
    }

    /// Every problem of a rules file, of whatever kind: what it is refused for, or what the compiler warns of.
    pub fn problems(source: &Source) -> Diagnostics {
        match Rules::parse(source, None) {
            Ok(rules) => rules.warnings().clone(),
            Err(RulesError::Refused(refused)) => refused,
            // A file for several products, or for none of these, is compiled all the same.
            Err(RulesError::Product(_)) => match Compiled::new(source) {
                Ok(compiled) => compiled.warnings().clone(),
                Err(refused) => refused,
            },
        }
    }

    /// Their text.
    pub fn source(&self) -> &Source {
        self.warnings().source()
    }

    /// What the official compiler warns of.
    pub fn warnings(&self) -> &Diagnostics {
        match self {
            Rules::Storage(rules) => rules.warnings(),
            Rules::Firestore(rules) => rules.warnings(),
            Rules::Database(rules) => rules.warnings(),
        }
    }

    /// `Storage`, `Firestore`, `Realtime Database`
    pub fn product(&self) -> &'static str {
        match self {
            Rules::Storage(_) => "Storage",
            Rules::Firestore(_) => "Firestore",
            Rules::Database(_) => "Realtime Database",
        }
    }
}

/// The compiled form, one line an operation. For tests and the curious; no promise of stability.
impl std::fmt::Display for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Rules::Storage(rules) => rules.compiled().program().fmt(f),
            Rules::Firestore(rules) => rules.compiled().program().fmt(f),
            Rules::Database(rules) => rules.tree().fmt(f),
        }
    }
}
