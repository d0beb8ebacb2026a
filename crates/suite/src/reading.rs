//! A file that is being read, and the files that it names.

use std::path::{Path, PathBuf};

use firewarden::text::{Source, Span};

use super::{
    files::{Files, joined, shown},
    node::{Node, Reader},
};

/// A file that is being read: its problems, and where the files that it names are.
pub(super) struct Reading<'f> {
    pub(super) reader: Reader,
    files: &'f dyn Files,
    folder: PathBuf,
    /// The files that were asked for.
    pub(super) asked: Vec<PathBuf>,
}

impl<'f> Reading<'f> {
    pub(super) fn new(files: &'f dyn Files, path: &Path, source: Source) -> Self {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Reading { reader: Reader::new(source), files, folder, asked: Vec::new() }
    }

    /// The text of a file that a node names; what keeps it from being read is reported.
    #[cfg(feature = "verify")]
    pub(super) fn file(&mut self, node: &Node, what: &str) -> Option<String> {
        self.named(node, what).map(|(_, text)| text)
    }

    pub(super) fn named(&mut self, node: &Node, what: &str) -> Option<(PathBuf, String)> {
        let name = self.reader.text(node, what)?;
        let path = joined(&self.folder, name);
        self.asked.push(path.clone());
        match self.files.read(&path) {
            Ok(text) => Some((path, text)),
            Err(why) => {
                self.reader.error("unreadable-file", node.span, format!("{what}: {}: {why}", shown(&path)));
                None
            }
        }
    }
}

/// Rules that stand in the suite itself, as a source whose lines are those of the file. In JSON a text has no lines of its
/// own.
pub(super) fn inline(suite: &Source, span: Span, text: &str) -> (PathBuf, String) {
    let name = suite.name();
    if name.ends_with(".json") {
        return (PathBuf::from(format!("{name}#rules")), text.to_owned());
    }
    // A block stands where its text begins, or at the mark in the line before it.
    let at_mark = matches!(suite.text().as_bytes().get(span.start as usize), Some(b'|' | b'>'));
    let before = suite.position(span.start).line as usize - usize::from(!at_mark);
    (PathBuf::from(name), "\n".repeat(before) + text)
}
