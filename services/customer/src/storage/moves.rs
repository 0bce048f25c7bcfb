//! Merges and splits as they are kept.

use std::cmp::Reverse;

use marque_core::{CustomerSerial, MergeId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use super::{
    CustomerStore,
    customers::{read_serial, serial},
};
use crate::error::{Error, Result};

/// What a move was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// A customer into another.
    Merge,
    /// Records into a customer of their own.
    Split,
    /// Records to another who is there already.
    Transfer,
}

impl Act {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merged",
            Self::Split => "split",
            Self::Transfer => "moved",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "split" => Self::Split,
            "moved" => Self::Transfer,
            _ => Self::Merge,
        }
    }
}

/// Who moved records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MovedBy {
    Anybody,
    /// The service by itself.
    Engine,
    People,
}

impl MovedBy {
    /// As callers name them.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "" => Some(Self::Anybody),
            "linkage" => Some(Self::Engine),
            "people" => Some(Self::People),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Anybody => "",
            Self::Engine => "linkage",
            Self::People => "people",
        }
    }
}

/// Records that went from one customer to another.
#[derive(Debug, Clone)]
pub(crate) struct Move {
    pub(crate) id: MergeId,
    pub(crate) act: Act,
    pub(crate) from: CustomerSerial,
    pub(crate) into: CustomerSerial,
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

    /// Moves before a position, the newest first.
    pub(crate) fn list_moves(
        &self,
        conn: &mut Conn<'_>,
        by: MovedBy,
        engine: &str,
        (at, id): (Timestamp, Uuid),
        limit: u32,
    ) -> Result<Vec<Move>> {
        let mut values = vec![at.into(), id.into(), limit.into()];
        let whose = match by {
            MovedBy::Anybody => "",
            MovedBy::Engine => "AND actor = ?4",
            MovedBy::People => "AND actor <> ?4",
        };
        if by != MovedBy::Anybody {
            values.push(engine.into());
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM moves WHERE (at < ?1 OR (at = ?1 AND id < ?2)) {whose}
             ORDER BY at DESC, id DESC LIMIT ?3"
        );
        Ok(conn.query(&sql, &values, read_move)?)
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

    /// Who last split one of two customers off the other, if that stands.
    pub(crate) fn who_split(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerSerial,
        other: CustomerSerial,
    ) -> Result<Option<String>> {
        let sql = "SELECT actor FROM moves WHERE act = 'split' AND undone_at IS NULL
                   AND ((from_customer = ?1 AND into_customer = ?2) OR (from_customer = ?2 AND into_customer = ?1))
                   ORDER BY at DESC LIMIT 1";
        Ok(conn.query_opt(sql, &[serial(one), serial(other)], |row| row.get(0))?)
    }

    /// When one of two customers last took part in a move.
    pub(crate) fn last_moved_at(
        &self,
        conn: &mut Conn<'_>,
        pair: [CustomerSerial; 2],
    ) -> Result<Option<Timestamp>> {
        let sql = "SELECT max(at) FROM moves
                   WHERE from_customer IN (?1, ?2) OR into_customer IN (?1, ?2)";
        let last = conn.query_opt(sql, &pair.map(serial), |row| {
            row.get::<Option<Timestamp>>(0)
        })?;
        Ok(last.flatten())
    }

    /// Whether somebody other than `engine` put records together under one of these numbers, or put back what was taken from
    /// them: then no engine takes them apart.
    pub(crate) fn is_held_together(
        &self,
        conn: &mut Conn<'_>,
        family: &[CustomerSerial],
        engine: &str,
    ) -> Result<bool> {
        let keys: Vec<Value<'_>> = family.iter().map(|number| serial(*number)).collect();
        let put =
            "SELECT 1 FROM moves WHERE undone_at IS NULL AND actor <> ?1 AND into_customer IN (??)";
        let put_back = "SELECT 1 FROM moves WHERE undone_at IS NOT NULL AND act <> 'merged' AND from_customer IN (??)";
        let is_put = !conn
            .query_in(put, &[engine.into()], &keys, |_| Ok(()))?
            .is_empty();
        Ok(is_put || !conn.query_in(put_back, &[], &keys, |_| Ok(()))?.is_empty())
    }

    /// What brought records under one of these numbers and stands, the newest first: merges into it, moves to it, and what
    /// took records from it and was taken back.
    pub(crate) fn moves_bringing(
        &self,
        conn: &mut Conn<'_>,
        family: &[CustomerSerial],
    ) -> Result<Vec<Move>> {
        let keys: Vec<Value<'_>> = family.iter().map(|number| serial(*number)).collect();
        let mut moves = Vec::new();
        for whose in [
            "undone_at IS NULL AND act <> 'split' AND into_customer",
            "undone_at IS NOT NULL AND act <> 'merged' AND from_customer",
        ] {
            let sql = format!("SELECT {COLUMNS} FROM moves WHERE {whose} IN (??)");
            moves.extend(conn.query_in(&sql, &[], &keys, read_move)?);
        }
        moves.sort_by_key(|moved| Reverse((moved.undone_at.unwrap_or(moved.at), moved.id)));
        Ok(moves)
    }

    /// Whether records that were under one of these numbers at a time are under none of them any more: split off or moved away, or
    /// taken back by whom they had come from.
    pub(crate) fn was_parted_since(
        &self,
        conn: &mut Conn<'_>,
        family: &[CustomerSerial],
        since: Timestamp,
    ) -> Result<bool> {
        let keys: Vec<Value<'_>> = family.iter().map(|each| serial(*each)).collect();
        let left = "SELECT into_customer FROM moves
                    WHERE act <> 'merged' AND undone_at IS NULL AND at >= ?1 AND from_customer IN (??)";
        let went_back = "SELECT from_customer FROM moves
                         WHERE act <> 'split' AND at <= ?1 AND undone_at >= ?1 AND into_customer IN (??)";
        for sql in [left, went_back] {
            let others = conn.query_in(sql, &[since.into()], &keys, |row| read_serial(row, 0))?;
            if others.iter().any(|other| !family.contains(other)) {
                return Ok(true);
            }
        }
        Ok(false)
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
        act: Act::parse(&row.get::<String>(1)?),
        from: read_serial(row, 2)?,
        into: read_serial(row, 3)?,
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
