//! Forgetting people: what is known of their records, and what was found in them.

use marque_db::{Conn, StoreError};
use uuid::Uuid;

use super::{add_counters, records::scored_of};
use crate::domain::Counters;

/// Forgets records of people who were erased. They are counted out; what calls found stays with its dealer, for it has no
/// value of anybody.
pub(crate) fn forget_records(conn: &mut Conn<'_>, records: &[Uuid]) -> Result<(), StoreError> {
    let mut counters = Counters::default();
    for (_, place, scored) in scored_of(conn, records)? {
        counters.leave(&place, &scored);
    }
    add_counters(conn, &counters.rolled_up())?;
    for record in records {
        for sql in [
            "DELETE FROM records WHERE id = ?1",
            "DELETE FROM findings WHERE record = ?1",
            "DELETE FROM pending WHERE record = ?1",
            "DELETE FROM pending_live WHERE record = ?1",
            "DELETE FROM work_items WHERE record = ?1",
        ] {
            conn.execute(sql, &[(*record).into()])?;
        }
    }
    Ok(())
}
