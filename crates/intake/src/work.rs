//! Working off one import.

use std::{io::ErrorKind, sync::Arc};

use marque_api::intake::v1::RowOutcome;
use marque_auth::CallContext;
use marque_db::{Backend, Conn, StoreError};
use marque_ledger::{Entry as Audit, record};
use marque_quality::{Finding, Severity};
use marque_tabular::{Format, Position, Table};
use marque_vault::Vault;
use prost::Message as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    Intake, IntakeError, Job, Outcome, Sink, Written,
    failure::{Failure, chain},
    finding,
    intake::{RENEWAL, lease_end, quarantine_place},
    outcome::{Counts, KeptFinding, KeptRow, KeptRows},
    reading::{self, Batch, Item, Plan, What},
    scattered::Scattered,
    spool::Whereabouts,
    store::{self, ImportRow, Progress, State},
};

impl<S: Sink> Intake<S> {
    /// Works off a claimed import to its end. What fails for now stays claimed and is taken up again when the claim
    /// runs out, for a time; a file that cannot be read ends as failed.
    pub(crate) async fn work_off(&self, import: ImportRow, stop: CancellationToken) {
        tokio::select! {
            biased;
            () = self.work_to_an_end(&import, &stop) => {}
            () = self.hold_claim(&import) => {
                tracing::warn!(import.id = %import.id, "another worker took the import over");
            }
        }
    }

    /// Renews the claim, however long a step takes; ends if it is lost.
    async fn hold_claim(&self, import: &ImportRow) {
        loop {
            tokio::time::sleep(RENEWAL).await;
            let (import, until) = (import.clone(), lease_end(self.inner.clock.now()));
            let renewal = move |conn: &mut Conn<'_>| store::renew(conn, &import, until);
            // What cannot be asked now is asked again; until then each write looks at the claim itself.
            if matches!(self.inner.db.write(renewal).await, Ok(false)) {
                return;
            }
        }
    }

    async fn work_to_an_end(&self, import: &ImportRow, stop: &CancellationToken) {
        let id = import.id;
        match self.try_work_off(import, stop).await {
            Ok(true) => tracing::info!(import.id = %id, "import is done"),
            Ok(false) => tracing::info!(import.id = %id, "import goes on later"),
            Err(failure) if self.has_to_wait(import, &failure).await => {
                tracing::warn!(import.id = %id, error = %failure.cause(), "import has to wait");
            }
            Err(failure) => self.fail(import, &failure).await,
        }
    }

    /// Whether an import that did not go on is tried again: what is to blame may pass, and has not been waited for too long.
    async fn has_to_wait(&self, import: &ImportRow, failure: &Failure) -> bool {
        // No other process has files of a store that only this one uses.
        let is_alone = self.inner.db.backend() == Backend::Sqlite;
        let whereabouts = || match self.inner.spool.whereabouts(&import.spool) {
            Whereabouts::Elsewhere if is_alone => Whereabouts::Lost,
            found => found,
        };
        let Some(patience) = failure.patience(whereabouts) else {
            return false;
        };
        let (import, now) = (import.clone(), self.inner.clock.now());
        let id = import.id;
        let held = self
            .inner
            .db
            .write(move |conn| store::hold(conn, &import, now))
            .await;
        match held {
            Ok(since) => since.is_none_or(|since| now < since.plus(patience)),
            // A store that does not answer could not record an end either.
            Err(error) => {
                tracing::warn!(import.id = %id, %error, "the store cannot be asked now");
                true
            }
        }
    }

    async fn try_work_off(
        &self,
        import: &ImportRow,
        stop: &CancellationToken,
    ) -> Result<bool, Failure> {
        let plan = self.plan(import)?;
        let scattered = if plan.from.is_none() || self.groups_rows(import) {
            let table = self.open(import, &plan).await?;
            let sink = Arc::clone(&self.inner.sink);
            run_blocking(move || reading::check(table, &*sink)).await??
        } else {
            Scattered::default()
        };
        let table = self.open(import, &plan).await?;
        let job = self.job(import);
        let (sender, mut batches) = mpsc::channel(2);
        let reader = {
            let (sink, job) = (Arc::clone(&self.inner.sink), job.clone());
            tokio::task::spawn_blocking(move || {
                reading::prepare(table, &sink, &job, &plan, scattered, &sender);
            })
        };
        while let Some(batch) = batches.recv().await {
            if stop.is_cancelled() {
                return Ok(false);
            }
            self.commit(import, &job, batch?).await?;
        }
        reader.await.map_err(Failure::of_reader)?;
        if self.finish(import, State::Succeeded, ("", "")).await? {
            self.remove_spool(import);
        }
        Ok(true)
    }

    /// Whether several rows of the import may be one record.
    fn groups_rows(&self, import: &ImportRow) -> bool {
        let sink = &self.inner.sink;
        let schema = sink.schema(&import.kind);
        schema.is_some_and(|schema| sink.group_column(schema).is_some())
    }

    fn plan(&self, import: &ImportRow) -> Result<Plan, Failure> {
        let mapping = import
            .mapping()
            .map_err(|error| Failure::Later(format!("mapping cannot be read back: {error}")))?;
        let format = match import.format.as_str() {
            "csv" => Some(Format::Csv),
            "xlsx" => Some(Format::Xlsx),
            "ndjson" => Some(Format::Ndjson),
            _ => None,
        };
        Ok(Plan {
            format,
            mapping,
            limits: self.inner.settings.limits.clone(),
            batch_rows: self.inner.settings.batch_rows,
            from: read_position(&import.checkpoint),
        })
    }

    async fn open(&self, import: &ImportRow, plan: &Plan) -> Result<Table, Failure> {
        let (name, kind, plan) = (import.spool.clone(), import.kind.clone(), plan.clone());
        let inner = Arc::clone(&self.inner);
        let open = move || reading::open(&inner.spool, &name, &kind, &*inner.sink, &plan);
        Ok(run_blocking(open).await??)
    }

    fn job(&self, import: &ImportRow) -> Job {
        Job {
            id: import.id,
            kind: import.kind.clone(),
            dealer: import.dealer.clone(),
            source: import.source.clone(),
            ctx: CallContext::job(&import.actor).with_request_id(import.id.to_string()),
            by_dealer: import.by_dealer,
            received_at: import.created_at,
            now: self.inner.clock.now(),
        }
    }

    async fn commit(
        &self,
        import: &ImportRow,
        job: &Job,
        batch: Batch<S::Payload>,
    ) -> Result<(), Failure> {
        let now = self.inner.clock.now();
        let (sink, vault, claim) = (
            Arc::clone(&self.inner.sink),
            self.inner.vault.clone(),
            import.claim.clone(),
        );
        let (job, dry_run) = (Job { now, ..job.clone() }, import.dry_run);
        let rows = batch.rows;
        let committed = self
            .inner
            .db
            .bulk(move |conn| {
                let written = write_entries(conn, &*sink, &job, &batch.items, dry_run)?;
                let kept = keep_rows(&batch.items, written);
                let counts = Counts::of(&kept.rows);
                let first_line = kept.rows.first().map_or(0, |row| row.line as i64);
                store::insert_batch(conn, job.id, first_line, counts, &kept.encode_to_vec())?;
                quarantine(conn, &vault, &job, &batch.items)?;
                let headers = serde_json::to_string(&batch.headers).expect("strings are JSON");
                let progress = Progress {
                    id: job.id,
                    claim: &claim,
                    until: lease_end(now),
                    rows: batch.rows,
                    counts,
                    checkpoint: &write_position(batch.next),
                    done_bytes: batch.next.byte as i64,
                    headers: &headers,
                    unread_sheets: batch.unread_sheets,
                };
                if !store::advance(conn, &progress)? {
                    return Err(IntakeError::Store(StoreError::Other(
                        "another worker took the import over".into(),
                    )));
                }
                if !dry_run {
                    record_batch(conn, &job, first_line, &kept)?;
                }
                Ok(())
            })
            .await;
        committed.map_err(|error| Failure::Later(chain(&error)))?;
        metrics::counter!("marque_import_rows_total", "kind" => import.kind.clone())
            .increment(rows.cast_unsigned());
        Ok(())
    }

    async fn fail(&self, import: &ImportRow, failure: &Failure) {
        let reason = failure.reason();
        tracing::info!(
            import.id = %import.id,
            problem.reason = reason,
            problem.cause = %failure.cause(),
            "import failed"
        );
        let detail = failure.detail();
        match self.finish(import, State::Failed, (reason, &detail)).await {
            Ok(true) => self.remove_spool(import),
            Ok(false) => {}
            Err(_) => tracing::warn!(import.id = %import.id, "the failure cannot be recorded now"),
        }
    }

    /// Records the end; false if another worker has taken the import over: then the file is his.
    async fn finish(
        &self,
        import: &ImportRow,
        state: State,
        problem: (&str, &str),
    ) -> Result<bool, Failure> {
        let (import, now) = (import.clone(), self.inner.clock.now());
        let problem = (problem.0.to_owned(), problem.1.to_owned());
        let ctx = self.job(&import).ctx;
        self.inner
            .db
            .write(move |conn| {
                if !store::finish(conn, &import, state, (&problem.0, &problem.1), now)? {
                    return Ok(false);
                }
                let subject = import.id.to_string();
                let act = if state == State::Succeeded {
                    "import_succeeded"
                } else {
                    "import_failed"
                };
                let audit = Audit {
                    act,
                    subject: &subject,
                    dealer: import.dealer.as_str(),
                    detail: &problem.0,
                };
                record(conn, &ctx, now, &audit)?;
                Ok(true)
            })
            .await
            .map_err(|error: StoreError| Failure::Later(chain(&error)))
    }

    fn remove_spool(&self, import: &ImportRow) {
        let removed = self.inner.spool.remove(&import.spool);
        if let Err(error) = removed
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(import.id = %import.id, %error, "the spool file stays behind");
        }
    }
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Failure::of_reader)
}

/// Writes what is not rejected; in a dry run, takes it back.
fn write_entries<S: Sink>(
    conn: &mut Conn<'_>,
    sink: &S,
    job: &Job,
    items: &[Item<S::Payload>],
    dry_run: bool,
) -> Result<Vec<Written>, StoreError> {
    let payloads: Vec<&S::Payload> = items.iter().filter_map(Item::payload).collect();
    if dry_run {
        conn.rehearse(|conn| sink.write(conn, job, &payloads))
    } else {
        sink.write(conn, job, &payloads)
    }
}

/// One audit record for all that a batch changed: which rows became what stands in the import's outcomes.
fn record_batch(
    conn: &mut Conn<'_>,
    job: &Job,
    first_line: i64,
    kept: &KeptRows,
) -> Result<(), StoreError> {
    let subject = job.id.to_string();
    let last_line = kept.rows.last().map_or(0, |row| row.line as i64);
    let audit = Audit {
        act: "import_batch",
        subject: &subject,
        dealer: job.dealer.as_str(),
        detail: &format!("lines {first_line} to {last_line}"),
    };
    record(conn, &job.ctx, job.now, &audit)
}

/// One outcome a line, in the order of the file.
fn keep_rows<P>(items: &[Item<P>], written: Vec<Written>) -> KeptRows {
    let mut written = written.into_iter();
    let mut rows = Vec::with_capacity(items.len());
    for item in items {
        let payload = item.payload();
        let written = payload.map(|_| written.next().expect("the sink answers every payload"));
        rows.extend(item.lines.iter().enumerate().map(|(at, line)| {
            let (outcome, record, findings) = outcome_of_row(item, at, written.as_ref());
            KeptRow {
                line: *line,
                outcome: outcome as i32,
                record,
                findings,
            }
        }));
    }
    KeptRows { rows }
}

/// What became of one row of an item, by its place among the item's rows. Those of a rejected entry share what was found in
/// any, but for what is wrong with one row alone: none of them is taken in because of it.
fn outcome_of_row<P>(
    item: &Item<P>,
    at: usize,
    written: Option<&Written>,
) -> (RowOutcome, Vec<u8>, Vec<KeptFinding>) {
    let refused = |findings| (RowOutcome::Quarantined, Vec::new(), findings);
    match (&item.what, written) {
        (What::Fault(fault), _) => refused(vec![fault.clone()]),
        (What::Entry(entry), None) => {
            let refusals = entry.refusals.iter().chain(item.of_rows.get(at));
            let refusals = refusals.map(finding::keep_refusal);
            refused(
                entry
                    .all_findings()
                    .map(finding::keep)
                    .chain(refusals)
                    .collect(),
            )
        }
        (What::Entry(entry), Some(written)) => {
            let of_row = entry.of_rows.get(at).map_or(&[][..], Vec::as_slice);
            outcome_of_stored(&entry.findings, of_row, written)
        }
    }
}

fn outcome_of_stored(
    of_entry: &[Finding],
    of_row: &[Finding],
    written: &Written,
) -> (RowOutcome, Vec<u8>, Vec<KeptFinding>) {
    let all = || of_entry.iter().chain(of_row).chain(&written.findings);
    let matters = all().any(|finding| finding.severity > Severity::Info);
    let findings = match written.outcome {
        Outcome::Unchanged | Outcome::Erased => Vec::new(),
        _ => all().map(finding::keep).collect(),
    };
    let record = written
        .record
        .map_or_else(Vec::new, |record| record.as_bytes().to_vec());
    (written.outcome.to_pb(matters), record, findings)
}

fn quarantine<P>(
    conn: &mut Conn<'_>,
    vault: &Vault,
    job: &Job,
    items: &[Item<P>],
) -> Result<(), IntakeError> {
    for item in items {
        for (line, fields) in item.lines.iter().zip(&item.fields) {
            let text = line.to_string();
            let sealed = vault.seal(quarantine_place(&job.id, &text), &fields.encode_to_vec())?;
            store::quarantine(conn, job.id, *line, &sealed)?;
        }
    }
    Ok(())
}

fn write_position(position: Position) -> String {
    format!("{} {} {}", position.row, position.line, position.byte)
}

fn read_position(text: &str) -> Option<Position> {
    let mut numbers = text.split(' ').map(str::parse::<u64>);
    let mut next = || numbers.next()?.ok();
    Some(Position {
        row: next()?,
        line: next()?,
        byte: next()?,
    })
}
