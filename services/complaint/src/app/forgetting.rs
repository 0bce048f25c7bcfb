//! Forgetting people: their cases end, and nothing of what was said or sent is left.

use std::time::Duration;

use marque_auth::Scope;
use marque_core::Timestamp;
use marque_db::{Conn, StoreError};
use marque_events::Erased;
use marque_ledger::forget_answers;
use tokio_util::sync::CancellationToken;

use super::{
    CaseApp,
    publish::{self, Change},
};
use crate::{
    domain::{Entry, State, Words},
    error::Result,
    storage,
};

/// Who writes that a case lost its customer.
const ACTOR: &str = "complaint.erasure";
/// How often it is looked for bytes to delete where nothing rings.
const WATCH: Duration = Duration::from_mins(1);

impl CaseApp {
    /// Forgets people in the caller's transaction. Their files' bytes are deleted after it.
    pub(crate) fn forget(
        &self,
        conn: &mut Conn<'_>,
        erased: &Erased,
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        conn.overwrite_deleted(true)?;
        storage::lock_records(conn, erased.records.iter().copied())?;
        let ids = storage::cases_of_people(conn, erased)?;
        storage::lock_cases(conn, ids.iter().copied())?;
        storage::silence(conn, &ids)?;
        let cases = self.store.find_many(conn, &Scope::Headquarters, &ids)?;
        storage::unlink(conn, erased)?;
        let mut changes = Vec::with_capacity(cases.len());
        for mut case in cases {
            (case.record, case.customer) = (None, None);
            case.words = Words::default();
            // It is told after what has happened, and is the last that happens to it.
            let at = now.max(case.updated_at);
            let from = case.state;
            case.version += 1;
            case.updated_at = at;
            if case.state.is_open() {
                case.state = State::Closed;
                case.closed_at = Some(at);
            }
            let body = self
                .store
                .seal(&case)
                .map_err(|error| StoreError::Unavailable(error.into()))?;
            storage::update_case(conn, &mut case)?;
            storage::put_body(conn, case.id, &body)?;
            let entry = Entry {
                act: Entry::ERASED,
                at,
                actor: ACTOR.to_owned(),
                from: from.code().to_owned(),
                to: case.state.code().to_owned(),
                note: String::new(),
            };
            self.note(conn, case.id, &entry)?;
            changes.push(Change::of(&case, at));
        }
        forget_answers(conn, ids.iter().map(ToString::to_string))?;
        publish::all(conn, &*self.clock, publish::ERASED, changes)?;
        marque_intake::entomb(conn, self.store.vault(), &erased.records, now)?;
        marque_intake::forget_rows_of(conn, self.store.vault(), &erased.records)?;
        conn.overwrite_deleted(false)
    }

    /// Deletes bytes of some files of people who were erased, until told to stop; answers whether there may be more.
    async fn delete_waste(&self, stop: &CancellationToken) -> Result<bool> {
        let waste = self.db.read(storage::list_waste).await?;
        for (case, file) in &waste {
            if stop.is_cancelled() {
                break;
            }
            self.files.delete(*case, *file).await?;
            let done = (*case, *file);
            self.db
                .write(move |conn| storage::end_waste(conn, done))
                .await?;
        }
        Ok(!waste.is_empty())
    }
}

/// Deletes the bytes of files of people who were erased, until told to stop.
pub(crate) async fn keep_deleting(app: CaseApp, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let rung = app.db.committed().notified();
        match app.delete_waste(&stop).await {
            Ok(false) => {}
            Ok(true) => continue,
            Err(error) => tracing::warn!(%error, "files of erased people have to wait"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = rung => {}
            () = tokio::time::sleep(WATCH) => {}
        }
    }
}
