//! What is written is read back, and nothing that comes in makes the reader panic.

use std::io::Cursor;

use marque_tabular::{CsvWriter, Encoding, Format, Limits, NdjsonWriter, Next, Reader, Row};
use proptest::{collection::vec, prelude::*};

use crate::{good, open_as, rest, workbook::a_workbook};

const WIDTH: usize = 4;

/// Tables of fields with all that has a meaning in one of the formats.
fn tables() -> impl Strategy<Value = Vec<Vec<String>>> {
    vec(
        vec("[a-z\"',;\t\n\\\\{}<>& 王李号Ａ９é𠮷]{0,12}", WIDTH),
        0..12,
    )
}

fn headers() -> Vec<String> {
    ["key", "名", "c", "d"].map(str::to_owned).to_vec()
}

/// Rows of nothing but blanks are passed over by the reader.
fn with_value(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    rows.iter()
        .filter(|row| row.iter().any(|field| !field.trim().is_empty()))
        .cloned()
        .collect()
}

fn read_to_the_end(bytes: &[u8], format: Option<Format>) {
    let limits = Limits {
        max_line_bytes: 4096,
        max_field_bytes: 1024,
        max_columns: 16,
        ..Limits::default()
    };
    let Ok(mut reader) = Reader::open(Cursor::new(bytes.to_vec()), format, limits) else {
        return;
    };
    let mut row = Row::new();
    while let Ok(Next::Row | Next::Bad(_)) = reader.next_row(&mut row) {}
}

proptest! {
    #[test]
    fn csv_is_read_back(rows in tables(), is_gb18030: bool) {
        let encoding = if is_gb18030 { Encoding::Gb18030 } else { Encoding::Utf8 };
        let mut writer = CsvWriter::new(Vec::new(), encoding);
        for row in std::iter::once(&headers()).chain(&rows) {
            writer.write(row.iter().map(String::as_str)).unwrap();
        }
        let mut reader = open_as(Format::Csv, writer.finish().unwrap()).unwrap();
        prop_assert_eq!(reader.headers(), headers());
        prop_assert_eq!(good(&mut reader), with_value(&rows));
    }

    #[test]
    fn our_csv_is_what_the_csv_crate_reads(rows in tables()) {
        let mut writer = CsvWriter::new(Vec::new(), Encoding::Utf8);
        for row in std::iter::once(&headers()).chain(&rows) {
            writer.write(row.iter().map(String::as_str)).unwrap();
        }
        let bytes = writer.finish().unwrap();
        let theirs: Vec<Vec<String>> = csv::Reader::from_reader(&bytes[..]).deserialize().map(Result::unwrap).collect();
        prop_assert_eq!(theirs, rows);
    }

    #[test]
    fn what_the_csv_crate_writes_is_read(rows in tables()) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in std::iter::once(&headers()).chain(&rows) {
            writer.write_record(row).unwrap();
        }
        let mut reader = open_as(Format::Csv, writer.into_inner().unwrap()).unwrap();
        prop_assert_eq!(good(&mut reader), with_value(&rows));
    }

    #[test]
    fn ndjson_is_read_back(rows in tables()) {
        let mut writer = NdjsonWriter::new(Vec::new());
        for row in std::iter::once(&headers()).chain(&rows) {
            for (header, field) in headers().iter().zip(row) {
                writer.field(header, field).unwrap();
            }
            writer.end_record().unwrap();
        }
        let read = rest(&mut open_as(Format::Ndjson, writer.finish().unwrap()).unwrap());
        let fields: Vec<_> = read.into_iter().skip(1).map(|(_, fields, _)| fields).collect();
        prop_assert_eq!(fields, rows);
    }

    #[test]
    fn workbooks_are_read_back(rows in tables()) {
        let names = headers();
        let all: Vec<Vec<&str>> = std::iter::once(&names).chain(&rows).map(|row| row.iter().map(String::as_str).collect()).collect();
        let slices: Vec<&[&str]> = all.iter().map(Vec::as_slice).collect();
        let read = good(&mut open_as(Format::Xlsx, a_workbook(&slices)).unwrap());
        // A cell of blanks is a cell without value.
        let blanked = |row: &Vec<String>| row.iter().map(|field| if field.trim().is_empty() { String::new() } else { field.clone() }).collect();
        let expected: Vec<Vec<String>> = with_value(&rows).iter().map(blanked).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..2000)) {
        for format in [None, Some(Format::Csv), Some(Format::Ndjson), Some(Format::Xlsx)] {
            read_to_the_end(&bytes, format);
        }
    }

    #[test]
    fn near_tables_never_panic(text in "[a,;\"\t\n\r{}:\\[\\]\\\\1王é]{0,300}") {
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let gb18030 = encoding_rs::GB18030.encode(&text).0;
        for bytes in [text.as_bytes(), &utf16, &gb18030] {
            for format in [None, Some(Format::Csv), Some(Format::Ndjson)] {
                read_to_the_end(bytes, format);
            }
        }
    }

    #[test]
    fn damaged_workbooks_never_panic(place in 0_usize..1500, byte: u8) {
        let mut bytes = a_workbook(&[&["a", "b"], &["1", "2"], &["3", "4"]]);
        let place = place % bytes.len();
        bytes[place] = byte;
        read_to_the_end(&bytes, Some(Format::Xlsx));
    }
}
