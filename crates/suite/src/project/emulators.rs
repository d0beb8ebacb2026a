//! The settings of the emulators: hosts and ports of `firebase.json`, and the projects and deploy targets of `.firebaserc`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use firewarden::{
    rules::Product,
    text::{Diagnostics, Source},
};

use crate::{
    files::{Files, shown},
    node::{self, Node, Reader},
};

use super::{ProjectError, nearest, parsed, section_of};

/// The settings of the emulators of a Firebase project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Emulators {
    /// The folder of `firebase.json`, relative to the folder in which the search began.
    pub folder: PathBuf,
    /// The settings of each emulator by its name in `firebase.json`: `database`, `storage`, `hub`, `ui`.
    pub emulators: BTreeMap<String, Emulator>,
    /// Whether `singleProjectMode` is `"error"`: requests to other projects are refused.
    pub single_project: bool,
    /// The project ids of `.firebaserc` by alias; `default` is the one that is used without an option.
    projects: BTreeMap<String, String>,
    /// The resources of deploy targets by project, section and name.
    targets: BTreeMap<(String, &'static str, String), Vec<String>>,
}

/// The settings of one emulator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Emulator {
    /// The address to listen on.
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// Whether it is switched on or off; `None` where the file does not say.
    pub enabled: Option<bool>,
}

impl Emulators {
    /// The project id for an alias or an id; without one, the project of the alias `default`.
    pub fn project(&self, name: Option<&str>) -> Option<String> {
        let known = self.projects.get(name.unwrap_or("default"));
        known.cloned().or_else(|| name.map(str::to_owned))
    }

    /// The buckets, instances or databases that a name in `firebase.json` stands for in a project: those of the deploy
    /// target with the name, or the name itself.
    pub fn resources(&self, project: &str, product: Product, name: &str) -> Vec<String> {
        let target = (project.to_owned(), section_of(product), name.to_owned());
        self.targets.get(&target).cloned().unwrap_or_else(|| vec![name.to_owned()])
    }
}

/// The settings of the emulators in the nearest `firebase.json`, in a folder or above it, and in the `.firebaserc` beside
/// it.
///
/// # Errors
///
/// There is no `firebase.json`, or one of the files cannot be read or has errors.
pub fn emulators(files: &dyn Files, folder: &Path) -> Result<Emulators, ProjectError> {
    let path = nearest(files, folder).ok_or(ProjectError::Missing)?;
    let (mut reader, root) = parsed(files, &path)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut found = Emulators { folder: folder.clone(), ..Emulators::default() };
    for (name, node) in entries(&mut reader, root.get("emulators"), "emulators") {
        // A setting of all of them.
        if name == "singleProjectMode" {
            found.single_project = matches!(&node.kind, node::Kind::Text(mode) if mode == "error");
        }
        if matches!(node.kind, node::Kind::Map(_)) {
            found.emulators.insert(name.to_owned(), emulator(&mut reader, name, node));
        }
    }
    finish(reader)?;
    let path = folder.join(".firebaserc");
    if files.has(&path) {
        read_firebaserc(files, &path, &mut found)?;
    }
    Ok(found)
}

fn emulator(reader: &mut Reader, name: &str, node: &Node) -> Emulator {
    let text = |reader: &mut Reader, key| node.get(key).and_then(|node| reader.text(node, key)).map(str::to_owned);
    let host = text(reader, "host");
    let port = node.get("port").and_then(|port| match reader.int(port, "port").map(u16::try_from) {
        Some(Ok(number)) => Some(number),
        Some(Err(_)) => {
            reader.error("wrong-value", port.span, format!("`port` of `{name}` is not between 0 and 65535"));
            None
        }
        None => None,
    });
    let enabled = node.get("enabled").and_then(|node| reader.bool(node, "enabled"));
    Emulator { host, port, enabled }
}

fn read_firebaserc(files: &dyn Files, path: &Path, found: &mut Emulators) -> Result<(), ProjectError> {
    let text = files.read(path).map_err(|why| ProjectError::Unreadable(shown(path), why))?;
    let source = Source::new(shown(path), text);
    let root = node::parse_json(&source)
        .map_err(|problem| ProjectError::Wrong(Diagnostics::new(source.clone(), vec![*problem])))?;
    let mut reader = Reader::new(source);
    for (alias, node) in entries(&mut reader, root.get("projects"), "projects") {
        if let Some(project) = reader.text(node, alias) {
            found.projects.insert(alias.to_owned(), project.to_owned());
        }
    }
    for (project, node) in entries(&mut reader, root.get("targets"), "targets") {
        for product in [Product::Storage, Product::Firestore, Product::Database] {
            let section = section_of(product);
            for (target, resources) in entries(&mut reader, node.get(section), section) {
                let node::Kind::List(resources) = &resources.kind else {
                    reader.wrong(resources, target, "a list of names");
                    continue;
                };
                let names = resources.iter().filter_map(|name| reader.text(name, target)).map(str::to_owned);
                let key = (project.to_owned(), section, target.to_owned());
                found.targets.insert(key, names.collect());
            }
        }
    }
    finish(reader)
}

/// The entries of a map; none where it is absent.
fn entries<'n>(reader: &mut Reader, node: Option<&'n Node>, what: &str) -> Vec<(&'n str, &'n Node)> {
    match node {
        None => Vec::new(),
        Some(node) => {
            if !matches!(node.kind, node::Kind::Map(_)) {
                reader.wrong(node, what, "an object");
            }
            node.entries().iter().map(|(key, value)| (key.text.as_str(), value)).collect()
        }
    }
}

fn finish(reader: Reader) -> Result<(), ProjectError> {
    let problems = reader.finish();
    if problems.has_errors() { Err(ProjectError::Wrong(problems)) } else { Ok(()) }
}
