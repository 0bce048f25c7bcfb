//! Events of the customer service: whose a source record is, and which car it names.

use marque_api::{
    customer::v1::{Link, SourceRecordsLinked},
    events::v1::Event,
};
use marque_core::Timestamp;
use marque_db::Conn;
use marque_events::{
    ApplyError, CONSENT_CHANGED, CUSTOMER_RECEIVED, CUSTOMERS_ERASED, Erased, Handler,
    from_proto_time, put_reception, shut_receptions,
};
use marque_quality::{plate::Plate, vin::Vin};
use marque_vault::Vault;
use prost::Message as _;

use super::{id, time_of};
use crate::{
    app::Recorder,
    domain::{Facts, Giver, PartyClaim, Role},
    storage::{self, Alias, Linked},
};

/// Keeps the links and aliases, records the cars that source records name, and forgets people.
#[derive(Debug)]
pub(crate) struct Customers {
    recorder: Recorder,
    vault: Vault,
}

impl Customers {
    pub(crate) fn new(recorder: Recorder, vault: Vault) -> Self {
        Self { recorder, vault }
    }

    fn erased(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let erased = Erased::of(event)?;
        marque_intake::forget_rows_of(conn, &self.vault, &erased.records)?;
        Ok(self.recorder.forget(conn, &erased)?)
    }

    fn linked(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let links = SourceRecordsLinked::decode(event.data.as_slice())?.links;
        let (mut known, mut facts) = (Vec::with_capacity(links.len()), Vec::new());
        for link in &links {
            let one = Linked {
                record: id(&link.source_record_id, "source_record_id")?,
                customer: id(&link.customer_id, "customer_id")?,
                position: event.position,
                marks: [link.dealer.as_str().into()],
            };
            if !only_moves(link) {
                facts.extend(facts_of(link, &one, time_of(event))?);
            }
            known.push(one);
        }
        let records: Vec<_> = known.iter().map(|link| link.record).collect();
        Recorder::lock(conn, &facts, &records)?;
        storage::put_links(conn, ["dealer"], known)?;
        storage::relink(conn, records)?;
        self.recorder.record(conn, &facts, time_of(event))?;
        Ok(self.recorder.tell_left(conn, &facts)?)
    }
}

impl Handler for Customers {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        match event.r#type.as_str() {
            "marque.customer.source_records.linked" => self.linked(conn, event),
            "marque.customer.customers.merged" => Ok(storage::put_alias(conn, &Alias::of(event)?)?),
            CUSTOMER_RECEIVED => put_reception(conn, event),
            CONSENT_CHANGED => shut_receptions(conn, event),
            CUSTOMERS_ERASED => self.erased(conn, event),
            _ => Ok(()),
        }
    }
}

/// Whether a record went to another customer and says of its car what it said before. What it is stamped with is not when it came to say
/// so: taken for that it would write the history of plates and owners anew with each merge, and no undo would give it back.
fn only_moves(link: &Link) -> bool {
    link.said_at.is_none() && !link.previous_customer_id.is_empty()
}

/// What a record says of a car; nothing if it names no VIN that can be one.
fn facts_of(
    link: &Link,
    known: &Linked<'_, 1>,
    event_at: Timestamp,
) -> Result<Option<Facts>, ApplyError> {
    let Ok(vin) = Vin::parse(&link.vin) else {
        return Ok(None);
    };
    let dealer = id::<marque_core::DealerCode>(&link.dealer, "dealer")?;
    let said_at = link.said_at.as_ref().or(link.recorded_at.as_ref());
    let at = said_at.map_or(event_at, from_proto_time);
    let mut facts = Facts::of(vin.as_str());
    facts.plate = Plate::parse(&link.plate)
        .ok()
        .map(|plate| (plate.as_str().to_owned(), at));
    facts.parties = vec![PartyClaim {
        giver: Giver::Record(known.position),
        role: Role::Owner,
        record: known.record,
        dealer: dealer.clone(),
        at,
    }];
    facts.seen_by = vec![dealer];
    Ok(Some(facts))
}
