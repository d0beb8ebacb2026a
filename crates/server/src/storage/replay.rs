//! A decision as the journal keeps it: explained, described, and as a test, when somebody asks.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use firewarden::{
    Auth, Timestamp, Value,
    rules::Decision,
    storage::Method,
    text::Source,
    value::json::{to_plain, to_typed},
};
use firewarden_suite::{Options, Suites};
use serde_json::{Map as JsonMap, Value as Json, json};

use super::{
    access::{BucketRules, Question, User},
    documents::{Documents, Known},
    object::ForRules,
};
use crate::{
    journal::{Replay, Verdict},
    rules::LoadedRules,
};

/// The bytes that the parts of an entry take beside their texts.
const FIXED_SIZE: usize = 1_024;

/// A request with all that its decision depends on.
pub struct StorageReplay {
    rules: Option<Arc<LoadedRules>>,
    asked: Question,
    user: Option<Arc<User>>,
    time: Timestamp,
    documents: Known,
    documents_size: usize,
    verdict: Verdict,
}

impl StorageReplay {
    /// Keeps a decision.
    pub fn new(
        rules: Option<Arc<LoadedRules>>,
        asked: Question,
        user: Option<Arc<User>>,
        time: Timestamp,
        documents: Documents,
        verdict: Verdict,
    ) -> Self {
        let (documents, documents_size) = documents.into_known();
        StorageReplay { rules, asked, user, time, documents, documents_size, verdict }
    }

    fn auth(&self) -> Option<&Auth> {
        self.user.as_deref().map(|user| &user.auth)
    }

    fn full_name(&self) -> String {
        format!("/b/{}/o/{}", self.asked.bucket, self.asked.name)
    }

    /// Why a suite cannot state the request.
    fn unstatable(&self) -> Option<&'static str> {
        if matches!(self.verdict, Verdict::Admin) {
            return Some("the request was made as owner, so no rules decided");
        }
        if self.rules.is_none() {
            return Some("the bucket had no valid rules");
        }
        if self.documents.values().any(Result::is_err) {
            return Some("a document could not be read");
        }
        let user = self.auth()?;
        let claims = to_plain(user.token().view());
        let is_stated = |name: &str| claims.get(name).is_some();
        if user.uid().is_none_or(|uid| !(1..=128).contains(&uid.encode_utf16().count())) {
            return Some("the token has no `user_id` that a user can have");
        }
        (!is_stated("sub") || !is_stated("user_id")).then_some("the token lacks `sub` or `user_id`")
    }

    /// The suite; with `skip`, its test is skipped for that reason.
    fn yaml(&self, skip: Option<&str>) -> String {
        let rules = self.rules().map_or(String::new(), |source| source.text().to_owned());
        let asked = &self.asked;
        let mut suite = format!("service: storage\nnow: {}\nbucket: {}\n", self.time, json!(asked.bucket));
        suite.push_str(&format!("rules: {}\n", block(&rules)));
        if let Some(existing) = &asked.existing {
            suite.push_str(&format!(
                "objects:\n  {}: {}\n",
                json!(self.full_name()),
                Json::from(existing.object.to_json())
            ));
        }
        let documents = self.documents.iter().filter_map(|(name, document)| Some((name, document.as_ref().ok()?)));
        let documents = documents.map(|(name, document)| format!("  {}: {}\n", json!(name), stated(document.as_ref())));
        let documents: String = documents.collect();
        if !documents.is_empty() {
            suite.push_str(&format!("documents:\n{documents}"));
        }
        let title = format!("{} {}", asked.method.name(), asked.name);
        suite.push_str(&format!("tests:\n  - name: {}\n", json!(title)));
        if let Some(skip) = skip {
            suite.push_str(&format!("    skip: {}\n", json!(skip)));
        }
        suite.push_str(&format!("    {}: {}\n", asked.method.name(), json!(self.full_name())));
        if let Some(auth) = self.auth().filter(|auth| auth.uid().is_some()) {
            let user = json!({ "uid": auth.uid(), "claims": to_plain(auth.token().view()) });
            suite.push_str(&format!("    as: {user}\n"));
        }
        if let Some(incoming) = &asked.incoming {
            suite.push_str(&format!("    with: {}\n", Json::from(incoming.object.to_json())));
        } else if matches!(asked.method, Method::Create | Method::Update) {
            suite.push_str("    with: {}\n");
        }
        let verdict = if matches!(self.verdict, Verdict::Denied) { "deny" } else { "allow" };
        suite + &format!("    expect: {verdict}\n")
    }
}

impl Replay for StorageReplay {
    fn explain(&self) -> Option<Decision> {
        let loaded = self.rules.as_ref().filter(|_| !matches!(self.verdict, Verdict::Admin))?;
        let documents = Documents::of(self.documents.clone());
        let request = self.asked.request(self.auth(), self.time);
        BucketRules::ruleset(loaded)?
            .explain(&request, &documents)
            .ok()
            .map(|decision| Decision::Service(Box::new(decision)))
    }

    fn rules(&self) -> Option<Source> {
        self.rules.as_ref().map(|loaded| loaded.rules.source().clone())
    }

    fn detail(&self) -> Json {
        let object = |object: &Option<Arc<ForRules>>| {
            object.as_ref().map(|object| {
                let object = &object.object;
                let mut fields = JsonMap::from_iter([("name".to_owned(), json!(object.name()))]);
                fields.extend(object.to_json());
                fields
            })
        };
        let documents = self.documents.iter().map(|(name, document)| {
            let value = match document {
                Ok(found) => found.as_ref().map_or(Json::Null, |fields| to_plain(fields.view())),
                Err(why) => json!({ "error": why }),
            };
            (name.clone(), value)
        });
        json!({
            "auth": self.auth().map(|auth| json!({ "uid": auth.uid(), "token": to_plain(auth.token().view()) })),
            "resource": object(&self.asked.existing),
            "newResource": object(&self.asked.incoming),
            "documents": documents.collect::<JsonMap<_, _>>(),
        })
    }

    fn suite(&self) -> String {
        let why = self.unstatable();
        let suite = self.yaml(why);
        // Suites refuse some requests that a client can make, such as the update of an object that does not exist.
        match why.map_or_else(|| run(&suite), |_| None) {
            Some(problem) => self.yaml(Some(&problem)),
            None => suite,
        }
    }

    fn size(&self) -> usize {
        let objects = [&self.asked.existing, &self.asked.incoming];
        let objects: usize = objects.into_iter().flatten().map(|object| object.size).sum();
        let token = self.user.as_deref().map_or(0, |user| 2 * user.token_size);
        let rules = self.rules.as_ref().map_or(0, |rules| rules.size_once());
        rules + FIXED_SIZE + self.asked.bucket.len() + 2 * self.asked.name.len() + token + objects + self.documents_size
    }
}

/// A text of several lines as YAML: a block, or a quoted text where a block would change it.
fn block(text: &str) -> String {
    let is_plain = |line: &str| {
        line.chars().all(|c| c == '\t' || !c.is_control() && c != '\u{feff}' && c != '\u{2028}' && c != '\u{2029}')
    };
    if text.ends_with('\n') && !text.ends_with("\n\n") && !text.starts_with('\n') && text.split('\n').all(is_plain) {
        let lines = text.trim_end_matches('\n').split('\n');
        let lines = lines.map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") });
        return format!("|2\n{}", lines.collect::<String>().trim_end_matches('\n'));
    }
    // One line would be the name of a file.
    json!(if text.contains('\n') { text.to_owned() } else { format!("{text}\n") }).to_string()
}

/// A document with the types of its fields; null for one that does not exist.
fn stated(document: Option<&Value>) -> Json {
    match document {
        Some(Value::Map(fields)) => {
            fields.iter().map(|(name, value)| (name.to_owned(), to_typed(value.view()))).collect()
        }
        _ => Json::Null,
    }
}

/// Runs a suite; returns why it does not pass.
fn run(suite: &str) -> Option<String> {
    let path = PathBuf::from("request.test.yaml");
    let files = BTreeMap::from([(path.clone(), suite.to_owned())]);
    let suites = Suites::load(&files, &[path], Timestamp::UNIX_EPOCH);
    let run = suites.run(&Options::default(), &|_| ());
    if let Some(error) = suites.errors.first() {
        return Some(error.to_string());
    }
    let failed = run.results.iter().find_map(|result| result.failure());
    failed.map(|failure| failure.text())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{super::*, *};
    use crate::{
        journal::Entry,
        shared::{Settings, Shared},
        storage::{
            access::{Caller, User},
            blob::{Blob, Digest},
            object::Changes,
        },
    };
    use axum::http::HeaderMap;
    use firewarden::auth::mock_token;

    const RULES: &str = "rules_version = '2';

service firebase.storage {
  match /b/{bucket}/o {
    match /users/{uid}/{p=**} {
      allow get, delete, list: if request.auth.uid == uid && request.auth.token.level > 1.5;
      allow create: if request.auth.uid == uid
        && (resource == null || resource.size < request.resource.size)\u{20}
        && request.resource.metadata.k == 'v';\t// tabs and trailing spaces stay
      allow update: if request.resource.contentType != resource.contentType && request.time.year() == 2027;
    }
    match /teams/{team} {
      allow read: if firestore.get(/databases/(default)/documents/teams/$(team)).data.since < request.time
        && !firestore.exists(/databases/(default)/documents/banned/$(request.auth.uid));
    }
  }
}
";

    fn storage() -> Arc<Storage> {
        let shared = Arc::new(Shared::in_memory(Settings { project: "demo".to_owned(), ..Settings::default() }));
        let storage = Storage::new(shared).unwrap();
        storage.shared.clock("b").freeze(Some(1_800_000_000_123));
        storage.set_rules(None, &Source::new("storage.rules", RULES)).unwrap();
        let since = Timestamp::from_millis(1_000).unwrap();
        let fields = firewarden::value::Map::from([("since", Value::Timestamp(since)), ("n", Value::Float(1.0))]);
        storage.set_documents(BTreeMap::from([("teams/a".to_owned(), Value::Map(fields))]));
        storage
    }

    fn caller(claims: Json) -> Caller {
        let token = mock_token(&claims, "demo").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Firebase {token}").parse().unwrap());
        Caller::of(&headers)
    }

    fn content() -> (Blob, Digest) {
        (Blob::Memory("x".into()), Digest { size: 1, md5: [7; 16], crc32c: 9 })
    }

    fn last(storage: &Storage) -> Arc<Entry> {
        storage.shared.journal.follow().0.last().unwrap().clone()
    }

    #[tokio::test]
    async fn a_request_becomes_a_test_with_the_same_verdict() {
        let storage = storage();
        let alice = caller(json!({ "sub": "alice", "level": 2, "deep": { "list": [1, "a", null, 1.5] } }));
        let custom =
            |value: &str| Changes::parse(&json!({ "metadata": { "k": value }, "contentType": "a/b" })).unwrap();
        let (target, nobody) = (("b", "users/alice/a: {b} \"c\".txt"), Caller::User(None));
        let mut checked = 0;
        let mut check = |allowed: bool| {
            let entry = last(&storage);
            assert_eq!(matches!(entry.record.verdict, Verdict::Allowed), allowed, "{}", entry.record.reason);
            let suite = entry.record.replay.suite();
            assert!(!suite.contains("skip:"), "{suite}");
            assert_eq!(super::run(&suite), None, "{suite}");
            // A wrong verdict would fail.
            let (is, other) = if allowed { ("allow", "deny") } else { ("deny", "allow") };
            let wrong = suite.replace(&format!("expect: {is}"), &format!("expect: {other}"));
            assert!(super::run(&wrong).is_some(), "{wrong}");
            let explained = entry.record.replay.explain().unwrap();
            assert_eq!(explained.is_allowed(), allowed);
            checked += 1;
        };
        let target = (target.0, "users/alice/a b.txt");
        storage.upload(&alice, target, &custom("w"), &content()).await.unwrap_err();
        check(false);
        storage.upload(&alice, target, &custom("v"), &content()).await.unwrap();
        check(true);
        storage.upload(&alice, target, &custom("v"), &content()).await.unwrap_err();
        check(false);
        storage.change(&nobody, target, &Changes::parse(&json!({ "contentType": "c/d" })).unwrap()).await.unwrap();
        check(true);
        storage.ask(&alice, Method::Get, target, storage.object(target).as_ref(), None).await.unwrap();
        check(true);
        storage.ask(&nobody, Method::List, ("b", "users/alice/"), None, None).await.unwrap_err();
        check(false);
        storage.delete(&alice, target).await.unwrap();
        check(true);
        for (team, allowed) in [("teams/a", true), ("teams/b", false)] {
            let decided = storage.ask(&alice, Method::Get, ("b", team), None, None).await;
            assert_eq!(decided.is_ok(), allowed);
            check(allowed);
        }
        assert_eq!(checked, 9);
    }

    #[tokio::test]
    async fn what_a_suite_cannot_say_is_skipped_with_the_reason() {
        let storage = storage();
        let nobody = Caller::User(None);
        storage.change(&nobody, ("b", "users/a/x"), &Changes::default()).await.unwrap_err();
        let no_id = firewarden::auth::decode("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.").unwrap();
        let auth = no_id.auth(firewarden::auth::Product::Storage);
        let update = last(&storage).record.replay.suite();
        let user = Caller::User(Some(Arc::new(User { auth, token_size: 10 })));
        storage.ask(&user, Method::Get, ("b", "users/a/x"), None, None).await.unwrap_err();
        let without_id = last(&storage).record.replay.suite();
        storage.ask(&Caller::Owner, Method::Get, ("b", "users/a/x"), None, None).await.unwrap();
        let owner = last(&storage).record.replay.suite();
        storage.rules.clear();
        storage.ask(&nobody, Method::Get, ("b", "x"), None, None).await.unwrap_err();
        let without_rules = last(&storage).record.replay.suite();
        for (suite, why) in
            [(update, "not stored"), (without_id, "user_id"), (owner, "owner"), (without_rules, "rules")]
        {
            assert!(suite.contains("skip:") && suite.contains(why), "{suite}");
        }
    }

    #[test]
    fn texts_of_rules_survive_as_yaml() {
        for text in [
            "a\nb\n",
            "  indented\n\nb \n",
            "a",
            "a\nb",
            "a\r\nb\r\n",
            "\nfirst\n",
            "a\n\n\n",
            "\u{feff}a\nb\n",
            "#\ta: \"b\n",
        ] {
            let suite = format!("service: storage\nrules: {}\ntests: [{{ get: a, expect: allow }}]\n", block(text));
            let read: Result<Json, _> = serde_json::from_str(&block(text));
            match read {
                Ok(Json::String(read)) => assert_eq!(read.trim_end_matches('\n'), text.trim_end_matches('\n')),
                _ => {
                    let lines = suite.lines().skip(2).take_while(|line| !line.starts_with("tests:"));
                    let lines = lines.map(|line| line.strip_prefix("  ").unwrap_or(line)).collect::<Vec<_>>();
                    assert_eq!(lines.join("\n") + "\n", text);
                }
            }
        }
    }
}
