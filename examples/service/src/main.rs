//! A service whose documents come over a network, and whose rules change while it runs.
//!
//! `cargo run -p firewarden-service`
//!
//! A decision does not wait. [`Loaded`] answers with what the request has loaded so far; what is missing ends the
//! decision undecided, is fetched, and the request is decided anew. [`Current`] is the ruleset that new requests take.

use std::{
    cell::RefCell,
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::SystemTime,
};

use firewarden::{
    Auth, BoxError, DocumentPath, Documents, Error, Value,
    firestore::{Document, Request, Ruleset},
};
use serde_json::{Value as Json, json};

/// The rules that decide now.
pub struct Current(RwLock<Arc<Ruleset>>);

impl Current {
    /// Rules to begin with.
    pub fn new(rules: &str) -> Result<Self, Error> {
        Ok(Current(RwLock::new(Arc::new(rules.parse()?))))
    }

    /// The rules for one request. It keeps them to its end, whatever comes in between.
    pub fn get(&self) -> Arc<Ruleset> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes new rules, from a file that changed, say. Refused rules leave the old ones in place.
    pub fn replace(&self, rules: &str) -> Result<(), Error> {
        // Compiled before the lock is taken: nobody waits for the compiler.
        let rules = Arc::new(rules.parse()?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }
}

/// A database behind a network.
#[derive(Default)]
pub struct Database {
    documents: HashMap<String, Json>,
}

impl Database {
    /// A database that holds documents, by their names within it.
    pub fn new(documents: impl IntoIterator<Item = (&'static str, Json)>) -> Self {
        Database { documents: documents.into_iter().map(|(name, fields)| (name.to_owned(), fields)).collect() }
    }

    /// A document by its full name. It takes a while, and may fail.
    pub async fn fetch(&self, name: &str) -> Result<Option<Value>, BoxError> {
        tokio::task::yield_now().await;
        let name = DocumentPath::parse(name).ok_or("not the name of a document")?;
        Ok(self.documents.get(name.relative()).cloned().map(Value::from))
    }
}

/// What one request has loaded: by its full name each document, or that there is none.
#[derive(Default)]
struct Loaded {
    known: HashMap<String, Option<Value>>,
    wanted: RefCell<Option<String>>,
}

impl Documents for Loaded {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        self.known.get(path.full()).cloned().ok_or_else(|| {
            self.wanted.replace(Some(path.full().to_owned()));
            "not loaded yet".into()
        })
    }
}

/// Whether the rules permit a request over the documents of a database.
///
/// # Errors
///
/// A document could not be fetched: answer 5xx, not 403.
pub async fn permits(rules: &Ruleset, request: &Request<'_>, database: &Database) -> Result<bool, BoxError> {
    let mut loaded = Loaded::default();
    // Rules ask for at most 20 documents, so there are at most as many rounds.
    loop {
        let decided = rules.permits(request, &loaded);
        let Some(name) = loaded.wanted.take() else { return Ok(decided?) };
        let document = database.fetch(&name).await?;
        loaded.known.insert(name, document);
    }
}

const RULES: &str = "rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents/teams/{team}/pages/{page} {
    allow get: if get(/databases/$(database)/documents/teams/$(team)).data.members.hasAny([request.auth.uid])
               && !exists(/databases/$(database)/documents/blocked/$(request.auth.uid));
  }
}";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let database = Database::new([
        ("teams/docs", json!({ "members": ["alice", "bob"] })),
        ("blocked/bob", json!({ "reason": "spam" })),
    ]);
    let page = Document::new("teams/docs/pages/tips", json!({ "title": "Tips" }));
    let rules = Current::new(RULES)?;
    let ask = async |uid: &str| -> Result<bool, BoxError> {
        let now = SystemTime::now().into();
        let request = Request::get("teams/docs/pages/tips").existing(&page).auth(Auth::user(uid)).at(now);
        permits(&rules.get(), &request, &database).await
    };
    println!("alice: {}, bob: {}", ask("alice").await?, ask("bob").await?);
    // An editor saves half a file: the old rules stay.
    if let Err(refused) = rules.replace("service cloud.firestore {") {
        println!("not taken:\n{refused}");
    }
    println!("alice: {}", ask("alice").await?);
    rules.replace(&RULES.replace("allow get: if", "allow get: if false &&"))?;
    println!("alice: {}", ask("alice").await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use firewarden::{Auth, firestore::Request};
    use serde_json::json;

    use super::{Current, Database, permits};

    const RULES: &str = "rules_version = '2'; service cloud.firestore { match /databases/{database}/documents/a/{id} {
        allow get: if get(/databases/$(database)/documents/b/$(request.auth.uid)).data.next == 'c'
                   && exists(/databases/$(database)/documents/c/x); } }";

    #[tokio::test]
    async fn documents_are_fetched_as_rules_ask_for_them() {
        let database = Database::new([("b/alice", json!({ "next": "c" })), ("b/bob", json!({})), ("c/x", json!({}))]);
        let rules = Current::new(RULES).unwrap().get();
        for (uid, allowed) in [("alice", true), ("bob", false), ("carol", false)] {
            let request = Request::get("a/1").auth(Auth::user(uid));
            assert_eq!(permits(&rules, &request, &database).await.unwrap(), allowed, "{uid}");
        }
    }

    #[tokio::test]
    async fn requests_keep_the_rules_that_they_began_with() {
        let database = Database::new([("b/alice", json!({ "next": "c" })), ("c/x", json!({}))]);
        let current = Current::new(RULES).unwrap();
        let old = current.get();
        assert!(current.replace("service").is_err());
        let get = Request::get("a/1").auth(Auth::user("alice"));
        assert!(permits(&current.get(), &get, &database).await.unwrap());
        current.replace(&RULES.replace("== 'c'", "== 'd'")).unwrap();
        assert!(!permits(&current.get(), &get, &database).await.unwrap());
        assert!(permits(&old, &get, &database).await.unwrap());
    }
}
