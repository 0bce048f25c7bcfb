//! Sealing the texts that a release before stored beside the sealed part of a visit.

use marque_core::Timestamp;
use marque_db::{Conn, StoreError, Value};
use marque_vault::Vault;
use uuid::Uuid;

use super::{blob, stored::Table};

/// What is noted when a process of this release first starts.
const BEGUN: &str = "sealed texts awaited";
/// Rows of one transaction.
const PAGE: u32 = 200;
/// What is noted when all are sealed.
const TEXTS: &str = "sealed texts";

/// A row: the visit's id and the version.
pub(crate) type At = (Uuid, i64);

/// Before every row.
pub(crate) const START: At = (Uuid::nil(), i64::MIN);

/// Seals what lies open in the rows after one: how many there were, and the last row that was looked at; `None` behind the last.
pub(crate) fn seal_page(
    conn: &mut Conn<'_>,
    vault: &Vault,
    table: Table,
    after: At,
) -> Result<(u64, Option<At>), StoreError> {
    let key = table.key;
    let clause =
        format!("WHERE (t.{key}, t.version) > (?1, ?2) ORDER BY t.{key}, t.version LIMIT ?3");
    let values: [Value<'_>; 3] = [after.0.into(), after.1.into(), PAGE.into()];
    let page = table.read(conn, &clause, &values)?;
    conn.overwrite_deleted(true)?;
    let mut count = 0;
    for stored in &page {
        let (dealer, order_number) = (&stored.dealer, &stored.order_number);
        let sealed = blob::seal_open_texts(vault, dealer, order_number, stored.blobs())?;
        if let Some(sealed) = sealed {
            table.replace(conn, stored, &sealed, true)?;
            count += 1;
        }
    }
    conn.overwrite_deleted(false)?;
    Ok((count, page.last().map(|stored| (stored.id, stored.version))))
}

/// Whether all was sealed that a release before had stored.
pub(crate) fn is_sealed(conn: &mut Conn<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM backfills WHERE kind = ?1";
    let done = conn.query_opt(sql, &[TEXTS.into()], |_| Ok(()))?;
    Ok(done.is_some())
}

/// Notes when a process of this release first started on the store, unless it is known; answers when that was.
pub(crate) fn note_begun(conn: &mut Conn<'_>, now: Timestamp) -> Result<Timestamp, StoreError> {
    note(conn, BEGUN, now)?;
    let sql = "SELECT done_at FROM backfills WHERE kind = ?1";
    let began: Option<i64> = conn.query_opt(sql, &[BEGUN.into()], |row| row.get(0))?;
    Ok(began.map_or(now, Timestamp::from_micros))
}

/// Notes that all is sealed.
pub(crate) fn note_sealed(conn: &mut Conn<'_>, now: Timestamp) -> Result<(), StoreError> {
    note(conn, TEXTS, now)
}

fn note(conn: &mut Conn<'_>, kind: &str, now: Timestamp) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO backfills (kind, done_at) VALUES (?1, ?2) ON CONFLICT (kind) DO NOTHING",
        &[kind.into(), now.into()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use marque_core::{Clock as _, ManualClock, VisitId};
    use marque_testkit::{TestDb, store_test_suite};
    use marque_vault::Keyring;
    use prost::Message as _;

    use super::*;
    use crate::storage::stored::TABLES;

    store_test_suite!(what_a_release_before_stored_in_the_clear_is_sealed);

    const WORDS: &str = "CANARY";

    /// The diagnosis (tag 5) of a head, or the name (3) of the one line (1), as they lay open.
    #[derive(Clone, PartialEq, prost::Message)]
    struct Open {
        #[prost(message, optional, boxed, tag = "1")]
        line: Option<Box<Open>>,
        #[prost(string, tag = "3")]
        name: String,
        #[prost(string, tag = "5")]
        diagnosis: String,
    }

    /// The blobs of a visit.
    fn open_blobs() -> (Vec<u8>, Vec<u8>) {
        let head = Open {
            diagnosis: WORDS.to_owned(),
            ..Open::default()
        };
        let line = Open {
            name: WORDS.to_owned(),
            ..Open::default()
        };
        let lines = Open {
            line: Some(Box::new(line)),
            ..Open::default()
        };
        (head.encode_to_vec(), lines.encode_to_vec())
    }

    /// A visit as a release before stored it, and its earlier version.
    fn insert(conn: &mut Conn<'_>, id: Uuid) -> Result<(), StoreError> {
        let (header, lines) = open_blobs();
        let values: [Value<'_>; 3] = [id.into(), (&header).into(), (&lines).into()];
        conn.execute(
            "INSERT INTO visits (id, dealer, order_number, vin, happened_at, odometer_km, version, recorded_at, content, header, lines)
             VALUES (?1, 'D1', 'R1', '', 1, 0, 2, 1, ?2, ?2, ?3)",
            &values,
        )?;
        conn.execute(
            "INSERT INTO visit_versions (visit_id, version, vin, happened_at, odometer_km, recorded_at, header, lines)
             VALUES (?1, 1, '', 1, 0, 1, ?2, ?3)",
            &values,
        )?;
        Ok(())
    }

    async fn what_a_release_before_stored_in_the_clear_is_sealed(db: TestDb) {
        let db = db.migrated(&marque_migrations::SERVICE_HISTORY).await;
        let vault = Vault::new(&Keyring::generate().unwrap());
        let id = VisitId::new(&ManualClock::default()).uuid();
        let now = ManualClock::default().now();
        let walked = db.write(move |conn| {
            insert(conn, id)?;
            let mut sealed = 0;
            for table in TABLES {
                sealed += seal_page(conn, &vault, table, START)?.0;
                assert_eq!(seal_page(conn, &vault, table, START)?.0, 0, "once");
                for stored in table.read(conn, "", &[])? {
                    let (header, lines) = stored.blobs();
                    let holds = |blob: &[u8]| blob.windows(6).any(|part| part == WORDS.as_bytes());
                    assert!(!holds(header) && !holds(lines));
                    let (header, lines) = blob::read_visit(&vault, "D1", "R1", (header, lines))?;
                    assert_eq!(
                        (header.diagnosis.as_str(), lines[0].name.as_str()),
                        (WORDS, WORDS)
                    );
                }
            }
            assert_eq!(note_begun(conn, now)?, now);
            let later = Timestamp::from_micros(now.as_micros() + 1);
            assert_eq!(note_begun(conn, later)?, now, "it is known");
            assert!(!is_sealed(conn)?);
            note_sealed(conn, now)?;
            Ok::<_, StoreError>((sealed, is_sealed(conn)?))
        });
        assert_eq!(walked.await.unwrap(), (2, true));
    }
}
