//! What suites and the files that they share state and no test uses: a misspelt name of a seed would make tests pass
//! without it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use rustc_hash::FxHashSet;

use firewarden::{
    internals::service::split_full_name,
    rules::Rules,
    text::{Diagnostic, Diagnostics, Severity, Source, Span},
};

use super::{
    files::joined,
    load::Shared,
    node::{Kind, Node, Reader},
    paths, seeds,
};

/// What the tests of a suite ask for.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// The users who ask.
    pub(super) users: FxHashSet<String>,
    /// Objects and documents, by their keys.
    pub(super) places: FxHashSet<String>,
    /// Folders and collections that are listed, by their names.
    pub(super) folders: FxHashSet<String>,
}

/// What a file states, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Users,
    Objects,
    Documents,
}

impl Section {
    pub(super) const ALL: [Section; 3] = [Section::Users, Section::Objects, Section::Documents];

    pub(super) fn key(self) -> &'static str {
        match self {
            Section::Users => "users",
            Section::Objects => "objects",
            Section::Documents => "documents",
        }
    }

    /// The names of a map, and where they stand; what is null, and the guest whom nobody has to state, is left out.
    fn names(self, stated: &Node) -> impl Iterator<Item = (&str, Span)> {
        let stated = stated.entries().iter().filter(move |(key, value)| match self {
            Section::Users => key.text != "guest",
            _ => !matches!(value.kind, Kind::Null),
        });
        stated.map(|(key, _)| (key.text.as_str(), key.span))
    }

    /// Whether rules of that kind have such a thing.
    fn is_of(self, rules: &Rules) -> bool {
        match self {
            Section::Users => true,
            Section::Objects => matches!(rules, Rules::Storage(_)),
            Section::Documents => !matches!(rules, Rules::Database(_)),
        }
    }

    fn is_used(self, name: &str, shared: &Shared) -> bool {
        let place = if self == Section::Objects { &shared.bucket } else { &shared.database };
        self.is_used_of(name, place, &shared.used.borrow(), &shared.rules)
    }

    /// The same of names in another bucket or database, where they name none.
    fn is_used_of(self, name: &str, place: &str, used: &Used, rules: &Rules) -> bool {
        let (key, name) = match self {
            Section::Users => return used.users.contains(name),
            Section::Objects => object(name, place),
            Section::Documents => document(name, place),
        };
        let looked_up = self == Section::Documents && is_looked_up(name, rules);
        used.places.contains(&key) || used.is_listed(name) || looked_up
    }

    /// What is told of a name that is not used; `tests` are those that do not.
    fn warning(self, name: &str, span: Span, tests: &str) -> Diagnostic {
        let (code, message, hint) = match self {
            Section::Users => (
                "unused-user",
                format!("{tests} is for the user {name}"),
                "leave the user out, or name it in `as` or `expect`",
            ),
            _ => (
                "unused-seed",
                format!("{tests} asks for {}, and no rule can read it", name.strip_prefix('/').unwrap_or(name)),
                "is its name right? leave it out where no test needs it",
            ),
        };
        Diagnostic::new(code, Severity::Warning, Some(span), message).with_hint(hint)
    }
}

/// Warns of users, objects and documents that stand in the suite itself.
pub(super) fn warn(reader: &mut Reader, suite: &Node, shared: &Shared) {
    for section in Section::ALL {
        let Some(stated) = suite.get(section.key()) else { continue };
        for (name, span) in section.names(stated).filter(|(name, _)| !section.is_used(name, shared)) {
            reader.report(section.warning(name, span, "no test"));
        }
    }
}

/// Warns of objects or documents that stand in a test and that it does not use. `place` is the bucket or the database
/// of the request, `used` what the test asks for.
pub(super) fn warn_of_test(
    reader: &mut Reader,
    (section, stated): (Section, Option<&Node>),
    place: &str,
    used: &Used,
    rules: &Rules,
) {
    let names = stated.into_iter().flat_map(|stated| section.names(stated));
    for (name, span) in names.filter(|(name, _)| !section.is_used_of(name, place, used, rules)) {
        let name = name.strip_prefix('/').unwrap_or(name);
        let message = format!("the test does not ask for {name}, and no rule can read it");
        reader.warn("unused-seed", span, message, "is its name right? leave it out where the test does not need it");
    }
}

/// A section of a file that suites include or name.
#[derive(Debug)]
pub(super) struct Stated {
    pub(super) path: PathBuf,
    pub(super) source: Source,
    pub(super) section: Section,
    pub(super) node: Node,
}

/// What such files state, and whether a test of any suite uses it.
#[derive(Debug, Default)]
pub(super) struct SharedFiles(BTreeMap<PathBuf, SharedFile>);

#[derive(Debug)]
struct SharedFile {
    source: Source,
    /// By section and name: where it stands, and whether it is used.
    names: BTreeMap<(Section, String), (Span, bool)>,
}

impl SharedFiles {
    /// Notes what the tests of a suite use of a section, where their rules have such a thing.
    pub(super) fn note(&mut self, stated: Stated, shared: &Shared) {
        let Stated { path, source, section, node } = stated;
        if !section.is_of(&shared.rules) {
            return;
        }
        let file = self.0.entry(path).or_insert_with(|| SharedFile { source, names: BTreeMap::new() });
        for (name, span) in section.names(&node) {
            let (_, used) = file.names.entry((section, name.to_owned())).or_insert((span, false));
            *used |= section.is_used(name, shared);
        }
    }

    /// The files that stand below one of the folders, each with warnings of what no test uses.
    pub(super) fn unused(&self, folders: &[PathBuf]) -> Vec<Diagnostics> {
        let below = |path: &Path| folders.iter().any(|folder| is_below(path, &joined(folder, "")));
        let files = self.0.iter().filter(|(path, _)| below(path)).map(|(_, file)| file);
        let warnings = files.map(|SharedFile { source, names }| {
            let unused = names.iter().filter(|(_, (_, used))| !used);
            let mut warnings: Vec<_> = unused
                .map(|((section, name), (span, _))| {
                    section.warning(name, *span, "no test of the suites that share this file")
                })
                .collect();
            warnings.sort_by_key(|warning| warning.span.map(|span| span.start));
            Diagnostics::new(source.clone(), warnings)
        });
        warnings.filter(|warnings| !warnings.is_empty()).collect()
    }
}

/// Whether a file stands in a folder or below it; the folder is empty where it is this one.
fn is_below(path: &Path, folder: &Path) -> bool {
    let here = folder.as_os_str().is_empty() && !path.is_absolute() && !path.starts_with("..");
    here || !folder.as_os_str().is_empty() && path.starts_with(folder)
}

impl Used {
    /// Whether a list is about the folder or the collection that holds it.
    fn is_listed(&self, name: &str) -> bool {
        self.folders.iter().any(|folder| folder.is_empty() || format!("/{name}").contains(&format!("/{folder}/")))
    }
}

fn object<'k>(key: &'k str, bucket: &'k str) -> (String, &'k str) {
    let (bucket, name) = paths::in_bucket(key).unwrap_or((bucket, key));
    let name = name.strip_prefix('/').unwrap_or(name);
    (seeds::key(bucket, name), name)
}

fn document<'k>(key: &'k str, database: &'k str) -> (String, &'k str) {
    let name = paths::without_project(key.strip_prefix('/').unwrap_or(key));
    let (database, name) = split_full_name(name).unwrap_or((database, name));
    (seeds::key(database, name), name)
}

/// Whether `get()`, `exists()` and the like could read it: the rules call one of them, and name its collection or none.
fn is_looked_up(name: &str, rules: &Rules) -> bool {
    let text = rules.source().text();
    let calls = ["get(", "exists(", "getAfter(", "existsAfter("].iter().any(|call| text.contains(call));
    let any = text.contains("documents/$(") || text.contains("path(");
    calls && (any || name.rsplit('/').nth(1).is_some_and(|collection| text.contains(collection)))
}
