//! What can go wrong in a store, the same on both databases.

use std::error::Error;

use crate::wanted::over;

/// A store's failure. Opaque but for what callers decide on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row with this key is there already.
    #[error("a row with this key exists")]
    Unique(#[source] Box<dyn Error + Send + Sync>),
    /// A value breaks a rule of its column or table: a number too large, something missing that must be there.
    #[error("a value breaks a rule of the table")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// Another transaction was in the way; the unit of work was repeated and still failed.
    #[error("another change came first")]
    Conflict(#[source] Box<dyn Error + Send + Sync>),
    /// The database cannot be reached, or is full, or is shutting down.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A column holds what the code does not expect.
    #[error("column {column} holds an unexpected value")]
    Decode {
        /// Position of the column.
        column: usize,
        /// What the driver said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The schema is not the one this binary knows.
    #[error("schema: {0}")]
    Schema(String),
    /// Anything else.
    #[error("the database refused a statement")]
    Other(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Whether repeating the unit of work may succeed.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Unavailable(_))
    }

    /// What it comes from in words, for a copy that says once more that the database is not available; of any other error
    /// that too.
    pub(crate) fn with_sources(&self) -> String {
        let first: &dyn Error = match self {
            Self::Unavailable(source) => &**source,
            other => other,
        };
        let mut words = first.to_string();
        let mut next = first.source();
        while let Some(source) = next {
            words.push_str(": ");
            words.push_str(&source.to_string());
            next = source.source();
        }
        words
    }

    /// Whether what was to be stored is to blame, and not the store.
    pub fn is_of_the_data(&self) -> bool {
        matches!(
            self,
            Self::Unique(_) | Self::Refused(_) | Self::Decode { .. }
        )
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let rusqlite::Error::SqliteFailure(failure, _) = &error else {
            return Self::Other(error.into());
        };
        match (failure.code, failure.extended_code) {
            (
                _,
                rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
                | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
            ) => Self::Unique(error.into()),
            (Code::ConstraintViolation | Code::TypeMismatch | Code::TooBig, _) => {
                Self::Refused(error.into())
            }
            (Code::DatabaseBusy | Code::DatabaseLocked, _) => Self::Conflict(error.into()),
            (Code::OperationInterrupted, _) => over(),
            (Code::DiskFull | Code::CannotOpen | Code::SystemIoFailure | Code::ReadOnly, _) => {
                Self::Unavailable(error.into())
            }
            _ => Self::Other(error.into()),
        }
    }
}

impl From<postgres::Error> for StoreError {
    fn from(error: postgres::Error) -> Self {
        use postgres::error::SqlState;
        match error.code() {
            Some(&SqlState::UNIQUE_VIOLATION) => Self::Unique(error.into()),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => {
                Self::Conflict(error.into())
            }
            // Data exceptions and integrity constraints.
            Some(state) if state.code().starts_with("22") || state.code().starts_with("23") => {
                Self::Refused(error.into())
            }
            Some(state) if state.code().starts_with("53") || state.code().starts_with("57") => {
                Self::Unavailable(error.into())
            }
            Some(_) => Self::Other(error.into()),
            None => Self::Unavailable(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_does_not_say_twice_that_the_database_is_not_available() {
        let refused = std::io::Error::other("connection refused");
        let error = StoreError::Unavailable(refused.into());
        assert_eq!(error.with_sources(), "connection refused");
        let other = StoreError::Other("too many columns".into());
        assert!(other.with_sources().ends_with(": too many columns"));
    }
}
