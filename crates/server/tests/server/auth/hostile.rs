//! Requests that mean harm: each is answered, and none costs more than its size.

use serde_json::{Value as Json, json};

use super::Fixture;
use crate::http::send;

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[tokio::test]
async fn bodies_that_are_deep_large_or_broken_are_refused() {
    let fixture = Fixture::start().await;
    let path = "/identitytoolkit.googleapis.com/v1/accounts:signUp?key=k";
    let deep = format!("{{\"email\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [deep.as_str(), "{\"email\":\"\\ud800\"}", "{\"a\":1e999}", "\u{feff}{}", "nul", "{\"email\""] {
        assert_eq!(send(fixture.address, "POST", path, &JSON, body.to_owned()).await.status, 400, "{body:.40}");
    }
    let reply = send(fixture.address, "POST", path, &JSON, format!("{{\"email\":\"{}\"}}", "x".repeat(33 << 20))).await;
    assert_eq!(reply.status, 413);
}

#[tokio::test]
async fn tokens_that_are_none_are_refused() {
    let fixture = Fixture::start().await;
    let long = "a".repeat(200_000);
    for token in ["a.b.c", "..", "....", "e30.e30.", "W10.W10.", "bnVsbA.bnVsbA.", &long, "{", "\u{1f600}"] {
        let refused = fixture.key("lookup", json!({ "idToken": token })).await;
        assert_eq!(refused.json()["error"]["message"], "INVALID_ID_TOKEN", "{token:.20}");
        let refresh = json!({ "grantType": "refresh_token", "refreshToken": token });
        let refused = fixture.send("POST", "/securetoken.googleapis.com/v1/token?key=k", &[], &refresh).await;
        assert_eq!(refused.json()["error"]["message"], "INVALID_REFRESH_TOKEN", "{token:.20}");
        assert_eq!(fixture.key("signInWithCustomToken", json!({ "token": token })).await.status, 400, "{token:.20}");
        let body = json!({ "requestUri": "http://x", "postBody": format!("providerId=google.com&id_token={token}") });
        assert_eq!(fixture.key("signInWithIdp", body).await.status, 400, "{token:.20}");
    }
}

#[tokio::test]
async fn claims_may_have_names_of_javascript() {
    let fixture = Fixture::start().await;
    let claims = r#"{"constructor":1,"__proto__":{"admin":true},"toString":"x"}"#;
    let token = format!(r#"{{"uid":"ann","claims":{claims}}}"#);
    assert_eq!(fixture.key("signInWithCustomToken", json!({ "token": token })).await.status, 200);
    let update = json!({ "localId": "ann", "customAttributes": claims });
    assert_eq!(fixture.admin(":update", update).await.status, 200);
}

#[tokio::test]
async fn batches_have_limits() {
    let fixture = Fixture::start().await;
    let ids: Vec<Json> = (0..1001).map(|id| json!(id.to_string())).collect();
    let refused = fixture.admin(":batchDelete", json!({ "localIds": ids })).await;
    assert_eq!(refused.json()["error"]["message"], "LOCAL_ID_LIST_EXCEEDS_LIMIT");
    let users: Vec<Json> = (0..100_001).map(|_| json!({})).collect();
    let refused = fixture.admin(":batchCreate", json!({ "users": users })).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn a_link_does_not_lead_to_code() {
    let fixture = Fixture::start().await;
    for target in ["javascript:alert(1)", "//evil", "data:text/html,x", "http://x%0d%0aSet-Cookie:%20a=b", "http:///x"]
    {
        let path = format!("/emulator/action?mode=signIn&oobCode=x&apiKey=k&continueUrl={target}");
        let reply = send(fixture.address, "GET", &path, &[], "").await;
        let location = reply.header("location");
        assert!(reply.status == 400 || !location.contains('\n'), "{target}: {reply:?}");
        assert!(reply.header("set-cookie").is_empty());
    }
}

#[tokio::test]
async fn a_page_of_another_site_is_refused() {
    let fixture = Fixture::start().await;
    let headers = [("authorization", "Bearer owner"), ("origin", "https://evil.example")];
    let path = "/identitytoolkit.googleapis.com/v1/projects/demo-fw/accounts:batchGet";
    assert_eq!(send(fixture.address, "GET", path, &headers, "").await.status, 403);
}
