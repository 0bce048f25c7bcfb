//! Files that cannot be read fail whole, with a reason; others are read whatever their encoding.

use marque_api::intake::v1::ImportState;
use marque_testkit::{ImportFile, Rig, TestDb, store_test_suite};

use crate::common::{clean_file, count};

store_test_suite!(
    a_file_that_cannot_be_read_fails_whole,
    encodings_and_formats_are_found_out,
    the_spool_is_left_empty,
    a_file_broken_off_is_not_left_in_the_spool
);

async fn a_file_that_cannot_be_read_fails_whole(db: TestDb) {
    let rig = Rig::new(db).await;
    let cut_off = [
        clean_file(50).into_bytes(),
        b"C98,\xff\xfe\xff,,\r\nC99,\"never closed,,\r\n".to_vec(),
    ]
    .concat();
    let too_wide = format!("{}\r\n1\r\n", vec!["x"; 1_000_000].join(","));
    let too_long = [clean_file(3).into_bytes(), vec![b'x'; 3 << 20]].concat();
    let files: [(&str, Vec<u8>); 7] = [
        ("EMPTY_FILE", Vec::new()),
        ("EMPTY_FILE", b"\xef\xbb\xbf".to_vec()),
        ("NO_HEADER", b"1,2,3\r\n4,5,6\r\n".to_vec()),
        (
            "HEADER_NOT_RECOGNISED",
            "客户编号,手机\r\nC1,13900000001\r\n".as_bytes().to_vec(),
        ),
        ("TOO_MANY_COLUMNS", too_wide.into_bytes()),
        ("LINE_TOO_LONG", too_long),
        (
            "NOT_TABULAR",
            [b"%PDF-1.7\n".to_vec(), vec![0; 4000]].concat(),
        ),
    ];
    for (reason, bytes) in files {
        let import = rig.import(ImportFile::of_customers("D1", bytes)).await;
        assert_eq!(
            (import.state(), import.problem_reason.as_str()),
            (ImportState::Failed, reason)
        );
        assert!(
            !import.problem_detail.is_empty(),
            "{reason} says what to do"
        );
        assert_eq!(import.received, 0);
    }
    let faulty = rig.import(ImportFile::of_customers("D2", cut_off)).await;
    assert!(
        faulty.state() == ImportState::Failed || faulty.quarantined > 0,
        "no row of broken bytes is taken in"
    );
    let broken = rig
        .import(
            ImportFile::of_customers("D1", b"PK\x03\x04 no workbook".to_vec()).in_format("xlsx"),
        )
        .await;
    assert_eq!(
        (broken.state(), broken.problem_reason.as_str()),
        (ImportState::Failed, "BROKEN_XLSX")
    );
    let sql = "SELECT count(*) FROM source_records WHERE dealer = 'D1'";
    let stored: Option<i64> = rig
        .customer_db()
        .read(move |c| c.query_opt(sql, &[], |row| row.get(0)))
        .await
        .unwrap();
    assert_eq!(stored, Some(0), "nothing is half done");
}

async fn encodings_and_formats_are_found_out(db: TestDb) {
    let rig = Rig::new(db).await;
    let file = clean_file(20);
    let (gb18030, _, _) = encoding_rs::GB18030.encode(&file);
    let utf16 = file.encode_utf16().flat_map(u16::to_le_bytes);
    let lines: Vec<String> = file
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            format!(
                r#"{{"客户编号":"{}","姓名":"{}","身份证号":"{}","手机":"{}"}}"#,
                fields[0], fields[1], fields[2], fields[3]
            )
        })
        .collect();
    rig.import(ImportFile::of_customers("D1", file.clone()))
        .await;
    for bytes in [
        gb18030.into_owned(),
        [vec![0xff, 0xfe], utf16.collect()].concat(),
        file.replace(',', "\t").into_bytes(),
        lines.join("\n").into_bytes(),
    ] {
        let import = rig.import(ImportFile::of_customers("D1", bytes)).await;
        assert_eq!(
            (import.state(), import.problem_reason.as_str()),
            (ImportState::Succeeded, "")
        );
        assert_eq!(import.unchanged, 20, "the same rows in another dress");
    }
}

async fn the_spool_is_left_empty(db: TestDb) {
    let rig = Rig::new(db).await;
    rig.import(ImportFile::of_customers("D1", clean_file(20)))
        .await;
    rig.import(ImportFile::of_customers("D1", "no header"))
        .await;
    assert_eq!(count(rig.customer_db(), "imports").await, 2);
    rig.until_nothing_is_spooled().await;
}

async fn a_file_broken_off_is_not_left_in_the_spool(db: TestDb) {
    let rig = Rig::new(db).await;
    rig.break_off(ImportFile::of_customers("D1", clean_file(20)))
        .await;
    assert_eq!(rig.spooled_files(), 0);
    assert_eq!(count(rig.customer_db(), "imports").await, 0);
}
