//! Tables that analysts take away: `?format=csv` or `?format=parquet`, the same for the reports of all roles.

use axum::{body::Body, response::Response};
use http::{HeaderValue, header};
use marque_errors::ErrorCode;
use marque_export::{Format, Misshapen, Table};

use crate::problem::{Answer, Failure};

/// The form of a table that is asked for; `None` for JSON, which is what one gets without asking.
pub(crate) fn format(word: &str) -> Result<Option<Format>, Failure> {
    match word {
        "" | "json" => Ok(None),
        word => Format::parse(word)
            .map(Some)
            .ok_or_else(|| Failure::field("format", "UNKNOWN", "json, csv or parquet")),
    }
}

/// A table as a file of a name.
pub(crate) fn file(name: &str, format: Format, table: Result<Table, Misshapen>) -> Answer {
    let bytes = table
        .map_err(|error| broken(&error))
        .and_then(|table| format.write(&table).map_err(|error| broken(&error)))?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static(format.content_type());
    headers.insert(header::CONTENT_TYPE, kind);
    let disposition = format!("attachment; filename=\"{name}.{}\"", format.extension());
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// A table that a role sent and that is none: nothing a caller could mend.
fn broken(error: &dyn std::error::Error) -> Failure {
    tracing::error!(%error, "a report cannot be written");
    Failure::new(
        ErrorCode::Internal,
        ErrorCode::Internal.default_reason(),
        "the report cannot be written",
    )
}

#[cfg(test)]
mod tests {
    use marque_export::{Cell, Column, Kind};

    use super::*;

    #[test]
    fn a_file_says_what_it_is() {
        let table = || {
            let columns = vec![Column::new("group", Kind::Text)];
            Table::new(columns, vec![vec![Cell::from("D001")]])
        };
        for (word, kind, begins) in [
            ("csv", "text/csv; charset=utf-8", &b"group"[..]),
            ("parquet", "application/vnd.apache.parquet", b"PAR1"),
        ] {
            let wanted = format(word).unwrap().unwrap();
            let bytes = wanted.write(&table().unwrap()).unwrap();
            assert!(bytes.starts_with(begins));
            let response = file("tiers", wanted, table()).unwrap();
            assert_eq!(response.headers()[header::CONTENT_TYPE], kind);
            let disposition = &response.headers()[header::CONTENT_DISPOSITION];
            assert_eq!(
                disposition,
                &format!("attachment; filename=\"tiers.{word}\"")
            );
        }
        assert!(format("").unwrap().is_none() && format("json").unwrap().is_none());
        assert_eq!(
            format("xml").unwrap_err().code(),
            ErrorCode::InvalidArgument
        );
    }
}
