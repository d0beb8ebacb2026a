//! `firewarden test --official`: runs a test request of the Rules API.

use std::path::{Path, PathBuf};

use crate::{
    exit::Exit,
    input::{self, InputError},
    output::Output,
    report::pretty,
};
use firewarden::text::Source;
use firewarden_suite::rules_api;

/// Prints the response to a request. `rules` has the rules, if the request contains none.
pub(super) fn run(request: &Path, rules: &[PathBuf], output: &mut Output) -> Result<Exit, InputError> {
    let name = input::name(request);
    let json = input::parse(&name, &input::text(request)?)?;
    let rules = match rules {
        [] => None,
        [path] => Some(Source::new(input::name(path), input::text(path)?)),
        _ => return Err(InputError("--official expects one rules file".to_owned())),
    };
    let response = rules_api::test(&json, rules.as_ref()).map_err(|error| InputError(format!("{name}: {error}")))?;
    output.raw(&pretty(&response.to_json()));
    if response.issues.iter().any(|issue| issue.is_error) {
        return Ok(Exit::Refused);
    }
    Ok(if response.all_passed() { Exit::Ok } else { Exit::Denied })
}
