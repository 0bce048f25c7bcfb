//! Reading from a checkpoint gives the rows that reading from the beginning gives.

use std::io::Cursor;

use marque_tabular::{Format, Limits, Reader, Row};

use crate::{open, rest, workbook::a_workbook};

const TEXT: &str = "编号,姓名,备注\n1,王,\"两\n行\"\n2,李𠮷,好\n坏\n3,赵,\"a\"\"b\"\n\n4,钱,末\n";

fn check(bytes: &[u8], open: fn(&[u8]) -> Reader) {
    let whole = rest(&mut open(bytes));
    for skipped in 0..=whole.len() {
        let mut first = open(bytes);
        let mut row = Row::new();
        for _ in 0..skipped {
            first.next_row(&mut row).unwrap();
        }
        let mut second = open(bytes);
        second.seek(first.position()).unwrap();
        assert_eq!(
            rest(&mut second),
            whole[skipped..],
            "{skipped} of {}",
            whole.len()
        );
    }
}

fn from_file(bytes: &[u8]) -> Reader {
    open(bytes).unwrap()
}

fn from_stream(bytes: &[u8]) -> Reader {
    Reader::open_stream(Cursor::new(bytes.to_vec()), None, Limits::default()).unwrap()
}

#[test]
fn a_text_file_resumes_in_every_encoding() {
    let utf16 = |mark: Option<u16>| -> Vec<u8> {
        mark.into_iter()
            .chain(TEXT.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    let with_mark = [b"\xEF\xBB\xBF", TEXT.as_bytes()].concat();
    let gb18030 = encoding_rs::GB18030.encode(TEXT).0.into_owned();
    for bytes in [
        TEXT.as_bytes().to_vec(),
        with_mark,
        gb18030,
        utf16(Some(0xFEFF)),
        utf16(None),
    ] {
        check(&bytes, from_file);
        check(&bytes, from_stream);
    }
}

#[test]
fn objects_resume() {
    let text = "{\"a\":1,\"b\":\"x\"}\n\n{\"b\":\"y\",\"a\":2}\nbad\n{\"a\":3}\n";
    check(text.as_bytes(), from_file);
    check(text.as_bytes(), from_stream);
}

#[test]
fn a_workbook_resumes() {
    let bytes = a_workbook(&[
        &["a", "b"],
        &["1", "x"],
        &["2", "y"],
        &["3", "z", "too wide"],
        &["4", ""],
    ]);
    check(&bytes, from_file);
}

#[test]
fn a_checkpoint_of_another_file_is_refused() {
    let mut reader = open("a\n1\n2\n").unwrap();
    assert_eq!(reader.format(), Format::Csv);
    let mut position = reader.position();
    position.row = 40;
    let bytes = a_workbook(&[&["a"], &["1"]]);
    assert_eq!(
        open(bytes).unwrap().seek(position).unwrap_err().reason(),
        "BAD_POSITION"
    );
    position.byte = 4000;
    let mut stream = from_stream(b"a\n1\n2\n");
    assert_eq!(stream.seek(position).unwrap_err().reason(), "BAD_POSITION");
    assert!(reader.seek(position).is_err());
}
