//! A file that is read before it is written.

use std::path::Path;

use firewarden_suite::{Disk, Files};

/// The file system with one more file, which is not written yet.
pub(super) struct WithDraft<'a> {
    pub(super) path: &'a Path,
    pub(super) text: String,
}

impl Files for WithDraft<'_> {
    fn read(&self, path: &Path) -> Result<String, String> {
        if path == self.path { Ok(self.text.clone()) } else { Disk.read(path) }
    }
}
