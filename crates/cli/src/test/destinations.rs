//! The destinations of reports: standard output and files.

use std::path::{Path, PathBuf};

use crate::{
    args::{TestFormat, TestOptions},
    input::InputError,
};

/// The formats of the results, and where they go.
pub(super) struct Destinations {
    /// The format on standard output.
    pub(super) printed: TestFormat,
    /// The file, and its format.
    pub(super) file: Option<(PathBuf, TestFormat)>,
}

/// The destinations that the options state. Contradictory options are an error.
pub(super) fn destinations(options: &TestOptions) -> Result<Destinations, InputError> {
    if options.list {
        let printed = options.format.unwrap_or(TestFormat::Human);
        if !matches!(printed, TestFormat::Human | TestFormat::Json) {
            let message = format!("--list supports the formats human and json, not {}", printed.name());
            return Err(InputError(message));
        }
        return Ok(Destinations { printed, file: None });
    }
    let destinations = match &options.output {
        Some(file) if file == Path::new("-") => {
            return Err(InputError(
                "--output expects a file, not `-`; without --output, results go to standard output".to_owned(),
            ));
        }
        None => Destinations { printed: options.format.unwrap_or(TestFormat::Human), file: None },
        Some(file) => {
            let format = format_of(file, options.format)?;
            // GitHub reads annotations from standard output only.
            let printed = options.format.filter(|format| *format == TestFormat::Github).unwrap_or(TestFormat::Human);
            Destinations { printed, file: Some((file.clone(), format)) }
        }
    };
    let reports = options.coverage.iter().filter_map(|report| report.file.as_ref());
    let mut files: Vec<&PathBuf> = options.output.iter().chain(reports).collect();
    files.sort();
    if let Some(twice) = files.windows(2).find_map(|pair| pair.first().filter(|first| pair.last() == Some(first))) {
        return Err(InputError(format!("{}: two reports have the same file; name another file", twice.display())));
    }
    Ok(destinations)
}

/// The format of a file, from its name and the options.
fn format_of(file: &Path, stated: Option<TestFormat>) -> Result<TestFormat, InputError> {
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let named = extension.as_deref().and_then(|extension| match extension {
        "xml" => Some(TestFormat::Junit),
        "json" => Some(TestFormat::Json),
        "tap" => Some(TestFormat::Tap),
        _ => None,
    });
    // Annotations go to standard output, whatever the format of the file.
    let (stated, or) = match stated {
        Some(TestFormat::Github) => (None, ""),
        stated => (stated, ", or add --format"),
    };
    match (named, stated) {
        (Some(named), Some(stated)) if named != stated => Err(InputError(format!(
            "--output {}: the extension is that of {}, but --format is {}; remove --format, or name another file",
            file.display(),
            named.name(),
            stated.name(),
        ))),
        (Some(format), _) | (None, Some(format)) => Ok(format),
        (None, None) => Err(InputError(format!(
            "--output {}: the extension determines no format; use .xml (JUnit), .json or .tap{or}",
            file.display(),
        ))),
    }
}
