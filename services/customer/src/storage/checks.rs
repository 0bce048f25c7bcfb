//! What calls and letters found out about columns of records, and since when columns say something else: a line each, beside the record.

use marque_core::{CustomerSerial, SourceRecordId, Timestamp};
use marque_db::{Conn, StoreError};

use super::{CustomerStore, customers::read_serial};
use crate::domain::ColumnCheck;

impl CustomerStore {
    /// Notes what was found out about a record, unless a later word is known; gives the customer if anything is new. Of two words of
    /// one time the one that is told last is the other put right.
    pub(crate) fn note_check(
        &self,
        conn: &mut Conn<'_>,
        record: SourceRecordId,
        check: ColumnCheck,
    ) -> Result<Option<CustomerSerial>, StoreError> {
        let sql = "SELECT seq, customer, checked FROM source_records WHERE id = ?1";
        let found = conn.query_opt(sql, &[record.uuid().into()], |row| {
            let (seq, customer) = (row.get::<i64>(0)?, read_serial(row, 1)?);
            Ok((seq, customer, row.get::<String>(2)?))
        })?;
        // Not a customer's record, or one that is forgotten.
        let Some((seq, customer, checked)) = found else {
            return Ok(None);
        };
        let mut checks = read(&checked);
        let is_known = |known: &ColumnCheck| {
            *known == check || known.column == check.column && known.at > check.at
        };
        if checks.iter().any(is_known) {
            return Ok(None);
        }
        checks.retain(|known| known.column != check.column);
        checks.push(check);
        self.put_checks(conn, seq, &checks)?;
        Ok(Some(customer))
    }

    /// Keeps what is known of a record in place of what was.
    fn put_checks(
        &self,
        conn: &mut Conn<'_>,
        seq: i64,
        checks: &[ColumnCheck],
    ) -> Result<(), StoreError> {
        conn.execute(
            "UPDATE source_records SET checked = ?2 WHERE seq = ?1",
            &[seq.into(), (&write(checks)).into()],
        )?;
        Ok(())
    }
}

/// Writes the lines.
pub(super) fn write(checks: &[ColumnCheck]) -> String {
    let lines = checks.iter().map(|check| {
        let verdict = match check.is_right {
            Some(true) => "right",
            Some(false) => "wrong",
            None => "since",
        };
        format!("{verdict} {} {}\n", check.at.as_micros(), check.column)
    });
    lines.collect()
}

/// Reads the lines; one that makes no sense is passed over.
pub(super) fn read(lines: &str) -> Vec<ColumnCheck> {
    let check = |line: &str| {
        let (verdict, rest) = line.split_once(' ')?;
        let (at, column) = rest.split_once(' ')?;
        Some(ColumnCheck {
            column: column.to_owned(),
            is_right: match verdict {
                "right" => Some(true),
                "wrong" => Some(false),
                "since" => None,
                _ => return None,
            },
            at: Timestamp::from_micros(at.parse().ok()?),
        })
    };
    lines.lines().filter_map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let check = |column: &str, is_right, at| ColumnCheck {
            column: column.to_owned(),
            is_right,
            at: Timestamp::from_micros(at),
        };
        let checks = [
            check("phone", Some(false), 7),
            check("", Some(true), 9),
            check("address", None, 11),
        ];
        assert_eq!(read(&write(&checks)), checks);
        for none in ["", "right then phone", "perhaps 7 phone"] {
            assert!(read(none).is_empty(), "{none}");
        }
    }
}
