//! Operations on many accounts: `batchGet`, `batchDelete`, `query`.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::auth::{
    account::Account,
    answer::Answer,
    call::Call,
    error::{Refusal, refuse},
    fields::{Nothing, Text, given},
    functions::events::AccountEvent,
};

/// The accounts in a page, unless the request says otherwise.
const PAGE: usize = 20;

/// The most accounts in a page, and in a request.
const MAX_PAGE: usize = 1000;

/// A page of the accounts by id: `?maxResults&nextPageToken`; -1 asks for all.
pub async fn batch_get(call: Call, _: Nothing) -> Result<Answer, Refusal> {
    page(&call, call.query("maxResults"), call.query("nextPageToken"))
}

/// The page in a request with a body.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Download {
    target_project_id: Option<Text>,
    max_results: Option<Text>,
    next_page_token: Option<Text>,
}

/// The old name of the same, which takes its project from the body.
pub async fn download(call: Call, request: Download) -> Result<Answer, Refusal> {
    if given(&request.target_project_id).is_none() {
        return refuse("INSUFFICIENT_PERMISSION");
    }
    page(&call, given(&request.max_results), given(&request.next_page_token))
}

fn page(call: &Call, size: Option<&str>, after: Option<&str>) -> Result<Answer, Refusal> {
    let scope = call.lock_enabled()?;
    let size = match size.map(str::parse::<i64>) {
        None => PAGE,
        Some(Ok(-1)) => usize::MAX,
        Some(Ok(size)) => usize::try_from(size).unwrap_or(0).min(MAX_PAGE),
        Some(Err(_)) => return Err(Refusal::malformed(" must be integer")),
    };
    // Zero is no size of a page, so it asks for the usual one.
    let size = if size == 0 { PAGE } else { size };
    let users: Vec<&Account> = scope.pool().accounts_after(after).take(size).collect();
    let next = (users.len() == size).then(|| users.last().map(|account| account.local_id.clone())).flatten();
    Ok(Answer::of_kind("DownloadAccountResponse").data("users", &users).some("nextPageToken", next))
}

/// The accounts to delete.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchDelete {
    #[serde(default)]
    local_ids: Vec<Text>,
    force: Option<bool>,
}

/// Deletes accounts that are disabled; by force, others, too.
pub async fn batch_delete(call: Call, request: BatchDelete) -> Result<Answer, Refusal> {
    if request.local_ids.is_empty() || request.local_ids.len() > MAX_PAGE {
        return refuse("LOCAL_ID_LIST_EXCEEDS_LIMIT");
    }
    let (mut errors, mut deleted): (Vec<Json>, Vec<Account>) = (Vec::new(), Vec::new());
    {
        let mut scope = call.lock_enabled()?;
        for (index, id) in request.local_ids.iter().enumerate() {
            let Some(account) = scope.pool().get(id) else { continue };
            if !request.force.unwrap_or_default() && !account.is_disabled() {
                let message = "NOT_DISABLED : Disable the account before batch deletion.";
                errors.push(json!({ "index": index, "localId": &**id, "message": message }));
                continue;
            }
            deleted.extend(scope.pool_mut().remove(id));
        }
    }
    for account in &deleted {
        call.auth.functions.report(&call, AccountEvent::Delete, account);
    }
    Ok(if errors.is_empty() { Answer::new() } else { Answer::new().with("errors", errors) })
}

/// The accounts to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Query {
    return_user_info: Option<bool>,
    order: Option<Order>,
    sort_by: Option<SortBy>,
    limit: Option<Text>,
    offset: Option<Text>,
    expression: Option<Vec<Json>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Order {
    #[serde(rename = "ORDER_UNSPECIFIED")]
    Unspecified,
    Asc,
    Desc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum SortBy {
    #[serde(rename = "SORT_BY_FIELD_UNSPECIFIED")]
    Unspecified,
    UserId,
    Name,
    CreatedAt,
    LastLoginAt,
    UserEmail,
}

/// The number of accounts, and the accounts by id.
pub async fn query(call: Call, request: Query) -> Result<Answer, Refusal> {
    let scope = call.lock_enabled()?;
    let others = [
        ("expression", request.expression.as_ref().is_some_and(|all| !all.is_empty())),
        ("limit", request.limit.is_some()),
        ("offset", request.offset.is_some()),
    ];
    if let Some((name, _)) = others.into_iter().find(|(_, is_there)| *is_there) {
        return Err(Refusal::unimplemented(format!("{name} is not implemented.")));
    }
    let count = scope.pool().len().to_string();
    if request.return_user_info == Some(false) {
        return Ok(Answer::new().with("recordsCount", count));
    }
    let mut users: Vec<&Account> = scope.pool().accounts().collect();
    match request.sort_by {
        None | Some(SortBy::Unspecified | SortBy::UserId) => {}
        Some(_) => return Err(Refusal::unimplemented("Only sorting by USER_ID is implemented.")),
    }
    if request.order == Some(Order::Desc) {
        users.reverse();
    }
    Ok(Answer::new().with("recordsCount", count).data("userInfo", &users))
}
