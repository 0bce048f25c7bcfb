//! Keys of a list, as PostgreSQL takes them: one array.

use postgres::types::ToSql;
use uuid::Uuid;

use crate::Value;

/// Keys of one type as an array.
pub(crate) enum KeyList<'a> {
    Uuids(Vec<Uuid>),
    Bytes(Vec<&'a [u8]>),
    Texts(Vec<&'a str>),
    Ints(Vec<i64>),
}

impl<'a> From<&[Value<'a>]> for KeyList<'a> {
    fn from(keys: &[Value<'a>]) -> Self {
        match keys.first() {
            Some(Value::Uuid(_)) => Self::Uuids(
                keys.iter()
                    .filter_map(|key| {
                        if let Value::Uuid(key) = key {
                            Some(*key)
                        } else {
                            None
                        }
                    })
                    .collect(),
            ),
            Some(Value::Bytes(_)) => Self::Bytes(
                keys.iter()
                    .filter_map(|key| {
                        if let Value::Bytes(key) = key {
                            Some(*key)
                        } else {
                            None
                        }
                    })
                    .collect(),
            ),
            Some(Value::Text(_)) => Self::Texts(
                keys.iter()
                    .filter_map(|key| {
                        if let Value::Text(key) = key {
                            Some(*key)
                        } else {
                            None
                        }
                    })
                    .collect(),
            ),
            _ => Self::Ints(
                keys.iter()
                    .filter_map(|key| {
                        if let Value::Int(key) = key {
                            Some(*key)
                        } else {
                            None
                        }
                    })
                    .collect(),
            ),
        }
    }
}

impl KeyList<'_> {
    /// PostgreSQL's name of the type of one key.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Self::Uuids(_) => "uuid",
            Self::Bytes(_) => "bytea",
            Self::Texts(_) => "text",
            Self::Ints(_) => "bigint",
        }
    }

    pub(crate) fn as_sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Uuids(keys) => keys,
            Self::Bytes(keys) => keys,
            Self::Texts(keys) => keys,
            Self::Ints(keys) => keys,
        }
    }
}
