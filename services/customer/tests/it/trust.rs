//! What data quality says of dealers decides between what their records say.

use std::{collections::BTreeMap, time::Duration};

use marque_api::{
    customer::v1::{Customer, Lineage},
    events::v1::Event,
    quality::v1::{CheckedColumn, RecordsChecked, TrustChanged},
};
use marque_core::{Clock as _, SourceRecordId, source_record_id};
use marque_customer::Survivorship;
use marque_events::to_proto_time;
use marque_testkit::{Rig, TestDb, a_customer, id_number, phone, store_test_suite, vin};
use prost::Message as _;
use uuid::Uuid;

use crate::common::{count, get, put};

store_test_suite!(
    a_word_of_data_quality_lets_another_value_survive,
    words_that_come_again_or_late_change_nothing,
    what_is_configured_goes_before_data_quality,
    a_phone_that_a_call_found_wrong_is_not_called_again,
    what_was_found_out_is_of_what_the_record_said,
    what_was_found_out_before_a_change_is_not_of_what_it_says_since,
    an_outcome_that_is_put_right_counts_as_it_is_put_right,
    what_is_told_late_makes_no_customer_older,
);

/// The most trusted phone, and these sources trusted by hand.
fn by_trust(configured: &[(&str, f64)]) -> Survivorship {
    let chain = vec!["trusted".to_owned(), "newest".to_owned()];
    let trust = configured
        .iter()
        .map(|(source, share)| ((*source).to_owned(), *share))
        .collect();
    Survivorship::read(&BTreeMap::from([("phone".to_owned(), chain)]), &trust).unwrap()
}

/// One customer, whose first phone `D1` typed and whose second, later, `D2`.
async fn with_two_phones(rig: &Rig) -> String {
    let person = |n| {
        a_customer()
            .named("王小明")
            .with_id_number(id_number(1))
            .driving(vin(1))
            .with_phone(phone(n))
    };
    let one = put(rig, person(1).put("D1", "1")).await.customer_id;
    rig.clock().advance(Duration::from_secs(3600));
    let other = put(rig, person(2).put("D2", "2")).await.customer_id;
    assert_eq!(one, other);
    one
}

/// The `version`th word of data quality about a dealer.
fn word(position: i64, dealer: &str, version: i64, trust_percent: i32) -> Event {
    let changed = TrustChanged {
        dealer: dealer.to_owned(),
        trust_percent,
        version,
        standard: 1,
        records: 60,
    };
    Event {
        position,
        id: Uuid::from_u128(position.unsigned_abs().into()).to_string(),
        r#type: "marque.quality.trust.changed".to_owned(),
        dealer: dealer.to_owned(),
        data: changed.encode_to_vec(),
        ..Event::default()
    }
}

/// What a call at a time of the rig's found out about the phone of a dealer's record.
fn call(rig: &Rig, position: i64, (dealer, key): (&str, &str), right: bool) -> Event {
    let record: SourceRecordId = source_record_id(&dealer.parse().unwrap(), "dms", key);
    let found = CheckedColumn {
        record_id: record.to_string(),
        column: "phone".to_owned(),
        right,
        checked_at: Some(to_proto_time(rig.clock().now())),
    };
    let checked = RecordsChecked {
        columns: vec![found],
    };
    Event {
        position,
        id: Uuid::from_u128(position.unsigned_abs().into()).to_string(),
        r#type: "marque.quality.records.checked".to_owned(),
        time: Some(to_proto_time(rig.clock().now())),
        data: checked.encode_to_vec(),
        ..Event::default()
    }
}

/// The phone to call: which of the two, the rule that decided, and how far its source is trusted by whom.
fn why(customer: &Customer) -> (u32, &str, f64, &str) {
    let lineage: &Lineage = customer
        .lineage
        .iter()
        .find(|lineage| lineage.field == "phone")
        .unwrap();
    let value = &customer.contact_points[0].value;
    let which = if *value == format!("+86{}", phone(1)) {
        1
    } else {
        2
    };
    (which, &lineage.rule, lineage.trust, &lineage.trust_from)
}

async fn a_word_of_data_quality_lets_another_value_survive(db: TestDb) {
    let rig = Rig::with_survivorship(db, by_trust(&[])).await;
    let id = with_two_phones(&rig).await;
    let before = get(&rig, &id).await;
    assert_eq!(why(&before), (2, "newest", 1.0, "default"));
    let words = [word(1, "D1", 1, 90), word(2, "D2", 1, 60)];
    rig.quality_events().deliver(words).await;
    let after = get(&rig, &id).await;
    assert_eq!(why(&after), (1, "trusted", 0.9, "data_quality"));
    assert_eq!(after.version, before.version, "nothing was written");
    assert_eq!(after.trust_edition - before.trust_edition, 2);
    rig.quality_events().deliver([word(3, "D1", 2, 40)]).await;
    let later = get(&rig, &id).await;
    assert_eq!(why(&later), (2, "trusted", 0.6, "data_quality"));
    assert_eq!(later.trust_edition - before.trust_edition, 3);
}

async fn words_that_come_again_or_late_change_nothing(db: TestDb) {
    let rig = Rig::with_survivorship(db, by_trust(&[])).await;
    let id = with_two_phones(&rig).await;
    let first = [word(1, "D1", 1, 60), word(2, "D2", 2, 90)];
    rig.quality_events().deliver(first.clone()).await;
    let expected = (2, "trusted", 0.9, "data_quality");
    assert_eq!(why(&get(&rig, &id).await), expected);
    rig.quality_events().deliver(first).await;
    assert_eq!(why(&get(&rig, &id).await), expected);
    // The same word under another id, and the one before it, which comes only now.
    let late = [word(3, "D2", 2, 30), word(4, "D2", 1, 30)];
    rig.quality_events().deliver(late).await;
    assert_eq!(why(&get(&rig, &id).await), expected);
    // What is no share is set aside.
    rig.quality_events().deliver([word(5, "D2", 3, 140)]).await;
    assert_eq!(why(&get(&rig, &id).await), expected);
    let set_aside = "SELECT count(*) FROM dead_letters";
    assert_eq!(count(&rig, set_aside).await, 1);
}

async fn what_is_configured_goes_before_data_quality(db: TestDb) {
    let rig = Rig::with_survivorship(db, by_trust(&[("D1", 0.3)])).await;
    let id = with_two_phones(&rig).await;
    let words = [word(1, "D1", 1, 90), word(2, "D2", 1, 60)];
    rig.quality_events().deliver(words).await;
    let customer = get(&rig, &id).await;
    assert_eq!(why(&customer), (2, "trusted", 0.6, "data_quality"));
    rig.quality_events().deliver([word(3, "D2", 2, 25)]).await;
    let customer = get(&rig, &id).await;
    assert_eq!(why(&customer), (1, "trusted", 0.3, "configured"));
}

async fn a_phone_that_a_call_found_wrong_is_not_called_again(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = with_two_phones(&rig).await;
    let before = get(&rig, &id).await;
    assert_eq!(why(&before).0, 2, "the newest");
    let wrong = call(&rig, 1, ("D2", "2"), false);
    rig.quality_events().deliver([wrong.clone()]).await;
    let after = get(&rig, &id).await;
    assert_eq!((why(&after).0, why(&after).1), (1, "verified"));
    assert!(after.version > before.version, "other values survive");
    // Told again under another id, and of a record that is nobody's.
    let again = Event {
        id: Uuid::from_u128(99).to_string(),
        ..wrong
    };
    let nobodys = call(&rig, 3, ("D3", "9"), false);
    rig.quality_events().deliver([again, nobodys]).await;
    assert_eq!(get(&rig, &id).await, after);
    // The later call counts, in whatever order they are told.
    rig.clock().advance(Duration::from_secs(60));
    let right = call(&rig, 4, ("D2", "2"), true);
    let late = Event {
        position: 5,
        id: Uuid::from_u128(5).to_string(),
        ..call(&rig, 1, ("D2", "2"), false)
    };
    rig.clock().advance(Duration::from_secs(60));
    let last = call(&rig, 6, ("D2", "2"), true);
    rig.quality_events().deliver([last, late, right]).await;
    let confirmed = get(&rig, &id).await;
    assert_eq!((why(&confirmed).0, why(&confirmed).1), (2, "verified"));
}

async fn what_was_found_out_is_of_what_the_record_said(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = with_two_phones(&rig).await;
    let wrong = call(&rig, 1, ("D2", "2"), false);
    rig.quality_events().deliver([wrong]).await;
    assert_eq!(why(&get(&rig, &id).await).1, "verified");
    let person = |phone: String| {
        a_customer()
            .named("王小明")
            .with_id_number(id_number(1))
            .driving(vin(1))
            .with_phone(phone)
    };
    // The dealer mends something else: the phone is as wrong as it was. He mends the phone: nobody has tried it yet.
    put(&rig, person(phone(2)).who_likes("fishing").put("D2", "2")).await;
    let still = get(&rig, &id).await;
    assert_eq!((why(&still).0, why(&still).1), (1, "verified"));
    put(&rig, person(phone(3)).put("D2", "2")).await;
    let mended = get(&rig, &id).await;
    assert_eq!(
        mended.contact_points[0].value,
        format!("+86{}", phone(3)),
        "the newest"
    );
    assert_eq!(why(&mended).1, "newest");
}

async fn what_was_found_out_before_a_change_is_not_of_what_it_says_since(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = with_two_phones(&rig).await;
    let wrong = call(&rig, 1, ("D2", "2"), false);
    rig.clock().advance(Duration::from_secs(60));
    let mended = a_customer()
        .named("王小明")
        .with_id_number(id_number(1))
        .driving(vin(1))
        .with_phone(phone(3));
    put(&rig, mended.put("D2", "2")).await;
    // The call was made before he mended the phone, and its outcome comes with the file of the evening.
    rig.quality_events().deliver([wrong]).await;
    let customer = get(&rig, &id).await;
    assert_eq!(customer.contact_points[0].value, format!("+86{}", phone(3)));
    assert_eq!(why(&customer).1, "newest");
    // Whoever calls the new number is heard.
    rig.clock().advance(Duration::from_secs(60));
    let again = call(&rig, 2, ("D2", "2"), false);
    rig.quality_events().deliver([again]).await;
    let called = get(&rig, &id).await;
    assert_eq!((why(&called).0, why(&called).1), (1, "verified"));
}

async fn an_outcome_that_is_put_right_counts_as_it_is_put_right(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = with_two_phones(&rig).await;
    let told = [1, 2].map(|position| call(&rig, position, ("D2", "2"), position == 2));
    rig.quality_events().deliver(told).await;
    let customer = get(&rig, &id).await;
    assert_eq!((why(&customer).0, why(&customer).1), (2, "verified"));
}

async fn what_is_told_late_makes_no_customer_older(db: TestDb) {
    let rig = Rig::new(db).await;
    let told_at = rig.clock().now();
    rig.clock().advance(Duration::from_secs(3600));
    let id = with_two_phones(&rig).await;
    let before = get(&rig, &id).await;
    let late = Event {
        time: Some(to_proto_time(told_at)),
        ..call(&rig, 1, ("D2", "2"), false)
    };
    rig.quality_events().deliver([late]).await;
    let after = get(&rig, &id).await;
    assert_eq!(after.version, before.version + 1);
    assert_eq!(after.updated_at, before.updated_at);
}
