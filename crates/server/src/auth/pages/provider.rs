//! `/emulator/auth/handler` and `/emulator/auth/iframe`: the page of an identity provider, on which somebody chooses who signs
//! in, and the frame by which the SDK learns of it. Both work without the network.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, put},
};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::{
    answer::json_answer,
    auth::{
        Auth,
        account::ProviderInfo,
        call::{self, Call},
        error::Refusal,
        fields,
    },
    body::Small,
    lock,
    page::file,
};

const HANDLER: &str = include_str!("handler.html");
const FRAME: &str = include_str!("frame.html");
const STYLE: &str = concat!(include_str!("../../page/base.css"), include_str!("handler.css"));
const HTML: &str = "text/html; charset=utf-8";

/// Where the page has the accounts of the provider.
const KNOWN: &str = "KNOWN_ACCOUNTS";

/// The scripts of the two pages, and the one that apps load in the place of Google's.
const SCRIPTS: [(&str, &str); 3] = [
    ("/emulator/auth/handler.js", include_str!("handler.js")),
    ("/emulator/auth/frame.js", include_str!("frame.js")),
    ("/emulator/auth/gapi.js", include_str!("gapi.js")),
];

/// What the page of the provider may do: nothing from elsewhere, and no page may have it in a frame, where somebody could be
/// made to press its buttons.
const HANDLER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; \
                              base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The frame loads Google's script where the page around it has done so.
const FRAME_POLICY: &str = "default-src 'none'; script-src 'self' https://apis.google.com https://*.gstatic.com; \
                            img-src data:; connect-src 'self'; frame-src https://*.google.com; base-uri 'none'";

/// The routes.
pub fn routes() -> Router<Arc<Auth>> {
    let pages = Router::new()
        .route("/emulator/auth/handler", get(handler))
        .route("/emulator/auth/iframe", get(async || with_policy(file(HTML, FRAME), FRAME_POLICY)))
        .route("/emulator/auth/handler.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/emulator/auth/event", put(leave).post(take));
    SCRIPTS.into_iter().fold(pages, |router, (path, text)| {
        router.route(path, get(async move || file("text/javascript; charset=utf-8", text)))
    })
}

fn with_policy(mut page: Response, policy: &'static str) -> Response {
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    page
}

/// The page of a provider, with the accounts that have an entry of it.
async fn handler(State(auth): State<Arc<Auth>>, request: Request) -> Response {
    let call = Call::of_page(auth, &request);
    let (Some(_), Some(provider)) = (call.query("apiKey"), call.query("providerId")) else {
        let error = json!({ "authEmulator": { "error": "missing apiKey or providerId query parameters" } });
        return json_answer(StatusCode::BAD_REQUEST, &error);
    };
    let known: Vec<Json> = call.lock().pool().entries_of(provider).map(claims).collect();
    // No text of an account may end the script element.
    let known = Json::Array(known).to_string().replace('<', "\\u003c");
    let mut page = file(HTML, "");
    *page.body_mut() = HANDLER.replacen(KNOWN, &known, 1).into();
    with_policy(page, HANDLER_POLICY)
}

/// What the provider says of somebody who has signed in before.
fn claims(entry: &ProviderInfo) -> Json {
    let known = [
        ("sub", &entry.raw_id),
        ("name", &entry.display_name),
        ("screen_name", &entry.screen_name),
        ("email", &entry.email),
        ("picture", &entry.photo_url),
    ];
    let mut claims = json!({ "iss": "", "aud": "", "exp": 0, "iat": 0, "email_verified": true });
    for (name, value) in known {
        if let (Json::Object(claims), Some(value)) = (&mut claims, value) {
            claims.insert(name.to_owned(), Json::from(value.as_str()));
        }
    }
    claims
}

/// The number of apps whose sign-in by redirect is under way at once.
const MAX_REDIRECTS: usize = 64;

/// The largest answer of a provider in bytes.
const MAX_ANSWER: usize = 64 << 10;

/// Answers of providers that wait for the app to load again. Browsers keep the storage of the frame apart from that of the page
/// of the provider where the app has another host, so that the answer goes by the server.
#[derive(Default)]
pub struct Redirects(Mutex<VecDeque<(App, Json)>>);

/// An app in a browser.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct App {
    /// Its API key and its name.
    key: String,
    /// The origin of its page.
    origin: String,
}

#[derive(Deserialize)]
struct Left {
    #[serde(flatten)]
    app: App,
    event: Json,
}

impl Redirects {
    /// Keeps what the provider says to an app, in the place of what it said before.
    fn leave(&self, app: App, event: Json) {
        let mut waiting = lock(&self.0);
        waiting.retain(|(known, _)| *known != app);
        if waiting.len() >= MAX_REDIRECTS {
            waiting.pop_front();
        }
        waiting.push_back((app, event));
    }

    /// What was left for an app, once.
    fn take(&self, app: &App) -> Option<Json> {
        let mut waiting = lock(&self.0);
        let at = waiting.iter().position(|(known, _)| known == app)?;
        waiting.remove(at).map(|(_, event)| event)
    }
}

async fn leave(auth: State<Arc<Auth>>, Small(body): Small) -> Result<Response, Refusal> {
    if body.len() > MAX_ANSWER {
        return Err(Refusal::too_large());
    }
    let Left { app, event } = fields::read(call::parse(&body)?)?;
    auth.redirects.leave(app, event);
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn take(auth: State<Arc<Auth>>, Small(body): Small) -> Result<Response, Refusal> {
    let app: App = fields::read(call::parse(&body)?)?;
    Ok(json_answer(StatusCode::OK, &json!({ "event": auth.redirects.take(&app) })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(key: &str) -> App {
        App { key: key.to_owned(), origin: "http://localhost:5173".to_owned() }
    }

    #[test]
    fn the_answer_of_a_provider_is_taken_once_by_its_app() {
        let redirects = Redirects::default();
        redirects.leave(app("k:a"), json!(1));
        redirects.leave(app("k:a"), json!(2));
        assert_eq!(redirects.take(&app("k:b")), None);
        let elsewhere = App { origin: "http://evil.example".to_owned(), ..app("k:a") };
        assert_eq!(redirects.take(&elsewhere), None);
        assert_eq!(redirects.take(&app("k:a")), Some(json!(2)));
        assert_eq!(redirects.take(&app("k:a")), None);
    }

    #[test]
    fn the_oldest_answer_makes_room() {
        let redirects = Redirects::default();
        for number in 0..=MAX_REDIRECTS {
            redirects.leave(app(&number.to_string()), json!(number));
        }
        assert_eq!(redirects.take(&app("0")), None);
        assert_eq!(redirects.take(&app("1")), Some(json!(1)));
        assert_eq!(redirects.take(&app(&MAX_REDIRECTS.to_string())), Some(json!(MAX_REDIRECTS)));
    }
}
