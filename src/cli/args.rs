//! Arguments and help.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// Decides and explains Firebase Security Rules: the official answer, without a JVM, a network or a project.
#[derive(Debug, Parser)]
#[command(name = "firewarden", version, max_term_width = 100, after_help = STATUS)]
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

const STATUS: &str =
    "Exit status: 0 all well, 1 a request was denied, 2 wrong usage or unreadable input, 3 rules refused.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compile rules and print every error and warning of the official compiler
    #[command(after_help = STATUS)]
    Check(CheckOptions),
    /// Decide one request, or a stream of them
    #[command(after_help = EVAL_HELP)]
    Eval(Box<EvalOptions>),
    /// Mint, exchange, verify and decode tokens
    #[cfg(feature = "verify")]
    #[command(subcommand)]
    Token(super::token::TokenCommand),
}

#[derive(Debug, ClapArgs)]
pub(super) struct CheckOptions {
    /// Rules files, `-` for standard input; without any, those that firebase.json in this folder names
    pub(super) files: Vec<PathBuf>,
    /// How to print problems
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(super) format: CheckFormat,
    /// Treat as errors what the official compiler only warns of but what always fails at run time
    #[arg(long)]
    pub(super) strict: bool,
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
Values are JSON. In the fields of documents, a typed value such as {\"timestampValue\": \"2026-01-01T00:00:00Z\"},
{\"bytesValue\": \"aGk=\"}, {\"latlngValue\": {\"latitude\": 1, \"longitude\": 2}}, {\"pathValue\": …} or {\"floatValue\": 1}
stands for what plain JSON cannot say. A value that begins with @ is read from the file named after it.

A request file holds the same names as the options:
  {\"rules\": \"storage.rules\", \"method\": \"create\", \"path\": \"users/alice/cat.png\", \"as\": \"alice\",
   \"claims\": {\"admin\": true}, \"with\": {\"size\": 2048, \"contentType\": \"image/png\"}}

Examples:
  firewarden eval storage.rules get users/alice/cat.png --as alice --explain
  firewarden eval firestore.rules update notes/n1 --as alice --existing '{\"owner\": \"alice\"}' --with '{\"owner\": \"bob\"}'
  firewarden eval database.rules.json write users/alice/age --as alice --data @data.json --with 31 --explain
  firewarden eval storage.rules get users/alice/cat.png --token id.jwt --keys keys.json --project demo
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
    /// The object (`users/alice/cat.png`, or `/b/BUCKET/o/NAME`), the document or the place (`users/alice`)
    #[arg(conflicts_with = "jsonl")]
    pub(super) path: Option<String>,
    /// A JSON file that describes the request, `-` for standard input; options override it
    #[arg(long, value_name = "FILE", conflicts_with = "jsonl")]
    pub(super) request: Option<PathBuf>,
    /// Answer JSON requests, one a line, from standard input
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
    /// What the database holds, in the form of a REST export
    #[arg(long, value_name = "JSON")]
    pub(super) data: Option<String>,
    /// What a Firestore list asks for: {"limit": 10, "offset": 0, "orderBy": {"age": "ASC"}, "where": [["age", ">=", 18]]};
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
