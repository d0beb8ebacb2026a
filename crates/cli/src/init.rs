//! `firewarden init`: writes a first suite for each rules file of a project.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
};

use firewarden::{
    internals::{
        program::{Methods, RuleSegment, RuleTree, ServiceProgram, Statement, Table},
        request::ServiceProduct,
        service::DEFAULT_DATABASE,
        stdlib::Dialect,
    },
    rules::{Product, Rules, RulesError},
    text::Source,
    value::{PathPrefix, Timestamp},
};
use firewarden_suite::{Options, Suites, TestOutcome};

use super::{
    args::InitOptions,
    draft::WithDraft,
    exit::Exit,
    input::{self, InputError},
    output::Output,
    project,
    request::BUCKET,
    yaml::quoted,
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

/// Sample names for wildcards, by the path up to and with the wildcard. Wildcards at one position have one name, whatever
/// each block calls them: otherwise a suite would ask for the same path twice.
struct SampleNames {
    dialect: Dialect,
    samples: HashMap<String, String>,
}

impl SampleNames {
    fn of<'p>(dialect: Dialect, paths: impl Iterator<Item = &'p str>) -> Self {
        let mut samples: HashMap<String, String> = HashMap::new();
        for path in paths {
            let mut prefix = String::new();
            for segment in RuleSegment::parse(dialect, path) {
                prefix = append(&prefix, segment);
                let Some(name) = segment.wildcard().map(sample_name) else { continue };
                let known = samples.entry(prefix.clone()).or_insert_with(|| name.clone());
                // If any of the blocks calls it by a user's name, it is the owner's.
                if name == OWNER {
                    *known = name;
                }
            }
        }
        SampleNames { dialect, samples }
    }

    /// A name for each segment of a path.
    fn path(&self, path: &str) -> Vec<String> {
        let mut prefix = String::new();
        let named = RuleSegment::parse(self.dialect, path).map(|segment| {
            prefix = append(&prefix, segment);
            let sample = self.samples.get(&prefix).filter(|_| segment.wildcard().is_some());
            sample.cloned().unwrap_or_else(|| segment.to_string())
        });
        named.collect()
    }
}

/// Appends a segment to a path; the names of wildcards are left out.
fn append(prefix: &str, segment: RuleSegment<'_>) -> String {
    format!("{prefix}/{}", if segment.wildcard().is_some() { "{}" } else { segment.as_str() })
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

fn of_service(service: &ServiceProgram, statements: &Table<Statement>, documents: bool) -> Vec<SampleRequest> {
    let names = SampleNames::of(Dialect::Service, service.blocks.iter().map(|block| block.path.as_str()));
    let mut found = Vec::new();
    for block in service.blocks.iter() {
        let Some((prefix, name)) = sample(&names, &block.path, documents) else { continue };
        for method in ["get", "list", "create", "update", "delete"] {
            let known = Methods::named(method);
            let own = statements.slice(block.statements);
            if !own.is_ok_and(|own| own.iter().any(|statement| statement.methods.contains(&known))) {
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

/// A path that the block covers: what stands before it where the rules are for another bucket or database than suites
/// ask, and the name.
fn sample(names: &SampleNames, path: &str, documents: bool) -> Option<(String, String)> {
    let segments: Vec<_> = RuleSegment::parse(names.dialect, path).collect();
    let mut names = names.path(path);
    let product = if documents { ServiceProduct::Firestore } else { ServiceProduct::Storage };
    let PathPrefix { first, last } = *product.prefix();
    let usual = if documents { DEFAULT_DATABASE } else { BUCKET };
    let is_glob = |segment: &RuleSegment<'_>| matches!(segment, RuleSegment::Glob(_));
    let mut prefix = String::new();
    if segments.first().is_some_and(|segment| segment.as_str() == first)
        && segments.get(2).is_none_or(|segment| segment.as_str() == last)
    {
        let owner = segments.get(1);
        if let Some(RuleSegment::Literal(owner)) = owner.filter(|owner| owner.as_str() != usual) {
            prefix = format!("/{first}/{owner}/{last}/");
        }
        names.drain(..names.len().min(3));
        if owner.is_some_and(is_glob) && names.is_empty() {
            names.push("file1".to_owned());
        }
    } else if !segments.first().is_some_and(is_glob) {
        return None;
    }
    if documents && names.len() % 2 == 1 && segments.iter().any(is_glob) {
        names.push("item1".to_owned());
    }
    let fits = !names.is_empty() && (!documents || names.len().is_multiple_of(2));
    fits.then(|| (prefix, names.join("/")))
}

fn of_tree(tree: &RuleTree) -> Vec<SampleRequest> {
    let names = SampleNames::of(Dialect::Database, tree.nodes.iter().map(|place| place.path.as_str()));
    let mut found = Vec::new();
    for place in tree.nodes.iter() {
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
