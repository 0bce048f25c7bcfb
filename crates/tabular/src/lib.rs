//! CSV, XLSX and NDJSON as one stream of rows.
