//! Blocking functions that a Functions emulator hosts, as it lists them itself.

use std::time::{Duration, Instant};

use axum::http::{Request, header};
use http_body_util::Full;
use serde::Deserialize;

use crate::client;

/// The time for which a list is used.
pub const FRESH: Duration = Duration::from_secs(1);

/// The time that an emulator has to answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// The largest list, in bytes.
const MAX_LIST: usize = 4 << 20;

/// The blocking functions of an emulator.
#[derive(Clone, Debug)]
pub struct Discovered {
    /// When the emulator was asked.
    pub at: Instant,
    /// Its functions.
    pub triggers: Vec<Trigger>,
}

/// A blocking function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The event: `beforeCreate` or `beforeSignIn`.
    pub event: String,
    /// The address.
    pub url: String,
    /// The credentials of the provider that it gets.
    pub options: Options,
}

/// The credentials that a function gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Options {
    id_token: bool,
    access_token: bool,
    refresh_token: bool,
}

impl Options {
    /// Whether the function gets a credential: `idToken`, `accessToken` or `refreshToken`.
    pub fn forwards(self, credential: &str) -> bool {
        match credential {
            "idToken" => self.id_token,
            "accessToken" => self.access_token,
            "refreshToken" => self.refresh_token,
            _ => false,
        }
    }
}

/// `GET /backends`, the parts that matter here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Backends {
    #[serde(default)]
    backends: Vec<Backend>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Backend {
    #[serde(default)]
    function_triggers: Vec<FunctionTrigger>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionTrigger {
    name: String,
    region: String,
    blocking_trigger: Option<BlockingTrigger>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockingTrigger {
    event_type: String,
    #[serde(default)]
    options: Options,
}

/// Asks an emulator, `HOST:PORT`, for the blocking functions of a project.
///
/// # Errors
///
/// Why there is no list.
pub async fn discover(address: &str, project: &str) -> Result<Discovered, String> {
    let at = Instant::now();
    let answer = tokio::time::timeout(DEADLINE, ask(address)).await;
    let list = answer.map_err(|_| "it does not answer".to_owned())?.map_err(|error| error.to_string())?;
    let triggers = read(&list, address, project).map_err(|error| error.to_string())?;
    Ok(Discovered { at, triggers })
}

async fn ask(address: &str) -> Result<Vec<u8>, firewarden::BoxError> {
    let request = Request::get("/backends").header(header::HOST, address).body(Full::default())?;
    let response = client::exchange(address, request, MAX_LIST).await?;
    match response.status().as_u16() {
        200 => Ok(response.into_body().to_vec()),
        status => Err(format!("it answers {status}").into()),
    }
}

fn read(list: &[u8], address: &str, project: &str) -> Result<Vec<Trigger>, serde_json::Error> {
    let list: Backends = serde_json::from_slice(list)?;
    let functions = list.backends.into_iter().flat_map(|backend| backend.function_triggers);
    let triggers = functions.filter_map(|FunctionTrigger { name, region, blocking_trigger }| {
        let BlockingTrigger { event_type, options } = blocking_trigger?;
        let event = event_type.rsplit(['.', '/']).next()?;
        let is_known = matches!(event, "beforeCreate" | "beforeSignIn");
        is_known.then(|| Trigger {
            event: event.to_owned(),
            url: format!("http://{address}/{project}/{region}/{name}"),
            options,
        })
    });
    Ok(triggers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocking_functions_are_found_among_others() {
        let list = br#"{ "backends": [{ "env": {}, "functionTriggers": [
            { "name": "api", "region": "us-central1", "httpsTrigger": {} },
            { "name": "check", "region": "europe-west1", "blockingTrigger": {
                "eventType": "providers/cloud.auth/eventTypes/user.beforeCreate", "options": { "idToken": true } } },
            { "name": "sms", "region": "us-central1", "blockingTrigger": {
                "eventType": "providers/cloud.auth/eventTypes/user.beforeSendSms" } }
        ] }, {}] }"#;
        let found = read(list, "127.0.0.1:5001", "demo").unwrap();
        let url = "http://127.0.0.1:5001/demo/europe-west1/check".to_owned();
        let options = Options { id_token: true, ..Options::default() };
        assert_eq!(found, [Trigger { event: "beforeCreate".to_owned(), url, options }]);
    }
}
