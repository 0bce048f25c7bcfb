//! The long poll, positions and pruning.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use marque_api::events::v1::{PullRequest, PullResponse, event_feed_server};
use marque_core::Timestamp;
use marque_events::{Feed, Source as _, prune};
use marque_testkit::{TestDb, store_test_suite};

use crate::common::{PRODUCER, prepared, tell, tell_each};

store_test_suite!(
    a_long_poll_wakes_at_once,
    an_idle_long_poll_writes_nothing,
    a_commit_of_another_process_is_seen,
    positions_go_on_after_pruning,
    what_a_broker_has_is_noted_and_may_become_less,
    who_would_miss_forgotten_events_gets_none,
    an_event_that_commits_late_comes_after_those_already_given_out,
);

async fn pull(db: &TestDb, after: i64, wait_ms: i32) -> PullResponse {
    let request = PullRequest {
        after,
        wait_ms,
        ..PullRequest::default()
    };
    Feed::new(db.handle(), PRODUCER)
        .pull(request)
        .await
        .unwrap()
}

async fn a_long_poll_wakes_at_once(db: TestDb) {
    let db = prepared(db).await;
    let mut fastest = Duration::MAX;
    for n in 0..8 {
        let waiting = pull(&db, n, 10_000);
        let telling = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            tell_each(&db, [n]).await;
            Instant::now()
        };
        let (response, told) = tokio::join!(waiting, telling);
        assert_eq!(response.events.len(), 1);
        fastest = fastest.min(told.elapsed());
    }
    // The fastest of eight, for other tests keep the machine busy; without being told it would be 100 ms and more.
    assert!(fastest < Duration::from_millis(20), "{fastest:?}");
}

async fn an_idle_long_poll_writes_nothing(db: TestDb) {
    let db = prepared(db).await;
    let handle = db.handle();
    let watch = tokio::spawn(async move {
        let mut commits = 0;
        loop {
            handle.committed().notified().await;
            commits += 1;
            assert!(commits < 3, "the long poll wakes itself");
        }
    });
    let started = Instant::now();
    assert!(pull(&db, 0, 700).await.events.is_empty());
    assert!(started.elapsed() >= Duration::from_millis(700));
    assert!(!watch.is_finished());
    watch.abort();
}

async fn a_commit_of_another_process_is_seen(db: TestDb) {
    let db = prepared(db).await;
    if !db.is_postgres() {
        return; // A SQLite file belongs to one process.
    }
    let other = db.from_another_process();
    let telling = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        tell_each(&other, [1]).await;
    };
    let (response, ()) = tokio::join!(pull(&db, 0, 10_000), telling);
    assert_eq!(response.events.len(), 1);
}

async fn positions_go_on_after_pruning(db: TestDb) {
    let db = prepared(db).await;
    tell_each(&db, 1..=5).await;
    assert_eq!(pull(&db, 0, 0).await.head, 5);
    let pruned = db
        .write(|conn| prune(conn, Timestamp::from_micros(i64::MAX)))
        .await
        .unwrap();
    assert_eq!(pruned, 4, "the newest stays");
    tell_each(&db, [6]).await;
    let positions: Vec<i64> = pull(&db, 5, 0)
        .await
        .events
        .iter()
        .map(|event| event.position)
        .collect();
    assert_eq!(positions, [6]);
}

async fn an_event_that_commits_late_comes_after_those_already_given_out(db: TestDb) {
    let db = prepared(db).await;
    if !db.is_postgres() {
        return; // One writer: the order of rows is the order of commits.
    }
    let (go, wait) = mpsc::channel::<()>();
    let (published, has_published) = tokio::sync::oneshot::channel();
    let late = {
        let db = db.from_another_process();
        let mut published = Some(published);
        let wait = std::sync::Mutex::new(wait);
        tokio::spawn(async move {
            db.write(move |conn| {
                tell(conn, "late", 1)?;
                published
                    .take()
                    .expect("run once")
                    .send(())
                    .expect("somebody waits");
                wait.lock()
                    .expect("used once")
                    .recv()
                    .expect("told to go on");
                Ok::<_, marque_db::StoreError>(())
            })
            .await
        })
    };
    has_published.await.unwrap();
    tell_each(&db, [2]).await;
    let first = pull(&db, 0, 0).await.events;
    assert_eq!(
        (first.len(), first[0].position, first[0].subject.as_str()),
        (1, 1, "a")
    );
    go.send(()).unwrap();
    late.await.unwrap().unwrap();
    let second = pull(&db, 1, 0).await.events;
    assert_eq!(
        (second.len(), second[0].position, second[0].subject.as_str()),
        (1, 2, "late")
    );
    // The late one has the lower row number and the higher position: pruning must keep the position.
    db.write(|conn| prune(conn, Timestamp::from_micros(i64::MAX)))
        .await
        .unwrap();
    tell_each(&db, [3]).await;
    assert_eq!(
        pull(&db, 2, 0).await.events.len(),
        1,
        "the next event has a position of its own"
    );
}

async fn what_a_broker_has_is_noted_and_may_become_less(db: TestDb) {
    let db = prepared(db).await;
    let feed = Feed::new(db.handle(), PRODUCER);
    assert_eq!(feed.taken().await.unwrap(), None);
    for position in [3, 7, 0] {
        feed.note_taken(position).await.unwrap();
        assert_eq!(feed.taken().await.unwrap(), Some(position));
    }
}

async fn who_would_miss_forgotten_events_gets_none(db: TestDb) {
    let db = prepared(db).await;
    let feed = Feed::new(db.handle(), PRODUCER);
    let pull = async |after| {
        let request = PullRequest {
            after,
            ..PullRequest::default()
        };
        event_feed_server::EventFeed::pull(&feed, tonic::Request::new(request)).await
    };
    assert!(pull(0).await.is_ok(), "nothing was told yet");
    tell_each(&db, [0, 1, 2]).await;
    let all = pull(0).await.unwrap().into_inner().events;
    assert_eq!(all.len(), 3);
    db.write(|conn| prune(conn, Timestamp::from_micros(i64::MAX)))
        .await
        .unwrap();
    let refused = pull(0).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    let last = all[2].position;
    assert_eq!(pull(last - 1).await.unwrap().into_inner().events.len(), 1);
    assert!(pull(last).await.unwrap().into_inner().events.is_empty());
}
