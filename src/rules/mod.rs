//! Rules of whichever product, and the decision on a request to them.

mod decision;

pub use decision::Decision;

use crate::{
    database,
    error::Error,
    firestore,
    service::Compiled,
    storage,
    syntax::{is_database, skip_trivia},
    text::{Diagnostic, Diagnostics, Severity, Source, Span},
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

/// What rules are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Product {
    /// `firebase.storage`
    Storage,
    /// `cloud.firestore`
    Firestore,
    /// Realtime Database, whose rules are JSON.
    Database,
}

impl Product {
    /// The product that a file's usual name says.
    fn of_name(name: &str) -> Option<Self> {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
        // `storage.rules`, `storage.dev.rules`, `my-firestore.rules`
        match (name.ends_with(".rules"), name.contains("storage"), name.contains("firestore")) {
            (true, true, false) => Some(Product::Storage),
            (true, false, true) => Some(Product::Firestore),
            _ => name.ends_with(".json").then_some(Product::Database),
        }
    }
}

impl std::fmt::Display for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Product::Storage => "Storage",
            Product::Firestore => "Firestore",
            Product::Database => "Realtime Database",
        })
    }
}

/// Why rules cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RulesError {
    /// The official compiler refuses them.
    #[error("{0}")]
    Refused(Diagnostics),
    /// The file has rules for both products, for neither, or for another one than was asked for.
    #[error("{0}")]
    Product(&'static str),
}

impl Rules {
    /// Reads, checks and compiles a rules file. The kind is read from the text; `product` says what the file has to be
    /// for, and is needed only for a file with rules for Storage and for Firestore.
    ///
    /// # Errors
    ///
    /// Rules that the official compiler refuses, or that are for another product. A file of database rules that is
    /// called `storage.rules` or `firestore.rules`, and a file `*.json` with a service, are refused by their name.
    pub fn parse(source: &Source, product: Option<Product>) -> Result<Self, RulesError> {
        if let Some(refused) = wrong_form(source, product) {
            return Err(RulesError::Refused(refused));
        }
        if product == Some(Product::Database) || is_database(source) {
            let rules = database::Ruleset::parse(source).map_err(|error| match error {
                Error::Source(refused) => RulesError::Refused(refused),
                // Reading rules has no other errors.
                _ => RulesError::Refused(Diagnostics::new(source.clone(), Vec::new())),
            })?;
            return Ok(Rules::Database(rules));
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
            _ if has(storage::SERVICE) => {
                Err(RulesError::Product("the rules are for Storage and for Firestore: say which with `service`"))
            }
            _ => Err(RulesError::Product("the rules are for neither Storage nor Firestore")),
        }
    }

    /// Every problem of a rules file, of whatever kind: what it is refused for, or what the compiler warns of. Where the
    /// product is known, rules for another one are refused.
    pub fn problems(source: &Source, product: Option<Product>) -> Diagnostics {
        match Rules::parse(source, product) {
            Ok(rules) => rules.warnings().clone(),
            Err(RulesError::Refused(refused)) => refused,
            Err(RulesError::Product(why)) if product.is_some() => wrong_product(source, why),
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

    /// The product that the rules are for.
    pub fn product(&self) -> Product {
        match self {
            Rules::Storage(_) => Product::Storage,
            Rules::Firestore(_) => Product::Firestore,
            Rules::Database(_) => Product::Database,
        }
    }
}

/// The refusal of rules that do not have the form of the product's: JSON, or services. Without a product the name of the
/// file says it.
fn wrong_form(source: &Source, product: Option<Product>) -> Option<Diagnostics> {
    let text = source.text();
    let begin = text.get(skip_trivia(text, 0)..).unwrap_or("").trim_start_matches('\u{feff}').trim_start();
    let words = ["rules_version", "service", "function", "match", "allow", "import"];
    let word: String = begin.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let is_service = words.contains(&word.as_str());
    let is_json = begin.starts_with(['{', '[', '"']);
    let why = match product.or_else(|| Product::of_name(source.name()))? {
        Product::Database if is_service => {
            "the rules are of a service (`service …`); those of Realtime Database are JSON: { \"rules\": { … } }"
        }
        Product::Storage if is_json => {
            "the rules are JSON, which is for Realtime Database; those of Storage begin with `service firebase.storage`"
        }
        Product::Firestore if is_json => {
            "the rules are JSON, which is for Realtime Database; those of Firestore begin with `service cloud.firestore`"
        }
        _ => return None,
    };
    Some(wrong_product(source, why))
}

fn wrong_product(source: &Source, why: &str) -> Diagnostics {
    let text = source.text();
    let at = skip_trivia(text, 0);
    let length = text.get(at..).and_then(|rest| rest.split(char::is_whitespace).next()).map_or(0, str::len);
    let problem = Diagnostic::new("wrong-product", Severity::Error, Some(Span::new(at, at + length)), why);
    Diagnostics::new(source.clone(), vec![problem])
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
