//! `firewarden diff`, `prove` and `who-can`: what rules open, what can never happen, who can do what.

mod codes;
mod diff;
mod generate;
mod laws;
mod options;
mod prove;
mod revision;
mod suite_file;
mod who_can;
mod words;

use firewarden::{
    rules::{Rules, RulesError},
    text::Source,
    value::Timestamp,
};
use firewarden_analysis::{ask::Settings, schema::Method};

pub(super) use options::{DIFF_HELP, DiffOptions, PROVE_HELP, ProveOptions, WHO_CAN_HELP, WhoCanOptions};

use super::{args::TestOptions, exit::Exit, input::InputError, output::Output};

pub(super) fn diff(options: &DiffOptions, output: &mut Output) -> Result<Exit, InputError> {
    on_large_stack(|| diff::run(options, output))
}

pub(super) fn prove(options: &ProveOptions, output: &mut Output) -> Result<Exit, InputError> {
    on_large_stack(|| prove::run(options, output))
}

pub(super) fn generate(options: &TestOptions, output: &mut Output) -> Result<Exit, InputError> {
    on_large_stack(|| generate::run(options, output))
}

pub(super) fn who_can(options: &WhoCanOptions, output: &mut Output) -> Result<Exit, InputError> {
    on_large_stack(|| who_can::run(options, output))
}

/// The stack of an analysis, which follows nested expressions and calls.
const STACK: usize = 256 << 20;

fn on_large_stack<T: Send>(run: impl FnOnce() -> Result<T, InputError> + Send) -> Result<T, InputError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run);
        let thread = thread.map_err(|error| InputError(format!("cannot start a thread: {error}")))?;
        thread.join().unwrap_or_else(|_| Err(InputError("the analysis ended early".to_owned())))
    })
}

/// The time from which answers hold.
fn settings(now: Option<&str>) -> Result<Settings, InputError> {
    let now = match now {
        Some(text) => text.parse().map_err(|error| InputError(format!("--now `{text}`: {error}")))?,
        None => today()?,
    };
    Ok(Settings::from(now))
}

/// The beginning of the day of the run, in UTC: the same question gives the same answer all day.
fn today() -> Result<Timestamp, InputError> {
    let now = Timestamp::from(std::time::SystemTime::now()).to_string();
    let day = now.split('T').next().unwrap_or(&now);
    format!("{day}T00:00:00Z").parse().map_err(|error| InputError(format!("the clock says {now}: {error}")))
}

/// Compiles rules; `None` after reporting why they are refused.
fn compile(source: &Source, output: &mut Output) -> Result<Option<Rules>, InputError> {
    match Rules::parse(source, None) {
        Ok(rules) => Ok(Some(rules)),
        Err(RulesError::Refused(problems)) => {
            output.problems(&problems.to_string());
            Ok(None)
        }
        Err(error) => Err(InputError(format!("{}: {error}", source.name()))),
    }
}

/// The method of a name.
fn method(name: &str) -> Result<Method, InputError> {
    Method::parse(name)
        .ok_or_else(|| InputError(format!("no method is called `{name}`: get, list, create, update, delete")))
}

/// The methods of a name: `write` means three.
fn methods(name: &str) -> Result<Vec<Method>, InputError> {
    match name {
        "read" => Ok(vec![Method::Get, Method::List]),
        "write" => Ok(vec![Method::Create, Method::Update, Method::Delete]),
        name => method(name).map(|method| vec![method]),
    }
}

/// The day from which an answer holds.
fn since(settings: Settings) -> String {
    settings.now.to_string().split('T').next().unwrap_or_default().to_owned()
}
