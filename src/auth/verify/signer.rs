//! Signers: keys of service accounts and of other issuers.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::EncodingKey;
use serde_json::{Value as Json, json};

use super::{
    der::{self, PemKey},
    provider::{self, Algorithm},
};
use crate::auth::{Claims, jws};

/// Why a token cannot be signed. The error never contains the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The text is not a private key in PEM, RSA or P-256.
    #[error("not a private key in PEM: expected PKCS#8, or PKCS#1 for RSA")]
    Key,
    /// The secret is shorter than 32 bytes.
    #[error("the shared secret is too short: it needs at least 32 bytes")]
    Secret,
    /// The key cannot sign.
    #[error("the private key cannot sign: use an RSA key of 2048 to 8192 bits or a P-256 key")]
    Refused,
    /// The JSON is not the key file of a service account.
    #[error("not a key file of a service account: `{0}` is missing")]
    ServiceAccount(&'static str),
    /// The text is not JSON.
    #[error("not a key file of a service account: expected a JSON object")]
    NotJson,
}

/// A key that signs tokens. `Debug` does not print it, and it is wiped from memory when it is dropped.
#[derive(Clone)]
pub struct Signer {
    algorithm: Algorithm,
    key: EncodingKey,
    key_id: Option<String>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Signer { algorithm, key_id, .. } = self;
        f.debug_struct("Signer").field("algorithm", algorithm).field("key_id", key_id).finish_non_exhaustive()
    }
}

impl Signer {
    /// A signer with a private key in PEM: RSA signs with RS256, P-256 with ES256. The function makes a trial
    /// signature.
    ///
    /// # Errors
    ///
    /// The text is not such a key, or the key cannot sign.
    pub fn from_pem(pem: &str) -> Result<Self, SignError> {
        let (algorithm, key) = match der::read(pem).ok_or(SignError::Key)? {
            PemKey::RsaPrivate(der) => (Algorithm::Rs256, EncodingKey::from_rsa_der(&der)),
            PemKey::EcPrivate(der) => (Algorithm::Es256, EncodingKey::from_ec_der(&der)),
            PemKey::RsaPublic(_) | PemKey::EcPublic(_) => return Err(SignError::Key),
        };
        let signer = Signer { algorithm, key, key_id: None };
        signer.sign(&Claims::new())?;
        Ok(signer)
    }

    /// A signer with a shared secret of at least 32 bytes for HS256, as third-party services use it.
    ///
    /// # Errors
    ///
    /// The secret is shorter.
    pub fn from_secret(secret: &[u8]) -> Result<Self, SignError> {
        if secret.len() < 32 {
            return Err(SignError::Secret);
        }
        Ok(Signer { algorithm: Algorithm::Hs256, key: EncodingKey::from_secret(secret), key_id: None })
    }

    /// Sets the key id, the `kid` in the header of its tokens.
    #[must_use]
    pub fn key_id(mut self, id: impl Into<String>) -> Self {
        self.key_id = Some(id.into());
        self
    }

    /// The algorithm of its signatures.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// A signed token with these claims.
    ///
    /// # Errors
    ///
    /// The key cannot sign.
    pub fn sign(&self, claims: &Claims) -> Result<String, SignError> {
        let mut header = json!({ "alg": self.algorithm.name(), "typ": "JWT" });
        if let (Some(id), Json::Object(fields)) = (&self.key_id, &mut header) {
            fields.insert("kid".to_owned(), json!(id));
        }
        let message = jws::signing_input(&header, claims.as_object());
        let signature = provider::sign(self.algorithm, &self.key, message.as_bytes()).ok_or(SignError::Refused)?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// A service account that mints custom tokens.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    email: String,
    project: Option<String>,
    signer: Signer,
}

impl ServiceAccount {
    /// Parses the key file of a service account: JSON with `client_email`, `private_key` and, optionally, `project_id`.
    ///
    /// # Errors
    ///
    /// The text is not such a file, or the key cannot sign.
    pub fn from_json(text: &str) -> Result<Self, SignError> {
        let json: Json = serde_json::from_str(text).map_err(|_| SignError::NotJson)?;
        let text = |name: &'static str| {
            let text = json.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
            text.ok_or(SignError::ServiceAccount(name))
        };
        let signer = Signer::from_pem(text("private_key")?)?;
        if signer.algorithm != Algorithm::Rs256 {
            return Err(SignError::Key);
        }
        let project = text("project_id").ok().map(str::to_owned);
        Ok(ServiceAccount { email: text("client_email")?.to_owned(), project, signer })
    }

    /// A service account with its e-mail address and its RSA key in PEM.
    ///
    /// # Errors
    ///
    /// The text is not an RSA key, or the key cannot sign.
    pub fn from_pem(email: impl Into<String>, pem: &str) -> Result<Self, SignError> {
        let signer = Signer::from_pem(pem)?;
        if signer.algorithm != Algorithm::Rs256 {
            return Err(SignError::Key);
        }
        Ok(ServiceAccount { email: email.into(), project: None, signer })
    }

    /// The e-mail address.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// The project in the key file.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// The signer with the key of the account.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }
}
