//! Reading customers.

use marque_auth::{CallContext, Role, Scope, Sight};
use marque_core::{
    CustomerId, CustomerNumber, CustomerSerial, SourceRecordId, Timestamp, source_record_id,
};
use marque_db::Conn;
use marque_ledger::{Entry, Keyed, record};
use prost::Message;
use rustc_hash::FxHashMap;

use super::{CustomerApp, words::check_reason};
use crate::{
    domain::{
        Customer, DealerTrust, Facts, File, Golden, Said, SourceRecord, Survivorship, compose, mask,
    },
    error::{Error, Result},
    storage::Counts,
};

/// The identifiers of a customer, whole.
pub(crate) struct Unmasked {
    pub(crate) id_number: String,
    pub(crate) phones: Vec<String>,
    pub(crate) address: String,
}

impl Unmasked {
    fn of(golden: Golden) -> Self {
        let phones = golden
            .contact_points
            .into_iter()
            .filter(|point| point.channel.as_str() == "phone");
        Self {
            id_number: golden.id_number.unwrap_or_default(),
            phones: phones.map(|point| point.value).collect(),
            address: golden.address.unwrap_or_default(),
        }
    }
}

/// The trust in a dealer of whom nothing was said yet, beside others of whom something was.
const MIDDLING: f64 = 0.5;

/// What is kept of a look under a key: what was seen, by its versions alone.
#[derive(Clone, PartialEq, Message)]
struct Look {
    #[prost(int64, tag = "1")]
    version: i64,
    /// Another trust in his dealers lets another value survive.
    #[prost(int64, tag = "2")]
    trust_edition: i64,
}

/// A customer with all his records, opened and cleaned. Nothing of it is shown before the scope was asked.
pub(super) struct Opened {
    pub(super) customer: Customer,
    /// All serials that answer as this customer.
    family: Vec<CustomerSerial>,
    records: Vec<SourceRecord>,
    /// What each of the records says, in their order.
    pub(super) facts: Vec<Facts>,
}

impl CustomerApp {
    /// The golden customer of an id, as far as the caller may see him.
    pub(crate) async fn get(&self, ctx: CallContext, id: CustomerId) -> Result<File> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                let customer = app.store.get_customer(conn, id)?;
                app.file(conn, &ctx, customer)
            })
            .await
    }

    /// The same by customer number.
    pub(crate) async fn get_by_number(
        &self,
        ctx: CallContext,
        number: CustomerNumber,
    ) -> Result<File> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                let customer = app.store.get_customer_by_number(conn, number)?;
                app.file(conn, &ctx, customer)
            })
            .await
    }

    /// How many customers there are, in all the network.
    pub(crate) async fn count(&self, ctx: CallContext) -> Result<Counts> {
        ctx.require([Role::Steward, Role::Analyst, Role::HqAdmin, Role::Peer])?;
        let store = self.store.clone();
        self.db.scan(move |conn| store.count(conn)).await
    }

    /// A page of the source records of a customer of which the caller may know, in the order they came, and whose they
    /// are now. A dealer sees his own, a region its dealers', the customer all of his. `after` is the sequence number
    /// before the page. Only what is on the page is opened.
    pub(crate) async fn source_records(
        &self,
        ctx: CallContext,
        id: CustomerId,
        after: i64,
        size: u32,
    ) -> Result<(CustomerId, Vec<SourceRecord>)> {
        let app = self.clone();
        self.db
            .scan(move |conn| {
                let customer = app.store.get_customer(conn, id)?;
                let family = app.store.family(conn, customer.serial)?;
                let dealers = app.store.dealers_of(conn, &family)?;
                let seen = (customer, family.as_slice(), dealers.as_slice());
                if !app.may_see(conn, ctx.scope(), seen, app.clock.now())? {
                    return Err(Error::CustomerUnknown);
                }
                let records =
                    app.store
                        .list_records(conn, ctx.scope(), customer.serial, after, size)?;
                Ok((customer.id, records))
            })
            .await
    }

    /// A record by its id, and the customer it belongs to.
    pub(crate) async fn source_record(
        &self,
        ctx: CallContext,
        id: SourceRecordId,
    ) -> Result<(CustomerId, SourceRecord)> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                let record = app.store.find_record(conn, ctx.scope(), id)?;
                let record = record.ok_or(Error::RecordUnknown)?;
                let customer = app.store.get_customer_by_serial(conn, record.customer)?;
                let family = app.store.family(conn, customer.serial)?;
                let dealers = app.store.dealers_of(conn, &family)?;
                let seen = (customer, family.as_slice(), dealers.as_slice());
                if !app.may_see(conn, ctx.scope(), seen, app.clock.now())? {
                    return Err(Error::RecordUnknown);
                }
                Ok((customer.id, record))
            })
            .await
    }

    /// The whole identifiers, against a reason that goes on record. The same request again under its key is the same
    /// look, unless he changed since.
    pub(crate) async fn unmask(
        &self,
        ctx: CallContext,
        keyed: Keyed<impl Message + 'static>,
        id: CustomerId,
        reason: String,
    ) -> Result<Unmasked> {
        ctx.require([Role::Manager, Role::Agent, Role::Steward, Role::HqAdmin])?;
        check_reason(&reason)?;
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .write(move |conn| {
                let customer = app.store.get_customer(conn, id)?;
                let file = app.open_file(conn, ctx.scope(), customer, now)?;
                let subject = customer.id.to_string();
                let entry = Entry {
                    act: "unmasked",
                    subject: &subject,
                    dealer: ctx.scope().dealer().map_or("", |dealer| dealer.as_str()),
                    detail: &reason,
                };
                let look = Look {
                    version: customer.version,
                    trust_edition: file.trust_edition,
                };
                let first = keyed.once(conn, &ctx, now, "Unmask", |conn| {
                    record(conn, &ctx, now, &entry)?;
                    Ok::<_, Error>(look.clone())
                })?;
                if first != look {
                    record(conn, &ctx, now, &entry)?;
                }
                Ok(Unmasked::of(file.golden))
            })
            .await
    }

    /// A customer's file whole, to be handed out to him, against a reason that goes on record.
    pub(crate) async fn export(
        &self,
        ctx: CallContext,
        id: CustomerId,
        reason: String,
    ) -> Result<File> {
        ctx.require(Role::HqAdmin)?;
        check_reason(&reason)?;
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .write(move |conn| {
                let customer = app.store.get_customer(conn, id)?;
                let file = app.open_file(conn, ctx.scope(), customer, now)?;
                let subject = customer.id.to_string();
                let entry = Entry {
                    act: "exported",
                    subject: &subject,
                    dealer: "",
                    detail: &reason,
                };
                record(conn, &ctx, now, &entry)?;
                Ok(file)
            })
            .await
    }

    /// A customer's file, masked for the caller.
    pub(super) fn file(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        customer: Customer,
    ) -> Result<File> {
        let now = self.clock.now();
        let opened = self.open(conn, customer, now)?;
        self.show(conn, ctx, opened, now)
    }

    /// The file of an opened customer, masked for the caller.
    pub(super) fn show(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        opened: Opened,
        now: Timestamp,
    ) -> Result<File> {
        let mut file = self.file_of(conn, ctx.scope(), opened, now)?;
        mask(&mut file, Sight::of(ctx));
        Ok(file)
    }

    /// A customer's file if the scope may see it; for one that may not, the customer does not exist.
    pub(super) fn open_file(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        customer: Customer,
        now: Timestamp,
    ) -> Result<File> {
        let opened = self.open(conn, customer, now)?;
        self.file_of(conn, scope, opened, now)
    }

    /// A customer's records, opened and cleaned once for all that is to be done with them.
    pub(super) fn open(
        &self,
        conn: &mut Conn<'_>,
        customer: Customer,
        now: Timestamp,
    ) -> Result<Opened> {
        let family = self.store.family(conn, customer.serial)?;
        let records = self.store.records_of(conn, &family)?;
        Ok(Opened::of(customer, family, records, now))
    }

    /// A customer as he would be with some records, whosever they are now.
    pub(super) fn open_with(
        &self,
        conn: &mut Conn<'_>,
        customer: Customer,
        records: Vec<SourceRecord>,
        now: Timestamp,
    ) -> Result<Opened> {
        let family = self.store.family(conn, customer.serial)?;
        Ok(Opened::of(customer, family, records, now))
    }

    /// The file of an opened customer if the scope may see him.
    pub(super) fn file_of(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        opened: Opened,
        now: Timestamp,
    ) -> Result<File> {
        let mut dealers: Vec<&str> = opened
            .records
            .iter()
            .map(|record| record.dealer.as_str())
            .collect();
        dealers.sort_unstable();
        dealers.dedup();
        let seen = (
            opened.customer,
            opened.family.as_slice(),
            dealers.as_slice(),
        );
        if !self.may_see(conn, scope, seen, now)? {
            return Err(Error::CustomerUnknown);
        }
        let trust = self.store.trust_of(conn, &dealers)?;
        let dealers = self.store.within(conn, scope, &dealers)?;
        let golden = opened.golden(&self.survivorship, &trust, &dealers);
        let consents = self.store.consents_of(conn, &opened.family)?;
        let referrer = self.referrer(conn, &opened.records, &golden)?;
        Ok(File {
            customer: opened.customer,
            number: self.store.number_of(opened.customer.serial),
            records: opened.records,
            dealers,
            golden,
            trust_edition: self
                .survivorship
                .edition(trust.values().map(|told| told.version).sum()),
            consents,
            referrer,
        })
    }

    /// Whether a scope may see a customer with these serials, of whom these dealers have records.
    fn may_see(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        (customer, family, dealers): (Customer, &[CustomerSerial], &[impl AsRef<str>]),
        now: Timestamp,
    ) -> Result<bool> {
        if let Scope::Customer(own) = scope {
            return Ok(self.store.get_customer(conn, *own)?.serial == customer.serial);
        }
        let dealers: Vec<&str> = dealers.iter().map(AsRef::as_ref).collect();
        self.store.is_visible(conn, scope, family, &dealers, now)
    }

    /// The customer whom a record names as referrer by a key of its own system.
    fn referrer(
        &self,
        conn: &mut Conn<'_>,
        records: &[SourceRecord],
        golden: &Golden,
    ) -> Result<Option<CustomerId>> {
        let Some((id, key)) = &golden.referrer else {
            return Ok(None);
        };
        let Some(naming) = records.iter().find(|record| record.id == *id) else {
            return Ok(None);
        };
        let named = source_record_id(&naming.dealer, &naming.source, key);
        let Some(number) = self.store.customers_of(conn, &[named])?.remove(&named) else {
            return Ok(None);
        };
        Ok(Some(self.store.get_customer_by_serial(conn, number)?.id))
    }
}

impl Opened {
    fn of(
        customer: Customer,
        family: Vec<CustomerSerial>,
        records: Vec<SourceRecord>,
        now: Timestamp,
    ) -> Self {
        let facts = records
            .iter()
            .map(|record| Facts::of(&record.columns, now).0)
            .collect();
        Self {
            customer,
            family,
            records,
            facts,
        }
    }

    /// The golden values of the records; `told` is what data quality says of their dealers, `known` are the dealers of whose
    /// records the caller may know.
    fn golden(
        &self,
        rules: &Survivorship,
        told: &FxHashMap<String, DealerTrust>,
        known: &[String],
    ) -> Golden {
        // Nobody goes before those of whom something is known because nothing is known of him.
        let unknown = if told.is_empty() { 1.0 } else { MIDDLING };
        let told = |dealer: &str| told.get(dealer).copied();
        let trust = |record: &SourceRecord| {
            let told = told(record.dealer.as_str());
            rules.trust(&record.dealer, &record.source, told, unknown)
        };
        let said: Vec<Said<'_>> = self
            .records
            .iter()
            .zip(&self.facts)
            .map(|(record, facts)| Said {
                id: record.id,
                is_known: known.iter().any(|own| own == record.dealer.as_str()),
                at: record.recorded_at,
                trust: trust(record),
                facts,
                past_contacts: &record.past_contacts,
                since: &record.since,
                checks: &record.checks,
            })
            .collect();
        compose(&said, rules)
    }
}
