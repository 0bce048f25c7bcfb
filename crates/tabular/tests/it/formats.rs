//! The formats and encodings, each with the same table in it.

use marque_tabular::{CUSTOMERS, CsvWriter, Encoding, Format, Limits, Next, Table};

use crate::{good, open, rest};

const TABLE: [[&str; 3]; 3] = [
    ["客户编号", "姓名", "备注"],
    ["K1", "王小明", "说“好”,\n\"行\""],
    ["K2", "欧阳娜娜", ""],
];

fn csv(delimiter: char) -> String {
    let quoted = |field: &&str| format!("\"{}\"", field.replace('"', "\"\""));
    let lines = TABLE.iter().map(|row| {
        row.iter()
            .map(quoted)
            .collect::<Vec<_>>()
            .join(&delimiter.to_string())
    });
    lines.map(|line| line + "\r\n").collect()
}

fn utf16(text: &str, mark: bool, big_endian: bool) -> Vec<u8> {
    let units = mark
        .then_some(0xFEFF)
        .into_iter()
        .chain(text.encode_utf16());
    units
        .flat_map(|unit| {
            if big_endian {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn every_encoding_and_separator_gives_the_same_rows() {
    let with_mark = |text: &str| [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    for delimiter in [',', ';', '\t'] {
        let text = csv(delimiter);
        let files = [
            (text.as_bytes().to_vec(), Encoding::Utf8),
            (with_mark(&text), Encoding::Utf8),
            (
                encoding_rs::GB18030.encode(&text).0.into_owned(),
                Encoding::Gb18030,
            ),
            (utf16(&text, true, false), Encoding::Utf16Le),
            (utf16(&text, true, true), Encoding::Utf16Be),
            (utf16(&text, false, false), Encoding::Utf16Le),
        ];
        for (bytes, encoding) in files {
            let mut reader = open(bytes).unwrap();
            assert_eq!(
                (reader.format(), reader.encoding()),
                (Format::Csv, encoding),
                "{delimiter:?}"
            );
            assert_eq!(reader.headers(), TABLE[0]);
            assert_eq!(
                good(&mut reader),
                [TABLE[1], TABLE[2]],
                "{encoding:?} {delimiter:?}"
            );
        }
    }
}

#[test]
fn lines_are_counted_through_quoted_line_breaks() {
    let lines: Vec<_> = rest(&mut open(csv(',')).unwrap())
        .into_iter()
        .map(|(line, ..)| line)
        .collect();
    assert_eq!(lines, [2, 4]);
}

#[test]
fn ascii_at_first_and_chinese_later_is_read_in_either_encoding() {
    let mut text = String::from("key,name\n");
    text.extend((0..20_000).map(|row| format!("{row},somebody plain\n")));
    text.push_str("last,王小明\n");
    for bytes in [
        text.as_bytes().to_vec(),
        encoding_rs::GB18030.encode(&text).0.into_owned(),
    ] {
        let rows = good(&mut open(bytes).unwrap());
        assert_eq!(rows.last().unwrap(), &["last", "王小明"]);
    }
}

#[test]
fn line_ends_blank_lines_and_a_separator_line_do_not_matter() {
    for text in [
        "a,b\n1,2\n3,4",
        "a,b\r\n1,2\r\n\r\n3,4\r\n",
        "sep=,\r\na,b\r\n1,2\r\n,\r\n3,4\r\n",
        "\n\na,b\n1,2\n\n3,4\n\n",
        "a,b\r1,2\r\r3,4\r",
        "\"a\",b\r1,\"2\"\r3,4",
    ] {
        let mut reader = open(text).unwrap();
        assert_eq!(reader.headers(), ["a", "b"], "{text:?}");
        assert_eq!(good(&mut reader), [["1", "2"], ["3", "4"]], "{text:?}");
    }
}

#[test]
fn a_line_within_a_cell_does_not_say_what_ends_rows() {
    for (text, cell) in [
        ("a,b\r1,\"x\ny\"\r3,4\r", "x\ny"),
        ("a,b\n1,\"x\ry\"\n3,4\n", "x\ry"),
    ] {
        let mut reader = open(text).unwrap();
        assert_eq!(reader.headers(), ["a", "b"], "{text:?}");
        assert_eq!(good(&mut reader), [["1", cell], ["3", "4"]], "{text:?}");
    }
}

#[test]
fn quotes_in_the_middle_of_a_field_are_part_of_it() {
    let mut reader = open("a,b\n5\" disc,\"x\"y\n\"\",\"\"\"\"\n").unwrap();
    assert_eq!(good(&mut reader), [["5\" disc", "xy"], ["", "\""]]);
}

#[test]
fn objects_become_rows_and_new_keys_columns() {
    let text = concat!(
        "{\"id\":\"1\",\"name\":\"王\\u5c0f\",\"phone\":13800138000}\n\n",
        "{\"name\":null,\"lines\":[{\"code\":\"A\"}],\"id\":110105194912310021,\"ok\":true,\"price\":1.50}\n",
    );
    let mut reader = open(text).unwrap();
    assert_eq!(
        (reader.format(), reader.headers().len()),
        (Format::Ndjson, 3)
    );
    assert_eq!(
        good(&mut reader),
        [
            vec!["1", "王小", "13800138000"],
            vec![
                "110105194912310021",
                "",
                "",
                "[{\"code\":\"A\"}]",
                "true",
                "1.50"
            ]
        ]
    );
    assert_eq!(
        reader.headers(),
        ["id", "name", "phone", "lines", "ok", "price"]
    );
}

#[test]
fn the_first_object_may_leave_out_what_is_not_known_but_its_key() {
    let open_table = |text: &str| {
        let file = std::io::Cursor::new(text.to_owned().into_bytes());
        Table::open(file, None, Limits::default(), &CUSTOMERS, None)
    };
    let mut table = open_table(concat!(
        "{\"客户编号\":\"K1\",\"手机\":\"13912340567\"}\n",
        "{\"客户编号\":\"K2\",\"姓名\":\"王小明\"}\n",
    ))
    .unwrap();
    let name = CUSTOMERS.column("name").unwrap();
    for expected in ["", "王小明"] {
        assert_eq!(table.next_row().unwrap(), Next::Row);
        assert_eq!(table.get(name), expected);
    }
    let refused = open_table("{\"手机\":\"13912340567\"}\n").err();
    assert_eq!(refused.unwrap().reason(), "HEADER_NOT_RECOGNISED");
}

#[test]
fn what_the_writer_writes_is_read_back_in_gb18030() {
    let mut writer = CsvWriter::new(Vec::new(), Encoding::Gb18030);
    for row in TABLE {
        writer.write(row).unwrap();
    }
    let mut reader = open(writer.finish().unwrap()).unwrap();
    assert_eq!(
        (reader.encoding(), reader.headers()),
        (Encoding::Gb18030, TABLE[0].map(str::to_owned).as_slice())
    );
    assert_eq!(good(&mut reader), [TABLE[1], TABLE[2]]);
}

#[test]
fn the_reference_file_of_many_dealers_is_read_whole() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/dealers/customers_20k.csv"
    );
    let Ok(file) = std::fs::File::open(path) else {
        eprintln!("skipped: {path} is not there");
        return;
    };
    let mut table = Table::open(file, None, Limits::default(), &CUSTOMERS, None).unwrap();
    let column = |name: &str| CUSTOMERS.column(name).unwrap();
    let wanted = [
        "source_key",
        "kind",
        "name",
        "id_number",
        "phone",
        "plate",
        "vin",
        "address",
        "birthday",
        "gender",
        "contact_name",
        "recorded_at",
        "dealer",
    ];
    for name in wanted {
        assert!(
            table.header_map().source_column(column(name)).is_some(),
            "{name}"
        );
    }
    let extras: Vec<_> = table
        .header_map()
        .extras()
        .iter()
        .map(|(_, header)| header.as_str())
        .collect();
    assert_eq!(extras, ["source", "mileage", "cluster"]);
    let mut rows = 0;
    while table.next_row().unwrap() == Next::Row {
        rows += 1;
        assert!(!table.get(column("source_key")).is_empty());
    }
    assert_eq!((rows, table.next_row().unwrap()), (20_000, Next::End));
}
