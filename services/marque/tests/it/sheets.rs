//! A workbook of several sheets: those with the columns are taken in, and the import says that others were not.

use std::io::{Cursor, Write as _};

use reqwest::blocking::Body;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::server::Server;

const DEALER: &str = "D001";

/// A workbook of inline strings, as programs write it.
fn workbook(sheets: &[&[&[&str]]]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, text: &str| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let mut named = String::new();
    for (number, rows) in (1..).zip(sheets) {
        named += &format!("<sheet name=\"{number}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
        let cell = |text: &&str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
        let row =
            |cells: &&[&str]| format!("<row>{}</row>", cells.iter().map(cell).collect::<String>());
        let rows: String = rows.iter().map(row).collect();
        part(
            &format!("xl/worksheets/sheet{number}.xml"),
            &format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        );
    }
    part(
        "xl/workbook.xml",
        &format!("<workbook xmlns:r=\"r\"><sheets>{named}</sheets></workbook>"),
    );
    zip.finish().unwrap().into_inner()
}

#[test]
fn rows_of_all_sheets_with_the_columns_are_taken_in_and_the_others_counted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).with_dealer(DEALER);
    let header: &[&str] = &["客户编号", "姓名", "手机"];
    let file = workbook(&[
        &[&["填写说明：请勿修改表头"]],
        &[header, &["C1", "王小明", "13912340567"]],
        &[header, &["C2", "李晓红", "13712340568"]],
    ]);
    let import = server.send("customers", DEALER, Body::from(file));
    let done = server.wait_for(import["id"].as_str().unwrap());
    assert_eq!(done["state"], "succeeded", "{done}");
    assert_eq!(done["received"], 2, "{done}");
    assert_eq!(done["unread_sheets"], 1, "{done}");
}
