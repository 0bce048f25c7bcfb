//! What can be wrong with a file to score, told so that the reader can mend it.

use crate::value::{Fact, PointsError};

/// Why a file cannot be scored. Nothing is scored unless the whole file is right: a rank is only true if everybody is in it.
///
/// No message quotes a customer's id or a cell's content: the line and the column are enough to find it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No header line.
    #[error("the file is empty; the first line must name the columns, starting with id and kind")]
    Empty,
    /// Neither UTF-8 nor GB18030.
    #[error("line {line}: the text is neither UTF-8 nor GB18030; save the file as UTF-8 CSV")]
    Encoding {
        /// The first line that cannot be read as UTF-8, from 1.
        line: u64,
    },
    /// One column where the header is cut by something other than commas.
    #[error(
        "line 1: the columns are separated by {separator}, not by commas; save the file as comma-separated CSV (CSV UTF-8)"
    )]
    Separator {
        /// What seems to separate them, in words.
        separator: &'static str,
    },
    /// A column that must be there is not.
    #[error("line 1: there is no column '{name}' ({chinese}); add it. Columns recognised: {found}")]
    MissingColumn {
        /// The column looked for.
        name: &'static str,
        /// Its Chinese name.
        chinese: &'static str,
        /// The headers that were recognised.
        found: String,
    },
    /// Neither an indicator nor a fact among the columns.
    #[error(
        "line 1: no column holds an indicator (transaction_amount, transaction_frequency, interaction, social_influence, \
         future_value, credit) or a fact (purchase_amount, visit_count, ...); nothing can be scored. Columns recognised: {found}"
    )]
    NothingToScore {
        /// The headers that were recognised.
        found: String,
    },
    /// Two columns mean the same, or one is in the way of what we add.
    #[error("line 1: the column '{name}' {problem}; rename or remove one")]
    Clash {
        /// The column.
        name: String,
        /// Why it cannot stay.
        problem: &'static str,
    },
    /// A row with more or fewer cells than the header.
    #[error(
        "line {line}: {found} columns where the header has {expected}; check for a missing or unquoted comma"
    )]
    Width {
        /// Line, from 1.
        line: u64,
        /// Cells in the row.
        found: usize,
        /// Cells in the header.
        expected: usize,
    },
    /// Quotes that do not pair.
    #[error("line {line}: {problem}")]
    Quotes {
        /// Line, from 1.
        line: u64,
        /// What is wrong with them.
        problem: &'static str,
    },
    /// A cell that cannot be what its column says.
    #[error("line {line}, column '{column}': {problem}")]
    Value {
        /// Line, from 1.
        line: u64,
        /// The column's header.
        column: String,
        /// What is wrong and what to write.
        problem: String,
    },
    /// The same id twice.
    #[error(
        "line {line}, column 'id': the id is already in line {first}; every customer may stand once"
    )]
    DuplicateId {
        /// Line of the later row, from 1.
        line: u64,
        /// Line of the earlier row.
        first: u64,
    },
    /// More rows than a rank can count here.
    #[error("the file has more than four billion rows; split it by kind")]
    TooManyRows,
}

/// A fault at a place in the text, before the line is known: lines are counted only when there is one to report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Byte offset in the text.
    pub(super) at: usize,
    pub(super) what: What,
}

/// What a [`Fault`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Width {
        found: usize,
    },
    Quotes(&'static str),
    EmptyId,
    Kind {
        is_empty: bool,
    },
    /// Column and reason.
    Points(usize, PointsError),
    Fact(usize, Fact),
}
