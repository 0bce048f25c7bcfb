//! The way to a PostgreSQL server: in the clear, or over TLS with its certificate verified.
//!
//! As with libpq it is said in the address: `?sslmode=verify-full&sslrootcert=/path/ca.pem`. There is nothing in between:
//! encryption towards nobody knows whom is refused.

use std::{sync::Arc, time::Duration};

use postgres::{CancelToken, Client, NoTls, config::SslMode};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::StoreError;

/// Where a server is, who we are there, and how it is known. Not to be printed: it has the password.
pub(crate) struct Address {
    config: postgres::Config,
    tls: Tls,
}

/// How sessions are encrypted; `None` is not at all.
#[derive(Clone)]
pub(crate) struct Tls(Option<MakeRustlsConnect>);

impl Address {
    /// Reads `postgres://user:password@host:port/database?…`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] with what to write instead; nothing of the address is quoted.
    pub(crate) fn read(url: &str) -> Result<Self, StoreError> {
        let (bare, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut roots, mut others) = ("", "", Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = value,
                Some(("sslrootcert", value)) => roots = value,
                _ => others.push(pair),
            }
        }
        let mut config: postgres::Config = format!("{bare}?{}", others.join("&")).parse()?;
        config.connect_timeout(Duration::from_secs(5));
        config.application_name("marque");
        let tls = match (mode, roots) {
            ("" | "disable", "") => None,
            ("verify-full", file) if !file.is_empty() => {
                config.ssl_mode(SslMode::Require);
                Some(MakeRustlsConnect::new(trusting(file)?))
            }
            _ => {
                return Err(unusable(
                    "PostgreSQL over TLS is said by sslmode=verify-full&sslrootcert=/path/ca.pem at the end of the address, none by nothing",
                ));
            }
        };
        Ok(Self {
            config,
            tls: Tls(tls),
        })
    }

    /// Opens a connection.
    pub(crate) fn connect(&self) -> Result<Client, StoreError> {
        Ok(match &self.tls.0 {
            Some(tls) => self.config.connect(tls.clone())?,
            None => self.config.connect(NoTls)?,
        })
    }

    /// How its sessions are encrypted.
    pub(crate) fn tls(&self) -> Tls {
        self.tls.clone()
    }
}

impl Tls {
    /// Tells the server to end what a session is at.
    pub(crate) fn cancel(self, token: &CancelToken) {
        // Whether it hears it or not, nobody waits for the answer.
        drop(match self.0 {
            Some(tls) => token.cancel_query(tls),
            None => token.cancel_query(NoTls),
        });
    }
}

/// Trust in the authorities of a PEM file and nobody else.
fn trusting(file: &str) -> Result<ClientConfig, StoreError> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(format!("sslrootcert={file} cannot be read: {error}")))?;
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| unusable(format!("sslrootcert={file}: {error}")))?;
    }
    if roots.is_empty() {
        return Err(unusable(format!("sslrootcert={file} holds no certificate")));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn unusable(problem: impl Into<String>) -> StoreError {
    StoreError::Unavailable(problem.into().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(url: &str) -> String {
        let error = Address::read(url).err().expect("it is refused");
        format!("{error:?}")
    }

    #[test]
    fn half_measures_are_refused_with_what_to_write() {
        for query in [
            "sslmode=require",
            "sslmode=prefer",
            "sslmode=verify-ca&sslrootcert=/ca.pem",
            "sslmode=verify-full",
            "sslrootcert=/ca.pem",
        ] {
            let said = told(&format!("postgres://u:hush@h/d?{query}"));
            assert!(said.contains("sslmode=verify-full&sslrootcert="), "{said}");
            assert!(!said.contains("hush"), "{said}");
        }
        let said = told("postgres://u:hush@h/d?sslmode=verify-full&sslrootcert=/nowhere.pem");
        assert!(said.contains("/nowhere.pem cannot be read"), "{said}");
    }

    #[test]
    fn what_is_not_of_tls_is_left_to_the_driver() {
        assert!(Address::read("postgres://u@h/d").is_ok());
        assert!(Address::read("postgres://u@h/d?sslmode=disable&keepalives=1").is_ok());
        assert!(Address::read("postgres://u@h/d?nonsense=1").is_err());
    }
}
