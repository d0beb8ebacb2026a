//! Export and import of all data in the official layout: `firebase-export-metadata.json` beside a folder for each service.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::{Service, hub, server::Services};

/// The file that names the folders.
pub const METADATA: &str = "firebase-export-metadata.json";

/// The version of the database emulator whose layout is written.
const DATABASE_VERSION: &str = "4.11.2";

const AUTH_FOLDER: &str = "auth_export";
const DATABASE_FOLDER: &str = "database_export";
const STORAGE_FOLDER: &str = "storage_export";

/// `firebase-export-metadata.json`; what other emulators add is left alone.
#[derive(Deserialize, Serialize)]
struct Metadata {
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage: Option<Part>,
}

#[derive(Deserialize, Serialize)]
struct Part {
    version: String,
    path: String,
}

impl Part {
    /// The folder of the part, which is below that of the export.
    fn below(&self, folder: &Path) -> io::Result<PathBuf> {
        let path = Path::new(&self.path);
        if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            let file = folder.join(METADATA);
            return Err(about(&file, &format!("{:?} is no folder below that of the export", self.path)));
        }
        let below = folder.join(path);
        match below.canonicalize()?.starts_with(folder.canonicalize()?) {
            true => Ok(below),
            false => Err(about(&below, &"the link leads out of the folder of the export")),
        }
    }
}

/// Writes the data of all running services to a folder, which is created. Data of an earlier export there is replaced once all is
/// written.
///
/// # Errors
///
/// The folder cannot be written.
pub async fn write(services: &Services, folder: &Path) -> io::Result<()> {
    // In the same folder, so that a rename suffices.
    let fresh = folder.join(format!(".export-{}", Uuid::new_v4()));
    let written = match write_parts(services, &fresh).await {
        Ok(metadata) => replace(folder, &fresh, &metadata).await,
        Err(error) => Err(error),
    };
    // A rest of it does no harm: nothing reads it.
    let _ = tokio::fs::remove_dir_all(&fresh).await;
    written
}

/// Moves the parts of an export to where they are read from.
async fn replace(folder: &Path, fresh: &Path, metadata: &Metadata) -> io::Result<()> {
    let text = serde_json::to_string_pretty(metadata).map_err(io::Error::other)?;
    for part in metadata.auth.iter().chain(&metadata.database).chain(&metadata.storage) {
        let place = folder.join(&part.path);
        // Objects have other file names in each export: those that are deleted meanwhile must not stay.
        match tokio::fs::remove_dir_all(&place).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => tokio::fs::rename(fresh.join(&part.path), place).await?,
        }
    }
    tokio::fs::write(folder.join(METADATA), text).await
}

async fn write_parts(services: &Services, folder: &Path) -> io::Result<Metadata> {
    let mut metadata = Metadata { version: hub::VERSION.to_owned(), auth: None, database: None, storage: None };
    tokio::fs::create_dir_all(folder).await?;
    if services.address(Service::Auth).is_some() {
        services.auth.export(&folder.join(AUTH_FOLDER)).await?;
        metadata.auth = Some(Part { version: hub::VERSION.to_owned(), path: AUTH_FOLDER.to_owned() });
    }
    if services.address(Service::Database).is_some() {
        let below = folder.join(DATABASE_FOLDER);
        tokio::fs::create_dir_all(&below).await?;
        for namespace in services.database.namespaces() {
            let file = below.join(format!("{}.json", file_name(&namespace)));
            tokio::fs::write(file, services.database.export(&namespace).to_string()).await?;
        }
        metadata.database = Some(Part { version: DATABASE_VERSION.to_owned(), path: DATABASE_FOLDER.to_owned() });
    }
    if services.address(Service::Storage).is_some() {
        let below = folder.join(STORAGE_FOLDER);
        services.storage.export(&below).await?;
        metadata.storage = Some(Part { version: hub::VERSION.to_owned(), path: STORAGE_FOLDER.to_owned() });
    }
    Ok(metadata)
}

/// Reads the data of a folder into the running services. Data of other services is left out.
///
/// # Errors
///
/// The folder cannot be read, or has another layout; the error names the file.
pub async fn read(services: &Services, folder: &Path) -> io::Result<()> {
    let file = folder.join(METADATA);
    let metadata: Metadata = parsed(&file).await?;
    if let Some(part) = metadata.auth.filter(|_| services.address(Service::Auth).is_some()) {
        services.auth.import(&part.below(folder)?).await?;
    }
    if let Some(part) = metadata.database.filter(|_| services.address(Service::Database).is_some()) {
        let below = part.below(folder)?;
        for (namespace, path) in json_files(&below).await? {
            let data: Json = parsed(&path).await?;
            services.database.import(&namespace, &data).map_err(|why| about(&path, &why))?;
        }
    }
    if let Some(part) = metadata.storage.filter(|_| services.address(Service::Storage).is_some()) {
        let below = part.below(folder)?;
        services.storage.import(&below).await.map_err(|error| about(&below, &error))?;
    }
    Ok(())
}

/// The JSON files in a folder of an export: what their names stand for, and where they are.
///
/// # Errors
///
/// The folder cannot be read, or a name is no text.
pub async fn json_files(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut files = tokio::fs::read_dir(folder).await.map_err(|error| about(folder, &error))?;
    while let Some(file) = files.next_entry().await? {
        let path = file.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"));
        // A link could lead out of the folder, and a pipe has no end.
        let is_file = tokio::fs::symlink_metadata(&path).await.is_ok_and(|found| found.is_file());
        if let Some(name) = name.filter(|_| is_file) {
            let name = percent_decode_str(name).decode_utf8().map_err(|why| about(&path, &why))?;
            found.push((name.into_owned(), path));
        }
    }
    Ok(found)
}

/// The content of a file of JSON.
///
/// # Errors
///
/// The file cannot be read, or is no such JSON; the error names it.
pub async fn parsed<T: serde::de::DeserializeOwned>(file: &Path) -> io::Result<T> {
    let text = tokio::fs::read(file).await.map_err(|error| about(file, &error))?;
    serde_json::from_slice(&text).map_err(|error| about(file, &error))
}

/// An error about a file.
pub fn about(path: &Path, error: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}

/// What the name of a file may have anywhere.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// A name that clients choose, of a namespace or a tenant, as the name of a file. Usual names stay as they are.
pub fn file_name(namespace: &str) -> String {
    let encoded = utf8_percent_encode(namespace, PLAIN).to_string();
    match encoded.strip_prefix('.') {
        Some(rest) => format!("%2E{rest}"),
        None => encoded,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn parts_are_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let part = |path: &str| Part { version: String::new(), path: path.to_owned() }.below(folder.path());
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        assert_eq!(part("a/b").unwrap(), folder.path().join("a/b"));
        assert_eq!(part("./a").unwrap(), folder.path().join("./a"));
        for path in ["..", "a/../..", "/etc", "missing"] {
            assert!(part(path).is_err(), "{path}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/", folder.path().join("link")).unwrap();
            assert!(part("link").unwrap_err().to_string().contains("leads out"));
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn links_among_databases_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let metadata = r#"{"version":"1","database":{"version":"1","path":"d"}}"#;
        std::fs::write(folder.path().join(METADATA), metadata).unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("d/own.json"), "1").unwrap();
        std::os::unix::fs::symlink(folder.path().join("d/own.json"), folder.path().join("d/link.json")).unwrap();
        let addresses = [(Service::Database, ([127, 0, 0, 1], 0).into())].into();
        let services = Services::new(crate::shared::Settings::default(), addresses).unwrap();
        read(&services, folder.path()).await.unwrap();
        assert_eq!(services.database.namespaces(), ["own"]);
    }

    #[test]
    fn names_of_files_stay_in_their_folder() {
        for (namespace, file) in [
            ("demo-default-rtdb", "demo-default-rtdb"),
            ("a_b.c", "a_b.c"),
            ("..", "%2E."),
            ("a:b", "a%3Ab"),
            ("../a/b\\c%2F", "%2E.%2Fa%2Fb%5Cc%252F"),
        ] {
            assert_eq!(file_name(namespace), file);
            assert_eq!(percent_decode_str(file).decode_utf8().ok().as_deref(), Some(namespace));
        }
    }
}
