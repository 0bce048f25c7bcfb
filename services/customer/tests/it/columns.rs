//! Which of a file's columns a row is read from, and what becomes of the others.

use marque_api::{
    customer::v1::{GetSourceRecordRequest, SourceRecord},
    intake::v1::{ImportRow, RowOutcome},
};
use marque_auth::Role;
use marque_testkit::{ImportFile, Rig, TestDb, id_number, phone, store_test_suite};

use crate::common::{HQ, get_as};

store_test_suite!(
    two_keys_of_an_object_for_one_field_lose_nothing_and_are_told,
    an_object_is_read_by_its_own_keys,
    phones_and_id_numbers_are_masked_wherever_they_stand,
    a_row_that_bears_another_dealers_code_is_not_taken_for_the_senders,
    where_unknown_columns_stand_in_a_file_says_nothing,
);

/// The rows of a file that was taken in whole, in their order.
async fn taken(rig: &Rig, dealer: &str, file: String) -> Vec<ImportRow> {
    let import = rig.import(ImportFile::of_customers(dealer, file)).await;
    assert_eq!(import.quarantined, 0);
    let mut rows = rig.import_rows(&import.id, RowOutcome::Unspecified).await;
    rows.sort_by_key(|row| row.line);
    rows
}

async fn record(rig: &Rig, row: &ImportRow) -> SourceRecord {
    let message = GetSourceRecordRequest {
        id: row.record_id.clone(),
    };
    let got = rig
        .customer()
        .get_source_record(rig.ask(Role::Agent, HQ, message))
        .await;
    got.unwrap().into_inner().source_record.unwrap()
}

fn remarks(row: &ImportRow) -> Vec<(&str, &str)> {
    let findings = row.findings.iter();
    findings
        .map(|finding| (finding.field.as_str(), finding.rule.as_str()))
        .collect()
}

async fn two_keys_of_an_object_for_one_field_lose_nothing_and_are_told(db: TestDb) {
    let rig = Rig::new(db).await;
    let [first, second, third] = [1, 2, 3].map(phone);
    let object = format!(
        r#"{{"source_key":"N1","name":"王小明","tel":"{third}","mobile":"{second}","phone":"{first}"}}"#
    );
    let table =
        format!("source_key,name,tel,mobile,phone\r\nC1,王小明,{third},{second},{first}\r\n");
    let mut of_both = Vec::new();
    for (dealer, file) in [("D1", object), ("D2", table)] {
        let rows = taken(&rig, dealer, file).await;
        let [row] = &rows[..] else {
            panic!("one row: {rows:?}")
        };
        assert!(remarks(row).contains(&("phone", "in_two_columns")));
        of_both.push(record(&rig, row).await.columns.unwrap());
    }
    let [object, table] = &of_both[..] else {
        panic!("two records")
    };
    assert_eq!(object, table, "objects are read as tables are");
    assert!(object.phone.starts_with(&first[..3]) && object.phone.ends_with(&first[7..]));
    assert!(object.phone2.ends_with(&second[7..]));
    // The third is kept under its own header, and masked as the phone that it is.
    let kept = &object.extra["tel"];
    assert!(kept.ends_with(&third[7..]) && *kept != third);
}

async fn an_object_is_read_by_its_own_keys(db: TestDb) {
    let rig = Rig::new(db).await;
    let file = format!(
        r#"{{"source_key":"N1","name":"王小明","phone":"{}","address":"北京市朝阳区建国路88号"}}
{{"source_key":"N2","客户姓名":"李小红","mobile":"{}","addr":"上海市静安区南京西路1266号"}}
"#,
        phone(1),
        phone(2)
    );
    let rows = taken(&rig, "D1", file).await;
    assert_eq!(rows.len(), 2);
    for (row, (name, number)) in rows
        .iter()
        .zip([("王小明", phone(1)), ("李小红", phone(2))])
    {
        assert!(
            !remarks(row)
                .iter()
                .any(|(_, rule)| rule.ends_with("in_two_columns"))
        );
        let columns = record(&rig, row).await.columns.unwrap();
        assert_eq!(columns.name, name);
        assert!(columns.phone.ends_with(&number[7..]) && columns.phone2.is_empty());
        assert!(!columns.address.is_empty() && columns.extra.is_empty());
    }
}

async fn phones_and_id_numbers_are_masked_wherever_they_stand(db: TestDb) {
    let rig = Rig::new(db).await;
    let (number, id) = (phone(1), id_number(1));
    let header = "客户编号,姓名,手机,老板电话,车主证件,备注,合同日期,特殊需求";
    let row = format!(
        "C1,王小明,{},{number},{id},他的电话是{number}，身份证{id},2024-05-06,找{number}",
        phone(2)
    );
    let rows = taken(&rig, "D1", format!("{header}\r\n{row}\r\n")).await;
    let columns = record(&rig, &rows[0]).await.columns.unwrap();
    let masked = format!("{}****{}", &number[..3], &number[7..]);
    assert_eq!(columns.extra["老板电话"], masked);
    assert_eq!(columns.special_needs, format!("找{masked}"));
    assert!(columns.extra["备注"].starts_with(&format!("他的电话是{masked}，身份证")));
    for kept in columns.extra.values() {
        assert!(!kept.contains(&number) && !kept.contains(&id));
    }
    assert_eq!(
        columns.extra["合同日期"], "2024-05-06",
        "what is neither stays"
    );
    let seen = get_as(&rig, Role::Analyst, HQ, &rows[0].customer_id).await;
    assert_eq!(seen.unwrap().special_needs, [format!("找{masked}")]);
}

async fn a_row_that_bears_another_dealers_code_is_not_taken_for_the_senders(db: TestDb) {
    let rig = Rig::new(db).await;
    let file = "客户编号,姓名,经销商代码\r\nK1,王小明,D2\r\nK2,李小红,D1\r\nK3,赵大力,d1\r\nK4,陈建国,\r\n\
                K5,周晓燕,9999\r\nK6,吴志强,上海一店\r\n";
    let import = rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!((import.received, import.quarantined), (6, 2));
    let refused = rig.import_rows(&import.id, RowOutcome::Quarantined).await;
    let lines: Vec<i64> = refused.iter().map(|row| row.line).collect();
    assert_eq!(lines, [2, 6]);
    for row in &refused {
        assert!(remarks(row).contains(&("dealer", "dealer_differs")));
        assert!(row.findings.iter().all(|told| !told.message_zh.is_empty()));
    }
    let rows = rig.import_rows(&import.id, RowOutcome::Unspecified).await;
    let named = rows.iter().find(|row| row.line == 7).unwrap();
    let columns = record(&rig, named).await.columns.unwrap();
    assert_eq!(columns.extra["经销商代码"], "上海一店", "kept as it came");
    assert!(remarks(named).iter().all(|(field, _)| *field != "dealer"));
}

async fn where_unknown_columns_stand_in_a_file_says_nothing(db: TestDb) {
    let rig = Rig::new(db).await;
    for (file, expected) in [
        ("客户编号,姓名,甲,乙\r\nK1,王小明,1,2\r\n", false),
        ("客户编号,姓名,乙,甲\r\nK1,王小明,2,1\r\n", true),
        ("乙,姓名,客户编号,甲\r\n2,王小明,K1,1\r\n", true),
        ("客户编号,姓名,乙,甲\r\nK1,王小明,1,2\r\n", false),
    ] {
        let rows = taken(&rig, "D1", file.to_owned()).await;
        let is_unchanged = rows[0].outcome() == RowOutcome::Unchanged;
        assert_eq!(is_unchanged, expected, "{file}");
    }
}
