//! Forgetting a person: everything of him leaves this service, and an event tells the others.

use std::time::Duration;

use marque_auth::CallContext;
use marque_core::{CustomerId, SourceRecordId, Timestamp, business_date};
use marque_db::Conn;
use marque_events::withdraw_links;
use marque_intake::{erased_words, forget_rows};
use marque_ledger::forget_answers;
use marque_quality::{Field, name::is_placeholder};
use rustc_hash::FxHashSet;
use tokio_util::sync::CancellationToken;

use super::{CustomerApp, published, ready::Keys};
use crate::{
    domain::{Erasure, Facts, Ruling, SourceRecord, features},
    error::{Error, Result},
    storage::Token,
};

/// How often it is looked whether the law has let go of somebody.
const WATCH: Duration = Duration::from_hours(1);
/// Columns by which a row that was held back is his.
const IDENTIFIERS: [Field; 5] = [
    Field::CustomerIdNumber,
    Field::CustomerPhone,
    Field::CustomerPhone2,
    Field::CustomerEmail,
    Field::CustomerWechat,
];
/// Further columns by which a text names him.
const NAMES: [Field; 4] = [
    Field::CustomerName,
    Field::CustomerContactName,
    Field::CustomerPlate,
    Field::CustomerAddress,
];
/// What is noted of who is erased because his last duty ended.
const TERM_ENDED: &str = "the last duty to keep his records has ended";

impl CustomerApp {
    /// Takes a customer out of the service; what is to be kept goes where only the request finds it.
    pub(super) fn forget(
        &self,
        conn: &mut Conn<'_>,
        erasure: &Erasure,
        ruling: &Ruling,
        now: Timestamp,
    ) -> Result<()> {
        let customer = match self.store.get_customer(conn, erasure.customer) {
            // He asked twice, before and after he was merged with himself.
            Err(Error::CustomerUnknown) if *ruling == Ruling::Erase => return Ok(()),
            found => found?,
        };
        let family = self.store.family(conn, customer.serial)?;
        if self
            .store
            .was_parted_since(conn, &family, erasure.requested_at)?
        {
            return Err(Error::CustomerParted);
        }
        conn.overwrite_deleted(true)?;
        let customers: Vec<CustomerId> = self
            .store
            .customer_ids(conn, &family)?
            .into_values()
            .collect();
        let records = self.store.records_of(conn, &family)?;
        let ids: Vec<SourceRecordId> = records.iter().map(|record| record.id).collect();
        let seqs: Vec<i64> = records.iter().map(|record| record.seq).collect();
        let is_restricted = matches!(ruling, Ruling::Restrict(_));
        if is_restricted {
            self.store.lock_away(conn, erasure.id, &records)?;
        }
        self.store.entomb(conn, &records, now)?;
        let tokens = self.tokens_of(&records, now);
        self.store.delete_records(conn, &tokens, &seqs)?;
        self.store.delete_beside(conn, &family)?;
        self.store.mark_erased(conn, &family, now)?;
        self.forget_held_rows(conn, &records, &ids, now)?;
        withdraw_links(conn, published::LINKED, &ids)?;
        forget_answers(conn, ids.iter().map(ToString::to_string))?;
        let named = names_of(&records, now)
            .into_iter()
            .chain(identifiers_of(&records, now));
        let words = erased_words(self.store.vault(), &erasure.id.to_string(), named);
        let gone = (&customers[..], &ids[..]);
        published::erased(conn, &*self.clock, erasure.id, gone, words, is_restricted)?;
        conn.overwrite_deleted(false)?;
        Ok(())
    }

    /// Deletes what was locked away: the law has let go.
    pub(super) fn release(&self, conn: &mut Conn<'_>, erasure: &Erasure) -> Result<()> {
        conn.overwrite_deleted(true)?;
        let customers = self.store.ids_of_person(conn, erasure.customer)?;
        let ids = self.store.locked_away_ids(conn, erasure.id)?;
        self.store.delete_locked_away(conn, erasure.id)?;
        let gone = (&customers[..], &ids[..]);
        published::erased(conn, &*self.clock, erasure.id, gone, Vec::new(), false)?;
        conn.overwrite_deleted(false)?;
        Ok(())
    }

    /// All tokens of records, each with the record's number.
    fn tokens_of(&self, records: &[SourceRecord], now: Timestamp) -> Vec<(Token, i64)> {
        let tokens = records.iter().flat_map(|record| {
            let (facts, _) = Facts::of(&record.columns, now);
            let features = features(&record.columns, facts.kind);
            let keys = Keys::of(self.store.vault(), &record.dealer, &facts, &features);
            keys.all.into_iter().map(|token| (token, record.seq))
        });
        tokens.collect()
    }

    /// Forgets rows held back that have his key or another of his identifiers, as typed or as it is written out.
    fn forget_held_rows(
        &self,
        conn: &mut Conn<'_>,
        records: &[SourceRecord],
        ids: &[SourceRecordId],
        now: Timestamp,
    ) -> Result<()> {
        let identifiers = identifiers_of(records, now);
        let is_his = |field: &String| identifiers.contains(field.trim());
        forget_rows(conn, self.store.vault(), |row| {
            row.names(ids) || row.fields.iter().any(is_his)
        })?;
        Ok(())
    }

    /// Erases those of whom the law has let go; answers how many.
    async fn release_due(&self) -> Result<usize> {
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .write(move |conn| {
                let due = app.store.released_erasures(conn, business_date(now))?;
                let ctx = CallContext::job("customer.retention");
                for erasure in &due {
                    app.decide_erasure_in(conn, &ctx, erasure.id, &Ruling::Erase, TERM_ENDED)?;
                }
                Ok(due.len())
            })
            .await
    }
}

/// His identifiers, as typed and as they are written out.
fn identifiers_of(records: &[SourceRecord], now: Timestamp) -> FxHashSet<String> {
    let mut identifiers: FxHashSet<String> = FxHashSet::default();
    for record in records {
        let (facts, _) = Facts::of(&record.columns, now);
        let typed = IDENTIFIERS
            .into_iter()
            .filter_map(|field| record.columns.get(field));
        identifiers.extend(typed.map(|text| text.trim().to_owned()));
        identifiers.extend(facts.id_number.clone());
        for (_, value) in facts.contacts() {
            identifiers.insert(value.to_owned());
            identifiers.insert(value.trim_start_matches("+86").to_owned());
        }
    }
    identifiers
}

/// What else names him in a text, as typed and without titles. What was typed because the field wanted something names nobody.
fn names_of(records: &[SourceRecord], now: Timestamp) -> FxHashSet<String> {
    let mut names: FxHashSet<String> = FxHashSet::default();
    for record in records {
        let (facts, _) = Facts::of(&record.columns, now);
        let typed = NAMES
            .into_iter()
            .filter_map(|field| record.columns.get(field));
        names.extend(typed.map(|text| text.trim().to_owned()));
        names.extend(facts.name.filter(|_| !facts.is_surname_only));
        names.extend(facts.contact_name);
    }
    names.retain(|name| !is_placeholder(name));
    names
}

/// Erases people when the last duty to keep their records has ended, until told to stop.
pub(crate) async fn watch_retention(app: CustomerApp, stop: CancellationToken) {
    loop {
        match app.release_due().await {
            Ok(0) => {}
            Ok(count) => {
                tracing::info!(count, "people were erased whose records need not be kept");
                continue;
            }
            Err(error) => tracing::warn!(%error, "retention has to wait"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(WATCH) => {}
        }
    }
}
