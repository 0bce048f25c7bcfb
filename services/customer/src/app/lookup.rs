//! Who is it? Exact look-up, and the reception it can be.

use std::time::Duration;

use marque_auth::{CallContext, Scope, Sight};
use marque_core::{
    CustomerId, CustomerNumber, CustomerSerial, SourceRecordId, Timestamp, business_date,
};
use marque_db::Conn;
use marque_errors::Violation;
use marque_events::SHARING;
use marque_ledger::{Entry, record};
use marque_quality::{
    credit_code::CreditCode, id_document::IdDocument, phone::Phone, plate::Plate, text::tidy,
    vin::Vin,
};

use super::{CustomerApp, consent::lock_consents, published, read::Opened};
use crate::{
    domain::{Customer, Facts, File, mask},
    error::{Error, Result},
    storage::{KeyKind, hq_token},
};

/// What a customer is looked up by, as typed; or whose car it is.
pub(crate) enum Key {
    Phone(String),
    Plate(String),
    Vin(String),
    IdNumber(String),
    CreditCode(String),
    Number(String),
    /// The records that give their customers a part in a car whose plate or VIN was typed, the likeliest first.
    Car(Vec<SourceRecordId>),
}

impl Key {
    /// What kind of key it is, for the record: never the value.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Phone(_) => "by phone",
            Self::Plate(_) => "by plate",
            Self::Vin(_) => "by vin",
            Self::IdNumber(_) => "by id_number",
            Self::CreditCode(_) => "by credit_code",
            Self::Number(_) => "by number",
            Self::Car(_) => "by car",
        }
    }
}

/// What a look-up found.
pub(crate) struct Found {
    pub(crate) files: Vec<File>,
    /// Whether it opened a file that the dealer could not see before.
    pub(crate) is_reception: bool,
}

/// How long a reception keeps a file open.
const RECEPTION: Duration = Duration::from_hours(90 * 24);
/// Most customers a look-up answers with: a phone that more share is nobody's.
const MOST: usize = 20;

/// A key as it is stored.
enum Wanted {
    Value(KeyKind, String),
    Number(CustomerNumber),
    Records(Vec<SourceRecordId>),
}

impl CustomerApp {
    /// Customers with exactly this key. For a dealer a hit is a reception: the file is his to see for 90 days, and that
    /// is on record.
    pub(crate) async fn lookup(&self, ctx: CallContext, key: Key) -> Result<Found> {
        let (wanted, by) = (self.normalise(&key)?, key.kind());
        let app = self.clone();
        let now = self.clock.now();
        let (context, found) = (
            ctx.clone(),
            self.db
                .read(move |conn| {
                    let hits = app.find(conn, &wanted, now)?;
                    let order: Vec<CustomerId> = hits.iter().map(|hit| hit.customer.id).collect();
                    let (files, hidden) = app.sort(conn, &ctx, hits, now)?;
                    Ok::<_, Error>((files, hidden, order))
                })
                .await?,
        );
        let (mut files, hidden, order) = found;
        let received = if hidden.is_empty() {
            Vec::new()
        } else {
            self.receive(context, hidden, by).await?
        };
        let is_reception = !received.is_empty();
        if is_reception {
            files.extend(received);
            files.sort_by_key(|file| order.iter().position(|id| *id == file.customer.id));
        }
        Ok(Found {
            files,
            is_reception,
        })
    }

    fn normalise(&self, key: &Key) -> Result<Wanted> {
        let today = business_date(self.clock.now());
        let wanted = match key {
            Key::Car(records) => {
                return Ok(Wanted::Records(
                    records.iter().copied().take(MOST).collect(),
                ));
            }
            Key::Phone(typed) => Phone::parse(typed)
                .ok()
                .map(|phone| (KeyKind::Phone, phone.e164().to_owned())),
            Key::Plate(typed) => Plate::parse(typed)
                .ok()
                .map(|plate| (KeyKind::Plate, plate.as_str().to_owned())),
            Key::Vin(typed) => Vin::parse(typed)
                .ok()
                .map(|vin| (KeyKind::Vin, vin.as_str().to_owned())),
            Key::IdNumber(typed) => IdDocument::parse(typed, today)
                .ok()
                .map(|id| (KeyKind::IdNumber, id.number().to_owned())),
            Key::CreditCode(typed) => CreditCode::parse(typed)
                .ok()
                .map(|code| (KeyKind::CreditCode, code.as_str().to_owned())),
            Key::Number(typed) => {
                let number = tidy(typed)
                    .parse()
                    .map_err(|_| invalid("number", "the check character does not fit"))?;
                return Ok(Wanted::Number(number));
            }
        };
        wanted
            .map(|(kind, value)| Wanted::Value(kind, value))
            .ok_or_else(|| match key {
                Key::Phone(_) => invalid(
                    "phone",
                    "eleven digits beginning with 1, or area code and number",
                ),
                Key::Plate(_) => invalid(
                    "plate",
                    "province, office letter and five or six characters, such as 京A12345",
                ),
                Key::Vin(_) => invalid("vin", "seventeen letters and digits without I, O and Q"),
                Key::IdNumber(_) => invalid(
                    "id_number",
                    "eighteen characters with the right check character",
                ),
                Key::CreditCode(_) => invalid(
                    "credit_code",
                    "eighteen characters with the right check character",
                ),
                // A number was read above, and a car has no form that could be wrong.
                Key::Number(_) | Key::Car(_) => invalid("key", "cannot be read"),
            })
    }

    /// Customers that have the key, each opened once: for the check and for what is shown of him.
    fn find(&self, conn: &mut Conn<'_>, wanted: &Wanted, now: Timestamp) -> Result<Vec<Opened>> {
        let (kind, value) = match wanted {
            Wanted::Number(number) => {
                return match self.store.get_customer_by_number(conn, *number) {
                    Ok(customer) => Ok(vec![self.open(conn, customer, now)?]),
                    Err(Error::CustomerUnknown) => Ok(Vec::new()),
                    Err(error) => Err(error),
                };
            }
            Wanted::Records(records) => return self.find_named(conn, records, now),
            Wanted::Value(kind, value) => (*kind, value),
        };
        let token = hq_token(self.store.vault(), kind, value);
        let mut hits = self.store.find_by_tokens(conn, &[token])?;
        hits.sort_by_key(|(_, seq, _)| std::cmp::Reverse(*seq));
        hits.truncate(MOST * 4);
        let mut asked: Vec<CustomerSerial> = Vec::new();
        let mut found: Vec<Opened> = Vec::new();
        for (_, _, number) in hits {
            if asked.contains(&number) || found.len() == MOST {
                continue;
            }
            asked.push(number);
            let customer = self.store.get_customer_by_serial(conn, number)?;
            if found.iter().any(|known| known.customer == customer) {
                continue;
            }
            let opened = self.open(conn, customer, now)?;
            if opened.facts.iter().any(|facts| has(facts, kind, value)) {
                found.push(opened);
            }
        }
        Ok(found)
    }

    /// The customers of records, as they now are, in the records' order; each once.
    fn find_named(
        &self,
        conn: &mut Conn<'_>,
        records: &[SourceRecordId],
        now: Timestamp,
    ) -> Result<Vec<Opened>> {
        let numbers = self.store.customers_of(conn, records)?;
        let mut found: Vec<Opened> = Vec::new();
        for number in records.iter().filter_map(|record| numbers.get(record)) {
            let customer = self.store.get_customer_by_serial(conn, *number)?;
            if found.iter().all(|known| known.customer != customer) {
                found.push(self.open(conn, customer, now)?);
            }
        }
        Ok(found)
    }

    /// Parts hits into files the caller sees and customers he has yet to receive.
    fn sort(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        hits: Vec<Opened>,
        now: Timestamp,
    ) -> Result<(Vec<File>, Vec<Customer>)> {
        let (mut files, mut hidden) = (Vec::new(), Vec::new());
        for opened in hits {
            let customer = opened.customer;
            match self.show(conn, ctx, opened, now) {
                Ok(file) => files.push(file),
                Err(Error::CustomerUnknown) if matches!(ctx.scope(), Scope::Dealer(_)) => {
                    // Who withdrew consent to it is shown to no dealer who has no record of him.
                    let sharing = [SHARING.to_owned()];
                    if self
                        .store
                        .who_withdrew(conn, &[customer.id], &sharing)?
                        .is_empty()
                    {
                        hidden.push(customer);
                    }
                }
                // Outside a region or somebody else: he is not there.
                Err(Error::CustomerUnknown) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((files, hidden))
    }

    /// Opens files for the caller's dealer, but for those of who has withdrawn consent to it since he was looked for.
    async fn receive(
        &self,
        ctx: CallContext,
        customers: Vec<Customer>,
        by: &'static str,
    ) -> Result<Vec<File>> {
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .write(move |conn| {
                let Scope::Dealer(dealer) = ctx.scope() else {
                    return Ok(Vec::new());
                };
                let ids: Vec<CustomerId> = customers.iter().map(|customer| customer.id).collect();
                // Who withdraws it from here on shuts what is opened now.
                lock_consents(conn, ids.iter().copied())?;
                let sharing = [SHARING.to_owned()];
                let withdrawn = app.store.who_withdrew(conn, &ids, &sharing)?;
                let mut files = Vec::with_capacity(customers.len());
                for customer in &customers {
                    if withdrawn.contains(&customer.id) {
                        continue;
                    }
                    let until = now.plus(RECEPTION);
                    app.store
                        .open_reception(conn, customer.serial, dealer, until)?;
                    published::received(conn, &*app.clock, customer.id, dealer, until)?;
                    let subject = customer.id.to_string();
                    let entry = Entry {
                        act: "received",
                        subject: &subject,
                        dealer: dealer.as_str(),
                        // Why he may: he knew the customer by this, and the customer stood before him.
                        detail: by,
                    };
                    record(conn, &ctx, now, &entry)?;
                    let mut file = app.open_file(conn, ctx.scope(), *customer, now)?;
                    mask(&mut file, Sight::of(&ctx));
                    files.push(file);
                }
                Ok(files)
            })
            .await
    }
}

/// Whether an opened record really says the value: a token is only a hint.
fn has(facts: &Facts, kind: KeyKind, value: &String) -> bool {
    match kind {
        KeyKind::Phone => facts.phones.contains(value),
        KeyKind::IdNumber => facts.id_number.as_ref() == Some(value),
        KeyKind::CreditCode => facts.credit_code.as_ref() == Some(value),
        KeyKind::Plate => facts.plate.as_ref() == Some(value),
        KeyKind::Vin => facts.vin.as_ref() == Some(value),
    }
}

fn invalid(field: &str, message: &str) -> Error {
    Error::Invalid(vec![Violation::new(field, "FORMAT", message)])
}
