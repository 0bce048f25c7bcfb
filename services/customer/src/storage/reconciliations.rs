//! Looks again at who is who: which is at work, how far it came, and whom it looks at.

use marque_core::{CustomerSerial, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use super::{
    CustomerStore,
    customers::{read_serial, serial},
};
use crate::error::Result;

/// What was done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) looked_at: i64,
    pub(crate) joined: i64,
    pub(crate) parted: i64,
    pub(crate) moved: i64,
    pub(crate) asked: i64,
    /// Pairs that waited for a steward and do not hold any more.
    pub(crate) closed: i64,
}

/// A look at all customers, or at those that changed.
#[derive(Debug, Clone)]
pub(crate) struct Reconciliation {
    pub(crate) id: Uuid,
    pub(crate) started_by: String,
    pub(crate) started_at: Timestamp,
    /// Unset while it runs.
    pub(crate) finished_at: Option<Timestamp>,
    /// Customers that changed at this time or later are looked at; the beginning of time for all.
    pub(crate) since: Timestamp,
    /// The last customer that was looked at.
    pub(crate) checkpoint: CustomerSerial,
    pub(crate) progress: Progress,
}

/// An instance's claim to the one that runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) owner: Uuid,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
}

/// So many are told of.
const TOLD: u32 = 20;

const COLUMNS: &str = "id, started_by, started_at, finished_at, since, checkpoint, looked_at, joined, parted, moved, asked, closed";

impl CustomerStore {
    /// Starts one, unless one runs; whether it did.
    pub(crate) fn insert_reconciliation(
        &self,
        conn: &mut Conn<'_>,
        new: &Reconciliation,
    ) -> Result<bool> {
        let rows = conn.execute(
            "INSERT INTO reconciliations (id, state, started_by, started_at, since, checkpoint, looked_at, joined,
                 parted, moved, asked)
             VALUES (?1, 'running', ?2, ?3, ?4, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
            &[
                new.id.into(),
                (&new.started_by).into(),
                new.started_at.into(),
                new.since.into(),
            ],
        )?;
        Ok(rows > 0)
    }

    /// The one that runs.
    pub(crate) fn running_reconciliation(
        &self,
        conn: &mut Conn<'_>,
    ) -> Result<Option<Reconciliation>> {
        let sql = format!("SELECT {COLUMNS} FROM reconciliations WHERE state = 'running'");
        Ok(conn.query_opt(&sql, &[], read)?)
    }

    /// The last ones, the newest first.
    pub(crate) fn reconciliations(&self, conn: &mut Conn<'_>) -> Result<Vec<Reconciliation>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM reconciliations ORDER BY started_at DESC, id DESC LIMIT {TOLD}"
        );
        Ok(conn.query(&sql, &[], read)?)
    }

    /// Makes the one that runs begin again, with all customers.
    pub(crate) fn widen_reconciliation(&self, conn: &mut Conn<'_>, id: Uuid) -> Result<()> {
        let sql = "UPDATE reconciliations SET since = 0, checkpoint = 0 WHERE id = ?1";
        conn.execute(sql, &[id.into()])?;
        Ok(())
    }

    /// Claims the one that runs for an instance, unless another's claim still counts.
    pub(crate) fn claim_reconciliation(
        &self,
        conn: &mut Conn<'_>,
        claim: &Claim,
    ) -> Result<Option<Reconciliation>> {
        let sql = "UPDATE reconciliations SET claimed_by = ?1, claimed_until = ?3
                   WHERE state = 'running' AND (claimed_by = ?1 OR claimed_until IS NULL OR claimed_until <= ?2)";
        let values = [claim.owner.into(), claim.now.into(), claim.until.into()];
        if conn.execute(sql, &values)? == 0 {
            return Ok(None);
        }
        self.running_reconciliation(conn)
    }

    /// Notes how far one came since it was at `from`; false if another instance took it over or it was begun again.
    pub(crate) fn advance_reconciliation(
        &self,
        conn: &mut Conn<'_>,
        from: &Reconciliation,
        claim: &Claim,
        to: CustomerSerial,
        done: Progress,
    ) -> Result<bool> {
        let rows = conn.execute(
            "UPDATE reconciliations SET checkpoint = ?4, claimed_until = ?5, looked_at = looked_at + ?6,
                 joined = joined + ?7, parted = parted + ?8, moved = moved + ?9, asked = asked + ?10,
                 closed = closed + ?12
             WHERE id = ?1 AND state = 'running' AND claimed_by = ?2 AND checkpoint = ?3 AND since = ?11",
            &[
                from.id.into(),
                claim.owner.into(),
                serial(from.checkpoint),
                serial(to),
                claim.until.into(),
                done.looked_at.into(),
                done.joined.into(),
                done.parted.into(),
                done.moved.into(),
                done.asked.into(),
                from.since.into(),
                done.closed.into(),
            ],
        )?;
        Ok(rows > 0)
    }

    /// Ends one that has looked at everybody.
    pub(crate) fn finish_reconciliation(
        &self,
        conn: &mut Conn<'_>,
        done: &Reconciliation,
        claim: &Claim,
    ) -> Result<()> {
        conn.execute(
            "UPDATE reconciliations SET state = 'done', finished_at = ?3, claimed_by = NULL, claimed_until = NULL
             WHERE id = ?1 AND state = 'running' AND claimed_by = ?2 AND checkpoint = ?4 AND since = ?5",
            &[
                done.id.into(),
                claim.owner.into(),
                claim.now.into(),
                serial(done.checkpoint),
                done.since.into(),
            ],
        )?;
        Ok(())
    }

    /// Customers after one of them that changed at a time or later, in the order of their numbers; those founded after
    /// `until` are left out.
    pub(crate) fn customers_changed(
        &self,
        conn: &mut Conn<'_>,
        (since, until): (Timestamp, Timestamp),
        after: CustomerSerial,
        limit: u32,
    ) -> Result<Vec<CustomerSerial>> {
        let sql = "SELECT number FROM customers WHERE number > ?1 AND updated_at >= ?2 AND created_at <= ?3
                   AND merged_into IS NULL AND erased_at IS NULL ORDER BY number LIMIT ?4";
        let values = [
            serial(after),
            since.into(),
            until.into(),
            Value::from(limit),
        ];
        Ok(conn.query(sql, &values, |row| read_serial(row, 0))?)
    }
}

fn read(row: &Row<'_>) -> std::result::Result<Reconciliation, StoreError> {
    Ok(Reconciliation {
        id: row.get(0)?,
        started_by: row.get(1)?,
        started_at: row.get(2)?,
        finished_at: row.get(3)?,
        since: row.get(4)?,
        checkpoint: read_serial(row, 5)?,
        progress: Progress {
            looked_at: row.get(6)?,
            joined: row.get(7)?,
            parted: row.get(8)?,
            moved: row.get(9)?,
            asked: row.get(10)?,
            closed: row.get(11)?,
        },
    })
}
