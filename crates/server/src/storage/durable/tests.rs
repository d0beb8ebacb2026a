//! Tests of objects on disk: random changes against a model, and disks that are damaged, used twice, or full.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::{path::Path, sync::atomic::Ordering};

use axum::{Router, body::Body, http::Request};
use firewarden::text::Source;
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tower::ServiceExt as _;

use super::{
    super::{
        Storage,
        blob::IN_MEMORY,
        object::{Changes, Metadata},
        store::Conditions,
    },
    *,
};
use crate::shared::{Settings, Shared};

const LARGE: usize = IN_MEMORY + 1;

fn settings(folder: &Path) -> Settings {
    Settings { project: "demo".to_owned(), data: Some(folder.to_owned()), ..Settings::default() }
}

fn open(folder: &Path) -> Result<Arc<Storage>, String> {
    let shared = Shared::new(settings(folder)).map_err(|error| error.to_string())?;
    Storage::new(shared).map_err(|error| error.to_string())
}

/// What a process that is killed now leaves behind.
fn copy(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("objects")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap().chain(std::fs::read_dir(folder.join("objects")).unwrap()) {
        let from = entry.unwrap().path();
        if from.is_file() {
            std::fs::copy(&from, copy.path().join(from.strip_prefix(folder).unwrap())).unwrap();
        }
    }
    copy
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("objects")).unwrap().count()
}

async fn upload(storage: &Storage, target: (&str, &str), byte: u8, size: usize) {
    let mut writer = storage.new_blob();
    writer.write(&vec![byte; size]).await.unwrap();
    let content = writer.finish().await.unwrap();
    let changes = Changes::default().custom("byte".to_owned(), byte.to_string());
    storage.upload_unchecked(target, &changes, &content, &Conditions::default()).unwrap();
}

fn copy_object(storage: &Storage, from: (&str, &str), to: (&str, &str)) {
    let Some(original) = storage.object(from) else { return };
    let made = storage.replace_unchecked(to, &Conditions::default(), |stored, now| {
        let source = &original.metadata;
        let mut metadata = Metadata::new(to, &Changes::default(), source.digest, now, stored);
        metadata.inherit(source);
        Object::new(metadata, original.blob.clone())
    });
    made.unwrap();
}

async fn content(object: &Object) -> Vec<u8> {
    let mut bytes = Vec::new();
    object.blob.reader(0..object.blob.size()).await.unwrap().read_to_end(&mut bytes).await.unwrap();
    bytes
}

/// All that clients can see, but the bytes.
fn seen(storage: &Storage) -> (Vec<(String, i64)>, Vec<Json>) {
    let buckets = storage.store.buckets().into_iter().map(|(name, created)| (name, created.to_millis()));
    let objects = storage.store.objects();
    let objects = objects.iter().map(|object| serde_json::to_value(Exported::from(&object.metadata)).unwrap());
    (buckets.collect(), objects.collect())
}

#[derive(Clone, Debug)]
enum Step {
    Upload {
        to: usize,
        byte: u8,
        is_large: bool,
    },
    Change {
        of: usize,
    },
    Copy {
        from: usize,
        to: usize,
    },
    Delete {
        of: usize,
    },
    Create {
        bucket: usize,
    },
    Remove {
        bucket: usize,
    },
    Reset,
    /// An upload that does not end.
    Begin,
    /// The process ends in order, and starts again.
    Restart,
    /// The process is killed, and starts again.
    Kill,
}

const BUCKETS: [&str; 3] = ["demo.appspot.com", "demo", "other.appspot.com"];
const NAMES: [&str; 4] = ["a", "../../up", "dir/\u{e9} \u{1f525}", "content-0"];

fn target(index: usize) -> (&'static str, &'static str) {
    (BUCKETS[index / NAMES.len() % BUCKETS.len()], NAMES[index % NAMES.len()])
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let at = || 0..BUCKETS.len() * NAMES.len();
    let step = prop_oneof![
        6 => (at(), any::<u8>(), any::<bool>()).prop_map(|(to, byte, is_large)| Step::Upload { to, byte, is_large }),
        2 => at().prop_map(|of| Step::Change { of }),
        3 => (at(), at()).prop_map(|(from, to)| Step::Copy { from, to }),
        3 => at().prop_map(|of| Step::Delete { of }),
        1 => (0..BUCKETS.len()).prop_map(|bucket| Step::Create { bucket }),
        1 => (0..BUCKETS.len()).prop_map(|bucket| Step::Remove { bucket }),
        1 => Just(Step::Reset),
        1 => Just(Step::Begin),
        2 => Just(Step::Restart),
        3 => Just(Step::Kill),
    ];
    proptest::collection::vec(step, 5..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_was_acknowledged_is_there_after_the_end(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(history(steps));
    }
}

async fn history(steps: Vec<Step>) {
    let mut folder = tempfile::tempdir().unwrap();
    let mut storage = open(folder.path()).unwrap();
    let mut begun = Vec::new();
    // Byte and number of bytes, by target.
    let mut model: BTreeMap<(&str, &str), (u8, usize)> = BTreeMap::new();
    for step in steps.into_iter().chain([Step::Kill]) {
        match step {
            Step::Upload { to, byte, is_large } => {
                let size = if is_large { LARGE } else { usize::from(byte) };
                upload(&storage, target(to), byte, size).await;
                model.insert(target(to), (byte, size));
            }
            Step::Change { of } => {
                let changed = storage.change_unchecked(target(of), &Conditions::default(), Metadata::add_token);
                assert_eq!(changed.unwrap().is_some(), model.contains_key(&target(of)));
            }
            Step::Copy { from, to } => {
                copy_object(&storage, target(from), target(to));
                if let Some(content) = model.get(&target(from)).copied() {
                    model.insert(target(to), content);
                }
            }
            Step::Delete { of } => {
                let deleted = storage.delete_unchecked(target(of), &Conditions::default()).unwrap();
                assert_eq!(deleted, model.remove(&target(of)).is_some());
            }
            Step::Create { bucket } => drop(storage.store.create_bucket(BUCKETS[bucket], storage.now("demo")).unwrap()),
            Step::Remove { bucket } => {
                let removed = storage.store.delete_bucket(BUCKETS[bucket]).unwrap();
                let has_objects = model.keys().any(|(of, _)| *of == BUCKETS[bucket]);
                assert_eq!(removed == Some(false), has_objects);
            }
            Step::Reset => {
                storage.reset(Some("demo")).await.unwrap();
                model.retain(|(bucket, _), _| *bucket == "other.appspot.com");
            }
            Step::Begin => {
                let mut writer = storage.new_blob();
                writer.write(&[7; LARGE * 3]).await.unwrap();
                writer.pause().await.unwrap();
                begun.push(writer);
            }
            Step::Restart => {
                let before = seen(&storage);
                begun.clear();
                drop(storage);
                storage = open(folder.path()).unwrap();
                assert_eq!(seen(&storage), before);
            }
            Step::Kill => {
                let before = seen(&storage);
                let left = copy(folder.path());
                begun.clear();
                drop(storage);
                folder = left;
                storage = open(folder.path()).unwrap();
                assert_eq!(seen(&storage), before);
            }
        }
    }
    for (target, (byte, size)) in &model {
        let object = storage.object(*target).unwrap();
        assert_eq!(content(&object).await, vec![*byte; *size]);
    }
    let objects = storage.store.objects();
    assert_eq!(objects.len(), model.len());
    let named: std::collections::BTreeSet<_> = objects.iter().filter_map(|object| file_of(object)?.name()).collect();
    assert_eq!(files(folder.path()), named.len());
    drop(named);
    drop(objects);
    storage.reset(None).await.unwrap();
    assert_eq!(files(folder.path()), 0);
}

#[tokio::test]
async fn a_file_that_is_missing_or_cut_is_an_error_with_the_object_and_nothing_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let storage = open(folder.path()).unwrap();
    upload(&storage, ("demo", "dir/large"), 1, LARGE).await;
    upload(&storage, ("demo", "other"), 2, LARGE).await;
    let file = storage.object(("demo", "dir/large")).unwrap();
    let file = file_of(&file).unwrap().path().to_owned();
    drop(storage);
    std::fs::write(&file, "short").unwrap();
    let error = open(folder.path()).err().unwrap();
    assert!(error.contains("gs://demo/dir/large: its content has 5 bytes instead of 262145"), "{error}");
    std::fs::remove_file(&file).unwrap();
    let error = open(folder.path()).err().unwrap();
    assert!(error.contains("gs://demo/dir/large") && error.contains(file.to_str().unwrap()), "{error}");
    assert_eq!(files(folder.path()), 1);
}

#[tokio::test]
async fn a_damaged_record_is_an_error_with_the_object() {
    for (metadata, content, why) in [
        ("{", StoredContent::Bytes(b""), "its metadata"),
        ("{\"name\":\"a\",\"bucket\":\"b\"}", StoredContent::Bytes(b""), "its hashes are damaged"),
        ("{}", StoredContent::File("content-x/../../y"), "is no file of contents"),
        ("{}", StoredContent::File("../firewarden.redb"), "is no file of contents"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        disk.put_bucket("b", 0).unwrap();
        disk.put_object("b", "a", Some(StoredObject { metadata: metadata.as_bytes(), content })).unwrap();
        drop(disk);
        let error = open(folder.path()).err().unwrap();
        assert!(error.contains("gs://b/a: ") && error.contains(why), "{error}");
    }
}

#[tokio::test]
async fn files_of_others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let objects = folder.path().join("objects");
    std::fs::write(objects.join("content-left"), "x").unwrap();
    std::fs::write(objects.join("notes.txt"), "x").unwrap();
    drop(open(folder.path()).unwrap());
    assert!(!objects.join("content-left").exists() && objects.join("notes.txt").exists());
}

#[tokio::test]
async fn a_folder_has_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    let error = open(folder.path()).err().unwrap();
    assert!(error.contains("another process uses the folder"), "{error}");
    drop(first);
    open(folder.path()).unwrap();
}

async fn call(router: &Router, method: &str, url: &str, body: &str) -> (u16, String) {
    let request = Request::builder().method(method).uri(url).header("authorization", "Bearer owner");
    let answer = router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_full_disk_is_told_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, is_full) = Disk::limited(folder.path());
    let settings = Settings { project: "demo".to_owned(), ..Settings::default() };
    let mut shared = Shared::in_memory(settings);
    shared.disk = Some(disk);
    let storage = Storage::new(Arc::new(shared)).unwrap();
    let rules = "service firebase.storage { match /b/{b}/o/{all=**} { allow read, write; } }";
    storage.set_rules(None, &Source::new("storage.rules", rules)).unwrap();
    let router = storage.router();
    assert_eq!(call(&router, "POST", "/v0/b/demo/o?name=a", "content").await.0, 200);
    assert_eq!(call(&router, "POST", "/b", r#"{"name":"empty"}"#).await.0, 200);
    let before = seen(&storage);
    is_full.store(true, Ordering::Relaxed);
    for (method, url, body) in [
        ("POST", "/v0/b/demo/o?name=b", "content"),
        ("PATCH", "/v0/b/demo/o/a", "{}"),
        ("DELETE", "/v0/b/demo/o/a", ""),
        ("POST", "/v0/b/demo/o/a?create_token=true", ""),
        ("POST", "/upload/storage/v1/b/demo/o?name=a&uploadType=media", "new"),
        ("PATCH", "/b/demo/o/a", "{}"),
        ("POST", "/b/demo/o/a/copyTo/b/demo/o/c", ""),
        ("POST", "/b/demo/o/a/acl", "{}"),
        ("DELETE", "/b/demo/o/a", ""),
        ("POST", "/b", r#"{"name":"new"}"#),
        ("DELETE", "/b/empty", ""),
        ("POST", "/internal/reset", ""),
    ] {
        let (status, words) = call(&router, method, url, body).await;
        assert_eq!(status, 503, "{method} {url}: {words}");
        assert!(words.contains("firewarden.redb"), "{method} {url}: {words}");
        assert_eq!(seen(&storage), before, "{method} {url}");
    }
    assert_eq!(call(&router, "GET", "/v0/b/demo/o/a?alt=media", "").await, (200, "content".to_owned()));
}
