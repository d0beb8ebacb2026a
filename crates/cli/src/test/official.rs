//! `firewarden test --official`: a test request of the Rules API.

use std::path::{Path, PathBuf};

use crate::{
    exit::Exit,
    input::{self, Unreadable},
    output::Output,
    report::pretty,
};
use firewarden::text::Source;
use firewarden_suite::official;

/// Answers the request with its response; `rules` names the rules of a request that has none.
pub(super) fn run(request: &Path, rules: &[PathBuf], output: &mut Output) -> Result<Exit, Unreadable> {
    let name = input::name(request);
    let json = input::parse(&name, &input::text(request)?)?;
    let rules = match rules {
        [] => None,
        [path] => Some(Source::new(input::name(path), input::text(path)?)),
        _ => return Err(Unreadable("--official takes the rules of one file".to_owned())),
    };
    let response = official::test(&json, rules.as_ref()).map_err(|error| Unreadable(format!("{name}: {error}")))?;
    output.raw(&pretty(&response.to_json()));
    if response.issues.iter().any(|issue| issue.is_error) {
        return Ok(Exit::Refused);
    }
    Ok(if response.all_passed() { Exit::Ok } else { Exit::Denied })
}
