//! What whoever mistyped a command is told.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use marque_config::secret_file;

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
        (
            "steward",
            ["--customer", "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b"],
            "role steward needs --region, or nothing for headquarters",
        ),
    ] {
        let told = refused(&["token", "--role", role, scope[0], scope[1]]);
        assert_eq!(told, format!("Error: {needed}\n"));
    }
    let told = refused(&["token", "--role", "peer"]);
    assert!(told.starts_with("Error: role peer is that of"), "{told}");
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
        let told = doctor(&data, settings);
        let problem = told.lines().find(|line| line.contains("store of customer"));
        assert!(problem.is_some_and(|told| told.contains(cause)), "{told}");
    }
}

#[cfg(unix)]
#[test]
fn keys_and_certificates_that_a_start_refuses_are_found_by_looking_for_faults() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let (data, ca) = (folder.path().join("data"), folder.path().join("ca"));
    let at = |name: &str| ca.join(name).display().to_string();
    let tls = |ca: &str, cert: &str, key: &str| {
        vec![
            ("MARQUE__TLS__CA", at(ca)),
            ("MARQUE__TLS__CERT", at(cert)),
            ("MARQUE__TLS__KEY", at(key)),
        ]
    };
    let expose = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o644));
    succeed(&["doctor", "--make-ca"], &ca);
    succeed(&["token", "--role", "hq_admin", "--data"], &data);
    fs::write(at("garbage.pem"), "nothing").unwrap();
    fs::copy(at("all.key"), at("exposed.key")).unwrap();
    expose(Path::new(&at("exposed.key"))).unwrap();
    secret_file::create_if_absent(Path::new(&at("short")), "abc").unwrap();

    let well = doctor(&data, tls("ca.pem", "all.pem", "all.key"));
    assert!(
        !well.contains("- tls") && !well.contains("- auth"),
        "{well}"
    );
    let mut of_one_role = tls("ca.pem", "vehicle.pem", "vehicle.key");
    of_one_role.push(("MARQUE__ROLES", "vehicle".to_owned()));
    let well = doctor(&data, of_one_role);
    assert!(!well.contains("- tls"), "{well}");
    for (settings, cause) in [
        (
            tls("ca.pem", "all.pem", "gateway.key"),
            "- tls: certificate, key",
        ),
        (
            tls("ca.pem", "vehicle.pem", "vehicle.key"),
            "vehicle.pem does not bear the name",
        ),
        (
            tls("gone.pem", "all.pem", "all.key"),
            "gone.pem cannot be read",
        ),
        (
            tls("ca.pem", "garbage.pem", "all.key"),
            "holds no certificate",
        ),
        (tls("ca.pem", "all.pem", "exposed.key"), "chmod 600"),
        (
            vec![("MARQUE__AUTH__PEER_SECRET_FILE", at("short"))],
            "at least 32 random bytes",
        ),
        (
            vec![("MARQUE__AUTH__ISSUER_KEYS_FILE", at("gone.json"))],
            "gone.json cannot be read",
        ),
    ] {
        let told = doctor(&data, settings);
        assert!(told.contains(cause), "{cause}: {told}");
    }
    expose(&data.join("keys/issuer.key")).unwrap();
    let told = doctor(&data, []);
    assert!(told.contains("- auth: a key cannot be used"), "{told}");
    assert!(told.contains("chmod 600"), "{told}");
}

/// What `marque doctor` finds in a folder, with settings in its environment.
fn doctor<'a>(data: &Path, settings: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_marque"))
        .args(["doctor", "--data"])
        .arg(data)
        .envs(settings)
        .output()
        .unwrap();
    String::from_utf8(run.stdout).unwrap()
}

/// Runs a command whose last word is a path.
fn succeed(words: &[&str], path: &Path) {
    let run = Command::new(env!("CARGO_BIN_EXE_marque"))
        .args(words)
        .arg(path)
        .output()
        .unwrap();
    assert!(run.status.success(), "{words:?}");
}
