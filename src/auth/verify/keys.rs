//! Keys that signatures are checked with: sets of them by id, and the place where the current set is found.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value as Json};

use super::{
    der::{self, Found},
    provider::Key,
};
use crate::{
    auth::{
        js,
        strict_json::{self, Flaw},
    },
    value::Timestamp,
};

/// Keys of a set at most.
const MAX_KEYS: usize = 1_000;

/// Why there is no key set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is no JSON object.
    #[error("the keys are not a JSON object")]
    NotJson,
    /// What was fetched is an error message.
    #[error("Error fetching public keys for Google certs: {0}")]
    Answer(String),
    /// Neither `{"keys": […]}` nor a map of ids to certificates.
    #[error("the keys are neither a JWK set nor a map from key ids to PEM texts")]
    Form,
    /// A key cannot be read, or is of a kind that cannot be used.
    #[error(
        "the key \"{0}\" cannot be read: RSA of 2048 to 8192 bits, EC on P-256 and shared secrets of 32 bytes can be used"
    )]
    Key(String),
    /// A key that would verify nothing, or whatever anybody signs.
    #[error("the key \"{id}\" cannot be used: {why}")]
    Unfit {
        /// Its id.
        id: String,
        /// What is wrong with it, and what would be right.
        why: String,
    },
    /// An object has the same name twice, such as two certificates with one id.
    #[error("an object in the keys has a name twice")]
    RepeatedName,
    /// Two keys have the same id.
    #[error("two keys have the id \"{0}\"")]
    RepeatedId(String),
    /// No key at all.
    #[error("there is no key that signs tokens in the set")]
    Empty,
    /// More keys than anybody needs.
    #[error("there are more than {MAX_KEYS} keys")]
    TooMany,
}

/// Keys by their ids, with the time until which they may be used.
#[derive(Debug)]
pub struct KeySet {
    keys: HashMap<String, Key>,
    expires: Option<Timestamp>,
    stamp: u64,
}

/// Tells sets apart, also those made of the same text: each that is put in place has a higher one.
static NEXT_STAMP: AtomicU64 = AtomicU64::new(1);

impl KeySet {
    fn of(keys: HashMap<String, Key>) -> Result<Self, KeyError> {
        match keys.len() {
            0 => Err(KeyError::Empty),
            1..=MAX_KEYS => Ok(KeySet { keys, expires: None, stamp: 0 }),
            _ => Err(KeyError::TooMany),
        }
    }

    /// Reads keys as they are published: a JWK set, or a JSON object of key ids to certificates or public keys in PEM. A
    /// body with a member `error` is none.
    ///
    /// # Errors
    ///
    /// Another form; a key that cannot be used; an id that comes twice.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let fields = match strict_json::read(text.as_bytes()) {
            Ok(Json::Object(fields)) => fields,
            Err(Flaw::RepeatedName) => return Err(KeyError::RepeatedName),
            Ok(_) | Err(Flaw::NotJson | Flaw::TooDeep | Flaw::NotAnObject) => return Err(KeyError::NotJson),
        };
        if let Some(error) = fields.get("error").filter(|error| js::truth(Some(error))) {
            return Err(KeyError::Answer(js::text(Some(error))));
        }
        match fields.get("keys") {
            Some(Json::Array(keys)) => KeySet::from_jwks(keys),
            Some(_) => Err(KeyError::Form),
            None => KeySet::from_pem_map(&fields),
        }
    }

    fn from_jwks(list: &[Json]) -> Result<Self, KeyError> {
        let mut keys = HashMap::new();
        for jwk in list {
            let text = |name: &str| jwk.get(name).and_then(Json::as_str);
            let id = text("kid").unwrap_or_default();
            // Keys for encryption and of unknown kinds may stand beside those for signatures.
            let signs = text("use").is_none_or(|usage| usage == "sig");
            if !signs {
                continue;
            }
            let Some(key) = jwk_key(&text) else {
                if matches!(text("kty"), Some("RSA" | "oct")) || text("crv") == Some("P-256") {
                    return Err(KeyError::Key(id.to_owned()));
                }
                continue;
            };
            let key = key.map_err(|why| KeyError::Unfit { id: id.to_owned(), why })?;
            if text("alg").is_some_and(|name| name != key.algorithm().name()) {
                continue;
            }
            if keys.insert(id.to_owned(), key).is_some() {
                return Err(KeyError::RepeatedId(id.to_owned()));
            }
        }
        KeySet::of(keys)
    }

    fn from_pem_map(fields: &Map<String, Json>) -> Result<Self, KeyError> {
        let mut keys = HashMap::new();
        for (id, pem) in fields {
            let pem = pem.as_str().ok_or(KeyError::Form)?;
            keys.insert(id.clone(), pem_key(id, pem)?);
        }
        KeySet::of(keys)
    }

    /// One key: a public key or a certificate in PEM, RSA or P-256.
    ///
    /// # Errors
    ///
    /// The text is no such key, or one that cannot be used.
    pub fn from_pem(id: impl Into<String>, pem: &str) -> Result<Self, KeyError> {
        let id = id.into();
        let key = pem_key(&id, pem)?;
        KeySet::of(HashMap::from([(id, key)]))
    }

    /// One shared secret for HS256, of at least 32 bytes.
    ///
    /// # Errors
    ///
    /// A shorter secret.
    pub fn from_secret(id: impl Into<String>, secret: &[u8]) -> Result<Self, KeyError> {
        let id = id.into();
        match secret_key(secret) {
            Some(key) => KeySet::of(HashMap::from([(id, key)])),
            None => Err(KeyError::Key(id)),
        }
    }

    /// The same set, to be used until that second and no longer.
    #[must_use]
    pub fn expires_at(mut self, time: Timestamp) -> Self {
        self.expires = Some(time);
        self
    }

    /// The same set, fetched now with that `Cache-Control` header: to be used for its `max-age`.
    /// Without one the set is good for this second only, as the Node Admin SDK fetches again for each token.
    #[must_use]
    pub fn fetched(self, now: Timestamp, cache_control: Option<&str>) -> Self {
        self.expires_at(now.saturating_add(cache_control.and_then(max_age).unwrap_or_default()))
    }

    /// The ids of the keys.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// Until when the set may be used; nothing where it does not expire.
    pub fn expiry(&self) -> Option<Timestamp> {
        self.expires
    }

    pub(super) fn stamp(&self) -> u64 {
        self.stamp
    }

    fn stamped(mut self) -> Arc<Self> {
        self.stamp = NEXT_STAMP.fetch_add(1, Ordering::Relaxed);
        Arc::new(self)
    }

    pub(super) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| now.unix_seconds() > expires.unix_seconds())
    }

    pub(super) fn get(&self, id: &str) -> Option<&Key> {
        self.keys.get(id)
    }

    pub(super) fn all(&self) -> impl ExactSizeIterator<Item = &Key> {
        self.keys.values()
    }
}

/// The `max-age` of a `Cache-Control` header. The last one counts.
///
/// ```
/// use std::time::Duration;
/// let age = firewarden::auth::max_age("public, max-age=19302, must-revalidate");
/// assert_eq!(age, Some(Duration::from_secs(19_302)));
/// ```
pub fn max_age(cache_control: &str) -> Option<Duration> {
    let directives = cache_control.split(',').filter_map(|directive| directive.trim().split_once('='));
    let ages = directives.filter(|(name, _)| name.eq_ignore_ascii_case("max-age"));
    ages.filter_map(|(_, seconds)| seconds.trim_matches('"').parse().ok()).next_back().map(Duration::from_secs)
}

fn pem_key(id: &str, pem: &str) -> Result<Key, KeyError> {
    let unreadable = || KeyError::Key(id.to_owned());
    let key = match der::read(pem).ok_or_else(unreadable)? {
        Found::RsaPublic(der) => {
            let (n, e) = der::rsa_public(&der).ok_or_else(unreadable)?;
            Key::rsa(n, e)
        }
        Found::EcPublic(point) => Key::p256(&point),
        Found::RsaPrivate(_) | Found::EcPrivate(_) => return Err(unreadable()),
    };
    key.map_err(|why| KeyError::Unfit { id: id.to_owned(), why })
}

fn secret_key(secret: &[u8]) -> Option<Key> {
    (secret.len() >= 32).then(|| Key::secret(secret))
}

/// The key of a JWK, or why it cannot be used; nothing where its parts cannot be read.
fn jwk_key<'a>(text: &impl Fn(&str) -> Option<&'a str>) -> Option<Result<Key, String>> {
    let octets = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    match text("kty")? {
        "RSA" => {
            let (n, e) = (octets("n")?, octets("e")?);
            Some(Key::rsa(&n, &e))
        }
        "EC" if text("crv") == Some("P-256") => {
            let (x, y) = (octets("x")?, octets("y")?);
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            let fits = x.len() == 32 && y.len() == 32;
            fits.then(|| Key::p256(&point))
        }
        "oct" => secret_key(&octets("k")?).map(Ok),
        _ => None,
    }
}

/// Where the current key set is found. The host replaces it when it has fetched a new one; verifications that run at that
/// moment end with the set they began with.
#[derive(Debug)]
pub struct Keys(RwLock<Arc<KeySet>>);

impl Keys {
    /// A place that holds a set.
    pub fn new(set: KeySet) -> Arc<Self> {
        Arc::new(Keys(RwLock::new(set.stamped())))
    }

    /// Puts another set in its place. Cached tokens of the set before count no more.
    pub fn replace(&self, set: KeySet) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Within the lock: a set that comes later has the higher stamp.
        *current = set.stamped();
    }

    /// The set of this moment.
    pub fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
