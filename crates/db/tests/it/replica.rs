//! Reads from a replica: a second PostgreSQL that follows the first, stopped, held up and started again.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use marque_db::{Conn, Database, Settings, StoreError, Wall, behind};
use marque_testkit::TestDb;
use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/postgres.sh");
/// How long the replica may take to catch up on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn run(arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(SCRIPT)
        .arg(arguments[0])
        .arg(folder)
        .args(&arguments[1..])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A replica of the server of a test; ended with it.
struct Follower {
    folder: TempDir,
    url: String,
}

impl Follower {
    fn of(url: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("pg-replica")
            .tempdir()
            .unwrap();
        let url = run(&["replica", url], folder.path());
        Self { folder, url }
    }

    /// Runs a statement on the replica itself.
    async fn tell(&self, sql: &'static str) {
        let db = open(&self.url, "public", None).as_login();
        db.scan(move |conn| conn.query(sql, &[], |_| Ok(())))
            .await
            .unwrap();
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        run(&["stop"], self.folder.path());
    }
}

fn open(url: &str, schema: &str, replica: Option<String>) -> Database {
    Database::open(&Settings::Postgres {
        url: url.to_owned(),
        schema: schema.to_owned(),
        readers: 1,
        writers: 1,
        replica,
    })
    .unwrap()
}

/// The newest number, and whether a replica said so.
fn newest(conn: &mut Conn<'_>) -> Result<(i64, bool), StoreError> {
    let sql = "SELECT coalesce(max(n), 0), pg_is_in_recovery() FROM numbers";
    let found = conn.query_opt(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.unwrap_or_default())
}

async fn write(db: &Database, n: i64) {
    db.write(move |conn| conn.execute("INSERT INTO numbers VALUES (?1)", &[n.into()]))
        .await
        .unwrap();
}

/// Asks until a replica answers or none does.
async fn until_answered_by_replica(db: &Database, wanted: bool, newest_number: i64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (n, by_replica) = db.report(newest).await.unwrap();
        assert_eq!(n, newest_number, "what was written here is read here");
        if by_replica == wanted {
            return;
        }
        assert!(Instant::now() < deadline, "by the replica: {by_replica}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn a_replica_answers_when_it_has_what_was_written_here_and_not_while_it_is_behind_or_down() {
    let Some(db) = TestDb::postgres() else { return };
    let Settings::Postgres { url, schema, .. } = db.settings() else {
        unreachable!()
    };
    let follower = Follower::of(&url);
    let with_replica = open(&url, &schema, Some(follower.url.clone()));
    marque_testkit::block_on(behind(Wall::Everything, async {
        let db = with_replica;
        db.write(|conn| conn.batch("CREATE TABLE numbers (n BIGINT)"))
            .await
            .unwrap();
        for n in 1..=50 {
            write(&db, n).await;
            assert_eq!(db.report(newest).await.unwrap().0, n, "read after write");
        }
        until_answered_by_replica(&db, true, 50).await;
        follower.tell("SELECT pg_wal_replay_pause()").await;
        write(&db, 51).await;
        assert_eq!(
            db.report(newest).await.unwrap(),
            (51, false),
            "it is behind"
        );
        follower.tell("SELECT pg_wal_replay_resume()").await;
        until_answered_by_replica(&db, true, 51).await;
        run(&["stop"], follower.folder.path());
        // The sessions that were open when it ended may fail once; a caller repeats that.
        let began = Instant::now();
        while db.report(newest).await.ok() != Some((51, false)) {
            assert!(began.elapsed() < PATIENCE, "the server itself answers");
        }
        write(&db, 52).await;
        assert_eq!(db.report(newest).await.unwrap(), (52, false));
    }));
}
