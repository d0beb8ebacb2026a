//! Rows of recorded tables, as `crates/cli/tests/command/oracle.rs` of the engine replays them, and files of them.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::{Value as Json, json};

use crate::emulator::Issue;

/// A row and the table that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The name of the table: `compile`, `checks`, `syntax-errors`, `expressions`, `decisions`; `requests` is this
    /// package's own.
    pub table: &'static str,
    /// The row.
    pub json: Json,
}

impl Row {
    /// The first syntax error of a source.
    pub fn syntax_error(source: &str, first: &Issue) -> Row {
        let first = json!({ "line": first.line, "column": first.column, "message": first.message });
        Row { table: "syntax-errors", json: json!({ "source": source, "first": first }) }
    }

    /// What the compiler says of a source. The emulator gives no severities of a refused source: they are taken from
    /// ours where the text is the same.
    pub fn compile(source: &str, ok: bool, issues: &[Issue], ours: &[Issue]) -> Row {
        let severity = |issue: &Issue| {
            let known =
                ours.iter().find(|other| other.message == issue.message).and_then(|other| other.severity.clone());
            issue.severity.clone().or(known).unwrap_or_else(|| "ERROR".to_owned())
        };
        let issues: Vec<_> =
            issues.iter().map(|issue| json!([severity(issue), issue.line, issue.column, issue.message])).collect();
        Row { table: "compile", json: json!({ "source": source, "ok": ok, "issues": issues }) }
    }
}

/// Writes rows to files of a folder, one file a table.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
}

impl Writer {
    /// A writer to that folder, which is made.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn new(folder: &Path) -> Result<Writer> {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        Ok(Writer { folder: folder.to_owned() })
    }

    /// Adds a row to the file of its table.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, row: &Row) -> Result<()> {
        let path = self.folder.join(row.table).with_extension("jsonl");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let line = format!("{}\n", row.json);
        // In one piece: several threads write to one file.
        file.and_then(|mut file| file.write_all(line.as_bytes())).with_context(|| path.display().to_string())
    }
}

/// The rows of a file; empty lines and lines that begin with `#` are none.
///
/// # Errors
///
/// The file cannot be read, or a line is no JSON.
pub fn read(path: &Path) -> Result<Vec<Json>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| serde_json::from_str(line).with_context(|| format!("{}: {line}", path.display()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_as_they_were_written() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let writer = Writer::new(folder.path())?;
        let first = Issue { severity: None, line: 1, column: 2, message: "Unexpected '\u{2028}\n'.".to_owned() };
        let rows = [Row::syntax_error("a\nb", &first), Row::syntax_error("é\"", &first)];
        rows.iter().try_for_each(|row| writer.write(row))?;
        let read = read(&folder.path().join("syntax-errors.jsonl"))?;
        assert_eq!(read, rows.map(|row| row.json));
        assert_eq!(read[0]["first"]["message"], "Unexpected '\u{2028}\n'.");
        Ok(())
    }

    #[test]
    fn severities_of_a_refused_source_are_ours() {
        let issue = |severity: Option<&str>, message: &str| Issue {
            severity: severity.map(str::to_owned),
            line: 1,
            column: 1,
            message: message.to_owned(),
        };
        let row = Row::compile("x", false, &[issue(None, "a"), issue(None, "b")], &[issue(Some("WARNING"), "a")]);
        assert_eq!(row.json["issues"], json!([["WARNING", 1, 1, "a"], ["ERROR", 1, 1, "b"]]));
    }
}
