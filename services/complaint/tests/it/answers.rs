//! Answers that are kept for idempotency keys: they say what people said, and lie sealed.

use std::fmt::Write as _;

use marque_api::{complaint::v1 as pb, customer::v1::CustomersErased};
use marque_testkit::{TestDb, store_test_suite};
use prost::Message as _;
use tonic::{Code, Request};

use crate::world::{World, complaint, customer, event, linked, record_of};

store_test_suite!(
    what_people_said_lies_nowhere_in_the_clear,
    an_answer_that_a_release_before_kept_in_the_clear_is_given_again,
    answers_that_tell_of_who_is_erased_are_forgotten,
);

/// What is said everywhere.
const SAID: &str = "王样例说：请打13912340001";

pub(crate) fn keyed<T>(mut request: Request<T>, key: &'static str) -> Request<T> {
    let key = key.parse().unwrap();
    request.metadata_mut().insert("idempotency-key", key);
    request
}

/// Opens a case under a key.
async fn open(world: &World, key: &'static str) -> pb::OpenComplaintResponse {
    let request = pb::OpenComplaintRequest {
        text: SAID.into(),
        wish: SAID.into(),
        ..complaint("D1", "c1")
    };
    let request = keyed(world.desk("D1", request), key);
    let opened = world.complaints().open_complaint(request).await;
    opened.unwrap().into_inner()
}

/// Whether the store holds what was said, as it is or as PostgreSQL prints bytes.
fn lies_in_the_clear(world: &World) -> bool {
    let stored = world.db.everything();
    let mut in_hex = String::new();
    for byte in SAID.bytes() {
        write!(in_hex, "{byte:02x}").unwrap();
    }
    let forms = [SAID, in_hex.as_str()];
    forms.iter().any(|form| {
        let mut windows = stored.windows(form.len());
        windows.any(|window| window == form.as_bytes())
    })
}

async fn what_people_said_lies_nowhere_in_the_clear(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let opened = open(&world, "k1").await;
    assert_eq!(open(&world, "k1").await, opened);
    let id = opened.complaint.unwrap().id;
    let note = pb::AddNoteRequest {
        id: id.clone(),
        note: SAID.into(),
        ..pb::AddNoteRequest::default()
    };
    let mut noted = Vec::new();
    for _ in 0..2 {
        let request = keyed(world.desk("D1", note.clone()), "k2");
        let answer = world.complaints().add_note(request).await.unwrap();
        noted.push(answer.into_inner());
    }
    assert_eq!(noted[0], noted[1]);
    assert_eq!(world.get(&id).await.version, 2, "noted once");
    let task = pb::AddTaskRequest {
        id: id.clone(),
        department: "parts".into(),
        text: SAID.into(),
        ..pb::AddTaskRequest::default()
    };
    let request = keyed(world.desk("D1", task), "k3");
    let task = world.complaints().add_task(request).await.unwrap();
    let end = pb::FinishTaskRequest {
        id: id.clone(),
        task_id: task.into_inner().task.unwrap().id,
        outcome: SAID.into(),
        ..pb::FinishTaskRequest::default()
    };
    let request = keyed(world.desk("D1", end), "k4");
    world.complaints().finish_task(request).await.unwrap();
    let gone = pb::MoveComplaintRequest {
        id,
        to: "withdrawn".into(),
        note: SAID.into(),
        ..pb::MoveComplaintRequest::default()
    };
    let request = keyed(world.desk("D1", gone), "k5");
    world.complaints().move_complaint(request).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM idempotency").await, 5);
    assert!(!lies_in_the_clear(&world));
    // What else the key came with is still another request.
    let request = keyed(world.desk("D1", complaint("D1", "c1")), "k1");
    let refused = world.complaints().open_complaint(request).await;
    assert_eq!(refused.unwrap_err().code(), Code::FailedPrecondition);
}

async fn an_answer_that_a_release_before_kept_in_the_clear_is_given_again(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let opened = open(&world, "k1").await;
    let before = opened.encode_to_vec();
    let store = world.db.handle();
    let kept = store.write(move |conn| {
        conn.execute(
            "UPDATE idempotency SET answer = ?1",
            &[before.as_slice().into()],
        )
    });
    assert_eq!(kept.await.unwrap(), 1);
    assert_eq!(open(&world, "k1").await, opened);
}

async fn answers_that_tell_of_who_is_erased_are_forgotten(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let own = customer(1);
    world.customers.deliver([linked(1, "D1", "c1", own)]).await;
    open(&world, "k1").await;
    let told = CustomersErased {
        erasure_id: "ers_1".into(),
        customer_ids: vec![own.to_string()],
        source_record_ids: vec![record_of("D1", "c1").to_string()],
        restricted: false,
        words: Vec::new(),
    };
    let told = event(2, "marque.customer.customers.erased", &told);
    world.customers.deliver([told]).await;
    assert_eq!(world.count("SELECT count(*) FROM idempotency").await, 0);
}
