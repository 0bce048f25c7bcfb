//! What becomes of each row.

use marque_api::intake::v1::{ImportState, RowOutcome};
use marque_testkit::{ImportFile, Rig, TestDb, id_number, phone, store_test_suite};

use crate::common::{clean_file, count};

store_test_suite!(
    each_row_has_its_outcome,
    columns_that_nothing_is_read_from_are_named,
    the_same_file_again_changes_nothing,
    a_file_with_a_key_twice_changes_nothing_the_second_time,
    a_dry_run_tells_all_and_writes_nothing,
    quarantined_rows_can_be_mended_and_sent_again,
    a_file_of_faults_alone_is_quarantined_batch_by_batch,
);

async fn each_row_has_its_outcome(db: TestDb) {
    let rig = Rig::new(db).await;
    let file = format!(
        "客户编号,姓名,身份证号,手机,爱好\r\n\
         C1,王小明,{},{},\r\n\
         C2,李小红,12345,{},\r\n\
         ,赵大力,{},{},\r\n\
         C4,陈建国\r\n\
         C5,周晓燕,{},{},下棋\r\n",
        id_number(1),
        phone(1),
        phone(2),
        id_number(3),
        phone(3),
        id_number(5),
        phone(5),
    );
    let import = rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!(import.state(), ImportState::Succeeded);
    let counts = (
        import.received,
        import.accepted,
        import.with_findings,
        import.quarantined,
        import.unchanged,
    );
    assert_eq!(counts, (5, 2, 1, 2, 0));
    let lines = async |outcome| -> Vec<i64> {
        rig.import_rows(&import.id, outcome)
            .await
            .iter()
            .map(|row| row.line)
            .collect()
    };
    assert_eq!(lines(RowOutcome::Accepted).await, [2, 6]);
    assert_eq!(lines(RowOutcome::AcceptedWithFindings).await, [3]);
    assert_eq!(lines(RowOutcome::Quarantined).await, [4, 5]);
    let rows = rig.import_rows(&import.id, RowOutcome::Unspecified).await;
    assert_eq!(rows.len(), 5);
    let with_id = &rows[1].findings;
    assert!(
        with_id
            .iter()
            .any(|finding| finding.field == "id_number" && !finding.message_zh.is_empty())
    );
    assert!(
        rows[3]
            .findings
            .iter()
            .any(|finding| finding.rule == "wrong_width")
    );
    assert!(rows[0].customer_id.starts_with("cus_") && rows[0].record_id.starts_with("src_"));
}

async fn columns_that_nothing_is_read_from_are_named(db: TestDb) {
    let rig = Rig::new(db).await;
    let file = format!(
        "客户编号,姓名,手机,联系电话,老板电话,星座,\r\nC1,王小明,{},{},,天秤,\r\n",
        phone(1),
        phone(2)
    );
    let import = rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!(import.unread_columns, ["老板电话", "星座"]);
    let objects = format!(
        "{{\"id\":\"C2\",\"name\":\"李小红\",\"tel\":\"{}\"}}\n{{\"id\":\"C3\",\"name\":\"赵大力\",\"shoe\":\"42\"}}\n",
        phone(3)
    );
    let import = rig.import(ImportFile::of_customers("D1", objects)).await;
    assert_eq!(import.unread_columns, ["shoe"]);
}

async fn the_same_file_again_changes_nothing(db: TestDb) {
    let rig = Rig::with_batches_of(db, 40).await;
    let first = rig
        .import(ImportFile::of_customers("D1", clean_file(150)))
        .await;
    assert_eq!((first.received, first.unchanged), (150, 0));
    let events = count(rig.customer_db(), "outbox").await;
    let again = rig
        .import(ImportFile::of_customers("D1", clean_file(150)))
        .await;
    assert_eq!(
        (again.received, again.unchanged, again.accepted),
        (150, 150, 0)
    );
    assert_eq!(
        count(rig.customer_db(), "outbox").await,
        events,
        "nobody is told of nothing"
    );
    let sql = "SELECT max(version) FROM source_records";
    let version: Option<i64> = rig
        .customer_db()
        .read(move |c| c.query_opt(sql, &[], |row| row.get(0)))
        .await
        .unwrap();
    assert_eq!(version, Some(1));
}

async fn a_file_with_a_key_twice_changes_nothing_the_second_time(db: TestDb) {
    let rig = Rig::new(db).await;
    let file = format!(
        "客户编号,姓名,手机\r\nC1,王小明,{}\r\nC1,王小明,{}\r\n",
        phone(1),
        phone(2)
    );
    let first = rig
        .import(ImportFile::of_customers("D1", file.clone()))
        .await;
    assert_eq!((first.received, first.unchanged), (2, 0));
    let again = rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!((again.received, again.unchanged), (2, 2));
    assert_eq!(count(rig.customer_db(), "source_records").await, 1);
}

async fn a_dry_run_tells_all_and_writes_nothing(db: TestDb) {
    let rig = Rig::with_batches_of(db, 40).await;
    let mut file = clean_file(100);
    file.push_str(&format!(",王小明,{},\r\n", id_number(1)));
    let import = rig
        .import(ImportFile::of_customers("D1", file).as_dry_run())
        .await;
    assert_eq!(
        (import.state(), import.dry_run),
        (ImportState::Succeeded, true)
    );
    assert_eq!(
        (import.received, import.accepted, import.quarantined),
        (101, 100, 1)
    );
    assert_eq!(
        rig.import_rows(&import.id, RowOutcome::Unspecified)
            .await
            .len(),
        101
    );
    for table in [
        "source_records",
        "customers",
        "record_keys",
        "key_segments",
        "stale_keys",
        "duplicates",
        "outbox",
    ] {
        assert_eq!(count(rig.customer_db(), table).await, 0, "{table}");
    }
    let real = rig
        .import(ImportFile::of_customers("D1", clean_file(100)))
        .await;
    assert_eq!(real.accepted, 100, "the rehearsal left no trace");
}

async fn quarantined_rows_can_be_mended_and_sent_again(db: TestDb) {
    let rig = Rig::with_batches_of(db, 10).await;
    let mut file = clean_file(30);
    file.push_str(&format!(
        "\"C,98\",\"\",,\"a \"\"quoted\"\" phone\"\r\n,赵大力,{},{}\r\n",
        id_number(99),
        phone(99)
    ));
    let import = rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!(import.quarantined, 2);
    let given_back = String::from_utf8(rig.quarantine_file(&import.id).await).unwrap();
    assert!(
        given_back.starts_with("\u{feff}"),
        "spreadsheet programs know it by its mark"
    );
    assert_eq!(given_back.lines().count(), 3, "a header and two rows");
    assert!(given_back.contains("\"C,98\"") && given_back.contains("marque_reason"));
    let mended = given_back
        .replace("a \"\"quoted\"\" phone", &phone(98))
        .replace("\"C,98\",", "\"C,98\",孙伟")
        .replace("\r\n,赵大力", "\r\nC99,赵大力");
    let again = rig.import(ImportFile::of_customers("D1", mended)).await;
    assert_eq!(
        (again.state(), again.received, again.quarantined),
        (ImportState::Succeeded, 2, 0),
        "{given_back}"
    );
    assert_eq!(count(rig.customer_db(), "source_records").await, 32);
    let none = rig
        .import(ImportFile::of_customers("D1", clean_file(30)))
        .await;
    let empty = String::from_utf8(rig.quarantine_file(&none.id).await).unwrap();
    assert_eq!(empty.lines().count(), 1, "the header alone");
}

async fn a_file_of_faults_alone_is_quarantined_batch_by_batch(db: TestDb) {
    let rig = Rig::with_batches_of(db, 100).await;
    let mut file = String::from("客户编号,姓名,手机\r\n");
    for _ in 0..1250 {
        file.push_str("one field\r\n");
    }
    let import = rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!((import.received, import.quarantined), (1250, 1250));
    assert_eq!(
        count(rig.customer_db(), "import_batches").await,
        13,
        "memory does not grow with the file"
    );
    let file = String::from_utf8(rig.quarantine_file(&import.id).await).unwrap();
    assert_eq!(file.lines().count(), 1251, "over three pages, one header");
}
