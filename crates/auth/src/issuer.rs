//! The embedded issuer: Marque's own tokens, where there is no OpenID Connect issuer.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use marque_config::secret_file;
use marque_core::Clock;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    AuthSetupError, InvalidScope, RoleSet, Scope,
    token::{Audience, Claims},
};

/// The `iss` of the embedded issuer's tokens.
pub const EMBEDDED_ISSUER: &str = "marque:embedded";

/// Signs tokens with Ed25519 under a key in the data folder.
pub struct Issuer {
    key: Ed25519KeyPair,
    kid: String,
    audience: String,
}

/// What a token shall say.
#[derive(Debug, Clone)]
pub struct TokenRequest {
    /// Who it is for: an id or a role account, never a person's name.
    pub subject: String,
    /// What he is.
    pub roles: RoleSet,
    /// What he may see; must fit the roles.
    pub scope: Scope,
    /// How long it is good.
    pub ttl: Duration,
}

impl Issuer {
    /// The issuer with the key in `keys_dir/issuer.key`, made on the first start (mode 0600). Beside it lies
    /// `issuer.jwks.json` with the public key, for processes that only verify.
    ///
    /// # Errors
    /// The key cannot be read, made or trusted.
    pub fn open(keys_dir: &Path, audience: &str) -> Result<Self, AuthSetupError> {
        let path = Self::key_file(keys_dir);
        if !path.exists() {
            secret_file::create_if_absent(&path, &new_key()?)?;
        }
        let text = secret_file::read(&path)?;
        let bad = || AuthSetupError::BadKey {
            path: path.display().to_string(),
            expected: "an Ed25519 key (PKCS #8, base64); restore it from its backup, or remove it to have a new one made",
        };
        let der = STANDARD
            .decode(text.trim())
            .map(Zeroizing::new)
            .map_err(|_| bad())?;
        let key = Ed25519KeyPair::from_pkcs8(&der).map_err(|_| bad())?;
        let issuer = Self::new(key, audience);
        issuer.publish(&keys_dir.join("issuer.jwks.json"))?;
        Ok(issuer)
    }

    /// Where the key lies that is made on the first start.
    pub fn key_file(keys_dir: &Path) -> PathBuf {
        keys_dir.join("issuer.key")
    }

    /// An issuer with a key that ends with the process, for tests and trials.
    ///
    /// # Errors
    /// [`AuthSetupError::NoRandomness`].
    pub fn ephemeral(audience: &str) -> Result<Self, AuthSetupError> {
        let key = Ed25519KeyPair::generate().map_err(|_| AuthSetupError::NoRandomness)?;
        Ok(Self::new(key, audience))
    }

    fn new(key: Ed25519KeyPair, audience: &str) -> Self {
        // The key's own digest names it, so that a new key has a new name without any counter.
        let kid =
            URL_SAFE_NO_PAD.encode(&digest(&SHA256, key.public_key().as_ref()).as_ref()[..12]);
        Self {
            key,
            kid,
            audience: audience.to_owned(),
        }
    }

    /// Writes the public key in one step, replacing what was there.
    fn publish(&self, path: &Path) -> Result<(), AuthSetupError> {
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        fs::write(&beside, self.jwks().to_string())
            .and_then(|()| fs::rename(&beside, path))
            .map_err(|source| AuthSetupError::File {
                path: path.display().to_string(),
                source,
            })
    }

    /// The public key as a JSON Web Key Set (RFC 7517, RFC 8037).
    pub fn jwks(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": x}]})
    }

    /// A signed token.
    ///
    /// # Errors
    /// The roles do not go with the scope.
    pub fn issue(&self, request: &TokenRequest, clock: &dyn Clock) -> Result<String, InvalidScope> {
        request.scope.admits(request.roles)?;
        let now = clock.now().as_micros().div_euclid(1_000_000);
        let ttl = i64::try_from(request.ttl.as_secs()).unwrap_or(i64::MAX);
        let (dealer, region, customer) = match &request.scope {
            Scope::Headquarters => (None, None, None),
            Scope::Dealer(dealer) => (Some(dealer.to_string()), None, None),
            Scope::Region(region) => (None, Some(region.to_string()), None),
            Scope::Customer(customer) => (None, None, Some(customer.to_string())),
        };
        let claims = Claims {
            iss: EMBEDDED_ISSUER.to_owned(),
            sub: request.subject.clone(),
            aud: Audience::One(self.audience.clone()),
            exp: now.saturating_add(ttl),
            nbf: Some(now),
            iat: Some(now),
            roles: request
                .roles
                .iter()
                .map(|role| role.as_str().to_owned())
                .collect(),
            dealer,
            region,
            customer,
        };
        let claims = serde_json::to_value(claims).expect("claims are plain text and numbers");
        Ok(self.sign(
            &json!({"alg": "EdDSA", "typ": "at+jwt", "kid": self.kid}),
            &claims,
        ))
    }

    /// Signs whatever header and claims are given.
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.sign_message(&message);
        format!("{message}.{signature}")
    }

    /// The signature of a token's first two parts.
    pub(crate) fn sign_message(&self, message: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.key.sign(message.as_bytes()))
    }
}

fn new_key() -> Result<Zeroizing<String>, AuthSetupError> {
    let key = Ed25519KeyPair::generate().map_err(|_| AuthSetupError::NoRandomness)?;
    let der = key.to_pkcs8v1().map_err(|_| AuthSetupError::NoRandomness)?;
    Ok(Zeroizing::new(STANDARD.encode(der.as_ref())))
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_read_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let first = Issuer::open(&keys, "marque").unwrap();
        let second = Issuer::open(&keys, "marque").unwrap();
        assert_eq!(first.jwks(), second.jwks());
        let path = keys.join("issuer.key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            let error = Issuer::open(&keys, "marque").unwrap_err();
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(cause.contains("chmod 600"), "{cause}");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        std::fs::write(&path, "canary").unwrap();
        let error = Issuer::open(&keys, "marque").unwrap_err();
        assert!(matches!(error, AuthSetupError::BadKey { .. }));
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
