//! `firewarden who-can`: who can do something at a path.

use std::fmt::Write as _;

use firewarden::text::Source;
use firewarden_analysis::ask::{
    Settings,
    who_can::{Access, WhoCan, who_can},
};
use serde_json::{Value as Json, json};

use super::{
    compile, method,
    options::{ListFormat, WhoCanOptions},
    settings, since, words,
};
use crate::{
    exit::Exit,
    input::{self, InputError},
    output::Output,
    report,
};

pub(super) fn run(options: &WhoCanOptions, output: &mut Output) -> Result<Exit, InputError> {
    let settings = settings(options.answers.now.as_deref())?;
    let method = method(&options.method)?;
    let source = Source::new(input::name(&options.rules), input::text(&options.rules)?);
    let Some(rules) = compile(&source, output)? else { return Ok(Exit::Refused) };
    let found = who_can(&rules, method, &options.path, settings)
        .map_err(|error| InputError(format!("`{}`: {error}", options.path)))?;
    match options.format {
        ListFormat::Human => output.result(&human(&found, options, &source, settings)),
        ListFormat::Json => output.raw(&report::pretty(&as_json(&found, &source, settings))),
    }
    let undecided = found.classes.iter().any(|class| matches!(class.access, Access::Unknown(_)));
    Ok(options.answers.unknown.exit(undecided))
}

fn human(found: &WhoCan, options: &WhoCanOptions, source: &Source, settings: Settings) -> String {
    let mut text = format!("{} {}\n", options.method, options.path);
    let (mut number, mut numbers) = (0, Vec::new());
    let mut implied: Vec<&str> = Vec::new();
    for statement in &found.statements {
        text.push_str(&words::wrapped(2, &format!("{}:{}  ", source.name(), statement.line), 4, &statement.path));
        let mut own = Vec::new();
        for alternative in &statement.alternatives {
            number += 1;
            own.push(number);
            let says = match alternative.conditions.as_slice() {
                [] => "always".to_owned(),
                conditions => conditions.join("\nand "),
            };
            for (nth, line) in says.lines().enumerate() {
                let head = if nth == 0 { format!("({number}) ") } else { "    ".to_owned() };
                text.push_str(&words::wrapped(4, &head, 10, line));
            }
            implied.extend(alternative.implied.iter().map(String::as_str));
        }
        numbers.push(own);
    }
    if found.statements.is_empty() {
        text.push_str("  no statement permits it\n");
    }
    let width = found.classes.iter().map(|class| class.name.chars().count()).max().unwrap_or(0);
    for class in &found.classes {
        let by = class.by.iter().filter_map(|(statement, nth)| numbers.get(*statement)?.get(*nth));
        let by: Vec<String> = by.map(|number| format!("({number})")).collect();
        let says = match &class.access {
            Access::Always => format!("always, by {}", by.join(" ")),
            Access::Sometimes(_) => format!("where {}", by.join(" or ")),
            Access::Never => "never".to_owned(),
            Access::Unknown(because) => format!("unknown: {because}"),
        };
        text.push_str(&words::wrapped(2, &format!("{:<width$}  ", class.name), width + 4, &says));
    }
    if !found.redundant.is_empty() {
        let lines: Vec<String> = found.redundant.iter().map(u32::to_string).collect();
        let says = format!("others cover, or never permit here: the statements in line {}", lines.join(", "));
        text.push_str(&words::wrapped(0, "", 2, &says));
    }
    implied.sort_unstable();
    implied.dedup();
    for condition in implied {
        text.push_str(&words::wrapped(0, "left out, since the rest implies it: ", 2, condition));
    }
    let _ = writeln!(text, "for requests from {} on", since(settings));
    text
}

fn as_json(found: &WhoCan, source: &Source, settings: Settings) -> Json {
    let statements = found.statements.iter().map(|statement| {
        let alternatives = statement.alternatives.iter();
        let alternatives = alternatives.map(|way| json!({ "conditions": way.conditions, "implied": way.implied }));
        json!({
            "file": source.name(),
            "line": statement.line,
            "path": statement.path,
            "alternatives": alternatives.collect::<Vec<_>>(),
        })
    });
    let classes = found.classes.iter().map(|class| {
        let (access, because, witness) = match &class.access {
            Access::Always => ("always", None, None),
            Access::Sometimes(witness) => ("sometimes", None, Some(witness.json())),
            Access::Never => ("never", None, None),
            Access::Unknown(because) => ("unknown", Some(because), None),
        };
        let by = class.by.iter().map(|(statement, nth)| json!({ "statement": statement, "alternative": nth }));
        json!({
            "class": class.name,
            "access": access,
            "by": by.collect::<Vec<_>>(),
            "because": because,
            "witness": witness,
        })
    });
    json!({
        "statements": statements.collect::<Vec<_>>(),
        "redundant": found.redundant,
        "classes": classes.collect::<Vec<_>>(),
        "domain": { "from": settings.now.to_string() },
    })
}
