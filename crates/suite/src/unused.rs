//! Warns of users, objects and documents that no test uses: a test could pass because the name of a seed is misspelt.

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
    load::SuiteContext,
    node::{Kind, Node, Reader},
    paths, seeds,
};

/// The fixtures that tests use.
#[derive(Debug, Default)]
pub(super) struct FixtureUsage {
    /// The names of the users that sign in.
    pub(super) users: FxHashSet<String>,
    /// The keys of requested objects and documents.
    pub(super) keys: FxHashSet<String>,
    /// The names of listed folders and collections.
    pub(super) folders: FxHashSet<String>,
}

/// A section of a file that declares entries by name.
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

    /// The declared names and their spans. Null entries, and the user `guest`, need not be used.
    fn names(self, stated: &Node) -> impl Iterator<Item = (&str, Span)> {
        let stated = stated.entries().iter().filter(move |(key, value)| match self {
            Section::Users => key.text != "guest",
            _ => !matches!(value.kind, Kind::Null),
        });
        stated.map(|(key, _)| (key.text.as_str(), key.span))
    }

    /// Whether rules of this product use the section.
    fn is_of(self, rules: &Rules) -> bool {
        match self {
            Section::Users => true,
            Section::Objects => matches!(rules, Rules::Storage(_)),
            Section::Documents => !matches!(rules, Rules::Database(_)),
        }
    }

    fn is_used(self, name: &str, shared: &SuiteContext) -> bool {
        let container = if self == Section::Objects { &shared.bucket } else { &shared.database };
        self.is_used_in(name, container, &shared.used.borrow(), &shared.rules)
    }

    /// Whether an entry is used; `container` is the bucket or database of names that state none.
    fn is_used_in(self, name: &str, container: &str, used: &FixtureUsage, rules: &Rules) -> bool {
        let (key, name) = match self {
            Section::Users => return used.users.contains(name),
            Section::Objects => object(name, container),
            Section::Documents => document(name, container),
        };
        let looked_up = self == Section::Documents && is_looked_up(name, rules);
        used.keys.contains(&key) || used.is_listed(name) || looked_up
    }

    /// The warning about an unused entry; `tests` are the tests that do not use it.
    fn warning(self, name: &str, span: Span, tests: &str) -> Diagnostic {
        let (code, message, hint) = match self {
            Section::Users => (
                "unused-user",
                format!("{tests} uses the user `{name}`"),
                "remove the user, or name it in `as` or `expect`",
            ),
            _ => (
                "unused-seed",
                format!("{tests} requests `{}`, and no rule can read it", name.strip_prefix('/').unwrap_or(name)),
                "correct the name, or remove the entry",
            ),
        };
        Diagnostic::new(code, Severity::Warning, Some(span), message).with_hint(hint)
    }
}

/// Warns of unused entries of the suite itself.
pub(super) fn warn(reader: &mut Reader, suite: &Node, shared: &SuiteContext) {
    for section in Section::ALL {
        let Some(stated) = suite.get(section.key()) else { continue };
        for (name, span) in section.names(stated).filter(|(name, _)| !section.is_used(name, shared)) {
            reader.report(section.warning(name, span, "no test"));
        }
    }
}

/// Warns of objects or documents that a test declares and does not use. `container` is the bucket or the database of
/// the request, `used` what the test uses.
pub(super) fn warn_of_test(
    reader: &mut Reader,
    section: Section,
    stated: Option<&Node>,
    container: &str,
    used: &FixtureUsage,
    rules: &Rules,
) {
    let names = stated.into_iter().flat_map(|stated| section.names(stated));
    for (name, span) in names.filter(|(name, _)| !section.is_used_in(name, container, used, rules)) {
        let name = name.strip_prefix('/').unwrap_or(name);
        let message = format!("the test does not request `{name}`, and no rule can read it");
        reader.warn("unused-seed", span, message, "correct the name, or remove the entry");
    }
}

/// A section of a file that a suite includes or names.
#[derive(Debug)]
pub(super) struct SharedSection {
    pub(super) path: PathBuf,
    pub(super) source: Source,
    pub(super) section: Section,
    pub(super) node: Node,
}

/// The entries of shared files, and whether any suite uses them.
#[derive(Debug, Default)]
pub(super) struct SharedFiles(BTreeMap<PathBuf, SharedFile>);

#[derive(Debug)]
struct SharedFile {
    source: Source,
    entries: BTreeMap<(Section, String), SharedEntry>,
}

/// An entry of a shared file.
#[derive(Debug)]
struct SharedEntry {
    span: Span,
    is_used: bool,
}

impl SharedFiles {
    /// Records which entries of a section the tests of a suite use, if its rules have such entries.
    pub(super) fn record(&mut self, stated: SharedSection, shared: &SuiteContext) {
        let SharedSection { path, source, section, node } = stated;
        if !section.is_of(&shared.rules) {
            return;
        }
        let file = self.0.entry(path).or_insert_with(|| SharedFile { source, entries: BTreeMap::new() });
        for (name, span) in section.names(&node) {
            let entry = file.entries.entry((section, name.to_owned()));
            entry.or_insert(SharedEntry { span, is_used: false }).is_used |= section.is_used(name, shared);
        }
    }

    /// Warnings about the unused entries of the files below the given folders.
    pub(super) fn unused(&self, folders: &[PathBuf]) -> Vec<Diagnostics> {
        let below = |path: &Path| folders.iter().any(|folder| is_below(path, &joined(folder, "")));
        let files = self.0.iter().filter(|(path, _)| below(path)).map(|(_, file)| file);
        let warnings = files.map(|SharedFile { source, entries }| {
            let unused = entries.iter().filter(|(_, entry)| !entry.is_used);
            let mut warnings: Vec<_> = unused
                .map(|((section, name), SharedEntry { span, .. })| {
                    section.warning(name, *span, "no test of the suites that share this file")
                })
                .collect();
            warnings.sort_by_key(|warning| warning.span.map(|span| span.start));
            Diagnostics::new(source.clone(), warnings)
        });
        warnings.filter(|warnings| !warnings.is_empty()).collect()
    }
}

/// Whether a file is in a folder or below it. An empty path is the current folder.
fn is_below(path: &Path, folder: &Path) -> bool {
    let here = folder.as_os_str().is_empty() && !path.is_absolute() && !path.starts_with("..");
    here || !folder.as_os_str().is_empty() && path.starts_with(folder)
}

impl FixtureUsage {
    /// Whether a list covers the folder or the collection of a name.
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

/// Whether the rules could read a document with `get()`, `exists()` and the like: they call one of these with its
/// collection, or with a computed path.
fn is_looked_up(name: &str, rules: &Rules) -> bool {
    let text = rules.source().text();
    let calls = ["get(", "exists(", "getAfter(", "existsAfter("].iter().any(|call| text.contains(call));
    let any = text.contains("documents/$(") || text.contains("path(");
    calls && (any || name.rsplit('/').nth(1).is_some_and(|collection| text.contains(collection)))
}
