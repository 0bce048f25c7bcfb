//! Events of the customer service: whose a source record is, and who a customer now is.

use marque_api::{
    customer::v1::{Link, SourceRecordsLinked},
    events::v1::Event,
};
use marque_db::Conn;
use marque_events::{
    ApplyError, CONSENT_CHANGED, CUSTOMER_RECEIVED, CUSTOMERS_ERASED, Erased, Handler,
    from_proto_time, put_reception, shut_receptions,
};
use marque_quality::vin::Vin;
use marque_vault::Vault;
use prost::Message as _;

use crate::storage::{self, Alias, RecordLink};

/// Keeps the links and aliases, gives visits to the customers of their source records, and forgets people.
#[derive(Debug, Clone)]
pub(crate) struct Customers(pub(crate) Vault);

impl Handler for Customers {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        match event.r#type.as_str() {
            "marque.customer.source_records.linked" => linked(conn, event),
            "marque.customer.customers.merged" => Ok(storage::put_alias(conn, &Alias::of(event)?)?),
            CUSTOMER_RECEIVED => put_reception(conn, event),
            CONSENT_CHANGED => shut_receptions(conn, event),
            CUSTOMERS_ERASED => self.erased(conn, event),
            _ => Ok(()),
        }
    }
}

impl Customers {
    fn erased(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        let erased = Erased::of(event)?;
        let at = event.time.as_ref().map(from_proto_time).unwrap_or_default();
        let records = erased.records.iter().copied();
        storage::lock(conn, std::iter::empty(), records)?;
        conn.overwrite_deleted(true)?;
        marque_intake::entomb(conn, &self.0, &erased.records, at)?;
        marque_intake::forget_rows_of(conn, &self.0, &erased.records)?;
        marque_ledger::forget_answers(conn, erased.records.iter().map(ToString::to_string))?;
        storage::forget(conn, &self.0, &erased)?;
        Ok(conn.overwrite_deleted(false)?)
    }
}

fn linked(conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
    let links = SourceRecordsLinked::decode(event.data.as_slice())?.links;
    let known: Vec<RecordLink> = links
        .into_iter()
        .map(|link| read_link(link, event.position))
        .collect::<Result<_, _>>()?;
    storage::lock(
        conn,
        std::iter::empty(),
        known.iter().map(|link| link.record),
    )?;
    storage::put_links(conn, &known)?;
    Ok(storage::relink(conn, known.iter().map(|link| link.record))?)
}

fn read_link(link: Link, position: i64) -> Result<RecordLink, ApplyError> {
    Ok(RecordLink {
        record: id(&link.source_record_id, "source_record_id")?,
        customer: id(&link.customer_id, "customer_id")?,
        dealer: link.dealer,
        vin: Vin::parse(&link.vin).map_or_else(|_| String::new(), |vin| vin.as_str().to_owned()),
        position,
    })
}

fn id<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, ApplyError> {
    text.parse()
        .map_err(|_| ApplyError::Malformed(format!("{field} is no id")))
}
