//! A column whose values are sealed: how its rows are walked, and how a value is sealed anew.

use marque_db::{Row, StoreError, Value};
use marque_vault::{Vault, VaultError};
use uuid::Uuid;

/// What a part of a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// BIGINT.
    Int,
    /// TEXT.
    Text,
    /// UUID.
    Uuid,
}

/// A part of a row's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPart {
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(String),
    /// UUID.
    Uuid(Uuid),
}

impl KeyPart {
    /// The bytes that a place is named by: of a text its own, of a UUID its sixteen.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Int(_) => &[],
            Self::Text(text) => text.as_bytes(),
            Self::Uuid(id) => id.as_bytes(),
        }
    }

    /// The text, or the number in digits.
    pub fn text(&self) -> String {
        match self {
            Self::Int(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Uuid(id) => id.to_string(),
        }
    }

    /// Before every key of a table.
    pub(crate) fn least(part: Part) -> Self {
        match part {
            Part::Int => Self::Int(i64::MIN),
            Part::Text => Self::Text(String::new()),
            Part::Uuid => Self::Uuid(Uuid::nil()),
        }
    }

    pub(crate) fn read(row: &Row<'_>, at: usize, part: Part) -> Result<Self, StoreError> {
        Ok(match part {
            Part::Int => Self::Int(row.get(at)?),
            Part::Text => Self::Text(row.get::<Option<String>>(at)?.unwrap_or_default()),
            Part::Uuid => Self::Uuid(row.get(at)?),
        })
    }

    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Int(number) => (*number).into(),
            Self::Text(text) => text.into(),
            Self::Uuid(id) => (*id).into(),
        }
    }
}

/// A column of sealed values.
#[derive(Debug, Clone, Copy)]
pub struct SealedColumn {
    /// The table, which statements call `t`.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// Columns that name one row, in an order by which an index finds them.
    pub key: &'static [(&'static str, Part)],
    /// What else the place of a value is made of: columns of the table, or questions to another one.
    pub beside: &'static [(&'static str, Part)],
    /// How a value is sealed anew.
    pub reseal: Reseal,
}

/// The value sealed under the current key, at the place that its key and what is beside it name; `None` of one that is
/// already, or is empty. [`VaultError::Unreadable`] if no key on the ring opens it.
pub type Reseal = fn(&Vault, &[KeyPart], &[u8]) -> Result<Option<Vec<u8>>, VaultError>;

impl SealedColumn {
    /// A question for the rows after a key, in order.
    pub(crate) fn select(&self) -> String {
        let key: Vec<&str> = self.key.iter().map(|(name, _)| *name).collect();
        let beside = self.beside.iter().map(|(name, _)| *name);
        let asked: Vec<&str> = key.iter().copied().chain(beside).collect();
        let places: Vec<String> = (1..=key.len()).map(|at| format!("?{at}")).collect();
        format!(
            "SELECT {}, t.{} FROM {} t WHERE ({}) > ({}) ORDER BY {} LIMIT ?{}",
            asked.join(", "),
            self.column,
            self.table,
            key.join(", "),
            places.join(", "),
            key.join(", "),
            key.len() + 1
        )
    }

    /// A statement that puts a new value in the place of the old one, if that is still there.
    pub(crate) fn update(&self) -> String {
        let own: Vec<String> = self
            .key
            .iter()
            .enumerate()
            .map(|(at, (name, _))| format!("{name} = ?{}", at + 3))
            .collect();
        format!(
            "UPDATE {} SET {column} = ?1 WHERE {column} = ?2 AND {}",
            self.table,
            own.join(" AND "),
            column = self.column
        )
    }
}
