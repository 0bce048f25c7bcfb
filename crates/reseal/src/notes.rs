//! By which keys a store is sealed, as the store itself knows: a keyring that is lost or another one is told by it before
//! anything is looked up or written with it.

use std::collections::BTreeMap;

use marque_db::{Conn, Database, StoreError};
use marque_vault::Keyring;

/// Its table.
const NOTES: &str = "sealing_keys";

/// Fingerprints of keys by kind and number, `data/1`.
pub type KeyPrints = BTreeMap<String, String>;

/// The keys a store has noted; none if it is new, or from a release that noted none.
///
/// # Errors
/// What the store says.
pub async fn noted_keys(db: &Database) -> Result<KeyPrints, StoreError> {
    db.across().scan(noted).await
}

/// Notes the keys by which something is written from now on, before anything is; the first time all of the ring, since what lies
/// there may be under any. Answers all that are noted: a name that is noted already stays as it is, so that of two
/// processes with two rings the second learns of the first.
///
/// # Errors
/// What the store says.
pub async fn note_keys(db: &Database, ring: &Keyring) -> Result<KeyPrints, StoreError> {
    let (all, current) = (ring.fingerprints(), ring.current_fingerprints());
    db.across()
        .write(move |conn| {
            let keys = if noted(conn)?.is_empty() {
                &all
            } else {
                &current
            };
            for (name, fingerprint) in keys {
                conn.execute(
                    "INSERT INTO sealing_keys (name, fingerprint) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
                    &[name.into(), fingerprint.into()],
                )?;
            }
            noted(conn)
        })
        .await
}

/// Forgets a key under which nothing is sealed any more.
///
/// # Errors
/// What the store says.
pub async fn forget_key(db: &Database, name: &str) -> Result<(), StoreError> {
    let name = name.to_owned();
    db.across()
        .write(move |conn| {
            if conn.has_table(NOTES)? {
                conn.execute(
                    "DELETE FROM sealing_keys WHERE name = ?1",
                    &[(&name).into()],
                )?;
            }
            Ok(())
        })
        .await
}

fn noted(conn: &mut Conn<'_>) -> Result<KeyPrints, StoreError> {
    if !conn.has_table(NOTES)? {
        return Ok(KeyPrints::new());
    }
    let rows = conn.query("SELECT name, fingerprint FROM sealing_keys", &[], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}
