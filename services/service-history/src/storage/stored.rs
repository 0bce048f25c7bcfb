//! Visits and their versions as they lie in the store, to be written anew where they lie.

use marque_db::{Conn, StoreError, Value};
use uuid::Uuid;

/// A visit's head and its lines, encoded.
pub(crate) type Blobs = (Vec<u8>, Vec<u8>);

/// A table that has heads and lines of visits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Table {
    pub(super) name: &'static str,
    /// The column with the visit's id: with the version it says which row it is.
    pub(super) key: &'static str,
}

/// All of them.
pub(crate) const TABLES: [Table; 2] = [
    Table {
        name: "visits",
        key: "id",
    },
    Table {
        name: "visit_versions",
        key: "visit_id",
    },
];

/// A visit in one of its versions.
pub(super) struct Stored {
    pub(super) id: Uuid,
    pub(super) version: i64,
    pub(super) dealer: String,
    pub(super) order_number: String,
    blobs: Blobs,
}

impl Stored {
    /// Its head and its lines.
    pub(super) fn blobs(&self) -> (&[u8], &[u8]) {
        (&self.blobs.0, &self.blobs.1)
    }
}

impl Table {
    /// The rows of a clause, which calls the table `t`.
    pub(super) fn read(
        self,
        conn: &mut Conn<'_>,
        clause: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Stored>, StoreError> {
        let Self { name, key } = self;
        let sql = format!(
            "SELECT t.{key}, t.version, v.dealer, v.order_number, t.header, t.lines
             FROM {name} t JOIN visits v ON v.id = t.{key} {clause}"
        );
        conn.query(&sql, values, |row| {
            Ok(Stored {
                id: row.get(0)?,
                version: row.get(1)?,
                dealer: row.get(2)?,
                order_number: row.get(3)?,
                blobs: (row.get(4)?, row.get(5)?),
            })
        })
    }

    /// Puts other blobs in the place of those of a row; with `if_unchanged` only if its head is still the one that was read.
    pub(super) fn replace(
        self,
        conn: &mut Conn<'_>,
        stored: &Stored,
        (header, lines): &Blobs,
        if_unchanged: bool,
    ) -> Result<(), StoreError> {
        let Self { name, key } = self;
        let mut values: Vec<Value<'_>> = vec![
            stored.id.into(),
            stored.version.into(),
            header.into(),
            lines.into(),
        ];
        let mut sql =
            format!("UPDATE {name} SET header = ?3, lines = ?4 WHERE {key} = ?1 AND version = ?2");
        if if_unchanged {
            sql.push_str(" AND header = ?5");
            values.push((&stored.blobs.0).into());
        }
        conn.execute(&sql, &values)?;
        Ok(())
    }
}
