//! Accounts in the official layout of exports: `accounts.json`, `accounts-TENANT.json`, `config.json`.

use std::{io, path::Path, sync::Arc};

use serde_json::Value as Json;

use crate::export::{about, file_name, json_files, parsed};

use super::{Auth, accounts::import::batch_create, answer::Answer, call::Call, config, error::Refusal, fields};

/// The name of the file of a project's settings.
const CONFIG: &str = "config.json";

/// Writes the accounts and settings of the server's project to a folder, which is created.
///
/// # Errors
///
/// The folder cannot be written.
pub async fn export(auth: &Auth, folder: &Path) -> io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let mut files = Vec::new();
    {
        let project = auth.project(&auth.shared.settings.project);
        let state = project.lock();
        files.push(("accounts.json".to_owned(), config::exported(state.pool.accounts())));
        files.push((CONFIG.to_owned(), config::emulator_config(&state.settings)));
        for (id, tenant) in &state.tenants {
            files.push((format!("accounts-{}.json", file_name(id)), config::exported(tenant.pool.accounts())));
        }
    }
    for (name, content) in files {
        tokio::fs::write(folder.join(name), text(&content)).await?;
    }
    Ok(())
}

fn text(answer: &Answer) -> String {
    Json::Object(answer.fields().clone()).to_string()
}

/// Adds the accounts of a folder to the server's project, and takes its settings. Accounts that exist are replaced.
///
/// # Errors
///
/// The folder cannot be read, or a file does not hold accounts.
pub async fn import(auth: &Arc<Auth>, folder: &Path) -> io::Result<()> {
    let project = auth.shared.settings.project.clone();
    for (name, path) in json_files(folder).await? {
        if format!("{name}.json") == CONFIG {
            let settings = fields::read(parsed(&path).await?).map_err(|refusal| about(&path, &refusal.message()))?;
            config::update_emulator_config(auth.project(&project).lock().settings_mut(), &settings);
            continue;
        }
        let tenant = match (name.as_str(), name.strip_prefix("accounts-")) {
            ("accounts", _) => None,
            (_, Some(tenant)) => Some(tenant.to_owned()),
            (_, None) => continue,
        };
        let mut accounts: Json = parsed(&path).await?;
        if let Json::Object(fields) = &mut accounts {
            fields.insert("allowOverwrite".to_owned(), Json::Bool(true));
        }
        let call = Call::internal(Arc::clone(auth), &project, tenant);
        let refused = |refusal: Refusal| about(&path, &refusal.message());
        let answer = match batch_create(call, fields::read(accounts).map_err(refused)?).await {
            // A file without accounts is none to complain about.
            Err(refusal) if refusal.message() == "MISSING_USER_ACCOUNT" => continue,
            answer => answer.map_err(refused)?,
        };
        let errors = answer.fields().get("error").and_then(Json::as_array);
        if let Some(error) = errors.and_then(|errors| errors.first()) {
            return Err(about(&path, &format!("an account is refused: {error}")));
        }
    }
    Ok(())
}
