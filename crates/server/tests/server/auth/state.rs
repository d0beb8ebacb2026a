//! What accounts share with the rest of the server: the clock, the rules of other services, reset, export.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use firewarden::text::Source;
use firewarden_server::{Server, Service};
use serde_json::{Value as Json, json};

use super::Fixture;
use crate::http::send;

/// The payload of a token.
fn payload(token: &Json) -> Json {
    let token = token.as_str().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

const USER: [(&str, &str); 2] = [("email", "ann@example.com"), ("password", "password")];

fn user() -> Json {
    Json::Object(USER.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect())
}

#[tokio::test]
async fn the_clock_of_the_project_is_that_of_its_tokens() {
    let fixture = Fixture::start().await;
    let clock = fixture.server.clock("demo-fw");
    clock.freeze(Some(1_700_000_000_000));
    let signed_up = fixture.key("signUp", user()).await.json();
    let first = payload(&signed_up["idToken"]);
    assert_eq!((&first["iat"], &first["auth_time"]), (&json!(1_700_000_000), &json!(1_700_000_000)));
    clock.advance(7_200_000);
    let refresh = json!({ "grantType": "refresh_token", "refreshToken": signed_up["refreshToken"] });
    let refreshed = fixture.send("POST", "/securetoken.googleapis.com/v1/token?key=k", &[], &refresh).await.json();
    let second = payload(&refreshed["id_token"]);
    assert_eq!((&second["iat"], &second["exp"]), (&json!(1_700_007_200), &json!(1_700_010_800)));
    assert_eq!(second["auth_time"], 1_700_000_000);
}

#[tokio::test]
async fn rules_of_the_database_decide_on_the_claims_of_tokens() {
    let builder = Server::builder().project("demo-fw").port(Service::Auth, 0).port(Service::Database, 0);
    let server = builder.start().await.unwrap();
    let rules = r#"{ "rules": { ".read": "auth.token.role === 'reader'" } }"#;
    server.set_database_rules("demo-fw", &Source::new("database.rules.json", rules)).unwrap();
    let database = server.address(Service::Database).unwrap();
    let fixture = Fixture { address: server.address(Service::Auth).unwrap(), server };
    let signed_up = fixture.key("signUp", user()).await.json();
    let read = async |token: &Json| {
        let path = format!("/.json?ns=demo-fw&auth={}", token.as_str().unwrap());
        send(database, "GET", &path, &[], "").await.status
    };
    assert_eq!(read(&signed_up["idToken"]).await, 401);
    let claims = json!({ "localId": signed_up["localId"], "customAttributes": r#"{"role":"reader"}"# });
    assert_eq!(fixture.admin(":update", claims).await.status, 200);
    let signed_in = fixture.key("signInWithPassword", user()).await.json();
    assert_eq!(read(&signed_in["idToken"]).await, 200);
    assert_eq!(read(&signed_up["idToken"]).await, 401);
}

#[tokio::test]
async fn a_reset_forgets_accounts_codes_tenants_and_settings() {
    let fixture = Fixture::start().await;
    fixture.key("signUp", user()).await;
    fixture.key("sendOobCode", json!({ "requestType": "PASSWORD_RESET", "email": "ann@example.com" })).await;
    let config = "/emulator/v1/projects/demo-fw/config";
    fixture.send("PATCH", config, &[], &json!({ "signIn": { "allowDuplicateEmails": true } })).await;
    assert_eq!(send(fixture.address, "POST", "/firewarden/reset", &[], "").await.status, 200);
    let wrong = fixture.key("signInWithPassword", user()).await;
    assert_eq!(wrong.json()["error"]["message"], "EMAIL_NOT_FOUND");
    let codes = send(fixture.address, "GET", "/emulator/v1/projects/demo-fw/oobCodes", &[], "").await.json();
    assert_eq!(codes, json!({ "oobCodes": [] }));
    let settings = send(fixture.address, "GET", config, &[], "").await.json();
    assert_eq!(settings["signIn"]["allowDuplicateEmails"], false);
}

#[tokio::test]
async fn the_answer_to_a_change_of_settings_has_the_name_that_admin_sdks_need() {
    let fixture = Fixture::start().await;
    let path = "/identitytoolkit.googleapis.com/v2/projects/demo-fw/config?updateMask=signIn.allowDuplicateEmails";
    let body = json!({ "signIn": { "allowDuplicateEmails": true } });
    let answer = fixture.send("PATCH", path, &[("authorization", "Bearer owner")], &body).await.json();
    assert_eq!(answer["name"], "projects/demo-fw/config");
    assert_eq!(answer["signIn"]["allowDuplicateEmails"], true);
}

#[tokio::test]
async fn an_export_is_read_back_with_passwords_claims_and_settings() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::start().await;
    let id = fixture.key("signUp", user()).await.json()["localId"].clone();
    fixture.admin(":update", json!({ "localId": id, "customAttributes": r#"{"role":"reader"}"# })).await;
    let config = "/emulator/v1/projects/demo-fw/config";
    fixture.send("PATCH", config, &[], &json!({ "signIn": { "allowDuplicateEmails": true } })).await;
    fixture.server.export(folder.path()).await.unwrap();
    let metadata: Json =
        serde_json::from_slice(&std::fs::read(folder.path().join("firebase-export-metadata.json")).unwrap()).unwrap();
    assert_eq!(metadata["auth"]["path"], "auth_export");

    let other = Fixture::start().await;
    // An account with the id of an exported one is replaced.
    other.admin("", json!({ "localId": id, "email": "old@example.com" })).await;
    other.server.import(folder.path()).await.unwrap();
    let signed_in = other.key("signInWithPassword", user()).await.json();
    assert_eq!(signed_in["localId"], id);
    assert_eq!(payload(&signed_in["idToken"])["role"], "reader");
    let settings = send(other.address, "GET", config, &[], "").await.json();
    assert_eq!(settings["signIn"]["allowDuplicateEmails"], true);
}

#[tokio::test]
async fn the_list_of_accounts_has_the_claims_that_rules_will_see() {
    let fixture = Fixture::start().await;
    fixture.admin("", json!({ "localId": "ann", "email": "ann@example.com", "password": "password" })).await;
    fixture.admin(":update", json!({ "localId": "ann", "customAttributes": r#"{"role":"reader"}"# })).await;
    let list = send(fixture.address, "GET", "/firewarden/accounts", &[], "").await.json();
    assert_eq!(list[0]["account"]["localId"], "ann");
    assert_eq!(list[0]["claims"]["role"], "reader");
    assert_eq!(list[0]["claims"]["firebase"]["sign_in_provider"], "password");
}

#[tokio::test]
async fn the_journal_keeps_sign_ins_with_their_claims_and_refusals_with_their_reasons() {
    let fixture = Fixture::start().await;
    fixture.key("signUp", user()).await;
    fixture.key("signUp", user()).await;
    let requests = send(fixture.address, "GET", "/firewarden/requests?service=auth", &[], "").await.json();
    let verdicts: Vec<_> = requests.as_array().unwrap().iter().map(|request| &request["verdict"]).collect();
    assert_eq!(verdicts, ["allow", "deny"]);
    assert_eq!(requests[1]["reason"], "EMAIL_EXISTS");
    let path = format!("/firewarden/requests/{}", requests[0]["id"]);
    let one = send(fixture.address, "GET", &path, &[], "").await.json();
    assert_eq!(one["detail"]["claims"]["email"], "ann@example.com");
}

#[tokio::test]
async fn a_server_of_a_single_project_refuses_others() {
    let builder = Server::builder().project("demo-fw").single_project(true).port(Service::Auth, 0);
    let server = builder.start().await.unwrap();
    let address = server.address(Service::Auth).unwrap();
    let config =
        async |project: &str| send(address, "GET", &format!("/emulator/v1/projects/{project}/config"), &[], "").await;
    assert_eq!(config("demo-fw").await.status, 200);
    let refused = config("other").await;
    assert_eq!(refused.status, 400);
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("Requested project ID other, but the emulator is configured for demo-fw"), "{message}");
}

#[tokio::test]
async fn signed_tokens_have_the_published_key() {
    let builder = Server::builder().project("demo-fw").sign(true).port(Service::Auth, 0);
    let server = builder.start().await.unwrap();
    let fixture = Fixture { address: server.address(Service::Auth).unwrap(), server };
    let token = fixture.key("signUp", user()).await.json()["idToken"].as_str().unwrap().to_owned();
    let header: Json =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    let path = "/www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com";
    let keys = send(fixture.address, "GET", path, &[], "").await.json();
    assert_eq!((&header["alg"], &header["kid"]), (&json!("RS256"), &keys["keys"][0]["kid"]));
    // The server reads its own tokens.
    assert_eq!(fixture.key("lookup", json!({ "idToken": token })).await.status, 200);
}

/// The answer of an administrator's look-up, without the times of tokens.
async fn account(fixture: &Fixture, scope: &str, id: &Json) -> Json {
    let path = format!("/identitytoolkit.googleapis.com/v1/projects/demo-fw{scope}/accounts:lookup");
    let answer = fixture.send("POST", &path, &[("authorization", "Bearer owner")], &json!({ "localId": [id] })).await;
    answer.json()["users"][0].clone()
}

#[tokio::test]
async fn accounts_settings_and_tenants_stay_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        let builder = Server::builder().project("demo-fw").port(Service::Auth, 0).data(folder.path());
        loop {
            match builder.clone().start().await {
                Ok(server) => return Fixture { address: server.address(Service::Auth).unwrap(), server },
                // The connections of the server before are about to end.
                Err(error) => assert!(error.to_string().contains("another process"), "{error}"),
            }
            tokio::task::yield_now().await;
        }
    };
    let owner = [("authorization", "Bearer owner")];
    let tenants = "/identitytoolkit.googleapis.com/v2/projects/demo-fw/tenants";
    let config = "/emulator/v1/projects/demo-fw/config";
    let settings = json!({ "signIn": { "allowDuplicateEmails": true } });

    let first = start().await;
    let signed_up = first.key("signUp", user()).await.json();
    let (id, gone) = (&signed_up["localId"], first.key("signUp", json!({})).await.json()["localId"].clone());
    first.admin(":update", json!({ "localId": id, "customAttributes": r#"{"role":"reader"}"# })).await;
    first.admin(":delete", json!({ "localId": gone })).await;
    let tenant = first.send("POST", tenants, &owner, &json!({ "allowPasswordSignup": true })).await.json();
    let tenant = tenant["tenantId"].as_str().unwrap().to_owned();
    let of_tenant =
        first.key("signUp", json!({ "email": "b@example.com", "password": "password", "tenantId": tenant }));
    let of_tenant = of_tenant.await.json()["localId"].clone();
    let dropped = first.send("POST", tenants, &owner, &json!({ "allowPasswordSignup": true })).await.json();
    let dropped = dropped["tenantId"].as_str().unwrap().to_owned();
    first.key("signUp", json!({ "email": "c@example.com", "password": "password", "tenantId": dropped })).await;
    first.send("DELETE", &format!("{tenants}/{dropped}"), &owner, &Json::Null).await;
    first.send("PATCH", config, &[], &settings).await;
    let scope = format!("/tenants/{tenant}");
    let before = (account(&first, "", id).await, account(&first, &scope, &of_tenant).await);
    assert!(before.0["customAttributes"].is_string() && before.1["tenantId"].is_string(), "{before:?}");
    drop(first);

    let second = start().await;
    assert_eq!((account(&second, "", id).await, account(&second, &scope, &of_tenant).await), before);
    assert_eq!(account(&second, "", &gone).await, Json::Null);
    assert_eq!(second.send("GET", config, &[], &Json::Null).await.json()["signIn"], settings["signIn"]);
    let listed = second.send("GET", tenants, &owner, &Json::Null).await.json();
    assert_eq!(
        listed["tenants"].as_array().map(|all| all.iter().map(|one| one["tenantId"].clone()).collect()),
        Some(vec![json!(tenant)])
    );
    // Sessions go on, and passwords fit.
    let refresh = json!({ "grantType": "refresh_token", "refreshToken": signed_up["refreshToken"] });
    assert_eq!(second.send("POST", "/securetoken.googleapis.com/v1/token?key=k", &[], &refresh).await.status, 200);
    assert_eq!(second.key("signInWithPassword", user()).await.status, 200);
    assert_eq!(second.send("POST", "/firewarden/reset", &[], &Json::Null).await.status, 200);
    drop(second);

    let third = start().await;
    assert_eq!(account(&third, "", id).await, Json::Null);
    assert_eq!(third.send("GET", tenants, &owner, &Json::Null).await.json(), json!({ "tenants": [] }));
}
