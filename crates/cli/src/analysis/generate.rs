//! `firewarden test --generate`: suites from rules.

use std::path::{Path, PathBuf};

use firewarden::text::Source;
use firewarden_analysis::ask::generate::{Generated, Shows, Suite, generate};

use super::{compile, settings, suite_file, suite_file::Test, words};
use crate::{
    args::TestOptions,
    exit::Exit,
    input::{self, InputError},
    output::Output,
    project,
};

/// What a generated suite says of itself.
const ABOUT: &str = "one allowed request for each statement, one denied for each part of its condition.\n\
    # It shows what the rules do, not what they should do; `firewarden test --generate` writes it anew.";

pub(super) fn run(options: &TestOptions, output: &mut Output) -> Result<Exit, InputError> {
    let files: Vec<PathBuf> = match options.paths.as_slice() {
        [] => {
            let Some(named) = project::read(Path::new(""), output)? else { return Ok(Exit::Usage) };
            named.into_iter().map(|named| named.path).collect()
        }
        paths => paths.to_vec(),
    };
    if options.into.is_some() && files.len() != 1 {
        let message = format!("--into takes one suite, and these are {}", words::count(files.len(), "rules file"));
        return Err(InputError(message));
    }
    let settings = settings(options.now.as_deref())?;
    let mut exit = Exit::Ok;
    for file in files {
        let source = Source::new(input::name(&file), input::text(&file)?);
        let Some(rules) = compile(&source, output)? else {
            exit = exit.max(Exit::Refused);
            continue;
        };
        let Some(found) = generate(&rules, settings) else {
            let message = format!("{}: only suites for Storage and Firestore are generated", source.name());
            return Err(InputError(message));
        };
        let into = options.into.clone().unwrap_or_else(|| beside(&file));
        let tests = found.requests.iter().filter_map(|request| Test::new(name(request), &request.witness, &rules));
        let written = suite_file::write(&into, &file, ABOUT, settings.now, tests.collect(), output)?;
        output.result(&format!("{}: {}\n", into.display(), words::count(written, "test")));
        if note_missing(&found, &source, output) {
            exit = exit.max(Exit::Unknown);
        }
    }
    Ok(exit)
}

/// `storage.generated.test.yaml` beside `storage.rules`.
fn beside(rules: &Path) -> PathBuf {
    let name = rules.file_name().and_then(|name| name.to_str()).unwrap_or("rules");
    let stem = name.split('.').find(|part| !part.is_empty()).unwrap_or("rules");
    rules.with_file_name(format!("{stem}.generated.test.yaml"))
}

fn name(request: &Generated) -> String {
    let path: Vec<&str> = request.path.split('/').skip(4).collect();
    let place = format!("{} /{}", request.method.name(), path.join("/"));
    match &request.shows {
        Shows::Permitted => format!("{place} is permitted"),
        Shows::DeniedWithout(part) => format!("{place} is denied without {}", shortened(part)),
    }
}

/// Text of at most a hundred characters.
fn shortened(text: &str) -> String {
    const MAX: usize = 100;
    if text.chars().count() <= MAX {
        return text.to_owned();
    }
    format!("{}…", text.chars().take(MAX).collect::<String>())
}

/// Says which statements have no request; returns whether it is not known for one whether it can permit.
fn note_missing(found: &Suite, source: &Source, output: &mut Output) -> bool {
    let mut unknown = false;
    for missing in &found.missing {
        let place = format!("{}:{}: {}", source.name(), missing.line, missing.method.name());
        match &missing.because {
            None => output.note(&format!("{place}: the statement never permits this")),
            Some(because) => {
                unknown = true;
                output.note(&format!("{place}: no request was found: {}", words::because(because, &[source])));
            }
        }
    }
    unknown
}
