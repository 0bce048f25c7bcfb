//! Files that cannot be right: a clear problem each, nothing half done, memory flat.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{Cursor, Read, Write as _},
};

use reqwest::blocking::Body;
use serde_json::Value;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::server::Server;

const DEALER: &str = "D001";
/// What the server may grow by over all of them, in MB.
const GROWTH: u64 = 200;

#[test]
fn a_file_that_cannot_be_right_is_refused_whole_and_costs_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).with_dealer(DEALER);
    let before = server.memory_mb();
    let mut wide = vec![b','; 1_000_000];
    wide.splice(0..0, *b"source_key,name");
    let cases: [(&str, Body, &[&str]); 8] = [
        ("empty", Body::from(""), &["EMPTY_FILE"]),
        ("no header", Body::from("1,2\n3,4\n"), &["NO_HEADER"]),
        (
            "a million columns",
            Body::from(wide),
            &["TOO_MANY_COLUMNS", "LINE_TOO_LONG"],
        ),
        ("a line of a gigabyte", gigabyte(), &["LINE_TOO_LONG"]),
        ("a bomb", Body::from(bomb()), &["ZIP_BOMB", "LINE_TOO_LONG"]),
        (
            "no spreadsheet",
            Body::from(&b"PK\x03\x04nothing"[..]),
            &["BROKEN_XLSX"],
        ),
        (
            "a picture",
            Body::from(&b"\x89PNG\r\n\x1a\n\0\0"[..]),
            &["NOT_TABULAR"],
        ),
        (
            "no encoding at all",
            Body::from(&b"source_key,name\n1,\xff\xfe\xff\x00\x80\n"[..]),
            &["UNKNOWN_ENCODING", "BAD_BYTES", "NO_HEADER"],
        ),
    ];
    for (what, file, reasons) in cases {
        let import = server.send("customers", DEALER, file);
        let seen = match import["id"].as_str() {
            Some(id) => server.wait_for(id),
            // Refused before it was an import.
            None => import,
        };
        let told = seen.to_string();
        assert!(
            reasons.iter().any(|reason| told.contains(reason)),
            "{what}: {told}"
        );
        assert!(
            seen["received"].as_u64().unwrap_or(0) == 0,
            "{what}: {told}"
        );
    }
    assert_eq!(count(&server), 0, "nothing is half done");
    let after = server.memory_mb();
    assert!(
        after < before + GROWTH,
        "{before} MB before, {after} MB after"
    );
}

#[test]
fn the_log_says_why_a_file_was_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (data, path) = (folder.path().join("data"), folder.path().join("log"));
    let log = File::create(&path).unwrap();
    let server = Server::start_telling(&data, &[("MARQUE__TELEMETRY__LOG", "info")], &log)
        .with_dealer(DEALER);
    let import = server.send("customers", DEALER, &b"PK\x03\x04nothing"[..]);
    let id = import["id"].as_str().unwrap();
    assert_eq!(server.wait_for(id)["state"], "failed");
    server.kill();
    let log = fs::read_to_string(&path).unwrap();
    let refusal = log.lines().find(|line| line.contains("import failed"));
    let refusal = refusal.unwrap_or_default();
    for word in [id, "BROKEN_XLSX", "cause"] {
        assert!(refusal.contains(word), "{word}: {refusal}");
    }
}

#[test]
fn rows_of_the_wrong_width_come_back_and_the_others_are_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).with_dealer(DEALER);
    let file = "source_key,name,phone\n1,王小明,13800138001\n2,李小红\n3,赵大力,13800138003,extra,more\n4,陈建国,13800138004\n";
    let import = server.send("customers", DEALER, file);
    let seen = server.wait_for(import["id"].as_str().unwrap());
    assert_eq!(seen["state"], "succeeded");
    assert_eq!(
        (seen["received"].as_u64(), seen["quarantined"].as_u64()),
        (Some(4), Some(2))
    );
    assert_eq!(count(&server), 2);
}

#[test]
fn two_files_of_the_same_people_at_once_end_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path())
        .with_dealer(DEALER)
        .with_dealer("D002");
    let file = |from: usize| {
        let mut text = String::from("source_key,name,phone\n");
        for n in from..from + 400 {
            let (given, phone) = (names(n), 12_345_678 + n * 7);
            writeln!(text, "K{n},欧阳{given},139{phone:08}").unwrap();
        }
        text
    };
    let imports: Vec<Value> = [("D001", 0), ("D002", 200), ("D001", 100)]
        .map(|(dealer, from)| server.send("customers", dealer, file(from)))
        .into();
    for import in &imports {
        let seen = server.wait_for(import["id"].as_str().unwrap());
        assert_eq!(seen["state"], "succeeded");
        assert_eq!(seen["quarantined"], 0);
    }
    let counts = server.get("/v1/customers/count");
    assert_eq!(counts["source_records"], 500 + 400);
    assert_eq!(count(&server), 600);
}

/// Two characters of a given name, different for each.
fn names(n: usize) -> String {
    let letters: Vec<char> = "晓岚志强建国丽华文博海燕春梅玉兰明辉雪松".chars().collect();
    [
        letters[n % letters.len()],
        letters[n / letters.len() % letters.len()],
    ]
    .iter()
    .collect()
}

fn count(server: &Server) -> u64 {
    let counts = server.get("/v1/customers/count");
    counts["persons"].as_u64().unwrap() + counts["organizations"].as_u64().unwrap()
}

/// A header and a row that never ends.
fn gigabyte() -> Body {
    let header = Cursor::new("source_key,name\n1,");
    Body::new(header.chain(std::io::repeat(b'x').take(1 << 30)))
}

/// A spreadsheet whose one sheet inflates to half a gigabyte.
fn bomb() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    let parts = [
        (
            "[Content_Types].xml",
            r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
    ];
    for (name, text) in parts {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    zip.write_all(br#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c t="inlineStr"><is><t>"#)
        .unwrap();
    let zeros = vec![b'0'; 1 << 20];
    for _ in 0..512 {
        zip.write_all(&zeros).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
