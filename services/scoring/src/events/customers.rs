//! Events of the customer service: whose a source record is, who a customer now is, who refused.

use std::collections::BTreeSet;

use marque_api::{
    customer::v1::{ConsentChanged, CustomersMerged, Kind as PbKind, Link, SourceRecordsLinked},
    events::v1::Event,
};
use marque_core::{CustomerId, SourceRecordId};
use marque_db::Conn;
use marque_events::{
    ApplyError, CONSENT_CHANGED, CUSTOMER_RECEIVED, CUSTOMERS_ERASED, Erased, Handler,
    put_reception, shut_receptions,
};
use marque_insight::rank::Kind;
use marque_vault::Vault;
use prost::Message as _;

use super::{id, newest, optional_id, time};
use crate::{
    app::Assessor,
    storage::{self, Alias, Consent, Purpose, RecordLink},
};

/// Keeps links, aliases and refusals, scores the customers whose records they move, and forgets people.
#[derive(Debug)]
pub(crate) struct Customers(pub(crate) Assessor, pub(crate) Vault);

impl Handler for Customers {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        self.apply_all(conn, &[event])
    }

    /// Notes everything first and scores whom it concerns once: an import's events come in long rows.
    fn apply_all(&self, conn: &mut Conn<'_>, events: &[&Event]) -> Result<(), ApplyError> {
        storage::lock(conn)?;
        let (mut links, mut concerned) = (Vec::new(), BTreeSet::new());
        let mut erased = Vec::new();
        for event in events {
            match event.r#type.as_str() {
                "marque.customer.source_records.linked" => read_links(event, &mut links)?,
                "marque.customer.customers.merged" => concerned.extend(merged(conn, event)?),
                CONSENT_CHANGED => {
                    shut_receptions(conn, event)?;
                    concerned.extend(consented(conn, event)?);
                }
                CUSTOMER_RECEIVED => put_reception(conn, event)?,
                CUSTOMERS_ERASED => {
                    let at = time(event.time.as_ref()).unwrap_or_default();
                    erased.push((Erased::of(event)?, at));
                }
                _ => {}
            }
        }
        linked(conn, &self.1, links, &mut concerned)?;
        // After the links: none of the erased is linked again, but some may have been linked just before.
        for (people, at) in &erased {
            forget(conn, people, &mut concerned)?;
            marque_intake::entomb(conn, &self.1, &people.records, *at)?;
            marque_intake::forget_rows_of(conn, &self.1, &people.records)?;
        }
        self.0.assess(conn, concerned)?;
        for (people, _) in &erased {
            storage::forget_history(conn, people)?;
        }
        Ok(())
    }
}

/// Remembers links. Concerned is whoever had the records, who has them now, and who shares a car with them: an owner
/// may follow another one now. Nobody was referred by who was erased.
fn linked(
    conn: &mut Conn<'_>,
    vault: &Vault,
    links: Vec<RecordLink>,
    concerned: &mut BTreeSet<CustomerId>,
) -> Result<(), ApplyError> {
    concerned.extend(links.iter().map(|link| link.customer));
    let mut links = newest(links, |link| (link.record, link.position));
    let referrers = links.iter().filter_map(|link| link.referrer);
    let erased = marque_intake::entombed(conn, vault, referrers)?;
    for link in &mut links {
        link.referrer = link.referrer.filter(|record| !erased.contains(record));
    }
    let records: Vec<SourceRecordId> = links.iter().map(|link| link.record).collect();
    let before = storage::customers_of(conn, records.iter().copied())?;
    storage::put_links(conn, &links)?;
    concerned.extend(before.into_values());
    concerned.extend(storage::customers_beside(conn, &records)?);
    Ok(())
}

/// Forgets people. Concerned are they themselves, who are then gone, who shares a car with them, and who referred them.
fn forget(
    conn: &mut Conn<'_>,
    people: &Erased,
    concerned: &mut BTreeSet<CustomerId>,
) -> Result<(), ApplyError> {
    concerned.extend(storage::customers_beside(conn, &people.records)?);
    concerned.extend(storage::referrers_of(conn, &people.customers)?);
    concerned.extend(&people.customers);
    Ok(storage::forget(conn, people)?)
}

fn merged(conn: &mut Conn<'_>, event: &Event) -> Result<[CustomerId; 2], ApplyError> {
    let merged = CustomersMerged::decode(event.data.as_slice())?;
    storage::put_alias(conn, &Alias::of(event)?)?;
    let (from, into) = (id(&merged.from, "from")?, id(&merged.into, "into")?);
    Ok([from, into])
}

fn consented(conn: &mut Conn<'_>, event: &Event) -> Result<Option<CustomerId>, ApplyError> {
    let changed = ConsentChanged::decode(event.data.as_slice())?;
    let Some(purpose) = Purpose::named(&changed.purpose) else {
        return Ok(None);
    };
    let consent = Consent {
        customer: id(&changed.customer_id, "customer_id")?,
        purpose,
        given: changed.given,
        position: event.position,
    };
    storage::put_consent(conn, &consent)?;
    let current = storage::current_customer(conn, consent.customer)?;
    storage::mark_cars_of(conn, current)?;
    Ok((purpose == Purpose::Scoring).then_some(current))
}

fn read_links(event: &Event, links: &mut Vec<RecordLink>) -> Result<(), ApplyError> {
    for link in SourceRecordsLinked::decode(event.data.as_slice())?.links {
        links.push(read_link(link, event.position)?);
    }
    Ok(())
}

fn read_link(link: Link, position: i64) -> Result<RecordLink, ApplyError> {
    let kind = match link.kind() {
        PbKind::Organization => Kind::Organization,
        _ => Kind::Person,
    };
    Ok(RecordLink {
        record: id(&link.source_record_id, "source_record_id")?,
        customer: id(&link.customer_id, "customer_id")?,
        dealer: link.dealer,
        kind,
        referrer: optional_id(&link.referrer_record_id, "referrer_record_id")?,
        region_code: i64::from(link.region_code),
        birth_year: i64::from(link.birth_year),
        occupation: link.occupation_group,
        recorded_at: time(link.recorded_at.as_ref()).unwrap_or_default(),
        position,
    })
}
