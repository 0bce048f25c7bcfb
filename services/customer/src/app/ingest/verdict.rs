//! Where a row belongs, by the evidence of all candidates.

use std::sync::Arc;

use marque_core::CustomerSerial;
use marque_db::Conn;
use marque_linkage::dealer::{Frequencies, Joined, Prepared};

use super::{super::ready::Ready, Batch};
use crate::{
    domain::{Match, Matcher},
    error::Result,
};

/// What is to happen with a row.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// The customer it belongs to; `None`: a new one.
    pub(super) customer: Option<CustomerSerial>,
    /// What shows it to be that customer's; nothing where it founds one or stays where it was.
    pub(super) because: Option<Arc<Match>>,
    /// Customers whom the row shows to be the same one.
    pub(super) same: Vec<Match>,
    /// Customers who may be the same: for the steward.
    pub(super) perhaps: Vec<Match>,
    /// Why a record that changed is not its customer's any more.
    pub(super) leaving: Option<String>,
}

/// Of one row so many pairs are put before the steward.
const PAIRS: usize = 3;

impl Batch<'_> {
    /// Where a new row belongs.
    pub(super) fn place(&self, conn: &mut Conn<'_>, row: &Ready) -> Result<Verdict> {
        let frequencies = self.known.frequencies(&row.keys, &row.features);
        let ranked = self.rank(row, &frequencies);
        let matcher = &self.matcher;
        let Some(at) = ranked.iter().position(|found| matcher.links(found)) else {
            return Ok(Verdict {
                perhaps: few(ranked),
                ..Verdict::default()
            });
        };
        let best = ranked[at].clone();
        let mut verdict = Verdict {
            customer: Some(best.customer),
            ..Verdict::default()
        };
        let mut is_torn = false;
        for other in ranked
            .iter()
            .filter(|other| other.customer != best.customer)
        {
            let fate = self.compare(conn, row, &frequencies, best.customer, other)?;
            is_torn |= matches!(fate, Fate::Perhaps(_) | Fate::Apart)
                && matcher.links(other)
                && Matcher::is_close(&best, other);
            match fate {
                Fate::Same(found) => verdict.same.push(found),
                Fate::Perhaps(found) => verdict.perhaps.push(found),
                Fate::Apart => {}
            }
        }
        if is_torn {
            // As surely one man's as another's, and they are two: nobody but a steward can choose.
            return Ok(Verdict {
                perhaps: few(ranked),
                ..Verdict::default()
            });
        }
        self.leave_parted(conn, &mut verdict)?;
        verdict.perhaps.truncate(PAIRS);
        verdict.because = Some(Arc::new(best));
        Ok(verdict)
    }

    /// Where a row that is there already belongs now that it says something else. `old` is what it said before. It stays
    /// where it is unless what is new in it speaks against that.
    pub(super) fn place_again(
        &self,
        conn: &mut Conn<'_>,
        row: &Ready,
        own: CustomerSerial,
        old: &Prepared,
    ) -> Result<Verdict> {
        let members = self.known.features(own);
        if members.is_empty() {
            return self.place_alone(conn, row, own);
        }
        let frequencies = self.known.frequencies(&row.keys, &row.features);
        let ranked = self.rank(row, &frequencies);
        let fits = |features: &Prepared| {
            let alone = std::slice::from_ref(features);
            let decider = self.matcher.decider();
            decider.join(features, &frequencies, alone, members)
        };
        let (now, before) = (fits(&row.features), fits(old));
        let is_likely = |joined: &Joined| self.matcher.is_likely(joined.probability);
        let leaves = (before.veto.is_none() && now.veto.is_some())
            || (is_likely(&before) && !is_likely(&now));
        let mut verdict = Verdict {
            customer: (!leaves).then_some(own),
            ..Verdict::default()
        };
        if leaves {
            let elsewhere = ranked
                .iter()
                .find(|found| found.customer != own && self.matcher.links(found));
            if let Some(found) = elsewhere
                && !self.are_parted(conn, own, found.customer)?
            {
                verdict.customer = Some(found.customer);
                verdict.because = Some(Arc::new(found.clone()));
            }
            verdict.perhaps = few(ranked);
            verdict.leaving = Some(not_his(before, now));
            return Ok(verdict);
        }
        for other in ranked.iter().filter(|other| other.customer != own) {
            match self.compare(conn, row, &frequencies, own, other)? {
                Fate::Same(found) => verdict.same.push(found),
                Fate::Perhaps(found) => verdict.perhaps.push(found),
                Fate::Apart => {}
            }
        }
        self.leave_parted(conn, &mut verdict)?;
        verdict.perhaps.truncate(PAIRS);
        Ok(verdict)
    }

    /// The only record of its customer: it goes wherever a new one would go, unless a steward said otherwise.
    fn place_alone(
        &self,
        conn: &mut Conn<'_>,
        row: &Ready,
        own: CustomerSerial,
    ) -> Result<Verdict> {
        let mut verdict = self.place(conn, row)?;
        let is_free = match verdict.customer {
            Some(found) => !self.are_parted(conn, own, found)?,
            None => false,
        };
        if !is_free {
            verdict.customer = Some(own);
            verdict.because = None;
            verdict.same.clear();
        }
        Ok(verdict)
    }

    fn rank(&self, row: &Ready, frequencies: &Frequencies) -> Vec<Match> {
        let (keys, features) = (&row.keys, &row.features);
        self.known.rank(&self.matcher, keys, features, frequencies)
    }

    /// Whether the customer a row goes to and another are one, record by record.
    fn compare(
        &self,
        conn: &mut Conn<'_>,
        row: &Ready,
        frequencies: &Frequencies,
        home: CustomerSerial,
        other: &Match,
    ) -> Result<Fate> {
        let matcher = &self.matcher;
        let joined = matcher.decider().join(
            &row.features,
            frequencies,
            self.known.features(home),
            self.known.features(other.customer),
        );
        let is_contradicted = joined.veto.is_some() || other.is_contradicted;
        let found = Match {
            probability: joined.probability,
            is_contradicted,
            ..other.clone()
        };
        let fate = if matcher.is_sure(joined.probability) && !is_contradicted {
            Fate::Same(found)
        } else if matcher.is_likely(joined.probability) || matcher.links(other) {
            Fate::Perhaps(found)
        } else {
            return Ok(Fate::Apart);
        };
        let is_refused = self.are_parted(conn, home, other.customer)?;
        Ok(if is_refused { Fate::Apart } else { fate })
    }

    /// Whether a steward called two customers different, by whatever numbers they had then.
    pub(super) fn are_parted(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerSerial,
        other: CustomerSerial,
    ) -> Result<bool> {
        let (one, other) = (self.family(conn, one)?, self.family(conn, other)?);
        self.app.store.is_refused(conn, &one, &other)
    }

    /// All numbers that answer as a customer: what the store knows, and what this batch joined.
    pub(super) fn family(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerSerial,
    ) -> Result<Vec<CustomerSerial>> {
        let customer = self.current(customer);
        let mut family = self.app.store.family(conn, customer)?;
        for from in self.joined_into(customer) {
            family.extend(self.app.store.family(conn, from)?);
        }
        Ok(family)
    }

    /// Of those whom the row shows to be one, two may have been parted: then the steward says who of them it is, and not
    /// the order of the evidence.
    fn leave_parted(&self, conn: &mut Conn<'_>, verdict: &mut Verdict) -> Result<()> {
        let same = std::mem::take(&mut verdict.same);
        let mut is_torn = vec![false; same.len()];
        for (at, one) in same.iter().enumerate() {
            for (beside, other) in same.iter().enumerate().skip(at + 1) {
                if self.are_parted(conn, one.customer, other.customer)? {
                    (is_torn[at], is_torn[beside]) = (true, true);
                }
            }
        }
        let (torn, sure): (Vec<_>, Vec<_>) = same
            .into_iter()
            .zip(is_torn)
            .partition(|(_, is_torn)| *is_torn);
        verdict.same = sure.into_iter().map(|(found, _)| found).collect();
        // First of all: they are surest.
        let torn = torn.into_iter().map(|(found, _)| found);
        verdict.perhaps.splice(..0, torn);
        Ok(())
    }
}

/// What two customers are to each other.
enum Fate {
    Same(Match),
    Perhaps(Match),
    Apart,
}

/// Why what a record says now is not its customer's.
fn not_his(before: Joined, now: Joined) -> String {
    let told = now.veto.map_or_else(
        || {
            format!(
                "probability {:.3}, before {:.3}",
                now.probability, before.probability
            )
        },
        |veto| veto.words().to_owned(),
    );
    format!("the record changed and no longer fits: {told}")
}

fn few(mut ranked: Vec<Match>) -> Vec<Match> {
    ranked.truncate(PAIRS);
    ranked
}
