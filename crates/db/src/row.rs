//! Rows as a query returns them, and the types columns are read as.

use chrono::NaiveDate;
use marque_core::Timestamp;
use postgres::types::Type;
use rusqlite::types::ValueRef;
use uuid::Uuid;

use crate::StoreError;

/// One row of a result.
#[derive(Debug)]
pub enum Row<'a> {
    /// From SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// From PostgreSQL.
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// The value of the column at `index`, counted from 0.
    pub fn get<T: Column>(&self, index: usize) -> Result<T, StoreError> {
        T::read(self, index)
    }
}

/// A type a column can be read as.
pub trait Column: Sized {
    /// Reads the column at `index`.
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError>;
}

type Source = Box<dyn std::error::Error + Send + Sync>;

fn decode(column: usize, source: impl Into<Source>) -> StoreError {
    StoreError::Decode {
        column,
        source: source.into(),
    }
}

fn sqlite_value<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<ValueRef<'a>, StoreError> {
    row.get_ref(index).map_err(|error| decode(index, error))
}

fn postgres_value<'a, T: postgres::types::FromSql<'a>>(
    row: &'a postgres::Row,
    index: usize,
) -> Result<T, StoreError> {
    row.try_get(index).map_err(|error| decode(index, error))
}

impl Column for i64 {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        match row {
            Row::Sqlite(row) => sqlite_value(row, index)?
                .as_i64()
                .map_err(|error| decode(index, error)),
            // A literal such as the 1 of `SELECT 1` is an INTEGER there.
            Row::Postgres(row)
                if row
                    .columns()
                    .get(index)
                    .is_some_and(|column| *column.type_() == Type::INT4) =>
            {
                postgres_value::<i32>(row, index).map(Self::from)
            }
            Row::Postgres(row) => postgres_value(row, index),
        }
    }
}

impl Column for f64 {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        match row {
            Row::Sqlite(row) => match sqlite_value(row, index)? {
                ValueRef::Real(value) => Ok(value),
                ValueRef::Integer(value) => Ok(value as Self),
                _ => Err(decode(index, "not a number")),
            },
            Row::Postgres(row) => postgres_value(row, index),
        }
    }
}

impl Column for bool {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        match row {
            Row::Sqlite(_) => i64::read(row, index).map(|value| value != 0),
            Row::Postgres(row) => postgres_value(row, index),
        }
    }
}

impl Column for String {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        match row {
            Row::Sqlite(row) => sqlite_value(row, index)?
                .as_str()
                .map(str::to_owned)
                .map_err(|error| decode(index, error)),
            Row::Postgres(row) => postgres_value(row, index),
        }
    }
}

impl Column for Vec<u8> {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        match row {
            Row::Sqlite(row) => sqlite_value(row, index)?
                .as_blob()
                .map(<[u8]>::to_vec)
                .map_err(|error| decode(index, error)),
            Row::Postgres(row) => postgres_value(row, index),
        }
    }
}

impl Column for [u8; 16] {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        let bytes = match row {
            Row::Sqlite(row) => sqlite_value(row, index)?
                .as_blob()
                .map_err(|error| decode(index, error))?,
            Row::Postgres(row) => postgres_value::<&[u8]>(row, index)?,
        };
        bytes
            .try_into()
            .map_err(|error: std::array::TryFromSliceError| decode(index, error))
    }
}

impl Column for Uuid {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        match row {
            Row::Sqlite(_) => <[u8; 16]>::read(row, index).map(Self::from_bytes),
            Row::Postgres(row) => postgres_value(row, index),
        }
    }
}

impl Column for Timestamp {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        i64::read(row, index).map(Self::from_micros)
    }
}

impl Column for NaiveDate {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        String::read(row, index)?
            .parse()
            .map_err(|error: chrono::ParseError| decode(index, error))
    }
}

impl<T: Column> Column for Option<T> {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, StoreError> {
        let is_null = match row {
            Row::Sqlite(row) => matches!(sqlite_value(row, index)?, ValueRef::Null),
            Row::Postgres(row) => postgres_value::<Nullness>(row, index)?.0,
        };
        if is_null {
            Ok(None)
        } else {
            T::read(row, index).map(Some)
        }
    }
}

/// Whether a PostgreSQL value is NULL, whatever its type.
struct Nullness(bool);

impl<'a> postgres::types::FromSql<'a> for Nullness {
    fn from_sql(_: &postgres::types::Type, _: &'a [u8]) -> Result<Self, Source> {
        Ok(Self(false))
    }

    fn from_sql_null(_: &postgres::types::Type) -> Result<Self, Source> {
        Ok(Self(true))
    }

    fn accepts(_: &postgres::types::Type) -> bool {
        true
    }
}
