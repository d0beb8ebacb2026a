//! `firewarden init`: writes a first suite for each rules file of a project.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
};

use firewarden::{
    internals::{
        program::{RequestedMethod, RuleTree, ServiceProgram},
        service::DEFAULT_DATABASE,
    },
    rules::{Product, Rules, RulesError},
    text::Source,
    value::{Root, Timestamp},
};
use firewarden_suite::{Disk, Files, Options, Suites, TestOutcome};

use super::{
    args::InitOptions,
    exit::Exit,
    input::{self, InputError},
    output::Output,
    project,
    request::BUCKET,
};

pub(super) fn run(options: &InitOptions, output: &mut Output) -> Result<Exit, InputError> {
    let mut exit = Exit::Ok;
    let folder = options.folder.as_deref().unwrap_or(Path::new(""));
    let Some(named) = project::read(folder, output)? else { return Ok(Exit::Usage) };
    for named in named {
        let mut products: Vec<Product> = named.targets.iter().map(|target| target.product).collect();
        products.dedup();
        let several = products.len() > 1;
        let source = Source::new(input::name(&named.path), input::text(&named.path)?);
        for product in products {
            let suite = suite_path(&named.path, several.then_some(product));
            // An existing file may have been edited, so it stays.
            if suite.symlink_metadata().is_ok() {
                output.note(&format!("{} exists and stays unchanged", suite.display()));
                continue;
            }
            let rules = match Rules::parse(&source, Some(product)) {
                Ok(rules) => rules,
                Err(RulesError::Refused(refused)) => {
                    output.result(&refused.to_string());
                    exit = exit.max(Exit::Refused);
                    continue;
                }
                Err(RulesError::Product(why)) => return Err(InputError(format!("{}: {why}", source.name()))),
            };
            let requests = sample_requests(&rules);
            if requests.is_empty() {
                output.note(&format!(
                    "{}: the rules allow no method anywhere, so there is nothing to test",
                    source.name()
                ));
                continue;
            }
            let draft = Draft { rules: &named.path, service: several.then_some(product), requests: &requests, product };
            let answers = answers(&suite, draft.text(&HashMap::new()))?;
            create(&suite, &draft.text(&answers))?;
            output.result(&format!("{}: {} requests\n", suite.display(), answers.len()));
        }
    }
    Ok(exit)
}

/// `storage.test.yaml` beside `storage.rules`; rules for several products get a suite for each.
fn suite_path(rules: &Path, product: Option<Product>) -> PathBuf {
    let name = rules.file_name().and_then(|name| name.to_str()).unwrap_or("rules");
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or("rules");
    let product = match product {
        None => "",
        Some(Product::Storage) => ".storage",
        Some(Product::Firestore) => ".firestore",
        Some(Product::Database) => ".database",
    };
    rules.with_file_name(format!("{stem}{product}.test.yaml"))
}

/// A request of the suite.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct SampleRequest {
    method: &'static str,
    path: String,
}

/// The requests that the rules name: each method of each path once, with sample names for wildcards.
fn sample_requests(rules: &Rules) -> Vec<SampleRequest> {
    let all = match rules {
        Rules::Storage(rules) => {
            let program = rules.compiled().program();
            program.service(firewarden::storage::SERVICE).map(|service| of_service(service, &program.statements, false))
        }
        Rules::Firestore(rules) => {
            let program = rules.compiled().program();
            program
                .service(firewarden::firestore::SERVICE)
                .map(|service| of_service(service, &program.statements, true))
        }
        Rules::Database(rules) => Some(of_tree(rules.tree())),
    };
    let mut seen = BTreeSet::new();
    all.unwrap_or_default().into_iter().filter(|request| seen.insert(request.clone())).collect()
}

/// The segments of a path in rules.
fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

fn is_glob(segment: &str) -> bool {
    segment.ends_with("=**}")
}

/// The name of a wildcard.
fn wildcard(segment: &str) -> Option<&str> {
    let inner = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    inner.map(|inner| inner.strip_suffix("=**").unwrap_or(inner)).or(segment.strip_prefix('$'))
}

/// Sample names of wildcards, by the path that ends with the wildcard. Wildcards at one position share a name, whatever
/// each block calls them: otherwise a suite would repeat requests.
#[derive(Default)]
struct SampleNames(HashMap<String, String>);

impl SampleNames {
    fn of<'p>(paths: impl Iterator<Item = &'p str>) -> Self {
        let mut names = SampleNames::default();
        for path in paths {
            let mut key = String::new();
            for segment in segments(path) {
                key = step(&key, segment);
                let Some(name) = wildcard(segment).map(sample_name) else { continue };
                let known = names.0.entry(key.clone()).or_insert_with(|| name.clone());
                // A wildcard that any block names after a user gets the owner's name.
                if name == OWNER {
                    *known = name;
                }
            }
        }
        names
    }

    /// A name for each segment of a path.
    fn path(&self, path: &str) -> Vec<String> {
        let mut key = String::new();
        let named = segments(path).into_iter().map(|segment| {
            key = step(&key, segment);
            self.0.get(&key).filter(|_| wildcard(segment).is_some()).cloned().unwrap_or_else(|| segment.to_owned())
        });
        named.collect()
    }
}

/// Appends a segment to a path, in which wildcards have no names.
fn step(key: &str, segment: &str) -> String {
    format!("{key}/{}", if wildcard(segment).is_some() { "{}" } else { segment })
}

/// The user who owns the requested objects and documents.
const OWNER: &str = "alice";

/// A sample name for a wildcard; wildcards of users get the owner's.
fn sample_name(wildcard: &str) -> String {
    let lower = wildcard.to_ascii_lowercase();
    if ["uid", "user", "owner", "author"].iter().any(|word| lower.contains(word)) {
        return OWNER.to_owned();
    }
    let stem = ["_id", "Id", "ID"].iter().find_map(|end| wildcard.strip_suffix(end)).filter(|stem| !stem.is_empty());
    format!("{}1", stem.unwrap_or(wildcard))
}

fn of_service(
    service: &ServiceProgram,
    statements: &[firewarden::internals::program::Statement],
    documents: bool,
) -> Vec<SampleRequest> {
    let names = SampleNames::of(service.blocks.iter().map(|block| block.path.as_str()));
    let mut found = Vec::new();
    for block in &service.blocks {
        let Some((prefix, name)) = sample(&names, &block.path, documents) else { continue };
        for method in ["get", "list", "create", "update", "delete"] {
            let known = RequestedMethod::new(method);
            if !block.statements.of(statements).iter().any(|statement| statement.methods.contains(known)) {
                continue;
            }
            let name = match method {
                "list" => name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned(),
                "create" => format!("{name}-new"),
                _ => name.clone(),
            };
            found.push(SampleRequest { method, path: format!("{prefix}{name}") });
        }
    }
    found
}

/// A path that the block covers: the prefix, if the rules are for a bucket or database other than the default, and the
/// name.
fn sample(names: &SampleNames, path: &str, documents: bool) -> Option<(String, String)> {
    let (segments, mut names) = (segments(path), names.path(path));
    let root = if documents { Root::Documents } else { Root::Objects };
    let ((first, last), usual) = (root.names(), if documents { DEFAULT_DATABASE } else { BUCKET });
    let mut prefix = String::new();
    if segments.first().is_some_and(|segment| *segment == first) && segments.get(2).is_none_or(|s| *s == last) {
        let owner = segments.get(1).copied().unwrap_or("");
        if wildcard(owner).is_none() && !owner.is_empty() && owner != usual {
            prefix = format!("/{first}/{owner}/{last}/");
        }
        names.drain(..names.len().min(3));
        if is_glob(owner) && names.is_empty() {
            names.push("file1".to_owned());
        }
    } else if !segments.first().is_some_and(|segment| is_glob(segment)) {
        return None;
    }
    let globbed = segments.iter().any(|segment| is_glob(segment));
    if documents && names.len() % 2 == 1 && globbed {
        names.push("item1".to_owned());
    }
    let fits = !names.is_empty() && (!documents || names.len().is_multiple_of(2));
    fits.then(|| (prefix, names.join("/")))
}

fn of_tree(tree: &RuleTree) -> Vec<SampleRequest> {
    let names = SampleNames::of(tree.places.iter().map(|place| place.path.as_str()));
    let mut found = Vec::new();
    for place in &tree.places {
        let path = format!("/{}", names.path(&place.path).join("/"));
        if place.read.is_some() {
            found.push(SampleRequest { method: "read", path: path.clone() });
        }
        if place.write.is_some() || place.validate.is_some() {
            found.push(SampleRequest { method: "write", path });
        }
    }
    found
}

/// A suite before it is written.
struct Draft<'a> {
    rules: &'a Path,
    service: Option<Product>,
    requests: &'a [SampleRequest],
    product: Product,
}

impl Draft<'_> {
    /// The text of the suite, with verdicts by test name and user; unknown ones are `deny`.
    fn text(&self, answers: &HashMap<(String, String), String>) -> String {
        let name = self.rules.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let mut out = format!(
            "# A first suite, which records what the rules answer today: read each answer, and correct what is not meant.\n\
             # Then add what the rules have to allow and to deny; docs/suites.md has what can be said.\n\
             rules: {}\n",
            quoted(name)
        );
        match self.service {
            Some(Product::Storage) => out += "service: storage\n",
            Some(Product::Firestore) => out += "service: firestore\n",
            _ => {}
        }
        out += "users:\n  owner: { uid: alice }\n";
        let stored: BTreeSet<&str> = self
            .requests
            .iter()
            .filter(|r| matches!(r.method, "get" | "update" | "delete"))
            .map(|r| &*r.path)
            .collect();
        let (section, value, written) = match self.product {
            Product::Storage => {
                ("objects", "{ size: 1024, contentType: image/png }", "{ size: 2048, contentType: image/png }")
            }
            Product::Firestore => ("documents", "{ name: before }", "{ name: after }"),
            Product::Database => ("", "", "text"),
        };
        if !section.is_empty() && !stored.is_empty() {
            let _ = writeln!(out, "{section}:");
            for path in stored {
                let _ = writeln!(out, "  {}: {value}", quoted(path));
            }
        }
        out += "tests:\n";
        for SampleRequest { method, path } in self.requests {
            let title = title(method, path);
            let answer = |user: &str| {
                answers.get(&(format!("{title} [as {user}]"), user.to_owned())).map_or("deny", String::as_str)
            };
            let _ = writeln!(out, "  - name: {}\n    {method}: {}", quoted(&title), quoted(path));
            match (*method, self.product) {
                // An update changes only metadata of the stored object.
                ("update", Product::Storage) => out += "    merge: { contentLanguage: en }\n",
                ("create" | "update" | "write", _) => {
                    let _ = writeln!(out, "    with: {written}");
                }
                _ => {}
            }
            let _ = writeln!(
                out,
                "    expect: {{ owner: {}, guest: {} }} # as answered today",
                answer("owner"),
                answer("guest")
            );
        }
        out
    }
}

fn title(method: &str, path: &str) -> String {
    format!("{method} {}", if path.is_empty() { "the bucket" } else { path })
}

/// A YAML scalar: a JSON string is one.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./- ".contains(c);
    match text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && text.chars().all(plain) {
        true => text.to_owned(),
        false => serde_json::Value::from(text).to_string(),
    }
}

/// The file system with one more file, which is not written yet.
struct WithDraft<'a> {
    path: &'a Path,
    text: String,
}

impl Files for WithDraft<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        if path == self.path { Ok(self.text.clone()) } else { Disk.read(path) }
    }
}

/// The verdict of each request of a suite, by test name and user.
fn answers(path: &Path, text: String) -> Result<HashMap<(String, String), String>, InputError> {
    let now = Timestamp::from(std::time::SystemTime::now());
    let suites = Suites::load(&WithDraft { path, text }, &[path.to_owned()], now);
    if let Some(error) = suites.errors.first() {
        return Err(InputError(error.to_string()));
    }
    let run = suites.run(&Options::default(), &|_| ());
    let answer = |outcome: &TestOutcome| match outcome {
        TestOutcome::Failed(failure) => failure.got.clone(),
        _ => "deny".to_owned(),
    };
    Ok(run.results.iter().map(|r| ((r.name.clone(), r.user.clone()), answer(&r.outcome))).collect())
}

/// Creates a file; an existing one is an error.
fn create(path: &Path, text: &str) -> Result<(), InputError> {
    let failed = |error: std::io::Error| InputError(format!("{}: {error}", path.display()));
    let mut file = std::fs::File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| {
        let _ = std::fs::remove_file(path);
        failed(error)
    })
}
