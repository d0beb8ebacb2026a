//! Decisions on requests, with what each statement said.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result};
use firewarden::{
    Auth, BoxError, DocumentPath, Documents, Outcome, Value, WriteEffect,
    firestore::{Direction, Document, Method, Query, Request, Ruleset},
    internals::syntax::{self, ast::Match},
    text::{Source, Span},
    value::json::from_typed,
};
use serde_json::Value as Json;

use super::extent;
use crate::{
    documents::as_rules_see,
    emulator::denial::Said,
    request::{self as asked, Answer, Asked, Case, Filter, OPERATORS},
};

/// The time of all requests: rules of cases compare it only with times far from it.
pub const NOW: &str = "2026-06-01T00:00:00Z";

/// Documents, and what the writes of a commit leave of them, by name.
#[derive(Debug, Default)]
struct Stored {
    before: BTreeMap<String, Value>,
    after: BTreeMap<String, WriteEffect>,
}

impl Documents for Stored {
    fn get(&self, path: DocumentPath<'_>) -> Result<Option<Value>, BoxError> {
        Ok(here(path).and_then(|name| self.before.get(name).cloned()))
    }

    fn after(&self, path: DocumentPath<'_>) -> Result<WriteEffect, BoxError> {
        Ok(here(path).and_then(|name| self.after.get(name).cloned()).unwrap_or(WriteEffect::Unchanged))
    }
}

fn here(path: DocumentPath<'_>) -> Option<&str> {
    (path.database() == "(default)").then(|| path.relative())
}

/// Decides all requests of a case: a commit passes where each of its writes does.
///
/// # Errors
///
/// A case that this program cannot put into words of the engine.
pub fn decide(case: &Case) -> Result<Answer> {
    let rules = match Ruleset::parse(&Source::new("firestore.rules", case.source.as_str())) {
        Ok(rules) => rules,
        Err(error) => return Ok(Answer::NoRules(error.to_string())),
    };
    let mut stored = Stored::default();
    for (name, fields) in &case.documents {
        stored.before.insert(name.clone(), value(fields)?);
    }
    for asked in &case.requests {
        let after = match (&asked.method, &asked.fields) {
            (Method::Delete, _) => WriteEffect::Deleted,
            (Method::Create | Method::Update, Some(fields)) => WriteEffect::Written(value(fields)?),
            _ => continue,
        };
        stored.after.insert(asked.path.clone(), after);
    }
    let begins = beginnings(&case.source);
    let mut said = Vec::new();
    for asked in &case.requests {
        let (allowed, statements) = one(&rules, &begins, asked, &stored, case.requests.len() > 1)?;
        if !allowed {
            said.extend(statements);
            return Ok(Answer::Denied(said));
        }
    }
    Ok(Answer::Allowed)
}

fn one(
    rules: &Ruleset,
    begins: &HashMap<Span, u32>,
    asked: &Asked,
    stored: &Stored,
    batch: bool,
) -> Result<(bool, Vec<Said>)> {
    let mut request = match &asked.query {
        Some(query) => Request::list(asked.path.as_str(), about(query)?),
        None => Request::new(asked.method, asked.path.as_str()),
    };
    if let Some(claims) = &asked.user {
        request = request.auth(Auth::from_claims(claims.clone()));
    }
    request = request.at(NOW.parse().context("the time of a request")?);
    if let (Some(fields), None) = (stored.before.get(&asked.path), &asked.query) {
        request = request.existing(Document::new(asked.path.as_str(), fields.clone()));
    }
    if let Some(fields) = &asked.fields {
        request = request.with(Document::new(asked.path.as_str(), value(fields)?));
    }
    if batch {
        request = request.in_batch();
    }
    let decision = rules.explain(&request, stored)?;
    let source = decision.source();
    let statements = decision.trace().into_iter().flatten().flat_map(|block| &block.statements);
    let said = statements.map(|statement| {
        let start = begins.get(&statement.span).copied().unwrap_or(statement.span.start);
        let at = source.position(start);
        let what = match &statement.outcome {
            // What a query's filters do not decide.
            Outcome::Error(fault) if fault.message.is_empty() => {
                format!("evaluation error at L{}:{}", at.line, at.column)
            }
            Outcome::Error(fault) => fault.message.clone(),
            Outcome::Value(value) => value.view().describe(),
            Outcome::Described(words) => words.clone(),
        };
        Said { what, method: asked.method.name().to_owned(), line: at.line }
    });
    Ok((decision.is_allowed(), said.collect()))
}

/// Where the condition of each statement begins, with its parentheses: that is the place that denials name.
fn beginnings(text: &str) -> HashMap<Span, u32> {
    let mut begins = HashMap::new();
    let Ok(ruleset) = syntax::parse_service(&Source::new("rules", text)) else { return begins };
    let mut open: Vec<&Match> = ruleset.services().flat_map(|service| &service.matches).collect();
    while let Some(block) = open.pop() {
        open.extend(&block.matches);
        for allow in &block.allows {
            if let Some(condition) = allow.condition {
                begins.insert(allow.span, extent(&ruleset.exprs, condition).start);
            }
        }
    }
    begins
}

fn about(query: &asked::Query) -> Result<Query> {
    let mut about = Query::new();
    for Filter { field, op, value } in &query.filters {
        let op = OPERATORS.iter().find(|(name, _)| name == op).with_context(|| format!("{op} is no operator"))?;
        about = about.filter(field, op.1, of_field(value)?);
    }
    for (field, ascending) in &query.order {
        about = about.order_by(field, if *ascending { Direction::Ascending } else { Direction::Descending });
    }
    if let Some(limit) = query.limit {
        about = about.limit(limit);
    }
    Ok(match query.offset {
        Some(offset) => about.offset(offset),
        None => about,
    })
}

/// Fields of the REST API as a value.
fn value(fields: &Json) -> Result<Value> {
    Ok(from_typed(&as_rules_see(fields)?)?)
}

fn of_field(value: &Json) -> Result<Value> {
    let fields = as_rules_see(&serde_json::json!({ "f": value }))?;
    Ok(from_typed(&fields["mapValue"]["fields"]["f"])?)
}
