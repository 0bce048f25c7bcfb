//! Who is whose, as the store has it and as the events tell it.

use std::collections::HashMap;

use marque_api::{customer::v1::SourceRecordsLinked, events::v1::Event};
use marque_core::{CustomerId, SourceRecordId};
use marque_events::{Alias, LONGEST_CHAIN};
use prost::Message as _;

use super::people::Record;
use crate::simulation::seeds::expect;

/// Customers and records as the store has them.
pub(super) struct Kept {
    pub(super) customers: HashMap<i64, (CustomerId, Option<i64>)>,
    /// Number of the customer, and version.
    pub(super) records: HashMap<SourceRecordId, (i64, i64)>,
}

/// Customers and records as the events tell of them.
#[derive(Default)]
pub(super) struct Story {
    owners: HashMap<SourceRecordId, CustomerId>,
    aliases: HashMap<CustomerId, CustomerId>,
}

impl Kept {
    /// The customer and the version of a record; nobody's are the records of those who were merged away.
    pub(super) fn record(&self, record: &Record) -> Result<(i64, i64), String> {
        let found = self.records.get(&record.id);
        let (owner, version) = found
            .copied()
            .ok_or_else(|| format!("record {} is lost", record.key))?;
        expect(self.current(owner)? == owner, || {
            format!("record {} was left behind with {owner}", record.key)
        })?;
        Ok((owner, version))
    }

    /// The customer that a number now is.
    fn current(&self, number: i64) -> Result<i64, String> {
        let mut current = number;
        for _ in 0..LONGEST_CHAIN {
            let customer = self.customers.get(&current);
            match customer.ok_or_else(|| format!("{current} is no customer"))? {
                (_, Some(into)) => current = *into,
                (_, None) => return Ok(current),
            }
        }
        Err(format!("{number} is merged in a circle"))
    }

    /// The customer that an id now is.
    pub(super) fn current_of(&self, id: CustomerId) -> Result<i64, String> {
        let mut customers = self.customers.iter();
        let known = customers.find(|(_, (known, _))| *known == id);
        let (number, _) = known.ok_or_else(|| format!("{id} is no customer"))?;
        self.current(*number)
    }

    fn id(&self, number: i64) -> Result<CustomerId, String> {
        Ok(self.customers[&self.current(number)?].0)
    }
}

impl Story {
    pub(super) fn hear(&mut self, event: &Event) -> Result<(), String> {
        match event.r#type.as_str() {
            "marque.customer.source_records.linked" => {
                let linked = SourceRecordsLinked::decode(event.data.as_slice());
                for link in linked.map_err(|error| error.to_string())?.links {
                    let record = link.source_record_id.parse().unwrap();
                    self.owners
                        .insert(record, link.customer_id.parse().unwrap());
                }
            }
            "marque.customer.customers.merged" => {
                let alias = Alias::of(event).map_err(|error| error.to_string())?;
                match alias.current {
                    Some(current) => self.aliases.insert(alias.customer, current),
                    None => self.aliases.remove(&alias.customer),
                };
            }
            _ => {}
        }
        Ok(())
    }

    fn current(&self, customer: CustomerId) -> CustomerId {
        let mut current = customer;
        for _ in 0..LONGEST_CHAIN {
            match self.aliases.get(&current) {
                Some(next) => current = *next,
                None => break,
            }
        }
        current
    }

    /// Whether it is the story of what the store has.
    pub(super) fn is_of(&self, kept: &Kept) -> Result<(), String> {
        for (record, (owner, _)) in &kept.records {
            let told = self.owners.get(record).map(|owner| self.current(*owner));
            let found = kept.id(*owner)?;
            expect(told == Some(found), || {
                format!("{record} is {found}'s, and the events say {told:?}")
            })?;
        }
        expect(self.owners.len() == kept.records.len(), || {
            "the events tell of records that are not there".to_owned()
        })?;
        for (number, (id, _)) in &kept.customers {
            let (told, found) = (self.current(*id), kept.id(*number)?);
            expect(told == found, || {
                format!("{id} is {found} now, and the events say {told}")
            })?;
        }
        Ok(())
    }
}
