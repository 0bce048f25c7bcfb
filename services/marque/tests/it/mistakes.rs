//! What whoever mistyped a command is told.

use std::process::Command;

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
fn what_is_wrong_with_a_store_is_told_with_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("customer.db"), "no database".repeat(1_000)).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!(
        "postgres://marque@{}/none_{{role}}",
        port.local_addr().unwrap()
    );
    drop(port);
    for (settings, cause) in [
        (None, "file is not a database"),
        (Some(("MARQUE__STORE__URL", nobody)), "Connection refused"),
    ] {
        let run = Command::new(env!("CARGO_BIN_EXE_marque"))
            .args(["doctor", "--data"])
            .arg(&data)
            .envs(settings)
            .output()
            .unwrap();
        let told = String::from_utf8(run.stdout).unwrap();
        let problem = told.lines().find(|line| line.contains("store of customer"));
        assert!(problem.is_some_and(|told| told.contains(cause)), "{told}");
    }
}
