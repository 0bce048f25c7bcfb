//! The file of refused rows: it can be mended and sent again.

use marque_tabular::{CUSTOMERS, Mapping, Next, QuarantineWriter, Reason, Table};

use crate::{good, open};

const REASONS: [Reason<'static>; 2] = [
    Reason {
        field: "phone",
        code: "PHONE_INVALID",
        message: "手机号应为 11 位",
    },
    Reason {
        field: "id_number",
        code: "ID_CHECKSUM",
        message: "末位不符, \"请核对\"",
    },
];

/// Reads all rows of a file and writes each of them as refused.
fn refuse_all(table: &mut Table, mut writer: QuarantineWriter<Vec<u8>>) -> Vec<u8> {
    while table.next_row().unwrap() != Next::End {
        writer.set_headers(table.headers());
        writer.write(table.row(), &REASONS).unwrap();
    }
    writer.finish().unwrap()
}

fn table(bytes: impl Into<Vec<u8>>) -> Table {
    Table::new(open(bytes).unwrap(), &CUSTOMERS, None).unwrap()
}

#[test]
fn refused_csv_rows_come_back_with_their_reasons_and_are_read_again() {
    let mut first = table("客户编号,姓名,手机,店内备注\nK1,王,138,\"a,b\"\nK2,李,139,c,多余\n");
    let writer = QuarantineWriter::csv(Vec::new(), first.headers()).unwrap();
    let mended = refuse_all(&mut first, writer);
    let rows = good(&mut open(mended.clone()).unwrap());
    assert_eq!(
        rows[0][4..],
        [
            "2",
            "phone; id_number",
            "PHONE_INVALID; ID_CHECKSUM",
            "手机号应为 11 位; 末位不符, \"请核对\"",
            ""
        ]
    );
    assert_eq!(rows[1][8], "多余");

    let mut again = table(mended);
    let phone = CUSTOMERS.column("phone").unwrap();
    assert_eq!(again.next_row().unwrap(), Next::Row);
    assert_eq!(
        (again.get(phone), again.extras().collect::<Vec<_>>()),
        ("138", vec![("店内备注", "a,b")])
    );
    // A second round does not pile reasons upon reasons.
    let writer = QuarantineWriter::csv(Vec::new(), again.headers()).unwrap();
    let twice = refuse_all(&mut again, writer);
    assert_eq!(open(twice).unwrap().headers().len(), 4 + 5);
}

#[test]
fn no_cell_is_a_formula_while_it_is_out_and_all_are_what_they_were_when_they_come_back() {
    let cells = ["=HYPERLINK(\"\"http://x\"\")", "@王", "+86 138", "'=1"];
    let row = format!("\"{}\",{},{},{}", cells[0], cells[1], cells[2], cells[3]);
    let mut first = table(format!("客户编号,姓名,手机,店内备注\n{row}\n"));
    let mut sent = Vec::new();
    for _ in 0..2 {
        let writer = QuarantineWriter::csv(Vec::new(), first.headers()).unwrap();
        let mended = refuse_all(&mut first, writer);
        let out = good(&mut open(mended.clone()).unwrap());
        assert_eq!(
            out[0][..4],
            ["'=HYPERLINK(\"http://x\")", "'@王", "+86 138", "''=1"],
            "once out, however often"
        );
        sent = mended;
        first = table(sent.clone());
    }
    let mut again = table(sent);
    assert_eq!(again.next_row().unwrap(), Next::Row);
    let back: Vec<&str> = again.row().iter().take(4).collect();
    assert_eq!(back, ["=HYPERLINK(\"http://x\")", "@王", "+86 138", "'=1"]);
}

#[test]
fn no_header_is_a_formula_while_it_is_out_and_a_mapping_finds_it_when_it_comes_back() {
    let formula = "=HYPERLINK(\"http://x\")";
    let text = "客户编号,姓名,\"=HYPERLINK(\"\"http://x\"\")\",@电话\nK1,王,a,138\n";
    let recognised = |bytes: Vec<u8>| {
        let mapping = Mapping::new().with("phone", "@电话");
        Table::new(open(bytes).unwrap(), &CUSTOMERS, Some(mapping)).unwrap()
    };
    let mut file = text.as_bytes().to_vec();
    for _ in 0..2 {
        let mut sent = recognised(file);
        let writer = QuarantineWriter::csv(Vec::new(), sent.headers()).unwrap();
        file = refuse_all(&mut sent, writer);
        let out = open(file.clone()).unwrap();
        let guarded = [format!("'{formula}"), "'@电话".to_owned()];
        assert_eq!(out.headers()[2..4], guarded, "once out, however often");
    }
    let mut back = recognised(file);
    assert_eq!(back.headers()[2..4], [formula, "@电话"]);
    assert_eq!(back.next_row().unwrap(), Next::Row);
    assert_eq!(back.get(CUSTOMERS.column("phone").unwrap()), "138");
    assert_eq!(back.extras().collect::<Vec<_>>(), [(formula, "a")]);
}

#[test]
fn refused_objects_come_back_as_objects() {
    let mut first = table(
        "{\"source_key\":\"1\",\"name\":\"王\"}\n{\"source_key\":\"2\",\"name\":\"李\",\"extra\":{\"a\":[1]}}\n",
    );
    let writer = QuarantineWriter::ndjson(Vec::new(), first.headers());
    let mended = refuse_all(&mut first, writer);
    let mut again = table(mended);
    assert_eq!(again.next_row().unwrap(), Next::Row);
    assert_eq!(again.extras().count(), 0);
    assert_eq!(again.next_row().unwrap(), Next::Row);
    assert_eq!(
        again.extras().collect::<Vec<_>>(),
        [("extra", "{\"a\":[1]}")]
    );
}
