//! `firewarden prove`: whether rules keep invariants.

use std::path::PathBuf;

use firewarden::{
    rules::Rules,
    text::{Diagnostic, Diagnostics, Severity, Source, Span},
};
use firewarden_analysis::ask::{
    Settings, Verdict,
    law::{CompiledLaw, Law, Outcome},
};
use firewarden_suite::report::annotations;
use serde_json::{Value as Json, json};

use super::{
    diff::line_start,
    invariants, lines,
    options::{Format, ProveOptions, UnknownIs},
    rules, settings, since,
};
use crate::{exit::Exit, input::InputError, output::Output, report, repository::Repository};

/// What became of a law, with its outcomes by method.
struct Checked {
    law: Law,
    outcomes: Vec<Outcome>,
}

impl Checked {
    fn word(&self) -> &'static str {
        if self.outcomes.iter().any(|outcome| matches!(outcome.verdict, Verdict::Yes(_))) {
            "VIOLATED"
        } else if self.outcomes.iter().any(|outcome| matches!(outcome.verdict, Verdict::Unknown(_))) {
            "unknown"
        } else {
            "ok"
        }
    }
}

pub(super) fn run(options: &ProveOptions, output: &mut Output) -> Result<Exit, InputError> {
    let mut jobs: Vec<(String, Option<PathBuf>, Option<String>, String, Vec<Law>)> = Vec::new();
    for file in &options.files {
        let found = invariants::read(file)?;
        jobs.push((file.display().to_string(), found.rules, found.now, found.functions, found.laws));
    }
    if !options.never.is_empty() {
        let laws = options.never.iter().map(|text| invariants::argument(text)).collect::<Result<_, _>>()?;
        jobs.push(("--never".to_owned(), None, None, String::new(), laws));
    }
    if jobs.is_empty() {
        return Err(InputError("name a file of invariants, or write one with --never".to_owned()));
    }
    let (mut violated, mut unknown) = (false, false);
    let mut json = Vec::new();
    let mut problems = Vec::new();
    for (name, own, now, functions, laws) in jobs {
        let path =
            options.rules.clone().or(own).ok_or_else(|| InputError(format!("{name}: name the rules with --rules")))?;
        let settings = settings(options.now.as_deref().or(now.as_deref()))?;
        let Some((source, rules)) = rules(&path, output)? else { return Ok(Exit::Refused) };
        let mut checked = Vec::new();
        for law in laws {
            checked.push(check(law, &rules, &functions, settings).map_err(|why| InputError(format!("{name}: {why}")))?);
        }
        violated |= checked.iter().any(|law| law.word() == "VIOLATED");
        unknown |= checked.iter().any(|law| law.word() == "unknown");
        match options.format {
            Format::Human => output.result(&human(&name, &checked, &source, settings)),
            Format::Json => json.extend(checked.iter().flat_map(|law| as_json(law, &source, settings))),
            Format::Github | Format::Sarif => problems.push(diagnostics(&checked, &source)),
        }
    }
    match options.format {
        Format::Human => {}
        Format::Json => output.raw(&report::pretty(&Json::Array(json))),
        Format::Github => {
            let repository = Repository::here();
            output.plain(
                &problems.iter().map(|found| annotations(found, &|name| repository.path(name))).collect::<String>(),
            );
        }
        Format::Sarif => output.raw(&report::sarif(&problems)),
    }
    Ok(if violated {
        Exit::Denied
    } else if unknown && options.unknown == UnknownIs::Failure {
        Exit::Unknown
    } else {
        Exit::Ok
    })
}

fn check(law: Law, rules: &Rules, functions: &str, settings: Settings) -> Result<Checked, String> {
    let compiled = CompiledLaw::new(law.clone(), rules, functions).map_err(|why| format!("`{}`: {why}", law.name))?;
    if !law.methods.iter().any(|method| compiled.says_something(rules, *method, settings)) {
        return Err(format!("`{}` says nothing: no request has this path and makes `when` true", law.name));
    }
    let outcomes = law.methods.iter().map(|method| compiled.check(rules, *method, settings)).collect();
    Ok(Checked { law, outcomes })
}

fn because(outcome: &Outcome, source: &Source) -> Option<String> {
    let Verdict::Unknown(unknown) = &outcome.verdict else { return None };
    let at = unknown.at.filter(|(ruleset, _)| *ruleset == 0).map(|(_, offset)| {
        let at = source.position(offset);
        format!("{}:{}:{}: ", source.name(), at.line, at.column)
    });
    Some(format!("{}{}", at.unwrap_or_default(), unknown.because))
}

fn human(name: &str, checked: &[Checked], source: &Source, settings: Settings) -> String {
    let mut text = format!("{name}\n");
    for law in checked {
        let methods: Vec<&str> = law.law.methods.iter().map(|method| method.name()).collect();
        text.push_str(&format!("  {:<9}{}   ({})\n", law.word(), law.law.name, methods.join(", ")));
        for outcome in &law.outcomes {
            match &outcome.verdict {
                Verdict::Yes(witness) => {
                    if let Some(line) = outcome.line {
                        text.push_str(&format!("      {}:{line}: {}\n", source.name(), source.line(line).trim()));
                    }
                    text.push_str(&lines(witness, "      "));
                    if let Some(command) = witness.command(source.name()) {
                        text.push_str(&format!("      {command}\n"));
                    }
                }
                Verdict::No(Some(segments)) => {
                    text.push_str(&format!(
                        "      {}: for paths of up to {segments} segments\n",
                        outcome.method.name()
                    ));
                }
                Verdict::No(None) => {}
                Verdict::Unknown(_) => {
                    let because = because(outcome, source).unwrap_or_default();
                    text.push_str(&format!("      {}: {because}\n", outcome.method.name()));
                }
            }
        }
    }
    let count = |word: &str| checked.iter().filter(|law| law.word() == word).count();
    text.push_str(&format!(
        "{} invariants: {} hold, {} violated, {} unknown; for requests from {} on\n",
        checked.len(),
        count("ok"),
        count("VIOLATED"),
        count("unknown"),
        since(settings)
    ));
    text
}

fn as_json(law: &Checked, source: &Source, settings: Settings) -> Vec<Json> {
    let one = |outcome: &Outcome| {
        let verdict = match &outcome.verdict {
            Verdict::Yes(_) => "violated",
            Verdict::No(_) => "holds",
            Verdict::Unknown(_) => "unknown",
        };
        json!({
            "kind": "invariant",
            "name": law.law.name,
            "method": outcome.method.name(),
            "path": law.law.path,
            "statement": outcome.line.map(|line| json!({ "file": source.name(), "line": line })),
            "verdict": verdict,
            "because": because(outcome, source),
            "witness": outcome.verdict.witness().map(|witness| witness.json()),
            "domain": { "from": settings.now.to_string() },
        })
    };
    law.outcomes.iter().map(one).collect()
}

fn diagnostics(checked: &[Checked], source: &Source) -> Diagnostics {
    let mut problems = Vec::new();
    for law in checked {
        for outcome in &law.outcomes {
            let (code, words) = match &outcome.verdict {
                Verdict::Yes(witness) => {
                    let request: Vec<String> =
                        witness.lines().iter().map(|(word, says)| format!("{word} {says}")).collect();
                    ("invariant-violated", format!("{}: {}", law.law.name, request.join("; ")))
                }
                Verdict::Unknown(_) => {
                    ("invariant-unknown", format!("{}: {}", law.law.name, because(outcome, source).unwrap_or_default()))
                }
                Verdict::No(_) => continue,
            };
            let start = outcome.line.map_or(0, |line| line_start(source, line));
            problems.push(Diagnostic::new(code, Severity::Error, Some(Span::new(start, start + 1)), words));
        }
    }
    Diagnostics::new(source.clone(), problems)
}
