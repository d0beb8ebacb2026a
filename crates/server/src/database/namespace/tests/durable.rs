//! Random writes to a namespace on disk: what a new process finds equals what the old one had in memory.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::{
    disk::Disk,
    shared::{Settings, Shared},
};

fn open(folder: &Path) -> Result<Arc<Database>, String> {
    let settings = Settings { project: "demo".to_owned(), data: Some(folder.to_owned()), ..Settings::default() };
    let shared = Shared::new(settings).map_err(|error| error.to_string())?;
    Database::new(shared).map_err(|error| error.to_string())
}

/// Keys with an order of their own, names of others as beginnings, and text beyond ASCII.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("aa"), Just("b"), Just("0"), Just("1"), Just("10"), Just("\u{e9}"), Just("\u{1f525}")]
        .prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec(key(), 0..4).prop_map(|keys| keys.join("/"))
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Json::from),
        "[a-z\u{0}-\u{1f}\u{e9}\u{1f525}]{0,8}".prop_map(Json::from),
    ]
}

fn priority() -> impl Strategy<Value = Json> {
    prop_oneof![Just(Json::Null), any::<i32>().prop_map(Json::from), "[a-z]{1,3}".prop_map(Json::from)]
}

fn value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        2 => Just(Json::Null),
        4 => scalar(),
        2 => (scalar(), priority()).prop_map(|(value, priority)| json!({ ".value": value, ".priority": priority })),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let children = || proptest::collection::btree_map(key(), inner.clone(), 0..4);
        prop_oneof![
            3 => children().prop_map(|children| Json::Object(children.into_iter().collect())),
            1 => (children(), priority()).prop_map(|(children, priority)| {
                let mut children: serde_json::Map<_, _> = children.into_iter().collect();
                children.insert(".priority".to_owned(), priority);
                Json::Object(children)
            }),
            1 => proptest::collection::vec(inner, 0..4).prop_map(Json::Array),
        ]
    })
}

#[derive(Clone, Debug)]
enum Step {
    Set(String, Json),
    Priority(String, Json),
    Update(String, Vec<(String, Json)>),
    Clear,
    /// The process is killed; the next one goes on.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    let values = proptest::collection::vec((path(), value()), 1..4);
    prop_oneof![
        6 => (path(), value()).prop_map(|(path, value)| Step::Set(path, value)),
        3 => path().prop_map(|path| Step::Set(path, Json::Null)),
        2 => (path(), priority()).prop_map(|(path, priority)| Step::Priority(path, priority)),
        4 => (path(), values).prop_map(|(path, values)| Step::Update(path, values)),
        1 => Just(Step::Clear),
        3 => Just(Step::Kill),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_namespace_is_as_it_was(steps in proptest::collection::vec(step(), 1..40)) {
        let mut folder = tempfile::tempdir().unwrap();
        let mut database = open(folder.path()).unwrap();
        // A neighbour whose name begins with the name, and one that stays as it is.
        let kept = json!({ "a": { "b": 1 } });
        database.import("dem", &kept).unwrap();
        database.import("demo-default-rtdb", &kept).unwrap();
        for step in steps.into_iter().chain([Step::Kill]) {
            let namespace = database.namespace("demo");
            // What the database refuses changes nothing, on disk neither.
            match step {
                Step::Set(path, value) => drop(namespace.set(&admin(), &path, value, None)),
                Step::Priority(path, value) => drop(namespace.set(&admin(), &format!("{path}/.priority"), value, None)),
                Step::Update(path, values) => drop(namespace.update(&admin(), &path, values.into_iter().collect())),
                Step::Clear => namespace.clear().unwrap(),
                Step::Kill => {
                    let left = tempfile::tempdir().unwrap();
                    for entry in std::fs::read_dir(folder.path()).unwrap() {
                        let file = entry.unwrap().path();
                        if file.is_file() {
                            std::fs::copy(&file, left.path().join(file.file_name().unwrap())).unwrap();
                        }
                    }
                    let before = (namespace.root(), namespace.root().to_wire());
                    drop((namespace, database));
                    folder = left;
                    database = open(folder.path()).unwrap();
                    let root = database.namespace("demo").root();
                    prop_assert_eq!(root.to_wire(), before.1);
                    prop_assert_eq!(root.hash(), before.0.hash());
                }
            }
        }
        for neighbour in ["dem", "demo-default-rtdb"] {
            prop_assert_eq!(database.export(neighbour), kept.clone());
        }
    }
}

#[test]
fn damaged_data_are_an_error_with_their_place() {
    let change = |path: Vec<&'static str>, value: Json| crate::disk::Change { path, value };
    for (changes, words) in [
        // A leaf with something below it.
        (vec![change(vec!["a"], json!(1)), change(vec!["a", "b"], json!(2))], "demo/a/b/ is damaged"),
        (vec![change(vec!["a.b"], json!(1))], "the data of demo: "),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path()).unwrap();
        for change in changes {
            disk.write("demo", &[change]).unwrap();
        }
        drop(disk);
        let error = open(folder.path()).err().unwrap();
        assert!(error.contains("firewarden.redb") && error.contains(words), "{error}");
    }
}

#[test]
fn a_full_disk_is_told_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (disk, is_full) = Disk::limited(folder.path());
    let mut shared = Shared::in_memory(Settings { project: "demo".to_owned(), ..Settings::default() });
    shared.disk = Some(disk);
    let database = Database::new(Arc::new(shared)).unwrap();
    let namespace = database.namespace("demo");
    namespace.set(&admin(), "a", json!({ "b": 1 }), None).unwrap();
    let (subscriber, inbox) = connect(&namespace, User::Admin);
    namespace.listen(subscriber, "a", &Query::default(), None, None).unwrap();
    inbox.take();
    is_full.store(true, std::sync::atomic::Ordering::Relaxed);
    let refused = [
        namespace.set(&admin(), "a/b", json!(2), None).map(drop),
        namespace.set(&admin(), "a/b/.priority", json!(2), None).map(drop),
        namespace.update(&admin(), "a", json!({ "b": 2, "c": 3 })).map(drop),
        namespace.clear(),
    ];
    for refused in refused {
        let Err(Refused::Unavailable(words)) = refused else { panic!("{refused:?}") };
        assert!(words.contains("firewarden.redb"), "{words}");
    }
    assert_eq!(namespace.root().to_wire(), json!({ "a": { "b": 1 } }));
    assert_eq!(inbox.frames(), Vec::<String>::new());
}

#[test]
fn a_damaged_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let data: serde_json::Map<_, _> = (0..2_000).map(|n| (n.to_string(), json!("x".repeat(20)))).collect();
    open(folder.path()).unwrap().import("demo", &Json::Object(data)).unwrap();
    let good = std::fs::read(folder.path().join("firewarden.redb")).unwrap();
    // Whether the store notices depends on what is damaged; it must not bring the process down. The first page is left
    // alone: it states sizes without a checksum, which `redb` believes.
    let try_with = |damaged: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("firewarden.redb"), damaged).unwrap();
        let opened = open(folder.path());
        if let Ok(database) = &opened {
            let _ = database.import("demo", &json!(1));
        }
        opened.map(drop)
    };
    for part in 1..16 {
        let at = good.len() * part / 16;
        assert!(try_with(&good[..at]).is_err(), "cut at {at}");
        let mut damaged = good.clone();
        damaged[at..at + 4_096].fill(0x5a);
        let _ = try_with(&damaged);
    }
    assert_eq!(try_with(&good), Ok(()));
}
