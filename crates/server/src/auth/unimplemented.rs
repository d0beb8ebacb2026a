//! Operations of the API that neither the official emulator nor this server does. Clients know some of them, and go on
//! after 501.

use axum::http::Method;

/// Method, path and name of an operation.
pub type Operation = (Method, &'static str, &'static str);

/// Operations with paths of their own.
const SINGLE: [Operation; 9] = [
    (Method::POST, "/v1/accounts:issueSamlResponse", "identitytoolkit.accounts.issueSamlResponse"),
    (Method::POST, "/v1/accounts:signInWithGameCenter", "identitytoolkit.accounts.signInWithGameCenter"),
    (Method::POST, "/v1/accounts:verifyIosClient", "identitytoolkit.accounts.verifyIosClient"),
    (Method::GET, "/v1/publicKeys", "identitytoolkit.getPublicKeys"),
    (Method::POST, "/v2/accounts:revokeToken", "identitytoolkit.accounts.revokeToken"),
    (Method::GET, "/v2/defaultSupportedIdps", "identitytoolkit.defaultSupportedIdps.list"),
    (Method::GET, "/v2/passwordPolicy", "identitytoolkit.getPasswordPolicy"),
    (Method::GET, "/v2/recaptchaConfig", "identitytoolkit.getRecaptchaConfig"),
    (
        Method::POST,
        "/v2/projects/{project}/identityPlatform:initializeAuth",
        "identitytoolkit.projects.identityPlatform.initializeAuth",
    ),
];

/// Configurations of providers, of a project and of a tenant.
const CONFIGS: [(&str, &str); 6] = [
    ("/v2/projects/{project}/defaultSupportedIdpConfigs", "identitytoolkit.projects.defaultSupportedIdpConfigs"),
    ("/v2/projects/{project}/inboundSamlConfigs", "identitytoolkit.projects.inboundSamlConfigs"),
    ("/v2/projects/{project}/oauthIdpConfigs", "identitytoolkit.projects.oauthIdpConfigs"),
    (
        "/v2/projects/{project}/tenants/{tenant}/defaultSupportedIdpConfigs",
        "identitytoolkit.projects.tenants.defaultSupportedIdpConfigs",
    ),
    (
        "/v2/projects/{project}/tenants/{tenant}/inboundSamlConfigs",
        "identitytoolkit.projects.tenants.inboundSamlConfigs",
    ),
    ("/v2/projects/{project}/tenants/{tenant}/oauthIdpConfigs", "identitytoolkit.projects.tenants.oauthIdpConfigs"),
];

/// All operations with their names.
pub fn operations() -> Vec<(Method, String, String)> {
    let mut all: Vec<_> =
        SINGLE.into_iter().map(|(method, path, name)| (method, path.to_owned(), name.to_owned())).collect();
    for (path, name) in CONFIGS {
        all.push((Method::GET, path.to_owned(), format!("{name}.list")));
        all.push((Method::POST, path.to_owned(), format!("{name}.create")));
        for (method, operation) in [(Method::GET, "get"), (Method::PATCH, "patch"), (Method::DELETE, "delete")] {
            all.push((method, format!("{path}/{{config}}"), format!("{name}.{operation}")));
        }
    }
    all
}
