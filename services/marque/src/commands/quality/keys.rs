//! Whether two rows of one key are two people: an import would take the second for a correction of the first.

use std::{
    collections::{HashMap, hash_map},
    hash::{DefaultHasher, Hash, Hasher},
};

use marque_quality::{CleanCustomer, Field, Finding, Rule};

/// Whose the keys of the rows so far are.
#[derive(Default)]
pub(super) struct Keys {
    people: HashMap<u64, Person>,
}

/// Hashes of what tells people apart.
#[derive(Clone, Copy)]
struct Person {
    name: Option<u64>,
    id_number: Option<u64>,
}

impl Keys {
    /// Takes a row of a dealer; a finding if an earlier row gave its key to somebody else.
    pub(super) fn add(&mut self, dealer: u32, customer: &CleanCustomer<'_>) -> Option<Finding> {
        let key = customer.source_key.as_deref()?;
        let person = Person::of(customer);
        match self.people.entry(hash(&(dealer, key))) {
            hash_map::Entry::Vacant(free) => {
                free.insert(person);
                None
            }
            hash_map::Entry::Occupied(known) => known
                .get()
                .is_another(person)
                .then(|| Finding::new(Field::CustomerSourceKey, Rule::KeyOfTwoPeople)),
        }
    }
}

impl Person {
    fn of(customer: &CleanCustomer<'_>) -> Self {
        let name = customer.name.as_ref().filter(|name| !name.surname_only);
        let document = customer.id_document.as_ref();
        Self {
            name: name.map(|name| hash(&name.text)),
            id_number: document.map(|document| hash(&document.number())),
        }
    }

    /// ID numbers decide where both are known, and names where not.
    fn is_another(self, other: Self) -> bool {
        let differ = |one: Option<u64>, other: Option<u64>| Some(one? != other?);
        differ(self.id_number, other.id_number)
            .or_else(|| differ(self.name, other.name))
            .unwrap_or(false)
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
