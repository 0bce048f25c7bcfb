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
}
