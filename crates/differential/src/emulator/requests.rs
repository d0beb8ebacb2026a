//! Requests to documents: the emulator's verdict on a case.

use std::collections::BTreeMap;

use anyhow::Result;
use firewarden::firestore::Method;
use serde_json::{Value as Json, json};

use super::{Answer as Http, Client, Compiled, Who, denial};
use crate::request::{Answer, Asked, Case};

/// A project whose rules and documents are known, so that only what differs is sent again.
#[derive(Debug)]
pub struct Project<'c> {
    client: &'c Client,
    documents: BTreeMap<String, Json>,
    source: Option<String>,
}

impl<'c> Project<'c> {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// No answer.
    pub fn empty(client: &'c Client) -> Result<Self> {
        client.clear()?;
        Ok(Project { client, documents: BTreeMap::new(), source: None })
    }

    /// Rules, documents, and then the request; several requests are one commit.
    ///
    /// # Errors
    ///
    /// No answer.
    pub fn ask(&mut self, case: &Case) -> Result<Answer> {
        if self.source.as_ref() != Some(&case.source) {
            self.source = None;
            match self.client.set_rules(&case.source)? {
                Compiled::Accepted(_) => self.source = Some(case.source.clone()),
                Compiled::Refused(issues) => {
                    let first =
                        issues.first().map(|issue| format!("L{}:{} {}", issue.line, issue.column, issue.message));
                    return Ok(Answer::NoRules(first.unwrap_or_default()));
                }
                Compiled::Broke(why) => return Ok(Answer::NoRules(why)),
            }
        }
        self.bring(&case.documents)?;
        let http = match case.requests.as_slice() {
            [only] => self.single(only)?,
            several => self.commit(several)?,
        };
        let answer = verdict(&http);
        let writes = case.requests.iter().filter(|asked| !matches!(asked.method, Method::Get | Method::List));
        for asked in writes.filter(|_| !matches!(answer, Answer::Denied(_))) {
            // It may be there now, or not: whichever, it is not what it was.
            self.client.remove(&asked.path)?;
            self.documents.remove(&asked.path);
        }
        Ok(answer)
    }

    fn bring(&mut self, wanted: &BTreeMap<String, Json>) -> Result<()> {
        let surplus: Vec<_> = self.documents.keys().filter(|name| !wanted.contains_key(*name)).cloned().collect();
        for name in surplus {
            self.client.remove(&name)?;
            self.documents.remove(&name);
        }
        for (name, fields) in wanted {
            if self.documents.get(name) != Some(fields) {
                self.client.store(name, fields)?;
                self.documents.insert(name.clone(), fields.clone());
            }
        }
        Ok(())
    }

    fn single(&self, asked: &Asked) -> Result<Http> {
        let who = who(asked);
        let path = self.client.path(&asked.path);
        let body = json!({ "fields": asked.fields });
        match (asked.method, &asked.query) {
            (Method::List, query) => {
                let (parent, collection) = asked.path.rsplit_once('/').unwrap_or(("", &asked.path));
                let parent = match parent {
                    "" => format!("/v1/{}", self.client.documents()),
                    parent => self.client.path(parent),
                };
                let query = query.clone().unwrap_or_default().structured(collection);
                self.client.call("POST", &format!("{parent}:runQuery"), Some(&query), who)
            }
            (Method::Get, _) => self.client.call("GET", &path, None, who),
            (Method::Create, _) => {
                self.client.call("PATCH", &format!("{path}?currentDocument.exists=false"), Some(&body), who)
            }
            (Method::Update, _) => {
                self.client.call("PATCH", &format!("{path}?currentDocument.exists=true"), Some(&body), who)
            }
            (Method::Delete, _) => self.client.call("DELETE", &path, None, who),
        }
    }

    fn commit(&self, writes: &[Asked]) -> Result<Http> {
        let writes_json: Vec<_> = writes
            .iter()
            .map(|asked| {
                let name = format!("{}/{}", self.client.documents(), asked.path);
                let there = json!({ "exists": asked.method != Method::Create });
                match asked.method {
                    Method::Delete => json!({ "delete": name, "currentDocument": there }),
                    _ => json!({ "update": { "name": name, "fields": asked.fields }, "currentDocument": there }),
                }
            })
            .collect();
        let path = format!("/v1/{}:commit", self.client.documents());
        let who = writes.first().map_or(Who::Nobody, who);
        self.client.call("POST", &path, Some(&json!({ "writes": writes_json })), who)
    }
}

fn who(asked: &Asked) -> Who<'_> {
    asked.user.as_ref().map_or(Who::Nobody, Who::User)
}

fn verdict(http: &Http) -> Answer {
    match http.status {
        200 | 404 => Answer::Allowed,
        403 => Answer::Denied(denial::read(http.error())),
        status => Answer::Other(format!("{status} {}", http.error())),
    }
}
