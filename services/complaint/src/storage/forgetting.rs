//! Forgetting people: a case stays as a number among numbers, without a word.

use marque_core::ComplaintId;
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::Erased;
use uuid::Uuid;

/// A file whose bytes are to be deleted: its case and its id.
pub(crate) type Waste = (ComplaintId, Uuid);

/// The cases of people, by their records or by themselves.
pub(crate) fn cases_of_people(
    conn: &mut Conn<'_>,
    erased: &Erased,
) -> Result<Vec<ComplaintId>, StoreError> {
    let id = |row: &Row<'_>| Ok(row.get::<Uuid>(0)?.into());
    let records: Vec<Value<'_>> = erased
        .records
        .iter()
        .map(|record| record.uuid().into())
        .collect();
    let sql = "SELECT id FROM complaints WHERE source_record_id IN (??)";
    let mut cases: Vec<ComplaintId> = conn.query_in(sql, &[], &records, id)?;
    let customers: Vec<Value<'_>> = erased
        .customers
        .iter()
        .map(|customer| customer.uuid().into())
        .collect();
    let sql = "SELECT id FROM complaints WHERE customer_id IN (??)";
    cases.extend(conn.query_in(sql, &[], &customers, id)?);
    cases.sort_unstable();
    cases.dedup();
    Ok(cases)
}

/// Takes from cases what was said and sent, and what was still to be done for the people.
pub(crate) fn silence(conn: &mut Conn<'_>, cases: &[ComplaintId]) -> Result<(), StoreError> {
    let nothing: &[u8] = &[];
    for case in cases {
        let case = Value::from(case.uuid());
        for sql in [
            "INSERT INTO erased_files (complaint_id, id)
             SELECT complaint_id, id FROM complaint_attachments WHERE complaint_id = ?1 ON CONFLICT DO NOTHING",
            "DELETE FROM complaint_attachments WHERE complaint_id = ?1",
            "DELETE FROM complaint_tasks WHERE complaint_id = ?1",
            "DELETE FROM complaint_clocks WHERE complaint_id = ?1",
            "DELETE FROM complaint_clock_rounds WHERE complaint_id = ?1",
        ] {
            conn.execute(sql, &[case])?;
        }
        for sql in [
            "UPDATE complaint_entries SET note = ?2 WHERE complaint_id = ?1",
            "UPDATE complaint_compensations SET reason = ?2, decision = ?2 WHERE complaint_id = ?1",
        ] {
            conn.execute(sql, &[case, nothing.into()])?;
        }
    }
    Ok(())
}

/// Takes people out of the projections and out of their cases.
pub(crate) fn unlink(conn: &mut Conn<'_>, erased: &Erased) -> Result<(), StoreError> {
    for customer in &erased.customers {
        let sql = "DELETE FROM customer_tiers WHERE customer_id = ?1";
        conn.execute(sql, &[customer.uuid().into()])?;
    }
    erased.unlink(conn, "complaints")
}

/// Files whose bytes are to be deleted.
pub(crate) fn list_waste(conn: &mut Conn<'_>) -> Result<Vec<Waste>, StoreError> {
    let sql = "SELECT complaint_id, id FROM erased_files ORDER BY complaint_id, id LIMIT 100";
    conn.query(sql, &[], |row| {
        Ok((row.get::<Uuid>(0)?.into(), row.get(1)?))
    })
}

/// A file's bytes are deleted.
pub(crate) fn end_waste(conn: &mut Conn<'_>, (case, file): Waste) -> Result<(), StoreError> {
    let sql = "DELETE FROM erased_files WHERE complaint_id = ?1 AND id = ?2";
    conn.execute(sql, &[case.uuid().into(), file.into()])?;
    Ok(())
}
