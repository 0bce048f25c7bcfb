//! Forgetting people: a visit stays the car's, and nobody's.

use marque_core::SourceRecordId;
use marque_db::{Conn, StoreError, Value};
use marque_events::Erased;
use uuid::Uuid;

use super::blob;

/// The tables that have heads of visits, with what says which row it is.
const HEADS: [(&str, &str); 2] = [("visits", "id"), ("visit_versions", "visit_id")];

/// Takes people out of their visits, earlier versions too: who they were, what they said and who signed. Where the law wants
/// it kept, that lies beside until the last term ends.
pub(crate) fn forget(conn: &mut Conn<'_>, erased: &Erased) -> Result<(), StoreError> {
    for record in &erased.records {
        if erased.is_restricted {
            lock_away(conn, *record)?;
        } else {
            let sql = "DELETE FROM restricted_visits WHERE source_record_id = ?1";
            conn.execute(sql, &[record.uuid().into()])?;
        }
        for (table, key) in HEADS {
            strip(conn, table, key, *record)?;
        }
    }
    erased.unlink(conn, "visits")?;
    for record in &erased.records {
        let sql = "UPDATE visit_versions SET source_record_id = NULL WHERE source_record_id = ?1";
        conn.execute(sql, &[record.uuid().into()])?;
    }
    Ok(())
}

fn lock_away(conn: &mut Conn<'_>, record: SourceRecordId) -> Result<(), StoreError> {
    for (table, key) in HEADS {
        let sql = format!(
            "INSERT INTO restricted_visits (source_record_id, visit_id, version, header)
             SELECT source_record_id, {key}, version, header FROM {table} WHERE source_record_id = ?1
             ON CONFLICT DO NOTHING"
        );
        conn.execute(&sql, &[record.uuid().into()])?;
    }
    Ok(())
}

/// Leaves of the heads of a record's visits what is about the car.
fn strip(
    conn: &mut Conn<'_>,
    table: &str,
    key: &str,
    record: SourceRecordId,
) -> Result<(), StoreError> {
    let sql = format!("SELECT {key}, version, header FROM {table} WHERE source_record_id = ?1");
    let heads: Vec<(Uuid, i64, Vec<u8>)> = conn.query(&sql, &[record.uuid().into()], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    let update = format!("UPDATE {table} SET header = ?3 WHERE {key} = ?1 AND version = ?2");
    for (visit, version, header) in heads {
        let bare = blob::without_personal(&header)?;
        let values: [Value<'_>; 3] = [visit.into(), version.into(), (&bare).into()];
        conn.execute(&update, &values)?;
    }
    Ok(())
}
