//! `/.settings` and `/.inspect`.

use serde_json::{Value as Json, json};

use crate::client::{Database, RULES};

async fn put_rules(database: &Database, path: &str, rules: &str) -> (u16, Json) {
    let request = database.http.put(database.url(path)).bearer_auth("owner").header("content-type", "text/plain");
    let response = request.body(rules.to_owned()).send().await.unwrap();
    (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

async fn get(database: &Database, url: &str) -> String {
    database.http.get(url).bearer_auth("owner").send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn rules_are_read_and_replaced() {
    let database = Database::start().await;
    let path = "/.settings/rules.json";
    assert_eq!(get(&database, &database.url(path)).await, RULES);
    let strict = get(&database, &database.url("/.settings/rules.json?format=strict")).await;
    let strict: Json = serde_json::from_str(&strict).unwrap();
    assert_eq!(strict["rules"]["open"][".read"], true);
    let open = get(&database, &format!("http://{}{path}?ns=new", database.address)).await;
    assert_eq!(serde_json::from_str::<Json>(&open).unwrap(), json!({ "rules": { ".read": true, ".write": true } }));
    assert_eq!(put_rules(&database, path, r#"{"rules":{".read":true}}"#).await, (200, json!({ "status": "ok" })));
    assert_eq!(database.get("/nowhere.json").await.0, 200);
}

#[tokio::test]
async fn refused_rules_say_where() {
    let database = Database::start().await;
    let (status, json) =
        put_rules(&database, "/.settings/rules.json?dryRun=true", "{\"rules\":{\n\".read\":\"auth.\"}}").await;
    assert_eq!(status, 400);
    let text = json["error"].as_str().unwrap();
    assert!(text.starts_with("2:"), "{text}");
    let (status, json) = put_rules(&database, "/.settings/rules.json?dryRun=true", "nonsense").await;
    assert_eq!(status, 400);
    assert!(json["error"].as_str().unwrap().contains("Parse error"), "{json}");
    // A dry run changes nothing.
    assert_eq!(put_rules(&database, "/.settings/rules.json?dryRun=true", r#"{"rules":{}}"#).await.0, 200);
    assert_eq!(database.get("/open.json").await.0, 200);
}

#[tokio::test]
async fn rules_have_a_greatest_length() {
    let database = Database::start().await;
    let long = format!("{{\"rules\":{{}}}}{}", " ".repeat(8 << 20));
    assert_eq!(put_rules(&database, "/.settings/rules.json", &long).await.0, 413);
    assert_eq!(database.get("/open.json").await.0, 200);
}

#[tokio::test]
async fn rules_are_for_the_owner() {
    let database = Database::start().await;
    let response = database.http.get(database.url("/.settings/rules.json")).send().await.unwrap();
    assert_eq!(response.status(), 401);
    let request = database.http.put(database.url("/.settings/rules.json")).body(r#"{"rules":{}}"#);
    assert_eq!(request.send().await.unwrap().status(), 401);
    assert_eq!(database.get("/open.json").await.0, 200);
}

#[tokio::test]
async fn other_settings_are_not_data() {
    let database = Database::start().await;
    for path in ["/.settings/functionTriggers.json", "/.inspect/other"] {
        let response = database.http.put(database.url(path)).bearer_auth("owner").body("{}").send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn coverage_counts_requests() {
    let database = Database::start().await;
    database.get("/users/alice.json").await;
    let report: Json = serde_json::from_str(&get(&database, &database.url("/.inspect/coverage.json")).await).unwrap();
    assert_eq!(report["files"][0]["statements"][0]["tried"].as_u64(), Some(0), "{report}");
    let tried = report["files"][0]["statements"].as_array().unwrap().iter().filter(|statement| statement["tried"] == 1);
    assert_eq!(tried.count(), 1);
    assert!(get(&database, &database.url("/.inspect/coverage")).await.contains("<html"));
    let names: Json = serde_json::from_str(&get(&database, &database.url("/.inspect/databases.json")).await).unwrap();
    assert_eq!(names, json!([{ "name": "demo" }]));
}
