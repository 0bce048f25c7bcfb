//! PostgreSQL over TLS, against a server of the test's own with a certificate of the test's own.

use std::{fs, path::Path, process::Command};

use marque_db::{Database, Settings, StoreError, Wall, behind};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/postgres.sh");

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Authority::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate for one name; ended with the test.
struct Server {
    folder: TempDir,
    url: String,
}

impl Server {
    fn start(authority: &Authority, name: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("pg-tls").tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, authority).unwrap();
        fs::write(folder.path().join("server.crt"), certificate.pem()).unwrap();
        fs::write(folder.path().join("server.key"), key.serialize_pem()).unwrap();
        let url = run("start", folder.path());
        Self { folder, url }
    }

    /// What a session over an address says of itself: whether it is encrypted.
    async fn asked(&self, query: &str) -> Result<Option<bool>, StoreError> {
        let db = Database::open(&Settings::Postgres {
            url: format!("{}?{query}", self.url),
            schema: "tls".to_owned(),
            readers: 1,
            writers: 1,
            replica: None,
        })?;
        let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
        db.read(move |conn| conn.query_opt(sql, &[], |row| row.get(0)))
            .await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        run("stop", self.folder.path());
    }
}

fn run(what: &str, folder: &Path) -> String {
    let output = Command::new(SCRIPT).arg(what).arg(folder).output().unwrap();
    assert!(
        output.status.success(),
        "{what}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn only_the_right_server_of_the_right_authority_is_talked_to() {
    if marque_testkit::TestDb::postgres().is_none() {
        return;
    }
    let (own, other) = (authority(), authority());
    let server = Server::start(&own, "127.0.0.1");
    let path = |name: &str, authority: &Authority| {
        let path = server.folder.path().join(name);
        fs::write(&path, authority.pem()).unwrap();
        format!("sslmode=verify-full&sslrootcert={}", path.display())
    };
    let (right, wrong) = (path("ca.pem", &own), path("other.pem", &other));
    let elsewhere = Server::start(&own, "db.example.com");
    marque_testkit::block_on(behind(Wall::Everything, async {
        assert_eq!(server.asked(&right).await.unwrap(), Some(true));
        assert_eq!(server.asked("").await.unwrap(), Some(false));
        let told = server.asked(&wrong).await.unwrap_err();
        assert!(matches!(told, StoreError::Unavailable(_)), "{told:?}");
        let told = elsewhere.asked(&right).await.unwrap_err();
        assert!(
            format!("{told:?}").contains("not valid for name"),
            "{told:?}"
        );
    }));
}
