//! Buckets and their objects.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex},
};

use firewarden::Timestamp;

use super::{durable::Kept, object::Object};
use crate::{disk::DiskError, lock};

/// The number of buckets up to which a mere look at a bucket makes it.
const MAX_SPRUNG: usize = 10_000;

/// The longest name of a bucket, in bytes.
const MAX_BUCKET: usize = 222;

/// The most objects on one page of a list.
pub const MAX_PAGE: usize = 1_000;

/// The metadata of the objects on one page, in bytes; the page has one object more, or ends before.
const MAX_PAGE_BYTES: usize = 8 << 20;

/// All buckets. What changes is on disk first, if there is one.
#[derive(Default)]
pub struct Store {
    kept: Kept,
    buckets: Mutex<Buckets>,
}

/// Buckets by name.
pub type Buckets = BTreeMap<String, Bucket>;

/// A bucket.
#[derive(Debug)]
pub struct Bucket {
    /// When it was made.
    pub created: Timestamp,
    /// The objects by name.
    pub objects: BTreeMap<String, Arc<Object>>,
}

/// What a list asks for.
#[derive(Debug, Default)]
pub struct Listing {
    /// What names begin with.
    pub prefix: String,
    /// What ends a folder; empty for none.
    pub delimiter: String,
    /// The first name of the page.
    pub from: Option<String>,
    /// The first name that is no longer listed.
    pub end: Option<String>,
    /// Objects on the page; at most [`MAX_PAGE`].
    pub max: usize,
}

/// A page of a list.
#[derive(Debug, Default)]
pub struct Page {
    /// The objects, by name.
    pub items: Vec<Arc<Object>>,
    /// All folders below the prefix, whichever page this is.
    pub prefixes: Vec<String>,
    /// The first name of the next page.
    pub next: Option<String>,
}

impl Store {
    /// A store with the buckets that are on disk.
    pub fn new(kept: Kept, buckets: Buckets) -> Self {
        Store { kept, buckets: Mutex::new(buckets) }
    }

    /// The object with that name. A bucket springs up when somebody asks for its objects.
    pub fn get(&self, bucket: &str, name: &str, now: impl FnOnce() -> Timestamp) -> Option<Arc<Object>> {
        let mut buckets = lock(&self.buckets);
        if let Some(bucket) = buckets.get(bucket) {
            return bucket.objects.get(name).cloned();
        }
        if buckets.len() < MAX_SPRUNG && bucket.len() <= MAX_BUCKET {
            // A write to the bucket tells if the disk fails.
            let _ = self.spring(&mut buckets, bucket, now());
        }
        None
    }

    fn spring<'b>(&self, buckets: &'b mut Buckets, name: &str, now: Timestamp) -> Result<&'b mut Bucket, DiskError> {
        if !buckets.contains_key(name) {
            self.kept.put_bucket(name, now)?;
        }
        let bucket = buckets.entry(name.to_owned());
        Ok(bucket.or_insert_with(|| Bucket { created: now, objects: BTreeMap::new() }))
    }

    /// Stores an object, or deletes one (`new` is `None`), if the present one is still `seen`; `false` if another request
    /// was faster: look again. All changes of objects are made here.
    ///
    /// # Errors
    ///
    /// The disk does not take it; no object has then changed.
    pub fn replace(
        &self,
        (bucket, name): (&str, &str),
        seen: Option<&Arc<Object>>,
        new: Option<Arc<Object>>,
        now: Timestamp,
    ) -> Result<bool, DiskError> {
        let mut buckets = lock(&self.buckets);
        let objects = &mut self.spring(&mut buckets, bucket, now)?.objects;
        let is_same = match (objects.get(name), seen) {
            (None, None) => true,
            (Some(stored), Some(seen)) => Arc::ptr_eq(stored, seen),
            _ => false,
        };
        if !is_same {
            return Ok(false);
        }
        self.kept.put_object((bucket, name), seen.map(Arc::as_ref), new.as_deref())?;
        let old = match new {
            Some(new) => objects.insert(name.to_owned(), new),
            None => objects.remove(name),
        };
        drop(buckets);
        // The last user of a large object deletes its file, which takes a while.
        drop(old);
        Ok(true)
    }

    /// A page of the objects of a bucket.
    pub fn list(&self, bucket: &str, asked: &Listing) -> Page {
        let buckets = lock(&self.buckets);
        let Some(bucket) = buckets.get(bucket) else { return Page::default() };
        let mut page = Page::default();
        let (max, mut bytes) = (asked.max.clamp(1, MAX_PAGE), 0);
        let start = asked.from.as_deref().filter(|from| **from > *asked.prefix).unwrap_or(&asked.prefix);
        walk(&bucket.objects, start, asked, |found| match found {
            Found::Folder(_) => true,
            Found::Item(object) if page.items.len() == max || bytes > MAX_PAGE_BYTES => {
                page.next = Some(object.metadata.name.clone());
                false
            }
            Found::Item(object) => {
                bytes += object.metadata.size_in_memory();
                page.items.push(Arc::clone(object));
                true
            }
        });
        if !asked.delimiter.is_empty() {
            walk(&bucket.objects, &asked.prefix, asked, |found| {
                if let Found::Folder(folder) = found {
                    page.prefixes.push(folder.to_owned());
                }
                true
            });
        }
        page
    }

    /// All buckets with the times when they were made, by name.
    pub fn buckets(&self) -> Vec<(String, Timestamp)> {
        lock(&self.buckets).iter().map(|(name, bucket)| (name.clone(), bucket.created)).collect()
    }

    /// When a bucket was made; `None` if it does not exist.
    pub fn bucket(&self, name: &str) -> Option<Timestamp> {
        lock(&self.buckets).get(name).map(|bucket| bucket.created)
    }

    /// Makes a bucket; `false` if it exists.
    ///
    /// # Errors
    ///
    /// The disk does not take it.
    pub fn create_bucket(&self, name: &str, now: Timestamp) -> Result<bool, DiskError> {
        let mut buckets = lock(&self.buckets);
        let is_new = !buckets.contains_key(name);
        self.spring(&mut buckets, name, now)?;
        Ok(is_new)
    }

    /// Deletes a bucket. `None` if it does not exist, `false` if it has objects.
    ///
    /// # Errors
    ///
    /// The disk does not take it.
    pub fn delete_bucket(&self, name: &str) -> Result<Option<bool>, DiskError> {
        let mut buckets = lock(&self.buckets);
        let Some(bucket) = buckets.get(name) else { return Ok(None) };
        if !bucket.objects.is_empty() {
            return Ok(Some(false));
        }
        self.kept.remove_buckets(&[(name, bucket)])?;
        buckets.remove(name);
        Ok(Some(true))
    }

    /// All objects of all buckets.
    pub fn objects(&self) -> Vec<Arc<Object>> {
        lock(&self.buckets).values().flat_map(|bucket| bucket.objects.values().cloned()).collect()
    }

    /// Deletes the buckets that `keep` does not keep, with their objects.
    ///
    /// # Errors
    ///
    /// The disk does not take it; nothing has then changed.
    pub fn clear(&self, keep: impl Fn(&str) -> bool) -> Result<(), DiskError> {
        let mut buckets = lock(&self.buckets);
        let removed = buckets.iter().filter(|(name, _)| !keep(name)).map(|(name, bucket)| (name.as_str(), bucket));
        self.kept.remove_buckets(&removed.collect::<Vec<_>>())?;
        let (left, removed) = std::mem::take(&mut *buckets).into_iter().partition::<Buckets, _>(|(name, _)| keep(name));
        *buckets = left;
        drop(buckets);
        drop(removed);
        Ok(())
    }
}

enum Found<'o> {
    Folder(&'o str),
    Item(&'o Arc<Object>),
}

/// Visits objects and folders from `start` on until `visit` wants no more. The objects in a folder are skipped at once.
fn walk<'o>(
    objects: &'o BTreeMap<String, Arc<Object>>,
    start: &str,
    Listing { prefix, delimiter, end, .. }: &Listing,
    mut visit: impl FnMut(Found<'o>) -> bool,
) {
    let mut from = Bound::Included(start.to_owned());
    loop {
        let mut skip_to = None;
        for (name, object) in objects.range::<str, _>((from.as_ref().map(String::as_str), Bound::Unbounded)) {
            let Some(rest) = name.strip_prefix(prefix.as_str()) else { return };
            if end.as_ref().is_some_and(|end| name >= end) {
                return;
            }
            let folder = match delimiter.as_str() {
                "" => None,
                delimiter => rest.find(delimiter).and_then(|at| name.get(..prefix.len() + at + delimiter.len())),
            };
            let goes_on = match folder {
                Some(folder) => {
                    skip_to = Some(successor(folder));
                    visit(Found::Folder(folder))
                }
                None => visit(Found::Item(object)),
            };
            if !goes_on {
                return;
            }
            if skip_to.is_some() {
                break;
            }
        }
        match skip_to.flatten() {
            Some(next) => from = Bound::Included(next),
            None => return,
        }
    }
}

/// The least text above all that begin with `prefix`; `None` if there is none.
fn successor(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

/// What a client of Google Cloud Storage requires of the stored object. The generation 0 means that there is none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions {
    pub if_generation: Option<i64>,
    pub if_generation_not: Option<i64>,
    pub if_metageneration: Option<i64>,
    pub if_metageneration_not: Option<i64>,
}

/// A condition that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmet {
    /// The object is not the expected one.
    Match,
    /// The object is still the one that the client knows.
    NotMatch,
}

impl Conditions {
    /// Checks them against the stored object.
    ///
    /// # Errors
    ///
    /// The first condition that does not hold.
    pub fn check(&self, stored: Option<&Object>) -> Result<(), Unmet> {
        let generation = stored.map_or(0, |object| object.metadata.generation);
        let metageneration = stored.map(|object| object.metadata.metageneration);
        if self.if_generation.is_some_and(|wanted| wanted != generation)
            || self.if_metageneration.is_some_and(|wanted| Some(wanted) != metageneration)
        {
            return Err(Unmet::Match);
        }
        if self.if_generation_not == Some(generation)
            || self.if_metageneration_not.is_some_and(|known| Some(known) == metageneration)
        {
            return Err(Unmet::NotMatch);
        }
        Ok(())
    }
}
