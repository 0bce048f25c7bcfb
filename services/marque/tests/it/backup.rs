//! Backup and restore of the real binary, while it is written to (reliability.md R17).

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use marque_db::{Database, Settings, StoreError};
use serde_json::{Value, json};

use crate::server::Server;

const BINARY: &str = env!("CARGO_BIN_EXE_marque");
const DEALER: &str = "D001";
/// Dealers who write at once.
const WRITERS: usize = 3;
/// Backups taken under load.
const BACKUPS: usize = 3;

#[test]
fn what_was_acknowledged_before_a_backup_began_is_there_after_its_restore() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Arc::new(Server::start(&data).with_dealer(DEALER));
    let (acknowledged, stop) = (
        Arc::new(Mutex::new(Vec::new())),
        Arc::new(AtomicBool::new(false)),
    );
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (server, acknowledged, stop) = (
                Arc::clone(&server),
                Arc::clone(&acknowledged),
                Arc::clone(&stop),
            );
            std::thread::spawn(move || {
                for n in 0.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let key = format!("w{writer}-{n}");
                    let id = server.put_customer(DEALER, &key, "王小明");
                    acknowledged.lock().unwrap().push(id);
                }
            })
        })
        .collect();
    // A large import is under way or waits in the queue through all of it.
    let imported = id_of(&server.send("customers", DEALER, customers(6_000)));
    for round in 0..BACKUPS {
        std::thread::sleep(Duration::from_millis(700));
        let before: Vec<String> = acknowledged.lock().unwrap().clone();
        // By turns one file and a folder.
        let out = folder.path().join(format!(
            "backup{round}{}",
            if round % 2 == 0 { ".zip" } else { "" }
        ));
        assert_success(&marque(&["backup", "--out"], &[&out], &data));
        assert!(!before.is_empty());
        let restored = folder.path().join(format!("restored{round}"));
        fs::create_dir_all(restored.join("keys")).unwrap();
        fs::copy(
            data.join("keys/vault.toml"),
            restored.join("keys/vault.toml"),
        )
        .unwrap();
        assert_success(&marque(&["restore"], &[&out], &restored));
        check(&restored, &before, &imported);
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.join().unwrap();
    }
    assert_success(&marque(&["audit", "verify"], &[], &data));
}

/// A restored folder: nothing acknowledged is lost, the import goes on to its end, everybody catches up, the record verifies.
fn check(data: &Path, before: &[String], imported: &str) {
    assert_success(&marque(&["audit", "verify"], &[], data));
    let server = Server::start(data);
    for id in before {
        assert_eq!(server.get(&format!("/v1/customers/{id}"))["id"], *id);
    }
    let import = server.wait_for(imported);
    assert_eq!(
        (&import["state"], &import["received"]),
        (&json!("succeeded"), &json!(6_000))
    );
    let newest: BTreeSet<String> = before.iter().rev().take(5).cloned().collect();
    for id in newest {
        let began = Instant::now();
        // The vehicle service learns of the owner by event: it must catch up with what the customer service has.
        let cars = || {
            let profile = server.get(&format!("/v1/customers/{id}/profile"));
            profile["vehicles"]["vehicles"]
                .as_array()
                .map_or(0, Vec::len)
        };
        while cars() == 0 {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "a projection never caught up"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    server.kill();
    assert_success(&marque(&["audit", "verify"], &[], data));
}

#[test]
fn a_restore_brings_files_of_complaints_and_refuses_what_is_damaged_and_a_folder_that_is_not_empty()
{
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let data = at("data");
    let server = Server::start(&data).with_dealer(DEALER);
    server.put_customer(DEALER, "a", "王小明");
    let picture = b"\x89PNG\r\n\x1a\n what leaked".repeat(1_000);
    let attached = server.attach(DEALER, "a", picture.clone());
    let (packed, loose) = (at("backup.zip"), at("loose"));
    assert_success(&marque(&["backup", "--out"], &[&packed], &data));
    assert_success(&marque(&["backup", "--out"], &[&loose], &data));
    server.kill();

    let told = refused(&marque(&["backup", "--out"], &[&packed], &data));
    assert!(told.contains("exists"), "{told}");
    let told = refused(&marque(&["restore"], &[&packed], &data));
    assert!(told.contains("not empty"), "{told}");
    let told = refused(&marque(
        &["backup", "--out"],
        &[&at("other.zip")],
        &at("nowhere"),
    ));
    assert!(told.contains("no store"), "{told}");

    fs::create_dir_all(at("whole/keys")).unwrap();
    fs::copy(data.join("keys/vault.toml"), at("whole/keys/vault.toml")).unwrap();
    assert_success(&marque(&["restore"], &[&packed], &at("whole")));
    let restored = Server::start(&at("whole"));
    assert_eq!(
        restored.bytes(&attached),
        picture,
        "a complaint keeps its files"
    );
    restored.kill();

    let (bytes, mut found) = (fs::read(&packed).unwrap(), 0);
    for position in (200..bytes.len()).step_by(bytes.len() / 12) {
        let mut damaged = bytes.clone();
        damaged[position] ^= 0x20;
        fs::write(at("damaged.zip"), &damaged).unwrap();
        let output = marque(&["restore"], &[&at("damaged.zip")], &at("target"));
        if output.status.success() {
            // A byte that says nothing, such as the time of an entry.
            fs::remove_dir_all(at("target")).unwrap();
            continue;
        }
        found += 1;
        let told = refused(&output);
        assert!(told.contains("damaged"), "byte {position}: {told}");
        assert!(
            !at("target").exists() || is_empty(&at("target")),
            "byte {position}"
        );
    }
    assert!(found > 6, "{found} of twelve damages were found");
    fs::write(at("short.zip"), &bytes[..bytes.len() / 2]).unwrap();
    let told = refused(&marque(&["restore"], &[&at("short.zip")], &at("target")));
    assert!(told.contains("damaged"), "{told}");
    let store = loose.join("customer.db");
    let mut bytes = fs::read(&store).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&store, bytes).unwrap();
    let told = refused(&marque(&["restore"], &[&loose], &at("target")));
    assert!(told.contains("customer.db"), "{told}");

    // Without the keyring a restore succeeds and a start does not; another keyring is refused.
    assert_success(&marque(&["restore"], &[&packed], &at("keyless")));
    let told = refused(&marque(
        &["serve", "--listen", "127.0.0.1:0"],
        &[],
        &at("keyless"),
    ));
    assert!(told.contains("put the keyring"), "{told}");
    drop(Server::start(&at("other")));
    let told = refused(&marque(
        &["restore", "--keys"],
        &[&at("other/keys/vault.toml"), &packed],
        &at("target"),
    ));
    assert!(told.contains("not the one"), "{told}");
    let keys = data.join("keys/vault.toml");
    // Nor is the right one passed over for another that lies in its place.
    fs::create_dir_all(at("ringed/keys")).unwrap();
    fs::copy(at("other/keys/vault.toml"), at("ringed/keys/vault.toml")).unwrap();
    let told = refused(&marque(
        &["restore", "--keys"],
        &[&keys, &packed],
        &at("ringed"),
    ));
    assert!(told.contains("another keyring is in its place"), "{told}");
    assert!(!at("ringed/customer.db").exists());
    assert_success(&marque(
        &["restore", "--keys"],
        &[&keys, &packed],
        &at("target"),
    ));
    Server::start(&at("target")).kill();
}

#[test]
fn neither_a_backup_nor_the_spool_holds_a_key_or_anything_personal_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("data"), folder.path().join("backup"));
    let server = Server::start(&data).with_dealer(DEALER);
    // Caught with the import still in the queue or running, so that its file is part of the backup.
    server.send("customers", DEALER, customers(20_000));
    let mut spooled = Vec::new();
    collect(&data.join("spool"), &mut spooled);
    assert_eq!(spooled.len(), 1);
    let spooled = (spooled[0].clone(), fs::read(&spooled[0]).unwrap());
    assert_success(&marque(&["backup", "--out"], &[&out], &data));
    drop(server);
    let keyring = fs::read_to_string(data.join("keys/vault.toml")).unwrap();
    let keys: Vec<&str> = keyring.split('"').filter(|text| text.len() == 44).collect();
    assert_eq!(keys.len(), 2);
    let mut files = Vec::new();
    collect(&out, &mut files);
    assert!(
        files
            .iter()
            .any(|file| file.to_string_lossy().contains("spool"))
    );
    let backup = files.into_iter().map(|file| {
        let bytes = fs::read(&file).unwrap();
        (file, bytes)
    });
    for (file, bytes) in backup.chain([spooled]) {
        for canary in keys.iter().copied().chain(["canary-street", "13912345678"]) {
            let found = bytes
                .windows(canary.len())
                .any(|window| window == canary.as_bytes());
            assert!(!found, "{} in {}", canary.len(), file.display());
        }
    }
}

#[test]
fn a_second_process_on_the_same_folder_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let second = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--admin-listen",
        "127.0.0.1:0",
    ];
    let told = refused(&marque(&second, &[], folder.path()));
    assert!(told.contains("another process serves"), "{told}");
    server.kill();
    Server::start(folder.path()).kill();
}

#[test]
fn an_audit_record_that_was_changed_is_found_by_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).with_dealer(DEALER);
    for n in 0..5 {
        server.put_customer(DEALER, &format!("k{n}"), "李大海");
    }
    server.kill();
    let told = assert_success(&marque(&["audit", "verify"], &[], folder.path()));
    assert!(told.contains("customer: no fault in 5 records"), "{told}");
    tamper(
        &folder.path().join("customer.db"),
        "DROP TRIGGER audit_no_update; UPDATE audit SET actor = 'nobody' WHERE link = 3",
    );
    let output = marque(&["audit", "verify"], &[], folder.path());
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("record 3 of the chain of D001"), "{told}");
}

#[test]
fn a_store_that_is_gone_with_its_audit_record_is_found_by_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).with_dealer(DEALER);
    server.put_customer(DEALER, "k1", "李大海");
    server.kill();
    // The next process signs first of all.
    let server = Server::start(folder.path());
    let is_signed = || {
        let mut files = fs::read_dir(folder.path().join("audit")).unwrap();
        files.any(|file| {
            let name = file.unwrap().file_name();
            name.to_string_lossy().starts_with("customer@")
        })
    };
    let began = Instant::now();
    while !is_signed() {
        assert!(began.elapsed() < Duration::from_secs(60), "nobody signs");
        std::thread::sleep(Duration::from_millis(20));
    }
    server.kill();
    assert_success(&marque(&["audit", "verify"], &[], folder.path()));
    for file in ["customer.db", "customer.db-wal", "customer.db-shm"] {
        let path = folder.path().join(file);
        if path.exists() {
            fs::remove_file(path).unwrap();
        }
    }
    let output = marque(&["audit", "verify"], &[], folder.path());
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        told.contains("customer: 1 FAULT: the store is gone"),
        "{told}"
    );
}

/// What somebody does who owns the file.
fn tamper(path: &Path, sql: &'static str) {
    let settings = Settings::Sqlite {
        path: path.to_owned(),
    };
    let work = async {
        let db = Database::open(&settings)?;
        db.write(move |conn| conn.batch(sql)).await
    };
    let done: Result<(), StoreError> = marque_testkit::block_on(work);
    done.unwrap();
}

/// Rows of one dealer's file.
fn customers(count: usize) -> String {
    let mut text = String::from("source_key,kind,name,phone,address\n");
    for n in 0..count {
        let phone = if n == 0 {
            13_912_345_678
        } else {
            13_500_000_000 + n as u64 * 7_919
        };
        text.push_str(&format!("i{n},person,张三{n},{phone},canary-street {n}\n"));
    }
    text
}

fn id_of(import: &Value) -> String {
    import["id"].as_str().unwrap().to_owned()
}

/// Runs a command on a data folder; paths follow the words.
fn marque(words: &[&str], paths: &[&Path], data: &Path) -> Output {
    Command::new(BINARY)
        .args(words)
        .args(paths)
        .arg("--data")
        .arg(data)
        .env("MARQUE__TELEMETRY__LOG", "error")
        .output()
        .unwrap()
}

fn assert_success(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{failed}");
    told
}

fn refused(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
