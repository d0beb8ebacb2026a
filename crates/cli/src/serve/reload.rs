//! Loads rules files, at the start and whenever one changes.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    time::Duration,
};

use firewarden::{
    rules::{Product, Rules},
    text::Source,
};
use firewarden_server::Server;
use notify_debouncer_mini::{
    DebounceEventResult, Debouncer, new_debouncer,
    notify::{RecommendedWatcher, RecursiveMode},
};
use tokio::sync::{Mutex, mpsc};

use crate::{
    input::{self, InputError},
    output::Output,
};

use super::plan::{Plan, PlannedRules};

/// Editors write a file in several steps.
const SETTLED: Duration = Duration::from_millis(100);

/// The text of a rules file, or why it cannot be read.
type Text = Result<String, String>;

/// Watches the folders of rules files.
pub(super) struct Reload {
    changes: Mutex<mpsc::UnboundedReceiver<Vec<PathBuf>>>,
    /// The texts that are loaded: reading a file is an event, too.
    loaded: std::sync::Mutex<HashMap<(PathBuf, Product), Text>>,
    /// Watching ends with it.
    _debouncer: Debouncer<RecommendedWatcher>,
}

impl Reload {
    pub(super) fn new(plan: &Plan) -> Result<Self, InputError> {
        let failed = |error: notify_debouncer_mini::notify::Error| InputError(format!("cannot watch files: {error}"));
        let (sender, changes) = mpsc::unbounded_channel();
        let told = move |events: DebounceEventResult| {
            let paths = events.map(|events| events.into_iter().map(|event| event.path).collect());
            // The receiver is gone only at the end.
            let _ = sender.send(paths.unwrap_or_default());
        };
        let mut debouncer = new_debouncer(SETTLED, told).map_err(failed)?;
        // A folder, because editors replace files.
        let folders: BTreeSet<PathBuf> = plan.rules.iter().map(|rules| folder(&rules.path)).collect();
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            debouncer.watcher().watch(folder, RecursiveMode::NonRecursive).map_err(failed)?;
        }
        Ok(Reload { changes: Mutex::new(changes), loaded: std::sync::Mutex::default(), _debouncer: debouncer })
    }

    /// The files that changed next.
    pub(super) async fn changed(&self) -> Vec<PathBuf> {
        match self.changes.lock().await.recv().await {
            Some(changed) => changed,
            None => std::future::pending().await,
        }
    }

    /// Loads all rules files.
    pub(super) fn load_all(&self, server: &Server, plan: &Plan, output: &mut Output) {
        for rules in &plan.rules {
            if let Some(text) = self.news(rules) {
                load(server, &plan.project, rules, text, output);
            }
        }
    }

    /// Loads the rules files that are among those which changed.
    pub(super) fn load(&self, server: &Server, plan: &Plan, changed: &[PathBuf], output: &mut Output) {
        let names: BTreeSet<_> = changed.iter().filter_map(|path| Some((folder(path), path.file_name()?))).collect();
        let is_named = |path: &Path| path.file_name().is_some_and(|name| names.contains(&(folder(path), name)));
        for rules in plan.rules.iter().filter(|rules| is_named(&rules.path)) {
            let Some(text) = self.news(rules) else { continue };
            if load(server, &plan.project, rules, text, output) {
                output.note(&format!("loaded {}", rules.path.display()));
            }
        }
    }

    /// The text of a file, if it is not the one that is loaded.
    fn news(&self, rules: &PlannedRules) -> Option<Text> {
        let text = input::text(&rules.path).map_err(|why| why.to_string());
        let file = (rules.path.clone(), rules.product);
        let mut loaded = self.loaded.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if loaded.get(&file) == Some(&text) {
            return None;
        }
        loaded.insert(file, text.clone());
        Some(text)
    }
}

/// Loads a rules file; says whether it is valid. What cannot be read denies everything, like what cannot be compiled.
fn load(server: &Server, project: &str, rules: &PlannedRules, text: Text, output: &mut Output) -> bool {
    // Empty text is refused.
    let source = Source::new(input::name(&rules.path), text.as_deref().unwrap_or_default());
    let mut is_valid = true;
    for resource in &rules.resources {
        let resource = resource.as_deref();
        is_valid &= match rules.product {
            Product::Database => server.set_database_rules(resource.unwrap_or(project), &source).is_ok(),
            Product::Storage => server.set_storage_rules(resource, &source).is_ok(),
            Product::Firestore => server.set_firestore_rules(project, resource.unwrap_or("(default)"), &source).is_ok(),
        };
    }
    match text {
        Err(why) => output.error(&format!("{why}; everything is denied until the file can be read")),
        Ok(_) => {
            let problems = Rules::problems(&source, Some(rules.product));
            if !problems.is_empty() {
                output.problems(&problems.to_string());
            }
            if !is_valid {
                output.error(&format!("{} is refused; everything is denied until it is mended", rules.path.display()));
            }
        }
    }
    is_valid
}

fn folder(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned())
}
