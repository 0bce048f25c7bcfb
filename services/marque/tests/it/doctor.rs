//! `marque doctor`, which looks and touches nothing.

use std::{fs, path::Path, process::Command};

use super::server::Server;

/// Whether all is well, and what it says.
fn doctor(data: &Path, listen: &str) -> (bool, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_marque"))
        .args(["doctor", "--listen", listen])
        .args(["--admin-listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .output()
        .unwrap();
    (run.status.success(), String::from_utf8(run.stdout).unwrap())
}

#[test]
fn beside_a_running_server_all_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let (is_well, told) = doctor(folder.path(), &server.address());
    assert_eq!(told, "all is well, and marque is running\n");
    assert!(is_well);
}

#[test]
fn nothing_is_made_where_nothing_is_yet() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("new");
    assert!(doctor(&data, "127.0.0.1:0").0);
    assert!(!data.exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let (is_well, told) = doctor(&file.join("data"), "127.0.0.1:0");
    assert!(
        told.contains("data_dir: ") && told.contains(" is a file"),
        "{told}"
    );
    assert!(!is_well);
    let (is_well, told) = doctor(Path::new("/proc/marque"), "127.0.0.1:0");
    assert!(told.contains("/proc cannot be written to"), "{told}");
    assert!(!is_well);
}

#[test]
fn a_database_of_another_kind_is_told_once_and_by_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_marque"))
        .args(["doctor", "--listen", "127.0.0.1:0"])
        .args(["--admin-listen", "127.0.0.1:0", "--data"])
        .arg(folder.path())
        .env("MARQUE__STORE__URL", "mysql://nobody@127.0.0.1:9/{role}")
        .output()
        .unwrap();
    let told = String::from_utf8(run.stdout).unwrap();
    assert_eq!(
        told.matches("store.url: write postgres://").count(),
        1,
        "{told}"
    );
    assert!(
        !told.contains("store.urls") && !told.contains("store of"),
        "{told}"
    );
}

#[test]
fn what_serve_would_not_start_with_is_told() {
    for (settings, told) in [
        ("[limits]\nmax_connections = 0", "limits.max_connections: "),
        (
            "[limits]\nheader_timeout_ms = 0",
            "limits.header_timeout_ms: ",
        ),
        ("[import]\nmax_row_bytes = 0", "import.max_row_bytes: "),
        ("[import]\nmax_file_bytes = 0", "import.max_file_bytes: "),
        ("[rpc]\nconnect_timeout_ms = 0", "rpc.connect_timeout_ms: "),
        ("[telemetry]\nlog = \"bogus[[[\"", "telemetry.log: "),
        ("[customer.trust]\nD001 = 7", "customer: "),
        ("[customer.survivorship]\nnam = [\"newest\"]", "customer: "),
        ("[complaint.clocks.low]\nfirst_response = 0", "complaint: "),
        (
            "[auth]\nissuer = \"http://127.0.0.1:9\"",
            "auth.issuer: the keys of",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("marque.toml");
        fs::write(&file, settings).unwrap();
        let run = Command::new(env!("CARGO_BIN_EXE_marque"))
            .args([
                "doctor",
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ])
            .arg("--config")
            .arg(&file)
            .arg("--data")
            .arg(folder.path())
            .output()
            .unwrap();
        let said = String::from_utf8(run.stdout).unwrap();
        assert!(
            said.contains(told) && !run.status.success(),
            "{settings}: {said}"
        );
    }
}
