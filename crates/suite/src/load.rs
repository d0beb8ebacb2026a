//! Loads suites: the files that a suite includes, its rules, users and seeds, and then its tests.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use firewarden::{
    database::{Data, Transport},
    rules::{Product, Rules, RulesError},
    text::{Diagnostics, Source, Span},
    value::Timestamp,
};

use super::{
    LoadError,
    case::{self, Case},
    file_reader::{FileReader, inline},
    files::{Files, shown},
    node::{self, Node},
    project::{self, NoRules},
    seeds::{self, DocumentMap, ObjectMap, Seeds},
    suite_file::{self, SuiteFile},
    synonyms::Vocabulary,
    unused::{self, FixtureUsage, Section, SharedFiles, SharedSection},
    users::User,
};

/// A loaded suite, ready to run.
#[derive(Debug)]
pub struct Suite {
    pub(super) source: Source,
    /// The index of its rules in [`Suites::rules`].
    pub(super) rules: usize,
    pub(super) cases: Vec<Case>,
    pub(super) seeds: Seeds,
}

/// Loaded suites with the rules they share, and the errors of those that could not be loaded.
#[derive(Debug, Default)]
pub struct Suites {
    /// In the order of their paths.
    pub(super) suites: Vec<Suite>,
    pub(super) rules: Vec<Rules>,
    /// The number of suites that were requested.
    pub(super) requested: usize,
    /// The errors of suites that cannot be run.
    pub errors: Vec<LoadError>,
    /// Warnings, grouped by file.
    pub warnings: Vec<Diagnostics>,
    /// The entries of shared files, and which of them are used.
    shared: SharedFiles,
    /// Suites, and files that they include, that contain rules.
    with_rules: HashSet<PathBuf>,
    /// Every file that was read or looked for, in the order of the first access: the files that a watcher watches.
    pub read: Vec<PathBuf>,
}

impl Suites {
    /// Loads suites and all files that they name. `now` is the clock of suites that state none.
    pub fn load(files: &dyn Files, paths: &[PathBuf], now: Timestamp) -> Self {
        let mut loader = Loader {
            files,
            now,
            compiled: HashMap::new(),
            loaded: Suites::default(),
            refused: HashSet::new(),
            stated: Vec::new(),
        };
        loader.loaded.requested = paths.len();
        for path in paths {
            loader.suite(path);
        }
        loader.loaded
    }

    /// Adds warnings for users, objects and documents in shared files (included, or named as seeds) that no test of
    /// these suites uses. Suites that were not loaded may use them, so this checks only shared files below `folders`,
    /// all of whose suites must be loaded, and nothing if a suite cannot be run.
    pub fn warn_unused_shared(&mut self, folders: &[PathBuf]) {
        if self.errors.is_empty() {
            self.warnings.extend(self.shared.unused(folders));
        }
    }

    /// The seeds of each suite, in the order of their paths.
    pub fn seeds(&self) -> impl Iterator<Item = &Seeds> {
        self.suites.iter().map(|suite| &suite.seeds)
    }

    /// The number of tests; a test for several users or methods counts once for each.
    pub fn tests(&self) -> usize {
        self.suites.iter().map(|suite| suite.cases.len()).sum()
    }

    /// The warnings about suites and the files that they name, without those about rules. `--strict` turns these into
    /// failures.
    pub fn suite_warnings(&self) -> impl Iterator<Item = &Diagnostics> {
        self.warnings.iter().filter(|found| !self.is_of_rules(found.source()))
    }

    /// Whether a source is one of the rules. Rules inside a suite have the suite's name and their own text.
    pub(crate) fn is_of_rules(&self, text: &Source) -> bool {
        let same = |rules: &Source| rules.name() == text.name() && rules.text() == text.text();
        self.rules.iter().any(|rules| same(rules.source()))
    }

    /// Whether a source is a rules file, as opposed to rules inside a suite.
    pub fn is_rules_file(&self, text: &Source) -> bool {
        self.is_of_rules(text) && !self.with_rules.contains(Path::new(text.name()))
    }
}

/// What all tests of a suite share.
pub(super) struct SuiteContext {
    pub(super) rules: Rules,
    pub(super) now: Timestamp,
    pub(super) bucket: String,
    pub(super) database: String,
    pub(super) transport: Transport,
    pub(super) users: BTreeMap<String, User>,
    /// The project in which users sign in.
    pub(super) project: String,
    pub(super) objects: Arc<ObjectMap>,
    pub(super) documents: Arc<DocumentMap>,
    pub(super) data: Arc<Data>,
    /// The fixtures that the tests read so far use.
    pub(super) used: RefCell<FixtureUsage>,
}

/// The largest depth of includes.
const MAX_INCLUDES: usize = 16;
/// The largest number of files that a suite includes, directly and indirectly.
const MAX_INCLUDED: usize = 256;

struct Loader<'f> {
    files: &'f dyn Files,
    now: Timestamp,
    /// Compiled rules by path and requested product.
    compiled: HashMap<(PathBuf, Option<Product>), usize>,
    loaded: Suites,
    /// Rules that were refused and reported.
    refused: HashSet<PathBuf>,
    /// The sections of files that the current suite shares with others.
    stated: Vec<SharedSection>,
}

impl<'f> Loader<'f> {
    fn suite(&mut self, path: &Path) {
        self.loaded.read.push(path.to_owned());
        let text = match self.files.read(path) {
            Ok(text) => text,
            Err(why) => return self.loaded.errors.push(LoadError::Unreadable(path.to_owned(), why)),
        };
        let source = Source::new(shown(path), text);
        let mut files = Vec::new();
        let mut include_stack = vec![path.to_owned()];
        self.parse_with_includes(path, source.clone(), &mut files, &mut include_stack);
        self.stated.clear();
        let suite = self.read(source, &mut files);
        let mut refused = false;
        for file in files {
            self.record_read(&file.reading);
            refused |= self.keep_problems(file.reading.reader.finish());
        }
        if let Some(suite) = suite.filter(|_| !refused) {
            self.loaded.suites.push(suite);
        }
    }

    fn record_read(&mut self, reading: &FileReader<'_>) {
        for path in &reading.requested {
            if !self.loaded.read.contains(path) {
                self.loaded.read.push(path.clone());
            }
        }
    }

    /// Stores the diagnostics of a file; returns whether they refuse the suite.
    fn keep_problems(&mut self, problems: Diagnostics) -> bool {
        let refused = problems.has_errors();
        // A file that several suites include is reported once.
        let source = problems.source();
        // Rules inside a suite have the suite's name and their own text.
        let same =
            |known: &Diagnostics| known.source().name() == source.name() && known.source().text() == source.text();
        if refused {
            let told = |error: &LoadError| matches!(error, LoadError::Suite(known) if same(known));
            if !self.loaded.errors.iter().any(told) {
                self.loaded.errors.push(LoadError::Suite(problems));
            }
        } else if !problems.is_empty() && !self.loaded.warnings.iter().any(same) {
            self.loaded.warnings.push(problems);
        }
        refused
    }

    /// Parses the files that a file includes, then the file itself.
    fn parse_with_includes(
        &mut self,
        path: &Path,
        source: Source,
        files: &mut Vec<SuiteFile<'f>>,
        include_stack: &mut Vec<PathBuf>,
    ) {
        let mut reading = FileReader::new(self.files, path, source);
        let node = match node::parse(&reading.reader.source) {
            Ok(node) => node,
            Err(problem) => {
                reading.reader.report(*problem);
                Node { kind: node::Kind::Null, span: Span::default(), tag: None, plain: false }
            }
        };
        let include = node.get("include").cloned();
        let names: Vec<Node> = match include.map(|node| (node.kind.clone(), node)) {
            None => Vec::new(),
            Some((node::Kind::List(names), _)) => names,
            Some((_, name)) => vec![name],
        };
        for name in names {
            let Some((path, text)) = reading.read_named(&name, "include") else { continue };
            if include_stack.contains(&path) {
                let message = format!("`{}` includes itself through this file", shown(&path));
                reading.reader.error("include-cycle", name.span, message);
                continue;
            }
            if include_stack.len() > MAX_INCLUDES || files.len() > MAX_INCLUDED {
                let message =
                    format!("includes nest deeper than {MAX_INCLUDES} levels, or exceed {MAX_INCLUDED} files");
                reading.reader.error("include-cycle", name.span, message);
                continue;
            }
            // A file that is included twice is read once.
            if files.iter().any(|file| file.path == path) {
                continue;
            }
            let source = Source::new(shown(&path), text);
            include_stack.push(path.clone());
            self.parse_with_includes(&path, source, files, include_stack);
            include_stack.pop();
        }
        files.push(SuiteFile { path: path.to_owned(), reading, node });
    }

    fn read(&mut self, source: Source, files: &mut [SuiteFile<'f>]) -> Option<Suite> {
        let last = files.len() - 1;
        let rules = self.rules(files);
        for (at, file) in files.iter_mut().enumerate() {
            let reader = &mut file.reading.reader;
            reader.product = rules.as_ref().map(|(_, rules)| rules.product());
            if !file.node.is_null() {
                let what = if at == last { "a suite" } else { "an included file" };
                reader.fields_of(Vocabulary::Suite, &file.node, what, &suite_file::KEYS);
            } else if !reader.has_problems() {
                reader.error(
                    "missing-key",
                    Span::default(),
                    "the file is empty; expected a suite with `rules` and `tests`",
                );
            }
            if at < last
                && let Some(tests) = file.node.get("tests")
            {
                reader.error("misplaced-key", tests.span, "`tests` does not apply to an included file");
            }
        }
        let (rules, compiled) = rules?;
        let now = suite_file::clock(files, self.now);
        let mut shared = SuiteContext {
            rules: compiled,
            now,
            bucket: suite_file::last_name(files, "bucket").unwrap_or_else(|| seeds::DEFAULT_BUCKET.to_owned()),
            database: suite_file::last_name(files, "database").unwrap_or_else(|| "(default)".to_owned()),
            transport: Transport::default(),
            users: BTreeMap::new(),
            project: suite_file::last_text(files, "project").unwrap_or_else(|| "demo-project".to_owned()),
            objects: Arc::default(),
            documents: Arc::default(),
            data: Arc::default(),
            used: RefCell::default(),
        };
        for (at, file) in files.iter_mut().enumerate() {
            self.add_fixtures(file, at < last, &mut shared);
        }
        let file = files.last_mut()?;
        let reading = &mut file.reading;
        let cases = match file.node.get("tests") {
            None if file.node.is_null() => Vec::new(),
            None => {
                let message = "missing `tests`, a list; only included files have none";
                reading.reader.missing_at(&file.node, Span::default(), message);
                Vec::new()
            }
            Some(tests) => case::read_all(reading, tests, &shared),
        };
        if !cases.is_empty() && reading.reader.errors() == 0 {
            unused::warn(&mut reading.reader, &file.node, &shared);
            for stated in self.stated.drain(..) {
                self.loaded.shared.record(stated, &shared);
            }
        }
        let SuiteContext { objects, documents, data, .. } = shared;
        Some(Suite { source, rules, cases, seeds: Seeds { objects, documents, data } })
    }

    /// Compiles the rules that the last file with `rules` names.
    fn rules(&mut self, files: &mut [SuiteFile<'f>]) -> Option<(usize, Rules)> {
        let product = suite_file::last_text(files, "service");
        let product = match product.as_deref() {
            None => None,
            Some("storage" | firewarden::storage::SERVICE) => Some(Product::Storage),
            Some("firestore" | firewarden::firestore::SERVICE) => Some(Product::Firestore),
            Some("database") => Some(Product::Database),
            Some(other) => {
                let file = files.iter_mut().rev().find(|file| file.node.get("service").is_some())?;
                let span = file.node.get("service").map_or(Span::default(), |node| node.span);
                let message = format!("unknown service `{other}`; expected storage, firestore or database");
                file.reading.reader.error("wrong-value", span, message);
                return None;
            }
        };
        let Some(file) =
            files.iter_mut().rev().find(|file| file.node.get("rules").is_some_and(|rules| !rules.is_null()))
        else {
            let file = files.last_mut().filter(|file| !file.node.is_null())?;
            let found = project::of_suite(self.files, &file.path, product).and_then(|(path, product)| {
                file.reading.requested.push(path.clone());
                let text = self.files.read(&path).map_err(|why| {
                    NoRules::Unreadable(format!("{}, which firebase.json names, cannot be read: {why}", shown(&path)))
                })?;
                Ok((path, text, product))
            });
            return match found {
                Ok((path, text, product)) => {
                    self.compile(path, text, Some(product), Span::default(), &mut file.reading.reader)
                }
                Err(why) => {
                    if let Some(problems) = why.report(&mut file.reading.reader, &file.node) {
                        self.keep_problems(problems);
                    }
                    None
                }
            };
        };
        let SuiteFile { reading, node, .. } = file;
        let rules = node.get("rules")?;
        // A text of several lines is the rules themselves, not the name of a file.
        let (path, text) = match rules.as_text() {
            Some(text) if text.contains('\n') => {
                let (name, text) = inline(&reading.reader.source, rules.span, text);
                self.loaded.with_rules.insert(PathBuf::from(shown(&name)));
                (name, text)
            }
            _ => reading.read_named(rules, "rules")?,
        };
        self.compile(path, text, product, rules.span, &mut reading.reader)
    }

    /// Compiles the rules of a file once; returns them with their index.
    fn compile(
        &mut self,
        path: PathBuf,
        text: String,
        product: Option<Product>,
        span: Span,
        reader: &mut node::Reader,
    ) -> Option<(usize, Rules)> {
        let key = (path.clone(), product);
        if let Some(at) = self.compiled.get(&key) {
            return Some((*at, self.loaded.rules.get(*at)?.clone()));
        }
        match Rules::parse(&Source::new(shown(&path), text), product) {
            Ok(rules) => {
                let at = self.loaded.rules.len();
                self.loaded.warnings.extend(Some(rules.warnings().clone()).filter(|warnings| !warnings.is_empty()));
                self.loaded.rules.push(rules.clone());
                self.compiled.insert(key, at);
                Some((at, rules))
            }
            Err(RulesError::Refused(refused)) => {
                if self.refused.insert(path) {
                    self.loaded.errors.push(LoadError::Rules(refused));
                }
                None
            }
            Err(RulesError::Product(why)) => {
                reader.error("wrong-value", span, format!("{}: {why}", shown(&path)));
                None
            }
        }
    }

    /// Adds the users and seeds of a file, which replace those of the same name.
    fn add_fixtures(&mut self, file: &mut SuiteFile<'f>, included: bool, shared: &mut SuiteContext) {
        let SuiteFile { reading, node, path } = file;
        if included {
            for section in Section::ALL {
                let stated = node.get(section.key()).filter(|stated| !stated.entries().is_empty()).cloned();
                let source = reading.reader.source.clone();
                self.stated.extend(stated.map(|node| SharedSection { path: path.clone(), source, section, node }));
            }
        }
        self.section(reading, node.get("users"), "users", |reading, users| {
            if !matches!(users.kind, node::Kind::Map(_)) {
                reading.reader.wrong(users, "users", "a map from names to users");
            }
            for (key, user) in users.entries() {
                if key.text == "guest" && !user.is_null() {
                    reading.reader.error(
                        "wrong-value",
                        key.span,
                        "`guest` is the user who is not signed in; choose another name",
                    );
                }
                let user = User::read(reading, &key.text, user, &shared.project);
                shared.users.insert(key.text.clone(), user);
            }
        });
        let (now, bucket, name) = (shared.now, shared.bucket.clone(), shared.database.clone());
        let (storage, database) =
            (matches!(shared.rules, Rules::Storage(_)), matches!(shared.rules, Rules::Database(_)));
        let misplaced = |reading: &mut FileReader<'_>, name: &str, right: bool, of: &str| {
            let key = node.entries().iter().find(|(key, _)| key.text == name).map(|(key, _)| key.span);
            // A shared file may have seeds for every product.
            if let Some(span) = key.filter(|_| !right && !included) {
                let message = format!("`{name}` only applies to {of} rules");
                reading.reader.misplaced(Vocabulary::Suite, name, span, message);
            }
            right
        };
        if misplaced(reading, "objects", storage, "Storage") {
            self.section(reading, node.get("objects"), "objects", |reading, objects| {
                Arc::make_mut(&mut shared.objects).extend(seeds::objects(&mut reading.reader, objects, &bucket, now));
            });
        }
        if misplaced(reading, "documents", !database, "Storage and Firestore") {
            self.section(reading, node.get("documents"), "documents", |reading, documents| {
                Arc::make_mut(&mut shared.documents).extend(seeds::documents(
                    &mut reading.reader,
                    documents,
                    &name,
                    now,
                ));
            });
        }
        misplaced(reading, "bucket", storage, "Storage");
        misplaced(reading, "database", !storage && !database, "Firestore");
        if misplaced(reading, "data", database, "Realtime Database") {
            self.section(reading, node.get("data"), "data", |reading, data| {
                if let Some(data) = seeds::data(&mut reading.reader, data, now) {
                    shared.data = Arc::new(data);
                }
            });
        }
        if misplaced(reading, "transport", database, "Realtime Database")
            && let Some(node) = node.get("transport")
            && let Some(transport) = case::transport(&mut reading.reader, node)
        {
            shared.transport = transport;
        }
    }

    /// Reads a section of a file, or the file that its text names.
    fn section(
        &mut self,
        reading: &mut FileReader<'f>,
        node: Option<&Node>,
        what: &str,
        mut read: impl FnMut(&mut FileReader<'f>, &Node),
    ) {
        let Some(node) = node.filter(|node| !node.is_null()) else { return };
        if node.as_text().is_none() {
            return read(reading, node);
        }
        let Some((path, text)) = reading.read_named(node, what) else { return };
        let mut inner = FileReader::new(self.files, &path, Source::new(shown(&path), text));
        match node::parse(&inner.reader.source) {
            Ok(node) => {
                read(&mut inner, &node);
                if let Some(section) = Section::ALL.into_iter().find(|section| section.key() == what) {
                    let source = inner.reader.source.clone();
                    self.stated.push(SharedSection { path: path.clone(), source, section, node });
                }
            }
            Err(problem) => inner.reader.report(*problem),
        }
        self.record_read(&inner);
        let problems = inner.reader.finish();
        if self.keep_problems(problems) {
            let message = format!("`{what}`: `{}` has errors", shown(&path));
            reading.reader.error("wrong-file", node.span, message);
        }
    }
}
