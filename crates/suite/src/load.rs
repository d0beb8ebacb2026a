//! From files to suites: what a file includes, the rules it names, its users and seeds, and then its tests.

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
    files::{Files, shown},
    idioms::Context,
    node::{self, Node},
    part::{self, Part},
    project::{self, NoRules},
    reading::{Reading, inline},
    seeds::{self, Contents, Objects},
    unused::{self, Section, SharedFiles, Stated, Used},
    users::User,
};

/// A suite that was read: rules and tests, ready to run.
#[derive(Debug)]
pub struct Suite {
    pub(super) source: Source,
    /// Its place among the rules of all suites.
    pub(super) rules: usize,
    pub(super) cases: Vec<Case>,
}

/// Suites with the rules they share, and what kept others from being read.
#[derive(Debug, Default)]
pub struct Suites {
    /// In the order of the paths.
    pub(super) suites: Vec<Suite>,
    pub(super) rules: Vec<Rules>,
    /// How many suites were to be read.
    pub(super) asked: usize,
    /// Suites that cannot be run, and why.
    pub errors: Vec<LoadError>,
    /// What is accepted and suspicious, a file at a time.
    pub warnings: Vec<Diagnostics>,
    /// What files that they share state, and what of it is used.
    shared: SharedFiles,
    /// Suites, and files that they include, in which rules stand.
    with_rules: HashSet<PathBuf>,
    /// Every file that was read or looked for, in the order of the first reading: what a watcher watches.
    pub read: Vec<PathBuf>,
}

impl Suites {
    /// Reads suites and everything they name. `now` is the clock of those that state none.
    pub fn load(files: &dyn Files, paths: &[PathBuf], now: Timestamp) -> Self {
        let mut loader = Loader {
            files,
            now,
            compiled: HashMap::new(),
            loaded: Suites::default(),
            refused: HashSet::new(),
            stated: Vec::new(),
        };
        loader.loaded.asked = paths.len();
        for path in paths {
            loader.suite(path);
        }
        loader.loaded
    }

    /// Adds warnings for users, objects and documents in shared files (included, or named as seeds) that no test of
    /// these suites uses. Suites that were not loaded may use them, so this checks only shared files below `folders`,
    /// all of whose suites must be loaded, and nothing if a suite cannot be run.
    pub fn warn_of_shared(&mut self, folders: &[PathBuf]) {
        if self.errors.is_empty() {
            self.warnings.extend(self.shared.unused(folders));
        }
    }

    /// How many tests there are, each user and each method of one counted.
    pub fn tests(&self) -> usize {
        self.suites.iter().map(|suite| suite.cases.len()).sum()
    }

    /// The warnings about suites and the files that they name, without those about rules. `--strict` fails on these.
    pub fn doubts(&self) -> impl Iterator<Item = &Diagnostics> {
        self.warnings.iter().filter(|found| !self.is_of_rules(found.source()))
    }

    /// Whether a text is one of the rules. Rules that stand in a suite have its name, and a text of their own.
    pub(crate) fn is_of_rules(&self, text: &Source) -> bool {
        let same = |rules: &Source| rules.name() == text.name() && rules.text() == text.text();
        self.rules.iter().any(|rules| same(rules.source()))
    }

    /// Whether a text is that of a rules file, and not of rules that stand in a suite.
    pub fn is_rules_file(&self, text: &Source) -> bool {
        self.is_of_rules(text) && !self.with_rules.contains(Path::new(text.name()))
    }
}

/// What all tests of a suite share.
pub(super) struct Shared {
    pub(super) rules: Rules,
    pub(super) now: Timestamp,
    pub(super) bucket: String,
    pub(super) database: String,
    pub(super) transport: Transport,
    pub(super) users: BTreeMap<String, User>,
    /// The project whose users sign in.
    pub(super) project: String,
    pub(super) objects: Arc<Objects>,
    pub(super) documents: Arc<Contents>,
    pub(super) data: Arc<Data>,
    /// What the tests that were read ask for.
    pub(super) used: RefCell<Used>,
}

/// Files that include each other in a row.
const MAX_INCLUDES: usize = 16;
/// Files that a suite includes, directly and by way of others.
const MAX_INCLUDED: usize = 256;

struct Loader<'f> {
    files: &'f dyn Files,
    now: Timestamp,
    /// Rules by their path and the product asked for, each compiled once.
    compiled: HashMap<(PathBuf, Option<Product>), usize>,
    loaded: Suites,
    /// Rules that were refused, which is told once.
    refused: HashSet<PathBuf>,
    /// What the files state that the suite shares with others.
    stated: Vec<Stated>,
}

impl<'f> Loader<'f> {
    fn suite(&mut self, path: &Path) {
        self.loaded.read.push(path.to_owned());
        let text = match self.files.read(path) {
            Ok(text) => text,
            Err(why) => return self.loaded.errors.push(LoadError::Unreadable(path.to_owned(), why)),
        };
        let source = Source::new(shown(path), text);
        let mut parts = Vec::new();
        let mut around = vec![path.to_owned()];
        self.part(path, source.clone(), &mut parts, &mut around);
        self.stated.clear();
        let suite = self.read(source, &mut parts);
        let mut refused = false;
        for part in parts {
            self.note_read(&part.reading);
            refused |= self.found(part.reading.reader.finish());
        }
        if let Some(suite) = suite.filter(|_| !refused) {
            self.loaded.suites.push(suite);
        }
    }

    fn note_read(&mut self, reading: &Reading<'_>) {
        for path in &reading.asked {
            if !self.loaded.read.contains(path) {
                self.loaded.read.push(path.clone());
            }
        }
    }

    /// Keeps what is wrong with a file; whether it refuses the suite.
    fn found(&mut self, problems: Diagnostics) -> bool {
        let refused = problems.has_errors();
        // What is wrong with a file that several suites include is told once.
        let source = problems.source();
        // Rules that stand in a suite have its name, and a text of their own.
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

    /// Parses a file, after those that it includes.
    fn part(&mut self, path: &Path, source: Source, parts: &mut Vec<Part<'f>>, around: &mut Vec<PathBuf>) {
        let mut reading = Reading::new(self.files, path, source);
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
            let Some((path, text)) = reading.named(&name, "include") else { continue };
            if around.contains(&path) {
                let message = format!("{} includes itself, by way of this file", shown(&path));
                reading.reader.error("include-cycle", name.span, message);
                continue;
            }
            if around.len() > MAX_INCLUDES || parts.len() > MAX_INCLUDED {
                let message =
                    format!("more than {MAX_INCLUDES} files in a row, or {MAX_INCLUDED} in all, are included");
                reading.reader.error("include-cycle", name.span, message);
                continue;
            }
            // A file that others include too is read once.
            if parts.iter().any(|part| part.path == path) {
                continue;
            }
            let source = Source::new(shown(&path), text);
            around.push(path.clone());
            self.part(&path, source, parts, around);
            around.pop();
        }
        parts.push(Part { path: path.to_owned(), reading, node });
    }

    fn read(&mut self, source: Source, parts: &mut [Part<'f>]) -> Option<Suite> {
        let last = parts.len() - 1;
        let rules = self.rules(parts);
        for (at, part) in parts.iter_mut().enumerate() {
            let reader = &mut part.reading.reader;
            reader.product = rules.as_ref().map(|(_, rules)| rules.product());
            if !part.node.is_null() {
                let what = if at == last { "a suite" } else { "an included file" };
                reader.fields_of(Context::Suite, &part.node, what, &part::KEYS);
            } else if !reader.has_problems() {
                reader.error("missing-key", Span::default(), "the file is empty; a suite has rules and tests");
            }
            if at < last
                && let Some(tests) = part.node.get("tests")
            {
                reader.error("misplaced-key", tests.span, "an included file has no tests");
            }
        }
        let (rules, compiled) = rules?;
        let now = self.clock(parts);
        let mut shared = Shared {
            rules: compiled,
            now,
            bucket: part::place(parts, "bucket").unwrap_or_else(|| "demo-bucket".to_owned()),
            database: part::place(parts, "database").unwrap_or_else(|| "(default)".to_owned()),
            transport: Transport::default(),
            users: BTreeMap::new(),
            project: part::text(parts, "project").unwrap_or_else(|| "demo-project".to_owned()),
            objects: Arc::default(),
            documents: Arc::default(),
            data: Arc::default(),
            used: RefCell::default(),
        };
        for (at, part) in parts.iter_mut().enumerate() {
            self.shared(part, at < last, &mut shared);
        }
        let part = parts.last_mut()?;
        let reading = &mut part.reading;
        let cases = match part.node.get("tests") {
            None if part.node.is_null() => Vec::new(),
            None => {
                let message = "a suite has a list of tests: `tests:`; a file without tests is for others to include";
                reading.reader.missing_at(&part.node, Span::default(), message);
                Vec::new()
            }
            Some(tests) => case::read_all(reading, tests, &shared),
        };
        if !cases.is_empty() && reading.reader.errors() == 0 {
            unused::warn(&mut reading.reader, &part.node, &shared);
            for stated in self.stated.drain(..) {
                self.loaded.shared.note(stated, &shared);
            }
        }
        Some(Suite { source, rules, cases })
    }

    /// The rules that the last of the files names that names some.
    fn rules(&mut self, parts: &mut [Part<'f>]) -> Option<(usize, Rules)> {
        let product = part::text(parts, "service");
        let product = match product.as_deref() {
            None => None,
            Some("storage" | firewarden::storage::SERVICE) => Some(Product::Storage),
            Some("firestore" | firewarden::firestore::SERVICE) => Some(Product::Firestore),
            Some("database") => Some(Product::Database),
            Some(other) => {
                let part = parts.iter_mut().rev().find(|part| part.node.get("service").is_some())?;
                let span = part.node.get("service").map_or(Span::default(), |node| node.span);
                let message = format!("service: {other:?} is none of storage, firestore, database");
                part.reading.reader.error("wrong-value", span, message);
                return None;
            }
        };
        let Some(part) =
            parts.iter_mut().rev().find(|part| part.node.get("rules").is_some_and(|rules| !rules.is_null()))
        else {
            let part = parts.last_mut().filter(|part| !part.node.is_null())?;
            let found = project::of_suite(self.files, &part.path, product).and_then(|(path, product)| {
                part.reading.asked.push(path.clone());
                let text = self.files.read(&path).map_err(|why| {
                    NoRules::Unreadable(format!("{}, which firebase.json names, cannot be read: {why}", shown(&path)))
                })?;
                Ok((path, text, product))
            });
            return match found {
                Ok((path, text, product)) => {
                    self.compile(path, text, Some(product), Span::default(), &mut part.reading.reader)
                }
                Err(why) => {
                    if let Some(problems) = why.report(&mut part.reading.reader, &part.node) {
                        self.found(problems);
                    }
                    None
                }
            };
        };
        let Part { reading, node, .. } = part;
        let rules = node.get("rules")?;
        // Text of several lines is no name of a file: it is the rules themselves.
        let (path, text) = match rules.as_text() {
            Some(text) if text.contains('\n') => {
                let (name, text) = inline(&reading.reader.source, rules.span, text);
                self.loaded.with_rules.insert(PathBuf::from(shown(&name)));
                (name, text)
            }
            _ => reading.named(rules, "rules")?,
        };
        self.compile(path, text, product, rules.span, &mut reading.reader)
    }

    /// The rules of a file, compiled once, with their place among all.
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
                if !rules.warnings().is_empty() {
                    self.loaded.warnings.push(rules.warnings().clone());
                }
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

    /// The clock that the last of the files states.
    fn clock(&self, parts: &mut [Part<'_>]) -> Timestamp {
        let mut clock = self.now;
        for Part { reading, node, .. } in parts {
            if let Some(now) = node.get("now") {
                clock = reading.reader.time(now, "now", None).unwrap_or(clock);
            }
        }
        clock
    }

    /// Adds users and seeds of a file; those of a name that is there already are replaced.
    fn shared(&mut self, part: &mut Part<'f>, included: bool, shared: &mut Shared) {
        let Part { reading, node, path } = part;
        if included {
            for section in Section::ALL {
                let stated = node.get(section.key()).filter(|stated| !stated.entries().is_empty()).cloned();
                let source = reading.reader.source.clone();
                self.stated.extend(stated.map(|node| Stated { path: path.clone(), source, section, node }));
            }
        }
        self.section(reading, node.get("users"), "users", |reading, users| {
            if !matches!(users.kind, node::Kind::Map(_)) {
                reading.reader.wrong(users, "users", "a map from names to users");
            }
            for (key, user) in users.entries() {
                if key.text == "guest" && !user.is_null() {
                    reading.reader.error("wrong-value", key.span, "guest is nobody signed in; choose another name");
                }
                let user = User::read(reading, &key.text, user, &shared.project);
                shared.users.insert(key.text.clone(), user);
            }
        });
        let (now, bucket, name) = (shared.now, shared.bucket.clone(), shared.database.clone());
        let (storage, database) =
            (matches!(shared.rules, Rules::Storage(_)), matches!(shared.rules, Rules::Database(_)));
        let misplaced = |reading: &mut Reading<'_>, name: &str, right: bool, of: &str| {
            let key = node.entries().iter().find(|(key, _)| key.text == name).map(|(key, _)| key.span);
            // A shared file may have seeds for every kind of rules.
            if let Some(span) = key.filter(|_| !right && !included) {
                let message = format!("the rules are no {of} rules, which have {name}");
                reading.reader.misplaced(Context::Suite, name, span, message);
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

    /// A part of a file that may stand in a file of its own, of which the text is then the name.
    fn section(
        &mut self,
        reading: &mut Reading<'f>,
        node: Option<&Node>,
        what: &str,
        mut read: impl FnMut(&mut Reading<'f>, &Node),
    ) {
        let Some(node) = node.filter(|node| !node.is_null()) else { return };
        if node.as_text().is_none() {
            return read(reading, node);
        }
        let Some((path, text)) = reading.named(node, what) else { return };
        let mut inner = Reading::new(self.files, &path, Source::new(shown(&path), text));
        match node::parse(&inner.reader.source) {
            Ok(node) => {
                read(&mut inner, &node);
                if let Some(section) = Section::ALL.into_iter().find(|section| section.key() == what) {
                    self.stated.push(Stated { path: path.clone(), source: inner.reader.source.clone(), section, node });
                }
            }
            Err(problem) => inner.reader.report(*problem),
        }
        self.note_read(&inner);
        let problems = inner.reader.finish();
        if self.found(problems) {
            let message = format!("{what}: {} is wrong; see there", shown(&path));
            reading.reader.error("wrong-file", node.span, message);
        }
    }
}
