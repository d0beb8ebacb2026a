//! Which rules a Firebase project folder has, and what a rules file is for: `firebase.json`.

use std::path::Path;

use firewarden_suite::{Disk, Named, ProjectError, Target, project};

use super::{input::Unreadable, output::Output};

/// The rules files that `firebase.json` names, in a folder or above it; none where something is wrong with it, which is
/// told.
pub(super) fn read(folder: &Path, output: &mut Output) -> Result<Option<Vec<Named>>, Unreadable> {
    match project(&Disk, folder) {
        Ok(named) => Ok(Some(named)),
        Err(ProjectError::Wrong(problems)) => {
            output.problems(&problems.to_string());
            Ok(None)
        }
        Err(error) => Err(Unreadable(match error {
            ProjectError::Missing if folder.as_os_str().is_empty() => format!("no file is given, and {error}"),
            ProjectError::Missing => format!("{}: {error}", folder.display()),
            error => error.to_string(),
        })),
    }
}

/// A rules file with what the nearest `firebase.json` says that it is for, if it says anything.
pub(super) fn of_file(path: &Path) -> Named {
    let same = |other: &Path| match (std::fs::canonicalize(path), std::fs::canonicalize(other)) {
        (Ok(path), Ok(other)) => path == other,
        _ => path == other,
    };
    // A file may be checked whatever else is wrong with the project.
    let known = project(&Disk, path.parent().unwrap_or(Path::new(""))).unwrap_or_default();
    let known = known.into_iter().find(|named| same(&named.path));
    Named { path: path.to_owned(), targets: known.map(|named| named.targets).unwrap_or_default() }
}

/// What a file is for, to be put behind what is said of it.
pub(super) fn words(targets: &[Target]) -> String {
    match targets {
        [] => String::new(),
        targets => format!(" ({})", targets.iter().map(Target::to_string).collect::<Vec<_>>().join(", ")),
    }
}
