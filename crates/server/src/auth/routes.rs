//! The paths of the service, and what each leads to.

use std::{future::Future, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{MethodFilter, MethodRouter, get, on, post},
};
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
    mfa, passkeys, secure_token, tenants, unimplemented,
};

const TOOLKIT: &str = "/identitytoolkit.googleapis.com";
const RELYING_PARTY: &str = "/www.googleapis.com/identitytoolkit/v3/relyingparty";

type Routes = MethodRouter<Arc<Auth>>;

/// An operation that takes JSON.
fn operation<R, F, Out>(method: MethodFilter, name: &'static str, run: F) -> Routes
where
    R: for<'de> Deserialize<'de> + Send + 'static,
    F: Fn(Call, R) -> Out + Clone + Send + Sync + 'static,
    Out: Future<Output = Result<Answer, Refusal>> + Send,
{
    with_bodies(method, BodyKind::Json, name, run)
}

fn with_bodies<R, F, Out>(method: MethodFilter, kind: BodyKind, name: &'static str, run: F) -> Routes
where
    R: for<'de> Deserialize<'de> + Send + 'static,
    F: Fn(Call, R) -> Out + Clone + Send + Sync + 'static,
    Out: Future<Output = Result<Answer, Refusal>> + Send,
{
    on(method, async move |State(auth): State<Arc<Auth>>, request: Request| -> Result<Answer, Refusal> {
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
    })
}

/// Whether the journal keeps requests to an operation. Clients look their account up after each sign-in, which says
/// nothing new.
fn is_kept(operation: &str) -> bool {
    !matches!(operation, "lookup" | "batchGet" | "projects" | "config" | "recaptchaParams" | "query" | "")
}

/// An operation by its name, which `POST` asks for.
macro_rules! post {
    ($name:literal, $run:path) => {
        ($name, operation(MethodFilter::POST, $name, $run))
    };
}

/// The operations on accounts that users and administrators have in common, by name.
fn account_operations() -> [(&'static str, Routes); 7] {
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
fn user_operations() -> [(&'static str, Routes); 6] {
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
fn admin_operations() -> [(&'static str, Routes); 4] {
    [
        post!("batchCreate", import::batch_create),
        post!("batchDelete", batch::batch_delete),
        ("batchGet", operation(MethodFilter::GET, "batchGet", batch::batch_get)),
        post!("query", batch::query),
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

/// All routes.
pub fn router() -> Router<Arc<Auth>> {
    let mut router = Router::new()
        .route("/", get(async || config::root()))
        .route(
            "/securetoken.googleapis.com/v1/token",
            with_bodies(MethodFilter::POST, BodyKind::JsonOrForm, "token", secure_token::refresh),
        )
        .route(&format!("{TOOLKIT}/v1/projects"), operation(MethodFilter::GET, "projects", config::project))
        .route(&format!("{RELYING_PARTY}/getProjectConfig"), operation(MethodFilter::GET, "projects", config::project))
        .route(
            &format!("{TOOLKIT}/v1/recaptchaParams"),
            operation(MethodFilter::GET, "recaptchaParams", config::recaptcha_params),
        )
        .route(
            &format!("{RELYING_PARTY}/getRecaptchaParam"),
            operation(MethodFilter::GET, "recaptchaParams", config::recaptcha_params),
        );
    for (name, routes) in account_operations().into_iter().chain(user_operations()) {
        for (old, _) in OLD_NAMES.into_iter().filter(|(_, present)| *present == name) {
            router = router.route(&format!("{RELYING_PARTY}/{old}"), routes.clone());
        }
        router = router.route(&format!("{TOOLKIT}/v1/accounts:{name}"), routes);
    }
    for (old, routes) in [
        ("downloadAccount", operation(MethodFilter::POST, "batchGet", batch::download)),
        ("uploadAccount", operation(MethodFilter::POST, "batchCreate", import::upload)),
    ] {
        router = router.route(&format!("{RELYING_PARTY}/{old}"), routes);
    }
    for base in ["/v1/projects/{project}", "/v1/projects/{project}/tenants/{tenant}"] {
        let base = format!("{TOOLKIT}{base}");
        router = router.route(&format!("{base}/accounts"), operation(MethodFilter::POST, "signUp", sign_up::sign_up));
        // An action on the project or tenant itself is a part of its last segment.
        router = router.route(&base, post(action));
        for (name, routes) in account_operations().into_iter().chain(admin_operations()) {
            router = router.route(&format!("{base}/accounts:{name}"), routes);
        }
    }
    router = router.merge(version_2()).merge(emulator::routes()).merge(published_keys());
    for (method, path, name) in unimplemented::operations() {
        let Ok(filter) = MethodFilter::try_from(method) else { continue };
        let refuse = move |_: Call, _: Nothing| {
            let refusal = Refusal::unimplemented(format!("{name} is not implemented in the Auth Emulator."));
            async move { Err(refusal) }
        };
        router = router.route(&format!("{TOOLKIT}{path}"), operation(filter, "", refuse));
    }
    router
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(cross_origin))
}

/// The operations on second factors and passkeys, by name.
fn version_2_operations() -> [(&'static str, Routes); 9] {
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

fn version_2() -> Router<Arc<Auth>> {
    let project = format!("{TOOLKIT}/v2/projects/{{project}}");
    let (read, write) = (MethodFilter::GET, MethodFilter::PATCH);
    let config = operation(read, "config", config::get).merge(operation(write, "config", config::update));
    let tenants =
        operation(read, "tenants", tenants::list).merge(operation(MethodFilter::POST, "tenants", tenants::create));
    let tenant = operation(read, "tenants", tenants::get)
        .merge(operation(write, "tenants", tenants::update))
        .merge(operation(MethodFilter::DELETE, "tenants", tenants::delete));
    let mut router = Router::new()
        .route(&format!("{project}/config"), config)
        .route(&format!("{project}/tenants"), tenants)
        .route(&format!("{project}/tenants/{{tenant}}"), tenant);
    for (name, routes) in version_2_operations() {
        router = router.route(&format!("{TOOLKIT}/v2/accounts/{name}"), routes);
    }
    router
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

/// `POST …/projects/P:createSessionCookie`, the only action on a project or a tenant.
async fn action(State(auth): State<Arc<Auth>>, request: Request) -> Result<Answer, Refusal> {
    const NAME: &str = ":createSessionCookie";
    if !request.uri().path().ends_with(NAME) {
        return Err(Refusal::not_found());
    }
    let (call, body) = Call::read_action(auth, request, NAME).await?;
    session_cookie::create_session_cookie(call, fields::read(body)?).await
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    let body = json!({ "message": format!("Method {method} not allowed for {uri}") });
    json_answer(StatusCode::METHOD_NOT_ALLOWED, &body)
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
        let present: Vec<_> = account_operations().into_iter().chain(user_operations()).map(|(name, _)| name).collect();
        for (old, name) in OLD_NAMES {
            assert!(present.contains(&name), "{old} stands for {name}");
        }
    }
}
