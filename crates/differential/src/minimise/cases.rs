//! Smaller forms of a case of requests.

use serde_json::Value as Json;

use super::edits;
use crate::request::{Asked, Case};

/// The smaller forms of a case: documents, requests, claims, fields, filters, and then rules less.
pub fn smaller(case: &Case) -> Vec<Case> {
    let mut forms = Vec::new();
    let changed = |change: &dyn Fn(&mut Case)| {
        let mut form = case.clone();
        change(&mut form);
        form
    };
    if case.documents.len() > 1 {
        forms.push(changed(&|form| form.documents.clear()));
    }
    forms.extend(edits::ruleset(&case.source).into_iter().map(|source| Case { source, ..case.clone() }));
    for name in case.documents.keys() {
        forms.push(changed(&|form| drop(form.documents.remove(name))));
    }
    for at in 0..case.requests.len() {
        if case.requests.len() > 1 {
            forms.push(changed(&|form| drop(form.requests.remove(at))));
        }
        let with = |asked: Asked| changed(&|form| form.requests[at] = asked.clone());
        let asked = &case.requests[at];
        // All writes of a commit are one user's.
        if asked.user.is_some() {
            forms.push(changed(&|form| form.requests.iter_mut().for_each(|asked| asked.user = None)));
        }
        for user in without_one(asked.user.as_ref()) {
            forms.push(changed(&|form| form.requests.iter_mut().for_each(|asked| asked.user = Some(user.clone()))));
        }
        forms.extend(
            without_one(asked.fields.as_ref()).map(|fields| with(Asked { fields: Some(fields), ..asked.clone() })),
        );
        if let Some(query) = &asked.query {
            for filter in 0..query.filters.len() {
                let mut query = query.clone();
                query.filters.remove(filter);
                forms.push(with(Asked { query: Some(query), ..asked.clone() }));
            }
            for simpler in [
                crate::request::Query { order: Vec::new(), ..query.clone() },
                crate::request::Query { limit: None, ..query.clone() },
                crate::request::Query { offset: None, ..query.clone() },
            ] {
                if simpler != *query {
                    forms.push(with(Asked { query: Some(simpler), ..asked.clone() }));
                }
            }
        }
    }
    for (name, fields) in &case.documents {
        for fewer in without_one(Some(fields)) {
            forms.push(changed(&|form| drop(form.documents.insert(name.clone(), fewer.clone()))));
        }
    }
    forms
}

/// An object with an entry less, in all ways; none of what is empty. Ids of users stay.
fn without_one(object: Option<&Json>) -> impl Iterator<Item = Json> {
    let object = object.and_then(Json::as_object).cloned().unwrap_or_default();
    let names: Vec<_> = object.keys().filter(|name| !["sub", "user_id"].contains(&name.as_str())).cloned().collect();
    names.into_iter().map(move |name| {
        let mut fewer = object.clone();
        fewer.remove(&name);
        Json::Object(fewer)
    })
}
