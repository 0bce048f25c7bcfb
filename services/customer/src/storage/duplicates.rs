//! The duplicate queue.

use marque_core::{CustomerNumber, DuplicateId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use super::{
    CustomerStore,
    customers::{read_number, serial},
};
use crate::error::{Error, Result};

/// What the steward said of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DuplicateState {
    Open,
    Same,
    Different,
}

impl DuplicateState {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Same => "same",
            Self::Different => "different",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Same, Self::Different]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A pair that may be one customer.
#[derive(Debug, Clone)]
pub(crate) struct Duplicate {
    pub(crate) id: DuplicateId,
    pub(crate) left: CustomerNumber,
    pub(crate) right: CustomerNumber,
    pub(crate) probability: f64,
    pub(crate) reasons: Vec<String>,
    pub(crate) state: DuplicateState,
    pub(crate) found_at: Timestamp,
}

const COLUMNS: &str = "id, left_customer, right_customer, probability, reasons, state, found_at";

impl CustomerStore {
    /// Puts a pair into the queue; one that was ever there keeps its state, so that a decision is never asked for again.
    pub(crate) fn propose(&self, conn: &mut Conn<'_>, pair: &Duplicate) -> Result<()> {
        let (left, right) = (pair.left.min(pair.right), pair.left.max(pair.right));
        conn.execute(
            "INSERT INTO duplicates (id, left_customer, right_customer, probability, reasons, state, found_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (left_customer, right_customer) DO UPDATE SET probability = excluded.probability,
                 reasons = excluded.reasons
             WHERE duplicates.state = 'open' AND excluded.probability > duplicates.probability",
            &[
                pair.id.uuid().into(),
                serial(left),
                serial(right),
                pair.probability.into(),
                (&pair.reasons.join("\n")).into(),
                pair.state.as_str().into(),
                pair.found_at.into(),
            ],
        )?;
        Ok(())
    }

    pub(crate) fn get_duplicate(&self, conn: &mut Conn<'_>, id: DuplicateId) -> Result<Duplicate> {
        let sql = format!("SELECT {COLUMNS} FROM duplicates WHERE id = ?1");
        conn.query_opt(&sql, &[id.uuid().into()], read_duplicate)?
            .ok_or(Error::DuplicateUnknown)
    }

    /// Likeliest first, then by id; `after` is the position of the last entry of the page before.
    pub(crate) fn list_duplicates(
        &self,
        conn: &mut Conn<'_>,
        state: DuplicateState,
        after: Option<(f64, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Duplicate>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM duplicates WHERE state = ?1
             AND (probability < ?2 OR (probability = ?2 AND id > ?3)) ORDER BY probability DESC, id LIMIT ?4"
        );
        let (probability, id) = after.unwrap_or((2.0, Uuid::nil()));
        let values = [
            state.as_str().into(),
            probability.into(),
            id.into(),
            Value::from(limit),
        ];
        Ok(conn.query(&sql, &values, read_duplicate)?)
    }

    pub(crate) fn set_duplicate_state(
        &self,
        conn: &mut Conn<'_>,
        id: DuplicateId,
        state: DuplicateState,
    ) -> Result<()> {
        conn.execute(
            "UPDATE duplicates SET state = ?2 WHERE id = ?1",
            &[id.uuid().into(), state.as_str().into()],
        )?;
        Ok(())
    }

    pub(crate) fn set_pair_state(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerNumber,
        other: CustomerNumber,
        state: DuplicateState,
    ) -> Result<()> {
        conn.execute(
            "UPDATE duplicates SET state = ?3 WHERE left_customer = ?1 AND right_customer = ?2",
            &[
                serial(one.min(other)),
                serial(one.max(other)),
                state.as_str().into(),
            ],
        )?;
        Ok(())
    }

    /// Whether a steward called the pair different.
    pub(crate) fn is_refused(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerNumber,
        other: CustomerNumber,
    ) -> Result<bool> {
        let found: Option<i64> = conn.query_opt(
            "SELECT 1 FROM duplicates WHERE left_customer = ?1 AND right_customer = ?2 AND state = 'different'",
            &[serial(one.min(other)), serial(one.max(other))],
            |row| row.get(0),
        )?;
        Ok(found.is_some())
    }
}

fn read_duplicate(row: &Row<'_>) -> std::result::Result<Duplicate, StoreError> {
    let reasons: String = row.get(4)?;
    Ok(Duplicate {
        id: row.get::<Uuid>(0)?.into(),
        left: read_number(row, 1)?,
        right: read_number(row, 2)?,
        probability: row.get(3)?,
        reasons: reasons.lines().map(str::to_owned).collect(),
        state: DuplicateState::parse(&row.get::<String>(5)?).unwrap_or(DuplicateState::Open),
        found_at: row.get(6)?,
    })
}
