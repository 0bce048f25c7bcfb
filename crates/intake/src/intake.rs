//! An intake: one service's imports over its own store.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use marque_api::intake::v1::ImportResponse;
use marque_auth::{CallContext, Scope};
use marque_core::{ImportId, PageRequest, SharedClock, Timestamp};
use marque_db::{Backend, Conn, Database, Wall};
use marque_ledger::{Entry, IdempotencyKey, once, record};
use marque_reseal::{Part, SealedColumn};
use marque_tabular::{Limits, Row};
use marque_vault::{Place, Vault};
use prost::Message as _;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    Directory, IntakeError, Sink,
    grpc::to_pb,
    outcome::{KeptFields, KeptRow, KeptRows},
    spool::Spool,
    store::{self, ImportRow},
};

/// Where and how an intake works.
#[derive(Debug, Clone)]
pub struct IntakeSettings {
    /// Folder of the files that wait or are being worked off, sealed.
    pub spool: PathBuf,
    /// Rows a transaction.
    pub batch_rows: usize,
    /// Imports worked off at once; those of one dealer, source and kind one after the other.
    pub parallel: usize,
    /// Most bytes of a file.
    pub max_file_bytes: u64,
    /// What a file may hold.
    pub limits: Limits,
}

/// One service's imports; cheap to clone.
#[derive(Debug)]
pub struct Intake<S> {
    pub(crate) inner: Arc<Inner<S>>,
}

impl<S> Clone for Intake<S> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Inner<S> {
    pub(crate) db: Database,
    pub(crate) vault: Vault,
    pub(crate) clock: SharedClock,
    pub(crate) directory: Directory,
    pub(crate) settings: IntakeSettings,
    pub(crate) spool: Spool,
    pub(crate) sink: Arc<S>,
    pub(crate) queued: Notify,
}

/// How long after its end what became of an import's rows can be asked, and rows that are held back can be fetched.
pub const ROWS_KEPT: Duration = Duration::from_secs(90 * 86_400);
/// How often the rows of old imports are looked for.
const TIDY: Duration = Duration::from_secs(3600);

impl<S: Sink> Intake<S> {
    /// An intake over a service's store.
    ///
    /// # Errors
    /// If the spool folder cannot be made.
    pub fn new(
        db: Database,
        vault: Vault,
        clock: SharedClock,
        directory: Directory,
        settings: IntakeSettings,
        sink: S,
    ) -> Result<Self, IntakeError> {
        let spool = Spool::new(settings.spool.clone(), vault.clone())?;
        Ok(Self {
            inner: Arc::new(Inner {
                db,
                vault,
                clock,
                directory,
                settings,
                spool,
                sink: Arc::new(sink),
                queued: Notify::new(),
            }),
        })
    }

    /// What rows mean here.
    pub fn sink(&self) -> &Arc<S> {
        &self.inner.sink
    }

    /// Works off imports until told to stop; an import that is cut short goes on at its last batch.
    pub async fn run(self, stop: CancellationToken) {
        self.prepare_start().await;
        let places = Arc::new(Semaphore::new(self.inner.settings.parallel.max(1)));
        let mut running = tokio::task::JoinSet::new();
        let mut tidy = tokio::time::interval(TIDY);
        loop {
            // In this order: with a free place always at hand, tidying would come by chance.
            let place = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = tidy.tick() => {
                    self.forget_old_rows().await;
                    self.sweep_spool().await;
                    continue;
                }
                place = Arc::clone(&places).acquire_owned() => place.expect("the semaphore is never closed"),
            };
            if let Some(import) = self.claim().await {
                let (intake, stop) = (self.clone(), stop.clone());
                running.spawn(marque_db::behind(Wall::current(), async move {
                    let at_work = marque_db::import_at_work();
                    intake.work_off(import, stop).await;
                    drop(at_work);
                    drop(place);
                    // The next of its dealer may have waited for its end.
                    intake.inner.queued.notify_one();
                }));
            } else {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = self.inner.queued.notified() => {}
                    () = tokio::time::sleep(IDLE) => {}
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    async fn forget_old_rows(&self) {
        let before = self.rows_kept_since();
        let forget = move |conn: &mut Conn<'_>| store::forget_rows_of_ended(conn, before);
        if let Err(error) = self.inner.db.bulk(forget).await {
            tracing::warn!(%error, "rows of old imports cannot be forgotten now");
        }
    }

    fn rows_kept_since(&self) -> Timestamp {
        let kept = i64::try_from(ROWS_KEPT.as_micros()).unwrap_or(i64::MAX);
        Timestamp::from_micros(self.inner.clock.now().as_micros() - kept)
    }

    /// An import whose rows are still kept.
    ///
    /// # Errors
    /// [`IntakeError::RowsForgotten`] long after its end, and as [`Self::get`].
    pub(crate) async fn get_with_rows(
        &self,
        scope: Scope,
        id: ImportId,
    ) -> Result<ImportRow, IntakeError> {
        let import = self.get(scope, id).await?;
        let since = self.rows_kept_since();
        if import.finished_at.is_some_and(|ended| ended < since) {
            return Err(IntakeError::RowsForgotten);
        }
        Ok(import)
    }

    /// On SQLite this process is the only one: whatever was running was cut short.
    async fn prepare_start(&self) {
        if self.inner.db.backend() == Backend::Sqlite
            && let Err(error) = self.inner.db.write(store::release_all).await
        {
            tracing::error!(%error, "claims of imports cannot be released");
        }
    }

    async fn sweep_spool(&self) {
        if let Err(error) = self.sweep().await {
            tracing::warn!(%error, "the spool cannot be swept");
        }
    }

    /// Removes files of nobody: at the start, and every hour.
    async fn sweep(&self) -> Result<(), IntakeError> {
        for path in self.inner.spool.old_files()? {
            let file = path.clone();
            let is_wanted = move |conn: &mut Conn<'_>| store::is_wanted(conn, &file);
            if !self.inner.db.scan(is_wanted).await? {
                std::fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    async fn claim(&self) -> Option<ImportRow> {
        let now = self.inner.clock.now();
        let claimed = self
            .inner
            .db
            .write(move |conn| store::claim(conn, now, lease_end(now)))
            .await;
        claimed.unwrap_or_else(|error| {
            tracing::warn!(%error, "no import can be claimed now");
            None
        })
    }

    /// Puts a spooled file into the queue, unless its sender has done so before with the same key.
    pub(crate) async fn enqueue(
        &self,
        ctx: CallContext,
        sent: Sent,
        import: ImportRow,
    ) -> Result<ImportResponse, IntakeError> {
        let clock = self.inner.clock.clone();
        let queued = self
            .inner
            .db
            .write(move |conn| {
                let (now, key) = (clock.now(), sent.key.as_ref());
                once(conn, &ctx, now, METHOD, key, &sent.fingerprint, |conn| {
                    queue(conn, &ctx, now, &import)
                })
            })
            .await?;
        self.inner.queued.notify_one();
        Ok(queued)
    }

    pub(crate) async fn get(&self, scope: Scope, id: ImportId) -> Result<ImportRow, IntakeError> {
        let found = self
            .inner
            .db
            .read(move |conn| store::find(conn, &scope, id))
            .await?;
        found.ok_or(IntakeError::ImportUnknown)
    }

    pub(crate) async fn list(
        &self,
        scope: Scope,
        after: Option<Uuid>,
        page: PageRequest,
    ) -> Result<Vec<ImportRow>, IntakeError> {
        Ok(self
            .inner
            .db
            .scan(move |conn| store::list(conn, &scope, after, &page))
            .await?)
    }

    /// Rows after a line, with the customers they belong to now.
    pub(crate) async fn rows(
        &self,
        id: ImportId,
        column: Option<&'static str>,
        outcome: Option<i32>,
        after: i64,
        limit: usize,
    ) -> Result<(Vec<KeptRow>, BTreeMap<Uuid, String>), IntakeError> {
        let sink = Arc::clone(&self.inner.sink);
        self.inner
            .db
            .scan(move |conn| {
                let rows = rows_after(conn, id, column, outcome, after, limit)?;
                let records: Vec<Uuid> = rows
                    .iter()
                    .filter_map(|row| Uuid::from_slice(&row.record).ok())
                    .collect();
                let customers = sink.customers(conn, &records)?;
                Ok((rows, customers.into_iter().collect()))
            })
            .await
    }

    /// Quarantined rows after a line, opened, at most 500.
    pub(crate) async fn quarantined(
        &self,
        id: ImportId,
        after: i64,
    ) -> Result<Vec<(i64, Row)>, IntakeError> {
        let sealed = self
            .inner
            .db
            .scan(move |conn| store::quarantined(conn, id, after, 500))
            .await?;
        sealed
            .into_iter()
            .map(|(line, sealed)| {
                let opened = self
                    .inner
                    .vault
                    .open(quarantine_place(&id, &line.to_string()), &sealed)?;
                let kept = KeptFields::decode(opened.as_slice()).unwrap_or_default();
                Ok((
                    line,
                    Row::of(line.cast_unsigned(), kept.fields.iter().map(String::as_str)),
                ))
            })
            .collect()
    }
}

/// Whether a sender repeats himself: his key, if he gave one, and what he sent.
pub(crate) struct Sent {
    pub(crate) key: Option<IdempotencyKey>,
    /// The start message and the digest of the file.
    pub(crate) fingerprint: Vec<u8>,
}

/// Keys are remembered for this method.
const METHOD: &str = "Import";

fn queue(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    import: &ImportRow,
) -> Result<ImportResponse, IntakeError> {
    let import = &ImportRow {
        created_at: store::arrival(conn, import, now)?,
        ..import.clone()
    };
    store::insert(conn, import)?;
    let id = import.id.to_string();
    let entry = Entry {
        act: "import_queued",
        subject: &id,
        dealer: import.dealer.as_str(),
        detail: &import.kind,
    };
    record(conn, ctx, now, &entry)?;
    Ok(ImportResponse {
        import: Some(to_pb(import)),
    })
}

/// How long a claimed import is left alone before another process takes it over.
const LEASE: Duration = Duration::from_mins(1);
/// How often a claim is renewed while an import is worked off.
pub(crate) const RENEWAL: Duration = Duration::from_secs(20);
/// How long to sleep when nothing waits; a new import here wakes us at once.
const IDLE: Duration = Duration::from_secs(2);

/// Where a quarantined row is sealed.
pub(crate) fn quarantine_place<'a>(id: &'a ImportId, line: &'a str) -> Place<'a> {
    // The import's id is part of the row; the line is the field.
    Place::new("import_quarantine", id.as_bytes(), line)
}

/// Rows that are held back, which every service that takes files in keeps: sealed, for an exchange of keys.
pub const QUARANTINE: SealedColumn = SealedColumn {
    table: "import_quarantine",
    column: "sealed",
    key: &[("import_id", Part::Uuid), ("line", Part::Int)],
    beside: &[],
    reseal: |vault, key, sealed| {
        let line = key[1].text();
        let place = Place::new("import_quarantine", key[0].bytes(), &line);
        vault.reseal(place, sealed)
    },
};

fn rows_after(
    conn: &mut Conn<'_>,
    id: ImportId,
    column: Option<&'static str>,
    outcome: Option<i32>,
    after: i64,
    limit: usize,
) -> Result<Vec<KeptRow>, IntakeError> {
    let mut found = Vec::with_capacity(limit);
    let mut from = store::batch_before(conn, id, after + 1)?;
    while let Some((first_line, encoded)) = store::batch_at(conn, id, from, column)? {
        let kept = KeptRows::decode(encoded.as_slice()).map_err(|error| {
            marque_db::StoreError::Decode {
                column: 1,
                source: error.into(),
            }
        })?;
        let wanted = kept.rows.into_iter().filter(|row| {
            row.line as i64 > after && outcome.is_none_or(|outcome| row.outcome == outcome)
        });
        found.extend(wanted.take(limit - found.len()));
        if found.len() == limit {
            break;
        }
        from = first_line + 1;
    }
    Ok(found)
}

/// The instant a claim made or renewed now runs out.
pub(crate) fn lease_end(now: Timestamp) -> Timestamp {
    now.plus(LEASE)
}
