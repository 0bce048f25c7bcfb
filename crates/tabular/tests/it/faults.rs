//! Broken and hostile files: each fails with its reason, and memory stays flat.

use std::io::{self, Cursor, Read};

use marque_tabular::{
    CUSTOMERS, Format, HeaderMap, Limits, Mapping, Next, PURCHASES, Problem, Reader, Row, Table,
    VISITS,
};

use crate::{open, open_as, rest};

/// A source that goes on for ever, and fails the test when it is asked for more than `allowed` bytes.
struct Endless {
    beginning: Cursor<Vec<u8>>,
    pattern: &'static [u8],
    given: usize,
    allowed: usize,
}

impl Endless {
    fn new(beginning: &str, pattern: &'static [u8], allowed: usize) -> Self {
        Self {
            beginning: Cursor::new(beginning.as_bytes().to_vec()),
            pattern,
            given: 0,
            allowed,
        }
    }
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.beginning.read(buffer)?;
        if count > 0 {
            return Ok(count);
        }
        assert!(
            self.given < self.allowed,
            "more than {} bytes were read",
            self.allowed
        );
        for (place, byte) in buffer.iter_mut().enumerate() {
            *byte = self.pattern[(self.given + place) % self.pattern.len()];
        }
        self.given += buffer.len();
        Ok(buffer.len())
    }
}

fn reason(outcome: Result<Reader, Problem>) -> &'static str {
    outcome.err().expect("the file is refused").reason()
}

/// Reads to the problem that ends the file.
fn problem_while_reading(mut reader: Reader) -> &'static str {
    let mut row = Row::new();
    loop {
        match reader.next_row(&mut row) {
            Ok(Next::End) => panic!("the file ended without a problem"),
            Ok(_) => {}
            Err(problem) => return problem.reason(),
        }
    }
}

#[test]
fn files_that_are_no_tables_are_refused_with_their_reason() {
    let cases: [(&[u8], &str); 12] = [
        (b"", "EMPTY_FILE"),
        (b"\n  \r\n\t\n", "EMPTY_FILE"),
        (b"\xEF\xBB\xBF", "EMPTY_FILE"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "NOT_TABULAR"),
        (b"%PDF-1.7 ...", "NOT_TABULAR"),
        (b"<html><table></table></html>", "NOT_TABULAR"),
        (b"[{\"a\":1}]", "NOT_TABULAR"),
        (b"a,b\x00c\x00\x00\x01\x02", "NOT_TABULAR"),
        (b"PK\x03\x04 and then nothing", "BROKEN_XLSX"),
        (b"{\"a\":1,\n", "BAD_JSON_LINE"),
        (b"a,b,a\n1,2,3\n", "DUPLICATE_HEADER"),
        (b"M\xFCller,K\xF6ln\nGr\xF6\xDFe,\xC4\n", "UNKNOWN_ENCODING"),
    ];
    for (bytes, expected) in cases {
        assert_eq!(reason(open(bytes)), expected, "{bytes:?}");
    }
    assert_eq!(reason(open_as(Format::Xlsx, "a,b\n1,2\n")), "BROKEN_XLSX");
    assert_eq!(reason(open_as(Format::Ndjson, "a,b\n")), "BAD_JSON_LINE");
    assert_eq!(
        reason(Reader::open_stream(
            Cursor::new(b"PK\x03\x04".to_vec()),
            None,
            Limits::default()
        )),
        "XLSX_NEEDS_FILE"
    );
}

#[test]
fn every_problem_says_what_to_do_in_two_languages() {
    for bytes in [
        &b""[..],
        b"%PDF",
        b"[1]",
        b"a,a\n",
        b"PK\x03\x04",
        b"{\"a\"\n",
    ] {
        let problem = open(bytes).err().unwrap();
        assert!(problem.to_string().contains(';'), "{problem}");
        assert!(
            problem.message_zh().contains('；'),
            "{}",
            problem.message_zh()
        );
    }
}

#[test]
fn a_line_without_end_fails_after_the_bound() {
    let allowed = 8 << 20;
    for beginning in [
        "",
        "a,b\n1,2\n",
        "a,b\n\"1,2\n",
        "{\"a\":\"",
        "{\"a\":1}\n{\"a\":\"",
    ] {
        let opened = Reader::open_stream(
            Endless::new(beginning, b"xyz", allowed),
            None,
            Limits::default(),
        );
        let reason = opened.map_or_else(|problem| problem.reason(), problem_while_reading);
        assert_eq!(reason, "LINE_TOO_LONG", "{beginning:?}");
    }
}

#[test]
fn a_million_columns_are_refused() {
    let many = "column,".repeat(1_000_000);
    assert_eq!(reason(open(many)), "TOO_MANY_COLUMNS");
    assert_eq!(reason(open("c1,".repeat(600))), "TOO_MANY_COLUMNS");
    let keys: Vec<_> = (0..600).map(|key| format!("\"{key}\":1")).collect();
    assert_eq!(
        reason(open(format!("{{{}}}\n", keys.join(",")))),
        "TOO_MANY_COLUMNS"
    );
}

#[test]
fn faulty_rows_are_reported_and_the_next_is_read() {
    let mut bytes = "编号,姓名\n1,王\n2\n3,李,多\n4,".as_bytes().to_vec();
    bytes.extend(b"\xFF\xFE\n5,\"open\n6,");
    bytes.extend("好\n".as_bytes());
    let outcome: Vec<_> = rest(&mut open(bytes).unwrap())
        .into_iter()
        .map(|(line, _, reason)| (line, reason))
        .collect();
    let expected = [
        (2, None),
        (3, Some("WRONG_WIDTH")),
        (4, Some("WRONG_WIDTH")),
        (5, Some("BAD_BYTES")),
        (6, Some("UNCLOSED_QUOTE")),
        (7, None),
    ];
    assert_eq!(outcome, expected);
}

#[test]
fn a_zero_character_is_a_fault_of_its_row_wherever_it_stands() {
    let row = "7,王\n".repeat(60_000);
    for (at, text) in [
        (3, "编号,姓名\n1,王\n2,李\0娜\n3,赵\n".to_owned()),
        (2, "id,name\n1,\"a\0b\"\n".to_owned()),
        (60_002, format!("编号,姓名\n{row}8,\0\n9,李\n")),
        (
            2,
            "{\"id\":1}\n{\"id\":2,\"name\":\"a\\u0000b\",\"tel\":\"1\"}\n{\"id\":3}\n".to_owned(),
        ),
    ] {
        let rows = rest(&mut open(text).unwrap());
        let bad: Vec<_> = rows
            .iter()
            .filter(|(_, _, reason)| reason.is_some())
            .collect();
        let [(line, fields, reason)] = &bad[..] else {
            panic!("one row is at fault: {bad:?}")
        };
        assert_eq!((*line, *reason), (at, Some("BAD_BYTES")));
        // What goes out to be mended has none.
        assert!(fields.iter().all(|field| !field.contains('\0')));
        assert!(fields.len() > 1 && fields[1].contains('\u{FFFD}'));
    }
}

#[test]
fn faulty_objects_are_reported_and_the_next_is_read() {
    let text = "{\"a\":1}\n{\"a\":1,\"a\":2}\nnot json\n{\"a\":1} {\"b\":2}\n\"text\"\n{\"a\":3}\n";
    let reasons: Vec<_> = rest(&mut open(text).unwrap())
        .into_iter()
        .map(|(_, _, reason)| reason)
        .collect();
    let bad = Some("BAD_JSON_LINE");
    assert_eq!(reasons, [None, Some("DUPLICATE_KEY"), bad, bad, bad, None]);
}

#[test]
fn a_field_beyond_its_bound_costs_the_row_only() {
    let long = "x".repeat(300_000);
    for text in [
        format!("a,b\n1,{long}\n2,y\n"),
        format!("{{\"a\":1}}\n{{\"a\":\"{long}\"}}\n{{\"a\":2}}\n"),
    ] {
        let reasons: Vec<_> = rest(&mut open(text).unwrap())
            .into_iter()
            .filter_map(|(_, _, reason)| reason)
            .collect();
        assert_eq!(reasons, ["FIELD_TOO_LONG"]);
    }
}

#[test]
fn an_object_where_text_is_wanted_is_refused() {
    let text = "{\"source_key\":\"1\",\"name\":\"a\"}\n{\"source_key\":\"2\",\"name\":{\"first\":\"b\"}}\n{\"source_key\":\"3\",\"name\":\"c\",\"other\":[1]}\n";
    let mut table = Table::new(open(text).unwrap(), &CUSTOMERS, None).unwrap();
    assert_eq!(table.next_row().unwrap(), Next::Row);
    let Next::Bad(problem) = table.next_row().unwrap() else {
        panic!("the name is an object")
    };
    assert_eq!((problem.line, problem.reason()), (2, "NESTED_VALUE"));
    assert_eq!(table.next_row().unwrap(), Next::Row);
    assert_eq!(table.extras().collect::<Vec<_>>(), [("other", "[1]")]);
}

#[test]
fn a_list_of_objects_under_the_name_of_a_line_is_the_lines() {
    let list = r#"[{"name":"机油"}]"#;
    let text = [
        format!(r#"{{"工单号":"1","vin":"V","维修项目":{list},"金额":"9"}}"#),
        r#"{"工单号":"2","vin":"V","维修项目":"换机油"}"#.to_owned(),
        // Another key of the same meaning, and blanks.
        r#"{"工单号":"3","vin":"V","项目名称":"保养","维修项目":[ {"name":"机油"}]}"#.to_owned(),
        r#"{"工单号":"4","vin":"V","维修项目":[]}"#.to_owned(),
        // Their own key goes first, and what is no list of objects is no line.
        format!(r#"{{"工单号":"5","vin":"V","明细":{list},"维修项目":[{{"name":"机滤"}}]}}"#),
        r#"{"工单号":"6","vin":"V","维修项目":["机油"]}"#.to_owned(),
        r#"{"工单号":"7","vin":"V","维修项目":{"name":"机油"}}"#.to_owned(),
    ];
    let mut table = Table::new(open(text.join("\n")).unwrap(), &VISITS, None).unwrap();
    let [name, lines, amount] = ["name", "lines", "amount"].map(|one| VISITS.column(one).unwrap());
    for (expected_name, expected_lines) in [
        ("", list),
        ("换机油", ""),
        ("保养", r#"[ {"name":"机油"}]"#),
        ("", "[]"),
    ] {
        assert_eq!(table.next_row().unwrap(), Next::Row);
        let read = (table.get(name), table.get(lines));
        assert_eq!(read, (expected_name, expected_lines));
        assert_eq!(table.extras().count(), 0, "{expected_name}");
    }
    for _ in 5..=7 {
        let Next::Bad(problem) = table.next_row().unwrap() else {
            panic!("the name is no text")
        };
        assert_eq!(problem.reason(), "NESTED_VALUE");
    }
    // Whoever maps the key has said what it is.
    let mapping = Mapping::new().with("name", "维修项目");
    let mut table = Table::new(open(text[0].as_str()).unwrap(), &VISITS, Some(mapping)).unwrap();
    assert!(matches!(table.next_row().unwrap(), Next::Bad(_)));
    assert_eq!(table.get(amount), "9");
}

#[test]
fn money_with_its_currency_is_its_amount_and_another_currency_is_refused() {
    let text = [
        r#"{"订单编号":"1","客户编号":"c1","金额":{"amount":"129800.00","currency":"CNY"},"日期":"2026-03-01"}"#,
        r#"{"订单编号":"2","客户编号":"c2","金额":{"currency":"CNY","amount":129800},"日期":"2026-03-02"}"#,
        r#"{"订单编号":"3","客户编号":"c3","金额":{"amount":"129800.00","currency":"USD"},"日期":"2026-03-03"}"#,
        r#"{"订单编号":"4","客户编号":"c4","金额":{"net":1},"日期":"2026-03-04"}"#,
        r#"{"订单编号":"5","客户编号":{"amount":"1","currency":"CNY"},"日期":"2026-03-05"}"#,
    ];
    let mut table = Table::new(open(text.join("\n")).unwrap(), &PURCHASES, None).unwrap();
    let place = |name| PURCHASES.column(name).unwrap();
    for (amount, date) in [("129800.00", "2026-03-01"), ("129800", "2026-03-02")] {
        assert_eq!(table.next_row().unwrap(), Next::Row);
        assert_eq!(table.get(place("amount")), amount);
        assert_eq!(
            table.get(place("date")),
            date,
            "what follows is where it was"
        );
    }
    for reason in ["CURRENCY_FOREIGN", "NESTED_VALUE", "NESTED_VALUE"] {
        let Next::Bad(problem) = table.next_row().unwrap() else {
            panic!("{reason} is a reason to refuse it")
        };
        assert_eq!(problem.reason(), reason);
    }
}

#[test]
fn a_missing_header_is_told_from_a_missing_column() {
    let recognise = |text: &str| {
        HeaderMap::recognise(open(text).unwrap().headers(), &CUSTOMERS, None)
            .unwrap_err()
            .reason()
    };
    assert_eq!(recognise("K1,王小明,13800138000\n"), "NO_HEADER");
    assert_eq!(recognise("手机,地址\n1,2\n"), "HEADER_NOT_RECOGNISED");
}
