//! How much of a file may be held at once. Every bound is checked while reading, never trusted from the file.

/// Bounds that keep memory flat whatever is sent. The default suits files of people and repair orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Columns of the header, and different keys of an NDJSON file.
    pub max_columns: usize,
    /// Bytes of one record as it stands in the file (for XLSX: of one row's text, and of one XML token).
    pub max_line_bytes: usize,
    /// Bytes of one field, as UTF-8.
    pub max_field_bytes: usize,
    /// Bytes that all parts of an XLSX may have when inflated.
    pub max_inflated_bytes: u64,
    /// How many times larger than its packed form a part of an XLSX may become (counted past 8 MiB).
    /// Sheets reach 10 to 40; Apache POI, which reads most of the world's workbooks, stops at 100 too.
    pub max_inflated_ratio: u64,
    /// Bytes of the shared strings of an XLSX, which have to be held while the sheet is read.
    pub max_shared_strings_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_columns: 512,
            max_line_bytes: 1 << 20,
            max_field_bytes: 256 << 10,
            max_inflated_bytes: 4 << 30,
            max_inflated_ratio: 100,
            max_shared_strings_bytes: 128 << 20,
        }
    }
}
