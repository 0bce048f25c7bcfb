//! Canaries: identifiers that were taken in must not lie anywhere in the clear (reliability.md D1, D7).

use std::{
    fmt::Write as _,
    io::Write,
    sync::{Arc, Mutex, OnceLock},
};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use marque_api::{
    customer::v1::lookup_request::Key,
    events::v1::{PullRequest, event_feed_client::EventFeedClient},
};
use marque_auth::Role;
use marque_rpc::RoleName;
use marque_testkit::{ImportFile, Rig, TestDb, a_customer, id_number, phone, store_test_suite};

use crate::common::{HQ, get, lookup_as, merge, put};

store_test_suite!(
    identifiers_lie_nowhere_in_the_clear,
    the_search_finds_each_form
);

/// Everything that any test of this process logs, at the finest level.
fn log() -> &'static Arc<Mutex<Vec<u8>>> {
    static LOG: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    LOG.get_or_init(|| {
        let log: Arc<Mutex<Vec<u8>>> = Arc::default();
        let writer = Arc::clone(&log);
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || Tee(Arc::clone(&writer)))
            .finish();
        // Another test may have set one up; then there is nothing to look at here.
        drop(tracing_subscriber::util::SubscriberInitExt::try_init(
            subscriber,
        ));
        log
    })
}

struct Tee(Arc<Mutex<Vec<u8>>>);

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The forms a text may lie about in.
fn forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let (gbk, _, _) = encoding_rs::GBK.encode(text);
    let mut forms = vec![
        ("UTF-8", text.as_bytes().to_vec()),
        (
            "UTF-16LE",
            utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
        ),
        (
            "UTF-16BE",
            utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        ),
        ("GBK", gbk.into_owned()),
        ("hex", hex::encode(text).into_bytes()),
        ("HEX", hex::encode_upper(text).into_bytes()),
    ];
    // Base64 depends on where in its input the text begins: the middle of each of the three.
    for (shift, skip) in [(0, 0), (1, 2), (2, 3)] {
        let shifted = [&b"aa"[..shift], text.as_bytes()].concat();
        let encoded = STANDARD_NO_PAD.encode(&shifted[..shifted.len() / 3 * 3]);
        forms.push(("base64", encoded.as_bytes()[skip..].to_vec()));
    }
    forms
}

fn find(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// Which forms of which canary are there; says the canary's number, not the canary.
fn found(haystack: &[u8], canaries: &[String]) -> Vec<(usize, &'static str)> {
    let mut hits = Vec::new();
    for (number, canary) in canaries.iter().enumerate() {
        for (form, needle) in forms(canary) {
            if find(haystack, &needle) {
                hits.push((number, form));
            }
        }
    }
    hits
}

fn canaries() -> Vec<String> {
    let address = |n: u32| format!("金丝雀路{}号{}室", 900 + n, 1200 + n);
    (0..20)
        .flat_map(|n| [id_number(7000 + n), phone(77_700_000 + n), address(n)])
        .collect()
}

async fn identifiers_lie_nowhere_in_the_clear(db: TestDb) {
    let log = log();
    let rig = Rig::new(db).await;
    let canaries = canaries();
    let mut file = String::from("客户编号,姓名,身份证号,手机,地址\r\n");
    for (n, person) in canaries.chunks(3).enumerate() {
        let (number, phone, road) = (&person[0], &person[1], &person[2]);
        writeln!(file, "C{n},王小明,{number},{phone},上海市浦东新区{road}\r").unwrap();
    }
    // One that is quarantined, for it has no key.
    let (number, phone, road) = (&canaries[0], &canaries[1], &canaries[2]);
    writeln!(file, ",王小明,{number},{phone},上海市浦东新区{road}\r").unwrap();
    let import = rig.import(ImportFile::of_customers("D1", file)).await;
    assert_eq!((import.received, import.quarantined), (21, 1));
    // A change, a look-up, a refusal and a merge as well.
    let person = |n: usize| {
        a_customer()
            .named("王小明")
            .with_id_number(&canaries[3 * n])
            .with_phone(&canaries[3 * n + 1])
    };
    let one = put(&rig, person(0).who_likes("fishing").put("D1", "C0"))
        .await
        .customer_id;
    let two = put(&rig, person(1).put("D2", "C1")).await.customer_id;
    lookup_as(&rig, Role::Agent, HQ, Key::Phone(canaries[1].clone()))
        .await
        .unwrap();
    lookup_as(
        &rig,
        Role::Agent,
        HQ,
        Key::IdNumber(format!("{}9", &canaries[0])),
    )
    .await
    .unwrap_err();
    let nameless = a_customer()
        .with_id_number(format!("{}9", &canaries[0]))
        .put("D1", "C9");
    rig.customer()
        .put_source_record(rig.ask(Role::HqAdmin, HQ, nameless))
        .await
        .unwrap_err();
    merge(&rig, &one, &two).await.unwrap();
    assert_eq!(get(&rig, &one).await.source_records, 3);
    let stored = rig.customer_db().everything();
    assert!(
        find(&stored, b"records_imported"),
        "the search sees the tables"
    );
    assert_eq!(found(&stored, &canaries), []);
    assert_eq!(found(&events(&rig).await, &canaries), []);
    let log = log.lock().unwrap().clone();
    assert!(find(&log, b"import is done"), "the search sees the log");
    assert_eq!(found(&log, &canaries), []);
}

/// What the feed tells, encoded.
async fn events(rig: &Rig) -> Vec<u8> {
    let request = rig.ask_as_peer(PullRequest {
        limit: 1000,
        ..PullRequest::default()
    });
    let feed = rig.process().transport(RoleName::Customer);
    let events = EventFeedClient::new(feed)
        .pull(request)
        .await
        .unwrap()
        .into_inner()
        .events;
    assert!(events.len() >= 3, "an import, writes and a merge are told");
    events
        .iter()
        .flat_map(prost::Message::encode_to_vec)
        .collect()
}

async fn the_search_finds_each_form(_: TestDb) {
    let canary = "金丝雀路901号".to_owned();
    let utf16: Vec<u8> = canary.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (gbk, _, _) = encoding_rs::GBK.encode(&canary);
    let base64 = STANDARD_NO_PAD.encode(format!("x{canary}yz"));
    for (form, haystack) in [
        ("UTF-8", canary.clone().into_bytes()),
        ("UTF-16LE", utf16),
        ("GBK", gbk.into_owned()),
        ("hex", hex::encode(&canary).into_bytes()),
        ("base64", base64.into_bytes()),
    ] {
        let hits = found(&haystack, std::slice::from_ref(&canary));
        assert!(hits.contains(&(0, form)), "{form}");
    }
}
