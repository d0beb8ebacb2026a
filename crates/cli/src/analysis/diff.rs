//! `firewarden diff`: what a change of rules opens and closes.

use firewarden::{
    rules::Rules,
    text::{Diagnostic, Diagnostics, Severity, Source, Span},
};
use firewarden_analysis::ask::{
    Settings, Verdict,
    diff::{Change, Comparison, Difference, diff},
};
use firewarden_suite::report::annotations;
use serde_json::{Value as Json, json};

use super::{
    lines, method,
    options::{DiffOptions, Direction, FailOn, Format, UnknownIs},
    rules, settings, since,
};
use crate::{exit::Exit, input::InputError, output::Output, report, repository::Repository};

pub(super) fn run(options: &DiffOptions, output: &mut Output) -> Result<Exit, InputError> {
    let settings = settings(options.now.as_deref())?;
    let only = options.method.as_deref().map(method).transpose()?;
    let Some((old_source, old)) = rules(&options.old, output)? else { return Ok(Exit::Refused) };
    let Some((new_source, new)) = rules(&options.new, output)? else { return Ok(Exit::Refused) };
    let wanted = |change: Change, method| {
        let direction = match options.only {
            None => true,
            Some(Direction::Widened) => change == Change::Widened,
            Some(Direction::Narrowed) => change == Change::Narrowed,
        };
        direction && only.is_none_or(|only| only == method)
    };
    let compared = compare(&old, &new, settings, &wanted)?;
    let sources = [&old_source, &new_source];
    match options.format {
        Format::Human => output.result(&human(&compared, sources, settings)),
        Format::Json => {
            let all: Vec<Json> = compared.differences.iter().map(|found| as_json(found, sources, settings)).collect();
            output.raw(&super::super::report::pretty(&Json::Array(all)));
        }
        Format::Github => {
            let repository = Repository::here();
            let found = diagnostics(&compared, sources);
            output.plain(
                &found.iter().map(|found| annotations(found, &|name| repository.path(name))).collect::<String>(),
            );
        }
        Format::Sarif => output.raw(&report::sarif(&diagnostics(&compared, sources))),
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
    } else if undecided && options.unknown == UnknownIs::Failure {
        Exit::Unknown
    } else {
        Exit::Ok
    })
}

fn compare(
    old: &Rules,
    new: &Rules,
    settings: Settings,
    wanted: &dyn Fn(Change, firewarden_analysis::schema::Method) -> bool,
) -> Result<Comparison, InputError> {
    diff(old, new, settings, wanted).map_err(|why| InputError(why.0.to_owned()))
}

/// The rules that permit the request of a difference.
fn permitting<'s>(found: &Difference, [old, new]: [&'s Source; 2]) -> &'s Source {
    if found.change == Change::Widened { new } else { old }
}

/// What stood in the way, with its place.
fn because(found: &Difference, [old, new]: [&Source; 2]) -> Option<String> {
    let Verdict::Unknown(unknown) = &found.verdict else { return None };
    let at = unknown.at.map(|(ruleset, offset)| {
        let source = if ruleset == 0 { old } else { new };
        let at = source.position(offset);
        format!("{}:{}:{}: ", source.name(), at.line, at.column)
    });
    Some(format!("{}{}", at.unwrap_or_default(), unknown.because))
}

fn human(compared: &Comparison, sources: [&Source; 2], settings: Settings) -> String {
    let [old, new] = sources;
    let mut text = format!("{} → {}\n", old.name(), new.name());
    let (mut widened, mut narrowed, mut unknown) = (0, 0, 0);
    for found in &compared.differences {
        let source = permitting(found, sources);
        let word = match (&found.verdict, found.change) {
            (Verdict::Unknown(_), _) => {
                unknown += 1;
                "UNKNOWN "
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
        text.push_str(&format!(
            "\n{word} {:<7} {}\n         {}:{}\n",
            found.method.name(),
            found.path,
            source.name(),
            found.line
        ));
        if let Verdict::Yes(witness) = &found.verdict {
            text.push_str(&lines(witness, "    "));
            let (before, after) = if found.change == Change::Widened { ("deny", "allow") } else { ("allow", "deny") };
            text.push_str(&format!("    before   {before}\n    after    {after}\n"));
            if let Some(command) = witness.command(source.name()) {
                text.push_str(&format!("    {command}\n"));
            }
        }
        if let Some(because) = because(found, sources) {
            text.push_str(&format!("    whether it is {} is not known: {because}\n", found.change.name()));
        }
    }
    if compared.differences.is_empty() {
        text.push_str("no difference\n");
    }
    if let Some(segments) = compared.up_to {
        text.push_str(&format!("a condition looks into a wildcard: paths of up to {segments} segments were tried\n"));
    }
    text.push_str(&format!(
        "\n{widened} widened, {narrowed} narrowed, {unknown} unknown; holds for requests from {} on\n",
        since(settings)
    ));
    text
}

fn as_json(found: &Difference, sources: [&Source; 2], settings: Settings) -> Json {
    let verdict = match &found.verdict {
        Verdict::Yes(_) => "yes",
        Verdict::No(_) => "no",
        Verdict::Unknown(_) => "unknown",
    };
    json!({
        "kind": found.change.name(),
        "method": found.method.name(),
        "path": found.path,
        "statement": { "file": permitting(found, sources).name(), "line": found.line },
        "verdict": verdict,
        "because": because(found, sources),
        "witness": found.verdict.witness().map(|witness| witness.json()),
        "domain": { "from": settings.now.to_string() },
    })
}

/// The differences as diagnostics of the files that permit.
fn diagnostics(compared: &Comparison, sources: [&Source; 2]) -> Vec<Diagnostics> {
    sources
        .into_iter()
        .map(|source| {
            let here = compared.differences.iter().filter(|found| permitting(found, sources).name() == source.name());
            let problems = here.map(|found| {
                let start = line_start(source, found.line);
                let words = match &found.verdict {
                    Verdict::Yes(witness) => {
                        let request: Vec<String> =
                            witness.lines().iter().map(|(word, says)| format!("{word} {says}")).collect();
                        format!("{} for {}: {}", found.change.name(), found.method.name(), request.join("; "))
                    }
                    _ => format!(
                        "not known whether it is {} for {}: {}",
                        found.change.name(),
                        found.method.name(),
                        because(found, sources).unwrap_or_default()
                    ),
                };
                Diagnostic::new(found.change.name(), Severity::Warning, Some(Span::new(start, start + 1)), words)
            });
            Diagnostics::new(source.clone(), problems.collect())
        })
        .collect()
}

/// The offset at which a line begins, after its indentation.
pub(super) fn line_start(source: &Source, line: u32) -> usize {
    let before: usize = source.text().split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
    let indent = source.text().get(before..).map_or(0, |rest| rest.len() - rest.trim_start_matches([' ', '\t']).len());
    before + indent
}
