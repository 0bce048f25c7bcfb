//! What rows join, and what they may not: late evidence beside a steward's word, and rows of one file that follow each
//! other.

use std::{fmt::Write as _, time::Duration};

use marque_testkit::{
    ImportFile, Rig, TestDb, a_customer, id_number, phone, store_test_suite, vin,
};

use crate::common::{count, duplicates, get, left_behind, merge, put, undo};

store_test_suite!(
    a_stewards_word_outlives_a_merge,
    a_row_of_three_does_not_join_two_who_were_parted,
    a_customer_is_joined_once_by_one_file,
    a_customer_with_older_records_is_not_merged_away,
);

const NAME: &str = "欧阳晓岚";

/// A steward's word that two are different: joined by hand, and taken back.
async fn part(rig: &Rig, one: &str, other: &str) {
    rig.clock().advance(Duration::from_secs(1));
    let merged = merge(rig, one, other).await.unwrap();
    undo(rig, &merged.merge_id).await.unwrap();
    rig.clock().advance(Duration::from_secs(1));
}

async fn a_stewards_word_outlives_a_merge(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named(NAME);
    let one = put(&rig, person().with_phone(phone(1)).put("D1", "1")).await;
    let other = put(&rig, person().with_id_number(id_number(1)).put("D2", "2")).await;
    part(&rig, &one.customer_id, &other.customer_id).await;
    let third = put(&rig, person().driving(vin(1)).put("D3", "3")).await;
    merge(&rig, &one.customer_id, &third.customer_id)
        .await
        .unwrap();
    rig.clock().advance(Duration::from_secs(1));
    let both = person().with_phone(phone(1)).with_id_number(id_number(1));
    put(&rig, both.put("D1", "4")).await;
    assert_ne!(
        get(&rig, &one.customer_id).await.id,
        get(&rig, &other.customer_id).await.id,
        "parted under his number of then"
    );
}

async fn a_row_of_three_does_not_join_two_who_were_parted(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named(NAME);
    let best = put(&rig, person().with_id_number(id_number(1)).put("D1", "1")).await;
    let by_phone = put(&rig, person().with_phone(phone(1)).put("D2", "2")).await;
    let by_vin = put(&rig, person().driving(vin(1)).put("D3", "3")).await;
    part(&rig, &by_phone.customer_id, &by_vin.customer_id).await;
    let all = person()
        .with_id_number(id_number(1))
        .with_phone(phone(1))
        .driving(vin(1));
    let row = put(&rig, all.put("D1", "4")).await;
    assert_eq!(row.customer_id, best.customer_id);
    let (one, other) = (
        get(&rig, &by_phone.customer_id).await,
        get(&rig, &by_vin.customer_id).await,
    );
    assert_ne!(one.id, other.id);
    assert_eq!(
        duplicates(&rig, "open").await.len(),
        2,
        "which of the two he is, the steward says, not the order of the evidence"
    );
}

/// Two hundred others, so that a name says something of who is who.
async fn others(rig: &Rig) {
    let surnames: Vec<char> = "李王张刘陈杨赵黄周吴".chars().collect();
    let given: Vec<char> = "志强建国丽华文博海燕春梅玉兰明辉雪松".chars().collect();
    let mut file = String::from(HEADER);
    for n in 0..200 {
        let (one, two) = (given[n / 10 % 18], given[(n * 7 + n / 18) % 18]);
        let (surname, phone) = (surnames[n % 10], phone(1000 + n as u32));
        writeln!(file, "O{n},{surname}{one}{two},,{phone},,\r").unwrap();
    }
    rig.import(ImportFile::of_customers("D3", file)).await;
}

const HEADER: &str = "客户编号,姓名,身份证号,手机,联系电话,车架号\r\n";

async fn a_customer_is_joined_once_by_one_file(db: TestDb) {
    let rig = Rig::new(db).await;
    others(&rig).await;
    let older = a_customer()
        .named(NAME)
        .with_phone(phone(3))
        .with_id_number(id_number(1));
    let older = put(&rig, older.put("D2", "2")).await.customer_id;
    // More records than are looked at for one phone.
    let mut file = String::from(HEADER);
    for n in 1..=70 {
        writeln!(file, "K{n},{NAME},,{},,\r", phone(1)).unwrap();
    }
    rig.import(ImportFile::of_customers("D1", file)).await;
    let customers = "SELECT count(*) FROM customers WHERE merged_into IS NULL";
    assert_eq!(count(&rig, customers).await, 202);
    rig.clock().advance(Duration::from_secs(1));
    // The first row joins the two; the second changes a record that nobody looked at.
    let file = format!(
        "{HEADER}N1,{NAME},{number},{one},{other},\r\nK1,{NAME},{number},{one},{other},\r\n",
        number = id_number(1),
        one = phone(1),
        other = phone(3),
    );
    rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!(get(&rig, &older).await.source_records, 72);
    assert_eq!(count(&rig, customers).await, 201);
    assert_eq!(count(&rig, "SELECT count(*) FROM moves").await, 1);
    assert_eq!(left_behind(&rig).await, 0);
}

async fn a_customer_with_older_records_is_not_merged_away(db: TestDb) {
    let rig = Rig::new(db).await;
    let other = a_customer()
        .named("李小红")
        .with_phone(phone(2))
        .with_id_number(id_number(2));
    let other = put(&rig, other.put("D2", "9")).await.customer_id;
    let person = a_customer().named(NAME).with_phone(phone(1));
    let his = put(&rig, person.put("D1", "K1")).await.customer_id;
    let mut file = String::from(HEADER);
    for n in 2..=18 {
        writeln!(file, "K{n},{NAME},,{},,\r", phone(1)).unwrap();
    }
    rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!(get(&rig, &his).await.source_records, 18);
    // All that are compared turn out to be another's; the two oldest stay whose they are.
    let mut file = String::from(HEADER);
    for n in 3..=18 {
        writeln!(file, "K{n},李小红,{},{},,\r", id_number(2), phone(2)).unwrap();
    }
    rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!(get(&rig, &other).await.source_records, 17);
    assert_eq!(left_behind(&rig).await, 0);
    let left = get(&rig, &his).await;
    assert_eq!((left.id, left.source_records), (his, 2));
}
