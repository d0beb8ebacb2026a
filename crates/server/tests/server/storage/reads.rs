//! Metadata, downloads, lists and changes of the Firebase API.

use serde_json::json;

use super::{Fixture, OWNER, noise};

/// `gzip -n` of `hello`.
const GZIPPED: [u8; 25] =
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0, 0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0];

#[tokio::test]
async fn metadata_are_those_of_the_official_emulator() {
    let fixture = Fixture::start().await;
    fixture.server.clock("b").freeze(Some(1_795_318_035_478));
    let headers = [("content-type", "text/plain")];
    let uploaded = fixture.upload("open/a b.txt", "hi", &headers).await.json();
    let mut json = fixture.get("/v0/b/b/o/open%2Fa%20b.txt").await.json();
    assert_eq!(json, uploaded);
    assert!(json["downloadTokens"].take().is_string());
    assert_eq!(
        json,
        json!({
            "name": "open/a b.txt", "bucket": "b", "generation": "1795318035478", "metageneration": "1",
            "contentType": "text/plain", "timeCreated": "2026-11-22T03:27:15.478Z", "updated": "2026-11-22T03:27:15.478Z",
            "storageClass": "STANDARD", "size": "2", "md5Hash": "SfaKXIST7CwL9ImCHCH8Ow==", "crc32c": "4120762818",
            "etag": "cYMlAeHUWj72p+Wf57x6OJObIhg", "downloadTokens": null, "contentEncoding": "identity",
            "contentDisposition": "inline",
        })
    );
}

#[tokio::test]
async fn a_download_has_the_headers_of_the_object() {
    let fixture = Fixture::start().await;
    fixture.upload("open/dir/ein (1).txt", "0123456789", &[("content-type", "text/plain")]).await;
    let path = "/v0/b/b/o/open%2Fdir%2Fein%20(1).txt?alt=media";
    let reply = fixture.get(path).await;
    assert_eq!((reply.status, reply.text()), (200, "0123456789"));
    assert_eq!(reply.header("content-type"), "text/plain");
    assert_eq!(reply.header("content-disposition"), "inline; filename*=ein%20%281%29.txt");
    assert_eq!(reply.header("accept-ranges"), "bytes");
    assert_eq!(reply.header("x-goog-hash"), "crc32c=KAwGng==,md5=eB5eJF1ptWaXm4bijSPyxw==");
    assert_eq!(reply.header("x-goog-metadatageneration"), "1");
    assert_eq!(reply.header("x-goog-storage-class"), "STANDARD");
    assert_eq!(reply.header("content-length"), "10");
    assert!(!reply.header("etag").is_empty() && !reply.header("x-goog-generation").is_empty());
    for (range, status, body, content_range) in [
        ("bytes=0-3", 206, "0123", "bytes 0-3/10"),
        ("bytes=8-", 206, "89", "bytes 8-9/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=0-100", 206, "0123456789", "bytes 0-9/10"),
        ("nonsense", 200, "0123456789", ""),
    ] {
        let reply = fixture.send("GET", path, &[("range", range)], "").await;
        assert_eq!((reply.status, reply.text(), reply.header("content-range")), (status, body, content_range));
    }
    let reply = fixture.send("GET", path, &[("range", "bytes=10-")], "").await;
    assert_eq!((reply.status, reply.header("content-range")), (416, "bytes */10"));
}

#[tokio::test]
async fn a_range_of_a_large_object_is_read_from_its_file() {
    let fixture = Fixture::start().await;
    let content = noise(2_000_000);
    fixture.upload("open/large", content.clone(), &[]).await;
    let headers = [("range", "bytes=999990-1500000")];
    let reply = fixture.send("GET", "/v0/b/b/o/open%2Flarge?alt=media", &headers, "").await;
    assert_eq!((reply.status, reply.header("content-length")), (206, "500011"));
    assert_eq!(reply.body, content.slice(999_990..=1_500_000));
}

#[tokio::test]
async fn compressed_objects_are_decompressed_for_clients_that_take_none() {
    let fixture = Fixture::start().await;
    fixture.upload("open/z", &GZIPPED[..], &[]).await;
    fixture.upload("open/not", "plain", &[]).await;
    for name in ["z", "not"] {
        let path = format!("/v0/b/b/o/open%2F{name}");
        assert_eq!(fixture.send("PATCH", &path, &[], "{\"contentEncoding\":\"gzip\"}").await.status, 200);
    }
    let path = "/v0/b/b/o/open%2Fz?alt=media";
    let reply = fixture.send("GET", path, &[("range", "bytes=0-1")], "").await;
    assert_eq!((reply.status, reply.text(), reply.header("content-encoding")), (200, "hello", ""));
    let reply = fixture.send("GET", path, &[("accept-encoding", "deflate, gzip;q=0.5")], "").await;
    assert_eq!((&reply.body[..], reply.header("content-encoding")), (&GZIPPED[..], "gzip"));
    // What is not compressed is given as it is.
    assert_eq!(fixture.get("/v0/b/b/o/open%2Fnot?alt=media").await.text(), "plain");
}

#[tokio::test]
async fn a_download_token_opens_the_object_without_rules() {
    let fixture = Fixture::start().await;
    let uploaded = fixture.upload("closed/x", "secret", &[OWNER]).await.json();
    let token = uploaded["downloadTokens"].as_str().unwrap();
    let path = "/v0/b/b/o/closed%2Fx";
    assert_eq!(fixture.get(&format!("{path}?alt=media&token={token}")).await.text(), "secret");
    assert_eq!(fixture.get(&format!("{path}?alt=media&token=x")).await.status, 403);
    assert_eq!(fixture.get(&format!("{path}?alt=media&token=")).await.status, 403);
    let reply = fixture.send("POST", &format!("{path}?create_token=true"), &[OWNER], "").await.json();
    assert_eq!(reply["metageneration"], "2");
    let both: Vec<&str> = reply["downloadTokens"].as_str().unwrap().split(',').collect();
    assert_eq!((both.len(), both[0]), (2, token));
    for token in &both {
        fixture.send("POST", &format!("{path}?delete_token={token}"), &[OWNER], "").await;
    }
    // The last one is replaced.
    let left = fixture.send("GET", path, &[OWNER], "").await.json()["downloadTokens"].clone();
    assert!(!left.as_str().unwrap().is_empty() && !both.contains(&left.as_str().unwrap()));
    let refused = fixture.send("POST", &format!("{path}?create_token=true"), &[], "").await;
    assert_eq!(
        (refused.status, refused.json()["error"]["message"].as_str()),
        (403, Some("Missing admin credentials."))
    );
    assert_eq!(fixture.send("POST", &format!("{path}?create_token=yes"), &[OWNER], "").await.status, 400);
    assert_eq!(fixture.send("POST", "/v0/b/b/o/closed%2Fno?create_token=true", &[OWNER], "").await.status, 404);
}

#[tokio::test]
async fn changes_merge_custom_metadata_and_null_removes() {
    let fixture = Fixture::start().await;
    fixture.upload("open/m", "x", &[]).await;
    let path = "/v0/b/b/o/open%2Fm";
    let patch = json!({ "metadata": { "a": "1", "b": 2 }, "cacheControl": "no-cache", "contentType": "a/b" });
    let reply = fixture.send("PATCH", path, &[], patch.to_string()).await;
    assert_eq!(reply.json()["metadata"], json!({ "a": "1", "b": "2" }));
    assert_eq!((reply.header("cache-control"), reply.header("content-disposition")), ("no-cache", "inline"));
    let patch = json!({ "metadata": { "a": null, "c": "3" }, "cacheControl": null });
    let headers = [("x-http-method-override", "PATCH")];
    let json = fixture.send("PUT", path, &headers, patch.to_string()).await.json();
    assert_eq!((&json["metadata"], &json["metageneration"]), (&json!({ "b": "2", "c": "3" }), &json!("3")));
    assert_eq!((json.get("cacheControl"), &json["contentType"]), (None, &json!("a/b")));
    let json = fixture.send("PATCH", path, &[], "{\"metadata\":{\"b\":null,\"c\":null}}").await.json();
    assert_eq!(json.get("metadata"), None);
    assert_eq!(fixture.send("PATCH", "/v0/b/b/o/open%2Fno", &[], "{}").await.status, 404);
}

#[tokio::test]
async fn a_list_has_pages_folders_and_only_names_that_clients_can_use() {
    let fixture = Fixture::start().await;
    for name in ["b", "a", "c/d", "c/e/f", "z", "c", "d//e", "\u{10ffff}/x"] {
        assert_eq!(fixture.upload(&format!("open/l/{name}"), "x", &[OWNER]).await.status, 200);
    }
    let path = "/v0/b/b/o?prefix=open%2Fl%2F&delimiter=%2F";
    let names = |json: &serde_json::Value| {
        let items = json["items"].as_array().unwrap().iter();
        items.map(|item| item["name"].as_str().unwrap().replace("open/l/", "")).collect::<Vec<_>>()
    };
    let json = fixture.get(path).await.json();
    assert_eq!(names(&json), ["a", "b", "c", "z"]);
    assert_eq!(json["prefixes"], json!(["open/l/c/", "open/l/d/", "open/l/\u{10ffff}/"]));
    assert_eq!((json.get("nextPageToken"), &json["items"][0]["bucket"]), (None, &json!("b")));
    let (mut token, mut pages) = (String::new(), Vec::new());
    loop {
        let json = fixture.get(&format!("{path}&maxResults=3&pageToken={token}")).await.json();
        assert_eq!(json["prefixes"].as_array().unwrap().len(), 3);
        pages.push(names(&json));
        match json["nextPageToken"].as_str() {
            Some(next) => token = form_urlencoded::byte_serialize(next.as_bytes()).collect(),
            None => break,
        }
    }
    assert_eq!(pages, [vec!["a", "b", "c"], vec!["z"]]);
    let all = fixture.get("/v0/b/b/o?prefix=open%2Fl%2F").await.json();
    assert_eq!(names(&all), ["a", "b", "c", "c/d", "c/e/f", "z", "\u{10ffff}/x"]);
    let wrong = fixture.get("/v0/b/b/o?prefix=open").await;
    assert_eq!((wrong.status, wrong.json()["error"]["code"].as_i64()), (400, Some(400)));
}
