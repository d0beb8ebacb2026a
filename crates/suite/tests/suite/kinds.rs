//! Suites in memory, beside the rules of `suites/kinds`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use firewarden::value::Timestamp;
use firewarden_suite::{Disk, Files, Options, Run, Suites};

pub fn clock() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// The suites there.
pub const KINDS: [(&str, &str); 3] = [
    ("storage.test.yaml", include_str!("../suites/kinds/storage.test.yaml")),
    ("firestore.test.yaml", include_str!("../suites/kinds/firestore.test.yaml")),
    ("database.test.json", include_str!("../suites/kinds/database.test.json")),
];

/// The folder of those rules.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../suite/tests/suites/kinds");

/// Files in memory over those of `tests/suites/kinds`.
pub struct Over(pub BTreeMap<PathBuf, String>);

impl Files for Over {
    fn read(&self, path: &Path) -> Result<String, String> {
        self.0.read(path).or_else(|_| Disk.read(&Path::new(FOLDER).join(path)))
    }
}

/// One suite in memory, beside the rules of `kinds/`.
pub fn load(name: &str, text: &str) -> Suites {
    let files = Over(BTreeMap::from([(PathBuf::from(name), text.to_owned())]));
    Suites::load(&files, &[PathBuf::from(name)], clock())
}

pub fn run(suites: &Suites) -> Run {
    suites.run(&Options::default(), &|_| ())
}

/// A suite in memory that has no mistake, run.
pub fn results(text: &str) -> Run {
    let suites = load("t.test.yaml", text);
    let errors: String = suites.errors.iter().map(ToString::to_string).collect();
    assert!(suites.errors.is_empty(), "{errors}");
    run(&suites)
}
