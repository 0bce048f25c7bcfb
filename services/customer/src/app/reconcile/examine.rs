//! What the evidence says of one customer by now: reads and weighs, and changes nothing.

use marque_core::CustomerNumber;
use marque_db::Conn;
use marque_linkage::dealer::{Between, Frequencies, Prepared};

use super::super::{
    CustomerApp,
    ingest::known::{Known, MEMBERS},
    ready::Keys,
    shift::LINKAGE,
};
use crate::{
    domain::{Facts, LEAD, Match, Matcher, features},
    error::Result,
};

/// What is to happen with a customer next.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing more; these pairs are for the steward.
    Rest(Vec<Match>),
    /// Somebody else comes first: he is nearer to another, and cannot be both.
    First(CustomerNumber),
    /// These records are another's, nobody knows whose.
    Part(Vec<i64>, String),
    /// This record is that customer's.
    Move(i64, CustomerNumber, String),
    /// The two are one.
    Join(CustomerNumber, String),
}

/// Of one customer so many records are weighed, the newest.
const LOOKED_AT: usize = 64;
/// Beyond so many records customers are joined on overwhelming evidence only …
const GIANT: usize = 100;
/// … of so many bits.
const GIANT_BITS: f32 = 8.0;
/// Of one customer so many pairs are put before the steward.
const PAIRS: usize = 3;

/// A customer with all that is near him.
struct Hood {
    customer: CustomerNumber,
    /// His records in the order they came, and what is compared of each.
    seqs: Vec<i64>,
    features: Vec<Prepared>,
    frequencies: Vec<Frequencies>,
    /// How many records he has in all.
    size: usize,
    known: Known,
    /// Customers who share a key with him.
    near: Vec<CustomerNumber>,
}

impl Hood {
    /// The newest records, as many as others are compared by, with how common their values are.
    fn newest(&self) -> (&[Prepared], &[Frequencies]) {
        let from = self.features.len().saturating_sub(MEMBERS);
        (&self.features[from..], &self.frequencies[from..])
    }

    /// The features and frequencies at some places, and the features at all others.
    fn split_at(&self, places: &[usize]) -> (Vec<Prepared>, Vec<Frequencies>, Vec<Prepared>) {
        let (mut inside, mut common, mut outside) = (Vec::new(), Vec::new(), Vec::new());
        for (at, features) in self.features.iter().enumerate() {
            if places.contains(&at) {
                inside.push(features.clone());
                common.push(self.frequencies[at]);
            } else {
                outside.push(features.clone());
            }
        }
        (inside, common, outside)
    }
}

/// Somebody near, and how near.
struct Near {
    customer: CustomerNumber,
    between: Between,
    /// Whether a steward parted the two.
    is_refused: bool,
}

/// Somebody else who is surely the same as the nearest, and not as this customer.
enum Rival {
    Nobody,
    /// By far: the two come first.
    Nearer,
    /// Who of the two is his only a steward can say.
    AsNear,
}

/// One look at one customer.
pub(super) struct Examination<'a, 'c, 'd> {
    pub(super) app: &'a CustomerApp,
    pub(super) conn: &'a mut Conn<'c>,
    pub(super) matcher: &'d Matcher,
    /// Customers who have already had to wait for this one.
    pub(super) waiting: &'d [CustomerNumber],
}

impl Examination<'_, '_, '_> {
    /// What is to happen with a customer who stands for himself.
    pub(super) fn of(&mut self, customer: CustomerNumber) -> Result<Next> {
        let Some(hood) = self.hood(customer)? else {
            return Ok(Next::Rest(Vec::new()));
        };
        let is_held = self.is_held(&hood)?;
        if !is_held && let Some(part) = self.falls_apart(&hood) {
            return Ok(part);
        }
        let near = self.near(&hood)?;
        if let Some(join) = self.joins(&hood, &near)? {
            return Ok(join);
        }
        if !is_held && let Some(moved) = self.better_elsewhere(&hood, &near) {
            return Ok(moved);
        }
        self.worth_asking(&hood, near)
    }

    /// Whether a steward put a customer's records together.
    fn is_held(&mut self, hood: &Hood) -> Result<bool> {
        if hood.seqs.len() < 2 {
            return Ok(false);
        }
        let store = &self.app.store;
        let family = store.family(self.conn, hood.customer)?;
        store.is_held_together(self.conn, &family, LINKAGE)
    }

    fn hood(&mut self, customer: CustomerNumber) -> Result<Option<Hood>> {
        let store = &self.app.store;
        let mut seqs = store.seqs_of(self.conn, customer)?;
        let size = seqs.len();
        seqs.sort_unstable();
        seqs.drain(..size.saturating_sub(LOOKED_AT));
        if seqs.is_empty() {
            return Ok(None);
        }
        let mut records = store.records_by_seq(self.conn, &seqs)?;
        // Not by when they came: of two that are as near, the same one goes first in whatever order they came.
        records.sort_by_key(|record| record.id);
        let (mut compared, mut keys) = (Vec::new(), Vec::new());
        for record in &records {
            let (facts, _) = Facts::of(&record.columns, record.received_at);
            let features = features(&record.columns, facts.kind);
            keys.push(Keys::of(store.vault(), &record.dealer, &facts, &features));
            compared.push(features);
        }
        let asked: Vec<&Keys> = keys.iter().collect();
        let known = Known::load(store, self.conn, &asked, std::iter::once(customer))?;
        let frequencies = keys
            .iter()
            .zip(&compared)
            .map(|(keys, features)| known.frequencies(keys, features))
            .collect();
        let mut near: Vec<CustomerNumber> = keys
            .iter()
            .flat_map(|keys| known.candidates(keys))
            .map(|(other, _)| other)
            .filter(|other| *other != customer)
            .collect();
        near.sort_unstable();
        near.dedup();
        Ok(Some(Hood {
            customer,
            seqs: records.iter().map(|record| record.seq).collect(),
            features: compared,
            frequencies,
            size,
            known,
            near,
        }))
    }

    /// Whether a customer's records are several people's: the smaller group goes.
    fn falls_apart(&self, hood: &Hood) -> Option<Next> {
        let decider = self.matcher.decider();
        let groups = decider.groups(&hood.features, &hood.frequencies);
        groups.iter().skip(1).find_map(|group| {
            let (leaving, common, rest) = hood.split_at(group);
            let between = decider.between(&leaving, &common, &rest);
            let told = match between.veto {
                Some(veto) => veto.words().to_owned(),
                None if !self.matcher.is_likely(between.probability) => {
                    format!("probability {:.3}", between.probability)
                }
                None => return None,
            };
            let seqs = group.iter().map(|at| hood.seqs[*at]).collect();
            let reason = format!("its records are not one customer's: {told}");
            Some(Next::Part(seqs, reason))
        })
    }

    /// Everybody near who may be the same, the nearest first.
    fn near(&mut self, hood: &Hood) -> Result<Vec<Near>> {
        let mut found = Vec::new();
        for other in &hood.near {
            let between = self.between(hood, *other)?;
            if self.matcher.is_likely(between.probability) || between.most > 0.0 {
                found.push(Near {
                    customer: *other,
                    between,
                    is_refused: self.are_parted(hood.customer, *other)?,
                });
            }
        }
        found.sort_by(|a, b| {
            let by_bits = b.between.bits.total_cmp(&a.between.bits);
            by_bits.then_with(|| a.customer.cmp(&b.customer))
        });
        Ok(found)
    }

    /// How near two are. Somebody with one record is asked how near the other is to him, as if the record came now.
    fn between(&mut self, hood: &Hood, other: CustomerNumber) -> Result<Between> {
        let decider = self.matcher.decider();
        let (features, frequencies) = hood.newest();
        let others = hood.known.features(other);
        let here = decider.between(features, frequencies, others);
        let is_asked = others.len() == 1 && features.len() > 1 && here.most > 0.0;
        if !is_asked || self.matcher.is_sure(here.probability) {
            return Ok(here);
        }
        let Some(there) = self.hood(other)? else {
            return Ok(here);
        };
        let there = self
            .matcher
            .decider()
            .between(&there.features, &there.frequencies, features);
        Ok(if there.bits > here.bits { there } else { here })
    }

    fn are_parted(&mut self, one: CustomerNumber, other: CustomerNumber) -> Result<bool> {
        let store = &self.app.store;
        let (one, other) = (
            store.family(self.conn, one)?,
            store.family(self.conn, other)?,
        );
        store.is_refused(self.conn, &one, &other)
    }

    /// Whether two customers near a third cannot be one.
    fn are_apart(
        &mut self,
        hood: &Hood,
        one: CustomerNumber,
        other: CustomerNumber,
    ) -> Result<bool> {
        if self.are_parted(one, other)? {
            return Ok(true);
        }
        let decider = self.matcher.decider();
        let left = hood.known.features(one);
        let plain = vec![Frequencies::default(); left.len()];
        let between = decider.between(left, &plain, hood.known.features(other));
        Ok(between.veto.is_some())
    }

    fn may_join(&mut self, hood: &Hood, near: &Near) -> Result<bool> {
        let is_sure = self.matcher.is_sure(near.between.probability);
        if !is_sure || near.between.veto.is_some() || near.is_refused {
            return Ok(false);
        }
        let size = self.app.store.seqs_of(self.conn, near.customer)?.len();
        Ok(hood.size + size <= GIANT || near.between.bits >= GIANT_BITS)
    }

    /// The nearest of those who are surely the same, unless another who cannot be is about as near.
    fn joins(&mut self, hood: &Hood, near: &[Near]) -> Result<Option<Next>> {
        let mut best = None;
        for found in near {
            if self.may_join(hood, found)? {
                best = Some(found);
                break;
            }
        }
        let Some(best) = best else {
            return Ok(None);
        };
        for rival in near {
            let is_close = best.between.bits - rival.between.bits < LEAD;
            let is_his_too = self.matcher.is_sure(rival.between.probability)
                && rival.between.veto.is_none()
                && !rival.is_refused;
            if rival.customer != best.customer
                && is_close
                && is_his_too
                && self.are_apart(hood, best.customer, rival.customer)?
            {
                return Ok(None);
            }
        }
        match self.rival(hood, best)? {
            Rival::Nobody => {}
            Rival::Nearer if !self.waiting.contains(&best.customer) => {
                return Ok(Some(Next::First(best.customer)));
            }
            Rival::Nearer | Rival::AsNear => return Ok(None),
        }
        let reasons = Match::of(best.customer, &best.between).reasons.join(", ");
        let probability = best.between.probability;
        let reason = format!("all records weighed again, probability {probability:.3}: {reasons}");
        Ok(Some(Next::Join(best.customer, reason)))
    }

    /// Whether the nearest has somebody else near him whom this customer cannot be.
    fn rival(&mut self, hood: &Hood, best: &Near) -> Result<Rival> {
        let Some(there) = self.hood(best.customer)? else {
            return Ok(Rival::Nobody);
        };
        for other in self.near(&there)? {
            let lead = other.between.bits - best.between.bits;
            if lead <= -LEAD {
                break;
            }
            if other.customer != hood.customer
                && self.may_join(&there, &other)?
                && self.are_apart(&there, hood.customer, other.customer)?
            {
                return Ok(if lead >= LEAD {
                    Rival::Nearer
                } else {
                    Rival::AsNear
                });
            }
        }
        Ok(Rival::Nobody)
    }

    /// A record that is by far nearer to another customer, who is not this one.
    fn better_elsewhere(&self, hood: &Hood, near: &[Near]) -> Option<Next> {
        if hood.seqs.len() < 2 {
            return None;
        }
        let decider = self.matcher.decider();
        let others: Vec<&Near> = near.iter().filter(|near| !near.is_refused).collect();
        for (at, seq) in hood.seqs.iter().enumerate() {
            let (alone, common, rest) = hood.split_at(&[at]);
            let home = decider.between(&alone, &common, &rest);
            for near in &others {
                let there = decider.between(&alone, &common, hood.known.features(near.customer));
                let is_his = self.matcher.is_sure(there.probability) && there.veto.is_none();
                if is_his && there.bits - home.bits >= LEAD {
                    let reason = format!(
                        "the record is by {:.1} bits nearer to this customer",
                        there.bits - home.bits
                    );
                    return Some(Next::Move(*seq, near.customer, reason));
                }
            }
        }
        None
    }

    /// Pairs that nobody was asked about yet. Somebody who falls apart does so first: it may not be the whole of him that is
    /// near.
    fn worth_asking(&mut self, hood: &Hood, near: Vec<Near>) -> Result<Next> {
        let mut asked = Vec::new();
        let likely = near
            .into_iter()
            .filter(|near| !near.is_refused && self.matcher.is_likely(near.between.probability));
        let likely: Vec<Near> = likely.take(PAIRS).collect();
        for near in likely {
            let is_contradicted = near.between.veto.is_some();
            if is_contradicted && !self.waiting.contains(&near.customer) {
                let there = self.hood(near.customer)?;
                if let Some(there) = there
                    && !self.is_held(&there)?
                    && self.falls_apart(&there).is_some()
                {
                    return Ok(Next::First(near.customer));
                }
            }
            let store = &self.app.store;
            if !store.is_proposed(self.conn, hood.customer, near.customer)? {
                asked.push(Match::of(near.customer, &near.between));
            }
        }
        Ok(Next::Rest(asked))
    }
}
