//! Events of the customer service: whose a source record is, who a customer now is, who refused.

use std::collections::BTreeSet;

use marque_api::{
    customer::v1::{ConsentChanged, CustomersMerged, Kind as PbKind, Link, SourceRecordsLinked},
    events::v1::Event,
};
use marque_core::{CustomerId, SourceRecordId};
use marque_db::Conn;
use marque_events::{ApplyError, Handler};
use marque_insight::rank::Kind;
use prost::Message as _;

use super::{id, optional_id, time};
use crate::{
    app::Assessor,
    storage::{self, Alias, Consent, RecordLink},
};

/// Keeps links, aliases and refusals, and scores the customers whose records they move.
#[derive(Debug)]
pub(crate) struct Customers(pub(crate) Assessor);

impl Handler for Customers {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        match event.r#type.as_str() {
            "marque.customer.source_records.linked" => self.linked(conn, event),
            "marque.customer.customers.merged" => self.merged(conn, event),
            "marque.customer.consents.changed" => self.consented(conn, event),
            _ => Ok(()),
        }
    }
}

impl Customers {
    fn linked(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let links = SourceRecordsLinked::decode(event.data.as_slice())?.links;
        let links: Vec<RecordLink> = links
            .into_iter()
            .map(|link| read_link(link, event.position))
            .collect::<Result<_, _>>()?;
        storage::lock(conn)?;
        let records: Vec<SourceRecordId> = links.iter().map(|link| link.record).collect();
        // Whoever had the records, and whoever shares a car with them: an owner may follow another one now.
        let before = storage::customers_of(conn, records.iter().copied())?;
        storage::put_links(conn, &links)?;
        let mut concerned: BTreeSet<CustomerId> = before.into_values().collect();
        concerned.extend(links.iter().map(|link| link.customer));
        concerned.extend(storage::customers_beside(conn, &records)?);
        Ok(self.0.assess(conn, concerned)?)
    }

    fn merged(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let merged = CustomersMerged::decode(event.data.as_slice())?;
        let (from, into) = (id(&merged.from, "from")?, id(&merged.into, "into")?);
        storage::lock(conn)?;
        let alias = Alias {
            customer: from,
            current: (!merged.undone).then_some(into),
            position: event.position,
        };
        storage::put_alias(conn, &alias)?;
        Ok(self.0.assess(conn, [from, into])?)
    }

    fn consented(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let changed = ConsentChanged::decode(event.data.as_slice())?;
        if changed.purpose != "scoring" {
            return Ok(());
        }
        let consent = Consent {
            customer: id(&changed.customer_id, "customer_id")?,
            given: changed.given,
            position: event.position,
        };
        storage::lock(conn)?;
        storage::put_consent(conn, &consent)?;
        let current = storage::current_customer(conn, consent.customer)?;
        Ok(self.0.assess(conn, [current])?)
    }
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
