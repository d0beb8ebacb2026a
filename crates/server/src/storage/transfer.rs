//! Export and import of all buckets in the official layout: `buckets.json`, `blobs/ID`, `metadata/ID.json`.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tokio::fs;
use uuid::Uuid;

use super::{Storage, exported::Exported, object::Object, store::Conditions};

/// The largest file with metadata that is read, in bytes.
const MAX_METADATA: u64 = 8 << 20;

/// The depth of folders below `metadata/`.
const MAX_DEPTH: usize = 64;

#[derive(Deserialize, Serialize)]
struct Buckets {
    buckets: Vec<BucketId>,
}

#[derive(Deserialize, Serialize)]
struct BucketId {
    id: String,
}

/// Writes all buckets to a folder.
///
/// # Errors
///
/// The folder cannot be written.
pub async fn export(storage: &Storage, folder: &Path) -> io::Result<()> {
    let (blobs, metadata) = (folder.join("blobs"), folder.join("metadata"));
    fs::create_dir_all(&blobs).await?;
    fs::create_dir_all(&metadata).await?;
    let buckets = storage.store.buckets().into_iter().map(|(id, _)| BucketId { id }).collect();
    fs::write(folder.join("buckets.json"), serde_json::to_vec_pretty(&Buckets { buckets })?).await?;
    for object in storage.store.objects() {
        // The name of an object is never that of a file: it could lead out of the folder.
        let id = Uuid::new_v4().to_string();
        let mut from = object.blob.reader(0..object.blob.size()).await?;
        let mut to = fs::File::create(blobs.join(&id)).await?;
        tokio::io::copy(&mut from, &mut to).await?;
        tokio::io::AsyncWriteExt::flush(&mut to).await?;
        let exported = serde_json::to_vec_pretty(&Exported::from(&object.metadata))?;
        fs::write(metadata.join(format!("{id}.json")), exported).await?;
    }
    Ok(())
}

/// Adds the objects of a folder. Objects of the same name are replaced.
///
/// # Errors
///
/// The folder cannot be read, or has another layout.
pub async fn import(storage: &Storage, folder: &Path) -> io::Result<()> {
    let path = folder.join("buckets.json");
    let buckets: Buckets = serde_json::from_slice(&fs::read(&path).await.map_err(|error| at(&path, error))?)
        .map_err(|error| at(&path, error.into()))?;
    for BucketId { id } in buckets.buckets {
        storage.store.create_bucket(&id, storage.now(&id)).map_err(io::Error::other)?;
    }
    let (blobs, metadata) = (folder.join("blobs"), folder.join("metadata"));
    // Folders without objects lack both.
    if !fs::try_exists(&blobs).await? || !fs::try_exists(&metadata).await? {
        return Ok(());
    }
    for path in files(&metadata).await? {
        // The blob of `metadata/NAME.json` is `blobs/NAME`, in all layouts that there have been.
        let name = path.strip_prefix(&metadata).ok().map(|relative| relative.with_extension(""));
        let is_metadata = path.extension().is_some_and(|extension| extension == "json");
        let Some(blob) = name.filter(|_| is_metadata).map(|name| blobs.join(name)) else { continue };
        if is_file(&blob).await {
            import_object(storage, &path, &blob).await.map_err(|error| at(&path, error))?;
        }
    }
    Ok(())
}

fn at(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Links are not followed: they could lead out of the folder.
async fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).await.is_ok_and(|found| found.is_file())
}

/// All files below a folder, by name.
async fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut found, mut folders) = (Vec::new(), vec![(folder.to_owned(), MAX_DEPTH)]);
    while let Some((folder, depth)) = folders.pop() {
        let mut entries = fs::read_dir(&folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let kind = entry.file_type().await?;
            match depth.checked_sub(1) {
                Some(below) if kind.is_dir() => folders.push((entry.path(), below)),
                _ if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    Ok(found)
}

async fn import_object(storage: &Storage, metadata: &Path, blob: &Path) -> io::Result<()> {
    if fs::metadata(metadata).await?.len() > MAX_METADATA {
        return Err(io::Error::other("the metadata are too large"));
    }
    let exported: Exported = serde_json::from_slice(&fs::read(metadata).await?)?;
    let mut writer = storage.new_blob();
    writer.read_from(&mut fs::File::open(blob).await?).await?;
    let (blob, digest) = writer.finish().await?;
    let name = slashes(&exported.name);
    let target = (exported.bucket.as_str(), name.as_str());
    let stored = storage.replace_unchecked(target, &Conditions::default(), |stored, now| {
        Object::new(exported.metadata(target, digest, now, stored), blob.clone())
    });
    stored.map(drop).map_err(io::Error::other)
}

/// The name of an object; exports that were made on Windows have backslashes.
fn slashes(name: &str) -> String {
    match name.find(['/', '\\']).and_then(|at| name.get(at..)) {
        Some(rest) if rest.starts_with('\\') => name.replace('\\', "/"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use super::{super::answer::iso_time, *};
    use crate::shared::{Settings, Shared};

    const METADATA: &str = r#"{"name":"NAME","bucket":"p.appspot.com","contentType":"a/b","metageneration":3,
        "generation":1648084940926,"storageClass":"STANDARD","contentDisposition":"inline","downloadTokens":["t1","t2"],
        "etag":"x","timeCreated":"2022-03-24T01:22:20.926Z","updated":"2022-03-25T01:22:20.926Z","size":0,
        "md5Hash":"","crc32c":"0","customMetadata":{"k":"v"}}"#;

    /// A folder with one object: the name of its metadata and blob, and the name in the metadata.
    async fn imported(file: &str, name: &str) -> (Arc<Storage>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: String, text: String| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("buckets.json".to_owned(), r#"{"buckets":[{"id":"p.appspot.com"},{"id":"empty"}]}"#.to_owned());
        if !file.is_empty() {
            write(format!("metadata/{file}.json"), METADATA.replace("NAME", name));
            write(format!("blobs/{file}"), "content".to_owned());
        }
        let storage = Storage::new(Arc::new(Shared::in_memory(Settings::default()))).unwrap();
        storage.import(folder.path()).await.unwrap();
        (storage, folder)
    }

    #[tokio::test]
    async fn exports_of_all_versions_can_be_imported() {
        for (file, name, expected) in [
            ("p.appspot.com%2Fdir%2Fa.txt", "dir/a.txt", "dir/a.txt"),
            ("p.appspot.com/dir/a.txt", "dir/a.txt", "dir/a.txt"),
            ("eaa2803e-4374-44bd-98cb-cdd7d31e3347", "dir/a.txt", "dir/a.txt"),
            ("p.appspot.com%5Cdir%5Ca.txt", r"dir\\a.txt", "dir/a.txt"),
            ("x", r"a/b\\c", r"a/b\c"),
        ] {
            let (storage, _folder) = imported(file, name).await;
            let object = storage.object(("p.appspot.com", expected)).unwrap();
            let metadata = &object.metadata;
            assert_eq!((metadata.generation, metadata.metageneration), (1_648_084_940_926, 3));
            assert_eq!(iso_time(metadata.updated), "2022-03-25T01:22:20.926Z");
            assert_eq!((metadata.tokens.len(), metadata.digest.size), (2, 7));
            assert_eq!(metadata.md5(), "mgNkuembtIDdJeHwKEyFVQ==");
        }
        let (storage, _folder) = imported("", "").await;
        assert_eq!(storage.store.buckets().len(), 2);
    }

    #[tokio::test]
    async fn an_export_can_be_imported_again() {
        let (storage, folder) = imported("x", "../up").await;
        let again = folder.path().join("again");
        storage.export(&again).await.unwrap();
        let other = Storage::new(Arc::new(Shared::in_memory(Settings::default()))).unwrap();
        other.import(&again).await.unwrap();
        let target = ("p.appspot.com", "../up");
        let (one, two) = (storage.object(target).unwrap(), other.object(target).unwrap());
        assert_eq!(format!("{:?}", one.metadata), format!("{:?}", two.metadata));
    }

    #[tokio::test]
    async fn a_folder_that_is_no_export_is_an_error_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::new(Arc::new(Shared::in_memory(Settings::default()))).unwrap();
        let error = storage.import(folder.path()).await.unwrap_err();
        assert!(error.to_string().contains("buckets.json"), "{error}");
        std::fs::write(folder.path().join("buckets.json"), "{}").unwrap();
        let error = storage.import(folder.path()).await.unwrap_err();
        assert!(error.to_string().contains("missing field `buckets`"), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn links_in_an_export_are_not_followed() {
        let (_, folder) = imported("x", "a").await;
        let blob = folder.path().join("blobs/x");
        std::fs::remove_file(&blob).unwrap();
        std::os::unix::fs::symlink(folder.path().join("buckets.json"), &blob).unwrap();
        let storage = Storage::new(Arc::new(Shared::in_memory(Settings::default()))).unwrap();
        storage.import(folder.path()).await.unwrap();
        assert!(storage.object(("p.appspot.com", "a")).is_none());
    }
}
