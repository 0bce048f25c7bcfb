//! Values sealed under an old key, on both databases.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

use std::time::Duration;

use marque_db::StoreError;
use marque_migrations::NETWORK;
use marque_reseal::{
    Part::Text, Rounds, SealedColumn, Survey, forget_key, note_keys, noted_keys, opens_any,
    resealing, survey,
};
use marque_testkit::{TestDb, as_system, store_test_suite};
use marque_vault::{Keyring, Place, Vault};
use tokio_util::sync::CancellationToken;

const PHONES: &[SealedColumn] = &[SealedColumn {
    table: "staff",
    column: "phone",
    key: &[("dealer", Text), ("code", Text)],
    beside: &[],
    reseal: |vault, key, sealed| {
        let row = format!("{}/{}", key[0].text(), key[1].text());
        vault.reseal(Place::new("staff", &row, "phone"), sealed)
    },
}];
/// More than a transaction takes.
const PEOPLE: usize = 1_203;

store_test_suite!(
    everything_is_sealed_anew_once_there_is_another_key,
    what_no_key_opens_is_counted_and_left,
    a_store_knows_by_which_keys_it_is_sealed,
    another_ring_is_told_by_what_it_does_not_open,
);

async fn everything_is_sealed_anew_once_there_is_another_key(db: TestDb) {
    let db = db.migrated(&NETWORK).await;
    let mut ring = Keyring::generate().unwrap();
    let vault = Vault::new(&ring);
    hire(&db, &vault, PEOPLE).await;
    let stop = CancellationToken::new();
    let rounds = Rounds::new(vault.clone(), Duration::from_millis(30));
    let task = resealing(db.clone(), PHONES, rounds);
    let running = tokio::spawn(as_system(task.run(stop.clone())));
    assert_eq!(found(&db, &vault).await, (PEOPLE as u64, 0, 0));

    ring.rotate_data_key().unwrap();
    vault.replace(&ring);
    // Who comes now is sealed under the new key.
    hire(&db, &vault, 3).await;
    let in_time = tokio::time::timeout(Duration::from_secs(30), async {
        while found(&db, &vault).await != (PEOPLE as u64, 0, 0) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    in_time.await.unwrap();
    stop.cancel();
    running.await.unwrap();
    assert!(ring.retire_data_key(1));
    assert_eq!(
        found_by(&db, &ring).await,
        (PEOPLE as u64, 0, 0),
        "the new key alone opens everything"
    );
}

async fn what_no_key_opens_is_counted_and_left(db: TestDb) {
    let db = db.migrated(&NETWORK).await;
    let lost = Vault::new(&Keyring::generate().unwrap());
    hire(&db, &lost, 2).await;
    let mut ring = Keyring::generate().unwrap();
    ring.rotate_data_key().unwrap();
    let vault = Vault::new(&ring);
    assert_eq!(found(&db, &vault).await, (2, 0, 2));
    assert_eq!(
        opened(&db, &lost, &lost).await,
        (2, 0, 0),
        "nothing was written"
    );
    // Of another ring with a key of the same number: it is found only by opening.
    assert_eq!(
        found_by(&db, &Keyring::generate().unwrap()).await,
        (2, 0, 2)
    );
}

async fn a_store_knows_by_which_keys_it_is_sealed(db: TestDb) {
    let db = db.migrated(&NETWORK).await;
    assert!(noted_keys(&db).await.unwrap().is_empty());
    let mut ring = Keyring::generate().unwrap();
    assert_eq!(note_keys(&db, &ring).await.unwrap(), ring.fingerprints());

    ring.add_data_key().unwrap();
    let noted = note_keys(&db, &ring).await.unwrap();
    assert_eq!(noted.len(), 2, "nothing is under the added key yet");
    ring.use_data_key(2);
    assert_eq!(note_keys(&db, &ring).await.unwrap(), ring.fingerprints());

    let other = Keyring::generate().unwrap();
    let noted = note_keys(&db, &other).await.unwrap();
    assert_eq!(other.lacks(&noted), ["data/1", "data/2", "index/1"]);
    forget_key(&db, "data/1").await.unwrap();
    let left: Vec<String> = noted_keys(&db).await.unwrap().into_keys().collect();
    assert_eq!(left, ["data/2", "index/1"]);
}

async fn another_ring_is_told_by_what_it_does_not_open(db: TestDb) {
    let opens = async |db: &TestDb, ring: &Keyring| {
        let probe = Vault::probing(ring).unwrap();
        opens_any(db, &probe, PHONES[0]).await.unwrap()
    };
    let (mut ring, other) = (Keyring::generate().unwrap(), Keyring::generate().unwrap());
    let before = ring.clone();
    ring.rotate_data_key().unwrap();
    assert!(opens(&db, &other).await, "there are no tables");
    let db = db.migrated(&NETWORK).await;
    assert!(opens(&db, &other).await, "nothing is sealed");
    hire(&db, &Vault::new(&ring), 2).await;
    assert!(opens(&db, &ring).await);
    assert!(!opens(&db, &other).await);
    assert!(!opens(&db, &before).await, "it lacks the key in use");
}

async fn found_by(db: &TestDb, ring: &Keyring) -> (u64, u64, u64) {
    opened(db, &Vault::new(ring), &Vault::probing(ring).unwrap()).await
}

/// As [`found_by`], without opening what is under the current key.
async fn found(db: &TestDb, vault: &Vault) -> (u64, u64, u64) {
    opened(db, vault, vault).await
}

async fn opened(db: &TestDb, vault: &Vault, probe: &Vault) -> (u64, u64, u64) {
    let Survey {
        values,
        stale,
        unreadable,
    } = survey(db, vault, probe, PHONES[0]).await.unwrap();
    (values, stale, unreadable)
}

async fn hire(db: &TestDb, vault: &Vault, people: usize) {
    let vault = vault.clone();
    let written = db.write(move |conn| {
        conn.batch(
            "INSERT INTO dealers (code, name, region, dealer_group, departments, updated_at, version)
             VALUES ('D001', 'D001', 'east', '', '', 0, 1) ON CONFLICT (code) DO NOTHING",
        )?;
        for n in 0..people {
            let (code, row) = (format!("s{n}"), format!("D001/s{n}"));
            let phone = vault.seal(Place::new("staff", &row, "phone"), b"13900000000");
            conn.execute(
                "INSERT INTO staff (dealer, code, name, department, phone, active, updated_at)
                 VALUES ('D001', ?1, 'Li', 'service', ?2, ?3, 0)
                 ON CONFLICT (dealer, code) DO UPDATE SET phone = excluded.phone",
                &[(&code).into(), (&phone.unwrap()).into(), true.into()],
            )?;
        }
        Ok::<_, StoreError>(())
    });
    written.await.unwrap();
}
