//! The rules files of a Firebase project, and their products, from `firebase.json`.

use std::path::Path;

use firewarden_suite::{Disk, ProjectError, RulesFile, Target, project};

use super::{input::InputError, output::Output};

/// The rules files that `firebase.json` names, in a folder or above it; `None` after reporting errors in
/// `firebase.json`.
pub(super) fn read(folder: &Path, output: &mut Output) -> Result<Option<Vec<RulesFile>>, InputError> {
    match project(&Disk, folder) {
        Ok(named) => Ok(Some(named)),
        Err(ProjectError::Wrong(problems)) => {
            output.problems(&problems.to_string());
            Ok(None)
        }
        Err(error) => Err(InputError(match error {
            ProjectError::Missing if folder.as_os_str().is_empty() => format!("no file given, and {error}"),
            ProjectError::Missing => format!("{}: {error}", folder.display()),
            error => error.to_string(),
        })),
    }
}

/// A rules file with the targets that the nearest `firebase.json` states for it.
pub(super) fn of_file(path: &Path) -> RulesFile {
    let same = |other: &Path| match (std::fs::canonicalize(path), std::fs::canonicalize(other)) {
        (Ok(path), Ok(other)) => path == other,
        _ => path == other,
    };
    // Errors elsewhere in the project do not prevent the check of a file.
    let known = project(&Disk, path.parent().unwrap_or(Path::new(""))).unwrap_or_default();
    let known = known.into_iter().find(|named| same(&named.path));
    RulesFile { path: path.to_owned(), targets: known.map(|named| named.targets).unwrap_or_default() }
}

/// The targets of a file, in parentheses.
pub(super) fn words(targets: &[Target]) -> String {
    match targets {
        [] => String::new(),
        targets => format!(" ({})", targets.iter().map(Target::to_string).collect::<Vec<_>>().join(", ")),
    }
}
