//! The operations of the service: their paths, and what each leads to.

use std::{future::Future, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{MethodFilter, MethodRouter, get, on},
};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::answer::{json_answer, reflect_origin};

use super::{
    Auth, SigningKey,
    accounts::{
        batch, create_auth_uri, custom_token, delete, email_code, email_link, idp, import, lookup, password, phone,
        reset_password, session_cookie, sign_up, update,
    },
    answer::Answer,
    call::{BodyKind, Call},
    config, emulator,
    error::Refusal,
    exchange::Asked,
    fields::{self, Nothing},
    mfa, openapi, pages, passkeys, secure_token, tenants, unimplemented,
};

/// The host that Auth has in production, as a part of paths.
const TOOLKIT: &str = "/identitytoolkit.googleapis.com";

/// The paths of the old names.
const RELYING_PARTY: &str = "/www.googleapis.com/identitytoolkit/v3/relyingparty";

pub type Routes = MethodRouter<Arc<Auth>>;

/// The schema of a body.
pub type BodySchema = fn(&mut SchemaGenerator) -> Schema;

/// What an operation takes and does, wherever it is.
#[derive(Clone)]
pub struct Handler {
    method: Method,
    name: &'static str,
    /// The body; `None` where there is none to describe.
    pub body: Option<BodySchema>,
    routes: Routes,
}

impl Handler {
    /// An operation that takes JSON.
    fn new<R, F, Out>(method: Method, name: &'static str, run: F) -> Self
    where
        R: for<'de> Deserialize<'de> + JsonSchema + Send + 'static,
        F: Fn(Call, R) -> Out + Clone + Send + Sync + 'static,
        Out: Future<Output = Result<Answer, Refusal>> + Send,
    {
        Handler::of_kind(method, BodyKind::Json, name, run)
    }

    fn of_kind<R, F, Out>(method: Method, kind: BodyKind, name: &'static str, run: F) -> Self
    where
        R: for<'de> Deserialize<'de> + JsonSchema + Send + 'static,
        F: Fn(Call, R) -> Out + Clone + Send + Sync + 'static,
        Out: Future<Output = Result<Answer, Refusal>> + Send,
    {
        let run = async move |State(auth): State<Arc<Auth>>, request: Request| -> Result<Answer, Refusal> {
            let (call, body) = Call::read(auth, request, kind).await?;
            let asked = is_kept(name).then(|| Asked::new(&call, name, &body));
            let answer = match fields::read(body) {
                Ok(request) => run(call, request).await,
                Err(refusal) => Err(refusal),
            };
            if let Some(asked) = asked {
                asked.record(&answer);
            }
            answer
        };
        Handler::plain(method, name, takes_body::<R>(), run)
    }

    /// An operation that reads its request itself.
    pub fn plain<F, T>(method: Method, name: &'static str, body: Option<BodySchema>, run: F) -> Self
    where
        F: axum::handler::Handler<T, Arc<Auth>>,
        T: 'static,
    {
        // The methods here are all standard ones.
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        Handler { method, name, body, routes: on(filter, run) }
    }

    /// The operation at a path, with its name in the API.
    pub fn at(self, path: impl Into<String>, id: impl Into<String>) -> Operation {
        Operation { path: path.into(), id: id.into(), handler: self, is_done: true }
    }
}

/// The schema of a body, if the type has fields.
pub fn takes_body<R: JsonSchema + 'static>() -> Option<BodySchema> {
    let is_nothing = std::any::TypeId::of::<R>() == std::any::TypeId::of::<Nothing>();
    (!is_nothing).then_some(|generator: &mut SchemaGenerator| generator.subschema_for::<R>())
}

/// An operation of the API.
#[derive(Clone)]
pub struct Operation {
    /// Its path; parameters are in braces.
    pub path: String,
    /// Its name in the API.
    pub id: String,
    /// What it does.
    pub handler: Handler,
    /// Whether it does something, or answers 501.
    pub is_done: bool,
}

impl Operation {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.handler.method
    }
}

/// Whether the journal keeps requests to an operation. Clients look their account up after each sign-in, which says
/// nothing new.
fn is_kept(operation: &str) -> bool {
    !matches!(operation, "lookup" | "batchGet" | "projects" | "config" | "recaptchaParams" | "query" | "")
}

/// An operation that `POST` asks for.
macro_rules! post {
    ($name:literal, $run:path) => {
        Handler::new(Method::POST, $name, $run)
    };
}

/// The operations on accounts that users and administrators have in common.
fn account_operations() -> [Handler; 7] {
    [
        post!("createAuthUri", create_auth_uri::create_auth_uri),
        post!("delete", delete::delete),
        post!("lookup", lookup::lookup),
        post!("resetPassword", reset_password::reset_password),
        post!("sendOobCode", email_code::send_code),
        post!("signInWithPhoneNumber", phone::sign_in_with_phone_number),
        post!("update", update::update),
    ]
}

/// The operations of users only.
fn user_operations() -> [Handler; 6] {
    [
        post!("sendVerificationCode", phone::send_verification_code),
        post!("signInWithCustomToken", custom_token::sign_in_with_custom_token),
        post!("signInWithEmailLink", email_link::sign_in_with_email_link),
        post!("signInWithIdp", idp::sign_in_with_idp),
        post!("signInWithPassword", password::sign_in_with_password),
        post!("signUp", sign_up::sign_up),
    ]
}

/// The operations of administrators only, in a project or a tenant.
fn admin_operations() -> [Handler; 4] {
    [
        post!("batchCreate", import::batch_create),
        post!("batchDelete", batch::batch_delete),
        Handler::new(Method::GET, "batchGet", batch::batch_get),
        post!("query", batch::query),
    ]
}

/// The operations on second factors and passkeys.
fn version_2_operations() -> [Handler; 9] {
    [
        post!("mfaEnrollment:start", mfa::start_enrollment),
        post!("mfaEnrollment:finalize", mfa::finalize_enrollment),
        post!("mfaEnrollment:withdraw", mfa::withdraw),
        post!("mfaSignIn:start", mfa::start_sign_in),
        post!("mfaSignIn:finalize", mfa::finalize_sign_in),
        post!("passkeyEnrollment:start", passkeys::start_enrollment),
        post!("passkeyEnrollment:finalize", passkeys::finalize_enrollment),
        post!("passkeySignIn:start", passkeys::start_sign_in),
        post!("passkeySignIn:finalize", passkeys::finalize_sign_in),
    ]
}

/// The old names of operations on accounts, each with the present one.
const OLD_NAMES: [(&str, &str); 13] = [
    ("createAuthUri", "createAuthUri"),
    ("deleteAccount", "delete"),
    ("emailLinkSignin", "signInWithEmailLink"),
    ("getAccountInfo", "lookup"),
    ("getOobConfirmationCode", "sendOobCode"),
    ("resetPassword", "resetPassword"),
    ("sendVerificationCode", "sendVerificationCode"),
    ("setAccountInfo", "update"),
    ("signupNewUser", "signUp"),
    ("verifyAssertion", "signInWithIdp"),
    ("verifyCustomToken", "signInWithCustomToken"),
    ("verifyPassword", "signInWithPassword"),
    ("verifyPhoneNumber", "signInWithPhoneNumber"),
];

/// All operations, with and without something to do.
pub fn operations() -> Vec<Operation> {
    let token = Handler::of_kind(Method::POST, BodyKind::JsonOrForm, "token", secure_token::refresh);
    let mut all = vec![token.at("/securetoken.googleapis.com/v1/token", "securetoken.token")];
    all.extend(version_1());
    all.extend(old_names());
    all.extend(version_2());
    all.extend(emulator::operations());
    all.extend(unimplemented::operations().into_iter().map(|(method, path, id)| {
        let refusal = format!("{id} is not implemented in the Auth Emulator.");
        let refuse = move |_: Call, _: Nothing| {
            let refusal = Refusal::unimplemented(refusal.clone());
            async move { Err(refusal) }
        };
        Operation { is_done: false, ..Handler::new(method, "", refuse).at(format!("{TOOLKIT}{path}"), id) }
    }));
    all
}

/// The projects and tenants that operations of administrators are about: the path, and what the names begin with.
const PLACES: [(&str, &str); 2] = [
    ("/v1/projects/{project}", "identitytoolkit.projects"),
    ("/v1/projects/{project}/tenants/{tenant}", "identitytoolkit.projects.tenants"),
];

fn version_1() -> Vec<Operation> {
    let project = Handler::new(Method::GET, "projects", config::project);
    let recaptcha = Handler::new(Method::GET, "recaptchaParams", config::recaptcha_params);
    let mut all = vec![
        project.at(format!("{TOOLKIT}/v1/projects"), "identitytoolkit.getProjects"),
        recaptcha.at(format!("{TOOLKIT}/v1/recaptchaParams"), "identitytoolkit.getRecaptchaParams"),
    ];
    for handler in account_operations().into_iter().chain(user_operations()) {
        let name = handler.name;
        all.push(handler.at(format!("{TOOLKIT}/v1/accounts:{name}"), format!("identitytoolkit.accounts.{name}")));
    }
    for (path, id) in PLACES {
        let base = format!("{TOOLKIT}{path}");
        let create = post!("signUp", sign_up::sign_up);
        all.push(create.at(format!("{base}/accounts"), format!("{id}.accounts")));
        let cookie = Handler::plain(
            Method::POST,
            "createSessionCookie",
            takes_body::<session_cookie::CreateSessionCookie>(),
            action,
        );
        all.push(cookie.at(format!("{base}{SESSION_COOKIE}"), format!("{id}.createSessionCookie")));
        for handler in account_operations().into_iter().chain(admin_operations()) {
            let name = handler.name;
            all.push(handler.at(format!("{base}/accounts:{name}"), format!("{id}.accounts.{name}")));
        }
    }
    all
}

fn old_names() -> Vec<Operation> {
    let place = |handler: Handler, old: &str| {
        handler.at(format!("{RELYING_PARTY}/{old}"), format!("identitytoolkit.relyingparty.{old}"))
    };
    let mut all = vec![
        place(Handler::new(Method::GET, "projects", config::project), "getProjectConfig"),
        place(Handler::new(Method::GET, "recaptchaParams", config::recaptcha_params), "getRecaptchaParam"),
        place(post!("batchGet", batch::download), "downloadAccount"),
        place(post!("batchCreate", import::upload), "uploadAccount"),
    ];
    for handler in account_operations().into_iter().chain(user_operations()) {
        if let Some((old, _)) = OLD_NAMES.into_iter().find(|(_, present)| *present == handler.name) {
            all.push(place(handler, old));
        }
    }
    all
}

fn version_2() -> Vec<Operation> {
    let base = format!("{TOOLKIT}/v2/projects/{{project}}");
    let at = |handler: Handler, path: &str, id: &str| {
        handler.at(format!("{base}{path}"), format!("identitytoolkit.projects.{id}"))
    };
    let mut all = vec![
        at(Handler::new(Method::GET, "config", config::get), "/config", "getConfig"),
        at(Handler::new(Method::PATCH, "config", config::update), "/config", "updateConfig"),
        at(Handler::new(Method::GET, "tenants", tenants::list), "/tenants", "tenants.list"),
        at(post!("tenants", tenants::create), "/tenants", "tenants.create"),
        at(Handler::new(Method::GET, "tenants", tenants::get), "/tenants/{tenant}", "tenants.get"),
        at(Handler::new(Method::PATCH, "tenants", tenants::update), "/tenants/{tenant}", "tenants.patch"),
        at(Handler::new(Method::DELETE, "tenants", tenants::delete), "/tenants/{tenant}", "tenants.delete"),
    ];
    for handler in version_2_operations() {
        let name = handler.name;
        let id = format!("identitytoolkit.accounts.{}", name.replace(':', "."));
        all.push(handler.at(format!("{TOOLKIT}/v2/accounts/{name}"), id));
    }
    all
}

/// All routes.
pub fn router(auth: &Arc<Auth>) -> Router<Arc<Auth>> {
    let mut router = Router::new()
        .route("/", get(async || config::root()))
        .route("/emulator/openapi.json", get(openapi::answer))
        .merge(pages::routes())
        .merge(published_keys());
    for operation in operations() {
        // An action on a project or a tenant is a part of the last segment of its path.
        let path = operation.path.strip_suffix(SESSION_COOKIE).unwrap_or(&operation.path);
        router = router.route(path, operation.handler.routes);
    }
    router
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(auth), save))
        .layer(middleware::from_fn(cross_origin))
}

/// Where back ends find the key of signed tokens, below the names of the hosts that publish the keys of production.
fn published_keys() -> Router<Arc<Auth>> {
    let certificates = async |auth: State<Arc<Auth>>| published(&auth, |key| &key.certificates);
    let jwks = async |auth: State<Arc<Auth>>| published(&auth, |key| &key.jwks);
    Router::new()
        .route("/www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com", get(certificates))
        .route(&format!("{RELYING_PARTY}/publicKeys"), get(certificates))
        .route("/www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com", get(jwks))
        .route(&format!("{TOOLKIT}/v1/sessionCookiePublicKeys"), get(jwks))
}

/// One form of the key. Back ends read it anew each time: it changes when the server starts again.
fn published(auth: &Auth, form: impl Fn(&SigningKey) -> &Json) -> Response {
    let Some(key) = &auth.key else {
        return Refusal::unimplemented("The tokens are unsigned; start with --sign for signed ones.").into_response();
    };
    let mut response = json_answer(StatusCode::OK, form(key));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=0"));
    response
}

/// The only action on a project or a tenant.
const SESSION_COOKIE: &str = ":createSessionCookie";

/// `POST …/projects/P:createSessionCookie`
async fn action(State(auth): State<Arc<Auth>>, request: Request) -> Result<Answer, Refusal> {
    if !request.uri().path().ends_with(SESSION_COOKIE) {
        return Err(Refusal::not_found());
    }
    let (call, body) = Call::read_action(auth, request, SESSION_COOKIE).await?;
    session_cookie::create_session_cookie(call, fields::read(body)?).await
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    let body = json!({ "message": format!("Method {method} not allowed for {uri}") });
    json_answer(StatusCode::METHOD_NOT_ALLOWED, &body)
}

/// What a request changes is on disk before it is answered.
async fn save(State(auth): State<Arc<Auth>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    match auth.save() {
        Ok(()) => response,
        Err(error) => Refusal::unavailable(&error).into_response(),
    }
}

async fn cross_origin(request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response = next.run(request).await;
    if let Some(origin) = origin {
        reflect_origin(&mut response, origin);
    }
    response.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_names_stand_for_present_operations() {
        let present: Vec<_> =
            account_operations().into_iter().chain(user_operations()).map(|handler| handler.name).collect();
        for (old, name) in OLD_NAMES {
            assert!(present.contains(&name), "{old} stands for {name}");
        }
    }
}
