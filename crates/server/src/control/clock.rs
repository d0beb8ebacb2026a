//! `/firewarden/clock`: the clock of a project.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use firewarden_suite::clock;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::{Clock, answer, body::Small, server::Services};

use super::Failed;

/// The endpoint.
pub fn router(services: &Arc<Services>) -> Router {
    let methods = get(read_clock).put(set_clock).delete(reset_clock);
    Router::new().route("/firewarden/clock", methods).with_state(Arc::clone(services))
}

/// `?project=P`; the default is the project of the server, for a reset all projects.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The project.
    pub project: Option<String>,
}

impl Scope {
    fn clock(&self, services: &Services) -> Arc<Clock> {
        let project = self.project.as_deref().unwrap_or(&services.shared.settings.project);
        services.shared.clock(project)
    }
}

/// The change of a clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// A time in RFC 3339, one relative to the clock (`now+1h`), or milliseconds since 1970.
    now: Option<Json>,
    /// A duration such as `90s` or `1h30m`, or milliseconds.
    advance: Option<Json>,
    /// Whether the clock stands still.
    frozen: Option<bool>,
}

const EXAMPLES: &str =
    r#"expected {"now": "2026-01-31T12:00:00Z"}, {"now": "now+1h"}, {"advance": "90s"} or {"frozen": true}"#;

async fn read_clock(services: State<Arc<Services>>, Query(scope): Query<Scope>) -> Response {
    shown(&scope.clock(&services))
}

async fn set_clock(
    services: State<Arc<Services>>,
    Query(scope): Query<Scope>,
    Small(body): Small,
) -> Result<Response, Failed> {
    let clock = scope.clock(&services);
    let change: Change = serde_json::from_slice(&body).map_err(|why| invalid(format!("{why}; {EXAMPLES}")))?;
    if change.now.is_some() && change.advance.is_some() {
        return Err(invalid(format!("`now` and `advance` cannot be combined; {EXAMPLES}")));
    }
    let time = match &change.now {
        None => None,
        Some(Json::String(text)) => match clock::moment(text, Some(clock.now())) {
            Some(time) => Some(time.to_millis()),
            None => return Err(invalid(format!("`now` is no time: {text:?}; {EXAMPLES}"))),
        },
        Some(now) => Some(millis("now", now)?),
    };
    let advance = match &change.advance {
        None => None,
        Some(Json::String(text)) => {
            match clock::span_of_time(text).and_then(|length| clock.now().checked_add(length).ok()) {
                Some(then) => Some(then.to_millis().saturating_sub(clock.millis())),
                None => return Err(invalid(format!("`advance` is no duration: {text:?}; {EXAMPLES}"))),
            }
        }
        Some(by) => Some(millis("advance", by)?),
    };
    match change.frozen {
        Some(true) => clock.freeze(None),
        Some(false) => clock.run(),
        None => {}
    }
    if let Some(time) = time {
        clock.set(time);
    }
    if let Some(by) = advance {
        clock.advance(by);
    }
    Ok(shown(&clock))
}

async fn reset_clock(services: State<Arc<Services>>, Query(scope): Query<Scope>) -> Response {
    let clock = scope.clock(&services);
    clock.reset();
    shown(&clock)
}

fn shown(clock: &Clock) -> Response {
    answer::ok(&json!({ "now": clock.now().to_string(), "millis": clock.millis(), "frozen": clock.is_frozen() }))
}

fn millis(name: &str, value: &Json) -> Result<i64, Failed> {
    value.as_i64().ok_or_else(|| invalid(format!("`{name}` is no text and no whole number; {EXAMPLES}")))
}

fn invalid(why: String) -> Failed {
    Failed(StatusCode::BAD_REQUEST, why)
}
