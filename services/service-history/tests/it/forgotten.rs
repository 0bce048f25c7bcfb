//! Who is erased leaves his visits; what the law wants kept lies beside them.

use marque_api::{
    customer::v1::{self as pb, CustomersErased},
    events::v1::Event,
    service_history::v1::{ListVisitVersionsRequest, Visit, VisitColumns},
};
use marque_events::ErasedWord;
use marque_intake::erased_words;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{
    World, again, customer, event, link, linked, record_of, vin, visit, wordy_visit,
};

store_test_suite!(
    a_visit_of_who_is_erased_is_nobodys_and_without_his_words,
    who_brought_the_car_is_kept_aside_while_the_law_wants_it,
    nothing_that_was_written_names_who_is_erased,
    texts_that_a_release_before_stored_in_the_clear_are_read_and_forgotten_alike,
    another_dealer_reads_no_phone_of_a_customer_he_does_not_know,
);

const NAME: &str = "慕容彼得";
const PHONE: &str = "13566661111";
const ID_NUMBER: &str = "110101198704079516";
/// Of somebody whom nobody knows.
const OTHER_PHONE: &str = "13577778888";

fn erased(position: i64, restricted: bool) -> Event {
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        customer_ids: vec![customer(10).to_string()],
        source_record_ids: vec![record_of("D1", "A").to_string()],
        restricted,
        words: Vec::new(),
    };
    event(position, "marque.customer.customers.erased", &told)
}

/// The same, with what the customer service tells of his words.
fn erased_by_name(world: &World) -> Event {
    let words = erased_words(
        &world.vault,
        "ers_1",
        [NAME, PHONE, ID_NUMBER].map(str::to_owned),
    );
    let word = |word: ErasedWord| pb::ErasedWord {
        chars: word.chars as u32,
        token: word.token,
    };
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        source_record_ids: vec![record_of("D1", "A").to_string()],
        words: words.into_iter().map(word).collect(),
        ..CustomersErased::default()
    };
    event(2, "marque.customer.customers.erased", &told)
}

/// A visit in whose every text he is named.
fn naming_visit() -> VisitColumns {
    let text = format!("机油 车主{NAME}{PHONE} {ID_NUMBER}");
    VisitColumns {
        diagnosis: format!("{text} 家人{OTHER_PHONE}"),
        ..wordy_visit(&text)
    }
}

fn assert_names_nobody(visit: &Visit) {
    let shown = format!("{visit:?}");
    let canaries = [NAME, PHONE, ID_NUMBER, OTHER_PHONE];
    for (at, canary) in canaries.into_iter().enumerate() {
        assert!(!shown.contains(canary), "canary {at}");
    }
}

/// Two people with a visit each, one of which was corrected.
async fn two_visits(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "A", customer(10), &vin(1)),
        link("D1", "B", customer(20), &vin(2)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "4000"))
        .await;
    world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "5000"))
        .await;
    world
        .put("D1", visit("R2", &vin(2), "B", "03-06", "100"))
        .await;
    world
}

async fn a_visit_of_who_is_erased_is_nobodys_and_without_his_words(db: TestDb) {
    let world = two_visits(db).await;
    let told = erased(2, false);
    world.customers.deliver([told.clone(), again(&told)]).await;
    let visits = world.of_vehicle("", &vin(1)).await;
    let [bare] = &visits[..] else {
        panic!("the car keeps its visit")
    };
    assert_eq!(
        (bare.odometer_km, bare.diagnosis.as_str()),
        (5000, "更换刹车片")
    );
    assert!(bare.customer_id.is_empty() && bare.source_record_id.is_empty());
    assert!(bare.complaint_text.is_empty());
    let other = &world.of_vehicle("", &vin(2)).await[0];
    assert!(!other.customer_id.is_empty() && !other.complaint_text.is_empty());
    for sql in [
        "SELECT count(*) FROM record_links WHERE dealer = 'D1' AND vin LIKE '%000001'",
        "SELECT count(*) FROM visit_versions WHERE source_record_id IS NOT NULL",
        "SELECT count(*) FROM restricted_visits",
    ] {
        assert_eq!(world.count(sql).await, 0, "{sql}");
    }
    // The dealer's system corrects the visit: it stays nobody's.
    world
        .put("D1", visit("R1", &vin(1), "A", "03-05", "5100"))
        .await;
    let corrected = &world.of_vehicle("", &vin(1)).await[0];
    assert_eq!(corrected.odometer_km, 5100);
    assert!(corrected.source_record_id.is_empty() && corrected.complaint_text.is_empty());
    // And nobody is told who brought the car.
    assert_eq!(told_senders(&world).await, [""]);
    world
        .put("D1", visit("R3", &vin(1), "A", "03-07", "5200"))
        .await;
    assert_eq!(told_senders(&world).await, [""]);
}

/// Who brought the cars by the newest event.
async fn told_senders(world: &World) -> Vec<String> {
    let visits = world.told().await.visits.into_iter();
    visits.map(|visit| visit.source_record_id).collect()
}

async fn who_brought_the_car_is_kept_aside_while_the_law_wants_it(db: TestDb) {
    let world = two_visits(db).await;
    let (kept, ended) = (erased(2, true), erased(3, false));
    world.customers.deliver([kept.clone(), again(&kept)]).await;
    let bare = &world.of_vehicle("", &vin(1)).await[0];
    assert!(bare.source_record_id.is_empty() && bare.complaint_text.is_empty());
    let aside = "SELECT count(*) FROM restricted_visits";
    assert_eq!(world.count(aside).await, 2, "both versions");
    world
        .customers
        .deliver([ended.clone(), again(&ended)])
        .await;
    assert_eq!(world.count(aside).await, 0);
}

async fn nothing_that_was_written_names_who_is_erased(db: TestDb) {
    let world = World::start(db).await;
    world.put("D1", naming_visit()).await;
    let later = |km: &str| VisitColumns {
        odometer_km: km.into(),
        ..naming_visit()
    };
    let (whole, _) = world.put("D1", later("4100")).await;
    assert!(whole.diagnosis.contains(NAME) && whole.lines[0].name.contains(PHONE));
    let told = erased_by_name(&world);
    world.customers.deliver([told.clone(), again(&told)]).await;
    // What was done to the car stays, in the version that stands and in the one before.
    let request = ListVisitVersionsRequest {
        id: whole.id.clone(),
        strangers: Vec::new(),
    };
    let mut history = world.history();
    let versions = history.list_visit_versions(world.hq(request)).await;
    let versions = versions.unwrap().into_inner().versions;
    assert_eq!(versions.len(), 2);
    for version in &versions {
        assert_names_nobody(version);
        assert_eq!(version.diagnosis, "机油 车主****** *** 家人***");
        assert_eq!(version.lines[0].name, "机油 车主****** ***");
        assert!(version.complaint_text.is_empty() && version.signatures.is_empty());
    }
    // The dealer's system names him again, in a correction and in another order.
    world.put("D1", later("4200")).await;
    let other = VisitColumns {
        order_number: "R2".into(),
        ..naming_visit()
    };
    world.put("D1", other).await;
    let visits = world.of_vehicle("", &vin(1)).await;
    assert_eq!(visits.len(), 2);
    for visit in &visits {
        assert_names_nobody(visit);
    }
    for canary in [NAME, PHONE, ID_NUMBER, OTHER_PHONE] {
        assert!(!world.lies_in_the_clear(canary));
    }
}

/// The blobs of a release that sealed the customer's words alone: a head with adviser (tag 4) and diagnosis (5), and a line with its
/// kind (1), code (2), name (3), quantity (4) and technician (6).
fn blobs_of_before(text: &str) -> (Vec<u8>, Vec<u8>) {
    let field = |tag: u8, bytes: &[u8]| {
        let head = [(tag << 3) | 2, u8::try_from(bytes.len()).unwrap()];
        [&head[..], bytes].concat()
    };
    let [four, five] = [4, 5].map(|tag| field(tag, text.as_bytes()));
    let [two, three, six] = [2, 3, 6].map(|tag| field(tag, text.as_bytes()));
    let (part, one_milli) = (vec![1 << 3, 2], vec![4 << 3, 0xD0, 0x0F]);
    let line = [part, two, three, one_milli, six].concat();
    let mut lines = vec![(1 << 3) | 2];
    prost::encode_length_delimiter(line.len(), &mut lines).unwrap();
    lines.extend(line);
    ([four, five].concat(), lines)
}

async fn texts_that_a_release_before_stored_in_the_clear_are_read_and_forgotten_alike(db: TestDb) {
    let world = World::start(db).await;
    world.put("D1", naming_visit()).await;
    let text = format!("机油 车主{NAME}{PHONE}");
    let (header, lines) = blobs_of_before(&text);
    let db = world.db.across();
    let put = db.write(move |conn| {
        let sql = "UPDATE visits SET header = ?1, lines = ?2";
        conn.execute(sql, &[(&header).into(), (&lines).into()])
    });
    put.await.unwrap();
    let before = &world.of_vehicle("", &vin(1)).await[0];
    let line = &before.lines[0];
    assert_eq!((&before.adviser, &before.diagnosis), (&text, &text));
    assert_eq!((&line.name, &line.technician), (&text, &text));
    assert_eq!(line.quantity_milli, 1000);
    let told = erased_by_name(&world);
    world.customers.deliver([told]).await;
    let after = &world.of_vehicle("", &vin(1)).await[0];
    assert_names_nobody(after);
    assert_eq!(after.diagnosis, "机油 车主******");
    assert_eq!(after.lines[0].name, "机油 车主******");
    assert_eq!(after.lines[0].quantity_milli, 1000);
}

async fn another_dealer_reads_no_phone_of_a_customer_he_does_not_know(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![link("D1", "A", customer(10), "")];
    world.customers.deliver([linked(1, links)]).await;
    world.put("D1", naming_visit()).await;
    // He has the same car in.
    world
        .put("D2", visit("R9", &vin(1), "Z", "04-05", "5000"))
        .await;
    let visits = world.of_vehicle("D2", &vin(1)).await;
    let others = visits.iter().find(|visit| visit.dealer == "D1").unwrap();
    let shown = [&others.diagnosis, &others.adviser, &others.lines[0].name];
    for text in shown {
        assert!(!text.contains(PHONE) && !text.contains(ID_NUMBER));
        assert!(text.starts_with("机油"), "what was done is told");
    }
    let own = world.of_vehicle("D1", &vin(1)).await;
    assert!(own.iter().any(|visit| visit.diagnosis.contains(PHONE)));
}
