//! The Firebase project in a folder: the rules files that `firebase.json` names, and the settings of its emulators.

mod emulators;

use std::path::{Path, PathBuf};

use firewarden::{
    rules::Product,
    text::{Diagnostic, Diagnostics, Source, Span},
};

use crate::{
    files::{Files, joined, shown},
    node::{self, Kind, Node, Reader},
};

pub use emulators::{Emulator, Emulators, emulators};

/// A rules file that `firebase.json` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesFile {
    /// The path, relative to the folder in which the search for `firebase.json` began.
    pub path: PathBuf,
    /// What the file is deployed to, in the order of `firebase.json`; never empty.
    pub targets: Vec<Target>,
}

/// What a rules file is deployed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The product.
    pub product: Product,
    /// The database, bucket, instance or deploy target, if `firebase.json` names one.
    pub name: Option<String>,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} {name}", self.product),
            None => self.product.fmt(f),
        }
    }
}

/// Why `firebase.json` gives no rules.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// Neither the folder nor one above it has the file.
    #[error("no firebase.json in this folder or above it")]
    Missing,
    /// The file cannot be read: its path and the reason.
    #[error("{0}: {1}")]
    Unreadable(String, String),
    /// The file has errors.
    #[error("{0}")]
    Wrong(Diagnostics),
    /// The file names no rules: its path.
    #[error("{0} names no rules for storage, firestore or database")]
    Empty(String),
}

/// The sections of `firebase.json`, the keys that distinguish their entries, and the products.
const SECTIONS: [(&str, &[&str], Product); 3] = [
    ("storage", &["target", "bucket"], Product::Storage),
    ("firestore", &["database", "target"], Product::Firestore),
    ("database", &["target", "instance"], Product::Database),
];

/// The number of folders above a relative folder that are searched.
const MAX_ABOVE: usize = 64;

/// The rules files that the nearest `firebase.json` names, in a folder or above it; each file once.
///
/// # Errors
///
/// See [`ProjectError`].
pub fn project(files: &dyn Files, folder: &Path) -> Result<Vec<RulesFile>, ProjectError> {
    let path = nearest(files, folder).ok_or(ProjectError::Missing)?;
    let (mut reader, root) = parsed(files, &path)?;
    let mut found = Vec::new();
    let folder = path.parent().unwrap_or(Path::new(""));
    for (section, keys, product) in SECTIONS {
        let Some(node) = root.get(section) else { continue };
        let entries = match &node.kind {
            Kind::List(entries) => entries.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for entry in entries {
            let Some(rules) = entry.get("rules") else { continue };
            let Some(file) = reader.text(rules, "rules") else { continue };
            let target = Target { product, name: name(entry, keys) };
            add(&mut found, joined(folder, file), target);
        }
    }
    let problems = reader.finish();
    match (problems.has_errors(), found.is_empty()) {
        (true, _) => Err(ProjectError::Wrong(problems)),
        (false, true) => Err(ProjectError::Empty(shown(&path))),
        (false, false) => Ok(found),
    }
}

/// The root of `firebase.json`, and the reader that collects its problems.
fn parsed(files: &dyn Files, path: &Path) -> Result<(Reader, Node), ProjectError> {
    let text = files.read(path).map_err(|why| ProjectError::Unreadable(shown(path), why))?;
    let source = Source::new(shown(path), text);
    let root = node::parse(&source).map_err(|problem| {
        let problem = Diagnostic { code: "json-syntax", ..*problem };
        ProjectError::Wrong(Diagnostics::new(source.clone(), vec![problem]))
    })?;
    let mut reader = Reader::new(source);
    if !matches!(root.kind, Kind::Map(_)) {
        match reader.source.text().trim().is_empty() {
            true => reader.error("wrong-value", root.span, "firebase.json is empty; expected an object"),
            false => reader.wrong(&root, "firebase.json", "an object"),
        }
    }
    Ok((reader, root))
}

/// The section of `firebase.json` for a product.
fn section_of(product: Product) -> &'static str {
    SECTIONS.iter().find(|(_, _, of)| *of == product).map_or("", |(section, ..)| section)
}

/// Why there are no rules for a suite that names none.
pub(crate) enum NoRules {
    /// The rest of the message that the suite names none.
    NotNamed(String),
    /// The errors of `firebase.json`.
    Wrong(Diagnostics),
    /// The file that cannot be read, and the reason.
    Unreadable(String),
}

impl NoRules {
    /// Reports that the suite has no rules. Returns the errors of `firebase.json`, which belong to another file.
    pub(crate) fn report(self, reader: &mut Reader, suite: &Node) -> Option<Diagnostics> {
        match self {
            NoRules::Wrong(problems) => {
                let message = "the suite names no rules, and firebase.json has errors";
                reader.error("wrong-file", Span::default(), message);
                return Some(problems);
            }
            NoRules::Unreadable(why) => {
                let message = format!("the suite names no rules, and {why}");
                reader.error("unreadable-file", Span::default(), message);
            }
            NoRules::NotNamed(why) => {
                let message = format!("missing `rules`, such as `rules: storage.rules`{why}");
                reader.missing_at(suite, Span::default(), message);
            }
        }
        None
    }
}

/// The rules of a suite that names none: the only file of `firebase.json`, or its only file for the product.
pub(crate) fn of_suite(
    files: &dyn Files,
    suite: &Path,
    product: Option<Product>,
) -> Result<(PathBuf, Product), NoRules> {
    let folder = suite.parent().unwrap_or(Path::new(""));
    let named = project(files, folder).map_err(|error| match error {
        ProjectError::Missing => NoRules::NotNamed(String::new()),
        ProjectError::Wrong(problems) => NoRules::Wrong(problems),
        ProjectError::Unreadable(path, why) => NoRules::Unreadable(format!("{path} cannot be read: {why}")),
        error => NoRules::NotNamed(format!("; {error}")),
    })?;
    let fits = |target: &&Target| product.is_none_or(|product| target.product == product);
    let chosen: Vec<_> = named.iter().filter_map(|n| Some((&n.path, n.targets.iter().find(fits)?.product))).collect();
    match chosen.as_slice() {
        [(path, product)] => Ok(((*path).clone(), *product)),
        [] => Err(NoRules::NotNamed("; firebase.json names no rules for that service".to_owned())),
        several => {
            let names: Vec<_> = several.iter().map(|(path, _)| shown(path)).collect();
            let why = format!("; firebase.json names several: {}; state `service:` to select one", names.join(", "));
            Err(NoRules::NotNamed(why))
        }
    }
}

fn name(entry: &Node, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| entry.get(key)).and_then(Node::as_text).map(str::to_owned)
}

fn add(found: &mut Vec<RulesFile>, path: PathBuf, target: Target) {
    match found.iter_mut().find(|named| named.path == path) {
        Some(named) if named.targets.contains(&target) => {}
        Some(named) => named.targets.push(target),
        None => found.push(RulesFile { path, targets: vec![target] }),
    }
}

/// The path of the nearest `firebase.json`, in the folder or above it. The search continues with `..` above a relative
/// folder.
fn nearest(files: &dyn Files, folder: &Path) -> Option<PathBuf> {
    let climbed = folder.components().take_while(|part| *part == std::path::Component::ParentDir).count();
    let within = folder.ancestors().filter(|at| !at.ends_with("..") && (climbed == 0 || *at != Path::new("")));
    let steps = if folder.is_relative() { climbed.max(1)..MAX_ABOVE } else { 0..0 };
    let above = steps.map(|steps| PathBuf::from("../".repeat(steps)));
    within.map(Path::to_owned).chain(above).map(|at| at.join("firebase.json")).find(|path| files.has(path))
}
