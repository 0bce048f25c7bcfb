#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod csv;
mod parquet;
mod table;

pub use table::{Cell, Column, Kind, Misshapen, Table};

/// Why a table could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The CSV writer failed.
    #[error("the table cannot be written as CSV")]
    Csv(#[from] ::csv::Error),
    /// The Parquet writer failed.
    #[error("the table cannot be written as Parquet")]
    Parquet(#[from] ::parquet::errors::ParquetError),
}

/// A form in which a table is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, RFC 4180.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// The form of a word: `csv` or `parquet`.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "csv" => Some(Self::Csv),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// The end of its files' names.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// A table as the bytes of a file.
    ///
    /// # Errors
    /// [`WriteError`] if the table has a name that the form cannot hold.
    pub fn write(self, table: &Table) -> Result<Vec<u8>, WriteError> {
        match self {
            Self::Csv => csv::write(table),
            Self::Parquet => parquet::write(table),
        }
    }
}
