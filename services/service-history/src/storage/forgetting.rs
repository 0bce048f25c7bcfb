//! Forgetting people: a visit stays the car's, and nobody's.

use marque_core::SourceRecordId;
use marque_db::{Conn, StoreError};
use marque_events::Erased;
use marque_vault::Vault;

use super::{
    blob,
    naming::{Redaction, remember_words},
    stored::{Blobs, TABLES, Table},
};

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
        for table in TABLES {
            strip(conn, table, *record, (vault, &redaction))?;
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
    for Table { name, key } in TABLES {
        let sql = format!(
            "INSERT INTO restricted_visits (source_record_id, visit_id, version, header)
             SELECT source_record_id, {key}, version, header FROM {name} WHERE source_record_id = ?1
             ON CONFLICT DO NOTHING"
        );
        conn.execute(&sql, &[record.uuid().into()])?;
    }
    Ok(())
}

/// Leaves of a record's visits what is about the car.
fn strip(
    conn: &mut Conn<'_>,
    table: Table,
    record: SourceRecordId,
    (vault, redaction): (&Vault, &Redaction<'_>),
) -> Result<(), StoreError> {
    let clause = "WHERE t.source_record_id = ?1";
    for visit in table.read(conn, clause, &[record.uuid().into()])? {
        let (dealer, order_number) = (&visit.dealer, &visit.order_number);
        let bare = blob::without_personal(vault, dealer, order_number, visit.blobs(), redaction)?;
        table.replace(conn, &visit, &bare, false)?;
    }
    Ok(())
}
