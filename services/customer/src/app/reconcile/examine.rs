//! What the evidence says of one customer by now: reads and weighs, and changes nothing.

use std::cmp::Reverse;

use marque_core::{CustomerSerial, DuplicateId};
use marque_db::Conn;
use marque_linkage::{
    dealer::{Between, Frequencies, Prepared},
    score::probability,
};
use rustc_hash::FxHashMap;

use super::{
    super::{
        CustomerApp,
        ingest::known::{Known, MEMBERS},
        ready::Keys,
        shift::LINKAGE,
    },
    weighed::Weighed,
};
use crate::{
    domain::{Facts, LEAD, Match, Matcher, features},
    error::Result,
    storage::Duplicate,
};

/// What is to happen with a customer next.
#[derive(Debug)]
pub(super) enum Next {
    /// Nothing more, but for his pairs in the steward's queue.
    Rest(Review),
    /// Somebody else comes first: he is nearer to another, and cannot be both.
    First(CustomerSerial),
    /// These records are another's, nobody knows whose.
    Part(Vec<i64>, String),
    /// This record is that customer's.
    Move(i64, CustomerSerial, String),
    /// The two are one.
    Join(CustomerSerial, String),
}

/// What a customer's pairs in the steward's queue need.
#[derive(Debug, Default)]
pub(super) struct Review {
    /// Whom nobody was asked about yet.
    pub(super) asked: Vec<Match>,
    /// Pairs that are more or less probable by now.
    pub(super) reweighed: Vec<Duplicate>,
    /// Pairs that do not hold any more, and why.
    pub(super) closed: Vec<(DuplicateId, String)>,
}

impl Review {
    pub(super) fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.reweighed.is_empty() && self.closed.is_empty()
    }
}

/// Of one customer so many records are weighed, the newest.
const LOOKED_AT: usize = 64;
/// Beyond so many records customers are joined on overwhelming evidence only …
const GIANT: usize = 100;
/// … of so many bits.
const GIANT_BITS: f32 = 8.0;
/// A difference in worth that is written down.
const NOTICED: f64 = 1e-6;
/// Of one customer so many pairs are put before the steward.
const PAIRS: usize = 3;
/// Of the pairs of one customer so many are weighed again, for others wait meanwhile; the rest are when whoever stands on the other side
/// is looked at.
const REVIEWED: usize = 64;
/// Of all who share a key with a customer so many are compared, those who share most.
const NEAR: usize = 64;

/// A customer with all that is near him.
struct Hood {
    customer: CustomerSerial,
    /// The newest of his records.
    records: Weighed,
    /// As many of them as others are compared by.
    newest: Weighed,
    /// How many records he has in all.
    size: usize,
    known: Known,
    /// Customers who share a key with him.
    near: Vec<CustomerSerial>,
    /// Customers who have an identity number of his.
    same_number: Vec<CustomerSerial>,
}

/// Somebody near, and how near.
struct Near {
    customer: CustomerSerial,
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
    pub(super) waiting: &'d [CustomerSerial],
    /// Who was parted from whom just now: they are not joined again.
    pub(super) parted: &'d [(CustomerSerial, CustomerSerial)],
}

impl Examination<'_, '_, '_> {
    /// What is to happen with a customer who stands for himself.
    pub(super) fn of(&mut self, customer: CustomerSerial) -> Result<Next> {
        let Some(hood) = self.hood(customer)? else {
            return Ok(Next::Rest(Review::default()));
        };
        let is_held = self.is_held(&hood)?;
        if !is_held && let Some(part) = self.falls_apart(&hood) {
            return Ok(part);
        }
        let near = self.near(&hood)?;
        if let Some(join) = self.joins(&hood, &near)? {
            return Ok(join);
        }
        if !is_held && let Some(moved) = self.better_elsewhere(&hood, &near)? {
            return Ok(moved);
        }
        self.worth_asking(&hood, near)
    }

    /// What a customer's pairs in the steward's queue need, whatever else is to be done with him.
    pub(super) fn queue_of(&mut self, customer: CustomerSerial) -> Result<Review> {
        if let Next::Rest(review) = self.of(customer)? {
            return Ok(review);
        }
        let mut review = Review::default();
        self.review_waiting(customer, &mut review)?;
        Ok(review)
    }

    /// What the pairs of a customer in the steward's queue need that are worth most, so many.
    pub(super) fn first_of_queue(
        &mut self,
        customer: CustomerSerial,
        most: usize,
    ) -> Result<Review> {
        let mut waiting = self.app.store.waiting_pairs(self.conn, customer)?;
        waiting.sort_by(|a, b| b.gain.total_cmp(&a.gain));
        let mut review = Review::default();
        for pair in waiting.into_iter().take(most) {
            self.review(pair, &mut review)?;
        }
        Ok(review)
    }

    /// Whether a steward put a customer's records together.
    fn is_held(&mut self, hood: &Hood) -> Result<bool> {
        if hood.records.seqs.len() < 2 {
            return Ok(false);
        }
        let store = &self.app.store;
        let family = store.family(self.conn, hood.customer)?;
        store.is_held_together(self.conn, &family, LINKAGE)
    }

    fn hood(&mut self, customer: CustomerSerial) -> Result<Option<Hood>> {
        self.hood_with(customer, None)
    }

    /// A customer with all that is near him, and with somebody who may be far by now.
    fn hood_with(
        &mut self,
        customer: CustomerSerial,
        other: Option<CustomerSerial>,
    ) -> Result<Option<Hood>> {
        let store = &self.app.store;
        let mut seqs = store.seqs_of(self.conn, customer)?;
        let size = seqs.len();
        seqs.sort_unstable();
        seqs.drain(..size.saturating_sub(LOOKED_AT));
        if seqs.is_empty() {
            return Ok(None);
        }
        let mut records = store.records_by_seq(self.conn, &seqs)?;
        records.sort_by_key(|record| record.id);
        let (mut compared, mut keys) = (Vec::new(), Vec::new());
        for record in &records {
            let (facts, _) = Facts::of(&record.columns, record.received_at);
            let features = features(&record.columns, facts.kind);
            keys.push(Keys::of(store.vault(), &record.dealer, &facts, &features));
            compared.push(features);
        }
        let asked: Vec<&Keys> = keys.iter().collect();
        let own = std::iter::once(customer).chain(other);
        let known = Known::load(store, self.conn, &asked, own)?;
        let frequencies: Vec<Frequencies> = keys
            .iter()
            .zip(&compared)
            .map(|(keys, features)| known.frequencies(keys, features))
            .collect();
        let numbered = keys.iter().zip(&frequencies);
        let same_number = numbered
            .flat_map(|(keys, frequencies)| known.same_number(keys, frequencies))
            .collect();
        let records = Weighed {
            ids: records.iter().map(|record| record.id).collect(),
            seqs: records.iter().map(|record| record.seq).collect(),
            features: compared,
            frequencies,
        };
        Ok(Some(Hood {
            customer,
            newest: records.newest(MEMBERS),
            records,
            size,
            near: nearest(&known, &keys, customer),
            same_number,
            known,
        }))
    }

    /// Whether a customer's records are several people's: the smaller group goes.
    fn falls_apart(&self, hood: &Hood) -> Option<Next> {
        let (group, told) = self.leaving(&hood.records).into_iter().next()?;
        let seqs = group.iter().map(|at| hood.records.seqs[*at]).collect();
        let reason = format!("its records are not one customer's: {told}");
        Some(Next::Part(seqs, reason))
    }

    /// The groups of records that are not the same customer's as all the others, and why.
    fn leaving(&self, records: &Weighed) -> Vec<(Vec<usize>, String)> {
        let decider = self.matcher.decider();
        let groups = decider.groups(&records.features, &records.frequencies);
        let leaving = groups.into_iter().skip(1).filter_map(|group| {
            let (leaving, rest) = records.split_at(&group);
            let between = decider.between(&leaving.features, &leaving.frequencies, &rest);
            let told = match between.veto {
                Some(veto) => veto.words().to_owned(),
                None if !self.matcher.is_likely(between.probability) => {
                    format!("probability {:.3}", between.probability)
                }
                None => return None,
            };
            Some((group, told))
        });
        leaving.collect()
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
    fn between(&mut self, hood: &Hood, other: CustomerSerial) -> Result<Between> {
        let matcher = self.matcher;
        let decider = matcher.decider();
        let newest = &hood.newest;
        let others = hood.known.features(other);
        let here = decider.between(&newest.features, &newest.frequencies, others);
        let is_asked = others.len() == 1 && newest.features.len() > 1 && here.most > 0.0;
        if !is_asked || self.matcher.is_sure(here.probability) {
            return Ok(here);
        }
        let Some(there) = self.hood(other)? else {
            return Ok(here);
        };
        let there = there.newest;
        let there = decider.between(&there.features, &there.frequencies, &newest.features);
        Ok(if there.bits > here.bits { there } else { here })
    }

    fn are_parted(&mut self, one: CustomerSerial, other: CustomerSerial) -> Result<bool> {
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
        one: CustomerSerial,
        other: CustomerSerial,
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

    /// Whether two who are to be one would stay so, by all records that are weighed and not only the newest few of each.
    fn would_last(&mut self, hood: &Hood, other: CustomerSerial) -> Result<bool> {
        let pair = |(one, two): &(CustomerSerial, CustomerSerial)| {
            (*one == hood.customer && *two == other) || (*one == other && *two == hood.customer)
        };
        if self.parted.iter().any(pair) {
            return Ok(false);
        }
        let Some(there) = self.hood(other)? else {
            return Ok(false);
        };
        if hood.size.max(there.size) > MEMBERS && !self.are_one(&hood.records, &there.records) {
            return Ok(false);
        }
        // Where a steward put records together nothing is parted.
        Ok(self.is_held(hood)?
            || self.is_held(&there)?
            || self.stay_together(&hood.records, &there.records))
    }

    /// Whether a customer would keep a record that comes to him.
    fn would_keep(&mut self, customer: CustomerSerial, record: &Weighed) -> Result<bool> {
        let Some(there) = self.hood(customer)? else {
            return Ok(false);
        };
        if there.size > MEMBERS && !self.are_one(record, &there.records) {
            return Ok(false);
        }
        Ok(self.is_held(&there)? || self.stay_together(record, &there.records))
    }

    fn are_one(&self, here: &Weighed, there: &Weighed) -> bool {
        let is_asked = there.seqs.len() == 1 && here.seqs.len() > 1;
        let (one, other) = if is_asked {
            (there, here)
        } else {
            (here, there)
        };
        let decider = self.matcher.decider();
        let whole = decider.between(&one.features, &one.frequencies, &other.features);
        whole.veto.is_none() && self.matcher.is_likely(whole.probability)
    }

    /// Whether of both somebody is left after all are parted off who would be.
    fn stay_together(&self, here: &Weighed, there: &Weighed) -> bool {
        let both = here.with(there, LOOKED_AT);
        let leaving: Vec<i64> = self
            .leaving(&both)
            .into_iter()
            .flat_map(|(group, _)| group)
            .map(|at| both.seqs[at])
            .collect();
        let is_left = |side: &Weighed| {
            let weighed = side.seqs.iter().filter(|seq| both.seqs.contains(seq));
            let (gone, stay): (Vec<i64>, Vec<i64>) = weighed.partition(|seq| leaving.contains(seq));
            gone.is_empty() || !stay.is_empty()
        };
        is_left(here) && is_left(there)
    }

    /// The nearest of those who are surely the same, unless another who cannot be is about as near.
    fn joins(&mut self, hood: &Hood, near: &[Near]) -> Result<Option<Next>> {
        let mut best = None;
        for found in near {
            if self.may_join(hood, found)? && self.would_last(hood, found.customer)? {
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
    fn better_elsewhere(&mut self, hood: &Hood, near: &[Near]) -> Result<Option<Next>> {
        if hood.records.seqs.len() < 2 {
            return Ok(None);
        }
        let matcher = self.matcher;
        let decider = matcher.decider();
        let others: Vec<&Near> = near.iter().filter(|near| !near.is_refused).collect();
        for (at, seq) in hood.records.seqs.iter().enumerate() {
            let (alone, rest) = hood.records.split_at(&[at]);
            let to = |members: &[Prepared]| {
                decider.between(&alone.features, &alone.frequencies, members)
            };
            let home = to(&rest);
            for near in &others {
                let there = to(hood.known.features(near.customer));
                let lead = there.bits - home.bits;
                let is_his = matcher.is_sure(there.probability) && there.veto.is_none();
                if is_his && lead >= LEAD && self.would_keep(near.customer, &alone)? {
                    let reason = format!("the record is by {lead:.1} bits nearer to this customer");
                    return Ok(Some(Next::Move(*seq, near.customer, reason)));
                }
            }
        }
        Ok(None)
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
        let mut review = Review {
            asked,
            ..Review::default()
        };
        self.review_waiting(hood.customer, &mut review)?;
        Ok(Next::Rest(review))
    }

    fn review_waiting(&mut self, customer: CustomerSerial, review: &mut Review) -> Result<()> {
        let waiting = self.app.store.waiting_pairs(self.conn, customer)?;
        for pair in waiting.into_iter().take(REVIEWED) {
            self.review(pair, review)?;
        }
        Ok(())
    }

    /// Whether a pair that waits for a steward is still worth his while.
    fn review(&mut self, pair: Duplicate, review: &mut Review) -> Result<()> {
        if self.are_parted(pair.left, pair.right)? {
            let because = "a steward called the two different".to_owned();
            review.closed.push((pair.id, because));
            return Ok(());
        }
        let found = match self.still(pair.left, pair.right)? {
            Some(found) => Some(found),
            // What one side shows counts, whichever of the two was looked at when it was found.
            None => self.still(pair.right, pair.left)?,
        };
        let Some(found) = found else {
            let because = "their records do not resemble each other any more".to_owned();
            review.closed.push((pair.id, because));
            return Ok(());
        };
        let probability = f64::from(found.probability);
        let gain = self
            .app
            .gain(self.conn, (pair.left, pair.right), probability)?;
        let is_news = (gain - pair.gain).abs() > NOTICED || found.reasons != pair.reasons;
        if is_news {
            review.reweighed.push(Duplicate {
                probability,
                gain,
                reasons: found.reasons,
                ..pair
            });
        }
        Ok(())
    }

    /// How a customer resembles another whom a steward was asked about, if he still does: as a whole, in two of their records,
    /// or by nothing but an identity number.
    fn still(&mut self, customer: CustomerSerial, other: CustomerSerial) -> Result<Option<Match>> {
        let Some(hood) = self.hood_with(customer, Some(other))? else {
            return Ok(None);
        };
        let between = self.between(&hood, other)?;
        let is_likely = self.matcher.is_likely(between.probability)
            || self.matcher.is_likely(probability(between.most));
        Ok(if is_likely {
            Some(Match::of(other, &between))
        } else if hood.same_number.contains(&other) {
            Some(Match::same_number(other))
        } else {
            None
        })
    }
}

/// Customers who share a key with some records, those of `customer` left out.
fn nearest(known: &Known, keys: &[Keys], customer: CustomerSerial) -> Vec<CustomerSerial> {
    let mut shared: FxHashMap<CustomerSerial, usize> = FxHashMap::default();
    for other in keys.iter().flat_map(|keys| known.sharers(keys)) {
        *shared.entry(other).or_default() += 1;
    }
    shared.remove(&customer);
    let mut near: Vec<(CustomerSerial, usize)> = shared.into_iter().collect();
    near.sort_unstable_by_key(|(other, keys)| (Reverse(*keys), *other));
    near.truncate(NEAR);
    near.sort_unstable();
    near.into_iter().map(|(other, _)| other).collect()
}
