//! What the data-quality service may know of a record: which columns are filled, what is wrong, the age, and keyed facts by
//! which invented data are told. Nothing that tells who it is.

use std::borrow::Cow;

use marque_auth::{CallContext, Role};
use marque_core::{SourceRecordId, Timestamp, business_date};
use marque_intake::{RecordEvidence, Witness, clerk_key, evidence_key};
use marque_quality::{
    Field, RecordKind, clean_customer,
    falsification::{Entry, EntryExtras},
};
use uuid::Uuid;

use super::CustomerApp;
use crate::{
    domain::{COLUMNS, SourceRecord},
    error::{Error, Result},
};

impl Witness for CustomerApp {
    type Error = Error;

    async fn list_evidence(
        &self,
        ctx: CallContext,
        ids: Vec<String>,
    ) -> Result<Vec<RecordEvidence>> {
        ctx.require(Role::Peer)?;
        // An id that cannot be is as unknown as one that is not.
        let ids: Vec<SourceRecordId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .scan(move |conn| {
                let repeated = app.store.with_siblings(conn, &ids)?;
                let seqs: Vec<i64> = repeated.keys().copied().collect();
                let records = app.store.records_by_seq(conn, &seqs)?;
                let evidence = |record: &SourceRecord| {
                    app.evidence_of(record, repeated.get(&record.seq).copied().flatten(), now)
                };
                Ok(records.iter().map(evidence).collect())
            })
            .await
    }

    async fn list_ids(&self, ctx: CallContext, after: String, limit: u32) -> Result<Vec<String>> {
        ctx.require(Role::Peer)?;
        let store = self.store.clone();
        let after = after
            .parse()
            .map_or(Uuid::nil(), |id: SourceRecordId| id.uuid());
        let ids = self
            .db
            .scan(move |conn| store.record_ids(conn, after, limit))
            .await?;
        Ok(ids.iter().map(ToString::to_string).collect())
    }
}

impl CustomerApp {
    fn evidence_of(
        &self,
        record: &SourceRecord,
        repeats: Option<SourceRecordId>,
        now: Timestamp,
    ) -> RecordEvidence {
        let row = record.columns.row();
        let cleaned = clean_customer(&row, business_date(now));
        let vault = self.store.vault();
        let entry = Entry::of(&row, &cleaned, EntryExtras::default());
        let entry = entry.keyed(|bytes| evidence_key(vault, bytes));
        let filled = COLUMNS
            .into_iter()
            .filter(|field| record.columns.get(*field).is_some());
        let evidence = RecordEvidence {
            id: record.id.to_string(),
            kind: RecordKind::Customers,
            dealer: record.dealer.to_string(),
            source: record.source.clone(),
            clerk: clerk_key(
                vault,
                record.dealer.as_str(),
                cleaned.record.clerk.as_deref().unwrap_or_default(),
            ),
            version: record.version,
            entered_at: record.recorded_at,
            event_date: None,
            party: Some(cleaned.record.kind),
            is_repeated: None,
            filled: filled.collect(),
            entry: entry.to_bytes(),
            measures: cleaned.measures.all().collect(),
            findings: cleaned.findings,
            values: Vec::new(),
            repeats: None,
        };
        let repeats = repeats.map(|other| other.to_string());
        let evidence = evidence.beside(repeats, Field::CustomerSourceKey);
        evidence.with_values(
            |bytes| evidence_key(vault, bytes),
            |field| record.columns.get(field).map(Cow::Borrowed),
        )
    }
}
