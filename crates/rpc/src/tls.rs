//! Certificates of roles: one of its own and the authority that signed the others'. They are read again when their files
//! change, without a restart: new connections use what lies there now.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use arc_swap::ArcSwap;
use marque_config::secret_file::{self, SecretFileError};
use marque_core::Timestamp;
use parking_lot::Mutex;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use crate::{RoleName, secured::roles_of};

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

/// Certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("the TLS file {path} cannot be read", path = .0.display())]
    File(PathBuf, #[source] io::Error),
    /// The key cannot be read, or others than its owner can.
    #[error("the TLS key cannot be used")]
    Key(#[source] SecretFileError),
    /// A file holds no certificate or key.
    #[error("the TLS file {path} holds no {1} in PEM", path = .0.display())]
    Content(PathBuf, &'static str),
    /// Certificate and key do not fit, or the authority is none.
    #[error("certificate, key and authority do not fit together")]
    Mismatch(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is another role's: peers would refuse it under the name of this one.
    #[error("the certificate {path} does not bear the name {1}: name the one of that role, or of all that this process plays", path = .0.display())]
    OtherRole(PathBuf, String),
    /// It has ended, comes from another authority or is not for both directions.
    #[error("peers would refuse the certificate {path}", path = .0.display())]
    Refused(PathBuf, #[source] Box<rustls::Error>),
}

/// How often files are looked at, at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The certificates in use. The same serve both directions: a role is server to some peers and client to others. Clones
/// share them.
#[derive(Clone)]
pub struct TlsMaterial(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    configs: ArcSwap<Configs>,
    seen: Mutex<Seen>,
}

/// What was made of the files.
pub(crate) struct Configs {
    /// As a client: shows our certificate and takes only one of the authority.
    pub(crate) client: Arc<ClientConfig>,
    /// As a server: who shows no certificate of the authority is refused.
    pub(crate) server: Arc<ServerConfig>,
}

/// The files as they were when they were read.
struct Seen {
    at: Instant,
    stamp: Stamp,
}

type Stamp = [Option<(SystemTime, u64)>; 3];

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// One of them cannot be read, others than its owner can read the key, or they do not fit together.
    pub fn read(&self) -> Result<TlsMaterial, TlsError> {
        let seen = Seen {
            at: Instant::now(),
            stamp: self.stamp(),
        };
        Ok(TlsMaterial(Arc::new(Inner {
            files: self.clone(),
            configs: ArcSwap::from_pointee(self.configs()?),
            seen: Mutex::new(seen),
        })))
    }

    /// Looks at the certificate as the peers of these roles will: whether it bears the name of each, comes from the authority, is
    /// for both directions and has not ended.
    ///
    /// # Errors
    /// [`TlsError::OtherRole`] or [`TlsError::Refused`] if they would not take it; as [`Self::read`] if a file cannot be used.
    pub fn check(
        &self,
        roles: impl IntoIterator<Item = RoleName>,
        now: Timestamp,
    ) -> Result<(), TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let roots = self.roots()?;
        let as_servers = client_verifier(&provider, &roots)?;
        let as_clients = WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(mismatch)?;
        let chain = certificates(&self.cert)?;
        let (own, between) = chain.split_first().expect("a file without any is refused");
        let now = UnixTime::since_unix_epoch(Duration::from_micros(now.as_micros().unsigned_abs()));
        let refused = |error| TlsError::Refused(self.cert.clone(), Box::new(error));
        as_servers
            .verify_client_cert(own, between, now)
            .map_err(refused)?;
        let named = roles_of(own);
        for role in roles {
            let name = TlsMaterial::server_name(role);
            if !named.contains(role) {
                return Err(TlsError::OtherRole(self.cert.clone(), name));
            }
            let name = ServerName::try_from(name).map_err(mismatch)?;
            as_clients
                .verify_server_cert(own, between, &name, &[], now)
                .map_err(refused)?;
        }
        Ok(())
    }

    fn stamp(&self) -> Stamp {
        [&self.ca, &self.cert, &self.key].map(|path| {
            let file = fs::metadata(path).ok()?;
            Some((file.modified().ok()?, file.len()))
        })
    }

    fn configs(&self) -> Result<Configs, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let roots = self.roots()?;
        Ok(Configs {
            client: Arc::new(self.client(&provider, &roots)?),
            server: Arc::new(self.server(&provider, &roots)?),
        })
    }

    fn roots(&self) -> Result<Arc<RootCertStore>, TlsError> {
        let mut roots = RootCertStore::empty();
        for authority in certificates(&self.ca)? {
            roots.add(authority).map_err(mismatch)?;
        }
        Ok(Arc::new(roots))
    }

    fn client(
        &self,
        provider: &Arc<CryptoProvider>,
        roots: &Arc<RootCertStore>,
    ) -> Result<ClientConfig, TlsError> {
        let mut config = ClientConfig::builder_with_provider(Arc::clone(provider))
            .with_safe_default_protocol_versions()
            .map_err(mismatch)?
            .with_root_certificates(Arc::clone(roots))
            .with_client_auth_cert(certificates(&self.cert)?, self.key()?)
            .map_err(mismatch)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }

    fn server(
        &self,
        provider: &Arc<CryptoProvider>,
        roots: &Arc<RootCertStore>,
    ) -> Result<ServerConfig, TlsError> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
            .with_safe_default_protocol_versions()
            .map_err(mismatch)?
            .with_client_cert_verifier(client_verifier(provider, roots)?)
            .with_single_cert(certificates(&self.cert)?, self.key()?)
            .map_err(mismatch)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(config)
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        let text = secret_file::read(&self.key).map_err(TlsError::Key)?;
        PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| TlsError::Content(self.key.clone(), "private key"))
    }
}

impl TlsMaterial {
    /// The name that a role's certificate bears, whatever host it runs on.
    pub(crate) fn server_name(role: RoleName) -> String {
        format!("{role}.marque.internal")
    }

    /// What lies in the files now; what lay there before, if that cannot be used.
    pub(crate) fn current(&self) -> Arc<Configs> {
        // Who finds another looking need not look.
        if let Some(mut seen) = self.0.seen.try_lock()
            && seen.at.elapsed() >= LOOK_EVERY
        {
            self.look(&mut seen);
        }
        self.0.configs.load_full()
    }

    fn look(&self, seen: &mut Seen) {
        seen.at = Instant::now();
        let stamp = self.0.files.stamp();
        if stamp == seen.stamp {
            return;
        }
        match self.0.files.configs() {
            Ok(configs) => {
                self.0.configs.store(Arc::new(configs));
                seen.stamp = stamp;
                tracing::info!("new TLS certificates are in use");
            }
            // As between the writing of the one file and of the other: they are looked at again.
            Err(error) => {
                tracing::warn!(%error, "the changed TLS files cannot be used; the old ones stay");
            }
        }
    }
}

/// Takes who shows a certificate of the authority.
fn client_verifier(
    provider: &Arc<CryptoProvider>,
    roots: &Arc<RootCertStore>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider))
        .build()
        .map_err(mismatch)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(TlsError::Content(path.to_owned(), "certificate")),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|error| TlsError::File(path.to_owned(), error))
}

fn mismatch(error: impl std::error::Error + Send + Sync + 'static) -> TlsError {
    TlsError::Mismatch(Box::new(error))
}

impl fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsMaterial").finish_non_exhaustive()
    }
}
