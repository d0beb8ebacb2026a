//! Arguments and help texts.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Decide and explain Firebase Security Rules as the official engine does, without a JVM, a network or a project
#[derive(Debug, Parser)]
#[command(name = "firewarden", version, after_help = STATUS)]
pub(super) struct Args {
    /// When to use colour
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub(super) color: Color,
    /// Print only failures
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

const STATUS: &str = "\
Exit status: 0 success, 1 a request was denied or a test failed, 2 wrong usage or unreadable input, 3 rules refused, \
4 an analysis could not decide everything.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compile rules, and print the diagnostics of the official compiler and of firewarden
    #[command(after_help = CHECK_HELP)]
    Check(CheckOptions),
    /// Show what a change of rules opens and closes, with a request for each
    #[command(after_help = super::analysis::DIFF_HELP)]
    Diff(super::analysis::DiffOptions),
    /// Decide one request, or a stream of requests
    #[command(after_help = EVAL_HELP)]
    Eval(Box<EvalOptions>),
    /// Run a command with stand-ins for the official emulators around it
    #[command(after_help = super::serve::EXEC_HELP)]
    Exec(Box<super::serve::ExecOptions>),
    /// Run a command in which firebase-tools uses firewarden instead of its Java emulators
    #[command(after_help = EXEC_FIREBASE_HELP)]
    ExecFirebase(ExecFirebaseOptions),
    /// Write a first suite for each rules file of a project, with today's verdicts
    #[command(after_help = INIT_HELP)]
    Init(InitOptions),
    /// Prove invariants of rules, or show a request that violates one
    #[command(after_help = super::analysis::PROVE_HELP)]
    Prove(super::analysis::ProveOptions),
    /// Stand in for the official emulators of Auth, Realtime Database and Storage
    #[command(after_help = super::serve::SERVE_HELP)]
    Serve(Box<super::serve::ServeOptions>),
    /// Run unit tests of rules, and measure their coverage
    #[command(after_help = TEST_HELP)]
    Test(Box<TestOptions>),
    /// Mint, exchange, verify and decode tokens
    #[command(subcommand)]
    Token(super::token::TokenCommand),
    /// Show who can do something at a path
    #[command(after_help = super::analysis::WHO_CAN_HELP)]
    WhoCan(super::analysis::WhoCanOptions),
}

// Paragraphs are one line each: clap wraps them to the width of the terminal. Examples fit 80 columns.

const CHECK_HELP: &str = "\
A comment on the line before, or at the end of the line, silences a warning of firewarden:

  // firewarden: allow open-write: everybody may send this form

Examples:
  firewarden check
  firewarden check storage.rules --strict
  firewarden check --format sarif > firewarden.sarif
  firewarden check --explain stray-operands

Exit status: 0 accepted, 2 wrong usage or unreadable input, 3 refused (with --strict, also for warnings).";

const EXEC_FIREBASE_HELP: &str = "\
firebase-tools, of any release and unmodified, runs the rules of its Storage emulator and its Realtime Database emulator \
with Java. Within the command, the program `java` is firewarden: it decides Storage requests, with the reason of each \
denial in the log of firebase-tools, and serves the Realtime Database. Neither needs Java or a download. Any other use \
of Java, such as the Firestore emulator, gets the next `java` on PATH.

firewarden sets PATH, STORAGE_EMULATOR_BINARY_PATH and DATABASE_EMULATOR_BINARY_PATH for the command, and removes the \
folder that they name when it ends. firebase-tools mentions these variables in a warning.

Examples:
  firewarden exec-firebase -- firebase emulators:exec --only storage 'npm test'
  firewarden exec-firebase -- npx firebase emulators:start

Exit status: that of the command, 128 and the number of the signal that ended it, or 2 if it cannot be run.";

#[derive(Debug, ClapArgs)]
pub(super) struct ExecFirebaseOptions {
    /// The command with its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

const INIT_HELP: &str = "\
init writes storage.test.yaml beside storage.rules. The suite requests the paths and methods that the rules name, as \
the owner (alice) and as a guest, and expects today's verdicts: read it, and correct the verdicts that are wrong. \
An existing suite stays unchanged.

Exit status: 0 success, 2 no firebase.json, wrong usage or unreadable input, 3 rules refused.";

#[derive(Debug, ClapArgs)]
pub(super) struct InitOptions {
    /// The folder of the project, or one below it; by default, the current folder
    pub(super) folder: Option<PathBuf>,
}

const TEST_HELP: &str = "\
A suite is a file *.test.yaml, *.test.yml or *.test.json; a folder stands for all suites below it. A short suite:

  rules: storage.rules
  users:
    owner: { uid: alice }
  tests:
    - name: an owner uploads a picture, a guest does not
      create: users/alice/cat.png
      with: { size: 2048, contentType: image/png }
      expect: { owner: allow, guest: deny }

A failure shows the request and the trace, with carets into the rules. If more than ten tests fail, failures with the \
same cause are grouped; --verbose shows each of them. An expected denial gets a note if its cause is an error, or if no \
rule covers the request; --strict turns notes into failures. For --last-failed, the names of failed tests are stored in \
.firewarden/, in the folder of firebase.json or of the repository.

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
  firewarden test --generate storage.rules
  firewarden test --official request.json

Exit status: 0 all tests passed, 1 a test failed or a threshold was missed, 2 wrong usage or an invalid suite, 3 rules \
refused.";

#[derive(Debug, ClapArgs)]
pub(super) struct TestOptions {
    /// Suites, or folders with suites; by default, the current folder. SUITE:LINE runs the test at the line; the line
    /// of one user in a test for several users runs the test for that user
    #[arg(value_name = "PATH[:LINE]")]
    pub(super) paths: Vec<PathBuf>,
    /// Run only tests whose suite's path or name contains TEXT; PATH::NAME requires both
    #[arg(long, short = 'k', value_name = "TEXT")]
    pub(super) filter: Option<String>,
    /// Run only tests that failed in their last run, or all tests if none failed
    #[arg(long)]
    pub(super) last_failed: bool,
    /// Stop at the first failure
    #[arg(long)]
    pub(super) bail: bool,
    /// Fail tests that pass for a doubtful cause (an error, or no rule for the request), and fail on warnings about
    /// suites
    #[arg(long)]
    pub(super) strict: bool,
    /// Show every test, every failure with its trace, every note, and the duration of each suite
    #[arg(long, short, conflicts_with = "quiet")]
    pub(super) verbose: bool,
    /// Print the selected tests without running them; with --format json, include lines, users and requests
    #[arg(long, conflicts_with_all = ["watch", "bail", "output", "coverage", "fail_under"])]
    pub(super) list: bool,
    /// Run again whenever a suite, its rules or a file that it names changes
    #[arg(long)]
    pub(super) watch: bool,
    /// Number of threads; by default, one for each core
    #[arg(long, short, value_name = "N")]
    pub(super) jobs: Option<std::num::NonZeroUsize>,
    /// Clock of suites that state none, in RFC 3339; by default, the current time
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    /// Format of the results; by default, human
    #[arg(long, value_enum)]
    pub(super) format: Option<TestFormat>,
    /// Write the results to FILE, in the format of --format or of the extension (.xml, .json, .tap); standard output
    /// then has the human format, or annotations with --format github
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Report coverage as text (on standard output), html, lcov, json, or official (Firestore only); the default files
    /// are coverage.html, lcov.info, coverage.json and coverage.official.json
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = CoverageReport::parse)]
    pub(super) coverage: Vec<CoverageReport>,
    /// Fail if a rules file has less coverage in percent: 90, or lines=95,conditions=80
    #[arg(long, value_name = "PERCENT", value_parser = Thresholds::parse)]
    pub(super) fail_under: Option<Thresholds>,
    /// Answer a test request of the Rules API (a TestSuite, or source and testSuite) with its JSON response; PATH has
    /// the rules
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "filter", "last_failed", "bail", "strict", "list", "watch", "now", "format", "output", "coverage", "fail_under",
        ],
    )]
    pub(super) official: Option<PathBuf>,
    /// Write suites for rules files (PATH; by default those of firebase.json), each beside its rules as
    /// NAME.generated.test.yaml: a request that each statement permits, and one that each part of its condition denies
    #[arg(
        long,
        conflicts_with_all = [
            "filter", "last_failed", "bail", "strict", "list", "watch", "format", "output", "coverage", "fail_under",
            "official", "verbose", "jobs",
        ],
    )]
    pub(super) generate: bool,
    /// The suite to write
    #[arg(long, value_name = "FILE", requires = "generate")]
    pub(super) into: Option<PathBuf>,
    /// Print the JSON schema of suites, for editors
    #[arg(long, exclusive = true)]
    pub(super) schema: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TestFormat {
    /// Text for people
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
    /// The name in options.
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

/// A coverage report, and the file that it goes to.
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
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (kind, file) = text.split_once('=').map_or((text, None), |(kind, file)| (kind, Some(file)));
        let (kind, default) = match kind {
            "text" => (CoverageKind::Text, None),
            "html" => (CoverageKind::Html, Some("coverage.html")),
            "lcov" => (CoverageKind::Lcov, Some("lcov.info")),
            "json" => (CoverageKind::Json, Some("coverage.json")),
            "official" => (CoverageKind::Official, Some("coverage.official.json")),
            other => return Err(format!("unknown format `{other}`; expected text, html, lcov, json or official")),
        };
        if file == Some("") {
            return Err("missing file name after `=`".to_owned());
        }
        Ok(CoverageReport { kind, file: file.or(default).map(PathBuf::from) })
    }
}

/// The coverage that every rules file must reach, in percent.
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
            fits.ok_or_else(|| format!("`{text}` is not a percentage from 0 to 100"))
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
                _ => return Err(format!("invalid threshold `{part}`; write 90, or lines=95,conditions=80")),
            }
        }
        Ok(found)
    }
}

#[derive(Debug, ClapArgs)]
pub(super) struct CheckOptions {
    /// Rules files, `-` for standard input, or folders of projects; by default, the files that firebase.json in this
    /// folder or above it names. firebase.json also names the product of a file: rules of another product are refused
    pub(super) files: Vec<PathBuf>,
    /// Format of the diagnostics
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(super) format: CheckFormat,
    /// Turn firewarden's own warnings into errors, and official warnings about what always fails at run time
    #[arg(long)]
    pub(super) strict: bool,
    /// Show every diagnostic, however many are alike
    #[arg(long)]
    pub(super) all: bool,
    /// Time that dates in rules are compared with, in RFC 3339; by default, the current time
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    /// Explain a code, with an example and the correction
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
Values are JSON. In the fields of documents, typed values such as {\"timestampValue\": \"2026-01-01T00:00:00Z\"}, \
{\"bytesValue\": \"aGk=\"}, {\"latlngValue\": {\"latitude\": 1, \"longitude\": 2}}, {\"pathValue\": …} or {\"floatValue\": 1} \
express what plain JSON cannot. An object with one key that ends in Value is always a typed value; write a map with only \
such a field as {\"mapValue\": {\"fields\": {\"maxValue\": {\"intValue\": \"3\"}}}}. For a value that begins with @, \
firewarden reads the file named after it.

The fields of a request file have the names of the options:

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
    /// The method: get, list, create, update or delete; for a database: read, write, update or delete
    #[arg(requires = "rules", conflicts_with = "jsonl")]
    pub(super) method: Option<String>,
    /// The object (`users/alice/cat.png`, `gs://BUCKET/NAME` or `/b/BUCKET/o/NAME`), the document (`users/alice`, or
    /// `/databases/DATABASE/documents/users/alice`) or the path in a database; a leading slash is optional
    #[arg(conflicts_with = "jsonl")]
    pub(super) path: Option<String>,
    /// Read the request from a JSON file, `-` for standard input; options override its fields
    #[arg(long, value_name = "FILE", conflicts_with = "jsonl")]
    pub(super) request: Option<PathBuf>,
    /// Answer JSON requests from standard input, one a line: request files as above, or operations (docs/jsonl.md)
    #[arg(long)]
    pub(super) jsonl: bool,
    /// Show matched blocks, statements and every sub-expression with its value
    #[arg(long, conflicts_with = "jsonl")]
    pub(super) explain: bool,
    /// Format of the decision
    #[arg(long, value_enum, default_value_t = EvalFormat::Human, conflicts_with = "jsonl")]
    pub(super) format: EvalFormat,
    /// Service whose rules decide; by default, the only one in the file
    #[arg(long, value_enum)]
    pub(super) service: Option<ServiceKind>,
    /// Id of the signed-in user; by default, nobody is signed in
    #[arg(long = "as", value_name = "UID")]
    pub(super) uid: Option<String>,
    /// Claims of the user's token; without --as, `sub` is the id of the user
    #[arg(long, value_name = "JSON")]
    pub(super) claims: Option<String>,
    /// File with the user's ID token, `-` for standard input; it is verified at the time of the request
    #[arg(long, value_name = "FILE", conflicts_with_all = ["uid", "claims", "jsonl"])]
    pub(super) token: Option<PathBuf>,
    /// Public keys for the verification of the token: a JWK set, or a JSON object from key ids to certificates
    #[arg(long, value_name = "FILE")]
    pub(super) keys: Option<PathBuf>,
    /// Project that the token is for
    #[arg(long, value_name = "ID")]
    pub(super) project: Option<String>,
    /// Metadata of the object or fields of the document after the request (request.resource); for a database, the value
    /// to write, or the paths and values of an update
    #[arg(long, value_name = "JSON")]
    pub(super) with: Option<String>,
    /// Stored metadata of the object or fields of the document (resource)
    #[arg(long, value_name = "JSON")]
    pub(super) existing: Option<String>,
    /// Firestore documents by name, for get() and exists(): {"users/alice": {…}}
    #[arg(long, value_name = "JSON")]
    pub(super) documents: Option<String>,
    /// Documents that the other writes of the same commit leave, for getAfter(); null deletes: {"users/bob": null}
    #[arg(long, value_name = "JSON")]
    pub(super) after: Option<String>,
    /// Data of the database, in the format of a REST export
    #[arg(long, value_name = "JSON")]
    pub(super) data: Option<String>,
    /// Query of a Firestore list: {"limit": 10, "offset": 0, "orderBy": {"age": "ASC"}, "where": [["age", ">=", 18]],
    /// "or": [["state", "in", ["new", "open"]], ["owner", "==", "ann"]], "collectionGroup": true}; query of a database
    /// read: {"orderByChild": "age", "startAt": 18, "limitToFirst": 10}
    #[arg(long, value_name = "JSON")]
    pub(super) query: Option<String>,
    /// Time of the request, in RFC 3339; by default, the current time
    #[arg(long, value_name = "TIME")]
    pub(super) time: Option<String>,
    /// Storage bucket
    #[arg(long, value_name = "NAME")]
    pub(super) bucket: Option<String>,
    /// Firestore database
    #[arg(long, value_name = "NAME")]
    pub(super) database: Option<String>,
    /// Transport of a database request, which determines the order of a read without a query
    #[arg(long, value_enum)]
    pub(super) transport: Option<TransportKind>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum EvalFormat {
    /// Text for people
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
