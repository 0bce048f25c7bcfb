//! Being forgotten: asked for, decided, and for good.

use std::time::Duration;

use marque_api::{
    customer::v1::{
        CustomersErased, DecideDuplicateRequest, DecideErasureRequest, Erasure,
        ExportCustomerRequest, GetErasureRequest, GetMatcherRequest, ListErasuresRequest,
        OpenRestrictedRequest, OpenRestrictedResponse, RequestErasureRequest, RunningDuty,
        SourceRecordsLinked, lookup_request::Key,
        personal_data_service_client::PersonalDataServiceClient,
    },
    events::v1::{Event, PullRequest, event_feed_client::EventFeedClient},
    intake::v1::RowOutcome,
};
use marque_auth::{Role, Scope};
use marque_rpc::{RoleName, RpcTransport};
use marque_testkit::{ImportFile, Rig, TestDb, a_customer, id_number, phone, store_test_suite};
use prost::Message as _;
use tonic::Status;

use crate::{
    common::{HQ, dealer, duplicates, get_as, lookup_as, merge, put, reason, undo},
    reconcile::{anna, bo},
};

store_test_suite!(
    an_erased_person_is_gone_and_his_key_with_him,
    who_is_locked_away_is_seen_by_an_audit_only_and_erased_when_the_last_duty_ends,
    a_request_is_one_and_a_decision_stands,
    a_request_follows_whom_was_asked_for_out_of_a_wrong_merge,
    only_headquarters_decides_and_a_dealer_asks_for_his_own_only,
    rows_of_files_under_an_erased_key_are_left_out_and_held_rows_are_forgotten,
    tokens_in_segments_go_too,
    what_stewards_taught_outlives_whom_they_spoke_of,
    nothing_of_him_is_left_in_events_that_wait,
    headquarters_hands_data_out_in_clear_and_it_is_on_record,
);

pub(crate) const NAME: &str = "孟晓岚";

fn client(rig: &Rig) -> PersonalDataServiceClient<RpcTransport> {
    PersonalDataServiceClient::new(rig.process().transport(RoleName::Customer))
}

pub(crate) async fn request(
    rig: &Rig,
    role: Role,
    scope: Scope,
    id: &str,
) -> Result<Erasure, Status> {
    let message = RequestErasureRequest {
        customer_id: id.to_owned(),
        ground: "service_ended".to_owned(),
    };
    let asked = client(rig)
        .request_erasure(rig.ask(role, scope, message))
        .await?;
    Ok(asked.into_inner().erasure.unwrap())
}

/// The person himself.
fn himself(id: &str) -> Scope {
    Scope::Customer(id.parse().unwrap())
}

pub(crate) async fn decide(
    rig: &Rig,
    id: &str,
    decision: &str,
    duties: &[(&str, &str)],
) -> Result<Erasure, Status> {
    let message = DecideErasureRequest {
        erasure_id: id.to_owned(),
        decision: decision.to_owned(),
        reason: "as the law wants it".to_owned(),
        duties: duties
            .iter()
            .map(|(code, since)| RunningDuty {
                code: (*code).to_owned(),
                since: (*since).to_owned(),
            })
            .collect(),
    };
    let decided = client(rig)
        .decide_erasure(rig.ask(Role::HqAdmin, HQ, message))
        .await?;
    Ok(decided.into_inner().erasure.unwrap())
}

async fn own(rig: &Rig, id: &str) -> Result<Erasure, Status> {
    let message = GetErasureRequest::default();
    let got = client(rig)
        .get_erasure(rig.ask(Role::Customer, himself(id), message))
        .await?;
    Ok(got.into_inner().erasure.unwrap())
}

async fn open(rig: &Rig, id: &str) -> Result<OpenRestrictedResponse, Status> {
    let message = OpenRestrictedRequest {
        erasure_id: id.to_owned(),
        reason: "the regulator asks for it".to_owned(),
    };
    let opened = client(rig)
        .open_restricted(rig.ask(Role::HqAdmin, HQ, message))
        .await?;
    Ok(opened.into_inner())
}

/// A person at one dealer; his customer id.
pub(crate) async fn somebody(rig: &Rig) -> String {
    let row = a_customer()
        .named(NAME)
        .with_id_number(id_number(7))
        .with_phone(phone(7));
    put(rig, row.put("D1", "1")).await.customer_id
}

/// How many rows a statement counts.
async fn count(rig: &Rig, sql: &'static str) -> i64 {
    rig.customer_db()
        .read(move |conn| conn.query_opt(sql, &[], |row| row.get(0)))
        .await
        .unwrap()
        .unwrap()
}

async fn events(rig: &Rig) -> Vec<Event> {
    let message = PullRequest {
        after: 0,
        limit: 1000,
        wait_ms: 0,
        consumer: "test".to_owned(),
    };
    let mut feed = EventFeedClient::new(rig.process().transport(RoleName::Customer));
    let pulled = feed.pull(rig.ask_as_peer(message)).await.unwrap();
    pulled.into_inner().events
}

async fn an_erased_person_is_gone_and_his_key_with_him(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = somebody(&rig).await;
    let other = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_phone(phone(8))
            .put("D1", "2"),
    )
    .await;
    let asked = request(&rig, Role::Customer, himself(&id), "")
        .await
        .unwrap();
    assert_eq!(
        (asked.state.as_str(), asked.requested_by.as_str()),
        ("requested", "self")
    );
    assert_eq!(asked.customer_id, id);
    let erased = decide(&rig, &asked.id, "erase", &[]).await.unwrap();
    assert_eq!(erased.state, "erased");

    let gone = get_as(&rig, Role::HqAdmin, HQ, &id).await.unwrap_err();
    assert_eq!(reason(gone), "CUSTOMER_UNKNOWN");
    for key in [Key::Phone(phone(7)), Key::IdNumber(id_number(7))] {
        let found = lookup_as(&rig, Role::Agent, HQ, key).await.unwrap();
        assert!(found.customers.is_empty());
    }
    assert_eq!(own(&rig, &id).await.unwrap().state, "erased");
    assert_eq!(count(&rig, "SELECT count(*) FROM source_records").await, 1);
    assert_eq!(
        count(&rig, "SELECT count(*) FROM restricted_records").await,
        0
    );
    get_as(&rig, Role::Agent, HQ, &other.customer_id)
        .await
        .unwrap();

    // The dealer's system sends him again.
    let again = a_customer().named(NAME).with_phone(phone(7)).put("D1", "1");
    let refused = rig
        .customer()
        .put_source_record(rig.ask(Role::Dms, dealer("D1"), again))
        .await
        .unwrap_err();
    assert_eq!(reason(refused), "RECORD_ERASED");
    // A new contract comes under a new key, and is somebody new.
    let new = a_customer().named(NAME).with_phone(phone(7)).put("D1", "3");
    let new = put(&rig, new).await;
    assert_ne!(new.customer_id, id);
    assert!(duplicates(&rig, "open").await.is_empty());
}

async fn who_is_locked_away_is_seen_by_an_audit_only_and_erased_when_the_last_duty_ends(
    db: TestDb,
) {
    let mut rig = Rig::new(db).await;
    let id = somebody(&rig).await;
    rig.customer_db()
        .write(|conn| conn.execute("UPDATE source_records SET checked = 'right 7 phone'", &[]))
        .await
        .unwrap();
    let asked = request(&rig, Role::Agent, HQ, &id).await.unwrap();
    let ended = [("repair_record", "2000-01-01")];
    let refused = decide(&rig, &asked.id, "restrict", &ended).await;
    assert_eq!(reason(refused.unwrap_err()), "INVALID_ARGUMENT");
    for wrong in [
        vec![],
        vec![("for_ever", "2020-01-01")],
        vec![("invoice", "soon")],
    ] {
        let refused = decide(&rig, &asked.id, "restrict", &wrong).await;
        assert_eq!(reason(refused.unwrap_err()), "INVALID_ARGUMENT");
    }
    let today = marque_core::business_date(marque_core::Clock::now(rig.clock())).to_string();
    let year: i32 = today[..4].parse().unwrap();
    let slip = format!("{}-01-01", year + 1);
    let refused = decide(&rig, &asked.id, "restrict", &[("invoice", &slip)]).await;
    assert_eq!(reason(refused.unwrap_err()), "INVALID_ARGUMENT");
    let duties = [
        ("repair_record", today.as_str()),
        ("contract_claim", today.as_str()),
    ];
    let kept = decide(&rig, &asked.id, "restrict", &duties).await.unwrap();
    assert_eq!(kept.state, "restricted");
    let again = decide(&rig, &asked.id, "restrict", &duties).await.unwrap();
    assert_eq!(again, kept);
    let other = decide(&rig, &asked.id, "restrict", &duties[..1]).await;
    assert_eq!(reason(other.unwrap_err()), "ERASURE_DECIDED");
    assert!(
        kept.kept_until.starts_with(&(year + 6).to_string()),
        "{}",
        kept.kept_until
    );

    let gone = get_as(&rig, Role::HqAdmin, HQ, &id).await.unwrap_err();
    assert_eq!(reason(gone), "CUSTOMER_UNKNOWN");
    let found = lookup_as(&rig, Role::Agent, HQ, Key::Phone(phone(7)))
        .await
        .unwrap();
    assert!(found.customers.is_empty());
    assert_eq!(count(&rig, "SELECT count(*) FROM record_keys").await, 0);
    let opened = open(&rig, &asked.id).await.unwrap().source_records;
    let columns = opened[0].columns.clone().unwrap();
    assert_eq!((columns.name.as_str(), columns.phone), (NAME, phone(7)));
    let without = "SELECT count(*) FROM restricted_records WHERE checked = ''";
    assert_eq!(
        count(&rig, without).await,
        0,
        "with what calls found out of him"
    );
    let noted = "SELECT count(*) FROM audit WHERE act = 'restricted_opened'";
    assert_eq!(count(&rig, noted).await, 1);

    rig.clock().advance(Duration::from_hours(24 * 366 * 6));
    rig.crash_and_restart().await;
    for _ in 0..200 {
        if count(&rig, "SELECT count(*) FROM restricted_records").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(
        open(&rig, &asked.id)
            .await
            .unwrap()
            .source_records
            .is_empty()
    );
    let told: Vec<(bool, bool)> = events(&rig)
        .await
        .iter()
        .filter(|event| event.r#type == "marque.customer.customers.erased")
        .map(|event| CustomersErased::decode(event.data.as_slice()).unwrap())
        .map(|told| {
            assert_eq!(
                (told.customer_ids, told.source_record_ids.len()),
                (vec![id.clone()], 1)
            );
            (told.restricted, told.words.is_empty())
        })
        .collect();
    // By what texts name him is told once, and in no readable form.
    assert_eq!(told, [(true, false), (false, true)]);
    let told = events(&rig).await;
    let names_him = |event: &Event| memchr::memmem::find(&event.data, NAME.as_bytes()).is_some();
    assert!(!told.iter().any(names_him));
}

async fn a_request_is_one_and_a_decision_stands(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = somebody(&rig).await;
    let asked = request(&rig, Role::Customer, himself(&id), "")
        .await
        .unwrap();
    let again = request(&rig, Role::Agent, HQ, &id).await.unwrap();
    assert_eq!(asked, again);
    let refused = decide(&rig, &asked.id, "refuse", &[]).await.unwrap();
    assert_eq!(refused.state, "refused");
    assert_eq!(
        decide(&rig, &asked.id, "refuse", &[]).await.unwrap(),
        refused
    );
    let stands = decide(&rig, &asked.id, "erase", &[]).await.unwrap_err();
    assert_eq!(reason(stands), "ERASURE_DECIDED");
    get_as(&rig, Role::Agent, HQ, &id).await.unwrap();

    // Who was refused may ask again. Whoever he is merged into is forgotten with him.
    rig.clock().advance(Duration::from_secs(1));
    let newer = request(&rig, Role::Customer, himself(&id), "")
        .await
        .unwrap();
    assert_ne!(newer.id, asked.id);
    let twin = put(
        &rig,
        a_customer()
            .named("孟小岚")
            .with_phone(phone(9))
            .put("D2", "9"),
    )
    .await;
    merge(&rig, &id, &twin.customer_id).await.unwrap();
    decide(&rig, &newer.id, "erase", &[]).await.unwrap();
    for gone in [&id, &twin.customer_id] {
        let status = get_as(&rig, Role::HqAdmin, HQ, gone).await.unwrap_err();
        assert_eq!(reason(status), "CUSTOMER_UNKNOWN");
    }
    assert_eq!(own(&rig, &twin.customer_id).await.unwrap().id, newer.id);
    for table in [
        "SELECT count(*) FROM moves",
        "SELECT count(*) FROM duplicates",
        "SELECT count(*) FROM source_records",
    ] {
        assert_eq!(count(&rig, table).await, 0, "{table}");
    }
}

async fn a_request_follows_whom_was_asked_for_out_of_a_wrong_merge(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = somebody(&rig).await;
    let stranger = a_customer()
        .named("王小明")
        .with_phone(phone(9))
        .put("D2", "9");
    let stranger = put(&rig, stranger).await.customer_id;
    let merged = merge(&rig, &id, &stranger).await.unwrap();
    let asked = request(&rig, Role::Agent, HQ, &id).await.unwrap();
    let again = request(&rig, Role::Agent, HQ, &stranger).await.unwrap();
    assert_eq!(again.id, asked.id, "they are one so far");
    undo(&rig, &merged.merge_id).await.unwrap();
    decide(&rig, &asked.id, "erase", &[]).await.unwrap();
    get_as(&rig, Role::HqAdmin, HQ, &stranger).await.unwrap();
    let gone = get_as(&rig, Role::HqAdmin, HQ, &id).await.unwrap_err();
    assert_eq!(reason(gone), "CUSTOMER_UNKNOWN");
    assert_eq!(own(&rig, &id).await.unwrap().id, asked.id);
}

async fn only_headquarters_decides_and_a_dealer_asks_for_his_own_only(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = somebody(&rig).await;
    let foreign = request(&rig, Role::Manager, dealer("D2"), &id)
        .await
        .unwrap_err();
    assert_eq!(reason(foreign), "CUSTOMER_UNKNOWN");
    let asked = request(&rig, Role::Manager, dealer("D1"), &id)
        .await
        .unwrap();
    let message = DecideErasureRequest {
        erasure_id: asked.id.clone(),
        decision: "erase".to_owned(),
        reason: "because I say so".to_owned(),
        duties: Vec::new(),
    };
    for (role, scope) in [
        (Role::Manager, dealer("D1")),
        (Role::Agent, HQ),
        (Role::Customer, himself(&id)),
    ] {
        let refused = client(&rig)
            .decide_erasure(rig.ask(role, scope, message.clone()))
            .await
            .unwrap_err();
        assert_eq!(reason(refused), "ROLE_MISSING");
    }
    let list = ListErasuresRequest::default();
    let waiting = client(&rig)
        .list_erasures(rig.ask(Role::HqAdmin, HQ, list))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(waiting.erasures, [asked]);
    let other = a_customer().named("王小明").with_phone(phone(8));
    let other = put(&rig, other.put("D1", "2")).await.customer_id;
    let nobody = own(&rig, &other).await.unwrap_err();
    assert_eq!(reason(nobody), "ERASURE_UNKNOWN");
}

async fn rows_of_files_under_an_erased_key_are_left_out_and_held_rows_are_forgotten(db: TestDb) {
    let rig = Rig::new(db).await;
    let number = phone(7);
    let file =
        |rows: &str| ImportFile::of_customers("D1", format!("source_key,name,phone\n{rows}"));
    // The second row has no key and is held back; it names him by his phone.
    let first = rig
        .import(file(&format!("1,{NAME},{number}\n,{NAME},{number}\n")))
        .await;
    assert_eq!(
        (first.accepted + first.with_findings, first.quarantined),
        (1, 1)
    );
    let rows = rig.import_rows(&first.id, RowOutcome::Unspecified).await;
    let id = rows
        .iter()
        .find(|row| !row.customer_id.is_empty())
        .unwrap()
        .customer_id
        .clone();
    let asked = request(&rig, Role::Agent, HQ, &id).await.unwrap();
    decide(&rig, &asked.id, "erase", &[]).await.unwrap();
    assert_eq!(
        count(&rig, "SELECT count(*) FROM import_quarantine").await,
        0
    );

    let second = rig
        .import(file(&format!("1,{NAME},{number}\n2,王小明,{}\n", phone(8))))
        .await;
    assert_eq!(
        (second.unchanged, second.accepted + second.with_findings),
        (1, 1)
    );
    let left_out = rig.import_rows(&second.id, RowOutcome::Erased).await;
    let lines: Vec<(i64, &str, &str)> = left_out
        .iter()
        .map(|row| (row.line, row.record_id.as_str(), row.customer_id.as_str()))
        .collect();
    assert_eq!(lines, [(2, "", "")]);
    let found = lookup_as(&rig, Role::Agent, HQ, Key::Phone(number))
        .await
        .unwrap();
    assert!(found.customers.is_empty());
}

async fn tokens_in_segments_go_too(db: TestDb) {
    let rig = Rig::new(db).await;
    let rows: String = (1..=60)
        .map(|n| format!("{n},{}{n},{}\n", "张三", phone(n)))
        .collect();
    let file = ImportFile::of_customers("D1", format!("source_key,name,phone\n{rows}"));
    let import = rig.import(file).await;
    let rows = rig.import_rows(&import.id, RowOutcome::Unspecified).await;
    let id = &rows[59].customer_id;
    let asked = request(&rig, Role::Agent, HQ, id).await.unwrap();
    decide(&rig, &asked.id, "erase", &[]).await.unwrap();
    // A new record does not get the number of the one that is gone.
    let new = a_customer()
        .named("李四")
        .with_phone(phone(99))
        .put("D1", "99");
    let new = put(&rig, new).await.customer_id;
    for (n, is_there) in [(60, false), (59, true), (1, true), (99, true)] {
        let found = lookup_as(&rig, Role::Agent, HQ, Key::Phone(phone(n)))
            .await
            .unwrap();
        assert_eq!(found.customers.len(), usize::from(is_there), "{n}");
    }
    get_as(&rig, Role::Agent, HQ, &new).await.unwrap();
    assert_eq!(count(&rig, "SELECT max(seq) FROM source_records").await, 61);
}

/// A word on a pair.
async fn say(rig: &Rig, (who, role): (&str, Role), pair: &str, decision: &str) {
    let message = DecideDuplicateRequest {
        id: pair.to_owned(),
        decision: decision.to_owned(),
        reason: "asked her".to_owned(),
    };
    let request = rig.ask_as(who, role, HQ, message);
    rig.customer().decide_duplicate(request).await.unwrap();
}

async fn what_stewards_taught_outlives_whom_they_spoke_of(db: TestDb) {
    let rig = Rig::new(db).await;
    put(&rig, anna().put("D1", "1")).await;
    let gone = put(&rig, anna().with_id_number(id_number(3)).put("D2", "2")).await;
    let hers = duplicates(&rig, "open").await.remove(0).id;
    put(&rig, bo().put("D1", "3")).await;
    put(&rig, bo().with_id_number(id_number(4)).put("D2", "4")).await;
    let steward = ("carl", Role::Steward);
    say(&rig, steward, &hers, "different").await;
    say(&rig, ("dora", Role::Steward), &hers, "same").await;
    say(&rig, ("chief", Role::HqAdmin), &hers, "different").await;

    let asked = request(&rig, Role::Agent, HQ, &gone.customer_id).await;
    let asked = asked.unwrap().id;
    decide(&rig, &asked, "erase", &[]).await.unwrap();
    // The next word lets the matcher learn anew.
    let his = duplicates(&rig, "open").await.remove(0).id;
    say(&rig, steward, &his, "different").await;
    let request = rig.ask(Role::Analyst, HQ, GetMatcherRequest {});
    let matcher = rig.customer().get_matcher(request).await.unwrap();
    assert_eq!(
        matcher.into_inner().decisions,
        2,
        "of each pair the word that stands"
    );
}

async fn nothing_of_him_is_left_in_events_that_wait(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = somebody(&rig).await;
    let asked = request(&rig, Role::Agent, HQ, &id).await.unwrap();
    decide(&rig, &asked.id, "erase", &[]).await.unwrap();
    let events = events(&rig).await;
    let linked = events
        .iter()
        .filter(|event| event.r#type == "marque.customer.source_records.linked");
    let links: usize = linked
        .map(|event| {
            SourceRecordsLinked::decode(event.data.as_slice())
                .unwrap()
                .links
                .len()
        })
        .sum();
    assert_eq!(links, 0);
    assert_eq!(
        events.last().unwrap().r#type,
        "marque.customer.customers.erased"
    );
}

async fn headquarters_hands_data_out_in_clear_and_it_is_on_record(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = somebody(&rig).await;
    let message = |reason: &str| ExportCustomerRequest {
        customer_id: id.clone(),
        reason: reason.to_owned(),
    };
    let mut client = client(&rig);
    let told = message("why not");
    let short = client
        .export_customer(rig.ask(Role::HqAdmin, HQ, told))
        .await;
    assert_eq!(reason(short.unwrap_err()), "INVALID_ARGUMENT");
    let told = message("asked for at the counter");
    let agent = client
        .export_customer(rig.ask(Role::Agent, HQ, told.clone()))
        .await;
    assert_eq!(reason(agent.unwrap_err()), "ROLE_MISSING");
    let given = client
        .export_customer(rig.ask(Role::HqAdmin, HQ, told))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(given.customer.unwrap().id_number, id_number(7));
    let columns = given.source_records[0].columns.clone().unwrap();
    assert_eq!((columns.id_number, columns.phone), (id_number(7), phone(7)));
    let noted = "SELECT count(*) FROM audit WHERE act = 'exported'";
    assert_eq!(count(&rig, noted).await, 1);
}
