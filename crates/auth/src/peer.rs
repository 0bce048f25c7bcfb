//! What services show each other when they act by themselves.
//!
//! Not a JWT on purpose: no issuer can make one, no header chooses an algorithm, and a listener to the outside
//! knows it by its first bytes. `peer1.<service>.<end, seconds>.<HMAC-SHA-256, base64url>`

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::{hmac, rand};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use marque_config::{AuthConfig, secret_file};
use marque_core::Timestamp;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::{AuthSetupError, Identity, PlaceSeal, Role, Scope, token::Refusal};

/// How a peer's token begins.
pub(crate) const PREFIX: &str = "peer1.";
/// How long a token is good.
const TTL: Duration = Duration::from_mins(5);
/// A token is minted anew when less than this is left.
const RENEW_BEFORE: Duration = Duration::from_mins(2);
/// Shortest secret.
const MIN_SECRET_BYTES: usize = 32;

/// Mints and verifies the tokens of one service under the installation's secret. Cheap to clone.
#[derive(Clone)]
pub struct PeerTokens {
    key: hmac::Key,
    places: PlaceSeal,
    service: Arc<str>,
    minted: Arc<Mutex<Option<Minted>>>,
}

struct Minted {
    token: Arc<str>,
    end: Timestamp,
}

impl PeerTokens {
    /// The tokens of a service: under the secret of the named file, or of `keys_dir/peer.key`, which is made on the
    /// first start. A file that is named must exist, since the other services have to share it.
    ///
    /// # Errors
    /// The secret cannot be read, made or trusted, or has less than 32 bytes.
    pub fn from_config(
        config: &AuthConfig,
        keys_dir: &Path,
        service: &str,
    ) -> Result<Self, AuthSetupError> {
        let made = Self::made_file(keys_dir);
        let path = config.peer_secret_file.as_deref().unwrap_or(&made);
        if config.peer_secret_file.is_none() && !path.exists() {
            secret_file::create_if_absent(path, &new_secret()?)?;
        }
        let text = secret_file::read(path)?;
        let secret = text.trim().as_bytes();
        if secret.len() < MIN_SECRET_BYTES {
            return Err(AuthSetupError::BadKey {
                path: path.display().to_string(),
                expected: "at least 32 random bytes, such as `openssl rand -base64 48` prints",
            });
        }
        Ok(Self::new(secret, service))
    }

    /// Where the secret lies that is made on the first start.
    pub fn made_file(keys_dir: &Path) -> PathBuf {
        keys_dir.join("peer.key")
    }

    /// Tokens under a secret that ends with the process, for tests.
    ///
    /// # Errors
    /// [`AuthSetupError::NoRandomness`].
    pub fn ephemeral(service: &str) -> Result<Self, AuthSetupError> {
        Ok(Self::new(new_secret()?.as_bytes(), service))
    }

    /// The tokens of another service under the same secret, for a process that plays several.
    pub fn of_service(&self, service: &str) -> Self {
        Self {
            key: self.key.clone(),
            places: self.places.clone(),
            service: service.into(),
            minted: Arc::default(),
        }
    }

    fn new(secret: &[u8], service: &str) -> Self {
        // The secret itself signs nothing, so that it can have other uses.
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let derived = hmac::sign(&root, b"marque peer token 1");
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
            places: PlaceSeal::under(secret),
            service: service.into(),
            minted: Arc::default(),
        }
    }

    /// The seal of places that callers carry, under a key of the same secret: every replica has it.
    pub fn places(&self) -> PlaceSeal {
        self.places.clone()
    }

    /// A token good for at least two minutes, minted every three.
    pub fn token(&self, now: Timestamp) -> Arc<str> {
        let mut minted = self.minted.lock();
        if let Some(last) = minted
            .as_ref()
            .filter(|last| last.end.since(now) >= RENEW_BEFORE)
        {
            return Arc::clone(&last.token);
        }
        let end = now.plus(TTL);
        let message = format!("{PREFIX}{}.{}", self.service, end.as_micros() / 1_000_000);
        let mac = hmac::sign(&self.key, message.as_bytes());
        let token: Arc<str> = format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac)).into();
        *minted = Some(Minted {
            token: Arc::clone(&token),
            end,
        });
        token
    }

    /// Who shows the token.
    pub(crate) fn verify(
        &self,
        token: &str,
        now: Timestamp,
        leeway: Duration,
    ) -> Result<Identity, Refusal> {
        self.read(token, now, leeway).ok_or(Refusal::Peer)
    }

    fn read(&self, token: &str, now: Timestamp, leeway: Duration) -> Option<Identity> {
        let (message, mac) = token.rsplit_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        hmac::verify(&self.key, message.as_bytes(), &mac).ok()?;
        let (service, end) = message.strip_prefix(PREFIX)?.rsplit_once('.')?;
        let end = Timestamp::from_micros(end.parse::<i64>().ok()?.checked_mul(1_000_000)?);
        let expires_at = end.plus(leeway);
        (expires_at > now).then(|| Identity {
            subject: service.into(),
            roles: Role::Peer.into(),
            scope: Scope::Headquarters,
            expires_at,
        })
    }
}

fn new_secret() -> Result<Zeroizing<String>, AuthSetupError> {
    let mut secret = Zeroizing::new([0; 48]);
    rand::fill(secret.as_mut_slice()).map_err(|_| AuthSetupError::NoRandomness)?;
    Ok(Zeroizing::new(STANDARD.encode(secret.as_slice())))
}

impl fmt::Debug for PeerTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerTokens")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_secret_must_exist_and_be_long_enough() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shared");
        let config = AuthConfig {
            peer_secret_file: Some(path.clone()),
            ..AuthConfig::default()
        };
        let open = || PeerTokens::from_config(&config, folder.path(), "customer");
        assert!(open().is_err(), "it is not made up");
        secret_file::replace(&path, "short").unwrap();
        assert!(open().unwrap_err().to_string().contains("32 random bytes"));
        secret_file::replace(&path, &"x".repeat(32)).unwrap();
        let token = open().unwrap().token(Timestamp::default());
        assert!(
            open()
                .unwrap()
                .verify(&token, Timestamp::default(), Duration::ZERO)
                .is_ok()
        );
    }

    #[test]
    fn without_a_named_secret_one_is_made_and_shared_by_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let open = |service| {
            PeerTokens::from_config(&AuthConfig::default(), folder.path(), service).unwrap()
        };
        let token = open("customer").token(Timestamp::default());
        assert!(
            open("vehicle")
                .verify(&token, Timestamp::default(), Duration::ZERO)
                .is_ok()
        );
    }
}
