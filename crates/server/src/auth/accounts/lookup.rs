//! `lookup`: accounts as users and administrators see them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::auth::{account::Account, answer::Answer, call::Call, error::Refusal, fields::Text};

/// The request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lookup {
    id_token: Option<Text>,
    #[serde(default)]
    local_id: Vec<Text>,
    #[serde(default)]
    email: Vec<Text>,
    #[serde(default)]
    phone_number: Vec<Text>,
    #[serde(default)]
    federated_user_id: Vec<FederatedId>,
    initial_email: Option<Vec<Text>>,
}

/// An id at a provider.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FederatedId {
    provider_id: Option<Text>,
    raw_id: Option<Text>,
}

/// The account of the ID token; for administrators, those that the request names, each once.
pub async fn lookup(call: Call, request: Lookup) -> Result<Answer, Refusal> {
    let scope = call.lock_enabled()?;
    let mut found: Vec<&Account> = Vec::new();
    if call.is_admin {
        if request.initial_email.is_some() {
            return Err(Refusal::unimplemented("Lookup by initialEmail is not implemented."));
        }
        let pool = scope.pool();
        let mut seen = BTreeSet::new();
        let ids = request.local_id.iter().filter_map(|id| pool.get(id));
        let emails = request.email.iter().filter_map(|email| pool.with_email(&email.to_lowercase()));
        let numbers = request.phone_number.iter().filter_map(|number| pool.with_phone_number(number));
        let federated = request
            .federated_user_id
            .iter()
            .filter_map(|id| pool.with_provider(id.provider_id.as_deref()?, id.raw_id.as_deref()?));
        let all = ids.chain(emails).chain(numbers).chain(federated);
        found.extend(all.filter(|account| seen.insert(account.local_id.as_str())));
    } else {
        let (id, _) = call.required_user(&scope, &request.id_token)?;
        found.push(scope.account(&id)?);
    }
    let answer = Answer::of_kind("GetAccountInfoResponse");
    Ok(if found.is_empty() { answer } else { answer.data("users", &found) })
}
