//! Exchange of the key of personal data under the real binary, while it is read and written (reliability.md D4).

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;

use crate::server::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_marque");
const DEALER: &str = "D001";
/// The keyring is read so often, so that a rotation takes no minute.
const RELOAD: (&str, &str) = ("MARQUE__VAULT__RELOAD_MS", "100");
const CUSTOMERS: usize = 1_200;
const SERVE: &[&str] = &[
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--admin-listen",
    "127.0.0.1:0",
];

#[test]
fn a_key_is_exchanged_under_load_and_the_old_one_is_needed_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Arc::new(Server::start_with(&data, &[RELOAD]).with_dealer(DEALER));
    let known: Vec<String> = (0..20)
        .map(|n| server.put_customer(DEALER, &format!("k{n}"), "王小明"))
        .collect();
    let file = server.attach(DEALER, "k1", png());
    let import = server.send("customers", DEALER, customers(CUSTOMERS));
    let import = server.wait_for(import["id"].as_str().unwrap());
    assert_eq!(import["quarantined"], json!(1), "{import}");

    let (stop, reads) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU32::new(0)),
    );
    let load = {
        let (server, stop, reads) = (Arc::clone(&server), Arc::clone(&stop), Arc::clone(&reads));
        let known = known.clone();
        std::thread::spawn(move || {
            for n in 0.. {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let id = &known[n % known.len()];
                let seen = server.get(&format!("/v1/customers/{id}"));
                assert_eq!(seen["id"], **id, "{seen}");
                assert_eq!(seen["name"], "王小明", "{seen}");
                server.put_customer(DEALER, &format!("n{n}"), "李小红");
                reads.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    assert_success(&marque(&["keys", "rotate"], &data));
    // The old key cannot go while something is under it; here it may be that all is sealed anew already.
    let listed = listed(&data);
    assert!(
        listed.contains("data/2") && listed.contains("current"),
        "{listed}"
    );
    wait_until_nothing_is_stale(&data);
    let refused = marque(&["keys", "retire", "2"], &data);
    assert!(!refused.status.success(), "the current key was retired");
    assert_success(&marque(&["keys", "retire", "1"], &data));
    let while_rotating = reads.load(Ordering::SeqCst);
    assert!(while_rotating > 10, "{while_rotating} reads");
    std::thread::sleep(Duration::from_millis(500));
    stop.store(true, Ordering::SeqCst);
    load.join().unwrap();
    Arc::into_inner(server).unwrap().kill();

    // A process that never knew the old key reads everything.
    assert!(!self::listed(&data).contains("data/1 "));
    let server = Server::start_with(&data, &[RELOAD]);
    for id in &known {
        assert_eq!(server.get(&format!("/v1/customers/{id}"))["name"], "王小明");
    }
    assert_eq!(server.bytes(&file), png());
    let held = format!("/v1/imports/{}/quarantine", import["id"].as_str().unwrap());
    let held = String::from_utf8(server.bytes(&held)).unwrap();
    assert!(held.contains("q-1"), "{held}");
    server.kill();
}

#[test]
fn a_key_that_something_is_sealed_under_is_not_retired() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start_with(&data, &[RELOAD]).with_dealer(DEALER);
    server.put_customer(DEALER, "k1", "王小明");
    server.kill();
    // No server runs that could seal anew.
    assert_success(&marque(&["keys", "rotate"], &data));
    let refused = marque(&["keys", "retire", "1"], &data);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success());
    assert!(said.contains("still under an old key"), "{said}");
    let unknown = marque(&["keys", "use", "9"], &data);
    assert!(
        String::from_utf8(unknown.stderr)
            .unwrap()
            .contains("there is no data/9")
    );
}

#[test]
fn a_file_that_waits_is_counted_under_the_key_it_needs_and_is_taken_in_after_a_rotation() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start_with(&data, &[RELOAD]).with_dealer(DEALER);
    let import = server.send("customers", DEALER, customers(5_000));
    server.kill();
    assert_success(&marque(&["keys", "rotate"], &data));
    let waiting = listed(&data);
    assert!(
        waiting.contains("customer spool.files: 1 values, 1 under an old key"),
        "{waiting}"
    );
    let server = Server::start_with(&data, &[RELOAD]);
    let ended = server.wait_for(import["id"].as_str().unwrap());
    assert_eq!(ended["received"], json!(5_001), "{ended}");
    // The file goes just after its import's end is told, and with it the need for the old key.
    let began = Instant::now();
    while listed(&data).contains("spool.files") {
        assert!(began.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(100));
    }
    server.kill();
}

#[test]
fn a_keyring_that_is_lost_or_another_is_no_first_start() {
    let folder = tempfile::tempdir().unwrap();
    let (data, elsewhere) = (folder.path().join("data"), folder.path().join("elsewhere"));
    let keyring = |data: &Path| data.join("keys/vault.toml");
    let server = Server::start(&data).with_dealer(DEALER);
    let id = server.put_customer(DEALER, "k1", "王小明");
    server.kill();
    let safe = folder.path().join("safe.toml");
    fs::rename(keyring(&data), &safe).unwrap();
    for command in [&["doctor"][..], SERVE] {
        let told = refused(&marque(command, &data));
        assert!(
            told.contains("it is sealed under data/1 and index/1"),
            "{told}"
        );
        assert!(told.contains("keys/vault.toml is missing"), "{told}");
        assert!(!keyring(&data).exists(), "{command:?} made a keyring");
    }

    Server::start(&elsewhere).kill();
    fs::copy(keyring(&elsewhere), keyring(&data)).unwrap();
    for command in [&["doctor"][..], SERVE] {
        let told = refused(&marque(command, &data));
        assert!(
            told.contains("keys/vault.toml does not hold that"),
            "{told}"
        );
    }

    fs::rename(&safe, keyring(&data)).unwrap();
    let server = Server::start(&data);
    assert_eq!(server.get(&format!("/v1/customers/{id}"))["name"], "王小明");
    server.kill();
}

#[test]
fn looking_for_faults_in_a_new_folder_makes_no_keyring_and_a_start_does() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    marque(&["doctor"], &data);
    assert!(!data.join("keys/vault.toml").exists());
    Server::start(&data).kill();
    assert!(data.join("keys/vault.toml").exists());
}

#[test]
fn a_key_that_is_in_use_cannot_be_left_out_of_the_ring_and_one_that_is_not_can() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start_with(&data, &[RELOAD]).with_dealer(DEALER);
    server.put_customer(DEALER, "k1", "王小明");
    let before = fs::read(data.join("keys/vault.toml")).unwrap();
    assert_success(&marque(&["keys", "rotate"], &data));
    wait_until_nothing_is_stale(&data);
    server.kill();
    let both = fs::read_to_string(data.join("keys/vault.toml")).unwrap();
    fs::write(data.join("keys/vault.toml"), before).unwrap();
    let told = refused(&marque(SERVE, &data));
    assert!(told.contains("it is sealed under data/2"), "{told}");

    // As a release has retired it that knew nothing of what stores note.
    let mut lines: Vec<&str> = both.lines().collect();
    let is_first = |line: &&str| line.trim_start_matches('"').starts_with('1');
    lines.remove(lines.iter().position(is_first).unwrap());
    fs::write(data.join("keys/vault.toml"), lines.join("\n")).unwrap();
    let told = refused(&marque(SERVE, &data));
    assert!(told.contains("it is sealed under data/1"), "{told}");
    assert_success(&marque(&["keys", "retire", "1"], &data));
    Server::start(&data).kill();
}

fn wait_until_nothing_is_stale(data: &Path) {
    let began = Instant::now();
    while !nothing_is_stale(data) {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{}",
            listed(data)
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn nothing_is_stale(data: &Path) -> bool {
    let listed = listed(data);
    let counts: Vec<&str> = listed
        .lines()
        .filter(|line| line.contains(" values, "))
        .collect();
    !counts.is_empty()
        && counts
            .iter()
            .all(|line| line.contains(" 0 under an old key"))
}

fn listed(data: &Path) -> String {
    let output = marque(&["keys", "list", "--count"], data);
    assert_success(&output);
    String::from_utf8(output.stdout).unwrap()
}

fn marque(arguments: &[&str], data: &Path) -> Output {
    Command::new(BINARY)
        .args(arguments)
        .arg("--data")
        .arg(data)
        .env(RELOAD.0, RELOAD.1)
        .output()
        .unwrap()
}

fn assert_success(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// What a command that failed has said.
fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(said).unwrap()
}

/// Rows of a file, and one that is held back.
fn customers(count: usize) -> Vec<u8> {
    let mut file = "source_key,kind,name,phone\n".to_owned();
    for n in 0..count {
        file.push_str(&format!(
            "c{n},person,赵{n},137{:08}\n",
            n * 7_919 % 100_000_000
        ));
    }
    file.push_str("q-1,neither,,\n");
    file.into_bytes()
}

/// The least that is taken for a picture.
fn png() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend_from_slice(&[7; 4_000]);
    bytes
}
