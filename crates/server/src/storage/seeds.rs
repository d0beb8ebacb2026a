//! The objects of a suite: stated metadata, and zero bytes as content.

use firewarden::storage as rules;
use firewarden_suite::seeds::{DEFAULT_BUCKET, Seeds};
use tokio::io::AsyncReadExt as _;

use super::{Storage, exported::Exported, object::Object, store::Conditions};

/// The bytes that the objects of a suite may have together: 1 GiB.
const MAX_SEEDED: u64 = 1 << 30;

impl Storage {
    /// Stores the objects of a suite, each with as many zero bytes as its size states; hashes and entity tags are those of
    /// the content. An object in the bucket of suites that name none is stored in the two that clients use as the default
    /// one of the project, `PROJECT` and `PROJECT.appspot.com`.
    ///
    /// # Errors
    ///
    /// The objects are too large together, or the disk does not take them.
    pub async fn seed(&self, seeds: &Seeds) -> Result<(), String> {
        let mut objects = Vec::new();
        for (bucket, object) in seeds.objects() {
            let name = object.name();
            objects.push(exported(bucket, object).map_err(|error| format!("gs://{bucket}/{name}: {error}"))?);
        }
        let total = objects.iter().fold(0, |total: u64, object| total.saturating_add(object.size));
        if total > MAX_SEEDED {
            return Err(format!(
                "the objects have {total} bytes together, and at most {MAX_SEEDED} (1 GiB) are stored; state smaller sizes"
            ));
        }
        for object in &objects {
            let stored = self.seed_object(object).await;
            stored.map_err(|error| format!("gs://{}/{}: {error}", object.bucket, object.name))?;
        }
        Ok(())
    }

    async fn seed_object(&self, object: &Exported) -> std::io::Result<()> {
        let mut writer = self.new_blob();
        writer.read_from(&mut tokio::io::repeat(0).take(object.size)).await?;
        let (blob, digest) = writer.finish().await?;
        let project = &self.shared.settings.project;
        let buckets = match object.bucket.as_str() {
            DEFAULT_BUCKET => vec![project.clone(), format!("{project}.appspot.com")],
            bucket => vec![bucket.to_owned()],
        };
        for bucket in &buckets {
            let target = (bucket.as_str(), object.name.as_str());
            let stored = self.replace_unchecked(target, &Conditions::default(), |stored, now| {
                Object::new(object.metadata(target, digest, now, stored), blob.clone())
            });
            stored.map_err(std::io::Error::other)?;
        }
        Ok(())
    }
}

/// The object in the form that is stored.
fn exported(bucket: &str, object: &rules::Object) -> serde_json::Result<Exported> {
    let mut fields = object.to_json();
    fields.insert("name".to_owned(), object.name().into());
    fields.insert("bucket".to_owned(), bucket.into());
    let custom = fields.remove("metadata").filter(|custom| custom.as_object().is_some_and(|custom| !custom.is_empty()));
    fields.extend(custom.map(|custom| ("customMetadata".to_owned(), custom)));
    serde_json::from_value(fields.into())
}
