//! Forgetting people: a visit stays the car's, and nobody's.

use marque_core::SourceRecordId;
use marque_db::{Conn, StoreError, Value};
use marque_events::Erased;
use marque_vault::Vault;
use uuid::Uuid;

use super::{
    blob,
    naming::{Redaction, remember_words},
};

/// The tables that have heads and lines of visits, with what says which row it is.
const VISITS: [(&str, &str); 2] = [("visits", "id"), ("visit_versions", "visit_id")];

/// A visit's head and its lines, encoded.
type Blobs = (Vec<u8>, Vec<u8>);

/// Takes people out of their visits, earlier versions too: who they were, what they said and who signed, and out of what else was
/// written whatever names them. Where the law wants it kept, that lies beside until the last term ends.
pub(crate) fn forget(
    conn: &mut Conn<'_>,
    vault: &Vault,
    erased: &Erased,
) -> Result<(), StoreError> {
    remember_words(conn, vault, erased)?;
    for record in &erased.records {
        if erased.is_restricted {
            lock_away(conn, *record)?;
        } else {
            let sql = "DELETE FROM restricted_visits WHERE source_record_id = ?1";
            conn.execute(sql, &[record.uuid().into()])?;
        }
        let redaction = Redaction::of(conn, vault, *record)?;
        for (table, key) in VISITS {
            strip(conn, (table, key), *record, (vault, &redaction))?;
        }
    }
    erased.unlink(conn, "visits")?;
    for record in &erased.records {
        let sql = "UPDATE visit_versions SET source_record_id = NULL WHERE source_record_id = ?1";
        conn.execute(sql, &[record.uuid().into()])?;
    }
    Ok(())
}

/// What may be kept of a visit that comes in under the record of somebody who was erased: head and lines.
pub(crate) fn kept_of_erased(
    conn: &mut Conn<'_>,
    vault: &Vault,
    record: SourceRecordId,
    (dealer, order_number): (&str, &str),
    blobs: (&[u8], &[u8]),
) -> Result<Blobs, StoreError> {
    let redaction = Redaction::of(conn, vault, record)?;
    blob::without_personal(vault, dealer, order_number, blobs, &redaction)
}

fn lock_away(conn: &mut Conn<'_>, record: SourceRecordId) -> Result<(), StoreError> {
    for (table, key) in VISITS {
        let sql = format!(
            "INSERT INTO restricted_visits (source_record_id, visit_id, version, header)
             SELECT source_record_id, {key}, version, header FROM {table} WHERE source_record_id = ?1
             ON CONFLICT DO NOTHING"
        );
        conn.execute(&sql, &[record.uuid().into()])?;
    }
    Ok(())
}

/// Leaves of a record's visits what is about the car.
fn strip(
    conn: &mut Conn<'_>,
    (table, key): (&str, &str),
    record: SourceRecordId,
    (vault, redaction): (&Vault, &Redaction<'_>),
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT t.{key}, t.version, v.dealer, v.order_number, t.header, t.lines
         FROM {table} t JOIN visits v ON v.id = t.{key} WHERE t.source_record_id = ?1"
    );
    let visits: Vec<((Uuid, i64), (String, String), Blobs)> =
        conn.query(&sql, &[record.uuid().into()], |row| {
            Ok((
                (row.get(0)?, row.get(1)?),
                (row.get(2)?, row.get(3)?),
                (row.get(4)?, row.get(5)?),
            ))
        })?;
    let update =
        format!("UPDATE {table} SET header = ?3, lines = ?4 WHERE {key} = ?1 AND version = ?2");
    for ((visit, version), (dealer, order_number), (header, lines)) in visits {
        let blobs = (&header[..], &lines[..]);
        let (header, lines) =
            blob::without_personal(vault, &dealer, &order_number, blobs, redaction)?;
        let values: [Value<'_>; 4] = [
            visit.into(),
            version.into(),
            (&header).into(),
            (&lines).into(),
        ];
        conn.execute(&update, &values)?;
    }
    Ok(())
}
