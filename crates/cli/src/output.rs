//! Standard output and standard error, with optional colour.

use std::{io::Write as _, path::Path};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use firewarden::{internals::explain::COLUMNS, text::one_line};

use super::{
    args::Color,
    input::{self, InputError},
};

/// The destination of results and messages. Standard output has only results.
pub(super) struct Output {
    choice: ColorChoice,
    quiet: bool,
    /// The first error of writing a result.
    lost: Option<std::io::Error>,
}

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const FAINT: Style = AnsiColor::Blue.on_default();
const TRUE: Style = AnsiColor::Green.on_default();
const FALSE: Style = AnsiColor::Yellow.on_default();

/// The width of a line: the variable COLUMNS, the width of the terminal on standard output, or 80.
pub(super) fn columns() -> usize {
    let stated = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok()).filter(|columns| *columns > 0);
    let terminal = || terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0));
    stated.or_else(terminal).unwrap_or(COLUMNS)
}

impl Output {
    pub(super) fn new(color: Color, quiet: bool) -> Self {
        let choice = match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        };
        Output { choice, quiet, lost: None }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Writes a result. [`Self::lost`] has the error, if writing fails.
    pub(super) fn result(&mut self, text: &str) {
        let mut stream = AutoStream::new(std::io::stdout(), self.choice);
        let written = write!(stream, "{}", paint(&shown(text))).and_then(|()| stream.flush());
        self.note_lost(written);
    }

    /// Writes a result for programs, without colour.
    pub(super) fn raw(&mut self, text: &str) {
        let mut stream = std::io::stdout();
        let written = writeln!(stream, "{text}").and_then(|()| stream.flush());
        self.note_lost(written);
    }

    /// Writes a result for programs that ends with its own line feed.
    pub(super) fn plain(&mut self, text: &str) {
        let mut stream = std::io::stdout();
        let written = write!(stream, "{}", shown(text)).and_then(|()| stream.flush());
        self.note_lost(written);
    }

    fn note_lost(&mut self, written: std::io::Result<()>) {
        if let Err(error) = written {
            self.lost.get_or_insert(error);
        }
    }

    /// Whether a result could not be written.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// The error of writing a result, such as a full disk or a closed pipe.
    pub(super) fn lost(&mut self) -> Option<std::io::Error> {
        self.lost.take()
    }

    /// Writes rendered diagnostics to standard error.
    pub(super) fn problems(&mut self, text: &str) {
        let mut stream = AutoStream::new(std::io::stderr(), self.choice);
        let _ = writeln!(stream, "{}", paint(&shown(text)));
    }

    /// Clears the screen, if standard output is a terminal.
    pub(super) fn clear(&mut self) {
        let mut stream = std::io::stdout();
        if std::io::IsTerminal::is_terminal(&stream) {
            let _ = write!(stream, "\x1b[2J\x1b[H");
        }
    }

    /// Reports why the command failed.
    pub(super) fn error(&mut self, text: &str) {
        self.message(ERROR, "error", text);
    }

    /// Writes something that the reader should know besides the result.
    pub(super) fn note(&mut self, text: &str) {
        if !self.quiet {
            self.message(FAINT, "note", text);
        }
    }

    /// Warns of a result that may surprise.
    pub(super) fn warning(&mut self, text: &str) {
        if !self.quiet {
            self.message(WARNING, "warning", text);
        }
    }

    /// Reports an error in one line that quotes external text, such as a claim of a token.
    pub(super) fn quoted_error(&mut self, text: &str) {
        self.error(&one_line(text));
    }

    /// Suggests a correction after an error.
    pub(super) fn hint(&mut self, text: &str) {
        self.message(FAINT, "hint", &one_line(text));
    }

    fn message(&mut self, style: Style, word: &str, text: &str) {
        let mut stream = AutoStream::new(std::io::stderr(), self.choice);
        let _ = writeln!(stream, "{style}{word}{style:#}: {}", shown(text));
    }
}

/// Writes a report to a file.
pub(super) fn write_file(file: &Path, text: &str) -> Result<(), InputError> {
    replace(file, text).map_err(|error| InputError(format!("{}: {error}", input::name(file))))
}

/// Writes a temporary file and renames it, so that readers never see a partial file. Writes directly to a device or a
/// pipe.
pub(super) fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    // Replaces the target of a link, not the link.
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let known = std::fs::metadata(&file);
    if known.as_ref().is_ok_and(|known| !known.is_file()) {
        return std::fs::write(&file, text);
    }
    let Some(name) = file.file_name() else { return std::fs::write(&file, text) };
    let mut beside = std::ffi::OsString::from(".");
    beside.push(name);
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = file.with_file_name(beside);
    let written = std::fs::File::create_new(&beside).and_then(|mut new| {
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        if let Ok(known) = known {
            new.set_permissions(known.permissions())?;
        }
        std::fs::rename(&beside, &file)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// Characters that change the direction of text in a terminal.
const DIRECTIONS: [char; 12] = [
    '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}',
    '\u{2067}', '\u{2068}', '\u{2069}',
];

/// Text that may quote external input, such as a name or a claim. Control characters are escaped, so that the terminal
/// does not interpret them.
fn shown(text: &str) -> String {
    let one = |c: char| match c {
        '\n' | '\t' => c.to_string(),
        c if c.is_control() || DIRECTIONS.contains(&c) => c.escape_unicode().to_string(),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}

/// Colours lines by their words, so that plain and coloured output have the same content.
fn paint(text: &str) -> String {
    text.split_inclusive('\n').map(line).collect()
}

fn line(text: &str) -> String {
    let paint = |style: Style, length: usize| {
        let (word, rest) = text.split_at_checked(length).unwrap_or((text, ""));
        format!("{style}{word}{style:#}{rest}")
    };
    let trimmed = text.trim_start();
    let indent = text.len() - trimmed.len();
    let head = |prefix: &str| text.starts_with(prefix).then(|| text.find([':', ' ', '\n']).unwrap_or(text.len()));
    if let Some(length) = head("error[").or_else(|| head("DENY")).or_else(|| head("REFUSED")) {
        return paint(ERROR, length);
    }
    if let Some(length) = head("warning[") {
        return paint(WARNING, length);
    }
    if let Some(length) = head("ALLOW").or_else(|| head("PASS")).or_else(|| head("ADMITTED")) {
        return paint(GOOD, length);
    }
    // Lines of results begin with the word, which is indented before a test's name.
    if let Some(style) = [("FAIL ", ERROR), ("ok ", GOOD), ("skip ", WARNING), ("note:", FAINT)]
        .into_iter()
        .find_map(|(word, style)| trimmed.starts_with(word).then_some(style))
    {
        return paint(style, indent + trimmed.find([' ', ':']).unwrap_or(0));
    }
    // A trace of a failed test is indented.
    if let Some(style) = [("DENY ", ERROR), ("ALLOW ", GOOD)]
        .into_iter()
        .find_map(|(word, style)| trimmed.starts_with(word).then_some(style))
    {
        return paint(style, indent + trimmed.find(' ').unwrap_or(0));
    }
    if let Some((at, length, style)) = outcome(text) {
        let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
        let (word, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        return format!("{before}{style}{word}{style:#}{after}");
    }
    let is_frame = trimmed.starts_with("--> ") || trimmed.starts_with("| ") || trimmed.starts_with("= hint");
    if is_frame { paint(FAINT, indent + trimmed.find(['^', ' ']).unwrap_or(1)) } else { text.to_owned() }
}

/// The outcome in a line of a trace: its offset, its length, and its colour.
fn outcome(text: &str) -> Option<(usize, usize, Style)> {
    let arrow = text.rfind("→ ").map(|at| at + "→ ".len());
    let trimmed = text.trim_start();
    let verdict = || trimmed.starts_with("= ").then_some(text.len() - trimmed.len() + "= ".len());
    let at = arrow.or_else(verdict)?;
    let rest = text.get(at..)?;
    let words = [("true", TRUE), ("permits", TRUE), ("grants", TRUE), ("false", FALSE), ("error", ERROR)];
    words.into_iter().find_map(|(word, style)| {
        let after = rest.strip_prefix(word)?;
        let ends = after.is_empty() || after.starts_with([' ', ':', '\n']);
        ends.then_some((at, word.len(), style))
    })
}
