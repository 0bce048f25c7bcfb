//! Whose tokens are trusted.

use std::{path::PathBuf, str::FromStr};

use serde::{Deserialize, Deserializer, de};

/// Trust in tokens.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthConfig {
    /// Who issues tokens: `embedded`, or the URL of an OpenID Connect issuer.
    pub issuer: IssuerConfig,
    /// The audience (`aud`) a token must name.
    pub audience: String,
    /// Clock difference forgiven in `exp` and `nbf`, in seconds; at most 30.
    pub leeway_s: u64,
    /// The one signature algorithm of the OpenID Connect issuer. (The embedded issuer signs with EdDSA.)
    pub algorithm: TokenAlgorithm,
    /// Values of the `typ` header accepted; `at+jwt` (RFC 9068). Add `JWT` only for an issuer that cannot do better.
    pub token_types: Vec<String>,
    /// Public keys (JWKS) of the embedded issuer, for a process that verifies its tokens but must not issue any.
    pub issuer_keys_file: Option<PathBuf>,
    /// File of the secret shared by the services of one installation, at least 32 bytes.
    /// Needed as soon as roles run in several processes; made by itself when all run in one.
    pub peer_secret_file: Option<PathBuf>,
    /// Seconds between refreshes of the issuer's keys; at least 30.
    pub keys_refresh_s: u64,
    /// Verified tokens remembered.
    pub token_cache: u64,
}

/// Who issues tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerConfig {
    /// Marque itself, with a key in the data folder.
    Embedded,
    /// An OpenID Connect issuer; its keys are found by discovery.
    Oidc(String),
}

/// A signature algorithm (RFC 7518, RFC 8037). Symmetric ones do not exist here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum TokenAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self {
            issuer: IssuerConfig::Embedded,
            audience: "marque".to_owned(),
            leeway_s: 30,
            algorithm: TokenAlgorithm::RS256,
            token_types: vec!["at+jwt".to_owned()],
            issuer_keys_file: None,
            peer_secret_file: None,
            keys_refresh_s: 600,
            token_cache: 100_000,
        }
    }
}

impl FromStr for IssuerConfig {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "embedded" => Ok(Self::Embedded),
            url if url.starts_with("https://") || is_loopback_http(url) => {
                Ok(Self::Oidc(url.to_owned()))
            }
            _ => Err(
                "an issuer is `embedded` or an https:// URL (http:// for 127.0.0.1 and localhost only)",
            ),
        }
    }
}

/// Plain HTTP carries keys that anyone on the way could exchange, so it is for this machine only.
fn is_loopback_http(url: &str) -> bool {
    url.strip_prefix("http://").is_some_and(|rest| {
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        host == "127.0.0.1" || host == "localhost"
    })
}

impl<'de> Deserialize<'de> for IssuerConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in [
            "embedded",
            "https://login.example",
            "http://127.0.0.1:80",
            "http://localhost/x",
        ] {
            assert!(good.parse::<IssuerConfig>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "Embedded",
            "http://login.example",
            "http://localhost.evil.example",
            "ftp://x",
        ] {
            assert!(bad.parse::<IssuerConfig>().is_err(), "{bad}");
        }
    }
}
