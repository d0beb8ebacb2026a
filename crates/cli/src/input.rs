//! Reads files and JSON.

use std::{io::Read as _, path::Path};

use serde_json::Value as Json;

use firewarden_suite::{UTF16, is_utf16};

/// An error in the input, with a message for the user.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct InputError(pub(super) String);

/// The largest input that is read: far larger than any rules or request, and small enough for memory.
pub(super) const MAX_INPUT: u64 = 64 << 20;

/// Reads the bytes of a file, or of standard input for `-`.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, InputError> {
    let name = path.display();
    let fail = |error: std::io::Error| InputError(format!("{name}: {error}"));
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(MAX_INPUT + 1).read_to_end(&mut bytes).map_err(fail)?;
    } else {
        std::fs::File::open(path).map_err(fail)?.take(MAX_INPUT + 1).read_to_end(&mut bytes).map_err(fail)?;
    }
    if bytes.len() as u64 > MAX_INPUT {
        return Err(InputError(format!("{name}: larger than {} MiB", MAX_INPUT >> 20)));
    }
    Ok(bytes)
}

/// Reads the text of a file, or of standard input for `-`.
pub(super) fn text(path: &Path) -> Result<String, InputError> {
    let name = path.display();
    String::from_utf8(bytes(path)?).map_err(|error| {
        if is_utf16(error.as_bytes()) {
            return InputError(format!("{name}: {UTF16}"));
        }
        let at = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..at).unwrap_or(&[]);
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |p| p + 1);
        let column = String::from_utf8_lossy(before.get(start..).unwrap_or(&[])).chars().count() + 1;
        InputError(format!("{name}:{line}:{column}: not UTF-8 (byte {at} of the file)"))
    })
}

/// The name of a file in messages.
pub(super) fn name(path: &Path) -> String {
    if path == Path::new("-") { "<standard input>".to_owned() } else { path.display().to_string() }
}

/// The bytes of an argument, or of the file after `@`.
pub(super) fn argument_bytes(argument: &str) -> Result<Vec<u8>, InputError> {
    argument.strip_prefix('@').map_or_else(|| Ok(argument.as_bytes().to_vec()), |file| bytes(Path::new(file)))
}

/// Parses a JSON argument, or the file after `@`.
pub(super) fn json(option: &str, argument: &str) -> Result<Json, InputError> {
    let (location, text) = match argument.strip_prefix('@') {
        Some(file) => (file.to_owned(), text(Path::new(file))?),
        None => (option.to_owned(), argument.to_owned()),
    };
    parse(&location, &text)
}

/// Parses JSON. Messages begin with its location, an option or a file.
pub(super) fn parse(location: &str, text: &str) -> Result<Json, InputError> {
    serde_json::from_str(text).map_err(|error| InputError(format!("{location}: not JSON: {error}")))
}
