//! Events of the customer service: whose a source record is, and who a customer now is.

use marque_api::{
    customer::v1::{Link, SourceRecordsLinked},
    events::v1::Event,
};
use marque_core::SourceRecordId;
use marque_db::Conn;
use marque_events::{
    ApplyError, CONSENT_CHANGED, CUSTOMER_RECEIVED, CUSTOMERS_ERASED, Erased, Handler,
    from_proto_time, put_reception, shut_receptions,
};
use prost::Message as _;

use super::id;
use crate::{
    app::CaseApp,
    storage::{self, Alias, RecordLink},
};

/// Keeps the links and aliases, gives cases to the customers of their source records, and forgets people.
#[derive(Debug, Clone)]
pub(crate) struct CustomersHandler(pub(crate) CaseApp);

impl Handler for CustomersHandler {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        match event.r#type.as_str() {
            "marque.customer.source_records.linked" => linked(&self.0, conn, event),
            "marque.customer.customers.merged" => Ok(storage::put_alias(conn, &Alias::of(event)?)?),
            CUSTOMER_RECEIVED => put_reception(conn, event),
            CONSENT_CHANGED => shut_receptions(conn, event),
            CUSTOMERS_ERASED => {
                let at = event.time.as_ref().map(from_proto_time).unwrap_or_default();
                Ok(self.0.forget(conn, &Erased::of(event)?, at)?)
            }
            _ => Ok(()),
        }
    }
}

fn linked(app: &CaseApp, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
    let links = SourceRecordsLinked::decode(event.data.as_slice())?.links;
    let known: Vec<RecordLink> = links
        .into_iter()
        .map(|link| read_link(link, event.position))
        .collect::<Result<_, _>>()?;
    let records: Vec<SourceRecordId> = known.iter().map(|link| link.record).collect();
    storage::lock_records(conn, records.iter().copied())?;
    storage::share_hours_of_records(conn, &records)?;
    storage::put_links(conn, &known)?;
    storage::relink(conn, records.iter().copied())?;
    // Also those that were another customer's until now, of whom no tier was told.
    let waiting = storage::records_without_tier(conn, &records)?;
    Ok(app.rank(conn, &waiting)?)
}

fn read_link(link: Link, position: i64) -> Result<RecordLink, ApplyError> {
    Ok(RecordLink {
        record: id(&link.source_record_id, "source_record_id")?,
        customer: id(&link.customer_id, "customer_id")?,
        dealer: link.dealer,
        position,
    })
}
