//! Rules at a revision of the repository, which the git program reads: `git:HEAD~1`, `git:v1.2:rules/storage.rules`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use firewarden::text::Source;

use crate::input::{self, InputError};

/// Reads an argument: a file, or `git:REVISION[:PATH]`. Without a path it is that of the `other` argument.
pub(super) fn source(argument: &str, other: &str) -> Result<Source, InputError> {
    let Some(spec) = argument.strip_prefix("git:") else {
        let path = Path::new(argument);
        return Ok(Source::new(input::name(path), input::text(path)?));
    };
    let (revision, path) = match spec.split_once(':') {
        Some((revision, path)) => (revision, PathBuf::from(path)),
        None if !other.starts_with("git:") && other != "-" => (spec, PathBuf::from(other)),
        None => {
            let message = format!("{argument}: name the file as well: {argument}:storage.rules");
            return Err(InputError(message));
        }
    };
    // Neither is an option of git.
    if revision.is_empty() || revision.starts_with('-') {
        return Err(InputError(format!("{argument}: `{revision}` is no revision; write git:HEAD~1 or git:main")));
    }
    let fail = |why: String| InputError(format!("{argument}: {why}"));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name =
        path.file_name().and_then(|name| name.to_str()).ok_or_else(|| fail("the path names no file".to_owned()))?;
    let shown = Command::new("git").arg("-C").arg(folder).arg("show").arg(format!("{revision}:./{name}")).output();
    let shown = shown.map_err(|error| fail(format!("cannot run git: {error}")))?;
    if !shown.status.success() {
        let said = String::from_utf8_lossy(&shown.stderr);
        return Err(fail(said.lines().next().unwrap_or("git failed").trim().to_owned()));
    }
    let text = String::from_utf8(shown.stdout).map_err(|_| fail("not UTF-8".to_owned()))?;
    Ok(Source::new(format!("{revision}:{}", path.display()), text))
}
