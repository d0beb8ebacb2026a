//! Export and import of all data in the official layout: `firebase-export-metadata.json` beside a folder for each service.

use std::{io, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

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

/// Writes the data of all running services to a folder, which is created.
///
/// # Errors
///
/// The folder cannot be written.
pub async fn write(services: &Services, folder: &Path) -> io::Result<()> {
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
            let file = below.join(format!("{}.json", file_name(&namespace)?));
            tokio::fs::write(file, services.database.export(&namespace).to_string()).await?;
        }
        metadata.database = Some(Part { version: DATABASE_VERSION.to_owned(), path: DATABASE_FOLDER.to_owned() });
    }
    if services.address(Service::Storage).is_some() {
        let below = folder.join(STORAGE_FOLDER);
        services.storage.export(&below).await?;
        metadata.storage = Some(Part { version: hub::VERSION.to_owned(), path: STORAGE_FOLDER.to_owned() });
    }
    let text = serde_json::to_string_pretty(&metadata).map_err(io::Error::other)?;
    tokio::fs::write(folder.join(METADATA), text).await
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
        services.auth.import(&folder.join(part.path)).await?;
    }
    if let Some(part) = metadata.database.filter(|_| services.address(Service::Database).is_some()) {
        let below = folder.join(part.path);
        let mut files = tokio::fs::read_dir(&below).await.map_err(|error| about(&below, &error))?;
        while let Some(file) = files.next_entry().await? {
            let path = file.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"));
            let Some(namespace) = name else { continue };
            let data: Json = parsed(&path).await?;
            services.database.import(namespace, &data).map_err(|why| about(&path, &why))?;
        }
    }
    if let Some(part) = metadata.storage.filter(|_| services.address(Service::Storage).is_some()) {
        let below = folder.join(part.path);
        services.storage.import(&below).await.map_err(|error| about(&below, &error))?;
    }
    Ok(())
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

/// A name that clients choose, of a namespace or a tenant, as the name of a file.
pub fn file_name(namespace: &str) -> io::Result<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_plain = namespace.chars().all(plain) && !namespace.starts_with('.') && !namespace.is_empty();
    match is_plain {
        true => Ok(namespace),
        false => Err(io::Error::other(format!("{namespace:?} cannot be the name of a file"))),
    }
}
