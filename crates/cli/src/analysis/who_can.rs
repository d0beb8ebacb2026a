//! `firewarden who-can`: who can do something at a path.

use firewarden_analysis::ask::{
    Verdict,
    who_can::{Access, WhoCan, who_can},
};
use serde_json::{Value as Json, json};

use super::{
    lines, method,
    options::{Format, UnknownIs, WhoCanOptions},
    rules, settings, since,
};
use crate::{exit::Exit, input::InputError, output::Output, report};

pub(super) fn run(options: &WhoCanOptions, output: &mut Output) -> Result<Exit, InputError> {
    let settings = settings(options.now.as_deref())?;
    let method = method(&options.method)?;
    let Some((source, rules)) = rules(&options.rules, output)? else { return Ok(Exit::Refused) };
    let found = who_can(&rules, method, &options.path, settings).map_err(InputError)?;
    match options.format {
        Format::Human => {
            let head =
                format!("{} {}   ({}, from {} on)\n", method.name(), options.path, source.name(), since(settings));
            output.result(&(head + &human(&found)));
        }
        Format::Json | Format::Github | Format::Sarif => output.raw(&report::pretty(&as_json(&found))),
    }
    let undecided = found.classes.iter().any(|(_, access)| matches!(access, Access::Unknown(_)));
    Ok(if undecided && options.unknown == UnknownIs::Failure { Exit::Unknown } else { Exit::Ok })
}

fn human(found: &WhoCan) -> String {
    let mut text = String::new();
    for statement in &found.statements {
        let condition = if statement.condition.is_empty() { "always" } else { &statement.condition };
        text.push_str(&format!("  {:>4}  {condition}\n", statement.line));
    }
    if found.statements.is_empty() {
        text.push_str("  no statement permits it\n");
    }
    for (class, access) in &found.classes {
        match access {
            Access::Always => text.push_str(&format!("  {class}: always\n")),
            Access::Never => text.push_str(&format!("  {class}: never\n")),
            Access::Unknown(because) => text.push_str(&format!("  {class}: unknown, {because}\n")),
            Access::Sometimes(verdict) => {
                text.push_str(&format!("  {class}: sometimes, as\n"));
                if let Verdict::Yes(witness) = &**verdict {
                    text.push_str(&lines(witness, "      "));
                }
            }
        }
    }
    text
}

fn as_json(found: &WhoCan) -> Json {
    let statements: Vec<Json> = found
        .statements
        .iter()
        .map(|statement| json!({ "line": statement.line, "condition": statement.condition }))
        .collect();
    let classes: Vec<Json> = found
        .classes
        .iter()
        .map(|(class, access)| match access {
            Access::Always => json!({ "class": class, "access": "always" }),
            Access::Never => json!({ "class": class, "access": "never" }),
            Access::Unknown(because) => json!({ "class": class, "access": "unknown", "because": because }),
            Access::Sometimes(verdict) => {
                json!({ "class": class, "access": "sometimes", "witness": verdict.witness().map(|w| w.json()) })
            }
        })
        .collect();
    json!({ "statements": statements, "classes": classes })
}
