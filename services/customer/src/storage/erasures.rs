//! Requests to be forgotten.

use chrono::NaiveDate;
use marque_core::{CustomerId, ErasureId};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use super::CustomerStore;
use crate::{
    domain::{Duty, Erasure, ErasureState, Running},
    error::{Error, Result},
};

const COLUMNS: &str = "id, customer_id, state, ground, requested_by, requested_at, due_at, decided_by, decided_at, \
     reason, duties, kept_until";

impl CustomerStore {
    /// Notes a request, unless one of the same customer waits already.
    pub(crate) fn insert_erasure(&self, conn: &mut Conn<'_>, erasure: &Erasure) -> Result<()> {
        conn.execute(
            "INSERT INTO erasures (id, customer_id, state, ground, requested_by, requested_at, due_at, decided_by,
                 decided_at, reason, duties, kept_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, '', NULL, '', '', NULL) ON CONFLICT DO NOTHING",
            &[
                erasure.id.uuid().into(),
                erasure.customer.uuid().into(),
                erasure.state.as_str().into(),
                (&erasure.ground).into(),
                (&erasure.requested_by).into(),
                erasure.requested_at.into(),
                erasure.due_at.into(),
            ],
        )?;
        Ok(())
    }

    /// The last request of a person, under whichever of his ids.
    pub(crate) fn last_erasure(
        &self,
        conn: &mut Conn<'_>,
        ids: &[CustomerId],
    ) -> Result<Option<Erasure>> {
        let keys: Vec<Value<'_>> = ids.iter().map(|id| id.uuid().into()).collect();
        let sql = format!("SELECT {COLUMNS} FROM erasures WHERE customer_id IN (??)");
        let found = conn.query_in(&sql, &[], &keys, read)?;
        Ok(found.into_iter().max_by_key(|erasure| erasure.id))
    }

    pub(crate) fn get_erasure(&self, conn: &mut Conn<'_>, id: ErasureId) -> Result<Erasure> {
        let sql = format!("SELECT {COLUMNS} FROM erasures WHERE id = ?1");
        conn.query_opt(&sql, &[id.uuid().into()], read)?
            .ok_or(Error::ErasureUnknown)
    }

    /// Requests of a state after one of them, in the order they were made.
    pub(crate) fn list_erasures(
        &self,
        conn: &mut Conn<'_>,
        state: ErasureState,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<Erasure>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM erasures WHERE state = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
        );
        let values = [state.as_str().into(), after.into(), limit.into()];
        Ok(conn.query(&sql, &values, read)?)
    }

    /// Those who are locked away and whose last duty has ended by a day.
    pub(crate) fn released_erasures(
        &self,
        conn: &mut Conn<'_>,
        today: NaiveDate,
    ) -> Result<Vec<Erasure>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM erasures WHERE state = 'restricted' AND kept_until <= ?1 ORDER BY id LIMIT 100"
        );
        Ok(conn.query(&sql, &[today.into()], read)?)
    }

    /// Writes what was decided.
    pub(crate) fn put_erasure(&self, conn: &mut Conn<'_>, erasure: &Erasure) -> Result<()> {
        let duties: Vec<String> = erasure
            .duties
            .iter()
            .map(|running| format!("{} {}", running.duty.code, running.since))
            .collect();
        conn.execute(
            "UPDATE erasures SET state = ?2, decided_by = ?3, decided_at = ?4, reason = ?5, duties = ?6, kept_until = ?7
             WHERE id = ?1",
            &[
                erasure.id.uuid().into(),
                erasure.state.as_str().into(),
                (&erasure.decided_by).into(),
                erasure.decided_at.into(),
                (&erasure.reason).into(),
                (&duties.join("\n")).into(),
                erasure.kept_until.into(),
            ],
        )?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> std::result::Result<Erasure, StoreError> {
    let (state, duties): (String, String) = (row.get(2)?, row.get(10)?);
    let kept_until: Option<String> = row.get(11)?;
    Ok(Erasure {
        id: row.get::<Uuid>(0)?.into(),
        customer: row.get::<Uuid>(1)?.into(),
        state: ErasureState::parse(&state).ok_or_else(|| unreadable(2))?,
        ground: row.get(3)?,
        requested_by: row.get(4)?,
        requested_at: row.get(5)?,
        due_at: row.get(6)?,
        decided_by: row.get(7)?,
        decided_at: row.get(8)?,
        reason: row.get(9)?,
        duties: duties.lines().filter_map(read_duty).collect(),
        kept_until: kept_until
            .map(|day| day.parse().map_err(|_| unreadable(11)))
            .transpose()?,
    })
}

/// A duty that this release no longer knows has ended with the release that took it out.
fn read_duty(line: &str) -> Option<Running> {
    let (code, since) = line.split_once(' ')?;
    Some(Running {
        duty: Duty::find(code)?,
        since: since.parse().ok()?,
    })
}

fn unreadable(column: usize) -> StoreError {
    StoreError::Decode {
        column,
        source: "not as this release writes it".into(),
    }
}
