//! A certificate authority for development and tests, and a certificate for every role.

use std::{
    fs, io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};

use crate::{RoleName, TlsFiles, TlsMaterial};

/// Name of the certificate that is good for every role.
const ALL_ROLES: &str = "all";

type Authority = CertifiedIssuer<'static, KeyPair>;

/// The authority cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DevCaError {
    /// There is one already; overwriting it would cut off every role that uses it.
    #[error("{path} exists already; choose an empty folder or delete it first", path = .0.display())]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error("{path} cannot be written", path = .0.display())]
    Write(PathBuf, #[source] io::Error),
    /// A key or certificate cannot be made.
    #[error("a certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
}

/// Makes in `folder`: `ca.pem`; `<role>.pem` with `<role>.key` for every role; `all.pem` with `all.key` for a process
/// of several roles.
///
/// Certificates are for `<role>.marque.internal`, `localhost` and the loopback addresses, for both directions. The
/// authority's own key is not kept: more certificates mean a new authority.
///
/// # Errors
/// The folder holds an authority already, or cannot be written.
pub fn make_dev_ca(folder: &Path) -> Result<(), DevCaError> {
    let ca_path = folder.join("ca.pem");
    if ca_path.exists() {
        return Err(DevCaError::Exists(ca_path));
    }
    fs::create_dir_all(folder).map_err(|error| DevCaError::Write(folder.to_owned(), error))?;
    let ca = Authority::self_signed(authority(), KeyPair::generate()?)?;
    for role in RoleName::ALL {
        issue(&ca, folder, role.as_str(), &[role])?;
    }
    issue(&ca, folder, ALL_ROLES, &RoleName::ALL)?;
    // Last, so that a half-made folder is not taken for a whole one.
    write(&ca_path, &ca.pem())
}

impl TlsFiles {
    /// The files of a role, or with `None` those of a process of several roles, in a folder made by [`make_dev_ca`].
    pub fn of_dev_ca(folder: &Path, role: Option<RoleName>) -> Self {
        let name = role.map_or(ALL_ROLES, RoleName::as_str);
        Self {
            ca: folder.join("ca.pem"),
            cert: folder.join(format!("{name}.pem")),
            key: folder.join(format!("{name}.key")),
        }
    }
}

/// Writes a new key and a certificate that is good for these roles.
fn issue(ca: &Authority, folder: &Path, name: &str, roles: &[RoleName]) -> Result<(), DevCaError> {
    let key = KeyPair::generate()?;
    let certificate = certificate(name, roles)?.signed_by(&key, ca)?;
    write(&folder.join(format!("{name}.pem")), &certificate.pem())?;
    write_secret(&folder.join(format!("{name}.key")), &key.serialize_pem())
}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Marque development CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn certificate(name: &str, roles: &[RoleName]) -> Result<CertificateParams, rcgen::Error> {
    let mut names: Vec<String> = roles
        .iter()
        .copied()
        .map(TlsMaterial::server_name)
        .collect();
    names.push("localhost".to_owned());
    let mut params = CertificateParams::new(names)?;
    for address in [
        IpAddr::from([127, 0, 0, 1]),
        IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
    ] {
        params.subject_alt_names.push(SanType::IpAddress(address));
    }
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn write(path: &Path, text: &str) -> Result<(), DevCaError> {
    fs::write(path, text).map_err(|error| DevCaError::Write(path.to_owned(), error))
}

/// Readable by its owner alone.
fn write_secret(path: &Path, text: &str) -> Result<(), DevCaError> {
    use std::io::Write as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| DevCaError::Write(path.to_owned(), error))
}
