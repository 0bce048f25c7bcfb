//! Files of cases: what they are, who may see them, and that what lies on the disk is sealed.

use marque_api::complaint::v1::{
    self as pb, add_attachment_request::Part, get_attachment_response::Part as Given,
};
use marque_auth::{Role, Scope};
use marque_config::ComplaintConfig;
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Status};

use crate::{
    bucket::Bucket,
    world::{World, complaint, customer, linked, reason},
};

store_test_suite!(
    a_file_comes_back_as_it_came_and_lies_sealed,
    what_a_file_is_its_bytes_say,
    a_file_is_seen_by_those_who_see_its_case,
    a_file_that_the_customer_was_asked_for_takes_his_case_out_of_waiting,
    the_same_file_under_the_same_key_is_kept_once,
    a_file_for_a_case_that_somebody_has_changed_is_not_kept,
    files_lie_in_a_bucket_if_one_is_named,
);

const PDF: &[u8] = b"%PDF-1.7\nbrake pad of Wang Sample";

fn parts(id: &str, name: &str, bytes: &[u8]) -> Vec<pb::AddAttachmentRequest> {
    let start = pb::AttachmentStart {
        id: id.into(),
        name: name.into(),
        ..pb::AttachmentStart::default()
    };
    parts_of(start, bytes)
}

fn parts_of(start: pb::AttachmentStart, bytes: &[u8]) -> Vec<pb::AddAttachmentRequest> {
    let chunks = bytes
        .chunks(7)
        .map(|chunk| Part::Chunk(chunk.to_vec().into()));
    std::iter::once(Part::Start(start))
        .chain(chunks)
        .map(|part| pb::AddAttachmentRequest { part: Some(part) })
        .collect()
}

async fn send(
    world: &World,
    (role, scope): (Role, Scope),
    parts: Vec<pb::AddAttachmentRequest>,
) -> Result<pb::Attachment, Status> {
    let request = world.ask(role, scope, tokio_stream::iter(parts));
    let answer = world.complaints().add_attachment(request).await?;
    Ok(answer.into_inner().attachment.unwrap())
}

/// Gives a case a file.
pub(crate) async fn give(world: &World, case: &str, bytes: &[u8]) {
    let parts = parts(case, "letter.pdf", bytes);
    send(world, at_desk("D1"), parts).await.unwrap();
}

/// Gives a case a file of this name.
pub(crate) async fn give_named(world: &World, case: &str, name: &str) {
    let parts = parts(case, name, PDF);
    send(world, at_desk("D1"), parts).await.unwrap();
}

async fn fetch(
    world: &World,
    (role, scope): (Role, Scope),
    (id, file): (&str, &str),
) -> Result<(pb::Attachment, Vec<u8>), Status> {
    let message = pb::GetAttachmentRequest {
        id: id.into(),
        attachment_id: file.into(),
        personal_data: false,
    };
    let request = world.ask(role, scope, message);
    let mut stream = world
        .complaints()
        .get_attachment(request)
        .await?
        .into_inner();
    let (mut told, mut bytes) = (None, Vec::new());
    while let Some(part) = stream.message().await? {
        match part.part.unwrap() {
            Given::Attachment(attachment) => told = Some(attachment),
            Given::Chunk(chunk) => bytes.extend_from_slice(&chunk),
        }
    }
    Ok((told.unwrap(), bytes))
}

fn at_desk(dealer: &str) -> (Role, Scope) {
    (Role::Service, Scope::Dealer(dealer.parse().unwrap()))
}

async fn a_file_comes_back_as_it_came_and_lies_sealed(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    // More than a message holds.
    let large: Vec<u8> = PDF.iter().copied().cycle().take(3 << 20).collect();
    let whole = vec![
        pb::AddAttachmentRequest {
            part: parts(&case.number, "刹车片 王.pdf", b"")[0].part.clone(),
        },
        pb::AddAttachmentRequest {
            part: Some(Part::Chunk(large.clone().into())),
        },
    ];
    let kept = send(&world, at_desk("D1"), whole).await.unwrap();
    assert_eq!(
        (kept.media_type.as_str(), kept.name.as_str(), kept.size),
        ("application/pdf", "刹车片 王.pdf", 3 << 20)
    );
    let (told, bytes) = fetch(&world, at_desk("D1"), (&case.id, &kept.id))
        .await
        .unwrap();
    assert_eq!((told, bytes), (kept.clone(), large));
    let shown = world.get(&case.id).await;
    assert_eq!(shown.attachments, [kept]);
    assert_eq!(shown.entries.last().unwrap().act, "attached");
    let lying = world.stored_files();
    assert_eq!(lying.len(), 1);
    assert!(!lying[0].windows(4).any(|part| part == b"Wang"));
    let reads = "SELECT count(*) FROM audit WHERE act = 'complaint_attachment_read'";
    assert_eq!(world.count(reads).await, 1);
}

async fn what_a_file_is_its_bytes_say(db: TestDb) {
    let mut config = ComplaintConfig::default();
    config.attachments.max_bytes = 100;
    let world = World::configured(db, &config).await;
    let case = world.open(complaint("D1", "c1")).await;
    let refused = [
        (
            b"MZ\x90\0a program called picture".to_vec(),
            "ATTACHMENT_TYPE",
        ),
        (b"just words".to_vec(), "ATTACHMENT_TYPE"),
        ([PDF, &[b' '; 100]].concat(), "ATTACHMENT_TOO_LARGE"),
        (Vec::new(), "INVALID_ARGUMENT"),
    ];
    for (bytes, expected) in refused {
        let error = send(
            &world,
            at_desk("D1"),
            parts(&case.id, "picture.jpg", &bytes),
        )
        .await
        .unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        assert_eq!(reason(&error), expected, "{error}");
    }
    let disordered = parts(&case.id, "", PDF).split_off(1);
    let error = send(&world, at_desk("D1"), disordered).await.unwrap_err();
    assert_eq!(reason(&error), "ATTACHMENT_OUT_OF_ORDER");
    let mut lied = parts(&case.id, "", PDF);
    if let Some(Part::Start(start)) = &mut lied[0].part {
        start.sha256 = "00".repeat(32);
    }
    let error = send(&world, at_desk("D1"), lied).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(world.stored_files().is_empty() && world.get(&case.id).await.attachments.is_empty());
}

async fn a_file_is_seen_by_those_who_see_its_case(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    world
        .customers
        .deliver([linked(1, "D1", "c1", customer(1))])
        .await;
    let own = (Role::Customer, Scope::Customer(customer(1)));
    let kept = send(&world, own.clone(), parts(&case.id, "", PDF))
        .await
        .unwrap();
    let seen = [
        (at_desk("D1"), true),
        (at_desk("D2"), false),
        ((Role::Manager, Scope::Region("north".into())), true),
        ((Role::Manager, Scope::Region("south".into())), false),
        ((Role::Agent, Scope::Headquarters), true),
        (own, true),
        ((Role::Customer, Scope::Customer(customer(2))), false),
    ];
    for (who, is_seen) in seen {
        let fetched = fetch(&world, who.clone(), (&case.id, &kept.id)).await;
        assert_eq!(fetched.is_ok(), is_seen, "{who:?}");
        let listed = world
            .complaints()
            .list_attachments(world.ask(
                who.0,
                who.1.clone(),
                pb::ListAttachmentsRequest {
                    id: case.id.clone(),
                },
            ))
            .await;
        assert_eq!(listed.is_ok(), is_seen, "{who:?}");
        let error = send(&world, who, parts(&case.id, "", PDF)).await.err();
        assert_eq!(
            error.map(|error| error.code()),
            (!is_seen).then_some(Code::NotFound)
        );
    }
    let other = world.open(complaint("D1", "c2")).await;
    let elsewhere = fetch(&world, at_desk("D1"), (&other.id, &kept.id)).await;
    assert_eq!(elsewhere.unwrap_err().code(), Code::NotFound);
}

async fn a_file_that_the_customer_was_asked_for_takes_his_case_out_of_waiting(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let link = linked(1, "D1", "c1", customer(1));
    world.customers.deliver([link]).await;
    let case = world.open(complaint("D1", "c1")).await;
    for (to, note) in [
        ("acknowledged", ""),
        ("in_progress", ""),
        ("waiting_customer", "请发照片"),
    ] {
        world.go(&case.id, to, note).await.unwrap();
    }
    give(&world, &case.id, PDF).await;
    assert_eq!(world.get(&case.id).await.state, "waiting_customer");
    let himself = (Role::Customer, Scope::Customer(customer(1)));
    send(&world, himself, parts(&case.id, "photo", PDF))
        .await
        .unwrap();
    let shown = world.get(&case.id).await;
    assert_eq!(shown.state, "in_progress");
    assert!(shown.entries.iter().any(|entry| entry.act == "answered"));
}

async fn the_same_file_under_the_same_key_is_kept_once(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let keyed = |bytes: &[u8]| {
        let (role, scope) = at_desk("D1");
        let stream = tokio_stream::iter(parts(&case.id, "", bytes));
        let mut request = world.ask(role, scope, stream);
        let key = "file-1".parse().unwrap();
        request.metadata_mut().insert("idempotency-key", key);
        request
    };
    let first = world.complaints().add_attachment(keyed(PDF)).await.unwrap();
    let again = world.complaints().add_attachment(keyed(PDF)).await.unwrap();
    assert_eq!(first.into_inner(), again.into_inner());
    assert_eq!(world.get(&case.id).await.attachments.len(), 1);
    assert_eq!(world.stored_files().len(), 1);
    let other = world
        .complaints()
        .add_attachment(keyed(b"%PDF-1.4 another"))
        .await;
    assert!(other.is_err() && world.stored_files().len() == 1);
}

async fn files_lie_in_a_bucket_if_one_is_named(db: TestDb) {
    let bucket = Bucket::open().await;
    let mut config = ComplaintConfig::default();
    let attachments = &mut config.attachments;
    attachments.bucket = "complaints".into();
    attachments.endpoint = format!("http://{}", bucket.address);
    attachments.region = "cn-north-1".into();
    attachments.allow_http = true;
    attachments.access_key_id = Some(String::from("an-id").into());
    attachments.secret_access_key = Some(String::from("a-secret").into());
    let world = World::configured(db, &config).await;
    let case = world.open(complaint("D1", "c1")).await;
    let kept = send(&world, at_desk("D1"), parts(&case.id, "", PDF))
        .await
        .unwrap();
    let (told, bytes) = fetch(&world, at_desk("D1"), (&case.id, &kept.id))
        .await
        .unwrap();
    assert_eq!((told, bytes.as_slice()), (kept, PDF));
    let objects = bucket.objects.lock().unwrap();
    let (path, lies) = objects.iter().next().unwrap();
    assert!(path.starts_with("/complaints/complaints/"), "{path}");
    assert!(!lies.windows(4).any(|part| part == b"Wang"));
}

async fn a_file_for_a_case_that_somebody_has_changed_is_not_kept(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let read = world.open(complaint("D1", "c1")).await;
    world.go(&read.id, "acknowledged", "").await.unwrap();
    let start = pb::AttachmentStart {
        id: read.id,
        expected_version: read.version,
        ..pb::AttachmentStart::default()
    };
    let refused = send(&world, at_desk("D1"), parts_of(start, PDF)).await;
    assert_eq!(reason(&refused.unwrap_err()), "COMPLAINT_CHANGED");
    assert!(world.stored_files().is_empty());
}
