//! Verification keys: key sets, and the holder of the current set.

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
    der::{self, PemKey},
    provider::Key,
};
use crate::{
    auth::{
        ecmascript,
        strict_json::{self, JsonError},
    },
    value::Timestamp,
};

/// The largest number of keys in a set.
const MAX_KEYS: usize = 1_000;

/// Why a key set cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not a JSON object.
    #[error("the keys are not a JSON object")]
    NotJson,
    /// The fetched text is an error response.
    #[error("Error fetching public keys for Google certs: {0}")]
    ErrorResponse(String),
    /// The JSON is neither `{"keys": […]}` nor a map of ids to certificates.
    #[error("unknown format of keys: expected a JWK set or an object of key ids to PEM texts")]
    Format,
    /// A key cannot be parsed, or its kind is not supported.
    #[error(
        "cannot read the key `{0}`: supported are RSA of 2048 to 8192 bits, EC on P-256 and shared secrets of 32 bytes"
    )]
    Unreadable(String),
    /// A key would verify no signature, or any signature.
    #[error("cannot use the key `{id}`: {why}")]
    Unusable {
        /// The id of the key.
        id: String,
        /// What is wrong with the key, and what would be right.
        why: String,
    },
    /// An object has duplicate names, such as two certificates with one id.
    #[error("an object in the keys repeats a member name")]
    DuplicateName,
    /// Two keys have the same id.
    #[error("two keys have the id `{0}`")]
    DuplicateId(String),
    /// The set has no key that verifies signatures.
    #[error("the key set has no key for signatures")]
    Empty,
    /// The set has too many keys.
    #[error("the key set has more than {MAX_KEYS} keys")]
    TooMany,
}

/// Verification keys by id, with the time when they expire.
#[derive(Debug)]
pub struct KeySet {
    keys: HashMap<String, Key>,
    expires: Option<Timestamp>,
    version: u64,
}

/// The version of the next set. Each set that becomes current has a higher version, even if its text is the same.
static NEXT_VERSION: AtomicU64 = AtomicU64::new(1);

impl KeySet {
    fn from_keys(keys: HashMap<String, Key>) -> Result<Self, KeyError> {
        match keys.len() {
            0 => Err(KeyError::Empty),
            1..=MAX_KEYS => Ok(KeySet { keys, expires: None, version: 0 }),
            _ => Err(KeyError::TooMany),
        }
    }

    /// Parses published keys: a JWK set, or a JSON object of key ids to certificates or public keys in PEM. A text with
    /// a member `error` is an error response.
    ///
    /// # Errors
    ///
    /// The format is unknown, a key cannot be used, or an id is repeated.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let fields = match strict_json::read(text.as_bytes()) {
            Ok(Json::Object(fields)) => fields,
            Err(JsonError::DuplicateName) => return Err(KeyError::DuplicateName),
            Ok(_) | Err(JsonError::NotJson | JsonError::TooDeep | JsonError::NotAnObject) => {
                return Err(KeyError::NotJson);
            }
        };
        if let Some(error) = fields.get("error").filter(|error| ecmascript::is_truthy(Some(error))) {
            return Err(KeyError::ErrorResponse(ecmascript::to_string(Some(error))));
        }
        match fields.get("keys") {
            Some(Json::Array(keys)) => KeySet::from_jwks(keys),
            Some(_) => Err(KeyError::Format),
            None => KeySet::from_pem_map(&fields),
        }
    }

    fn from_jwks(list: &[Json]) -> Result<Self, KeyError> {
        let mut keys = HashMap::new();
        for jwk in list {
            let text = |name: &str| jwk.get(name).and_then(Json::as_str);
            let id = text("kid").unwrap_or_default();
            // A set may also have keys for encryption, and keys of unknown kinds.
            let signs = text("use").is_none_or(|usage| usage == "sig");
            if !signs {
                continue;
            }
            let Some(key) = jwk_key(&text) else {
                if matches!(text("kty"), Some("RSA" | "oct")) || text("crv") == Some("P-256") {
                    return Err(KeyError::Unreadable(id.to_owned()));
                }
                continue;
            };
            let key = key.map_err(|why| KeyError::Unusable { id: id.to_owned(), why })?;
            if text("alg").is_some_and(|name| name != key.algorithm().name()) {
                continue;
            }
            if keys.insert(id.to_owned(), key).is_some() {
                return Err(KeyError::DuplicateId(id.to_owned()));
            }
        }
        KeySet::from_keys(keys)
    }

    fn from_pem_map(fields: &Map<String, Json>) -> Result<Self, KeyError> {
        let mut keys = HashMap::new();
        for (id, pem) in fields {
            let pem = pem.as_str().ok_or(KeyError::Format)?;
            keys.insert(id.clone(), pem_key(id, pem)?);
        }
        KeySet::from_keys(keys)
    }

    /// A set of one key: a public key or a certificate in PEM, RSA or P-256.
    ///
    /// # Errors
    ///
    /// The text is not such a key, or the key cannot be used.
    pub fn from_pem(id: impl Into<String>, pem: &str) -> Result<Self, KeyError> {
        let id = id.into();
        let key = pem_key(&id, pem)?;
        KeySet::from_keys(HashMap::from([(id, key)]))
    }

    /// A set of one shared secret for HS256, of at least 32 bytes.
    ///
    /// # Errors
    ///
    /// The secret is shorter.
    pub fn from_secret(id: impl Into<String>, secret: &[u8]) -> Result<Self, KeyError> {
        let id = id.into();
        match secret_key(secret) {
            Some(key) => KeySet::from_keys(HashMap::from([(id, key)])),
            None => Err(KeyError::Unreadable(id)),
        }
    }

    /// Sets the last second in which the set may be used.
    #[must_use]
    pub fn expires_at(mut self, time: Timestamp) -> Self {
        self.expires = Some(time);
        self
    }

    /// Sets the expiry from the `Cache-Control` header of a response that arrived at `now`. Without a `max-age` the set
    /// is valid for this second only; the Node Admin SDK then fetches again for each token.
    #[must_use]
    pub fn fetched(self, now: Timestamp, cache_control: Option<&str>) -> Self {
        self.expires_at(now.saturating_add(cache_control.and_then(max_age).unwrap_or_default()))
    }

    /// The ids of the keys.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// The last second in which the set may be used; `None` if it does not expire.
    pub fn expiry(&self) -> Option<Timestamp> {
        self.expires
    }

    pub(super) fn version(&self) -> u64 {
        self.version
    }

    fn with_version(mut self) -> Arc<Self> {
        self.version = NEXT_VERSION.fetch_add(1, Ordering::Relaxed);
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

/// The last `max-age` of a `Cache-Control` header.
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
    let unreadable = || KeyError::Unreadable(id.to_owned());
    let key = match der::read(pem).ok_or_else(unreadable)? {
        PemKey::RsaPublic(der) => {
            let (n, e) = der::parse_rsa_public_key(&der).ok_or_else(unreadable)?;
            Key::rsa(n, e)
        }
        PemKey::EcPublic(point) => Key::p256(&point),
        PemKey::RsaPrivate(_) | PemKey::EcPrivate(_) => return Err(unreadable()),
    };
    key.map_err(|why| KeyError::Unusable { id: id.to_owned(), why })
}

fn secret_key(secret: &[u8]) -> Option<Key> {
    (secret.len() >= 32).then(|| Key::secret(secret))
}

/// The key of a JWK, or why it cannot be used; `None` if its members cannot be read.
fn jwk_key<'a>(text: &impl Fn(&str) -> Option<&'a str>) -> Option<Result<Key, String>> {
    let decode = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
    match text("kty")? {
        "RSA" => {
            let (n, e) = (decode("n")?, decode("e")?);
            Some(Key::rsa(&n, &e))
        }
        "EC" if text("crv") == Some("P-256") => {
            let (x, y) = (decode("x")?, decode("y")?);
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            let fits = x.len() == 32 && y.len() == 32;
            fits.then(|| Key::p256(&point))
        }
        "oct" => secret_key(&decode("k")?).map(Ok),
        _ => None,
    }
}

/// Holds the current key set, which the host replaces when it has fetched a new one. A verification that is running
/// then uses the set it began with.
#[derive(Debug)]
pub struct Keys(RwLock<Arc<KeySet>>);

impl Keys {
    /// A holder of `set`.
    pub fn new(set: KeySet) -> Arc<Self> {
        Arc::new(Keys(RwLock::new(set.with_version())))
    }

    /// Replaces the set. Tokens that the previous set verified are no longer cached.
    pub fn replace(&self, set: KeySet) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        // Within the lock, so that a later set has a higher version.
        *current = set.with_version();
    }

    /// The current set.
    pub fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}
