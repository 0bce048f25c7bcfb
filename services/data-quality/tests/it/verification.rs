//! Work lists go out, outcomes come in, and a dealer's accuracy follows.

use std::{collections::BTreeMap, time::Duration};

use marque_api::{
    intake::v1::{
        GetImportRequest, Import, ImportRequest, ImportStart, ImportState, import_request::Part,
    },
    quality::v1 as pb,
};
use marque_auth::Role;
use marque_testkit::{TestDb, store_test_suite};
use prost::Message as _;
use tonic::{Code, Request};

use crate::world::{Owner, World, record, records};

store_test_suite!(
    a_work_list_is_the_same_for_the_same_seed_and_fair_to_dealers,
    a_list_is_drawn_from_a_dealers_records_by_headquarters,
    lists_are_found_again_newest_first_and_say_how_far_they_have_come,
    outcomes_give_an_accuracy_with_its_bounds,
    points_follow_the_table_that_headquarters_puts,
    outcomes_are_taken_in_together_or_not_at_all,
    a_call_that_cannot_be_a_method_that_names_somebody_and_days_in_reverse_are_refused,
    of_one_call_told_twice_the_last_word_stands,
    a_file_that_tells_a_call_twice_changes_nothing_when_it_comes_again,
    a_file_without_times_and_numbers_changes_nothing_when_it_comes_again_later,
    a_dealers_own_word_counts_for_nothing_at_headquarters,
    what_calls_found_out_about_records_is_told,
);

const DEALERS: u32 = 4;

async fn world_of(db: TestDb, count: u32) -> World {
    let all: Vec<_> = (0..count).map(|n| record(n, DEALERS, 1)).collect();
    let world = World::start(db, Owner::of(all), DEALERS).await;
    world
        .until(|cards| records(cards) == i64::from(count))
        .await;
    world
}

fn drawing(size: i32, seed: i64) -> pb::CreateWorkListRequest {
    pb::CreateWorkListRequest {
        size,
        seed,
        ..pb::CreateWorkListRequest::default()
    }
}

async fn drawn(world: &World, drawing: pb::CreateWorkListRequest) -> Vec<pb::WorkItem> {
    let made = world.quality().create_work_list(world.hq(drawing)).await;
    let id = made.unwrap().into_inner().work_list.unwrap().id;
    items(world, world.hq(all_of(&id))).await
}

fn all_of(list: &str) -> pb::GetWorkListRequest {
    pb::GetWorkListRequest {
        id: list.into(),
        page_size: 1000,
        ..pb::GetWorkListRequest::default()
    }
}

async fn items(world: &World, get: Request<pb::GetWorkListRequest>) -> Vec<pb::WorkItem> {
    let got = world.quality().get_work_list(get).await;
    got.unwrap().into_inner().items
}

fn ids(items: &[pb::WorkItem]) -> Vec<&str> {
    items.iter().map(|item| item.record_id.as_str()).collect()
}

async fn a_work_list_is_the_same_for_the_same_seed_and_fair_to_dealers(db: TestDb) {
    let world = world_of(db, 200).await;
    let one = drawn(&world, drawing(40, 7)).await;
    assert_eq!(ids(&one), ids(&drawn(&world, drawing(40, 7)).await));
    assert_ne!(ids(&one), ids(&drawn(&world, drawing(40, 8)).await));
    let mut of_dealer: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &one {
        *of_dealer.entry(&item.dealer).or_default() += 1;
    }
    // Fifty records at each of four dealers, in two departments each: ten of each, give or take the rounding.
    assert_eq!(of_dealer.len(), DEALERS as usize);
    assert!(
        of_dealer.values().all(|drawn| (8..=12).contains(drawn)),
        "{of_dealer:?}"
    );
    for size in [0, -1, 20_001] {
        let refused = world
            .quality()
            .create_work_list(world.hq(drawing(size, 1)))
            .await;
        assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument, "{size}");
    }
}

async fn a_list_is_drawn_from_a_dealers_records_by_headquarters(db: TestDb) {
    let world = world_of(db, 40).await;
    let of = |dealer: &str| pb::CreateWorkListRequest {
        dealer: dealer.into(),
        ..drawing(1000, 1)
    };
    let items = drawn(&world, of("D001")).await;
    assert_eq!(items.len(), 10);
    assert!(items.iter().all(|item| item.dealer == "D001"));
    let nobody = world.quality().create_work_list(world.hq(of("D999"))).await;
    assert_eq!(nobody.unwrap_err().code(), Code::FailedPrecondition);
    // Whom a dealer's records are checked by is not the dealer.
    let own = world.of_dealer(Role::Manager, "D001", of("D001"));
    let refused = world.quality().create_work_list(own).await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
}

/// All lists somebody sees, two a page.
async fn lists(
    world: &World,
    ask: impl Fn(pb::ListWorkListsRequest) -> Request<pb::ListWorkListsRequest>,
) -> Vec<pb::WorkList> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let wanted = pb::ListWorkListsRequest {
            page_size: 2,
            page_token,
        };
        let page = world.quality().list_work_lists(ask(wanted)).await;
        let page = page.unwrap().into_inner();
        found.extend(page.work_lists);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

async fn lists_are_found_again_newest_first_and_say_how_far_they_have_come(db: TestDb) {
    let world = world_of(db, 40).await;
    let mut drawn = Vec::new();
    for dealer in ["", "D001", "D002"] {
        world.clock.advance(Duration::from_mins(1));
        let drawing = pb::CreateWorkListRequest {
            dealer: dealer.into(),
            ..drawing(8, 1)
        };
        let made = world.quality().create_work_list(world.hq(drawing)).await;
        drawn.insert(0, made.unwrap().into_inner().work_list.unwrap());
    }
    assert_eq!(lists(&world, |ask| world.hq(ask)).await, drawn);
    let [_, of_dealer, of_all] = &drawn[..] else {
        panic!("three were drawn");
    };
    assert_eq!((of_all.records, of_all.heard), (8, 0));

    // What is heard counts on every list that has the record, by the last word on it.
    let all = items(&world, world.hq(all_of(&of_all.id))).await;
    let foreign = all.iter().find(|item| item.dealer == "D000").unwrap();
    let own = items(&world, world.hq(all_of(&of_dealer.id))).await;
    for (record, word, key) in [
        (&own[0].record_id, "unreachable", "call-1"),
        (&own[0].record_id, "moved", "call-2"),
        (&foreign.record_id, "confirmed", "call-3"),
    ] {
        world.clock.advance(Duration::from_mins(1));
        let told = world.hq(pb::RecordVerificationsRequest {
            verifications: vec![outcome(record, word, key)],
        });
        world.quality().record_verifications(told).await.unwrap();
    }
    let counted = |list: &pb::WorkList| {
        let outcomes = list.outcomes.iter();
        outcomes
            .map(|count| (count.outcome.clone(), count.records))
            .collect::<Vec<_>>()
    };
    let found = lists(&world, |ask| world.hq(ask)).await;
    assert_eq!((found[1].records, found[1].heard), (8, 1));
    assert_eq!(counted(&found[1]), [("moved".to_owned(), 1)]);
    let get = world.hq(all_of(&of_dealer.id));
    let shown = world.quality().get_work_list(get).await;
    assert_eq!(
        shown.unwrap().into_inner().work_list.as_ref(),
        Some(&found[1])
    );
    assert!(counted(&found[2]).contains(&("confirmed".to_owned(), 1)));

    // A steward of a region sees the lists with a record of its dealers, and of them these records.
    let seen = lists(&world, |ask| world.of_region(Role::Steward, "r1", ask)).await;
    let ids: Vec<&str> = seen.iter().map(|list| list.id.as_str()).collect();
    assert_eq!(ids, [of_dealer.id.as_str(), of_all.id.as_str()]);
    assert_eq!((seen[0].records, seen[1].records), (8, 2));
    assert!(!counted(&seen[1]).contains(&("confirmed".to_owned(), 1)));
}

fn outcome(record: &str, outcome: &str, key: &str) -> pb::Verification {
    pb::Verification {
        record_id: record.into(),
        field: "phone".into(),
        outcome: outcome.into(),
        method: "call".into(),
        key: key.into(),
        ..pb::Verification::default()
    }
}

async fn outcomes_give_an_accuracy_with_its_bounds(db: TestDb) {
    let world = world_of(db, 80).await;
    let items = drawn(&world, drawing(1000, 1)).await;
    let at_first = items.iter().filter(|item| item.dealer == "D000");
    let at_first: Vec<&pb::WorkItem> = at_first.collect();
    assert_eq!(at_first.len(), 20);
    let verifications: Vec<pb::Verification> = at_first
        .iter()
        .enumerate()
        .map(|(n, item)| {
            let word = match n {
                0..12 => "confirmed",
                12..16 => "空号",
                _ => "unreachable",
            };
            outcome(&item.record_id, word, &format!("call-{n}"))
        })
        .collect();
    let request = || pb::RecordVerificationsRequest {
        verifications: verifications.clone(),
    };
    for recorded in [20, 0] {
        let taken = world
            .quality()
            .record_verifications(world.hq(request()))
            .await;
        assert_eq!(
            taken.unwrap().into_inner().recorded,
            recorded,
            "the same calls again"
        );
    }
    let asked = world.hq(pb::ListAccuracyRequest::default());
    let listed = world.quality().list_accuracy(asked).await.unwrap();
    let dealers = listed.into_inner().dealers;
    let [first] = dealers.as_slice() else {
        panic!("one dealer was checked");
    };
    let counted = (
        first.dealer.as_str(),
        first.checked,
        first.confirmed,
        first.silent,
    );
    assert_eq!(counted, ("D000", 16, 12, 4));
    assert!((first.rate - 0.75).abs() < 1e-12);
    // The Wilson interval of 12 in 16 at 95 %.
    assert!((first.low - 0.505).abs() < 0.001, "{}", first.low);
    assert!((first.high - 0.898).abs() < 0.001, "{}", first.high);
}

fn row(from: f64, points: f64) -> pb::PointsRow {
    pb::PointsRow { from, points }
}

async fn points_follow_the_table_that_headquarters_puts(db: TestDb) {
    let world = world_of(db, 80).await;
    let items = drawn(&world, drawing(1000, 1)).await;
    let at_first = items.iter().filter(|item| item.dealer == "D000");
    let verifications = at_first.zip(0..12).map(|(item, n)| {
        let word = if n < 9 { "confirmed" } else { "空号" };
        outcome(&item.record_id, word, &format!("call-{n}"))
    });
    let request = pb::RecordVerificationsRequest {
        verifications: verifications.collect(),
    };
    let taken = world
        .quality()
        .record_verifications(world.hq(request))
        .await;
    taken.unwrap();
    let accuracy = async || {
        let asked = world.hq(pb::ListAccuracyRequest::default());
        let listed = world.quality().list_accuracy(asked).await;
        listed.unwrap().into_inner()
    };
    let by_release = accuracy().await;
    assert_eq!(by_release.dealers[0].points, None, "12 calls are too few");
    assert_eq!((by_release.least_checked, by_release.rows.len()), (30, 4));
    let put = async |asked: Request<pb::PutPointsRequest>| {
        let put = world.quality().put_points(asked).await;
        put.map(|put| put.into_inner().rows)
            .map_err(|status| status.code())
    };
    let table = |rows: &[pb::PointsRow]| pb::PutPointsRequest {
        least_checked: 10,
        rows: rows.to_vec(),
    };
    let good = table(&[row(0.7, 4.5), row(0.9, 9.0)]);
    let in_order = Ok(vec![row(0.9, 9.0), row(0.7, 4.5)]);
    assert_eq!(put(world.hq(good.clone())).await, in_order);
    let now = accuracy().await;
    assert_eq!((now.least_checked, Ok(now.rows)), (10, in_order));
    // Nine of twelve.
    assert_eq!(now.dealers[0].points, Some(4.5));
    for wrong in [
        table(&[]),
        table(&[row(1.2, 4.0)]),
        table(&[row(0.7, 9.0), row(0.9, 4.0)]),
        pb::PutPointsRequest {
            least_checked: 0,
            ..good.clone()
        },
    ] {
        let refused = put(world.hq(wrong)).await;
        assert_eq!(refused, Err(Code::InvalidArgument));
    }
    let by_manager = world.of_dealer(Role::Manager, "D000", good);
    assert_eq!(put(by_manager).await, Err(Code::PermissionDenied));
    assert_eq!(accuracy().await.dealers[0].points, Some(4.5));
}

async fn a_call_that_cannot_be_a_method_that_names_somebody_and_days_in_reverse_are_refused(
    db: TestDb,
) {
    let world = world_of(db, 8).await;
    let items = drawn(&world, drawing(8, 1)).await;
    let told = async |duration_s: i64, method: &str| {
        let request = world.hq(pb::RecordVerificationsRequest {
            verifications: vec![pb::Verification {
                duration_s: Some(duration_s),
                method: method.into(),
                ..outcome(&items[0].record_id, "confirmed", "a")
            }],
        });
        let taken = world.quality().record_verifications(request).await;
        taken
            .map(|taken| taken.into_inner().recorded)
            .map_err(|status| status.code())
    };
    for (duration_s, method) in [
        (-3, "call"),
        (1 << 62, "call"),
        (86_401, "call"),
        (35, "打了三次电话都没有人接 13572514222"),
        (35, "mail to meng@example.com"),
    ] {
        let refused = told(duration_s, method).await;
        assert_eq!(refused, Err(Code::InvalidArgument), "{duration_s}");
    }
    assert_eq!(told(86_400, "第3次回访").await, Ok(1));
    let accuracy = async |from: &str, to: &str| {
        let request = world.hq(pb::ListAccuracyRequest {
            from: from.into(),
            to: to.into(),
            ..pb::ListAccuracyRequest::default()
        });
        let listed = world.quality().list_accuracy(request).await;
        listed.map(|_| ()).map_err(|status| status.code())
    };
    let reversed = accuracy("2026-11-02", "2026-11-01").await;
    assert_eq!(reversed, Err(Code::InvalidArgument));
    for last in ["2026-11-01", ""] {
        assert_eq!(accuracy("2026-11-01", last).await, Ok(()), "{last}");
    }
}

async fn outcomes_are_taken_in_together_or_not_at_all(db: TestDb) {
    let world = world_of(db, 8).await;
    let items = drawn(&world, drawing(8, 1)).await;
    let verifications = vec![
        outcome(&items[0].record_id, "confirmed", "a"),
        outcome(&items[1].record_id, "perhaps", "b"),
        outcome("src_ffffffffffffffffffffffffffffffff", "confirmed", "c"),
    ];
    let request = pb::RecordVerificationsRequest { verifications };
    let refused = world
        .quality()
        .record_verifications(world.hq(request))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    let asked = world.hq(pb::ListAccuracyRequest::default());
    let listed = world.quality().list_accuracy(asked).await.unwrap();
    assert!(listed.into_inner().dealers.is_empty());
}

async fn of_one_call_told_twice_the_last_word_stands(db: TestDb) {
    let world = world_of(db, 8).await;
    let items = drawn(&world, drawing(8, 1)).await;
    let told = |word: &&str| outcome(&items[0].record_id, word, "call-1");
    for (words, recorded) in [
        (["confirmed", "confirmed"], 1),
        (["wrong_number", "confirmed"], 0),
        (["confirmed", "moved"], 1),
    ] {
        let request = pb::RecordVerificationsRequest {
            verifications: words.iter().map(told).collect(),
        };
        let taken = world
            .quality()
            .record_verifications(world.hq(request))
            .await;
        assert_eq!(taken.unwrap().into_inner().recorded, recorded, "{words:?}");
    }
    let asked = world.hq(pb::ListAccuracyRequest::default());
    let listed = world.quality().list_accuracy(asked).await.unwrap();
    let dealers = listed.into_inner().dealers;
    assert_eq!((dealers[0].checked, dealers[0].confirmed), (1, 0));
}

/// Outcomes that a dealer has in a file of his own.
pub(crate) async fn import_of(world: &World, dealer: &str, file: &str) -> Import {
    let start = ImportStart {
        kind: "verifications".into(),
        dealer: dealer.into(),
        source: "dms".into(),
        ..ImportStart::default()
    };
    let parts = [Part::Start(start), Part::Chunk(file.to_owned().into())];
    let parts = parts.map(|part| ImportRequest { part: Some(part) });
    let request = world.of_dealer(Role::Manager, dealer, tokio_stream::iter(parts));
    let queued = world.imports().import(request).await.unwrap().into_inner();
    let id = queued.import.unwrap().id;
    for _ in 0..2_000 {
        let get = GetImportRequest { id: id.clone() };
        let request = world.of_dealer(Role::Manager, dealer, get);
        let answer = world.imports().get_import(request).await.unwrap();
        let import = answer.into_inner().import.unwrap();
        if import.state() == ImportState::Succeeded {
            return import;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the import does not end");
}

async fn a_file_that_tells_a_call_twice_changes_nothing_when_it_comes_again(db: TestDb) {
    let world = world_of(db, 8).await;
    let items = drawn(&world, drawing(8, 1)).await;
    let his = items.iter().find(|item| item.dealer == "D001").unwrap();
    let id = &his.record_id;
    let file = format!(
        "source_key,field,outcome,method,verification_key\n\
         {id},phone,moved,call,own-1\n\
         {id},phone,confirmed,call,own-1\n"
    );
    for unchanged in [0, 2] {
        let import = import_of(&world, "D001", &file).await;
        assert_eq!(
            (import.received, import.unchanged),
            (2, unchanged),
            "{import:?}"
        );
    }
}

async fn a_file_without_times_and_numbers_changes_nothing_when_it_comes_again_later(db: TestDb) {
    let world = world_of(db, 8).await;
    let items = drawn(&world, drawing(8, 1)).await;
    let his = items.iter().find(|item| item.dealer == "D001").unwrap();
    let id = &his.record_id;
    let file = |outcome: &str| {
        format!(
            "source_key,field,outcome,method,duration_s,verification_key\n\
             {id},phone,{outcome},call,35,\n\
             {id},name,{outcome},call,35,own-1\n"
        )
    };
    for (outcome, unchanged) in [("moved", 0), ("moved", 2), ("confirmed", 0), ("moved", 1)] {
        let import = import_of(&world, "D001", &file(outcome)).await;
        assert_eq!(
            (import.received, import.unchanged),
            (2, unchanged),
            "{outcome}: {import:?}"
        );
        world.clock.advance(Duration::from_hours(1));
    }
}

async fn a_dealers_own_word_counts_for_nothing_at_headquarters(db: TestDb) {
    let world = world_of(db, 40).await;
    let made = world
        .quality()
        .create_work_list(world.hq(drawing(40, 1)))
        .await;
    let list = made.unwrap().into_inner().work_list.unwrap().id;
    let all = items(&world, world.hq(all_of(&list))).await;
    let his = all.iter().find(|item| item.dealer == "D001").unwrap();
    let file = format!(
        "source_key,field,outcome,method,verification_key\n{},phone,confirmed,call,own-1\n",
        his.record_id
    );
    let import = import_of(&world, "D001", &file).await;
    assert_eq!(import.accepted, 1, "{import:?}");
    let all = items(&world, world.hq(all_of(&list))).await;
    assert!(all.iter().all(|item| item.outcome.is_empty()));
    let asked = world.hq(pb::ListAccuracyRequest::default());
    let listed = world.quality().list_accuracy(asked).await.unwrap();
    let dealers = listed.into_inner().dealers;
    assert!(dealers.iter().all(|dealer| dealer.checked == 0));
    let word = outcome(&his.record_id, "moved", "call-1");
    let told = world.hq(pb::RecordVerificationsRequest {
        verifications: vec![word],
    });
    world.quality().record_verifications(told).await.unwrap();
    let all = items(&world, world.hq(all_of(&list))).await;
    let heard = all.iter().filter(|item| item.outcome == "moved");
    assert_eq!(heard.count(), 1);
}

async fn what_calls_found_out_about_records_is_told(db: TestDb) {
    let world = world_of(db, 8).await;
    let items = drawn(&world, drawing(8, 1)).await;
    let whole = |at: usize, word: &str| pb::Verification {
        field: String::new(),
        ..outcome(&items[at].record_id, word, &format!("call-{at}"))
    };
    let verifications = vec![
        outcome(&items[0].record_id, "confirmed", "call-0"),
        whole(1, "wrong_number"),
        whole(2, "moved"),
        whole(3, "unreachable"),
    ];
    for _ in 0..2 {
        let request = pb::RecordVerificationsRequest {
            verifications: verifications.clone(),
        };
        let mut quality = world.quality();
        let recorded = quality.record_verifications(world.hq(request));
        recorded.await.unwrap();
    }
    let told = world.told("marque.quality.records.checked").await;
    assert_eq!(told.len(), 1, "once");
    let checked = pb::RecordsChecked::decode(told[0].data.as_slice()).unwrap();
    let mut found: Vec<(String, String, bool)> = checked
        .columns
        .into_iter()
        .map(|found| (found.record_id, found.column, found.right))
        .collect();
    found.sort();
    let mut expected = [
        (0, "phone", true),
        (1, "phone", false),
        (2, "address", false),
    ]
    .map(|(at, column, right)| (items[at].record_id.clone(), column.to_owned(), right));
    expected.sort();
    assert_eq!(found, expected);
}
