//! Who may do what: the rules of buckets, and the decisions on requests, which all go to the journal.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::http::{HeaderMap, header};
use firewarden::{
    Auth, Cause, Decision, Timestamp,
    auth::{self, Credential},
    internals::explain::shorten,
    rules::{Product, Rules, RulesError},
    storage::{Method, Request, Ruleset},
    text::{Source, one_line},
};

use super::{
    Storage,
    documents::{Documents, Need},
    object::ForRules,
    replay::StorageReplay,
};
use crate::{
    Service,
    journal::{Record, Verdict},
    lock,
    rules::LoadedRules,
};

/// The columns of an expression in a reason.
const MAX_QUOTED: usize = 100;

/// Rules that were loaded, or why they were refused.
type Loaded = Result<Arc<BucketRules>, String>;

/// The valid rules of a bucket.
pub struct BucketRules {
    /// The rules with their coverage.
    pub loaded: Arc<LoadedRules>,
    /// Whether they may ask for documents of Firestore.
    reads_documents: bool,
}

/// The rules of all buckets.
#[derive(Default)]
pub struct RulesTable(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// Those of buckets without rules of their own.
    default: Option<Loaded>,
    buckets: HashMap<String, Loaded>,
}

impl RulesTable {
    /// Loads the rules of a bucket, or those of all buckets without rules of their own.
    ///
    /// # Errors
    ///
    /// The errors of the compiler, one a line. The buckets have no valid rules then.
    pub fn set(&self, bucket: Option<&str>, source: &Source) -> Result<(), String> {
        let loaded = compile(source);
        let result = loaded.as_ref().map(|_| ()).map_err(Clone::clone);
        let mut table = lock(&self.0);
        match bucket {
            None => table.default = Some(loaded),
            Some(bucket) => drop(table.buckets.insert(bucket.to_owned(), loaded)),
        }
        result
    }

    /// All valid rules.
    pub fn loaded(&self) -> Vec<Arc<LoadedRules>> {
        let table = lock(&self.0);
        let all = table.default.iter().chain(table.buckets.values());
        all.flatten().map(|rules| Arc::clone(&rules.loaded)).collect()
    }

    /// Forgets all rules.
    pub fn clear(&self) {
        *lock(&self.0) = Table::default();
    }

    /// The rules of a bucket.
    ///
    /// # Errors
    ///
    /// Why there are none.
    pub fn get(&self, bucket: &str) -> Loaded {
        let table = lock(&self.0);
        match table.buckets.get(bucket).or(table.default.as_ref()) {
            Some(Ok(rules)) => Ok(Arc::clone(rules)),
            Some(Err(errors)) => Err(format!("the rules are refused: {errors}")),
            None => Err("no rules were loaded".to_owned()),
        }
    }
}

fn compile(source: &Source) -> Loaded {
    let loaded = LoadedRules::parse(source, Product::Storage).map_err(|error| match error {
        RulesError::Product(why) => why.to_owned(),
        RulesError::Refused(refused) => {
            let errors = refused.iter().filter(|problem| problem.is_error()).map(|problem| {
                let at = refused.position(problem);
                let at = at.map_or(String::new(), |at| format!("{}:{}:", at.line, at.column));
                format!("{}:{at} {}", source.name(), problem.message)
            });
            errors.collect::<Vec<_>>().join("\n")
        }
    })?;
    Ok(Arc::new(BucketRules { loaded, reads_documents: source.text().contains("firestore") }))
}

impl BucketRules {
    /// The rules; `None` never happens, because only Storage rules are loaded.
    pub fn ruleset(loaded: &LoadedRules) -> Option<&Ruleset> {
        match &loaded.rules {
            Rules::Storage(rules) => Some(rules),
            _ => None,
        }
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Caller {
    /// The owner, whom rules do not bind.
    Owner,
    /// A user, or nobody.
    User(Option<Arc<User>>),
}

/// A user who is signed in.
#[derive(Debug)]
pub struct User {
    /// The user as rules see it.
    pub auth: Auth,
    /// The length of the token in bytes.
    pub token_size: usize,
}

impl Caller {
    /// The caller that the header `Authorization` names. A token that cannot be decoded is nobody's.
    pub fn of(headers: &HeaderMap) -> Self {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match auth::credential(auth::Product::Storage, header) {
            Ok(Credential::Admin) => Caller::Owner,
            Ok(Credential::User(token)) => {
                let auth = token.auth(auth::Product::Storage);
                Caller::User(Some(Arc::new(User { auth, token_size: header.map_or(0, str::len) })))
            }
            Ok(Credential::Anonymous) | Err(_) => Caller::User(None),
        }
    }

    /// Whether this is the owner.
    pub fn is_owner(&self) -> bool {
        matches!(self, Caller::Owner)
    }
}

/// A question to the rules.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked for.
    pub method: Method,
    /// The bucket.
    pub bucket: String,
    /// The name of the object, or a prefix.
    pub name: String,
    /// The stored object: `resource`.
    pub existing: Option<Arc<ForRules>>,
    /// The object after the request: `request.resource`.
    pub incoming: Option<Arc<ForRules>>,
}

impl Question {
    /// The request as the engine takes it.
    pub fn request<'q>(&'q self, auth: Option<&'q Auth>, time: Timestamp) -> Request<'q> {
        let mut request = match self.method {
            Method::List => Request::list(self.bucket.as_str(), self.name.as_str()),
            method => Request::new(method, self.bucket.as_str(), self.name.as_str()),
        };
        if let Some(auth) = auth {
            request = request.auth(auth);
        }
        if let Some(existing) = &self.existing {
            request = request.existing(&existing.object);
        }
        if let Some(incoming) = &self.incoming {
            request = request.with(&incoming.object);
        }
        request.at(time)
    }
}

/// A request that may pass.
#[derive(Debug)]
pub struct Pass {
    /// Its number in the journal.
    pub journal: u64,
}

/// A request that may not pass.
#[derive(Debug)]
pub struct Denial {
    /// Its number in the journal.
    pub journal: u64,
    /// Why, in a sentence with the place in the rules.
    pub reason: String,
    /// Whether there are no valid rules.
    pub without_rules: bool,
}

/// What the rules say, with the place that decided.
struct Answer {
    verdict: Verdict,
    reason: String,
    place: Option<(String, u32, u32)>,
}

impl Answer {
    fn denied(reason: String) -> Self {
        Answer { verdict: Verdict::Denied, reason, place: None }
    }
}

impl Storage {
    /// Decides a request.
    ///
    /// # Errors
    ///
    /// The denial.
    pub async fn decide(&self, caller: &Caller, asked: Question) -> Result<Pass, Denial> {
        let project = self.shared.project_of_bucket(&asked.bucket).to_owned();
        let time = self.shared.clock(&project).now();
        let rules = match self.rules.get(&asked.bucket) {
            Ok(rules) => rules,
            Err(why) => {
                let record = Decided { project, time, caller, rules: None, documents: Documents::default() };
                let reason = why.clone();
                let journal = self.record(record, asked, Answer::denied(why));
                return Err(Denial { journal, reason, without_rules: true });
            }
        };
        let (documents, answer) = match caller {
            Caller::Owner => {
                (Documents::default(), Answer { verdict: Verdict::Admin, reason: String::new(), place: None })
            }
            Caller::User(user) => {
                let request = asked.request(user.as_deref().map(|user| &user.auth), time);
                let documents = self.documents_for(&rules, &request, &project).await;
                let answer = decided(&rules.loaded, &request, &documents);
                (documents, answer)
            }
        };
        let (denied, reason) = (matches!(answer.verdict, Verdict::Denied), answer.reason.clone());
        let record = Decided { project, time, caller, rules: Some(&rules.loaded), documents };
        let journal = self.record(record, asked, answer);
        if denied { Err(Denial { journal, reason, without_rules: false }) } else { Ok(Pass { journal }) }
    }

    /// The documents that rules read. Those of an emulator are fetched as an evaluation asks for them, and it starts
    /// again with each.
    async fn documents_for(&self, rules: &BucketRules, request: &Request<'_>, project: &str) -> Documents {
        if !rules.reads_documents {
            return Documents::default();
        }
        let mut documents = self.documents.snapshot();
        let Some(ruleset) = BucketRules::ruleset(&rules.loaded) else { return documents };
        while documents.is_remote() {
            let _ = ruleset.permits(request, &documents);
            let Some(Need { path }) = documents.take_need() else { break };
            let fetched = self.documents.fetch(project, &path).await;
            documents.know(path, fetched);
        }
        documents
    }

    fn record(&self, decided: Decided<'_>, asked: Question, answer: Answer) -> u64 {
        let Decided { project, time, caller, rules, documents } = decided;
        let user = match caller {
            Caller::Owner => None,
            Caller::User(user) => user.clone(),
        };
        let Answer { verdict, reason, place } = answer;
        self.shared.journal.record(Record {
            service: Service::Storage,
            project,
            instance: asked.bucket.clone(),
            method: asked.method.name(),
            path: asked.name.clone(),
            uid: user.as_deref().and_then(|user| user.auth.uid()).map(str::to_owned),
            verdict,
            reason,
            place,
            time,
            replay: Arc::new(StorageReplay::new(rules.cloned(), asked, user, time, documents, verdict)),
        })
    }
}

/// What the record of a decision says beside question and answer.
struct Decided<'d> {
    project: String,
    time: Timestamp,
    caller: &'d Caller,
    rules: Option<&'d Arc<LoadedRules>>,
    documents: Documents,
}

fn decided(loaded: &LoadedRules, request: &Request<'_>, documents: &Documents) -> Answer {
    let Some(ruleset) = BucketRules::ruleset(loaded) else {
        return Answer::denied("the rules have nothing for Storage".to_owned());
    };
    let decision = ruleset.cover(request, documents, &mut lock(&loaded.coverage));
    let decision = match decision {
        Ok(decision) => decision,
        Err(error) => return Answer::denied(error.to_string()),
    };
    let verdict = if decision.is_allowed() { Verdict::Allowed } else { Verdict::Denied };
    // Only a denial is worth a trace, which tells what of the rules was false.
    let explained = if decision.is_allowed() { None } else { ruleset.explain(request, documents).ok() };
    let (reason, place) = reason(explained.as_ref().unwrap_or(&decision));
    Answer { verdict, reason, place }
}

/// What decided, in a sentence, and its place in the rules.
fn reason(decision: &Decision) -> (String, Option<(String, u32, u32)>) {
    let mut sentence = decision.reason();
    let source = decision.source();
    let span = decision.decisive().map(|decisive| decisive.span);
    let place = span.map(|span| {
        let at = source.position(span.start);
        (source.name().to_owned(), at.line, at.column)
    });
    match (decision.cause(), &place, span) {
        (Cause::ConditionsFalse, Some((file, line, column)), Some(span)) => {
            let text = shorten(&one_line(source.slice(span)), MAX_QUOTED);
            sentence.push_str(&format!(": `{text}` is false ({file}:{line}:{column})"));
        }
        (Cause::NoStatement, ..) => {
            if let Some(hint) = decision.hint() {
                sentence.push_str(&format!("; {hint}"));
            }
        }
        _ => {}
    }
    (sentence, place)
}
