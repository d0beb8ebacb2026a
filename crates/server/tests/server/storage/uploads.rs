//! Uploads of the Firebase API.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Fixture, noise, user};

#[tokio::test]
async fn a_multipart_upload_has_metadata_and_content() {
    let fixture = Fixture::start().await;
    for (boundary, n) in [("XX", 1), ("\"XX\"", 2), ("'XX'", 3)] {
        let content = "first\r\n--X\r\n--XY\r\n\r\nlast\r\n";
        let body = format!(
            "--XX\r\nContent-Type: application/json; charset=utf-8\r\n\r\n\
             {{\"contentType\":\"text/x\",\"metadata\":{{\"k\":\"v\",\"n\":7}},\"cacheControl\":null}}\r\n\
             --XX\r\nContent-Type: text/y\r\n\r\n{content}\r\n--XX--"
        );
        let kind = format!("multipart/related; boundary={boundary}");
        let headers = [("x-goog-upload-protocol", "multipart"), ("content-type", kind.as_str())];
        let reply = fixture.upload(&format!("open/m{n}"), body, &headers).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        let json = reply.json();
        assert_eq!(json["contentType"], "text/x");
        assert_eq!(json["metadata"], serde_json::json!({ "k": "v", "n": "7" }));
        assert_eq!(json["contentDisposition"], "inline");
        assert_eq!(json["contentEncoding"], "identity");
        assert_eq!(json["metageneration"], "1");
        assert!(!json["downloadTokens"].as_str().unwrap().is_empty());
        let back = fixture.get(&format!("/v0/b/b/o/open%2Fm{n}?alt=media")).await;
        assert_eq!(back.text(), content);
    }
}

#[tokio::test]
async fn a_malformed_multipart_upload_is_refused_in_words() {
    let fixture = Fixture::start().await;
    let part = "--X\r\nContent-Type: text/plain\r\n\r\n{}\r\n";
    for (kind, body, text) in [
        ("text/plain", "x".to_owned(), "Bad content type. text/plain"),
        ("multipart/related", "x".to_owned(), "Bad content type. multipart/related"),
        ("multipart/related; boundary=X", format!("{part}--X--"), "Unexpected number of parts in request body"),
        (
            "multipart/related; boundary=X",
            format!("{part}{part}{part}--X--"),
            "Unexpected number of parts in request body",
        ),
        (
            "multipart/related; boundary=X",
            "--X\r\nA: b\r\n\r\n{}\r\n--X--".to_owned(),
            "Failed to parse multipart request body part. Missing content type.",
        ),
        ("multipart/related; boundary=X", format!("{part}--X\r\nContent-Type: a/b\r\n\r\nunfinished"), ""),
        ("multipart/related; boundary=X", part.replace("{}", "[1]") + part + "--X--", "the metadata must be"),
        ("multipart/related; boundary=X", part.replace("{}", "{") + part + "--X--", "the metadata are no JSON"),
    ] {
        let headers = [("x-goog-upload-protocol", "multipart"), ("content-type", kind)];
        let reply = fixture.upload("open/m", body, &headers).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.text().starts_with(text), "{reply:?}");
    }
    assert_eq!(fixture.get("/v0/b/b/o/open%2Fm").await.status, 404);
}

#[tokio::test]
async fn put_is_like_post_and_a_plain_body_is_the_object() {
    let fixture = Fixture::start().await;
    let reply = fixture.send("PUT", "/v0/b/b/o/open%2Fp", &[("content-type", "text/css")], "a{}").await;
    assert_eq!((reply.status, reply.json()["contentType"].as_str()), (200, Some("text/css")));
    let reply = fixture.send("PUT", "/v0/b/b/o?name=open/q", &[], "x").await;
    assert_eq!(reply.json()["contentType"], "application/octet-stream");
    assert_eq!(fixture.send("POST", "/v0/b/b/o", &[], "x").await.status, 400);
}

#[tokio::test]
async fn an_overwrite_has_a_new_generation_and_no_old_token() {
    let fixture = Fixture::start().await;
    fixture.server.clock("b").freeze(Some(1_800_000_000_000));
    let (one, two) = (fixture.upload("open/o", "1", &[]).await.json(), fixture.upload("open/o", "2", &[]).await.json());
    // Also while the clock stands still.
    assert_eq!((&one["generation"], &two["generation"]), (&"1800000000000".into(), &"1800000000001".into()));
    assert_eq!(two["metageneration"], "1");
    assert_ne!(one["downloadTokens"], two["downloadTokens"]);
    assert_eq!(one["timeCreated"], "2027-01-15T08:00:00.000Z");
}

struct Resumable<'f> {
    fixture: &'f Fixture,
    path: String,
}

impl<'f> Resumable<'f> {
    async fn start(fixture: &'f Fixture, name: &str, metadata: &str, authorization: &str) -> Self {
        let mut headers = vec![("x-goog-upload-protocol", "resumable"), ("x-goog-upload-command", "start")];
        if !authorization.is_empty() {
            headers.push(("authorization", authorization));
        }
        let reply = fixture.upload(name, metadata.to_owned(), &headers).await;
        assert_eq!((reply.status, reply.header("x-goog-upload-status")), (200, "active"), "{reply:?}");
        assert!(!reply.header("x-gupload-uploadid").is_empty());
        assert!(!reply.header("x-goog-upload-chunk-granularity").is_empty());
        let url = reply.header("x-goog-upload-url");
        let path = url.strip_prefix(&format!("http://{}", fixture.address)).unwrap().to_owned();
        Resumable { fixture, path }
    }

    async fn step(&self, command: &str, offset: &str, body: bytes::Bytes) -> crate::http::Reply {
        let headers = [("x-goog-upload-command", command), ("x-goog-upload-offset", offset)];
        let headers = if offset.is_empty() { &headers[..1] } else { &headers[..] };
        self.fixture.send("POST", &self.path, headers, body).await
    }

    async fn received(&self) -> String {
        let reply = self.step("query", "", "".into()).await;
        assert_eq!(reply.status, 200);
        reply.header("x-goog-upload-size-received").to_owned()
    }
}

#[tokio::test]
async fn a_resumable_upload_comes_in_chunks() {
    let fixture = Fixture::start().await;
    let content = noise(3 << 20);
    let upload = Resumable::start(&fixture, "open/r", "{\"contentType\":\"a/b\"}", "").await;
    let (first, rest) = (content.slice(..300_000), content.slice(300_000..));
    let reply = upload.step("upload", "0", first.clone()).await;
    assert_eq!((reply.status, reply.header("x-goog-upload-status")), (200, "active"));
    // A client that did not see the answer sends the chunk again, and more.
    assert_eq!(upload.step("upload", "0", content.slice(..400_000)).await.status, 200);
    assert_eq!(upload.received().await, "400000");
    assert_eq!(upload.step("upload", "400001", rest.clone()).await.status, 400);
    let reply = upload.step("upload, finalize", "300000", rest).await;
    assert_eq!((reply.status, reply.header("x-goog-upload-status")), (200, "final"));
    assert_eq!((reply.json()["size"].as_str(), reply.json()["contentType"].as_str()), (Some("3145728"), Some("a/b")));
    assert_eq!(fixture.get("/v0/b/b/o/open%2Fr?alt=media").await.body, content);
    let again = upload.step("finalize", "", "".into()).await;
    assert_eq!((again.status, again.header("x-goog-upload-status")), (200, "final"));
    assert_eq!(upload.step("cancel", "", "".into()).await.status, 400);
}

#[tokio::test]
async fn rules_decide_at_the_end_about_the_user_who_started() {
    let fixture = Fixture::start().await;
    let (_, alice) = user("alice");
    let upload = Resumable::start(&fixture, "users/alice/r", "", &alice).await;
    assert_eq!(upload.step("upload, finalize", "0", "x".into()).await.status, 200);
    let upload = Resumable::start(&fixture, "users/bob/r", "", &alice).await;
    for command in ["upload, finalize", "finalize"] {
        let reply = upload.step(command, "", "x".into()).await;
        assert_eq!((reply.status, reply.header("x-goog-upload-status")), (403, "final"), "{command}");
    }
}

#[tokio::test]
async fn a_cancelled_upload_is_over_and_an_unknown_one_is_not_found() {
    let fixture = Fixture::start().await;
    let upload = Resumable::start(&fixture, "open/c", "", "").await;
    assert_eq!(upload.step("cancel", "", "".into()).await.status, 200);
    assert_eq!(upload.step("finalize", "", "".into()).await.status, 400);
    assert_eq!(upload.step("upload", "0", "x".into()).await.status, 400);
    let headers = [("x-goog-upload-command", "finalize")];
    assert_eq!(fixture.send("POST", "/v0/b/b/o?name=x&upload_id=nope", &headers, "").await.status, 404);
    assert_eq!(fixture.send("POST", "/v0/b/b/o?name=x", &headers, "").await.status, 400);
    assert_eq!(fixture.get("/v0/b/b/o/open%2Fc").await.status, 404);
}

#[tokio::test]
async fn a_chunk_that_breaks_off_counts_as_not_sent() {
    let fixture = Fixture::start().await;
    for before in [0_usize, 1_000, 2 << 20] {
        let upload = Resumable::start(&fixture, "open/broken", "", "").await;
        let content = noise(before + 5_000_000);
        if before > 0 {
            assert_eq!(upload.step("upload", "0", content.slice(..before)).await.status, 200);
        }
        let mut socket = tokio::net::TcpStream::connect(fixture.address).await.unwrap();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nX-Goog-Upload-Command: upload\r\nContent-Length: 5000000\r\n\r\n",
            upload.path, fixture.address
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(&content[before..before + 3_000_000]).await.unwrap();
        socket.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest).await;
        drop(socket);
        assert_eq!(upload.received().await, before.to_string());
        let offset = before.to_string();
        assert_eq!(upload.step("upload, finalize", &offset, content.slice(before..)).await.status, 200);
        assert_eq!(fixture.get("/v0/b/b/o/open%2Fbroken?alt=media").await.body, content);
    }
}

#[tokio::test]
async fn readers_of_an_object_keep_it_while_it_is_overwritten_and_deleted() {
    let fixture = Fixture::start().await;
    let (old, new) = (noise(8 << 20), noise(9 << 20).slice(1..));
    fixture.upload("open/big", old.clone(), &[]).await;
    let mut socket = tokio::net::TcpStream::connect(fixture.address).await.unwrap();
    let head = format!("GET /v0/b/b/o/open%2Fbig?alt=media HTTP/1.1\r\nHost: {}\r\n\r\n", fixture.address);
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut begin = vec![0; 1_000];
    socket.read_exact(&mut begin).await.unwrap();
    assert_eq!(fixture.upload("open/big", new.clone(), &[]).await.status, 200);
    assert_eq!(fixture.get("/v0/b/b/o/open%2Fbig?alt=media").await.body, new);
    assert_eq!(fixture.send("DELETE", "/v0/b/b/o/open%2Fbig", &[], "").await.status, 204);
    let head_length = begin.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    let mut rest = vec![0; old.len() + head_length - begin.len()];
    socket.read_exact(&mut rest).await.unwrap();
    begin.extend(rest);
    assert!(begin[head_length..] == old[..]);
}
