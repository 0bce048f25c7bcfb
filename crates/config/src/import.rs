//! Imports of files.

use serde::Deserialize;

/// Sizes that keep an import's memory flat whatever the file holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportConfig {
    /// Rows written in one transaction; 1 to 100,000.
    pub batch_rows: usize,
    /// Largest row, in bytes; a longer one fails the file.
    pub max_row_bytes: usize,
    /// Most columns of a file.
    pub max_columns: usize,
    /// Most bytes a packed workbook may unpack to.
    pub max_unpacked_bytes: u64,
    /// Largest file, in bytes.
    pub max_file_bytes: u64,
    /// Imports that run at once; others wait in the queue, and a file until those of its dealer, source and kind that
    /// came before it have ended.
    pub parallel: usize,
}

impl Default for ImportConfig {
    fn default() -> Self {
        Self {
            batch_rows: 2_000,
            max_row_bytes: 1 << 20,
            max_columns: 1_000,
            max_unpacked_bytes: 8 << 30,
            max_file_bytes: 64 << 30,
            parallel: 2,
        }
    }
}
