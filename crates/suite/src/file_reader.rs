//! Reads a file of a suite and the files that it names.

use std::path::{Path, PathBuf};

use firewarden::text::{Source, Span};

use super::{
    files::{Files, joined, shown},
    node::{Node, Reader},
};

/// A file of a suite while it is read: its diagnostics, and the folder that its file names are relative to.
pub(super) struct FileReader<'f> {
    pub(super) reader: Reader,
    files: &'f dyn Files,
    folder: PathBuf,
    /// The files that were requested.
    pub(super) requested: Vec<PathBuf>,
}

impl<'f> FileReader<'f> {
    pub(super) fn new(files: &'f dyn Files, path: &Path, source: Source) -> Self {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        FileReader { reader: Reader::new(source), files, folder, requested: Vec::new() }
    }

    /// The text of the file that a node names. Reports an error if the file cannot be read.
    #[cfg(feature = "verify")]
    pub(super) fn read_text(&mut self, node: &Node, what: &str) -> Option<String> {
        self.read_named(node, what).map(|(_, text)| text)
    }

    pub(super) fn read_named(&mut self, node: &Node, what: &str) -> Option<(PathBuf, String)> {
        let name = self.reader.text(node, what)?;
        let path = joined(&self.folder, name);
        self.requested.push(path.clone());
        match self.files.read(&path) {
            Ok(text) => Some((path, text)),
            Err(why) => {
                self.reader.error("unreadable-file", node.span, format!("{what}: {}: {why}", shown(&path)));
                None
            }
        }
    }
}

/// Rules inside a suite, as a source whose line numbers are those of the suite. A string in JSON has no lines.
pub(super) fn inline(suite: &Source, span: Span, text: &str) -> (PathBuf, String) {
    let name = suite.name();
    if name.ends_with(".json") {
        return (PathBuf::from(format!("{name}#rules")), text.to_owned());
    }
    // The span of a block scalar begins at its text, or at the `|` or `>` in the line before.
    let at_mark = matches!(suite.text().as_bytes().get(span.start as usize), Some(b'|' | b'>'));
    let before = suite.position(span.start).line as usize - usize::from(!at_mark);
    (PathBuf::from(name), "\n".repeat(before) + text)
}
