//! Telling others how far dealers' records of customers are trusted.

use std::collections::HashMap;

use marque_api::quality::v1 as pb;
use marque_auth::Scope;
use marque_core::{Clock, Timestamp, business_date};
use marque_db::{Conn, StoreError};
use marque_events::{NewEvent, publish};
use marque_quality::RecordKind;
use prost::Message as _;

use super::QualityApp;
use crate::{
    domain::{OVERALL, to_tell, trust},
    error::Result,
    storage::{self, CardFilter, CardRow, ToldTrust},
};

/// Event type of trust that changed.
const CHANGED: &str = "marque.quality.trust.changed";

impl QualityApp {
    /// The version of the standard by which all records of customers are scored and counted; none while they are of two.
    pub(super) fn counted_by_one_standard(
        &self,
        conn: &mut Conn<'_>,
        now: Timestamp,
    ) -> Result<Option<i64>> {
        let standard = self.in_force(conn, RecordKind::Customers, business_date(now))?;
        let version = i64::from(standard.version);
        let is_one = storage::has_counted_anew(conn)?
            && !storage::has_not_by(conn, RecordKind::Customers, version)?;
        Ok(is_one.then_some(version))
    }

    /// Tells of dealers whose trust is a step away from what was told, one event each. The caller holds the lock of those who
    /// count, and all records are scored by this version of the standard.
    pub(super) fn tell_trust(
        &self,
        conn: &mut Conn<'_>,
        version: i64,
        now: Timestamp,
    ) -> Result<()> {
        let known = storage::told_trust(conn)?.into_iter();
        let known: HashMap<String, ToldTrust> =
            known.map(|told| (told.dealer.clone(), told)).collect();
        let mut changed = Vec::new();
        for card in cards(conn)? {
            let earlier = known.get(&card.dealer);
            let told_percent = earlier.map(|told| told.percent);
            let Some(percent) = to_tell(trust(&card.counter), told_percent) else {
                continue;
            };
            let told = ToldTrust {
                dealer: card.dealer,
                percent,
                version: earlier.map_or(1, |told| told.version + 1),
            };
            let basis = (version, card.counter.records);
            publish_changed(conn, &*self.clock, &told, basis)?;
            changed.push(told);
        }
        Ok(storage::put_told_trust(conn, &changed, now)?)
    }
}

/// The dealers' cards of customers of all time, by dealer.
fn cards(conn: &mut Conn<'_>) -> Result<Vec<CardRow>> {
    let filter = CardFilter {
        kind: RecordKind::Customers,
        purpose: OVERALL.to_owned(),
        period: String::new(),
        dealer: String::new(),
        region: String::new(),
    };
    let mut cards = storage::list_dealers(conn, &Scope::Headquarters, &filter)?;
    cards.sort_by(|one, other| one.dealer.cmp(&other.dealer));
    Ok(cards)
}

/// Tells of one dealer; what the trust stands on are the version of the standard and how many records.
fn publish_changed(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    told: &ToldTrust,
    (standard, records): (i64, i64),
) -> std::result::Result<(), StoreError> {
    let message = pb::TrustChanged {
        dealer: told.dealer.clone(),
        trust_percent: told.percent as i32,
        version: told.version,
        standard: standard as i32,
        records,
    };
    let dealer = told.dealer.parse().ok();
    let event = NewEvent {
        kind: CHANGED,
        subject: told.dealer.clone(),
        dealer: dealer.as_ref(),
        data: message.encode_to_vec(),
        traceparent: "",
    };
    publish(conn, clock, &event)
}
