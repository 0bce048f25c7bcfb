//! The keys of an OpenID Connect issuer: found by discovery, refreshed seldom, kept while the issuer is down.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use marque_config::{IssuerConfig, TokenAlgorithm};
use marque_core::Timestamp;
use reqwest::{Client, redirect};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::{AuthSetupError, keys::KeySet};

/// The least time between two fetches, whatever anybody asks for.
pub(crate) const MIN_INTERVAL: Duration = Duration::from_secs(30);
/// Time a fetch may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Largest document read.
const MAX_BYTES: usize = 256 << 10;

/// One OpenID Connect issuer and the keys last read from it.
pub(crate) struct OidcKeys {
    issuer: String,
    algorithm: TokenAlgorithm,
    client: Client,
    keys: ArcSwapOption<KeySet>,
    /// When the last fetch began. Held while one runs, so that there is one at a time.
    last_fetch: Mutex<Option<Timestamp>>,
}

/// Why the keys could not be read. Holds nothing the issuer sent.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It cannot be reached, or answers with an error.
    #[error("the issuer did not answer")]
    Http(#[from] reqwest::Error),
    /// A document is larger than any that is believed.
    #[error("the issuer sent more than {MAX_BYTES} bytes")]
    TooLarge,
    /// The discovery document is none, or of somebody else.
    #[error("the discovery document names another issuer, or keys at an address that is not https")]
    Discovery,
    /// No key fits `auth.algorithm`.
    #[error("the issuer's key set holds no key of the configured algorithm")]
    NoKeys,
}

/// What is needed of OpenID Connect Discovery 1.0, section 3.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl OidcKeys {
    pub(crate) fn new(issuer: &str, algorithm: TokenAlgorithm) -> Result<Self, AuthSetupError> {
        if !is_safe(issuer) {
            return Err(AuthSetupError::InsecureIssuer {
                issuer: issuer.to_owned(),
            });
        }
        // Redirects are not followed: they would let the issuer's host name somebody else's keys.
        let mut client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(TIMEOUT);
        if issuer.starts_with("http://") {
            client = client.no_proxy();
        }
        Ok(Self {
            issuer: issuer.to_owned(),
            algorithm,
            client: client.build().map_err(AuthSetupError::Client)?,
            keys: ArcSwapOption::empty(),
            last_fetch: Mutex::new(None),
        })
    }

    /// The keys last read.
    pub(crate) fn current(&self) -> Option<Arc<KeySet>> {
        self.keys.load_full()
    }

    /// Fetches the keys unless that was tried in the last 30 seconds; who comes during a fetch waits for it.
    /// `on_removal` is called once a set is in place from which a key is gone.
    pub(crate) async fn refresh(
        self: Arc<Self>,
        now: Timestamp,
        on_removal: impl FnOnce() + Send + 'static,
    ) {
        let mut last = self.last_fetch.lock().await;
        if last.is_some_and(|last| now.since(last) < MIN_INTERVAL) {
            return;
        }
        *last = Some(now);
        // A task of its own: the caller may hang up, the fetch goes on for the others.
        let keys = Arc::clone(&self);
        let fetch = tokio::spawn(async move {
            match keys.fetch().await {
                Ok(fresh) => keys.store(fresh, on_removal),
                Err(error) => tracing::warn!(
                    issuer = keys.issuer,
                    error = %error,
                    has_keys = keys.current().is_some(),
                    "the issuer's keys could not be refreshed"
                ),
            }
        });
        let _ = fetch.await;
    }

    /// Reads the keys as a refresh would, and keeps none.
    pub(crate) async fn check(&self) -> Result<(), AuthSetupError> {
        let read = self.fetch().await;
        read.map(drop).map_err(|source| AuthSetupError::IssuerKeys {
            issuer: self.issuer.clone(),
            source,
        })
    }

    fn store(&self, fresh: KeySet, on_removal: impl FnOnce()) {
        let kept_all = self.current().is_none_or(|old| old.is_within(&fresh));
        self.keys.store(Some(Arc::new(fresh)));
        if !kept_all {
            on_removal();
        }
    }

    async fn fetch(&self) -> Result<KeySet, FetchError> {
        let address = format!(
            "{}/.well-known/openid-configuration",
            self.issuer.trim_end_matches('/')
        );
        let document = self.get(&address).await?;
        let found: Discovery =
            serde_json::from_slice(&document).map_err(|_| FetchError::Discovery)?;
        if found.issuer != self.issuer || !is_safe(&found.jwks_uri) {
            return Err(FetchError::Discovery);
        }
        KeySet::parse(&self.get(&found.jwks_uri).await?, self.algorithm).ok_or(FetchError::NoKeys)
    }

    async fn get(&self, address: &str) -> Result<Vec<u8>, FetchError> {
        let mut response = self.client.get(address).send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                return Err(FetchError::TooLarge);
            }
        }
        Ok(body)
    }
}

/// Whether keys read from this address are those of whoever owns its name.
fn is_safe(address: &str) -> bool {
    matches!(address.parse(), Ok(IssuerConfig::Oidc(_)))
}
