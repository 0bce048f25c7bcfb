//! Idempotency keys: a write that is sent twice happens once.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

#[path = "it/chain.rs"]
mod chain;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use marque_auth::{CallContext, Identity, Role, Scope};
use marque_core::{Clock as _, CustomerId, ManualClock, ReplayMark, Timestamp};
use marque_db::{AsStoreError, Conn, Database, StoreError};
use marque_errors::{ErrorCode, ServiceError as _};
use marque_ledger::{
    Entry, IdempotencyError, IdempotencyKey, Keyed, forget_answers, history, once, prune, record,
};
use marque_testkit::{TestDb, store_test_suite};
use tonic::metadata::MetadataMap;

store_test_suite!(
    the_same_key_gets_the_same_answer,
    an_answer_that_was_given_before_is_noted,
    a_key_used_for_another_request_is_refused,
    parallel_calls_with_one_key_have_one_effect,
    keys_are_each_callers_own,
    the_same_person_in_another_scope_is_another_caller,
    a_request_with_its_key_is_carried_out_once,
    answers_that_name_somebody_are_forgotten,
    a_failed_act_keeps_no_answer,
    acts_are_read_back_newest_first,
);

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Key(#[from] IdempotencyError),
    #[error("on purpose")]
    OnPurpose,
}

impl AsStoreError for Failure {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

fn key(text: &str) -> Result<Option<IdempotencyKey>, IdempotencyError> {
    let mut metadata = MetadataMap::new();
    metadata.insert("idempotency-key", text.parse().unwrap());
    IdempotencyKey::of(&metadata)
}

fn caller(name: &str) -> CallContext {
    caller_in(Scope::Dealer("D1".parse().unwrap()), name)
}

fn caller_in(scope: Scope, name: &str) -> CallContext {
    let expires_at = Timestamp::default();
    CallContext::request(
        &Identity {
            subject: name.into(),
            roles: Role::Sales.into(),
            scope,
            expires_at,
        },
        "r",
    )
}

/// An act with an effect in the store; the answer is a number that no other run of it gives.
fn act(conn: &mut Conn<'_>, runs: &AtomicI64) -> Result<i64, Failure> {
    let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
    record(
        conn,
        &caller("a"),
        Timestamp::default(),
        &Entry {
            act: "ran",
            subject: "s",
            dealer: "",
            detail: "",
        },
    )?;
    Ok(run)
}

async fn call(
    db: &Database,
    name: &str,
    text: &str,
    request: &str,
    runs: &Arc<AtomicI64>,
) -> Result<i64, Failure> {
    call_as(db, caller(name), text, request, runs).await
}

async fn call_as(
    db: &Database,
    ctx: CallContext,
    text: &str,
    request: &str,
    runs: &Arc<AtomicI64>,
) -> Result<i64, Failure> {
    let (key, request, runs) = (key(text)?, request.to_owned(), Arc::clone(runs));
    let now = ManualClock::default().now();
    db.write(move |conn| {
        once(conn, &ctx, now, "Act", key.as_ref(), &request, |conn| {
            act(conn, &runs)
        })
    })
    .await
}

async fn effects(db: &Database) -> usize {
    db.read(|conn| history(conn, "s", i64::MAX, 1000))
        .await
        .unwrap()
        .len()
}

async fn prepared(db: TestDb) -> (TestDb, Arc<AtomicI64>) {
    (
        db.migrated(&marque_migrations::NETWORK).await,
        Arc::default(),
    )
}

async fn an_answer_that_was_given_before_is_noted(db: TestDb) {
    let (db, runs) = prepared(db).await;
    for is_again in [false, true] {
        let mark = ReplayMark::default();
        let ctx = caller("a").with_replay_mark(mark.clone());
        let (key, runs) = (key("k").unwrap(), Arc::clone(&runs));
        let now = ManualClock::default().now();
        db.write(move |conn| {
            let request = "request".to_owned();
            once(conn, &ctx, now, "Act", key.as_ref(), &request, |conn| {
                act(conn, &runs)
            })
        })
        .await
        .unwrap();
        assert_eq!(mark.is_set(), is_again);
    }
}

async fn the_same_key_gets_the_same_answer(db: TestDb) {
    let (db, runs) = prepared(db).await;
    let first = call(&db, "a", "k", "request", &runs).await.unwrap();
    assert_eq!(call(&db, "a", "k", "request", &runs).await.unwrap(), first);
    assert_eq!(
        call(&db, "a", "\"k\"", "request", &runs).await.unwrap(),
        first,
        "quoted it is the same key"
    );
    assert_eq!(effects(&db).await, 1);
    let after = ManualClock::default()
        .now()
        .plus(std::time::Duration::from_secs(1));
    assert_eq!(db.write(move |conn| prune(conn, after)).await.unwrap(), 1);
    assert_ne!(
        call(&db, "a", "k", "request", &runs).await.unwrap(),
        first,
        "a forgotten key is a new one"
    );
}

async fn a_key_used_for_another_request_is_refused(db: TestDb) {
    let (db, runs) = prepared(db).await;
    call(&db, "a", "k", "request", &runs).await.unwrap();
    let refused = call(&db, "a", "k", "another", &runs).await;
    assert!(matches!(
        refused,
        Err(Failure::Key(IdempotencyError::Reused))
    ));
    assert_eq!(effects(&db).await, 1);
    for bad in [String::new(), "a b".to_owned(), "x".repeat(256)] {
        assert_eq!(key(&bad), Err(IdempotencyError::Malformed));
    }
    assert!(key(&"x".repeat(255)).is_ok());
}

#[test]
fn a_bad_key_and_a_key_used_twice_have_their_own_answers() {
    for (error, code, reason) in [
        (
            IdempotencyError::Malformed,
            ErrorCode::InvalidArgument,
            "IDEMPOTENCY_KEY_INVALID",
        ),
        (
            IdempotencyError::Reused,
            ErrorCode::FailedPrecondition,
            "IDEMPOTENCY_KEY_REUSED",
        ),
    ] {
        assert_eq!((error.code(), error.reason()), (code, reason));
    }
}

async fn parallel_calls_with_one_key_have_one_effect(db: TestDb) {
    let (db, runs) = prepared(db).await;
    let other = db.from_another_process();
    for round in 0..5 {
        let text = format!("key-{round}");
        let calls: Vec<_> = (0..32)
            .map(|n| {
                let db = if n % 2 == 0 || !db.is_postgres() {
                    db.handle()
                } else {
                    other.clone()
                };
                let (text, runs) = (text.clone(), Arc::clone(&runs));
                tokio::spawn(async move { call(&db, "a", &text, "request", &runs).await.unwrap() })
            })
            .collect();
        let mut answers = Vec::new();
        for call in calls {
            answers.push(call.await.unwrap());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "all get the one answer");
        assert_eq!(effects(&db).await, round + 1);
    }
}

async fn keys_are_each_callers_own(db: TestDb) {
    let (db, runs) = prepared(db).await;
    let one = call(&db, "a", "k", "request", &runs).await.unwrap();
    let other = call(&db, "b", "k", "another", &runs).await.unwrap();
    assert_ne!(one, other);
    assert_eq!(effects(&db).await, 2);
}

async fn the_same_person_in_another_scope_is_another_caller(db: TestDb) {
    let (db, runs) = prepared(db).await;
    let scopes = [
        Scope::Headquarters,
        Scope::Region("north".into()),
        Scope::Dealer("D1".parse().unwrap()),
        Scope::Dealer("D2".parse().unwrap()),
        Scope::Customer(CustomerId::new(&ManualClock::default())),
    ];
    for (before, scope) in scopes.into_iter().enumerate() {
        let ctx = caller_in(scope, "a");
        call_as(&db, ctx, "k", "request", &runs).await.unwrap();
        assert_eq!(effects(&db).await, before + 1);
    }
}

async fn a_request_with_its_key_is_carried_out_once(db: TestDb) {
    let (db, runs) = prepared(db).await;
    let keyed = |text: &str| {
        let mut call = tonic::Request::new("request".to_owned());
        if !text.is_empty() {
            let metadata = call.metadata_mut();
            metadata.insert("idempotency-key", text.parse().unwrap());
        }
        Keyed::of(call)
    };
    for (text, expected) in [("k", 1), ("k", 1), ("", 2), ("", 3)] {
        let (keyed, runs) = (keyed(text).unwrap(), Arc::clone(&runs));
        assert_eq!(keyed.request(), "request");
        db.write(move |conn| {
            let now = Timestamp::default();
            keyed.once(conn, &caller("a"), now, "Act", |conn| act(conn, &runs))
        })
        .await
        .unwrap();
        assert_eq!(effects(&db).await, expected, "{text:?}");
    }
    assert!(matches!(keyed("a b"), Err(IdempotencyError::Malformed)));
}

/// What is answered under a key: this, unless something was answered before.
async fn answered(db: &Database, text: &'static str, answer: &'static str) -> String {
    db.write(move |conn| {
        let (ctx, key, request) = (caller("a"), key(text)?, "request".to_owned());
        let now = Timestamp::default();
        once(conn, &ctx, now, "Act", key.as_ref(), &request, |_| {
            Ok::<_, Failure>(answer.to_owned())
        })
    })
    .await
    .unwrap()
}

async fn answers_that_name_somebody_are_forgotten(db: TestDb) {
    let (db, _) = prepared(db).await;
    answered(&db, "k1", "it is cus_1").await;
    answered(&db, "k2", "it is cus_2").await;
    db.write(|conn| forget_answers(conn, ["cus_1".to_owned()]))
        .await
        .unwrap();
    assert_eq!(answered(&db, "k1", "nobody").await, "nobody");
    assert_eq!(answered(&db, "k2", "nobody").await, "it is cus_2");
}

async fn a_failed_act_keeps_no_answer(db: TestDb) {
    let (db, runs) = prepared(db).await;
    let failed: Result<i64, Failure> = db
        .write(|conn| {
            let (ctx, key) = (caller("a"), key("k")?);
            let request = "request".to_owned();
            once(
                conn,
                &ctx,
                Timestamp::default(),
                "Act",
                key.as_ref(),
                &request,
                |_| Err(Failure::OnPurpose),
            )
        })
        .await;
    assert!(matches!(failed, Err(Failure::OnPurpose)));
    call(&db, "a", "k", "request", &runs).await.unwrap();
    assert_eq!(effects(&db).await, 1);
}

async fn acts_are_read_back_newest_first(db: TestDb) {
    let (db, _) = prepared(db).await;
    for act in ["first", "second", "third"] {
        db.write(move |conn| {
            let entry = Entry {
                act,
                subject: "c",
                dealer: "D1",
                detail: "why",
            };
            record(conn, &caller("a"), Timestamp::from_micros(7), &entry)
        })
        .await
        .unwrap();
    }
    let acts = db
        .read(|conn| history(conn, "c", i64::MAX, 2))
        .await
        .unwrap();
    assert_eq!(
        acts.iter()
            .map(|entry| entry.act.as_str())
            .collect::<Vec<_>>(),
        ["third", "second"]
    );
    let before = acts[1].seq;
    let rest = db
        .read(move |conn| history(conn, "c", before, 2))
        .await
        .unwrap();
    assert_eq!(
        (rest.len(), rest[0].act.as_str(), rest[0].actor.as_str()),
        (1, "first", "a")
    );
}
