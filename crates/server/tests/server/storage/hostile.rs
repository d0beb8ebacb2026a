//! Requests that no client library sends.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Fixture, OWNER};

#[tokio::test]
async fn odd_names_are_names() {
    let fixture = Fixture::start().await;
    for name in [
        "..",
        "../../etc/passwd",
        "a//b",
        "%2F",
        "%",
        "a?b#c",
        "\u{e4}\u{1f435}",
        "/lead",
        "trail/",
        "a\\b",
        "a\r\nb: c",
    ] {
        let uploaded = fixture.upload(name, name.to_owned(), &[OWNER]).await;
        assert_eq!((uploaded.status, uploaded.json()["name"].as_str()), (200, Some(name)));
        let path: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
        let path = format!("/v0/b/b/o/{}?alt=media", path.replace('+', "%20"));
        let reply = fixture.send("GET", &path, &[OWNER], "").await;
        assert_eq!((reply.status, reply.text()), (200, name));
        // Nothing of a name becomes a header.
        assert!(reply.headers.get("b").is_none());
    }
}

#[tokio::test]
async fn names_that_cannot_be_are_refused() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.upload(&"x".repeat(1_024), "", &[OWNER]).await.status, 200);
    assert_eq!(fixture.upload(&"x".repeat(1_025), "", &[OWNER]).await.status, 400);
    assert_eq!(fixture.get("/v0/b/b/o/%ff").await.status, 400);
    // Without rules for the empty path.
    for path in ["/v0/b//o/x", "/v0/b/b/o/a/b", "/v0/b/b/x", "/v0/b", "/v0/b/b"] {
        let status = fixture.get(path).await.status;
        assert!((400..=501).contains(&status), "{path}: {status}");
    }
    let status = fixture.send("POST", "/v0/b/b/o/x/y/z", &[], "x").await.status;
    assert_eq!(status, 501);
}

#[tokio::test]
async fn metadata_are_limited() {
    let fixture = Fixture::start().await;
    fixture.upload("open/x", "x", &[]).await;
    let large = format!("{{\"contentType\":\"{}\"}}", "a".repeat(1 << 20));
    assert_eq!(fixture.send("PATCH", "/v0/b/b/o/open%2Fx", &[], large.clone()).await.status, 413);
    let start = [("x-goog-upload-protocol", "resumable"), ("x-goog-upload-command", "start")];
    assert_eq!(fixture.upload("open/y", large.clone(), &start).await.status, 413);
    let kind = [("x-goog-upload-protocol", "multipart"), ("content-type", "multipart/related; boundary=X")];
    for body in [
        format!("--X\r\nContent-Type: a/b\r\n\r\n{large}{large}{large}\r\n--X\r\nContent-Type: a/b\r\n\r\nx\r\n--X--"),
        format!("{}--X\r\n", "no boundary ".repeat(1 << 18)),
        format!("--X\r\nA: {}\r\n\r\nx", "header ".repeat(1 << 18)),
    ] {
        assert_eq!(fixture.upload("open/y", body, &kind).await.status, 413);
    }
    let deep = "[".repeat(100_000);
    assert_eq!(fixture.send("PATCH", "/v0/b/b/o/open%2Fx", &[], deep).await.status, 400);
    for wrong in ["[]", "1", "{\"metadata\":[]}", "{\"metadata\":1}", "{", "\u{1}"] {
        assert_eq!(fixture.send("PATCH", "/v0/b/b/o/open%2Fx", &[], wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn metadata_that_cannot_be_headers_are_left_out_of_them() {
    let fixture = Fixture::start().await;
    fixture.upload("open/x", "x", &[]).await;
    let patch = "{\"contentDisposition\":\"a\\r\\nx-evil: 1\",\"cacheControl\":\"\\u0000\",\"contentType\":\"\u{e4}\"}";
    assert_eq!(fixture.send("PATCH", "/v0/b/b/o/open%2Fx", &[], patch).await.status, 200);
    let reply = fixture.get("/v0/b/b/o/open%2Fx?alt=media").await;
    assert_eq!((reply.status, reply.headers.get("x-evil")), (200, None));
    assert_eq!(reply.headers.get("cache-control"), None);
}

#[tokio::test]
async fn an_upload_larger_than_any_object_is_refused_at_once() {
    let fixture = Fixture::start().await;
    let mut socket = tokio::net::TcpStream::connect(fixture.address).await.unwrap();
    let head = format!(
        "POST /v0/b/b/o?name=open/x HTTP/1.1\r\nHost: {}\r\nContent-Length: 99999999999\r\n\r\n",
        fixture.address
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn many_open_uploads_push_out_the_oldest() {
    let fixture = Fixture::start().await;
    let start = [("x-goog-upload-protocol", "resumable"), ("x-goog-upload-command", "start")];
    let mut ids = Vec::new();
    for n in 0..1_100 {
        let reply = fixture.upload(&format!("open/{n}"), "", &start).await;
        ids.push(reply.header("x-gupload-uploadid").to_owned());
    }
    let query = [("x-goog-upload-command", "query")];
    let status =
        async |id: &str| fixture.send("POST", &format!("/v0/b/b/o?name=x&upload_id={id}"), &query, "").await.status;
    assert_eq!((status(&ids[0]).await, status(&ids[1_099]).await), (404, 200));
}

#[tokio::test]
async fn open_uploads_with_much_metadata_push_out_the_oldest() {
    let fixture = Fixture::start().await;
    let start = [("x-goog-upload-protocol", "resumable"), ("x-goog-upload-command", "start")];
    let entries: serde_json::Map<_, _> = (0..50_000).map(|n| (n.to_string(), "".into())).collect();
    let metadata = serde_json::json!({ "metadata": entries }).to_string();
    let mut ids = Vec::new();
    for n in 0..30 {
        let reply = fixture.upload(&format!("open/{n}"), metadata.clone(), &start).await;
        ids.push(reply.header("x-gupload-uploadid").to_owned());
    }
    let query = [("x-goog-upload-command", "query")];
    let status =
        async |id: &str| fixture.send("POST", &format!("/v0/b/b/o?name=x&upload_id={id}"), &query, "").await.status;
    assert_eq!((status(&ids[0]).await, status(&ids[29]).await), (404, 200));
}

#[tokio::test]
async fn pages_of_objects_with_much_metadata_are_short() {
    let fixture = Fixture::start().await;
    let metadata = serde_json::json!({ "metadata": { "a": "x".repeat(1_000_000) } }).to_string();
    for n in 10..30 {
        fixture.upload(&format!("open/{n}"), "x", &[]).await;
        let path = format!("/v0/b/b/o/open%2F{n}");
        assert_eq!(fixture.send("PATCH", &path, &[], metadata.clone()).await.status, 200);
    }
    let (mut names, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = fixture.get(&format!("/storage/v1/b/b/o?prefix=open/&pageToken={token}")).await.json();
        let items = page["items"].as_array().unwrap();
        names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["nextPageToken"].as_str() {
            Some(next) => token = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(names, (10..30).map(|n| format!("open/{n}")).collect::<Vec<_>>());
    assert_eq!(pages, 3);
}

#[tokio::test]
async fn uploads_of_one_interface_are_unknown_to_the_other() {
    let fixture = Fixture::start().await;
    let reply = fixture.send("POST", "/upload/storage/v1/b/b/o?uploadType=resumable&name=users/a", &[], "").await;
    let id = reply.header("x-guploader-uploadid").to_owned();
    let finalize = [("x-goog-upload-command", "upload, finalize")];
    let path = format!("/v0/b/b/o?name=x&upload_id={id}");
    assert_eq!(fixture.send("POST", &path, &finalize, "x").await.status, 404);
    let start = [("x-goog-upload-protocol", "resumable"), ("x-goog-upload-command", "start")];
    let id = fixture.upload("users/a", "", &start).await.header("x-gupload-uploadid").to_owned();
    // Otherwise an upload could end without rules.
    let path = format!("/upload/storage/v1/b/b/o?upload_id={id}");
    assert_eq!(fixture.send("PUT", &path, &[], "x").await.status, 404);
}

#[tokio::test]
async fn odd_names_of_buckets_stay_whole_in_addresses() {
    let fixture = Fixture::start().await;
    let start = [("x-goog-upload-protocol", "resumable"), ("x-goog-upload-command", "start"), OWNER];
    let reply = fixture.send("POST", "/v0/b/a%20b%2F%0d%0ax/o?name=y", &start, "").await;
    let path =
        reply.header("x-goog-upload-url").strip_prefix(&format!("http://{}", fixture.address)).unwrap().to_owned();
    let finalize = [("x-goog-upload-command", "upload, finalize")];
    let stored = fixture.send("POST", &path, &finalize, "x").await;
    assert_eq!((stored.status, stored.json()["bucket"].as_str()), (200, Some("a b/\r\nx")));
    let start = fixture.send("POST", "/upload/storage/v1/b/a%20b/o?uploadType=resumable&name=z", &[], "").await;
    let path = start.header("location").strip_prefix(&format!("http://{}", fixture.address)).unwrap().to_owned();
    assert_eq!(fixture.send("PUT", &path, &[], "x").await.json()["bucket"], "a b");
}
