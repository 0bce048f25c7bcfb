//! Merges and splits as they are kept.

use marque_core::{CustomerNumber, MergeId, Timestamp};
use marque_db::{Conn, Row, StoreError};
use uuid::Uuid;

use super::{
    CustomerStore,
    customers::{read_number, serial},
};
use crate::error::{Error, Result};

/// What a move was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Merge,
    Split,
}

impl Act {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merged",
            Self::Split => "split",
        }
    }
}

/// Records that went from one customer to another.
#[derive(Debug, Clone)]
pub(crate) struct Move {
    pub(crate) id: MergeId,
    pub(crate) act: Act,
    pub(crate) from: CustomerNumber,
    pub(crate) into: CustomerNumber,
    pub(crate) records: Vec<i64>,
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    pub(crate) reason: String,
    pub(crate) undone_at: Option<Timestamp>,
}

const COLUMNS: &str =
    "id, act, from_customer, into_customer, records, at, actor, reason, undone_at";

impl CustomerStore {
    pub(crate) fn insert_move(&self, conn: &mut Conn<'_>, moved: &Move) -> Result<()> {
        let records: Vec<String> = moved.records.iter().map(i64::to_string).collect();
        conn.execute(
            "INSERT INTO moves (id, act, from_customer, into_customer, records, at, actor, reason, undone_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL)",
            &[
                moved.id.uuid().into(),
                moved.act.as_str().into(),
                serial(moved.from),
                serial(moved.into),
                (&records.join("\n")).into(),
                moved.at.into(),
                (&moved.actor).into(),
                (&moved.reason).into(),
            ],
        )?;
        Ok(())
    }

    pub(crate) fn get_move(&self, conn: &mut Conn<'_>, id: MergeId) -> Result<Move> {
        let sql = format!("SELECT {COLUMNS} FROM moves WHERE id = ?1");
        conn.query_opt(&sql, &[id.uuid().into()], read_move)?
            .ok_or(Error::MoveUnknown)
    }

    /// A move that is not undone, came after the given one and touches one of its customers.
    pub(crate) fn later_move(&self, conn: &mut Conn<'_>, moved: &Move) -> Result<Option<Move>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM moves WHERE undone_at IS NULL AND (at > ?4 OR (at = ?4 AND id > ?1))
             AND (from_customer IN (?2, ?3) OR into_customer IN (?2, ?3)) ORDER BY at DESC, id DESC LIMIT 1"
        );
        let values = [
            moved.id.uuid().into(),
            serial(moved.from),
            serial(moved.into),
            moved.at.into(),
        ];
        Ok(conn.query_opt(&sql, &values, read_move)?)
    }

    pub(crate) fn mark_undone(
        &self,
        conn: &mut Conn<'_>,
        id: MergeId,
        now: Timestamp,
    ) -> Result<()> {
        conn.execute(
            "UPDATE moves SET undone_at = ?2 WHERE id = ?1",
            &[id.uuid().into(), now.into()],
        )?;
        Ok(())
    }
}

fn read_move(row: &Row<'_>) -> std::result::Result<Move, StoreError> {
    let records: String = row.get(4)?;
    let records = records
        .lines()
        .map(str::parse)
        .collect::<std::result::Result<_, _>>();
    Ok(Move {
        id: row.get::<Uuid>(0)?.into(),
        act: if row.get::<String>(1)? == "split" {
            Act::Split
        } else {
            Act::Merge
        },
        from: read_number(row, 2)?,
        into: read_number(row, 3)?,
        records: records.map_err(|error: std::num::ParseIntError| StoreError::Decode {
            column: 4,
            source: error.into(),
        })?,
        at: row.get(5)?,
        actor: row.get(6)?,
        reason: row.get(7)?,
        undone_at: row.get(8)?,
    })
}
