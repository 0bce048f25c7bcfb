//! One record, live.

use std::sync::Arc;

use marque_api::customer::v1::{PutSourceRecordRequest, PutSourceRecordResponse};
use marque_auth::CallContext;
use marque_core::{CustomerId, DealerCode, SourceRecordId, Timestamp};
use marque_db::Conn;
use marque_errors::Violation;
use marque_intake::Outcome;
use marque_ledger::{Entry, IdempotencyKey, once, record};
use marque_quality::{Finding, Lang, Severity};
use marque_rpc::CallMeta;

use super::{
    CustomerApp,
    ingest::{Came, Company},
    ready::Ready,
};
use crate::{
    domain::{Columns, Match},
    error::{Error, Result},
};

/// What makes two writes one request, for an idempotency key. The message itself would not do: it has a map, whose order
/// on the wire is any.
#[derive(Clone, PartialEq, prost::Message)]
struct Asked {
    #[prost(string, tag = "1")]
    dealer: String,
    #[prost(string, tag = "2")]
    source: String,
    #[prost(string, tag = "3")]
    key: String,
    /// Keyed hash of the columns.
    #[prost(bytes = "vec", tag = "4")]
    content: Vec<u8>,
    /// 0 if any, negative if none.
    #[prost(int64, tag = "5")]
    expected_version: i64,
}

/// What became of a record that was put.
#[derive(Debug, Clone)]
pub(crate) struct Put {
    pub(crate) record: SourceRecordId,
    pub(crate) customer: CustomerId,
    pub(crate) outcome: Outcome,
    pub(crate) version: i64,
    pub(crate) findings: Vec<Finding>,
}

/// A record to be written, and for whom.
struct Wanted {
    ctx: CallContext,
    dealer: DealerCode,
    ready: Ready,
    findings: Vec<Finding>,
    key: Option<IdempotencyKey>,
    asked: Asked,
}

const METHOD: &str = "PutSourceRecord";

impl CustomerApp {
    /// Creates or replaces one source record of a dealer that the caller may write for.
    ///
    /// `request` and `answer` are the wire's: an idempotency key keeps the answer that was given.
    pub(crate) async fn put_source_record(
        &self,
        ctx: CallContext,
        meta: CallMeta,
        key: Option<IdempotencyKey>,
        request: PutSourceRecordRequest,
        columns: Columns,
        answer: fn(Put) -> PutSourceRecordResponse,
    ) -> Result<PutSourceRecordResponse> {
        let dealer = self.directory.check(&meta, &request.dealer).await?;
        check_source(&request.source)?;
        let now = self.clock.now();
        let (ready, findings) = self.store.ready(&dealer, &request.source, columns, now)?;
        if findings
            .iter()
            .any(|finding| finding.severity == Severity::Reject)
        {
            return Err(Error::Rejected(findings.iter().map(violation).collect()));
        }
        let asked = Asked {
            dealer: request.dealer,
            source: request.source,
            key: request.key,
            content: ready.content_hash.to_vec(),
            expected_version: request.expected_version,
        };
        let asked = Arc::new(Wanted {
            ctx,
            dealer,
            ready,
            findings,
            key,
            asked,
        });
        match self.put_beside(&asked, Company::Others, answer).await {
            Err(Error::JoinsWait) => self.put_beside(&asked, Company::Alone, answer).await,
            done => done,
        }
    }

    async fn put_beside(
        &self,
        wanted: &Arc<Wanted>,
        company: Company,
        answer: fn(Put) -> PutSourceRecordResponse,
    ) -> Result<PutSourceRecordResponse> {
        let (app, wanted, now) = (self.clone(), wanted.clone(), self.clock.now());
        self.db
            .write(move |conn| {
                let Wanted {
                    ctx, key, asked, ..
                } = &*wanted;
                once(conn, ctx, now, METHOD, key.as_ref(), asked, |conn| {
                    Ok(answer(app.put_in(conn, &wanted, company, now)?))
                })
            })
            .await
    }

    fn put_in(
        &self,
        conn: &mut Conn<'_>,
        wanted: &Wanted,
        company: Company,
        now: Timestamp,
    ) -> Result<Put> {
        let taken = self
            .write_rows(conn, &wanted.ctx, &[&wanted.ready], (company, Came::Live))?
            .pop()
            .expect("one row was written");
        let expected = wanted.asked.expected_version;
        if !taken.outcome.meets(taken.version, expected) {
            return Err(Error::RecordChanged);
        }
        let number = taken.customer.ok_or(Error::RecordErased)?;
        if let Some(previous) = taken.previous {
            self.reweigh_queue(conn, [number, previous])?;
        }
        let customer = self.store.get_customer_by_serial(conn, number)?;
        if taken.outcome == Outcome::Stored {
            let subject = customer.id.to_string();
            let detail = link_in_words(taken.record, taken.because.as_deref());
            let entry = Entry {
                act: "linked",
                subject: &subject,
                dealer: wanted.dealer.as_str(),
                detail: &detail,
            };
            record(conn, &wanted.ctx, now, &entry)?;
        }
        Ok(Put {
            record: taken.record,
            customer: customer.id,
            outcome: taken.outcome,
            version: taken.version,
            findings: wanted.findings.clone(),
        })
    }
}

/// What the history says of a link: the record, and what shows it to be the customer's.
fn link_in_words(record: SourceRecordId, because: Option<&Match>) -> String {
    because.map_or_else(
        || record.to_string(),
        |found| format!("{record} {}", found.in_words()),
    )
}

fn check_source(source: &str) -> Result<()> {
    let fits = (1..=64).contains(&source.chars().count()) && !source.contains(char::is_control);
    if fits {
        return Ok(());
    }
    let violation = Violation::new(
        "source",
        "FORMAT",
        "name of the source system, 1 to 64 characters",
    );
    Err(Error::Invalid(vec![violation]))
}

fn violation(finding: &Finding) -> Violation {
    Violation::new(
        finding.field.column(),
        finding.rule.entry().id.to_uppercase(),
        finding.message(Lang::En),
    )
}
