//! The paths of the service, and what each leads to.

use std::{future::Future, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{MethodFilter, MethodRouter, get, on, post},
};
use serde::Deserialize;
use serde_json::json;

use crate::answer::{json_answer, reflect_origin};

use super::{
    Auth,
    accounts::{
        batch, create_auth_uri, custom_token, delete, email_code, email_link, idp, import, lookup, password, phone,
        reset_password, session_cookie, sign_up, update,
    },
    answer::Answer,
    call::{BodyKind, Call},
    config, emulator,
    error::Refusal,
    fields, mfa, secure_token, tenants, unimplemented,
};

const TOOLKIT: &str = "/identitytoolkit.googleapis.com";
const RELYING_PARTY: &str = "/www.googleapis.com/identitytoolkit/v3/relyingparty";

type Routes = MethodRouter<Arc<Auth>>;

/// An operation that takes JSON.
fn operation<R, F, Out>(method: MethodFilter, run: F) -> Routes
where
    R: for<'de> Deserialize<'de> + Send + 'static,
    F: Fn(Call, R) -> Out + Clone + Send + Sync + 'static,
    Out: Future<Output = Result<Answer, Refusal>> + Send,
{
    with_bodies(method, BodyKind::Json, run)
}

fn with_bodies<R, F, Out>(method: MethodFilter, kind: BodyKind, run: F) -> Routes
where
    R: for<'de> Deserialize<'de> + Send + 'static,
    F: Fn(Call, R) -> Out + Clone + Send + Sync + 'static,
    Out: Future<Output = Result<Answer, Refusal>> + Send,
{
    on(method, async move |State(auth): State<Arc<Auth>>, request: Request| -> Result<Answer, Refusal> {
        let (call, body) = Call::read(auth, request, kind).await?;
        run(call, fields::read(body)?).await
    })
}

/// The operations on accounts that users and administrators have in common, by name.
fn account_operations() -> [(&'static str, Routes); 7] {
    [
        ("createAuthUri", operation(MethodFilter::POST, create_auth_uri::create_auth_uri)),
        ("delete", operation(MethodFilter::POST, delete::delete)),
        ("lookup", operation(MethodFilter::POST, lookup::lookup)),
        ("resetPassword", operation(MethodFilter::POST, reset_password::reset_password)),
        ("sendOobCode", operation(MethodFilter::POST, email_code::send_code)),
        ("signInWithPhoneNumber", operation(MethodFilter::POST, phone::sign_in_with_phone_number)),
        ("update", operation(MethodFilter::POST, update::update)),
    ]
}

/// The operations of users only.
fn user_operations() -> [(&'static str, Routes); 6] {
    [
        ("sendVerificationCode", operation(MethodFilter::POST, phone::send_verification_code)),
        ("signInWithCustomToken", operation(MethodFilter::POST, custom_token::sign_in_with_custom_token)),
        ("signInWithEmailLink", operation(MethodFilter::POST, email_link::sign_in_with_email_link)),
        ("signInWithIdp", operation(MethodFilter::POST, idp::sign_in_with_idp)),
        ("signInWithPassword", operation(MethodFilter::POST, password::sign_in_with_password)),
        ("signUp", operation(MethodFilter::POST, sign_up::sign_up)),
    ]
}

/// The operations of administrators only, in a project or a tenant.
fn admin_operations() -> [(&'static str, Routes); 4] {
    [
        ("batchCreate", operation(MethodFilter::POST, import::batch_create)),
        ("batchDelete", operation(MethodFilter::POST, batch::batch_delete)),
        ("batchGet", operation(MethodFilter::GET, batch::batch_get)),
        ("query", operation(MethodFilter::POST, batch::query)),
    ]
}

/// The old names of operations.
fn old_names() -> [(&'static str, Routes); 15] {
    [
        ("createAuthUri", operation(MethodFilter::POST, create_auth_uri::create_auth_uri)),
        ("deleteAccount", operation(MethodFilter::POST, delete::delete)),
        ("emailLinkSignin", operation(MethodFilter::POST, email_link::sign_in_with_email_link)),
        ("getAccountInfo", operation(MethodFilter::POST, lookup::lookup)),
        ("getOobConfirmationCode", operation(MethodFilter::POST, email_code::send_code)),
        ("getProjectConfig", operation(MethodFilter::GET, config::project)),
        ("getRecaptchaParam", operation(MethodFilter::GET, config::recaptcha_params)),
        ("resetPassword", operation(MethodFilter::POST, reset_password::reset_password)),
        ("sendVerificationCode", operation(MethodFilter::POST, phone::send_verification_code)),
        ("setAccountInfo", operation(MethodFilter::POST, update::update)),
        ("signupNewUser", operation(MethodFilter::POST, sign_up::sign_up)),
        ("verifyAssertion", operation(MethodFilter::POST, idp::sign_in_with_idp)),
        ("verifyCustomToken", operation(MethodFilter::POST, custom_token::sign_in_with_custom_token)),
        ("verifyPassword", operation(MethodFilter::POST, password::sign_in_with_password)),
        ("verifyPhoneNumber", operation(MethodFilter::POST, phone::sign_in_with_phone_number)),
    ]
}

/// All routes.
pub fn router() -> Router<Arc<Auth>> {
    let mut router = Router::new()
        .route("/", get(async || config::root()))
        .route(
            "/securetoken.googleapis.com/v1/token",
            with_bodies(MethodFilter::POST, BodyKind::JsonOrForm, secure_token::refresh),
        )
        .route(&format!("{TOOLKIT}/v1/projects"), operation(MethodFilter::GET, config::project))
        .route(&format!("{TOOLKIT}/v1/recaptchaParams"), operation(MethodFilter::GET, config::recaptcha_params));
    for (name, routes) in account_operations().into_iter().chain(user_operations()) {
        router = router.route(&format!("{TOOLKIT}/v1/accounts:{name}"), routes);
    }
    for (name, routes) in old_names() {
        router = router.route(&format!("{RELYING_PARTY}/{name}"), routes);
    }
    for (name, routes) in [
        ("downloadAccount", operation(MethodFilter::POST, batch::download)),
        ("uploadAccount", operation(MethodFilter::POST, import::upload)),
    ] {
        router = router.route(&format!("{RELYING_PARTY}/{name}"), routes);
    }
    for base in ["/v1/projects/{project}", "/v1/projects/{project}/tenants/{tenant}"] {
        let base = format!("{TOOLKIT}{base}");
        router = router.route(&format!("{base}/accounts"), operation(MethodFilter::POST, sign_up::sign_up));
        // An action on the project or tenant itself is a part of its last segment.
        router = router.route(&base, post(action));
        for (name, routes) in account_operations().into_iter().chain(admin_operations()) {
            router = router.route(&format!("{base}/accounts:{name}"), routes);
        }
    }
    router = router.merge(version_2()).merge(emulator::routes());
    for (method, path, name) in unimplemented::operations() {
        let Ok(filter) = MethodFilter::try_from(method) else { continue };
        let refuse = move |_: Call, _: batch::Nothing| {
            let refusal = Refusal::unimplemented(format!("{name} is not implemented in the Auth Emulator."));
            async move { Err(refusal) }
        };
        router = router.route(&format!("{TOOLKIT}{path}"), operation(filter, refuse));
    }
    router
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(cross_origin))
}

fn version_2() -> Router<Arc<Auth>> {
    let accounts = format!("{TOOLKIT}/v2/accounts");
    let project = format!("{TOOLKIT}/v2/projects/{{project}}");
    Router::new()
        .route(&format!("{accounts}/mfaEnrollment:start"), operation(MethodFilter::POST, mfa::start_enrollment))
        .route(&format!("{accounts}/mfaEnrollment:finalize"), operation(MethodFilter::POST, mfa::finalize_enrollment))
        .route(&format!("{accounts}/mfaEnrollment:withdraw"), operation(MethodFilter::POST, mfa::withdraw))
        .route(&format!("{accounts}/mfaSignIn:start"), operation(MethodFilter::POST, mfa::start_sign_in))
        .route(&format!("{accounts}/mfaSignIn:finalize"), operation(MethodFilter::POST, mfa::finalize_sign_in))
        .route(
            &format!("{project}/config"),
            operation(MethodFilter::GET, config::get).merge(operation(MethodFilter::PATCH, config::update)),
        )
        .route(
            &format!("{project}/tenants"),
            operation(MethodFilter::GET, tenants::list).merge(operation(MethodFilter::POST, tenants::create)),
        )
        .route(
            &format!("{project}/tenants/{{tenant}}"),
            operation(MethodFilter::GET, tenants::get)
                .merge(operation(MethodFilter::PATCH, tenants::update))
                .merge(operation(MethodFilter::DELETE, tenants::delete)),
        )
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
