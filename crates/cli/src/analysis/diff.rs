//! `firewarden diff`: what a change of rules opens and closes.

use std::path::Path;

use firewarden::{
    rules::Rules,
    text::{Diagnostic, Diagnostics, Severity, Source, Span},
};
use firewarden_analysis::{
    ask::{
        METHODS, Settings, Verdict,
        diff::{Change, Comparison, Difference, diff},
        law::Within,
    },
    schema::Method,
};
use serde_json::{Value as Json, json};

use super::{
    codes, compile, methods,
    options::{DiffOptions, Direction, FailOn, Format},
    revision, settings, since, suite_file,
    suite_file::Test,
    words,
};
use crate::{exit::Exit, input::InputError, output::Output, report};

/// The two files with their rules.
struct Sides {
    sources: [Source; 2],
    rules: [Rules; 2],
}

impl Sides {
    /// Which of the two permits the request of a difference.
    fn permitting(found: &Difference) -> usize {
        usize::from(found.change == Change::Widened)
    }

    fn source(&self, found: &Difference) -> &Source {
        let [old, new] = &self.sources;
        if Self::permitting(found) == 0 { old } else { new }
    }
}

pub(super) fn run(options: &DiffOptions, output: &mut Output) -> Result<Exit, InputError> {
    let settings = settings(options.answers.now.as_deref())?;
    let only = options.method.as_deref().map(methods).transpose()?;
    let old_source = revision::source(&options.old, &options.new)?;
    let new_source = revision::source(&options.new, &options.old)?;
    let Some(old) = compile(&old_source, output)? else { return Ok(Exit::Refused) };
    let Some(new) = compile(&new_source, output)? else { return Ok(Exit::Refused) };
    let within = options.path.as_deref().map(|path| Within::new(path, &new));
    let within = within.transpose().map_err(|why| InputError(format!("--path: {why}")))?;
    let wanted = |change: Change, method: Method| {
        let direction = match options.only {
            None => true,
            Some(Direction::Widened) => change == Change::Widened,
            Some(Direction::Narrowed) => change == Change::Narrowed,
        };
        direction && only.as_ref().is_none_or(|only| only.contains(&method))
    };
    let compared = diff(&old, &new, settings, within.as_ref(), &wanted).map_err(|why| InputError(why.0.to_owned()))?;
    let sides = Sides { sources: [old_source, new_source], rules: [old, new] };
    match options.format {
        Format::Human => output.result(&human(&compared, &sides, settings, options)),
        Format::Json => {
            let all: Vec<Json> = compared.differences.iter().map(|found| as_json(found, &sides, settings)).collect();
            output.raw(&report::pretty(&Json::Array(all)));
        }
        Format::Github => report::github(&diagnostics(&compared, &sides), output),
        Format::Sarif => output.raw(&report::sarif(&diagnostics(&compared, &sides), codes::all())),
    }
    if let Some(file) = &options.write_tests {
        write_tests(file, &compared, &sides, settings, options, output)?;
    }
    let refused = |difference: &Difference| {
        matches!(difference.verdict, Verdict::Yes(_))
            && match options.fail_on {
                FailOn::Any => true,
                FailOn::None => false,
                FailOn::Widened => difference.change == Change::Widened,
                FailOn::Narrowed => difference.change == Change::Narrowed,
            }
    };
    let undecided = compared.differences.iter().any(|found| matches!(found.verdict, Verdict::Unknown(_)));
    Ok(if compared.differences.iter().any(refused) {
        Exit::Denied
    } else {
        options.answers.unknown.exit(undecided || compared.up_to.is_some())
    })
}

/// What stood in the way, with its place. In a question about a difference the rules that permit come first or last, as
/// their number says: 0 are the old ones.
fn because(found: &Difference, sides: &Sides) -> Option<String> {
    let Verdict::Unknown(unknown) = &found.verdict else { return None };
    let [old, new] = &sides.sources;
    Some(words::because(unknown, &[old, new]))
}

fn human(compared: &Comparison, sides: &Sides, settings: Settings, options: &DiffOptions) -> String {
    let [old, new] = &sides.sources;
    let mut text = format!("{} → {}\n", old.name(), new.name());
    let (mut widened, mut narrowed, mut unknown) = (0, 0, 0);
    for found in &compared.differences {
        let word = match (&found.verdict, found.change) {
            (Verdict::Unknown(_), change) => {
                unknown += 1;
                if change == Change::Widened { "UNKNOWN whether widened for" } else { "UNKNOWN whether narrowed for" }
            }
            (_, Change::Widened) => {
                widened += 1;
                "WIDENED "
            }
            (_, Change::Narrowed) => {
                narrowed += 1;
                "NARROWED"
            }
        };
        let source = sides.source(found);
        text.push_str(&format!("\n{word} {:<7} {}\n", found.method.name(), found.path));
        text.push_str(&words::statement_at(source, found.line, 2));
        if let Verdict::Yes(witness) = &found.verdict {
            text.push_str(&words::request(witness, 4));
            let [before, after] = &sides.rules;
            text.push_str(&words::verdict(witness, before, 4, "before"));
            text.push_str(&words::verdict(witness, after, 4, "after"));
            // Rules of a revision are no file that the command could read.
            let readable = [&options.new, &options.old].into_iter().find(|name| !name.starts_with("git:"));
            if let Some(name) = readable {
                text.push_str(&words::command(witness, name, 4));
            }
        }
        if let Some(because) = because(found, sides) {
            text.push_str(&words::line(4, "because", &because));
        }
    }
    text.push('\n');
    text.push_str(&unchanged(compared, options));
    if let Some(segments) = compared.up_to {
        let says =
            format!("a condition looks into a wildcard `{{…=**}}`: only paths of up to {segments} segments were tried");
        text.push_str(&words::line(0, "", &says));
    }
    text.push_str(&format!(
        "{widened} widened, {narrowed} narrowed, {unknown} unknown; for requests from {} on\n",
        since(settings)
    ));
    text
}

/// What does not differ.
fn unchanged(compared: &Comparison, options: &DiffOptions) -> String {
    let place = options.path.as_ref().map_or(String::new(), |path| format!(" at {path}"));
    if compared.differences.is_empty() {
        let what = match (options.only, &options.method) {
            (None, None) => "no difference".to_owned(),
            (Some(Direction::Widened), None) => "nothing is widened".to_owned(),
            (Some(Direction::Narrowed), None) => "nothing is narrowed".to_owned(),
            (_, Some(method)) => format!("no such difference for {method}"),
        };
        return format!("{what}{place}, in {}\n", words::count(compared.statements, "statement"));
    }
    let same = METHODS.into_iter().filter(|method| !compared.differences.iter().any(|found| found.method == *method));
    let same: Vec<&str> = same.map(Method::name).collect();
    match (same.is_empty(), options.only, &options.method) {
        (false, None, None) => format!("no difference{place} for {}\n", same.join(", ")),
        _ => String::new(),
    }
}

fn as_json(found: &Difference, sides: &Sides, settings: Settings) -> Json {
    let verdict = match &found.verdict {
        Verdict::Yes(_) => "yes",
        Verdict::No(_) => "no",
        Verdict::Unknown(_) => "unknown",
    };
    let decision = |rules: &Rules| {
        let decision = found.verdict.witness()?.decision(rules)?;
        Some(decision.to_json())
    };
    let [before, after] = &sides.rules;
    json!({
        "kind": found.change.name(),
        "method": found.method.name(),
        "path": found.path,
        "statement": { "file": sides.source(found).name(), "line": found.line },
        "verdict": verdict,
        "because": because(found, sides),
        "witness": found.verdict.witness().map(|witness| witness.json()),
        "before": decision(before).map(short),
        "after": decision(after).map(short),
        "domain": { "from": settings.now.to_string() },
    })
}

/// A decision without its trace.
fn short(mut decision: Json) -> Json {
    if let Some(fields) = decision.as_object_mut() {
        fields.retain(|key, _| key != "trace");
    }
    decision
}

/// The differences as diagnostics of the files that permit.
fn diagnostics(compared: &Comparison, sides: &Sides) -> Vec<Diagnostics> {
    let of = |side: usize, source: &Source| {
        let here = compared.differences.iter().filter(|found| Sides::permitting(found) == side);
        let problems = here.map(|found| {
            let start = words::line_start(source, found.line);
            let (change, method) = (found.change.name(), found.method.name());
            let (code, says) = match &found.verdict {
                Verdict::Yes(witness) => (change, format!("{change} for {method}: {}", words::in_short(witness))),
                _ => {
                    let because = because(found, sides).unwrap_or_default();
                    (codes::UNKNOWN_DIFFERENCE, format!("not known whether {method} is {change}: {because}"))
                }
            };
            Diagnostic::new(code, Severity::Warning, Some(Span::new(start, start + 1)), says)
        });
        Diagnostics::new(source.clone(), problems.collect())
    };
    sides.sources.iter().enumerate().map(|(side, source)| of(side, source)).collect()
}

/// Writes the requests with the verdicts of the new rules, or of the old ones where the new ones are no file.
fn write_tests(
    file: &Path,
    compared: &Comparison,
    sides: &Sides,
    settings: Settings,
    options: &DiffOptions,
    output: &mut Output,
) -> Result<(), InputError> {
    let [before, after] = &sides.rules;
    let (name, rules) = if options.new.starts_with("git:") { (&options.old, before) } else { (&options.new, after) };
    if name.starts_with("git:") {
        return Err(InputError("--write-tests needs a file among the two: a suite names its rules".to_owned()));
    }
    let tests = compared.differences.iter().filter_map(|found| {
        let name = format!("{}: {} {}", found.change.name(), found.method.name(), found.path);
        Test::new(name, found.verdict.witness()?, rules)
    });
    let [old, new] = &sides.sources;
    let about = format!("what differs between {} and {}, with the verdicts of {name}", old.name(), new.name());
    let tests = tests.collect();
    let written = suite_file::write(file, Path::new(name), &about, settings.now, tests, output)?;
    output.note(&format!("{}: {}", file.display(), words::count(written, "test")));
    Ok(())
}
