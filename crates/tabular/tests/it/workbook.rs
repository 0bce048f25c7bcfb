//! Workbooks, made here part by part.

use std::{
    io::{self, Cursor, Read, Seek, SeekFrom, Write},
    ops::Range,
};

use marque_tabular::{CUSTOMERS, Encoding, Format, Limits, Next, Problem, Reader, Row, Table};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{good, open, rest};

const WORKBOOK: &str = r#"<workbook xmlns:r="r"><workbookPr/><sheets><sheet name="客户" sheetId="1" r:id="rId7"/><sheet name="二" r:id="rId8"/></sheets></workbook>"#;
const RELATIONS: &str = r#"<Relationships><Relationship Id="rId8" Target="worksheets/other.xml"/><Relationship Id="rId7" Target="worksheets/first.xml"/></Relationships>"#;
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;

fn zipped(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        archive
            .start_file(
                *name,
                SimpleFileOptions::default().compression_method(CompressionMethod::Deflated),
            )
            .unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn with_sheet(sheet: &str, strings: &str) -> Vec<u8> {
    zipped(&[
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/sharedStrings.xml", strings.as_bytes()),
        ("xl/worksheets/first.xml", sheet.as_bytes()),
    ])
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('\r', "&#13;")
}

/// A sheet of inline strings.
fn a_sheet(rows: &[&[&str]]) -> String {
    let cell = |text: &&str| {
        format!(
            "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
            escaped(text)
        )
    };
    let row =
        |fields: &&[&str]| format!("<row>{}</row>", fields.iter().map(cell).collect::<String>());
    let rows: String = rows.iter().map(row).collect();
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")
}

/// A workbook of inline strings.
pub(crate) fn a_workbook(rows: &[&[&str]]) -> Vec<u8> {
    with_sheet(&a_sheet(rows), "<sst/>")
}

/// Sheets with their names and rows, as programs write them.
fn with_sheets(sheets: &[(&str, &[&[&str]])]) -> Vec<u8> {
    let named: String = (1..)
        .zip(sheets)
        .map(|(number, (name, _))| format!("<sheet name=\"{name}\" r:id=\"rId{number}\"/>"))
        .collect();
    let workbook = format!("<workbook xmlns:r=\"r\"><sheets>{named}</sheets></workbook>");
    let paths: Vec<String> = (1..=sheets.len())
        .map(|number| format!("xl/worksheets/sheet{number}.xml"))
        .collect();
    let written: Vec<String> = sheets.iter().map(|(_, rows)| a_sheet(rows)).collect();
    let mut parts: Vec<(&str, &[u8])> = vec![("xl/workbook.xml", workbook.as_bytes())];
    let pairs = paths.iter().zip(&written);
    parts.extend(pairs.map(|(path, sheet)| (path.as_str(), sheet.as_bytes())));
    zipped(&parts)
}

#[test]
fn sheets_with_the_same_headers_go_on_and_the_others_are_named() {
    let bytes = with_sheets(&[
        ("空", &[]),
        ("2025", &[&["编号", "姓名"], &["1", "王"], &["2", "李"]]),
        ("说明", &[&["请勿修改"]]),
        ("2026", &[&["编号 ", "姓名", ""], &["3", "张"]]),
    ]);
    let mut reader = open(bytes.clone()).unwrap();
    assert_eq!(reader.headers(), ["编号", "姓名"]);
    assert_eq!(reader.unread_sheets(), ["说明"]);
    let rows = rest(&mut reader);
    let read: Vec<(u64, &str)> = rows.iter().map(|row| (row.0, row.1[0].as_str())).collect();
    assert_eq!(read, [(2, "1"), (3, "2"), (5, "3")], "lines are counted on");

    // A checkpoint in the second of them is found again.
    let mut again = open(bytes).unwrap();
    let mut row = Row::new();
    for _ in 0..2 {
        again.next_row(&mut row).unwrap();
    }
    let place = again.position();
    let mut resumed = open(with_sheets(&[
        ("2025", &[&["编号", "姓名"], &["1", "王"], &["2", "李"]]),
        ("2026", &[&["编号", "姓名"], &["3", "张"]]),
    ]))
    .unwrap();
    resumed.seek(place).unwrap();
    assert_eq!(good(&mut resumed), [["3", "张"]]);
}

#[test]
fn a_sheet_with_the_same_headers_in_another_order_goes_on_too() {
    let sheets: [(&str, &[&[&str]]); 4] = [
        ("1", &[&["编号", "姓名", "手机"], &["1", "王", "131"]]),
        (
            "2",
            &[
                &["手机", "编号", "姓名"],
                &["132", "2"],
                &["133", "3", "张", "x"],
            ],
        ),
        (
            "3",
            &[&["编号", "姓名", "手机", "备注"], &["4", "赵", "134", "y"]],
        ),
        ("4", &[&["编号", "姓名", "手机"], &["5", "陈", "135"]]),
    ];
    let mut reader = open(with_sheets(&sheets)).unwrap();
    assert_eq!(reader.unread_sheets(), ["3"]);
    let rows = rest(&mut reader).into_iter();
    let read: Vec<_> = rows
        .map(|(line, fields, reason)| (line, fields.join(","), reason.is_none()))
        .collect();
    let expected = [
        (2, "1,王,131", true),
        (4, "2,,132", true),
        (5, "3,张,133,x", false),
        (7, "5,陈,135", true),
    ];
    let expected = expected.map(|(line, fields, is_good)| (line, fields.to_owned(), is_good));
    assert_eq!(read, expected);
}

#[test]
fn the_sheet_that_has_the_columns_is_read_wherever_it_is() {
    let sheets: [(&str, &[&[&str]]); 3] = [
        ("填写说明", &[&["客户资料导入模板"], &["请勿修改表头"]]),
        (
            "客户",
            &[
                &["客户编号", "姓名", "手机"],
                &["C1", "王小明", "13912340567"],
            ],
        ),
        ("字典", &[&["性别"], &["男"]]),
    ];
    let file = Cursor::new(with_sheets(&sheets));
    let mut table = Table::open(file, None, Limits::default(), &CUSTOMERS, None).unwrap();
    assert_eq!(table.next_row().unwrap(), Next::Row);
    let phone = CUSTOMERS.column("phone").unwrap();
    assert_eq!(table.get(phone), "13912340567");
    assert_eq!(table.reader().unread_sheets(), ["字典", "填写说明"]);
    // Where no sheet has them, the first is meant, and what it lacks is said.
    let file = Cursor::new(with_sheets(&sheets[..1]));
    let refused = Table::open(file, None, Limits::default(), &CUSTOMERS, None).map(|_| ());
    assert_eq!(refused.unwrap_err().reason(), "NO_HEADER");
}

#[test]
fn cells_of_every_kind_become_text() {
    let strings = "<sst><si><t>编号</t></si><si><t>生日</t></si><si><r><t>王</t></r><r><t>小明 &amp; 子</t></r><rPh><t>wang</t></rPh></si><si/></sst>";
    let sheet = concat!(
        "<worksheet><dimension ref=\"A1:F4\"/><sheetData>",
        "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c><c r=\"C1\" t=\"str\"><f>X()</f><v>名</v></c><c r=\"D1\" t=\"inlineStr\"><is><t>手机</t></is></c><c r=\"E1\" t=\"inlineStr\"><is><t>有效</t></is></c></row>",
        "<row r=\"2\"/><row r=\"3\"><c r=\"A3\" s=\"1\"/></row>",
        "<row r=\"5\"><c r=\"A5\"><v>17</v></c><c r=\"B5\" s=\"1\"><v>31048</v></c><c r=\"C5\" t=\"s\"><v>2</v></c><c r=\"D5\"><v>1.3800138E10</v></c><c r=\"E5\" t=\"b\"><v>1</v></c></row>",
        "<row r=\"6\"><c r=\"B6\" s=\"2\"><v>45000.5</v></c><c r=\"D6\" t=\"s\"><v>3</v></c><c r=\"H6\" s=\"1\"/></row>",
        "</sheetData></worksheet>"
    );
    let mut reader = open(with_sheet(sheet, strings)).unwrap();
    assert_eq!(
        (reader.format(), reader.encoding()),
        (Format::Xlsx, Encoding::Utf8)
    );
    assert_eq!(reader.headers(), ["编号", "生日", "名", "手机", "有效"]);
    let rows = rest(&mut reader);
    assert_eq!(
        rows[0].1,
        ["17", "1985-01-01", "王小明 & 子", "13800138000", "true"]
    );
    assert_eq!(rows[1].1, ["", "2023-03-15 12:00:00", "", "", ""]);
    assert_eq!((rows[0].0, rows[1].0, rows.len()), (5, 6, 2));
}

#[test]
fn rows_wider_than_the_header_are_reported() {
    let mut reader = open(a_workbook(&[&["a", "b"], &["1", "2", "3"], &["4"]])).unwrap();
    let rows = rest(&mut reader);
    assert_eq!(rows[0].2, Some("WRONG_WIDTH"));
    assert_eq!(
        (&rows[1].1[..], rows[1].2),
        (&["4".to_owned(), String::new()][..], None)
    );
}

/// The problem that ends a workbook, at its opening or later.
#[track_caller]
fn ends_with(bytes: Vec<u8>, limits: Limits) -> Problem {
    let mut reader = match Reader::open(Cursor::new(bytes), None, limits) {
        Ok(reader) => reader,
        Err(problem) => return problem,
    };
    let mut row = Row::new();
    loop {
        match reader.next_row(&mut row) {
            Ok(Next::End) => panic!(
                "the workbook ended without a problem at line {}",
                row.line()
            ),
            Ok(_) => {}
            Err(problem) => return problem,
        }
    }
}

#[test]
fn bombs_are_refused_wherever_they_are() {
    let blanks = " ".repeat(2 << 20);
    let sheet = |inside: &str| format!("<worksheet><sheetData>{inside}</sheetData></worksheet>");
    let rows = "<row/>".repeat(2 << 20);
    let deep = "<a>".repeat(100_000);
    let empty_strings = format!("<sst>{}</sst>", "<si/>".repeat(3 << 20));
    let header = "<row><c><v>1</v></c></row>";
    let wide: String = "<c><v>1</v></c>".repeat(1_000_000);
    let cases = [
        (with_sheet(&sheet(&rows), "<sst/>"), "ZIP_BOMB"),
        (
            with_sheet(
                &sheet(&format!("<row><c><v>1</v></c></row>{blanks}")),
                "<sst/>",
            ),
            "LINE_TOO_LONG",
        ),
        (
            with_sheet(
                &sheet(header),
                &format!("<sst>{}</sst>", "<si><t>ab</t></si>".repeat(1 << 20)),
            ),
            "ZIP_BOMB",
        ),
        (
            with_sheet(
                &sheet(header),
                &format!("<sst><si><t>{blanks}</t></si></sst>"),
            ),
            "LINE_TOO_LONG",
        ),
        (with_sheet(&sheet(header), &empty_strings), "ZIP_BOMB"),
        (
            with_sheet(&sheet(&format!("{header}<row><c><v>{deep}")), "<sst/>"),
            "BROKEN_XLSX",
        ),
        (
            with_sheet(&sheet(&format!("<row>{wide}</row>")), "<sst/>"),
            "ZIP_BOMB",
        ),
        (
            with_sheet(
                &sheet(&format!("<row>{}</row>", &wide[..15 * 2000])),
                "<sst/>",
            ),
            "TOO_MANY_COLUMNS",
        ),
    ];
    for (place, (bytes, expected)) in cases.into_iter().enumerate() {
        assert!(bytes.len() < 1 << 20, "packed, it is small: case {place}");
        assert_eq!(
            ends_with(bytes, Limits::default()).reason(),
            expected,
            "case {place}"
        );
    }
    let limits = Limits {
        max_shared_strings_bytes: 1 << 20,
        max_inflated_ratio: 2000,
        ..Limits::default()
    };
    assert_eq!(
        ends_with(with_sheet(&sheet(header), &empty_strings), limits).reason(),
        "TOO_MUCH_TEXT"
    );
}

#[test]
fn sheets_together_inflate_no_further_than_one_may() {
    let long = "x".repeat(100);
    let row: &[&str] = &[&long];
    let rows = vec![row; 300];
    let limits = Limits {
        max_inflated_bytes: 120 << 10,
        ..Limits::default()
    };
    let workbook = |sheets: usize| {
        let named = ["1", "2", "3"].map(|name| (name, rows.as_slice()));
        Cursor::new(with_sheets(&named[..sheets]))
    };
    let mut reader = Reader::open(workbook(2), None, limits.clone()).unwrap();
    assert_eq!(rest(&mut reader).len(), 2 * 299);
    let refused = ends_with(workbook(3).into_inner(), limits);
    assert_eq!(refused.reason(), "ZIP_BOMB");
}

/// A file of which the disk does not give some bytes.
struct Failing(Cursor<Vec<u8>>, Range<u64>);

impl Read for Failing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.1.contains(&self.0.position()) {
            return Err(io::Error::other("the disk"));
        }
        self.0.read(into)
    }
}

impl Seek for Failing {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_sheet_that_the_disk_does_not_give_is_not_passed_over() {
    let rows: &[&[&str]] = &[&["编号"], &["1"]];
    let bytes = with_sheets(&[("1", rows), ("2", rows)]);
    let place_of = |wanted: &[u8]| {
        let place = bytes.windows(wanted.len()).position(|part| part == wanted);
        place.unwrap() as u64
    };
    let name = b"xl/worksheets/sheet2.xml";
    let packed = place_of(name) + name.len() as u64..place_of(b"PK\x01\x02");
    let file = Failing(Cursor::new(bytes), packed);
    let refused = Reader::open(file, None, Limits::default()).map(|_| ());
    assert_eq!(refused.unwrap_err().reason(), "READ_FAILED");
}

#[test]
fn a_workbook_that_the_disk_does_not_give_is_not_broken() {
    let numbers = (1..500).map(|number| (number * 7919 % 10_007).to_string());
    let numbers: Vec<String> = numbers.collect();
    let cells: Vec<[&str; 1]> = numbers.iter().map(|number| [number.as_str()]).collect();
    let rows: Vec<&[&str]> = cells.iter().map(<[&str; 1]>::as_slice).collect();
    let bytes = with_sheets(&[("1", rows.as_slice())]);
    assert!(bytes.len() > 1024, "more than is read of the end at once");
    let behind = 1..bytes.len() as u64;
    let file = Failing(Cursor::new(bytes), behind);
    let refused = Reader::open(file, None, Limits::default()).map(|_| ());
    assert_eq!(refused.unwrap_err().reason(), "READ_FAILED");
}

#[test]
fn a_log_can_say_why_a_workbook_is_broken_and_nothing_of_what_stands_in_it() {
    let whole = a_workbook(&[&["a"], &["1"]]);
    let half = whole[..whole.len() / 2].to_vec();
    let wrong_end = "<worksheet><sheetData><row><c><v>金丝雀</v></金丝雀></row>";
    for bytes in [half, with_sheet(wrong_end, "<sst/>")] {
        let problem = ends_with(bytes, Limits::default());
        assert_eq!(problem.reason(), "BROKEN_XLSX");
        let cause = problem.cause().unwrap();
        assert!(!cause.is_empty() && !cause.contains("金丝雀"), "{cause}");
        assert!(problem.to_string().contains(&*cause));
    }
}

#[test]
fn a_sheet_that_is_named_twice_is_read_once() {
    const TWICE: &str = r#"<workbook xmlns:r="r"><sheets><sheet name="1" r:id="rId1"/><sheet name="2" r:id="rId2"/></sheets></workbook>"#;
    const ONE_PART: &str = r#"<Relationships><Relationship Id="rId1" Target="worksheets/a.xml"/><Relationship Id="rId2" Target="worksheets/a.xml"/></Relationships>"#;
    let sheet = a_sheet(&[&["编号"], &["1"]]);
    let bytes = zipped(&[
        ("xl/workbook.xml", TWICE.as_bytes()),
        ("xl/_rels/workbook.xml.rels", ONE_PART.as_bytes()),
        ("xl/worksheets/a.xml", sheet.as_bytes()),
    ]);
    assert_eq!(good(&mut open(bytes).unwrap()), [["1"]]);
}

#[test]
fn broken_workbooks_are_refused() {
    let whole = a_workbook(&[&["a"], &["1"], &["2"]]);
    for cut in [10, whole.len() / 2, whole.len() - 5] {
        assert_eq!(
            ends_with(whole[..cut].to_vec(), Limits::default()).reason(),
            "BROKEN_XLSX"
        );
    }
    let cases = [
        with_sheet(
            "<worksheet><sheetData><row><c t=\"s\"><v>9</v></c></row>",
            "<sst/>",
        ),
        with_sheet(
            "<worksheet><sheetData><row><c r=\"A1\"><v>1</v></c></row><row><c r=\"B2\"><v>1</v></c><c r=\"A2\"><v>1</v></c></row></sheetData></worksheet>",
            "<sst/>",
        ),
        with_sheet("<!DOCTYPE a [<!ENTITY b \"c\">]><worksheet/>", "<sst/>"),
        with_sheet("<worksheet><sheetData><row><c><v>1", "<sst/>"),
        zipped(&[("hello.txt", b"hello")]),
    ];
    for (place, bytes) in cases.into_iter().enumerate() {
        assert_eq!(
            ends_with(bytes, Limits::default()).reason(),
            "BROKEN_XLSX",
            "case {place}"
        );
    }
    assert_eq!(
        ends_with(
            with_sheet("<worksheet><sheetData/></worksheet>", "<sst/>"),
            Limits::default()
        )
        .reason(),
        "EMPTY_FILE"
    );
}

#[test]
fn a_workbook_with_1904_dates_counts_from_there() {
    let bytes = zipped(&[
        ("xl/workbook.xml", WORKBOOK.replace("<workbookPr/>", "<workbookPr date1904=\"1\"/>").as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/worksheets/sheet1.xml", br#"<worksheet><sheetData><row><c t="str"><v>d</v></c></row><row><c s="1"><v>43538</v></c></row></sheetData></worksheet>"#),
    ]);
    assert_eq!(good(&mut open(bytes).unwrap()), [["2023-03-15"]]);
}
