//! `firewarden prove`: whether rules keep invariants.

use std::path::{Path, PathBuf};

use firewarden::{
    rules::Rules,
    text::{Diagnostic, Diagnostics, Severity, Source, Span},
};
use firewarden_analysis::ask::{
    Settings, Verdict,
    law::{Law, Outcome, Quantifier},
};
use firewarden_suite::invariants::INVARIANTS_SCHEMA;
use serde_json::{Value as Json, json};

use super::{
    codes, compile, laws,
    options::{Format, ProveOptions},
    settings, since, suite_file, words,
};
use crate::{
    exit::Exit,
    input::{self, InputError},
    output::Output,
    report,
};

/// The laws of one file for rules, with what became of them.
struct Proved {
    name: String,
    path: PathBuf,
    source: Source,
    rules: Rules,
    settings: Settings,
    laws: Vec<Checked>,
}

/// What became of a law, with its outcomes by method.
struct Checked {
    law: Law,
    outcomes: Vec<Outcome>,
}

impl Checked {
    fn is_violated(&self) -> bool {
        self.outcomes.iter().any(|outcome| matches!(outcome.verdict, Verdict::Yes(_)))
    }

    /// Whether the law is neither violated nor proved in full.
    fn is_open(&self) -> bool {
        let open = |outcome: &Outcome| matches!(outcome.verdict, Verdict::Unknown(_) | Verdict::No(Some(_)));
        !self.is_violated() && self.outcomes.iter().any(open)
    }

    fn word(&self) -> &'static str {
        match (self.is_violated(), self.is_open()) {
            (true, _) => "VIOLATED",
            (_, true) => "unknown",
            _ => "ok",
        }
    }
}

pub(super) fn run(options: &ProveOptions, output: &mut Output) -> Result<Exit, InputError> {
    if options.schema {
        output.plain(INVARIANTS_SCHEMA);
        return Ok(Exit::Ok);
    }
    let Some(files) = laws::read(options, output)? else { return Ok(Exit::Usage) };
    let mut proved = Vec::new();
    for file in &files {
        let path = laws::rules(file, options)?;
        let source = Source::new(input::name(&path), input::text(&path)?);
        let Some(rules) = compile(&source, output)? else { return Ok(Exit::Refused) };
        let settings = match (&options.answers.now, file.now) {
            (None, Some(now)) => Settings::from(now),
            (now, _) => settings(now.as_deref())?,
        };
        let compiled = match laws::compile(file, &rules, settings) {
            Ok(compiled) => compiled,
            Err(problems) => {
                output.problems(&problems.to_string());
                return Ok(Exit::Usage);
            }
        };
        let checked = compiled.iter().map(|law| {
            let outcomes = law.law().methods.iter().map(|method| law.check(&rules, *method, settings)).collect();
            Checked { law: law.law().clone(), outcomes }
        });
        let laws = checked.collect();
        proved.push(Proved { name: file.source.name().to_owned(), path, source, rules, settings, laws });
    }
    print(&proved, options, output);
    if let Some(file) = &options.write_tests {
        write_tests(file, &proved, output)?;
    }
    let laws = || proved.iter().flat_map(|proved| &proved.laws);
    Ok(match laws().any(Checked::is_violated) {
        true => Exit::Denied,
        false => options.answers.unknown.exit(laws().any(Checked::is_open)),
    })
}

fn print(proved: &[Proved], options: &ProveOptions, output: &mut Output) {
    match options.format {
        Format::Human => {
            for proved in proved {
                output.result(&human(proved));
            }
            output.result(&summary(proved));
        }
        Format::Json => {
            let all: Vec<Json> = proved.iter().flat_map(as_json).collect();
            output.raw(&report::pretty(&Json::Array(all)));
        }
        Format::Github => report::github(&proved.iter().map(diagnostics).collect::<Vec<_>>(), output),
        Format::Sarif => output.raw(&report::sarif(&proved.iter().map(diagnostics).collect::<Vec<_>>(), codes::all())),
    }
}

fn because(outcome: &Outcome, source: &Source) -> Option<String> {
    let Verdict::Unknown(unknown) = &outcome.verdict else { return None };
    Some(words::because(unknown, &[source]))
}

fn human(proved: &Proved) -> String {
    let Proved { name, path, source, rules, laws, .. } = proved;
    // An invariant of an option is the whole line below.
    let mut text = if name.starts_with("--") { format!("{}\n", source.name()) } else { format!("{name}\n") };
    for law in laws {
        let methods: Vec<&str> = law.law.methods.iter().map(|method| method.name()).collect();
        let methods = if name.starts_with("--") { String::new() } else { format!(" ({})", methods.join(", ")) };
        text.push_str(&words::line(2, law.word(), &format!("{}{methods}", law.law.name)));
        for outcome in &law.outcomes {
            match &outcome.verdict {
                Verdict::Yes(witness) => {
                    if let Some(line) = outcome.line {
                        text.push_str(&words::statement_at(source, line, 4));
                    }
                    text.push_str(&words::request(witness, 6));
                    if law.law.quantifier == Quantifier::Always {
                        text.push_str(&words::verdict(witness, rules, 6, "but"));
                    }
                    text.push_str(&words::command(witness, &input::name(path), 6));
                }
                Verdict::No(Some(segments)) => {
                    let says = format!("only for paths of up to {segments} segments");
                    text.push_str(&words::line(4, outcome.method.name(), &says));
                }
                Verdict::No(None) => {}
                Verdict::Unknown(_) => {
                    let because = because(outcome, source).unwrap_or_default();
                    text.push_str(&words::line(4, outcome.method.name(), &because));
                }
            }
        }
    }
    text
}

fn summary(proved: &[Proved]) -> String {
    let laws = || proved.iter().flat_map(|proved| &proved.laws);
    let violated = laws().filter(|law| law.is_violated()).count();
    let open = laws().filter(|law| law.is_open()).count();
    let all = laws().count();
    let mut days: Vec<String> = proved.iter().map(|proved| since(proved.settings)).collect();
    days.dedup();
    format!(
        "{}: {} hold, {violated} violated, {open} unknown; for requests from {} on\n",
        words::count(all, "invariant"),
        all - violated - open,
        days.join(", ")
    )
}

fn as_json(proved: &Proved) -> Vec<Json> {
    let Proved { source, settings, name, .. } = proved;
    let one = |law: &Law, outcome: &Outcome| {
        let verdict = match &outcome.verdict {
            Verdict::Yes(_) => "violated",
            Verdict::No(_) => "holds",
            Verdict::Unknown(_) => "unknown",
        };
        let segments = match outcome.verdict {
            Verdict::No(segments) => segments,
            _ => None,
        };
        json!({
            "kind": if law.quantifier == Quantifier::Never { "never" } else { "always" },
            "file": name,
            "name": law.name,
            "method": outcome.method.name(),
            "path": law.path,
            "statement": outcome.line.map(|line| json!({ "file": source.name(), "line": line })),
            "verdict": verdict,
            "because": because(outcome, source),
            "witness": outcome.verdict.witness().map(|witness| witness.json()),
            "domain": { "from": settings.now.to_string(), "segments": segments },
        })
    };
    proved.laws.iter().flat_map(|law| law.outcomes.iter().map(|outcome| one(&law.law, outcome))).collect()
}

fn diagnostics(proved: &Proved) -> Diagnostics {
    let source = &proved.source;
    let mut problems = Vec::new();
    for law in &proved.laws {
        for outcome in &law.outcomes {
            let (code, says) = match &outcome.verdict {
                Verdict::Yes(witness) => (codes::VIOLATED, format!("{}: {}", law.law.name, words::in_short(witness))),
                Verdict::Unknown(_) => (
                    codes::UNKNOWN_INVARIANT,
                    format!("{}: {}", law.law.name, because(outcome, source).unwrap_or_default()),
                ),
                Verdict::No(_) => continue,
            };
            let start = outcome.line.map_or(0, |line| words::line_start(source, line));
            problems.push(Diagnostic::new(code, Severity::Error, Some(Span::new(start, start + 1)), says));
        }
    }
    Diagnostics::new(source.clone(), problems)
}

/// Writes the requests that violate invariants, with what the rules say of them today.
fn write_tests(file: &Path, proved: &[Proved], output: &mut Output) -> Result<(), InputError> {
    let Some(first) = proved.first() else { return Ok(()) };
    if proved.iter().any(|other| other.path != first.path) {
        let message = "--write-tests: the invariants are about several files of rules, and a suite is about one";
        return Err(InputError(message.to_owned()));
    }
    let mut tests = Vec::new();
    for proved in proved {
        for law in &proved.laws {
            for outcome in &law.outcomes {
                let name = format!("violates `{}`: {}", law.law.name, outcome.method.name());
                let test = outcome.verdict.witness().and_then(|w| suite_file::Test::new(name, w, &proved.rules));
                tests.extend(test);
            }
        }
    }
    let names: Vec<&str> = proved.iter().map(|proved| laws::short(&proved.name)).collect();
    let about = format!("what violates {}, with today's verdicts", names.join(", "));
    let written = suite_file::write(file, &first.path, &about, first.settings.now, tests, output)?;
    output.note(&format!("{}: {}", file.display(), words::count(written, "test")));
    Ok(())
}
