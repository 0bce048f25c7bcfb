//! Verifying tokens: strictly the first time, from memory the next.

use std::{
    fmt, fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use marque_config::{AuthConfig, IssuerConfig, TokenAlgorithm};
use marque_core::{Clock, Timestamp};
use moka::sync::Cache;

use crate::{
    AuthError, AuthSetupError, EMBEDDED_ISSUER, Identity, Issuer, PeerTokens,
    keys::KeySet,
    oidc::{MIN_INTERVAL, OidcKeys},
    peer,
    token::{MAX_TOKEN_BYTES, Refusal, Unverified},
};

/// Most that may be forgiven between two clocks.
const MAX_LEEWAY_S: u64 = 30;

/// Verifies tokens of the trusted issuers, and of peers unless it faces the outside. Cheap to clone.
#[derive(Clone)]
pub struct Verifier {
    shared: Arc<Shared>,
    accepts_peers: bool,
}

struct Shared {
    audience: String,
    leeway_s: i64,
    token_types: Vec<String>,
    issuers: Vec<Trusted>,
    peers: Option<PeerTokens>,
    refresh_interval: Duration,
    /// By SHA-256 of the token, so that memory holds no token.
    verified: Cache<[u8; 32], Verified>,
    /// Counts removals of keys: what was verified before one is verified again.
    generation: Arc<AtomicU64>,
}

/// A token that passed, and when.
#[derive(Clone)]
struct Verified {
    identity: Arc<Identity>,
    generation: u64,
}

/// One issuer.
struct Trusted {
    name: String,
    keys: Keys,
}

enum Keys {
    Fixed(KeySet),
    Oidc(Arc<OidcKeys>),
}

/// Why a check did not pass.
enum Failed {
    Refused(Refusal),
    /// The key is not known, but this issuer may have published it since.
    MayBeNew(Arc<OidcKeys>),
}

/// Collects whom a [`Verifier`] trusts.
#[must_use]
pub struct VerifierBuilder {
    audience: String,
    leeway_s: u64,
    token_types: Vec<String>,
    issuers: Vec<Trusted>,
    peers: Option<PeerTokens>,
    refresh_interval: Duration,
    capacity: u64,
}

impl VerifierBuilder {
    /// Trusts an issuer of this process.
    pub fn trust(self, issuer: &Issuer) -> Self {
        let keys = KeySet::parse(issuer.jwks().to_string().as_bytes(), TokenAlgorithm::EdDSA)
            .expect("an issuer's own key set is readable");
        self.trust_keys(EMBEDDED_ISSUER, keys)
    }

    /// Trusts the embedded issuer of another process by its `issuer.jwks.json`.
    ///
    /// # Errors
    /// The file cannot be read or holds no key.
    pub fn trust_file(self, path: &Path) -> Result<Self, AuthSetupError> {
        let json = fs::read(path).map_err(|source| AuthSetupError::File {
            path: path.display().to_string(),
            source,
        })?;
        let keys =
            KeySet::parse(&json, TokenAlgorithm::EdDSA).ok_or_else(|| AuthSetupError::BadKey {
                path: path.display().to_string(),
                expected: "the issuer.jwks.json that the process with the embedded issuer writes",
            })?;
        Ok(self.trust_keys(EMBEDDED_ISSUER, keys))
    }

    fn trust_keys(mut self, name: &str, keys: KeySet) -> Self {
        self.issuers.push(Trusted {
            name: name.to_owned(),
            keys: Keys::Fixed(keys),
        });
        self
    }

    /// Trusts an OpenID Connect issuer (its exact `iss`) with one signature algorithm.
    /// Its keys are read by [`Verifier::keep_fresh`], or when its first token comes.
    ///
    /// # Errors
    /// The address is not https, or the HTTP client cannot be made.
    pub fn trust_oidc(
        mut self,
        issuer: &str,
        algorithm: TokenAlgorithm,
    ) -> Result<Self, AuthSetupError> {
        let keys = Keys::Oidc(Arc::new(OidcKeys::new(issuer, algorithm)?));
        self.issuers.push(Trusted {
            name: issuer.to_owned(),
            keys,
        });
        Ok(self)
    }

    /// Accepts tokens of peers under this secret.
    pub fn accept_peers(mut self, peers: &PeerTokens) -> Self {
        self.peers = Some(peers.clone());
        self
    }

    /// The verifier.
    pub fn build(self) -> Verifier {
        Verifier {
            accepts_peers: self.peers.is_some(),
            shared: Arc::new(Shared {
                audience: self.audience,
                leeway_s: self.leeway_s.min(MAX_LEEWAY_S) as i64,
                token_types: self.token_types,
                issuers: self.issuers,
                peers: self.peers,
                refresh_interval: self.refresh_interval.max(MIN_INTERVAL),
                verified: Cache::new(self.capacity),
                generation: Arc::default(),
            }),
        }
    }
}

impl Verifier {
    /// A verifier for tokens of this audience, with the defaults of the configuration.
    pub fn builder(audience: &str) -> VerifierBuilder {
        Self::with_settings(&AuthConfig {
            audience: audience.to_owned(),
            ..AuthConfig::default()
        })
    }

    fn with_settings(config: &AuthConfig) -> VerifierBuilder {
        VerifierBuilder {
            audience: config.audience.clone(),
            leeway_s: config.leeway_s,
            token_types: config.token_types.clone(),
            issuers: Vec::new(),
            peers: None,
            refresh_interval: Duration::from_secs(config.keys_refresh_s),
            capacity: config.token_cache,
        }
    }

    /// The verifier of a configuration. With the embedded issuer, its keys come from `issuer_keys_file`, else from
    /// `keys_dir`, where the issuer is made if there is none.
    ///
    /// # Errors
    /// Keys cannot be read, made or trusted.
    pub fn from_config(
        config: &AuthConfig,
        keys_dir: &Path,
        peers: &PeerTokens,
    ) -> Result<Self, AuthSetupError> {
        let builder = Self::with_settings(config).accept_peers(peers);
        let builder = match (&config.issuer, &config.issuer_keys_file) {
            (IssuerConfig::Oidc(url), _) => builder.trust_oidc(url, config.algorithm)?,
            (IssuerConfig::Embedded, Some(path)) => builder.trust_file(path)?,
            (IssuerConfig::Embedded, None) => {
                builder.trust(&Issuer::open(keys_dir, &config.audience)?)
            }
        };
        Ok(builder.build())
    }

    /// The same verifier for a listener to the outside: no token of a peer passes there.
    pub fn facing_outside(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            accepts_peers: false,
        }
    }

    /// Who shows this token. Waits only if the token names a key its issuer may have published just now.
    ///
    /// # Errors
    /// [`AuthError::TokenInvalid`] whatever is wrong with it; [`AuthError::IssuerUnavailable`] if no key of its
    /// issuer was ever read.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<Arc<Identity>, AuthError> {
        match self.verify_at_once(token, now) {
            Some(verdict) => verdict,
            None => self.verify_after_refresh(token, now).await,
        }
    }

    /// As [`Verifier::verify`] but never waits: `None` if the issuer has to be asked for its keys first.
    pub fn verify_at_once(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Option<Result<Arc<Identity>, AuthError>> {
        match self.check(token, now) {
            Ok(identity) => Some(Ok(identity)),
            Err(Failed::Refused(refusal)) => Some(Err(refused(refusal))),
            Err(Failed::MayBeNew(_)) => None,
        }
    }

    async fn verify_after_refresh(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Arc<Identity>, AuthError> {
        if let Err(Failed::MayBeNew(issuer)) = self.check(token, now) {
            self.refresh(issuer, now).await;
        }
        match self.check(token, now) {
            Ok(identity) => Ok(identity),
            Err(Failed::Refused(refusal)) => Err(refused(refusal)),
            Err(Failed::MayBeNew(issuer)) if issuer.current().is_none() => {
                Err(AuthError::IssuerUnavailable)
            }
            Err(Failed::MayBeNew(_)) => Err(refused(Refusal::UnknownKey)),
        }
    }

    /// Whether the keys of every OpenID Connect issuer can be read now.
    ///
    /// # Errors
    /// [`AuthSetupError::IssuerKeys`] of the first whose cannot.
    pub async fn check_issuers(&self) -> Result<(), AuthSetupError> {
        for issuer in self.shared.issuers.iter().filter_map(Trusted::oidc) {
            issuer.check().await?;
        }
        Ok(())
    }

    /// Reads the issuers' keys now and then for ever; to be run as a task, and aborted at the end.
    pub async fn keep_fresh(&self, clock: Arc<dyn Clock>) {
        loop {
            for issuer in self.shared.issuers.iter().filter_map(Trusted::oidc) {
                self.refresh(Arc::clone(issuer), clock.now()).await;
            }
            tokio::time::sleep(self.pause()).await;
        }
    }

    /// Until the keys are read again: not for long while an issuer's were never read.
    fn pause(&self) -> Duration {
        let mut issuers = self.shared.issuers.iter().filter_map(Trusted::oidc);
        if issuers.any(|issuer| issuer.current().is_none()) {
            MIN_INTERVAL
        } else {
            self.shared.refresh_interval
        }
    }

    async fn refresh(&self, issuer: Arc<OidcKeys>, now: Timestamp) {
        let generation = Arc::clone(&self.shared.generation);
        let forget = move || {
            generation.fetch_add(1, Ordering::SeqCst);
        };
        issuer.refresh(now, forget).await;
    }

    fn check(&self, token: &str, now: Timestamp) -> Result<Arc<Identity>, Failed> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Failed::Refused(Refusal::TooLong));
        }
        if token.starts_with(peer::PREFIX) && !self.accepts_peers {
            return Err(Failed::Refused(Refusal::Peer));
        }
        let generation = self.shared.generation.load(Ordering::SeqCst);
        let hash = digest(&SHA256, token.as_bytes());
        let hash: [u8; 32] = hash.as_ref().try_into().expect("SHA-256 has 32 bytes");
        let known = self
            .shared
            .verified
            .get(&hash)
            .filter(|known| known.generation == generation);
        if let Some(known) = known {
            let good = known.identity.expires_at > now;
            return if good {
                Ok(known.identity)
            } else {
                Err(Failed::Refused(Refusal::Expired))
            };
        }
        let identity = Arc::new(self.shared.check_anew(token, now)?);
        self.shared.verified.insert(
            hash,
            Verified {
                identity: Arc::clone(&identity),
                generation,
            },
        );
        Ok(identity)
    }
}

impl Shared {
    fn check_anew(&self, token: &str, now: Timestamp) -> Result<Identity, Failed> {
        if token.starts_with(peer::PREFIX) {
            let leeway = Duration::from_secs(self.leeway_s.unsigned_abs());
            let peers = self.peers.as_ref().ok_or(Refusal::Peer)?;
            return Ok(peers.verify(token, now, leeway)?);
        }
        let unverified = Unverified::read(token)?;
        unverified.header.check(&self.token_types)?;
        let claims = &unverified.claims;
        let issuer = self.issuers.iter().find(|issuer| issuer.name == claims.iss);
        let issuer = issuer.ok_or(Refusal::UntrustedIssuer)?;
        claims.check(&self.audience, self.leeway_s, now)?;
        let identity = claims.identity(self.leeway_s)?;
        issuer.check_signature(&unverified)?;
        Ok(identity)
    }
}

impl Trusted {
    const fn oidc(&self) -> Option<&Arc<OidcKeys>> {
        match &self.keys {
            Keys::Oidc(keys) => Some(keys),
            Keys::Fixed(_) => None,
        }
    }

    fn check_signature(&self, token: &Unverified<'_>) -> Result<(), Failed> {
        match &self.keys {
            Keys::Fixed(keys) => Ok(keys.check(token)?),
            Keys::Oidc(issuer) => {
                let checked = issuer
                    .current()
                    .map_or(Err(Refusal::UnknownKey), |keys| keys.check(token));
                checked.map_err(|refusal| match refusal {
                    Refusal::UnknownKey => Failed::MayBeNew(Arc::clone(issuer)),
                    other => Failed::Refused(other),
                })
            }
        }
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The one answer to every bad token; the reason goes to our own log.
fn refused(refusal: Refusal) -> AuthError {
    tracing::debug!(reason = ?refusal, "token refused");
    AuthError::TokenInvalid
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers = self
            .shared
            .issuers
            .iter()
            .map(|issuer| issuer.name.as_str());
        f.debug_struct("Verifier")
            .field("issuers", &issuers.collect::<Vec<_>>())
            .field("accepts_peers", &self.accepts_peers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
