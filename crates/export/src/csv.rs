//! Comma-separated values (RFC 4180).

use csv::{Terminator, WriterBuilder};

use crate::{Cell, Kind, Table, WriteError};

pub(crate) fn write(table: &Table) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(&mut bytes);
    writer.write_record(table.columns().iter().map(|column| &column.name))?;
    for row in table.rows() {
        let kinds = table.columns().iter().map(|column| column.kind);
        writer.write_record(row.iter().zip(kinds).map(text))?;
    }
    writer.flush().map_err(csv::Error::from)?;
    drop(writer);
    Ok(bytes)
}

fn text((cell, kind): (&Cell, Kind)) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => harmless(text),
        Cell::Number(number) if kind == Kind::Integer => format!("{number:.0}"),
        Cell::Number(number) => number.to_string(),
    }
}

/// A text that a spreadsheet would take for a formula gets an apostrophe before it.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Cell, Column, Format, Kind, Table};

    #[test]
    fn texts_are_quoted_where_they_must_and_formulas_made_harmless() {
        let columns = vec![
            Column::new("group", Kind::Text),
            Column::new("share", Kind::Number),
        ];
        let rows = vec![
            vec![Cell::from("一店, \"北\""), Cell::from(0.5)],
            vec![Cell::from("=1+1"), Cell::Empty],
        ];
        let table = Table::new(columns, rows).unwrap();
        let text = String::from_utf8(Format::Csv.write(&table).unwrap()).unwrap();
        assert_eq!(
            text,
            "group,share\r\n\"一店, \"\"北\"\"\",0.5\r\n'=1+1,\r\n"
        );
    }
}
