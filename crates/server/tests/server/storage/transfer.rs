//! Exports of the official layout.

use std::{fs, path::Path};

use serde_json::json;

use super::{Fixture, OWNER, noise};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_export_has_every_object_under_a_name_of_its_own() {
    let fixture = Fixture::start().await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("storage_export");
    let large = noise(400_000);
    for (name, body) in
        [("../../../escape", bytes::Bytes::from("x")), ("/etc/passwd", "y".into()), ("a/b", large.clone())]
    {
        assert_eq!(fixture.upload(name, body, &[OWNER]).await.status, 200);
    }
    let body = json!({ "path": out, "initiatedBy": "test" }).to_string();
    let pages = [("origin", "http://localhost:1")];
    assert_eq!(fixture.send("POST", "/internal/export", &pages, body.clone()).await.status, 403);
    assert_eq!(fixture.send("POST", "/internal/export", &[], "{}").await.status, 400);
    assert_eq!(fixture.send("POST", "/internal/export", &[], body).await.status, 200);
    assert_eq!(names(folder.path()), ["storage_export"]);
    assert_eq!(names(&out), ["blobs", "buckets.json", "metadata"]);
    let (blobs, metadata) = (names(&out.join("blobs")), names(&out.join("metadata")));
    assert_eq!(blobs.len(), 3);
    for (blob, file) in blobs.iter().zip(&metadata) {
        assert_eq!(*file, format!("{blob}.json"));
        let json: serde_json::Value =
            serde_json::from_slice(&fs::read(out.join("metadata").join(file)).unwrap()).unwrap();
        assert_eq!(json["size"], fs::metadata(out.join("blobs").join(blob)).unwrap().len());
        assert_eq!((&json["bucket"], &json["metageneration"]), (&json!("b"), &json!(1)));
        assert!(json["crc32c"].as_str().unwrap().parse::<u32>().is_ok());
        assert_eq!(json["downloadTokens"].as_array().unwrap().len(), 1);
    }
    let buckets: serde_json::Value = serde_json::from_slice(&fs::read(out.join("buckets.json")).unwrap()).unwrap();
    assert_eq!(buckets, json!({ "buckets": [{ "id": "b" }] }));
}
