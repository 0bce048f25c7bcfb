//! What the store knows of a batch's rows, and what the rows before have added.

use marque_core::CustomerSerial;
use marque_db::Conn;
use marque_linkage::dealer::{Frequencies, KeyKind, Prepared, people};
use rustc_hash::FxHashMap;

use super::super::ready::Keys;
use crate::{
    domain::{Match, Matcher},
    error::Result,
    storage::{CustomerStore, Identity, Token},
};

/// Of the records that share a key so many are looked at, the newest: a value that more share says nothing of who is
/// who.
const CROWD: usize = 64;
/// A number that more people were given was lent or invented: no two of them are asked about.
const LENT: u32 = 2;
/// Of one customer's records so many are compared, the newest.
pub(in crate::app) const MEMBERS: usize = 16;

/// The records that may matter for a batch, by key and by customer.
#[derive(Debug)]
pub(in crate::app) struct Known {
    /// Records by blocking key, the oldest first.
    blocks: FxHashMap<Token, Vec<i64>>,
    owners: FxHashMap<i64, CustomerSerial>,
    members: FxHashMap<CustomerSerial, Members>,
    identities: FxHashMap<CustomerSerial, Identity>,
    /// Records that bear a name.
    bearers: FxHashMap<Token, u32>,
    population: u32,
}

/// A customer's records, side by side.
#[derive(Debug, Default)]
struct Members {
    seqs: Vec<i64>,
    features: Vec<Prepared>,
}

impl Known {
    /// Reads what the store knows of records with these keys; `own` are the customers they belong to so far.
    pub(in crate::app) fn load(
        store: &CustomerStore,
        conn: &mut Conn<'_>,
        keys: &[&Keys],
        own: impl Iterator<Item = CustomerSerial>,
    ) -> Result<Self> {
        let tokens = distinct(keys.iter().flat_map(|keys| keys.blocks.iter().copied()));
        let names = distinct(keys.iter().filter_map(|keys| keys.name));
        let mut blocks: FxHashMap<Token, Vec<i64>> = FxHashMap::default();
        for (token, seq) in store.blocks(conn, &tokens, CROWD)? {
            blocks.entry(token).or_default().push(seq);
        }
        for seqs in blocks.values_mut() {
            seqs.sort_unstable();
        }
        let seqs = distinct(blocks.values().flatten().copied());
        let sharing = store.owners(conn, &seqs)?;
        let customers = distinct(sharing.iter().map(|(_, customer)| *customer).chain(own));
        let mut known = Self {
            identities: store.identities(conn, &customers)?,
            bearers: store.bearers(conn, &names)?,
            population: store.population(conn)?,
            owners: sharing.into_iter().collect(),
            members: FxHashMap::default(),
            blocks,
        };
        for record in store.features_of(conn, &customers, MEMBERS)? {
            known.owners.insert(record.seq, record.customer);
            let members = known.members.entry(record.customer).or_default();
            members.seqs.push(record.seq);
            members.features.push(record.features);
        }
        Ok(known)
    }

    /// Customers who share a key, oldest first. Persons and organisations alike: the kind is mistyped too, and linkage knows
    /// when two cannot be one.
    fn candidates(&self, keys: &Keys) -> Vec<(CustomerSerial, &[Prepared])> {
        let sharing = keys.blocks.iter().flat_map(|token| self.block(*token));
        let customers = distinct(sharing.filter_map(|seq| self.owner(seq)));
        customers
            .into_iter()
            .map(|customer| (customer, self.features(customer)))
            .filter(|(_, features)| !features.is_empty())
            .collect()
    }

    /// Customers who share a key, each as often as he shares one.
    pub(in crate::app) fn sharers<'k>(
        &'k self,
        keys: &'k Keys,
    ) -> impl Iterator<Item = CustomerSerial> + 'k {
        let tokens = keys.blocks.iter();
        tokens
            .flat_map(|token| distinct(self.block(*token).filter_map(|seq| self.owner(seq))))
            .filter(|customer| !self.features(*customer).is_empty())
    }

    /// How common a record's values are.
    pub(in crate::app) fn frequencies(&self, keys: &Keys, features: &Prepared) -> Frequencies {
        let bearers = keys.name.and_then(|name| self.bearers.get(&name));
        Frequencies::counted(
            features,
            &keys.blocking,
            self.population,
            bearers.copied().unwrap_or(0),
            |at| self.sharing(keys.blocks[at]),
        )
    }

    /// How many differently named people share a key.
    pub(in crate::app) fn sharing(&self, token: Token) -> u32 {
        people(self.block(token).filter_map(|seq| self.features_of(seq)))
    }

    /// Customers who have the very identity number or credit code, unless it is common.
    pub(in crate::app) fn same_number<'k>(
        &'k self,
        keys: &'k Keys,
        frequencies: &'k Frequencies,
    ) -> impl Iterator<Item = CustomerSerial> + 'k {
        let number = keys
            .blocking
            .iter()
            .zip(&keys.blocks)
            .filter(|_| frequencies.identity <= LENT)
            .find(|(key, _)| key.kind == KeyKind::Identity);
        let sharing = number.into_iter().flat_map(|(_, token)| self.block(*token));
        sharing.filter_map(|seq| self.owner(seq))
    }

    /// All customers who may be a row's, the likeliest first, then those who have nothing of it but its identity number.
    pub(in crate::app) fn rank(
        &self,
        matcher: &Matcher,
        keys: &Keys,
        features: &Prepared,
        frequencies: &Frequencies,
    ) -> Vec<Match> {
        let mut ranked = matcher.rank(features, frequencies, &self.candidates(keys));
        // One number under two names is somebody's slip or invention: the steward should know, however unlike they are.
        for customer in self.same_number(keys, frequencies) {
            if ranked.iter().all(|found| found.customer != customer) {
                ranked.push(Match::same_number(customer));
            }
        }
        ranked
    }

    fn block(&self, token: Token) -> impl Iterator<Item = i64> + '_ {
        let seqs = self.blocks.get(&token).map_or(&[][..], Vec::as_slice);
        seqs.iter().rev().take(CROWD).copied()
    }

    fn features_of(&self, seq: i64) -> Option<&Prepared> {
        let members = self.members.get(self.owners.get(&seq)?)?;
        let at = members.seqs.iter().position(|member| *member == seq)?;
        members.features.get(at)
    }

    /// The features of a customer's records, as far as they are looked at.
    pub(in crate::app) fn features(&self, customer: CustomerSerial) -> &[Prepared] {
        self.members
            .get(&customer)
            .map_or(&[], |members| &members.features)
    }

    /// The customer of a record that is known here.
    pub(super) fn owner(&self, seq: i64) -> Option<CustomerSerial> {
        self.owners.get(&seq).copied()
    }

    pub(in crate::app) fn identity(&self, customer: CustomerSerial) -> Option<Identity> {
        self.identities.get(&customer).copied()
    }

    /// A customer's records, as far as they are looked at.
    pub(super) fn seqs(&self, customer: CustomerSerial) -> &[i64] {
        self.members
            .get(&customer)
            .map_or(&[], |members| &members.seqs)
    }

    /// Takes note of who a customer is: a new one, or one whose kind is known better now.
    pub(super) fn found(&mut self, customer: CustomerSerial, identity: Identity) {
        self.identities.insert(customer, identity);
    }

    /// Takes note of where a row went.
    pub(super) fn add(
        &mut self,
        seq: i64,
        customer: CustomerSerial,
        keys: &Keys,
        features: &Prepared,
    ) {
        for token in &keys.blocks {
            let block = self.blocks.entry(*token).or_default();
            if !block.contains(&seq) {
                block.push(seq);
            }
        }
        if let Some(name) = keys.name {
            *self.bearers.entry(name).or_default() += 1;
        }
        self.population = self.population.saturating_add(1);
        self.owners.insert(seq, customer);
        let members = self.members.entry(customer).or_default();
        members.seqs.push(seq);
        members.features.push(features.clone());
    }

    /// Forgets a record, and gives its features back.
    pub(super) fn remove(&mut self, seq: i64) -> Option<Prepared> {
        let members = self.members.get_mut(&self.owners.remove(&seq)?)?;
        let at = members.seqs.iter().position(|member| *member == seq)?;
        members.seqs.remove(at);
        Some(members.features.remove(at))
    }

    /// Takes note that a customer is another; the records that are known of him go with him.
    pub(super) fn join(&mut self, from: CustomerSerial, into: CustomerSerial) {
        for owner in self.owners.values_mut().filter(|owner| **owner == from) {
            *owner = into;
        }
        let Members { seqs, features } = self.members.remove(&from).unwrap_or_default();
        let members = self.members.entry(into).or_default();
        members.seqs.extend(seqs);
        members.features.extend(features);
    }
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}
