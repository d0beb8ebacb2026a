//! Invariants as the analysis takes them: files and options compiled for rules, with errors at their places.

use std::path::{Path, PathBuf};

use firewarden::{
    rules::Rules,
    text::{Diagnostic, Diagnostics, Severity, Span},
};
use firewarden_analysis::ask::{
    Settings,
    expression::{LawError, Part},
    law::{CompiledLaw, Context, Law, Quantifier},
};
use firewarden_suite::{
    discover_invariants,
    invariants::{Demand, Invariant, Invariants},
};

use super::options::ProveOptions;
use crate::{
    input::{self, InputError},
    output::Output,
};

/// The files of invariants that the options name, or that are below this folder, and the invariants of options; `None`
/// after reporting what is wrong with one.
pub(super) fn read(options: &ProveOptions, output: &mut Output) -> Result<Option<Vec<Invariants>>, InputError> {
    let stated = [("--never", &options.never, Demand::Never), ("--always", &options.always, Demand::Always)];
    let mut read = Vec::new();
    let search = options.files.is_empty() && stated.iter().all(|(_, lines, _)| lines.is_empty());
    let paths = if search { vec![PathBuf::from(".")] } else { options.files.clone() };
    let files = discover_invariants(&paths).map_err(InputError)?;
    if files.is_empty() && (search || !options.files.is_empty()) {
        let message = "no files of invariants (*.invariants.yaml) here; name one, or state an invariant with --never";
        return Err(InputError(message.to_owned()));
    }
    for file in files {
        let source = firewarden::text::Source::new(input::name(&file), input::text(&file)?);
        read.push(Invariants::parse(source));
    }
    for (option, lines, demand) in stated {
        read.extend(lines.iter().map(|line| Invariants::of_line(option, line, demand)));
    }
    let mut all = Vec::new();
    let mut refused = false;
    for one in read {
        match one {
            Ok(one) => all.push(one),
            Err(problems) => {
                output.problems(&problems.to_string());
                refused = true;
            }
        }
    }
    Ok((!refused).then_some(all))
}

/// The rules that a file is about.
pub(super) fn rules(file: &Invariants, options: &ProveOptions) -> Result<PathBuf, InputError> {
    let own = options.rules.clone().or_else(|| file.rules.clone());
    own.ok_or_else(|| {
        let name = file.source.name();
        let instead = if name.starts_with("--") { "" } else { " or write `rules: firestore.rules` in it" };
        InputError(format!("{name}: which rules? Name them with --rules FILE{instead}"))
    })
}

/// The laws of a file compiled for rules; the problems of those that are wrong.
pub(super) fn compile(file: &Invariants, rules: &Rules, settings: Settings) -> Result<Vec<CompiledLaw>, Diagnostics> {
    let functions = file.functions.as_ref().map_or(String::new(), |functions| functions.text.clone());
    let context = Context { functions, claims: file.claims.clone() };
    let mut compiled = Vec::new();
    let mut problems: Vec<Diagnostic> = Vec::new();
    for stated in &file.laws {
        match CompiledLaw::new(law(stated), rules, &context) {
            Err(error) => {
                let found = problem(file, stated, error);
                if !problems.contains(&found) {
                    problems.push(found);
                }
            }
            Ok(law) => match says_nothing(stated, &law, rules, settings) {
                Some(found) => problems.push(found),
                None => compiled.push(law),
            },
        }
    }
    if problems.is_empty() { Ok(compiled) } else { Err(Diagnostics::new(file.source.clone(), problems)) }
}

fn law(stated: &Invariant) -> Law {
    Law {
        name: stated.name.clone(),
        quantifier: match stated.demand {
            Demand::Never => Quantifier::Never,
            Demand::Always => Quantifier::Always,
        },
        methods: stated.methods.clone(),
        path: stated.path.text.clone(),
        when: stated.when.as_ref().map(|when| when.text.clone()),
        unless: stated.unless.as_ref().map(|unless| unless.text.clone()),
    }
}

fn problem(file: &Invariants, stated: &Invariant, error: LawError) -> Diagnostic {
    let part = match error.part {
        Part::Path => Some(&stated.path),
        Part::When => stated.when.as_ref(),
        Part::Unless => stated.unless.as_ref(),
        Part::Functions => file.functions.as_ref(),
    };
    let span = match (part, error.span) {
        (Some(part), Some(span)) => part.part(&file.source, span),
        (Some(part), None) => part.span,
        (None, _) => stated.span,
    };
    let found = Diagnostic::new("wrong-invariant", Severity::Error, Some(span), error.message);
    match error.hint {
        Some(hint) => found.with_hint(hint),
        None => found,
    }
}

/// An invariant of which no request can be an example holds of any rules, which its author cannot mean.
fn says_nothing(stated: &Invariant, law: &CompiledLaw, rules: &Rules, settings: Settings) -> Option<Diagnostic> {
    if stated.methods.iter().any(|method| law.says_something(rules, *method, settings)) {
        return None;
    }
    let anywhere = Law { when: None, unless: None, ..law.law().clone() };
    let reachable = CompiledLaw::new(anywhere, rules, &Context::default())
        .is_ok_and(|law| stated.methods.iter().any(|method| law.says_something(rules, *method, settings)));
    let (span, message, hint): (Span, _, _) = if reachable {
        let span = stated.when.as_ref().or(stated.unless.as_ref()).map_or(stated.span, |when| when.span);
        let message = "the invariant says nothing: no request makes `when` true and `unless` not true";
        (span, message, "it would hold of any rules: correct the condition")
    } else {
        let hint =
            "paths of documents have an even number of segments, such as `/users/{user}`; `/{any=**}` is everything";
        (stated.path.span, "the invariant says nothing: no request with these methods has this path", hint)
    };
    Some(Diagnostic::new("says-nothing", Severity::Error, Some(span), message).with_hint(hint))
}

/// The file without its folder, for the names of tests.
pub(super) fn short(name: &str) -> &str {
    Path::new(name).file_name().and_then(|name| name.to_str()).unwrap_or(name)
}
