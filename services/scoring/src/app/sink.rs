//! Files of purchases, payments and assessments.

use std::collections::HashMap;

use marque_core::FactId;
use marque_db::{Conn, StoreError};
use marque_intake::{Entry, Job, Outcome, RowView, Sink, Written};
use marque_ledger::{Entry as Act, record};
use marque_tabular::{ASSESSMENTS, PAYMENTS, PURCHASES, Schema};
use marque_vault::Vault;
use uuid::Uuid;

use super::{Assessor, FactRow, facts, rows};
use crate::{
    domain::{Happening, happening::Kind},
    storage,
};

/// Takes files of facts. A fact is known by its key in the dealer's system, so that the same file again changes nothing.
#[derive(Debug)]
pub(crate) struct FactSink {
    assessor: Assessor,
    vault: Vault,
}

/// What a kind of file is about: its schema, the kind of its facts, and the column that holds their keys.
const KINDS: [(&Schema, Kind, &str); 3] = [
    (&PURCHASES, Kind::Purchase, "purchase_key"),
    (&PAYMENTS, Kind::Payment, "payment_key"),
    (&ASSESSMENTS, Kind::Assessment, "assessment_key"),
];

impl FactSink {
    pub(crate) fn new(assessor: Assessor, vault: Vault) -> Self {
        Self { assessor, vault }
    }
}

fn known_kind(kind: &str) -> Option<(&'static Schema, Kind, &'static str)> {
    KINDS.into_iter().find(|(schema, ..)| schema.kind == kind)
}

impl Sink for FactSink {
    type Payload = Happening;

    fn schema(&self, kind: &str) -> Option<&'static Schema> {
        known_kind(kind).map(|(schema, ..)| schema)
    }

    fn record_id(&self, record: Uuid) -> String {
        FactId::from(record).to_string()
    }

    fn customers(
        &self,
        conn: &mut Conn<'_>,
        records: &[Uuid],
    ) -> Result<HashMap<Uuid, String>, StoreError> {
        let facts = storage::find_happenings(conn, records.iter().copied())?;
        let owners = facts.values().filter_map(|fact| fact.record);
        let customers = storage::customers_of(conn, owners)?;
        let of = |fact: &Happening| Some((fact.id, customers.get(&fact.record?)?.to_string()));
        Ok(facts.values().filter_map(of).collect())
    }

    fn prepare(&self, job: &Job, rows: &[RowView<'_>]) -> Entry<Happening> {
        let view = rows.first().expect("a group has a row");
        let (schema, kind, key_column) =
            known_kind(&job.kind).expect("only kinds of the sink are taken in");
        let get = |column: &str| {
            let place = schema.column(column);
            place.and_then(|place| view.get(place)).unwrap_or_default()
        };
        let row = FactRow {
            key: get(key_column),
            customer_key: get("customer_key"),
            vin: get("vin"),
            amount: get("amount"),
            date: get("date"),
            paid_date: get("paid_date"),
            subject: get("subject"),
            value: get("value"),
            valid_until: get("valid_until"),
            withdrawn: get("withdrawn"),
        };
        let read = rows::read(kind, &row, (&job.dealer, &job.source), job.now);
        let (payload, wrong) = match read {
            Ok(fact) => (Some(fact), Vec::new()),
            Err(wrong) => (None, wrong),
        };
        let refusals = wrong.into_iter().map(|wrong| {
            let field = wrong.field();
            wrong.into_refusal(if field == "key" { key_column } else { field })
        });
        Entry {
            findings: Vec::new(),
            of_rows: Vec::new(),
            refusals: refusals.collect(),
            payload,
        }
    }

    fn write(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        batch: &[&Happening],
    ) -> Result<Vec<Written>, StoreError> {
        let facts: Vec<Happening> = batch.iter().map(|fact| (*fact).clone()).collect();
        let recorded = facts::put(conn, (&self.assessor, &self.vault), &facts)?;
        let import = job.id.to_string();
        let count = recorded.len().to_string();
        let act = Act {
            act: "facts_imported",
            subject: &import,
            dealer: job.dealer.as_str(),
            detail: &count,
        };
        record(conn, &job.ctx, job.now, &act)?;
        let written = recorded.into_iter().map(|recorded| Written {
            outcome: recorded.outcome,
            record: (recorded.outcome != Outcome::Erased).then(|| recorded.id.uuid()),
            findings: Vec::new(),
        });
        Ok(written.collect())
    }
}
