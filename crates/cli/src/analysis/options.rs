//! Options of the commands that analyse rules.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use crate::exit::Exit;

pub(crate) const DIFF_HELP: &str = "\
Asks about all requests at once: which does one file permit and the other deny? Each difference comes with a request that \
the engine decided with both files; \"no difference\" is a proof. OLD and NEW are files, or git:REVISION for the same \
file at a revision, or git:REVISION:PATH.

Examples:
  firewarden diff git:HEAD~1 storage.rules
  firewarden diff git:main firestore.rules --fail-on widened
  firewarden diff old.rules new.rules --path '/users/{user}' --method write
  firewarden diff git:HEAD~1 storage.rules --write-tests change.test.yaml

Exit status: 0 no difference that --fail-on refuses, 1 such a difference, 2 wrong usage or unreadable input, 3 rules \
refused, 4 no difference was found, but not everything could be decided (0 with --unknown ok).";

pub(crate) const PROVE_HELP: &str = "\
Reads invariants from files *.invariants.yaml or *.invariants.json, or from --never. An expression is in the rules \
language; functions of the outermost blocks of the rules are visible in it.

Examples:
  firewarden prove wiki.invariants.yaml
  firewarden prove --rules firestore.rules --never 'write /{any=**} when request.auth == null'

Exit status: 0 all invariants hold, 1 one is violated, 2 wrong usage or unreadable input, 3 rules refused, 4 none is \
violated, but one could not be decided (0 with --unknown ok).";

pub(crate) const WHO_CAN_HELP: &str = "\
Examples:
  firewarden who-can get '/users/{user}' --rules firestore.rules
  firewarden who-can create '/users/{user}/{photo}' --rules storage.rules

Exit status: 0 answered, 2 wrong usage or unreadable input, 3 rules refused, 4 not everything could be decided (0 with \
--unknown ok).";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One object a question
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// For code scanning
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Human,
    /// One JSON document, with a request for each class
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnknownIs {
    /// Not everything could be decided: status 4
    Failure,
    /// Status 0
    Ok,
}

impl UnknownIs {
    /// The status where nothing was found.
    pub(super) fn exit(self, undecided: bool) -> Exit {
        if undecided && self == UnknownIs::Failure { Exit::Unknown } else { Exit::Ok }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Widened,
    Narrowed,
    Any,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Direction {
    Widened,
    Narrowed,
}

/// What all these commands take.
#[derive(Debug, ClapArgs)]
pub(crate) struct AnswerOptions {
    /// What an undecided question means
    #[arg(long, value_enum, default_value = "failure")]
    pub(super) unknown: UnknownIs,
    /// Answers hold for requests from this time on; by default from the beginning of today, in UTC
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DiffOptions {
    /// The rules before the change: a file, or git:REVISION
    pub(super) old: String,
    /// The rules after the change
    pub(super) new: String,
    /// Only what the change opens, or only what it closes
    #[arg(long, value_enum)]
    pub(super) only: Option<Direction>,
    /// Only requests at this path, which may have wildcards: /users/{user}
    #[arg(long, value_name = "PATH")]
    pub(super) path: Option<String>,
    /// Only this method: get, list, create, update, delete, or read, write
    #[arg(long)]
    pub(super) method: Option<String>,
    /// Which differences end with status 1
    #[arg(long, value_enum, default_value = "any", value_name = "KIND")]
    pub(super) fail_on: FailOn,
    /// Write the requests as tests of a suite, with the verdicts of the new rules
    #[arg(long, value_name = "FILE")]
    pub(super) write_tests: Option<PathBuf>,
    #[command(flatten)]
    pub(super) answers: AnswerOptions,
    /// How to print
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ProveOptions {
    /// Files of invariants; by default all *.invariants.yaml and *.invariants.json of this folder and those below it
    pub(super) files: Vec<PathBuf>,
    /// The rules, where a file does not name them, and for --never
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// What must never be permitted: `METHOD PATH [when EXPRESSION] [unless EXPRESSION]`
    #[arg(long, value_name = "INVARIANT")]
    pub(super) never: Vec<String>,
    /// What must always be permitted, in the same form
    #[arg(long, value_name = "INVARIANT")]
    pub(super) always: Vec<String>,
    /// Print the JSON schema of files of invariants
    #[arg(long)]
    pub(super) schema: bool,
    /// Write the requests that violate invariants as tests of a suite, with today's verdicts
    #[arg(long, value_name = "FILE")]
    pub(super) write_tests: Option<PathBuf>,
    #[command(flatten)]
    pub(super) answers: AnswerOptions,
    /// How to print
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WhoCanOptions {
    /// get, list, create, update or delete
    pub(super) method: String,
    /// The path, which may have wildcards: `/users/{user}`
    pub(super) path: String,
    /// The rules
    #[arg(long, value_name = "FILE")]
    pub(super) rules: PathBuf,
    #[command(flatten)]
    pub(super) answers: AnswerOptions,
    /// How to print
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: ListFormat,
}
