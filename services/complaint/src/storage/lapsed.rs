//! Cases that nobody ends.

use marque_core::{ComplaintId, Timestamp};
use marque_db::{Conn, StoreError};
use uuid::Uuid;

/// Cases that were followed up and on which nothing has happened since an instant, the longest first. Not those of which a task is open; nor
/// history, which came in so (as its first version, and without clocks), nor what was erased and has no clocks any more.
pub(crate) fn lapsed_cases(
    conn: &mut Conn<'_>,
    since: Timestamp,
    limit: u32,
) -> Result<Vec<ComplaintId>, StoreError> {
    conn.query(
        "SELECT c.id FROM complaints AS c
         WHERE c.state = 'followed_up' AND c.version > 1 AND c.updated_at <= ?1
           AND NOT EXISTS (SELECT 1 FROM complaint_tasks AS t WHERE t.complaint_id = c.id AND t.state = 'open')
           AND EXISTS (SELECT 1 FROM complaint_clocks AS k WHERE k.complaint_id = c.id)
         ORDER BY c.updated_at, c.id LIMIT ?2",
        &[since.into(), limit.into()],
        |row| Ok(row.get::<Uuid>(0)?.into()),
    )
}
