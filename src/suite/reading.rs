//! A file that is being read, and the files that it names.

use std::path::{Path, PathBuf};

use crate::text::Source;

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
