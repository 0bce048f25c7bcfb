//! What is done for customers beyond the repair.

use marque_auth::Scope;
use marque_core::ComplaintId;
use marque_db::{Conn, Row, StoreError};
use uuid::Uuid;

use super::{CaseStore, blob, course::sealing};
use crate::domain::{Compensation, CompensationState};

const TABLE: &str = "complaint_compensations";

impl CaseStore {
    /// Writes a compensation, new or decided.
    pub(crate) fn put_compensation(
        &self,
        conn: &mut Conn<'_>,
        case: ComplaintId,
        compensation: &Compensation,
    ) -> Result<(), StoreError> {
        let row = compensation.id.as_bytes().as_slice();
        let seal = |field, text: &str| {
            blob::seal_text(&self.vault, (TABLE, row, field), text).map_err(sealing)
        };
        let reason = seal("reason", &compensation.reason)?;
        let decision = seal("decision", &compensation.decision)?;
        conn.execute(
            "INSERT INTO complaint_compensations
                 (complaint_id, id, kind, amount, state, asked_by, asked_at, decided_by, decided_at, reason, decision)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (complaint_id, id) DO UPDATE SET state = excluded.state, decided_by = excluded.decided_by,
                 decided_at = excluded.decided_at, decision = excluded.decision",
            &[
                case.uuid().into(),
                compensation.id.into(),
                (&compensation.kind).into(),
                compensation.amount.into(),
                compensation.state.code().into(),
                (&compensation.asked_by).into(),
                compensation.asked_at.into(),
                (&compensation.decided_by).into(),
                compensation.decided_at.into(),
                (&reason).into(),
                (&decision).into(),
            ],
        )?;
        Ok(())
    }

    /// The compensations of a case, oldest first.
    pub(crate) fn list_compensations(
        &self,
        conn: &mut Conn<'_>,
        _: &Scope,
        case: ComplaintId,
    ) -> Result<Vec<Compensation>, StoreError> {
        let sql = "SELECT id, kind, amount, state, asked_by, asked_at, decided_by, decided_at, reason, decision
                   FROM complaint_compensations WHERE complaint_id = ?1 ORDER BY asked_at, id";
        conn.query(sql, &[case.uuid().into()], |row| {
            self.read_compensation(row)
        })
    }

    fn read_compensation(&self, row: &Row<'_>) -> Result<Compensation, StoreError> {
        let id: Uuid = row.get(0)?;
        let text = |column, field| {
            let sealed: Vec<u8> = row.get(column)?;
            blob::open_text(
                &self.vault,
                (TABLE, id.as_bytes().as_slice(), field),
                &sealed,
            )
        };
        Ok(Compensation {
            id,
            kind: row.get(1)?,
            amount: row.get(2)?,
            state: CompensationState::parse(&row.get::<String>(3)?),
            asked_by: row.get(4)?,
            asked_at: row.get(5)?,
            decided_by: row.get(6)?,
            decided_at: row.get(7)?,
            reason: text(8, "reason")?,
            decision: text(9, "decision")?,
        })
    }
}
