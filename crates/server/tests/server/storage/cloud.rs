//! The JSON API of Google Cloud Storage.

use serde_json::json;

use super::{Fixture, noise};

const UPLOAD: &str = "/upload/storage/v1/b/b/o";

#[tokio::test]
async fn a_resumable_upload_goes_on_until_it_is_complete() {
    let fixture = Fixture::without_rules().await;
    let content = noise(900_000);
    let total = content.len();
    let start =
        fixture.send("POST", &format!("{UPLOAD}?uploadType=resumable&name=/r"), &[], "{\"contentType\":\"a/b\"}").await;
    let path = start.header("location").strip_prefix(&format!("http://{}", fixture.address)).unwrap().to_owned();
    let put = async |range: String, body: bytes::Bytes| {
        let reply = fixture.send("PUT", &path, &[("content-range", range.as_str())], body).await;
        (reply.status, reply.header("range").to_owned(), reply)
    };
    let (status, range, _) = put("bytes */*".to_owned(), "".into()).await;
    assert_eq!((status, range.as_str()), (308, ""));
    let (status, range, _) = put("bytes 0-299999/*".to_owned(), content.slice(..300_000)).await;
    assert_eq!((status, range.as_str()), (308, "bytes=0-299999"));
    let (status, range, _) = put(format!("bytes */{total}"), "".into()).await;
    assert_eq!((status, range.as_str()), (308, "bytes=0-299999"));
    assert_eq!(put(format!("bytes 300001-{}/{total}", total - 1), content.slice(300_001..)).await.0, 400);
    assert_eq!(put("chunk 3".to_owned(), "x".into()).await.0, 400);
    let (status, _, reply) = put(format!("bytes 300000-{}/{total}", total - 1), content.slice(300_000..)).await;
    assert_eq!((status, &reply.json()["size"], &reply.json()["name"]), (200, &json!("900000"), &json!("r")));
    // The client asks again if it did not see the answer.
    assert_eq!(put(format!("bytes */{total}"), "".into()).await.0, 200);
    assert_eq!(fixture.get("/b/b/o/r?alt=media").await.body, content);
}

#[tokio::test]
async fn a_stream_without_a_size_ends_with_its_body() {
    let fixture = Fixture::without_rules().await;
    let start = fixture.send("POST", &format!("{UPLOAD}?uploadType=resumable&name=s"), &[], "").await;
    let path = start.header("location").strip_prefix(&format!("http://{}", fixture.address)).unwrap().to_owned();
    let reply = fixture.send("PUT", &path, &[("content-range", "bytes 0-*/*")], "stream").await;
    assert_eq!((reply.status, &reply.json()["size"]), (200, &json!("6")));
    let start = fixture.send("POST", &format!("{UPLOAD}?uploadType=resumable&name=c"), &[], "").await;
    let path = start.header("location").strip_prefix(&format!("http://{}", fixture.address)).unwrap().to_owned();
    assert_eq!(fixture.send("DELETE", &path, &[], "").await.status, 499);
    assert_eq!(fixture.send("PUT", &path, &[], "x").await.status, 404);
}

#[tokio::test]
async fn conditions_are_kept() {
    let fixture = Fixture::without_rules().await;
    let create = format!("{UPLOAD}?uploadType=media&name=p&ifGenerationMatch=0");
    let stored = fixture.send("POST", &create, &[], "1").await.json();
    let generation = stored["generation"].as_str().unwrap();
    let refused = fixture.send("POST", &create, &[], "2").await;
    assert_eq!((refused.status, &refused.json()["error"]["errors"][0]["reason"]), (412, &json!("conditionNotMet")));
    let object = "/storage/v1/b/b/o/p";
    assert_eq!(fixture.get(&format!("{object}?ifGenerationNotMatch={generation}")).await.status, 304);
    assert_eq!(fixture.get(&format!("{object}?ifGenerationMatch=1")).await.status, 412);
    assert_eq!(fixture.get(&format!("{object}?generation=1")).await.status, 404);
    assert_eq!(fixture.get(&format!("{object}?generation={generation}")).await.status, 200);
    assert_eq!(fixture.send("PATCH", &format!("{object}?ifMetagenerationMatch=2"), &[], "{}").await.status, 412);
    assert_eq!(fixture.send("PATCH", &format!("{object}?ifMetagenerationMatch=1"), &[], "{}").await.status, 200);
    assert_eq!(fixture.send("DELETE", &format!("{object}?ifGenerationMatch=1"), &[], "").await.status, 412);
    assert_eq!(fixture.send("DELETE", &format!("{object}?ifGenerationMatch={generation}"), &[], "").await.status, 204);
}

#[tokio::test]
async fn content_must_have_the_stated_hashes() {
    let fixture = Fixture::without_rules().await;
    let path = format!("{UPLOAD}?uploadType=media&name=h");
    let reply = fixture.send("POST", &path, &[("x-goog-hash", "crc32c=AAAAAA==,md5=x")], "hi").await;
    assert_eq!(reply.status, 400);
    assert!(reply.json()["error"]["message"].as_str().unwrap().contains("doesn't match calculated CRC32C"));
    let json = fixture.send("POST", &path, &[], "hi").await.json();
    assert_eq!(json["md5Hash"], "SfaKXIST7CwL9ImCHCH8Ow==");
    let hash = format!("crc32c={},md5=SfaKXIST7CwL9ImCHCH8Ow==", json["crc32c"].as_str().unwrap());
    assert_eq!(fixture.send("POST", &path, &[("x-goog-hash", hash.as_str())], "hi").await.status, 200);
}

#[tokio::test]
async fn copies_and_compositions_have_bytes_and_metadata() {
    let fixture = Fixture::without_rules().await;
    let headers = [("content-type", "text/x")];
    fixture.send("POST", &format!("{UPLOAD}?uploadType=media&name=a"), &headers, "one").await;
    fixture.send("PATCH", "/b/b/o/a", &[], "{\"metadata\":{\"k\":\"v\"}}").await;
    for prefix in ["", "/storage/v1"] {
        let copy = fixture.send("POST", &format!("{prefix}/b/b/o/a/copyTo/b/c/o/x%2Fa"), &[], "").await.json();
        assert_eq!(
            (&copy["bucket"], &copy["name"], &copy["contentType"]),
            (&json!("c"), &json!("x/a"), &json!("text/x"))
        );
        assert_eq!(copy["metadata"]["k"], "v");
        let rewrite = fixture.send("POST", &format!("{prefix}/b/b/o/a/rewriteTo/b/b/o/d"), &[], "{}").await.json();
        assert_eq!(
            (&rewrite["done"], &rewrite["objectSize"], &rewrite["resource"]["name"]),
            (&json!(true), &json!("3"), &json!("d"))
        );
        let body =
            json!({ "sourceObjects": [{ "name": "a" }, { "name": "d" }], "destination": { "contentType": "t/c" } });
        let whole = fixture.send("POST", &format!("{prefix}/b/b/o/w/compose"), &[], body.to_string()).await.json();
        assert_eq!((&whole["size"], &whole["contentType"]), (&json!("6"), &json!("t/c")));
        assert_eq!(fixture.get("/download/storage/v1/b/b/o/w").await.text(), "oneone");
    }
    assert_eq!(fixture.send("POST", "/b/b/o/no/copyTo/b/c/o/y", &[], "").await.status, 404);
    assert_eq!(fixture.send("POST", "/b/b/o/a/rewriteTo/b/b/o/e?rewriteToken=x", &[], "").await.status, 501);
}

#[tokio::test]
async fn a_form_is_an_upload() {
    let fixture = Fixture::without_rules().await;
    let field =
        |name: &str, value: &str| format!("--F\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let file =
        "--F\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\nContent-Type: a/b\r\n\r\ndata\r\n";
    let kind = [("content-type", "multipart/form-data; boundary=F")];
    let form = field("key", "dir/form")
        + &field("Cache-Control", "no-store")
        + &field("x-goog-meta-k", "v")
        + file
        + "--F--\r\n";
    assert_eq!(fixture.send("POST", "/formed", &kind, form).await.status, 204);
    let json = fixture.get("/storage/v1/b/formed/o/dir%2Fform").await.json();
    assert_eq!(
        (&json["contentType"], &json["cacheControl"], &json["metadata"]["k"]),
        (&json!("a/b"), &json!("no-store"), &json!("v"))
    );
    let missing = fixture.send("POST", "/formed", &kind, field("key", "x") + "--F--\r\n").await;
    assert_eq!((missing.status, missing.text()), (400, "Missing 'key' or file."));
    let reply = fixture.send("POST", "/formed", &[("content-type", "text/plain")], "x").await;
    assert_eq!((reply.status, reply.text()), (400, "Content-Type must be multipart/form-data"));
}

#[tokio::test]
async fn buckets_exist_once_they_are_used() {
    let fixture = Fixture::without_rules().await;
    let names = async || {
        let json = fixture.get("/storage/v1/b").await.json();
        json["items"].as_array().unwrap().iter().map(|b| b["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["demo.appspot.com"]);
    assert_eq!(fixture.get("/b/used").await.status, 404);
    fixture.send("POST", "/upload/storage/v1/b/used/o?uploadType=media&name=x", &[], "x").await;
    assert_eq!(fixture.get("/b/used").await.json()["kind"], "storage#bucket");
    assert_eq!(names().await, ["demo.appspot.com", "used"]);
    assert_eq!(fixture.send("DELETE", "/b/used", &[], "").await.status, 409);
    assert_eq!(fixture.send("POST", "/b", &[], "{\"name\":\"made\"}").await.status, 200);
    assert_eq!(fixture.send("POST", "/b", &[], "{\"name\":\"made\"}").await.status, 409);
    assert_eq!(fixture.send("DELETE", "/b/made", &[], "").await.status, 204);
}

#[tokio::test]
async fn what_is_not_there_is_501_and_missing_objects_are_404() {
    let fixture = Fixture::without_rules().await;
    for (method, path) in
        [("POST", "/b/b/o/x/compose"), ("POST", "/b/b/o/x/watch"), ("PUT", "/batch/storage/v1"), ("DELETE", "/")]
    {
        let reply = fixture.send(method, path, &[], "{}").await;
        assert_eq!((reply.status, reply.text()), (501, "Not Implemented"), "{method} {path}");
    }
    let json = fixture.get("/storage/v1/b/b/o/never").await;
    assert_eq!((json.status, &json.json()["error"]["message"]), (404, &json!("No such object: b/never")));
    let text = fixture.get("/storage/v1/b/b/o/never?alt=media").await;
    assert_eq!((text.status, text.text()), (404, "No such object: b/never"));
    fixture.send("POST", &format!("{UPLOAD}?uploadType=media&name=acl"), &[], "x").await;
    let acl = fixture.send("POST", "/b/b/o/acl/acl", &[], "{\"entity\":\"allUsers\",\"role\":\"READER\"}").await.json();
    assert_eq!((&acl["kind"], &acl["role"]), (&json!("storage#objectAccessControl"), &json!("READER")));
    assert_eq!(fixture.get("/b/b/o/acl").await.json()["metageneration"], "2");
}
