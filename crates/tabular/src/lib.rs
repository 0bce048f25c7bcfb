#![doc = include_str!("../README.md")]

mod delimited;
mod encoding;
mod formula;
mod header;
mod limits;
mod money;
mod ndjson;
mod problem;
mod reader;
mod row;
mod schema;
mod source;
mod table;
mod writer;
mod xlsx;

pub use encoding::Encoding;
pub use header::{HeaderMap, Mapping, bare_line_column};
pub use limits::Limits;
pub use problem::{Problem, RowFault, RowProblem};
pub use reader::{Format, Reader};
pub use row::{Next, Position, Row};
pub use schema::{
    ALL as SCHEMAS, ASSESSMENTS, COMPLAINTS, CUSTOMERS, Column, DEALERS, PAYMENTS, PURCHASES,
    STAFF, Schema, VEHICLES, VERIFICATIONS, VISITS,
};
pub use table::Table;
pub use writer::{CsvWriter, NdjsonWriter, QuarantineWriter, REASON_COLUMN_PREFIX, Reason};
