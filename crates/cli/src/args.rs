//! Arguments and help.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Decides and explains Firebase Security Rules: the official answer, without a JVM, a network or a project.
#[derive(Debug, Parser)]
#[command(name = "firewarden", version, after_help = STATUS)]
pub(super) struct Args {
    /// When to use colour
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub(super) color: Color,
    /// Print only what failed
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

const STATUS: &str = "\
Exit status: 0 all well, 1 a request was denied or a test failed, 2 wrong usage or unreadable input, 3 rules refused.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compile rules and print what the official compiler and our own checks say of them
    #[command(after_help = CHECK_HELP)]
    Check(CheckOptions),
    /// Decide one request, or a stream of them
    #[command(after_help = EVAL_HELP)]
    Eval(Box<EvalOptions>),
    /// Write a first suite for each rules file of a project, with what the rules answer today
    #[command(after_help = INIT_HELP)]
    Init(InitOptions),
    /// Run rules unit tests, and tell what they cover
    #[command(after_help = TEST_HELP)]
    Test(Box<TestOptions>),
    /// Mint, exchange, verify and decode tokens
    #[command(subcommand)]
    Token(super::token::TokenCommand),
}

// Paragraphs stand in a line each: they are wrapped to the width of the terminal. Examples are short enough for 80 columns.

const CHECK_HELP: &str = "\
A warning of our own is silenced where it is meant, by a comment on the line before or at the end of the line:

  // firewarden: allow open-write: everybody may send this form

Examples:
  firewarden check
  firewarden check storage.rules --strict
  firewarden check --format sarif > firewarden.sarif
  firewarden check --explain stray-operands

Exit status: 0 accepted, 2 wrong usage or unreadable input, 3 refused, or with --strict anything that is suspicious.";

const INIT_HELP: &str = "\
A suite stands beside its rules file: storage.test.yaml for storage.rules. It asks for the paths and methods that the \
rules name, as the owner (alice) and as a guest, and expects what the rules answer today: read it and correct what is \
not meant. A suite that is there already stays as it is.

Exit status: 0 all well, 2 no firebase.json, wrong usage or unreadable input, 3 rules refused.";

#[derive(Debug, ClapArgs)]
pub(super) struct InitOptions {
    /// The project's folder, or one below it; without this, the current one
    pub(super) folder: Option<PathBuf>,
}

const TEST_HELP: &str = "\
Suites are files *.test.yaml, *.test.yml and *.test.json; of a folder those below it are run. The shortest one:

  rules: storage.rules
  users:
    owner: { uid: alice }
  tests:
    - name: an owner uploads a picture, a guest does not
      create: users/alice/cat.png
      with: { size: 2048, contentType: image/png }
      expect: { owner: allow, guest: deny }

A failed test prints its request and the trace with carets into the rules. Of more than ten failures, those with the \
same cause are shown once; --verbose shows all. A denial that was expected and came from an error, or from no rule at \
all, is noted; --strict makes a failure of it. The names of failed tests are kept in .firewarden/, in the folder of \
firebase.json or of the repository, for --last-failed.

Examples:
  firewarden test
  firewarden test rules/ --filter 'photos::owner' --verbose
  firewarden test rules/photos.test.yaml:12
  firewarden test --last-failed
  firewarden test --coverage html=coverage.html --fail-under lines=95
  firewarden test --output report.xml
  firewarden test --format github --output report.xml
  firewarden test --list --format json
  firewarden test --watch
  firewarden test --official request.json

Exit status: 0 all passed, 1 a test failed or a threshold is not reached, 2 wrong usage or a wrong suite, 3 rules \
refused.";

#[derive(Debug, ClapArgs)]
pub(super) struct TestOptions {
    /// Suites, or folders with suites; without any, this folder. SUITE:LINE runs the test that stands at the line, or, of
    /// a test for several users, that user's
    #[arg(value_name = "PATH[:LINE]")]
    pub(super) paths: Vec<PathBuf>,
    /// Only tests whose suite's path or name contains this; PATH::NAME asks for both
    #[arg(long, short = 'k', value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// Only tests that failed when they were run last; all, where none of them did
    #[arg(long)]
    pub(super) last_failed: bool,
    /// Stop at the first failure
    #[arg(long)]
    pub(super) bail: bool,
    /// Fail tests that pass for a doubtful reason, an error or no rule for the request; no warnings of suites either
    #[arg(long)]
    pub(super) strict: bool,
    /// Show every test, every failure with its trace, every note, and how long suites took
    #[arg(long, short, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// Print the tests instead of running them; with --format json their files, lines, users and requests
    #[arg(long, conflicts_with_all = ["watch", "bail", "output", "coverage", "fail_under"])]
    pub(super) list: bool,
    /// Run again whenever a suite, its rules or a file that it names changes
    #[arg(long)]
    pub(super) watch: bool,
    /// Threads; without this, one for each core
    #[arg(long, short, value_name = "N")]
    pub(super) jobs: Option<std::num::NonZeroUsize>,
    /// The clock of suites that state none, RFC 3339; without this, now
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    /// How to print results; without this for people
    #[arg(long, value_enum)]
    pub(super) format: Option<TestFormat>,
    /// Write the results there, in the format or in that of the file's name (.xml is junit, .json json, .tap tap), and
    /// print them for people, or with --format github as annotations
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// What the tests cover: text (printed), html, lcov, json, or official (of Firestore rules); without FILE to
    /// coverage.html, lcov.info, coverage.json, coverage.official.json
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = CoverageReport::parse)]
    pub(super) coverage: Vec<CoverageReport>,
    /// Percent that every rules file has to reach: 90, or lines=95,conditions=80
    #[arg(long, value_name = "PERCENT", value_parser = Thresholds::parse)]
    pub(super) fail_under: Option<Thresholds>,
    /// Answer a test request of the Rules API (TestSuite, or source and testSuite) with its JSON; PATH has the rules
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "filter", "last_failed", "bail", "strict", "list", "watch", "now", "format", "output", "coverage", "fail_under",
        ],
    )]
    pub(super) official: Option<PathBuf>,
    /// Print the JSON schema of suites, for editors
    #[arg(long, exclusive = true)]
    pub(super) schema: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TestFormat {
    /// Words for people
    Human,
    /// One JSON document
    Json,
    /// JUnit XML
    Junit,
    /// Test Anything Protocol, version 14
    Tap,
    /// Annotations of GitHub Actions
    Github,
}

impl TestFormat {
    /// The word for it in the options.
    pub(super) fn name(self) -> &'static str {
        match self {
            TestFormat::Human => "human",
            TestFormat::Json => "json",
            TestFormat::Junit => "junit",
            TestFormat::Tap => "tap",
            TestFormat::Github => "github",
        }
    }
}

/// A form of coverage and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CoverageReport {
    pub(super) kind: CoverageKind,
    pub(super) file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CoverageKind {
    Text,
    Html,
    Lcov,
    Json,
    Official,
}

impl CoverageReport {
    fn parse(text: &str) -> Result<Self, String> {
        let (kind, file) = text.split_once('=').map_or((text, None), |(kind, file)| (kind, Some(file)));
        let (kind, default) = match kind {
            "text" => (CoverageKind::Text, None),
            "html" => (CoverageKind::Html, Some("coverage.html")),
            "lcov" => (CoverageKind::Lcov, Some("lcov.info")),
            "json" => (CoverageKind::Json, Some("coverage.json")),
            "official" => (CoverageKind::Official, Some("coverage.official.json")),
            other => return Err(format!("{other:?} is none of text, html, lcov, json, official")),
        };
        if file == Some("") {
            return Err("a file name is missing after =".to_owned());
        }
        Ok(CoverageReport { kind, file: file.or(default).map(PathBuf::from) })
    }
}

/// What every rules file has to reach, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Thresholds {
    pub(super) lines: Option<f64>,
    pub(super) conditions: Option<f64>,
}

impl Thresholds {
    fn parse(text: &str) -> Result<Self, String> {
        let percent = |text: &str| {
            let number = text.trim().trim_end_matches('%').parse::<f64>().ok();
            let fits = number.filter(|n| (0.0..=100.0).contains(n));
            fits.ok_or_else(|| format!("{text:?} is no percentage from 0 to 100"))
        };
        if !text.contains('=') {
            let both = percent(text)?;
            return Ok(Thresholds { lines: Some(both), conditions: Some(both) });
        }
        let mut found = Thresholds::default();
        for part in text.split(',') {
            match part.split_once('=').map(|(name, value)| (name.trim(), value)) {
                Some(("lines", value)) => found.lines = Some(percent(value)?),
                Some(("conditions", value)) => found.conditions = Some(percent(value)?),
                _ => return Err(format!("{part:?}: write 90, or lines=95,conditions=80")),
            }
        }
        Ok(found)
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct CheckOptions {
    /// Rules files, `-` for standard input, or folders of projects; without any, what firebase.json in this folder or
    /// above it names. It also says what a file is for: rules of another product are refused
    pub(super) files: Vec<PathBuf>,
    /// How to print problems
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(super) format: CheckFormat,
    /// Treat as errors what the official compiler only warns of but what always fails at run time, and our own checks
    #[arg(long)]
    pub(super) strict: bool,
    /// Show every problem, however many are alike
    #[arg(long)]
    pub(super) all: bool,
    /// The time that dates in rules are compared with, RFC 3339; without this, now
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    /// Tell what a code means, with an example and what would be right
    #[arg(long, value_name = "CODE", conflicts_with_all = ["files", "format", "strict", "now"])]
    pub(super) explain: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// Source lines with carets
    Human,
    /// One JSON document
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

const EVAL_HELP: &str = "\
Values are JSON. In the fields of documents, a typed value such as {\"timestampValue\": \"2026-01-01T00:00:00Z\"}, \
{\"bytesValue\": \"aGk=\"}, {\"latlngValue\": {\"latitude\": 1, \"longitude\": 2}}, {\"pathValue\": …} or {\"floatValue\": 1} \
stands for what plain JSON cannot say. An object with one key that ends in Value is always read as a typed value: a map \
that has just such a field is {\"mapValue\": {\"fields\": {\"maxValue\": {\"intValue\": \"3\"}}}}. A value that begins with @ \
is read from the file named after it.

A request file holds the same names as the options:

  {\"rules\": \"storage.rules\", \"method\": \"create\", \"as\": \"alice\",
   \"path\": \"users/alice/cat.png\", \"claims\": {\"admin\": true},
   \"with\": {\"size\": 2048, \"contentType\": \"image/png\"}}

Examples:
  firewarden eval storage.rules get users/alice/cat.png --as alice --explain
  firewarden eval firestore.rules update notes/n1 --as alice \\
      --existing '{\"owner\": \"alice\"}' --with '{\"owner\": \"bob\"}'
  firewarden eval database.rules.json write users/alice/age --as alice \\
      --data @data.json --with 31 --explain
  firewarden eval storage.rules get users/alice/cat.png \\
      --token id.jwt --keys keys.json --project demo
  firewarden eval --request request.json --explain
  firewarden eval --jsonl < requests.jsonl

Exit status: 0 allowed, 1 denied or token refused, 2 wrong usage or unreadable input, 3 rules refused.";

#[derive(Debug, Default, ClapArgs)]
pub(super) struct EvalOptions {
    /// The rules file
    #[arg(conflicts_with = "jsonl")]
    pub(super) rules: Option<PathBuf>,
    /// What is asked: get, list, create, update or delete; of a database: read, write, update or delete
    #[arg(requires = "rules", conflicts_with = "jsonl")]
    pub(super) method: Option<String>,
    /// The object (`users/alice/cat.png`, `gs://BUCKET/NAME` or `/b/BUCKET/o/NAME`), the document (`users/alice`, or
    /// `/databases/DATABASE/documents/users/alice`) or the place; a slash before it does not count
    #[arg(conflicts_with = "jsonl")]
    pub(super) path: Option<String>,
    /// A JSON file that describes the request, `-` for standard input; options override it
    #[arg(long, value_name = "FILE", conflicts_with = "jsonl")]
    pub(super) request: Option<PathBuf>,
    /// Answer JSON requests, one a line, from standard input: request files as above, or operations (docs/jsonl.md)
    #[arg(long)]
    pub(super) jsonl: bool,
    /// Show matched blocks, statements and every sub-expression with its value
    #[arg(long, conflicts_with = "jsonl")]
    pub(super) explain: bool,
    /// How to print the decision
    #[arg(long, value_enum, default_value_t = EvalFormat::Human, conflicts_with = "jsonl")]
    pub(super) format: EvalFormat,
    /// Which service's rules decide; without this the one that the file has
    #[arg(long, value_enum)]
    pub(super) service: Option<ServiceKind>,
    /// The id of the signed-in user; without this nobody is signed in
    #[arg(long = "as", value_name = "UID")]
    pub(super) uid: Option<String>,
    /// Claims of the user's token; `sub` names the user where --as does not
    #[arg(long, value_name = "JSON")]
    pub(super) claims: Option<String>,
    /// A file with the user's ID token, `-` for standard input: verified at the time of the request
    #[arg(long, value_name = "FILE", conflicts_with_all = ["uid", "claims", "jsonl"])]
    pub(super) token: Option<PathBuf>,
    /// The public keys that the token is verified with: a JWK set, or a JSON object of key ids to certificates
    #[arg(long, value_name = "FILE")]
    pub(super) keys: Option<PathBuf>,
    /// The project that the token is for
    #[arg(long, value_name = "ID")]
    pub(super) project: Option<String>,
    /// The object's metadata or the document's fields as they will be: request.resource; of a database, the value that
    /// is written, or the paths and values of an update
    #[arg(long, value_name = "JSON")]
    pub(super) with: Option<String>,
    /// The object's metadata or the document's fields as they are stored: resource
    #[arg(long, value_name = "JSON")]
    pub(super) existing: Option<String>,
    /// Firestore documents by name, which get() and exists() see: {"users/alice": {…}}
    #[arg(long, value_name = "JSON")]
    pub(super) documents: Option<String>,
    /// What the other writes of the same commit leave, which getAfter() sees; null is deleted: {"users/bob": null}
    #[arg(long, value_name = "JSON")]
    pub(super) after: Option<String>,
    /// What the database holds, in the form of a REST export
    #[arg(long, value_name = "JSON")]
    pub(super) data: Option<String>,
    /// What a Firestore list asks for: {"limit": 10, "offset": 0, "orderBy": {"age": "ASC"}, "where": [["age", ">=", 18]],
    /// "or": [["state", "in", ["new", "open"]], ["owner", "==", "ann"]], "collectionGroup": true};
    /// of a database: {"orderByChild": "age", "startAt": 18, "limitToFirst": 10}
    #[arg(long, value_name = "JSON")]
    pub(super) query: Option<String>,
    /// The time of the request, RFC 3339; without this, now
    #[arg(long, value_name = "TIME")]
    pub(super) time: Option<String>,
    /// The Storage bucket
    #[arg(long, value_name = "NAME")]
    pub(super) bucket: Option<String>,
    /// The Firestore database
    #[arg(long, value_name = "NAME")]
    pub(super) database: Option<String>,
    /// How a database is asked: the order of a read without a query differs
    #[arg(long, value_enum)]
    pub(super) transport: Option<TransportKind>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum EvalFormat {
    /// Words for people
    #[default]
    Human,
    /// One JSON document
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ServiceKind {
    /// firebase.storage
    Storage,
    /// cloud.firestore
    Firestore,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TransportKind {
    /// Through an SDK
    Websocket,
    /// Over the REST API
    Rest,
}
