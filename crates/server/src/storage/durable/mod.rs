//! Buckets and objects on disk.

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use bytes::Bytes;
use firewarden::Timestamp;

use super::{
    blob::Blob,
    exported::Exported,
    folder::{BlobFile, BlobFolder},
    object::Object,
    store::{Bucket, Buckets, Store},
};
use crate::disk::{Disk, DiskError, StoredContent, StoredObject};

/// Keeps buckets and objects on a disk, if there is one.
#[derive(Default)]
pub struct Kept(Option<Arc<Disk>>);

impl Kept {
    /// Stores a bucket.
    ///
    /// # Errors
    ///
    /// The disk does not take it.
    pub fn put_bucket(&self, name: &str, created: Timestamp) -> Result<(), DiskError> {
        self.0.as_ref().map_or(Ok(()), |disk| disk.put_bucket(name, created.to_millis()))
    }

    /// Stores an object in the place of an old one, or forgets that.
    ///
    /// # Errors
    ///
    /// The disk does not take it; the old one is still there.
    pub fn put_object(
        &self,
        (bucket, name): (&str, &str),
        old: Option<&Object>,
        new: Option<&Object>,
    ) -> Result<(), DiskError> {
        let Some(disk) = &self.0 else { return Ok(()) };
        let metadata = match new {
            Some(new) => serde_json::to_vec(&Exported::from(&new.metadata)).map_err(|error| disk.error(error))?,
            None => Vec::new(),
        };
        let content = match new.map(|new| &new.blob) {
            None => None,
            Some(Blob::Memory(bytes)) => Some(StoredContent::Bytes(bytes)),
            Some(Blob::File(file)) => {
                let name = file.name().ok_or_else(|| disk.error("the name of a file of contents is no text"))?;
                Some(StoredContent::File(name))
            }
        };
        disk.put_object(bucket, name, content.map(|content| StoredObject { metadata: &metadata, content }))?;
        new.and_then(file_of).inspect(|file| file.add_record());
        old.and_then(file_of).inspect(|file| file.remove_record());
        Ok(())
    }

    /// Forgets buckets with their objects.
    ///
    /// # Errors
    ///
    /// The disk does not take it; all are still there.
    pub fn remove_buckets(&self, buckets: &[(&str, &Bucket)]) -> Result<(), DiskError> {
        let Some(disk) = &self.0 else { return Ok(()) };
        disk.remove_buckets(&buckets.iter().map(|(name, _)| *name).collect::<Vec<_>>())?;
        let objects = buckets.iter().flat_map(|(_, bucket)| bucket.objects.values());
        objects.filter_map(|object| file_of(object)).for_each(BlobFile::remove_record);
        Ok(())
    }
}

fn file_of(object: &Object) -> Option<&BlobFile> {
    match &object.blob {
        Blob::Memory(_) => None,
        Blob::File(file) => Some(file),
    }
}

/// The store of a disk, and the folder for new contents. Files that no object names are deleted.
///
/// # Errors
///
/// The disk cannot be read, a record is damaged, or its file is missing: the error names the object.
pub fn restore(disk: &Arc<Disk>) -> Result<(Store, BlobFolder), DiskError> {
    let folder = BlobFolder::Kept(disk.contents().to_owned());
    let mut buckets = Buckets::new();
    for (name, created) in disk.buckets()? {
        let created = Timestamp::from_millis(created).map_err(|error| disk.error(format!("gs://{name}: {error}")))?;
        buckets.insert(name, Bucket { created, objects: BTreeMap::new() });
    }
    let mut files: HashMap<String, Arc<BlobFile>> = HashMap::new();
    disk.objects(|bucket, name, StoredObject { metadata, content }| {
        let blob = match content {
            StoredContent::Bytes(bytes) => Blob::Memory(Bytes::copy_from_slice(bytes)),
            StoredContent::File(file) => Blob::File(match files.get(file) {
                Some(known) => {
                    known.add_record();
                    Arc::clone(known)
                }
                None => {
                    let found = folder.existing(file).map_err(|error| error.to_string())?;
                    Arc::clone(files.entry(file.to_owned()).or_insert(found))
                }
            }),
        };
        let exported: Exported = serde_json::from_slice(metadata).map_err(|error| format!("its metadata: {error}"))?;
        let digest = exported.digest().ok_or("its hashes are damaged")?;
        if digest.size != blob.size() {
            return Err(format!("its content has {} bytes instead of {}", blob.size(), digest.size));
        }
        let metadata = exported.metadata((bucket, name), digest, Timestamp::UNIX_EPOCH, None);
        let bucket = buckets.get_mut(bucket).ok_or("its bucket is missing")?;
        bucket.objects.insert(name.to_owned(), Arc::new(Object::new(metadata, blob)));
        Ok(())
    })?;
    folder.sweep(&files);
    Ok((Store::new(Kept(Some(Arc::clone(disk))), buckets), folder))
}
