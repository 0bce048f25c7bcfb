//! Certificates of calls between processes.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Mutual TLS: all three files or none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsConfig {
    /// Certificates (PEM) of the authority that signs the services' certificates.
    pub ca: Option<PathBuf>,
    /// This process's certificate chain (PEM).
    pub cert: Option<PathBuf>,
    /// Its private key (PEM).
    pub key: Option<PathBuf>,
}

/// The three files of mutual TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsFiles<'a> {
    /// Authority.
    pub ca: &'a Path,
    /// Certificate chain.
    pub cert: &'a Path,
    /// Private key.
    pub key: &'a Path,
}

impl TlsConfig {
    /// The files, when all three are set.
    pub fn files(&self) -> Option<TlsFiles<'_>> {
        Some(TlsFiles {
            ca: self.ca.as_deref()?,
            cert: self.cert.as_deref()?,
            key: self.key.as_deref()?,
        })
    }

    /// Whether any of the files is set.
    pub fn is_mentioned(&self) -> bool {
        self.ca.is_some() || self.cert.is_some() || self.key.is_some()
    }
}
