//! Certificates of roles: one of its own and the authority that signed the others'.

use std::{fmt, fs, io, path::PathBuf};

use tonic::transport::{Certificate, ClientTlsConfig, Identity, ServerTlsConfig};

use crate::RoleName;

/// Where the PEM files lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authority that signs every role's certificate.
    pub ca: PathBuf,
    /// This process's certificate.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// A PEM file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the TLS file {path} cannot be read", path = path.display())]
pub struct TlsError {
    path: PathBuf,
    source: io::Error,
}

/// The PEM texts themselves. The same serves both directions: a role is server to some peers and client to others.
#[derive(Clone)]
pub struct TlsMaterial {
    ca: Certificate,
    identity: Identity,
}

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn read(&self) -> Result<TlsMaterial, TlsError> {
        let read = |path: &PathBuf| {
            fs::read(path).map_err(|source| TlsError {
                path: path.clone(),
                source,
            })
        };
        Ok(TlsMaterial {
            ca: Certificate::from_pem(read(&self.ca)?),
            identity: Identity::from_pem(read(&self.cert)?, read(&self.key)?),
        })
    }
}

impl TlsMaterial {
    /// The name that a role's certificate bears, whatever host it runs on.
    pub(crate) fn server_name(role: RoleName) -> String {
        format!("{role}.marque.internal")
    }

    /// As a client: shows our certificate and takes only one of the authority for that name.
    pub(crate) fn client(&self, server_name: String) -> ClientTlsConfig {
        ClientTlsConfig::new()
            .ca_certificate(self.ca.clone())
            .identity(self.identity.clone())
            .domain_name(server_name)
    }

    /// As a server: who shows no certificate of the authority is refused.
    pub(crate) fn server(&self) -> ServerTlsConfig {
        ServerTlsConfig::new()
            .client_ca_root(self.ca.clone())
            .identity(self.identity.clone())
    }
}

impl fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsMaterial").finish_non_exhaustive()
    }
}
