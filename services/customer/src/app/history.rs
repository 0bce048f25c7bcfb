//! What happened to a customer's record.

use marque_auth::{CallContext, Scope};
use marque_core::{CustomerId, Timestamp};
use marque_db::Conn;
use marque_ledger::history;

use super::CustomerApp;
use crate::{domain::SourceRecord, error::Result};

/// One entry of a customer's history.
#[derive(Debug, Clone)]
pub(crate) struct HistoryEntry {
    pub(crate) act: String,
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    pub(crate) dealer: String,
    pub(crate) subject: String,
    pub(crate) reason: String,
}

/// Acts read at once.
const PAGE: u32 = 1000;
/// Acts by which records came to be another customer's.
const OF_IDENTITY: [&str; 4] = ["merged", "split", "moved", "undone"];

impl CustomerApp {
    /// Acts on the customer and on all that were merged into him, newest first.
    pub(crate) async fn history(
        &self,
        ctx: CallContext,
        id: CustomerId,
    ) -> Result<Vec<HistoryEntry>> {
        let app = self.clone();
        self.db
            .scan(move |conn| {
                let customer = app.store.get_customer(conn, id)?;
                let file = app.file(conn, &ctx, customer)?;
                let family = app.store.family(conn, customer.serial)?;
                let ids = app.store.customer_ids(conn, &family)?;
                let mut entries: Vec<HistoryEntry> = file.known_records().map(arrived).collect();
                for id in ids.values() {
                    entries.extend(acts_on(conn, *id)?);
                }
                app.keep_known(conn, ctx.scope(), &mut entries)?;
                entries.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.act.cmp(&b.act)));
                Ok(entries)
            })
            .await
    }

    /// A dealer knows of what was done at his own house, a region of what was done at its dealers', and both of what became
    /// of the customer's identity; not where else the customer goes, nor who asked after him. He himself knows of all acts. Why
    /// a record was taken for his, or for another's, is for headquarters alone, and so is whose record showed it.
    fn keep_known(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        entries: &mut Vec<HistoryEntry>,
    ) -> Result<()> {
        if matches!(scope, Scope::Headquarters) {
            return Ok(());
        }
        if !matches!(scope, Scope::Customer(_)) {
            let dealers: Vec<&str> = entries.iter().map(|entry| entry.dealer.as_str()).collect();
            let own = self.store.within(conn, scope, &dealers)?;
            entries.retain(|entry| {
                own.contains(&entry.dealer) || OF_IDENTITY.contains(&entry.act.as_str())
            });
        }
        for entry in entries {
            keep_id_alone(entry);
        }
        Ok(())
    }
}

/// What shows a record to be the customer's tells of records that others have of him: the id of the record or of the merge
/// stays, and of an act on his identity not who wrote the record that showed it.
fn keep_id_alone(entry: &mut HistoryEntry) {
    let is_of_identity = OF_IDENTITY.contains(&entry.act.as_str());
    if is_of_identity {
        entry.actor.clear();
    }
    if is_of_identity || entry.act == "linked" {
        let id = entry.reason.find(' ').unwrap_or(entry.reason.len());
        entry.reason.truncate(id);
    }
}

/// Every act on one id, newest first.
fn acts_on(conn: &mut Conn<'_>, id: CustomerId) -> Result<Vec<HistoryEntry>> {
    let subject = id.to_string();
    let (mut acts, mut before) = (Vec::new(), i64::MAX);
    loop {
        let page = history(conn, &subject, before, PAGE)?;
        let oldest = page.last().filter(|_| page.len() == PAGE as usize);
        let next = oldest.map(|entry| entry.seq);
        acts.extend(page.into_iter().map(|entry| HistoryEntry {
            act: entry.act,
            at: entry.at,
            actor: entry.actor,
            dealer: entry.dealer,
            subject: subject.clone(),
            reason: entry.detail,
        }));
        match next {
            Some(oldest) => before = oldest,
            None => return Ok(acts),
        }
    }
}

/// A record's coming is part of the history, whether by file or live.
fn arrived(record: &SourceRecord) -> HistoryEntry {
    HistoryEntry {
        act: "record_arrived".to_owned(),
        at: record.received_at,
        actor: record.source.clone(),
        dealer: record.dealer.to_string(),
        subject: record.id.to_string(),
        reason: String::new(),
    }
}
