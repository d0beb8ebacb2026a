//! Where reports go: what is printed, and what is written to which file.

use std::path::{Path, PathBuf};

use crate::{
    args::{TestFormat, TestOptions},
    input::Unreadable,
};

/// The formats of the results, and where they go.
pub(super) struct Destinations {
    /// The format on standard output.
    pub(super) printed: TestFormat,
    /// The file that is written, and its format.
    pub(super) file: Option<(PathBuf, TestFormat)>,
}

/// The destinations that the options state. Options that contradict each other are refused.
pub(super) fn destinations(options: &TestOptions) -> Result<Destinations, Unreadable> {
    if options.list {
        let printed = options.format.unwrap_or(TestFormat::Human);
        if !matches!(printed, TestFormat::Human | TestFormat::Json) {
            let message = format!("--list prints names, or with --format json JSON; it has no {} form", printed.name());
            return Err(Unreadable(message));
        }
        return Ok(Destinations { printed, file: None });
    }
    let destinations = match &options.output {
        Some(file) if file == Path::new("-") => {
            return Err(Unreadable("--output - is no file; without --output, results are printed".to_owned()));
        }
        None => Destinations { printed: options.format.unwrap_or(TestFormat::Human), file: None },
        Some(file) => {
            let format = format_of(file, options.format)?;
            // Annotations are read from what is printed; a file of them says nothing to anybody.
            let printed = options.format.filter(|format| *format == TestFormat::Github).unwrap_or(TestFormat::Human);
            Destinations { printed, file: Some((file.clone(), format)) }
        }
    };
    let reports = options.coverage.iter().filter_map(|report| report.file.as_ref());
    let mut files: Vec<&PathBuf> = options.output.iter().chain(reports).collect();
    files.sort();
    if let Some(twice) = files.windows(2).find_map(|pair| pair.first().filter(|first| pair.last() == Some(first))) {
        return Err(Unreadable(format!("{}: two reports go to this file; name another for one", twice.display())));
    }
    Ok(destinations)
}

/// The format of a file: as its name and the options say.
fn format_of(file: &Path, stated: Option<TestFormat>) -> Result<TestFormat, Unreadable> {
    let extension = file.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    let named = extension.as_deref().and_then(|extension| match extension {
        "xml" => Some(TestFormat::Junit),
        "json" => Some(TestFormat::Json),
        "tap" => Some(TestFormat::Tap),
        _ => None,
    });
    // Annotations are printed, whatever the file has.
    let (stated, or) = match stated {
        Some(TestFormat::Github) => (None, ""),
        stated => (stated, ", or add --format"),
    };
    match (named, stated) {
        (Some(named), Some(stated)) if named != stated => Err(Unreadable(format!(
            "--output {}: the name is one for {}, but --format says {}; leave out --format, or name another file",
            file.display(),
            named.name(),
            stated.name(),
        ))),
        (Some(format), _) | (None, Some(format)) => Ok(format),
        (None, None) => Err(Unreadable(format!(
            "--output {}: the format does not follow from the name; use .xml (JUnit), .json or .tap{or}",
            file.display(),
        ))),
    }
}
