//! Writes: uploads are stored, metadata changed, objects deleted. Each is made from the object that was seen when it was
//! decided, and starts again if another request was faster.

use std::sync::Arc;

use firewarden::{Timestamp, storage::Method};

use super::{
    Storage,
    access::{Caller, Denial, Pass, Question},
    blob::{Blob, Digest},
    object::{Changes, Metadata, Object},
    store::{Conditions, Unmet},
};
use crate::disk::DiskError;

/// Why a write is not made. Nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The rules deny it.
    #[error("{}", .0.reason)]
    Denied(Denial),
    /// A condition of the client does not hold.
    #[error("a precondition does not hold")]
    Unmet(Unmet),
    /// The disk does not take it.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        Refused::Denied(denial)
    }
}

impl From<Unmet> for Refused {
    fn from(unmet: Unmet) -> Self {
        Refused::Unmet(unmet)
    }
}

/// The longest name of an object in bytes.
pub const MAX_NAME: usize = 1_024;

impl Storage {
    /// The time of a bucket's project.
    pub fn now(&self, bucket: &str) -> Timestamp {
        self.shared.clock(self.shared.project_of_bucket(bucket)).now()
    }

    /// Makes a bucket spring up, as any use of it does.
    pub fn touch(&self, bucket: &str) {
        let _ = self.object((bucket, ""));
    }

    /// The stored object.
    pub fn object(&self, (bucket, name): (&str, &str)) -> Option<Arc<Object>> {
        self.store.get(bucket, name, || self.now(bucket))
    }

    /// Stores an upload if the rules allow it. Rules call an overwrite `create`, too.
    ///
    /// # Errors
    ///
    /// The denial; the disk does not take it.
    pub async fn upload(
        &self,
        caller: &Caller,
        target: (&str, &str),
        changes: &Changes,
        (blob, digest): &(Blob, Digest),
    ) -> Result<(Arc<Object>, Pass), Refused> {
        loop {
            let (now, stored) = (self.now(target.0), self.object(target));
            let metadata = Metadata::new(target, changes, *digest, now, stored.as_deref());
            let proposed = Object::new(metadata, blob.clone());
            let incoming = Some(Arc::clone(proposed.for_rules()));
            let pass = self.ask(caller, Method::Create, target, stored.as_ref(), incoming).await?;
            // Rules see the upload without these defaults.
            let mut metadata = proposed.metadata;
            metadata.content_disposition.get_or_insert_with(|| "inline".to_owned());
            if metadata.tokens.is_empty() {
                metadata.add_token();
            }
            let object = Arc::new(Object::new(metadata, proposed.blob));
            if self.store.replace(target, stored.as_ref(), Some(Arc::clone(&object)), now)? {
                return Ok((object, pass));
            }
        }
    }

    /// Stores an upload whatever the rules say.
    ///
    /// # Errors
    ///
    /// A condition that does not hold; the disk does not take it.
    pub fn upload_unchecked(
        &self,
        target: (&str, &str),
        changes: &Changes,
        (blob, digest): &(Blob, Digest),
        conditions: &Conditions,
    ) -> Result<Arc<Object>, Refused> {
        self.replace_unchecked(target, conditions, |stored, now| {
            let metadata = Metadata::new(target, changes, *digest, now, stored);
            Object::new(metadata, blob.clone())
        })
    }

    /// Stores what `make` makes of the stored object, whatever the rules say.
    ///
    /// # Errors
    ///
    /// A condition that does not hold; the disk does not take it.
    pub fn replace_unchecked(
        &self,
        target: (&str, &str),
        conditions: &Conditions,
        make: impl Fn(Option<&Object>, Timestamp) -> Object,
    ) -> Result<Arc<Object>, Refused> {
        loop {
            let (now, stored) = (self.now(target.0), self.object(target));
            conditions.check(stored.as_deref())?;
            let object = Arc::new(make(stored.as_deref(), now));
            if self.store.replace(target, stored.as_ref(), Some(Arc::clone(&object)), now)? {
                return Ok(object);
            }
        }
    }

    /// Changes the metadata of a stored object, whatever the rules say; `None` if there is no object.
    ///
    /// # Errors
    ///
    /// A condition that does not hold; the disk does not take it.
    pub fn change_unchecked(
        &self,
        target: (&str, &str),
        conditions: &Conditions,
        change: impl Fn(&mut Metadata),
    ) -> Result<Option<Arc<Object>>, Refused> {
        loop {
            let (now, stored) = (self.now(target.0), self.object(target));
            conditions.check(stored.as_deref())?;
            let Some(stored) = stored else { return Ok(None) };
            let object = Arc::new(stored.changed(now, &change));
            if self.store.replace(target, Some(&stored), Some(Arc::clone(&object)), now)? {
                return Ok(Some(object));
            }
        }
    }

    /// Changes the metadata of a stored object if the rules allow it; no object if there is none.
    ///
    /// # Errors
    ///
    /// The denial, which comes before the question whether the object exists; the disk does not take it.
    pub async fn change(
        &self,
        caller: &Caller,
        target: (&str, &str),
        changes: &Changes,
    ) -> Result<(Option<Arc<Object>>, Pass), Refused> {
        loop {
            let (now, stored) = (self.now(target.0), self.object(target));
            let changed =
                stored.as_ref().map(|stored| Arc::new(stored.changed(now, |metadata| metadata.apply(changes))));
            let incoming = changed.as_ref().map(|changed| Arc::clone(changed.for_rules()));
            let pass = self.ask(caller, Method::Update, target, stored.as_ref(), incoming).await?;
            let Some(changed) = changed else { return Ok((None, pass)) };
            if self.store.replace(target, stored.as_ref(), Some(Arc::clone(&changed)), now)? {
                return Ok((Some(changed), pass));
            }
        }
    }

    /// Deletes an object if the rules allow it; `false` if there is none.
    ///
    /// # Errors
    ///
    /// The denial, which comes before the question whether the object exists; the disk does not take it.
    pub async fn delete(&self, caller: &Caller, target: (&str, &str)) -> Result<(bool, Pass), Refused> {
        loop {
            let (now, stored) = (self.now(target.0), self.object(target));
            let pass = self.ask(caller, Method::Delete, target, stored.as_ref(), None).await?;
            if stored.is_none() || self.store.replace(target, stored.as_ref(), None, now)? {
                return Ok((stored.is_some(), pass));
            }
        }
    }

    /// Deletes an object, whatever the rules say; `false` if there is none.
    ///
    /// # Errors
    ///
    /// A condition that does not hold; the disk does not take it.
    pub fn delete_unchecked(&self, target: (&str, &str), conditions: &Conditions) -> Result<bool, Refused> {
        loop {
            let (now, stored) = (self.now(target.0), self.object(target));
            conditions.check(stored.as_deref())?;
            if stored.is_none() || self.store.replace(target, stored.as_ref(), None, now)? {
                return Ok(stored.is_some());
            }
        }
    }

    /// Asks the rules about an object.
    ///
    /// # Errors
    ///
    /// The denial.
    pub async fn ask(
        &self,
        caller: &Caller,
        method: Method,
        (bucket, name): (&str, &str),
        stored: Option<&Arc<Object>>,
        incoming: Option<Arc<super::object::ForRules>>,
    ) -> Result<Pass, Denial> {
        let existing = stored.map(|stored| Arc::clone(stored.for_rules()));
        let (bucket, name) = (bucket.to_owned(), name.to_owned());
        self.decide(caller, Question { method, bucket, name, existing, incoming }).await
    }
}
