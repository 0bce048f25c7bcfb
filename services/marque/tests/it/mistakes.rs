//! What whoever mistyped a command is told.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// What the program writes to standard error where backtraces are asked for.
fn refused(arguments: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_marque"))
        .args(arguments)
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(1), "{arguments:?}");
    String::from_utf8(run.stderr).unwrap()
}

#[test]
fn a_wrong_scope_is_told_in_options_that_exist() {
    for (role, scope, needed) in [
        (
            "agent",
            ["--dealer", "D001"],
            "role agent needs none of --dealer, --region and --customer",
        ),
        (
            "service",
            ["--region", "north"],
            "role service needs --dealer",
        ),
        (
            "manager",
            ["--customer", "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b"],
            "role manager needs --dealer or --region",
        ),
    ] {
        let told = refused(&["token", "--role", role, scope[0], scope[1]]);
        assert_eq!(told, format!("Error: {needed}\n"));
    }
}

#[test]
fn an_error_is_told_with_its_causes_and_without_a_backtrace() {
    let told = refused(&[
        "quality",
        "/there/is/no/such/file.csv",
        "--kind",
        "customers",
    ]);
    assert!(told.starts_with("Error: "), "{told}");
    assert!(told.lines().count() <= 4, "{told}");
}

#[test]
fn a_reader_that_goes_away_costs_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let [file, json] = ["in.csv", "out.json"].map(|name| folder.path().join(name));
    fs::write(&file, "source_key,name,phone\nK1,王伟,13812345678\n").unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_marque"))
        .arg("quality")
        .args([file.as_path(), Path::new("--json"), json.as_path()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(run.stdout.take());
    assert!(run.wait().unwrap().success());
    assert!(json.exists());
}
