//! Late evidence, and the steward's desk around it.

use std::time::Duration;

use marque_api::customer::v1::{
    CheckDuplicateRequest, CheckDuplicateResponse, DecideDuplicateRequest, DecideDuplicateResponse,
    Duplicate, Evidence, GetMatcherRequest, MergeRequest, UndoRequest, UndoResponse,
};
use marque_auth::{Role, Scope};
use marque_testkit::{
    ImportFile, Rig, TestDb, a_customer, id_number, phone, store_test_suite, vin,
};
use tonic::Status;

use crate::common::{HQ, acts, count, dealer, duplicates, get, merge, put, reason};

store_test_suite!(
    late_evidence_joins_two_customers_and_can_be_undone,
    late_evidence_in_one_file_ends_like_row_by_row,
    stewards_who_disagree_come_to_light,
    a_merge_against_a_word_comes_to_light,
    headquarters_parts_whom_two_stewards_dispute,
    a_dispute_on_which_later_acts_stand_stays_one,
    a_dispute_that_is_put_off_stays_one,
    the_matcher_learns_only_from_words_that_stand,
    the_model_shows_what_stewards_taught_it,
    a_pair_put_off_leaves_the_queue,
    a_waterfall_says_in_words_what_weighs_and_what_does_not,
    a_preview_changes_nothing,
    a_dealer_learns_that_somebody_is_known_and_no_more,
    a_check_is_likely_wherever_saving_the_row_would_ask_a_steward,
);

/// One known by his phone, one by his number, and the record that has both.
async fn who_turn_out_to_be_one(rig: &Rig) -> [String; 3] {
    let person = || a_customer().named("欧阳晓岚");
    let by_phone = put(rig, person().with_phone(phone(1)).put("D1", "1")).await;
    let by_number = put(rig, person().with_id_number(id_number(1)).put("D2", "2")).await;
    assert_ne!(by_phone.customer_id, by_number.customer_id);
    rig.clock().advance(Duration::from_secs(1));
    let both = person().with_phone(phone(1)).with_id_number(id_number(1));
    let both = put(rig, both.put("D3", "3")).await;
    [
        by_phone.customer_id,
        by_number.customer_id,
        both.customer_id,
    ]
}

async fn late_evidence_joins_two_customers_and_can_be_undone(db: TestDb) {
    let rig = Rig::new(db).await;
    let [one, other, both] = who_turn_out_to_be_one(&rig).await;
    assert_eq!(one, both, "the older one stays");
    let joined = get(&rig, &other).await;
    assert_eq!((&joined.id, joined.source_records), (&one, 3));
    assert!(acts(&rig, &one).await.contains(&"merged".to_owned()));
    let merge: Option<String> = rig
        .customer_db()
        .read(|conn| {
            let sql = "SELECT id, reason FROM moves WHERE actor = 'linkage'";
            conn.query_opt(sql, &[], |row| {
                assert!(row.get::<String>(1)?.starts_with("late evidence"));
                Ok(format!("mrg_{}", row.get::<uuid::Uuid>(0)?.simple()))
            })
        })
        .await
        .unwrap();
    undo(&rig, &merge.unwrap(), false).await.unwrap();
    let (first, second) = (get(&rig, &one).await, get(&rig, &other).await);
    assert_ne!(first.id, second.id);
    assert_eq!(first.source_records + second.source_records, 3);
    // Taken back is a word too: the same evidence does not join them again.
    let again = a_customer()
        .named("欧阳晓岚")
        .with_phone(phone(1))
        .with_id_number(id_number(1))
        .who_likes("fishing");
    put(&rig, again.put("D3", "3")).await;
    assert_ne!(get(&rig, &other).await.id, one);
}

async fn late_evidence_in_one_file_ends_like_row_by_row(db: TestDb) {
    let rig = Rig::new(db).await;
    let file = format!(
        "客户编号,姓名,身份证号,手机\r\nC1,欧阳晓岚,,{}\r\nC2,欧阳晓岚,{number},\r\nC3,欧阳晓岚,{number},{}\r\n",
        phone(1),
        phone(1),
        number = id_number(1),
    );
    rig.import(ImportFile::of_customers("D1", file)).await;
    let person = a_customer().named("欧阳晓岚").with_phone(phone(1));
    let fourth = put(&rig, person.put("D2", "4")).await;
    assert_eq!(get(&rig, &fourth.customer_id).await.source_records, 4);
    let merged: Option<i64> = rig
        .customer_db()
        .read(|conn| {
            let sql = "SELECT count(*) FROM customers WHERE merged_into IS NOT NULL";
            conn.query_opt(sql, &[], |row| row.get(0))
        })
        .await
        .unwrap();
    assert_eq!(merged, Some(1));
}

async fn undo(rig: &Rig, id: &str, preview: bool) -> Result<UndoResponse, Status> {
    rig.clock().advance(Duration::from_secs(1));
    let message = UndoRequest {
        merge_id: id.to_owned(),
        preview,
    };
    let request = rig.ask(Role::Steward, HQ, message);
    Ok(rig.customer().undo(request).await?.into_inner())
}

/// Two whom only a steward can tell apart.
async fn a_pair(rig: &Rig) -> Duplicate {
    let person = |n| {
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .with_id_number(id_number(n))
    };
    put(rig, person(1).put("D1", "1")).await;
    put(rig, person(2).put("D2", "2")).await;
    duplicates(rig, "open").await.remove(0)
}

async fn decide(
    rig: &Rig,
    who: (&str, Role),
    pair: &Duplicate,
    decision: &str,
) -> Result<DecideDuplicateResponse, Status> {
    rig.clock().advance(Duration::from_secs(1));
    let message = DecideDuplicateRequest {
        id: pair.id.clone(),
        decision: decision.to_owned(),
        reason: "asked him".to_owned(),
    };
    let request = rig.ask_as(who.0, who.1, HQ, message);
    Ok(rig.customer().decide_duplicate(request).await?.into_inner())
}

async fn stewards_who_disagree_come_to_light(db: TestDb) {
    let rig = Rig::new(db).await;
    let pair = a_pair(&rig).await;
    let (anna, boris) = (("anna", Role::Steward), ("boris", Role::Steward));
    decide(&rig, anna, &pair, "different").await.unwrap();
    let again = decide(&rig, anna, &pair, "different").await.unwrap_err();
    assert_eq!(reason(again), "DECIDED_ALREADY");
    let disputed = decide(&rig, boris, &pair, "same").await.unwrap();
    assert_eq!(disputed.merge_id, "", "nothing happens by one word of two");
    let found = duplicates(&rig, "disputed").await.remove(0);
    let words: Vec<(&str, &str)> = found
        .decisions
        .iter()
        .map(|word| (word.actor.as_str(), word.decision.as_str()))
        .collect();
    assert_eq!(words, [("anna", "different"), ("boris", "same")]);
    let settled = decide(&rig, ("chief", Role::HqAdmin), &pair, "same").await;
    assert_ne!(settled.unwrap().merge_id, "");
    assert!(duplicates(&rig, "disputed").await.is_empty());
}

async fn a_merge_against_a_word_comes_to_light(db: TestDb) {
    let rig = Rig::new(db).await;
    let pair = a_pair(&rig).await;
    let (anna, boris) = (("anna", Role::Steward), ("boris", Role::Steward));
    decide(&rig, anna, &pair, "different").await.unwrap();
    let message = MergeRequest {
        customer_id: pair.right.clone().unwrap().id,
        into: pair.left.clone().unwrap().id,
        reason: "seen his papers".to_owned(),
        preview: false,
        expected_version: 0,
    };
    let merged = rig
        .customer()
        .merge(rig.ask_as(boris.0, boris.1, HQ, message))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(duplicates(&rig, "disputed").await.len(), 1);
    let chief = ("chief", Role::HqAdmin);
    let settled = decide(&rig, chief, &pair, "same").await.unwrap();
    assert_eq!(settled.merge_id, "", "they are one already");
    assert!(duplicates(&rig, "disputed").await.is_empty());
    // Taking back what another did is a word as well.
    let message = UndoRequest {
        merge_id: merged.merge_id,
        preview: false,
    };
    let request = rig.ask_as(anna.0, anna.1, HQ, message);
    rig.customer().undo(request).await.unwrap();
    assert_eq!(duplicates(&rig, "disputed").await.len(), 1);
}

/// A pair that one steward merged and another calls different, and the id of the merge.
async fn a_dispute(rig: &Rig) -> (Duplicate, String) {
    let pair = a_pair(rig).await;
    let merged = decide(rig, ("anna", Role::Steward), &pair, "same").await;
    decide(rig, ("boris", Role::Steward), &pair, "different")
        .await
        .unwrap();
    let disputed = duplicates(rig, "disputed").await.remove(0);
    (disputed, merged.unwrap().merge_id)
}

fn ids(pair: &Duplicate) -> [String; 2] {
    [&pair.left, &pair.right].map(|side| side.as_ref().unwrap().id.clone())
}

async fn headquarters_parts_whom_two_stewards_dispute(db: TestDb) {
    let rig = Rig::new(db).await;
    let (disputed, merge) = a_dispute(&rig).await;
    let [one, other] = ids(&disputed);
    assert_ne!(one, other, "each as he was before he was merged");
    assert_eq!(get(&rig, &one).await.id, get(&rig, &other).await.id);
    let records = [&disputed.left, &disputed.right].map(|side| side.as_ref().unwrap());
    assert_eq!(records.map(|side| side.source_records), [1, 1]);
    let veto = "two different valid identity numbers";
    let is_veto = |line: &Evidence| line.finding == veto;
    assert!(
        disputed.evidence.iter().any(is_veto),
        "the one against the other: {:?}",
        disputed.evidence
    );

    let settled = decide(&rig, ("chief", Role::HqAdmin), &disputed, "different").await;
    let settled = settled.unwrap();
    assert_eq!(settled.duplicate.unwrap().state, "different");
    assert_eq!(settled.merge_id, "", "nothing was merged");
    assert_ne!(get(&rig, &one).await.id, get(&rig, &other).await.id);
    assert!(acts(&rig, &one).await.contains(&"undone".to_owned()));
    let again = undo(&rig, &merge, false).await.unwrap_err();
    assert_eq!(reason(again), "UNDONE_ALREADY");
    let told = "SELECT count(*) FROM outbox WHERE kind = 'marque.customer.customers.merged'";
    assert_eq!(count(&rig, told).await, 2, "merged, and taken back");
    let words = duplicates(&rig, "different").await.remove(0).decisions;
    let words: Vec<&str> = words.iter().map(|word| word.actor.as_str()).collect();
    assert_eq!(words, ["anna", "boris", "chief"], "each said one word");
}

async fn a_dispute_on_which_later_acts_stand_stays_one(db: TestDb) {
    let rig = Rig::new(db).await;
    let (disputed, _) = a_dispute(&rig).await;
    let [one, other] = ids(&disputed);
    let third = a_customer().named("欧阳晓岚").with_phone(phone(7));
    let third = put(&rig, third.put("D3", "3")).await.customer_id;
    rig.clock().advance(Duration::from_secs(1));
    let stays = get(&rig, &one).await.id;
    let later = merge(&rig, &third, &stays).await.unwrap().merge_id;
    let chief = ("chief", Role::HqAdmin);
    let refused = decide(&rig, chief, &disputed, "different").await;
    let refused = refused.unwrap_err();
    assert!(refused.message().contains(&later), "{}", refused.message());
    assert_eq!(reason(refused), "SUPERSEDED");
    let still = duplicates(&rig, "disputed").await.remove(0);
    assert_eq!(still.decisions.len(), 2, "headquarters' word was not taken");
    assert_eq!(ids(&still), ids(&disputed));
    undo(&rig, &later, false).await.unwrap();
    decide(&rig, chief, &disputed, "different").await.unwrap();
    assert_ne!(get(&rig, &one).await.id, get(&rig, &other).await.id);
}

async fn a_dispute_that_is_put_off_stays_one(db: TestDb) {
    let rig = Rig::new(db).await;
    let (boris, chief) = (("boris", Role::Steward), ("chief", Role::HqAdmin));
    let (pair, _) = a_dispute(&rig).await;
    let put_off = decide(&rig, chief, &pair, "later").await.unwrap();
    assert_eq!(put_off.duplicate.unwrap().state, "disputed", "merged");
    decide(&rig, chief, &pair, "different").await.unwrap();
    decide(&rig, boris, &pair, "same").await.unwrap();
    let put_off = decide(&rig, chief, &pair, "later").await.unwrap();
    assert_eq!(put_off.duplicate.unwrap().state, "disputed", "parted");
}

async fn the_matcher_learns_only_from_words_that_stand(db: TestDb) {
    let rig = Rig::new(db).await;
    let learnt = async || {
        let request = rig.ask(Role::Analyst, HQ, GetMatcherRequest {});
        let matcher = rig.customer().get_matcher(request).await.unwrap();
        matcher.into_inner().decisions
    };
    let pair = a_pair(&rig).await;
    let (anna, boris) = (("anna", Role::Steward), ("boris", Role::Steward));
    let merged = decide(&rig, anna, &pair, "same").await.unwrap();
    assert_eq!(learnt().await, 1);
    decide(&rig, boris, &pair, "different").await.unwrap();
    assert_eq!(learnt().await, 0, "nobody knows who of the two is right");
    let chief = ("chief", Role::HqAdmin);
    decide(&rig, chief, &pair, "same").await.unwrap();
    assert_eq!(learnt().await, 1, "of one pair one word");
    // A steward takes back what headquarters settled: it is in dispute once more.
    undo(&rig, &merged.merge_id, false).await.unwrap();
    assert_eq!(learnt().await, 0);
}

async fn the_model_shows_what_stewards_taught_it(db: TestDb) {
    let rig = Rig::new(db).await;
    let pair = a_pair(&rig).await;
    let ask = || GetMatcherRequest {};
    let before = rig
        .customer()
        .get_matcher(rig.ask(Role::Analyst, HQ, ask()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((before.decisions, before.reliability.len()), (0, 0));
    decide(&rig, ("anna", Role::Steward), &pair, "different")
        .await
        .unwrap();
    let after = rig
        .customer()
        .get_matcher(rig.ask(Role::Steward, HQ, ask()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(after.decisions, 1);
    let [before, read] = [&before.model, &after.model]
        .map(|model| marque_linkage::score::Model::from_toml(model).unwrap());
    assert_eq!(
        (read.schema.as_str(), read.provenance.decisions),
        ("dealer", 1)
    );
    assert_eq!(read.classes, before.classes, "one word moves no weight");
    let bin = &after.reliability[0];
    assert_eq!((bin.pairs, bin.observed), (1, 0.0));
    assert!((bin.stated - pair.probability).abs() < 1e-6);
    assert!(after.likely < after.sure);
}

async fn a_waterfall_says_in_words_what_weighs_and_what_does_not(db: TestDb) {
    let rig = Rig::new(db).await;
    let strangers = [
        "张大山",
        "李海涛",
        "陈志强",
        "刘建国",
        "赵文博",
        "周雪松",
        "吴玉兰",
        "孙明辉",
    ];
    for (n, name) in strangers.into_iter().enumerate() {
        let person = a_customer().named(name).with_phone(phone(1));
        put(&rig, person.put("D1", &format!("K{n}"))).await;
    }
    let person = |n| {
        a_customer()
            .named("欧阳晓岚")
            .with_phone(phone(1))
            .driving(vin(1))
            .with_id_number(id_number(n))
    };
    put(&rig, person(1).put("D2", "1")).await;
    put(&rig, person(2).put("D3", "2")).await;
    let pair = duplicates(&rig, "open").await.remove(0);
    let line = |words: &str| {
        let found = pair.evidence.iter().find(|line| line.finding == words);
        found.map(|line| line.bits)
    };
    assert!(line("same rare name") > Some(3.0), "{:?}", pair.evidence);
    assert_eq!(line("phone shared by 9 people"), Some(0.0));
    assert_eq!(
        line("two different valid identity numbers"),
        Some(-99.9),
        "{:?}",
        pair.evidence
    );
}

async fn a_pair_put_off_leaves_the_queue(db: TestDb) {
    let rig = Rig::new(db).await;
    let pair = a_pair(&rig).await;
    decide(&rig, ("anna", Role::Steward), &pair, "later")
        .await
        .unwrap();
    assert!(duplicates(&rig, "open").await.is_empty());
    assert_eq!(duplicates(&rig, "later").await.len(), 1);
    let done = decide(&rig, ("boris", Role::Steward), &pair, "same").await;
    assert_ne!(done.unwrap().merge_id, "");
}

async fn a_preview_changes_nothing(db: TestDb) {
    let rig = Rig::new(db).await;
    let pair = a_pair(&rig).await;
    let (left, right) = (pair.left.unwrap().id, pair.right.unwrap().id);
    let message = MergeRequest {
        customer_id: left.clone(),
        into: right.clone(),
        reason: "what if".to_owned(),
        preview: true,
        expected_version: 0,
    };
    let shown = rig
        .customer()
        .merge(rig.ask(Role::Steward, HQ, message.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(shown.merge_id, "");
    assert_eq!(shown.customer.unwrap().source_records, 2);
    assert_eq!(get(&rig, &left).await.source_records, 1);
    assert!(!acts(&rig, &left).await.contains(&"merged".to_owned()));
    let message = MergeRequest {
        preview: false,
        expected_version: 0,
        ..message
    };
    let merged = rig
        .customer()
        .merge(rig.ask(Role::Steward, HQ, message))
        .await
        .unwrap()
        .into_inner();
    let back = undo(&rig, &merged.merge_id, true).await.unwrap();
    assert_eq!(back.customers.len(), 2);
    assert_eq!(get(&rig, &left).await.id, right, "still one");
}

async fn a_dealer_learns_that_somebody_is_known_and_no_more(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named("欧阳晓岚").with_phone(phone(1));
    let known = put(&rig, person().put("D1", "1")).await.customer_id;
    let elsewhere = check(&rig, dealer("D2"), person().put("D2", "")).await;
    assert_eq!(
        (elsewhere.verdict.as_str(), elsewhere.customer_id.as_str()),
        ("known", "")
    );
    let own = check(&rig, dealer("D1"), person().put("D1", "")).await;
    assert_eq!((own.verdict.as_str(), own.customer_id), ("known", known));
    let stranger = a_customer().named("周大勇").with_phone(phone(9));
    let nobody = check(&rig, dealer("D2"), stranger.put("D2", "")).await;
    assert_eq!(nobody.verdict, "none");
    assert_eq!(duplicates(&rig, "").await.len(), 0, "nothing was written");
}

async fn a_check_is_likely_wherever_saving_the_row_would_ask_a_steward(db: TestDb) {
    let rig = Rig::new(db).await;
    let known = a_customer()
        .named("欧阳晓岚")
        .with_phone(phone(1))
        .driving(vin(1))
        .with_id_number(id_number(1));
    put(&rig, known.put("D1", "1")).await;
    let other_name = a_customer().named("周大勇").with_id_number(id_number(1));
    let other_number = a_customer()
        .named("欧阳晓岚")
        .with_phone(phone(1))
        .with_id_number(id_number(2));
    for (key, row) in [("2", other_name), ("3", other_number)] {
        let row = row.put("D2", key);
        let checked = check(&rig, dealer("D2"), row.clone()).await;
        assert_eq!(
            (checked.verdict.as_str(), checked.customer_id.as_str()),
            ("likely", ""),
            "{key}"
        );
        let before = duplicates(&rig, "open").await.len();
        put(&rig, row).await;
        assert!(duplicates(&rig, "open").await.len() > before, "{key}");
    }
}

async fn check(
    rig: &Rig,
    scope: Scope,
    row: marque_api::customer::v1::PutSourceRecordRequest,
) -> CheckDuplicateResponse {
    let message = CheckDuplicateRequest {
        dealer: row.dealer,
        columns: row.columns,
    };
    rig.customer()
        .check_duplicate(rig.ask(Role::Sales, scope, message))
        .await
        .unwrap()
        .into_inner()
}
