//! The steward's desk: pairs that may be one customer.

use marque_auth::{CallContext, Role};
use marque_core::{CustomerSerial, DuplicateId, MergeId, Timestamp};
use marque_db::Conn;
use marque_ledger::{Entry, Keyed, record};
use marque_linkage::score::{Outcome, Reason};
use prost::Message;
use uuid::Uuid;

use super::{CustomerApp, once::once_moved, words::check_words};
use crate::{
    domain::{File, told_now},
    error::{Error, Result},
    storage::{Decided, Decision, Duplicate, DuplicateState},
};

/// A pair with both files and what speaks for and against.
pub(crate) struct Pair {
    pub(crate) duplicate: Duplicate,
    pub(crate) left: File,
    pub(crate) right: File,
    /// Weights in bits of the two records that resemble each other most, strongest first.
    pub(crate) evidence: Vec<Reason>,
    /// Every word a steward said on it.
    pub(crate) decisions: Vec<Decided>,
}

impl CustomerApp {
    /// Pairs of a state, what is worth most first. Pairs that have become one customer since are left out.
    pub(crate) async fn duplicates(
        &self,
        ctx: CallContext,
        state: DuplicateState,
        after: Option<(f64, Uuid)>,
        limit: u32,
    ) -> Result<(Vec<Pair>, Option<(f64, Uuid)>)> {
        ctx.require([Role::Steward, Role::HqAdmin])?;
        let app = self.clone();
        self.db
            .scan(move |conn| {
                let found = app.store.list_duplicates(conn, state, after, limit)?;
                let next = found.last().filter(|_| found.len() == limit as usize);
                let next = next.map(|last| (last.gain, last.id.uuid()));
                let mut pairs = Vec::with_capacity(found.len());
                for duplicate in found {
                    if let Some(pair) = app.open_pair(conn, &ctx, duplicate)? {
                        pairs.push(pair);
                    }
                }
                Ok((pairs, next))
            })
            .await
    }

    /// Both files, unless the pair is one customer by now or out of the caller's sight. Of two who were called the same, or are in
    /// dispute, and stand merged each is shown as he was before.
    fn open_pair(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        mut duplicate: Duplicate,
    ) -> Result<Option<Pair>> {
        let now = self.clock.now();
        let sides = self.sides(conn, &duplicate, now)?;
        if sides.are_one && duplicate.state.is_waiting() {
            return Ok(None);
        }
        let files = self
            .show(conn, ctx, sides.left, now)
            .and_then(|left| Ok((left, self.show(conn, ctx, sides.right, now)?)));
        match files {
            Ok((left, right)) => {
                let evidence = self.evidence(conn, &left, &right)?;
                if left.customer.serial != right.customer.serial {
                    duplicate.reasons = told_now(&duplicate.reasons, &evidence);
                }
                Ok(Some(Pair {
                    decisions: self.store.decisions(conn, duplicate.id)?,
                    duplicate,
                    left,
                    right,
                    evidence,
                }))
            }
            Err(Error::CustomerUnknown) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Decides a pair: the same are merged into the older, the different are never proposed again, later ones leave the
    /// queue. A word that contradicts another steward's puts the pair in dispute, for headquarters to settle.
    pub(crate) async fn decide(
        &self,
        ctx: CallContext,
        keyed: Keyed<impl Message + 'static>,
        id: DuplicateId,
        decision: Decision,
        reason: String,
    ) -> Result<(Pair, Option<MergeId>)> {
        ctx.require([Role::Steward, Role::HqAdmin])?;
        check_words(&[("reason", &reason)])?;
        let app = self.clone();
        self.db
            .write(move |conn| {
                let now = app.clock.now();
                let merge = once_moved(&keyed, conn, (&ctx, now), "DecideDuplicate", |conn| {
                    app.decide_in(conn, &ctx, id, decision, &reason)
                })?;
                let duplicate = app.store.get_duplicate(conn, id)?;
                let pair = app
                    .open_pair(conn, &ctx, duplicate)?
                    .ok_or(Error::DuplicateUnknown)?;
                Ok((pair, merge))
            })
            .await
    }

    fn decide_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: DuplicateId,
        decision: Decision,
        reason: &str,
    ) -> Result<Option<MergeId>> {
        // Before anything is read: of two words at once the later must hear the earlier.
        self.store.lock_identities(conn)?;
        let duplicate = self.store.get_duplicate(conn, id)?;
        let state = self.next_state(conn, ctx, &duplicate, decision)?;
        let sides = self.sides(conn, &duplicate, self.clock.now())?;
        let (left, right) = (sides.left.customer.id, sides.right.customer.id);
        let are_one = sides.are_one;
        let outcome = self.compare_sides(conn, ctx, sides)?;
        // What was merged is taken back by undoing it.
        let is_undecided =
            duplicate.state.is_waiting() || duplicate.state == DuplicateState::Closed;
        if is_undecided && are_one {
            return Err(Error::SameCustomer);
        }
        let merge = match state {
            DuplicateState::Same if !are_one => {
                Some(self.merge_in(conn, ctx, right, left, reason)?)
            }
            // Merged against somebody's word, and now settled so.
            DuplicateState::Same if duplicate.state == DuplicateState::Disputed => None,
            DuplicateState::Same => return Err(Error::SameCustomer),
            _ => None,
        };
        self.store.set_duplicate_state(conn, id, state)?;
        let said_at = self.speak(conn, ctx, id, (decision, reason), outcome)?;
        // Headquarters parts whom others merged: after its word, so that the undoing finds it said.
        if state == DuplicateState::Different && are_one {
            let joining = self.joining_merge(conn, &duplicate)?;
            self.undo_in(conn, ctx, joining.ok_or(Error::SameCustomer)?)?;
        }
        let subject = id.to_string();
        let detail = format!("{} {reason}", decision.as_str());
        let entry = Entry {
            act: "decided",
            subject: &subject,
            dealer: "",
            detail: detail.trim(),
        };
        record(conn, ctx, said_at, &entry)?;
        Ok(merge)
    }

    /// Keeps a word on a pair. The later of two has the later time, whatever the clock says.
    fn speak(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: DuplicateId,
        (decision, reason): (Decision, &str),
        outcome: Outcome,
    ) -> Result<Timestamp> {
        let now = self.clock.now();
        let decided = Decided {
            duplicate: id,
            decision,
            actor: ctx.actor().to_string(),
            reason: reason.to_owned(),
            at: match self.store.decisions(conn, id)?.last() {
                Some(last) => now.max(Timestamp::from_micros(last.at.as_micros() + 1)),
                None => now,
            },
            outcome,
        };
        self.store.insert_decision(conn, &decided)?;
        Ok(decided.at)
    }

    /// An act on a pair is a word on it: where people have spoken it stands beside theirs, and answers what they said of how
    /// the two compared.
    pub(super) fn answer(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: DuplicateId,
        word: (Decision, &str),
    ) -> Result<()> {
        if let Some(last) = self.store.decisions(conn, id)?.pop() {
            self.speak(conn, ctx, id, word, last.outcome)?;
        }
        Ok(())
    }

    /// What a word makes of a pair.
    fn next_state(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        duplicate: &Duplicate,
        decision: Decision,
    ) -> Result<DuplicateState> {
        let wanted = decision.state();
        let settles = decision != Decision::Later && ctx.roles().contains(Role::HqAdmin);
        let decided = match duplicate.state {
            DuplicateState::Open | DuplicateState::Later | DuplicateState::Closed => {
                return Ok(wanted);
            }
            // Headquarters settles a dispute; put off it stays one, so that nobody is joined meanwhile.
            DuplicateState::Disputed if settles => return Ok(wanted),
            DuplicateState::Disputed => return Ok(DuplicateState::Disputed),
            decided => decided,
        };
        if decided == wanted || decision == Decision::Later {
            return Err(Error::DecidedAlready(decided.as_str()));
        }
        let words = self.store.decisions(conn, duplicate.id)?;
        let actor = ctx.actor().to_string();
        let is_own = words
            .iter()
            .rev()
            .find(|word| word.decision.as_str() == decided.as_str())
            .is_none_or(|word| word.actor == actor);
        match (is_own, decided) {
            (false, _) => Ok(DuplicateState::Disputed),
            // What was merged is taken back by undoing it, so that nothing else is.
            (true, DuplicateState::Same) => Err(Error::DecidedAlready("same")),
            (true, _) => Ok(wanted),
        }
    }

    /// Puts a pair into a state, whether it was in the queue or not.
    pub(super) fn set_pair(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerSerial,
        other: CustomerSerial,
        state: DuplicateState,
    ) -> Result<()> {
        let pair = Duplicate {
            id: DuplicateId::new(&*self.clock),
            left: one,
            right: other,
            probability: 0.0,
            gain: 0.0,
            reasons: Vec::new(),
            state,
            found_at: self.clock.now(),
            closed_because: String::new(),
        };
        // What was found out of one that is there stays.
        if self.store.find_pair(conn, one, other)?.is_none() {
            self.store.propose(conn, &pair)?;
        }
        self.store.set_pair_state(conn, one, other, state)
    }

    /// What deciding a pair is worth: the probability times the records that would find their owner.
    pub(super) fn gain(
        &self,
        conn: &mut Conn<'_>,
        (one, other): (CustomerSerial, CustomerSerial),
        probability: f64,
    ) -> Result<f64> {
        let (here, there) = (
            self.store.seqs_of(conn, one)?.len(),
            self.store.seqs_of(conn, other)?.len(),
        );
        Ok(probability * here.min(there) as f64)
    }

    /// Whoever is founded of a family's records is as different from others as a steward called the family.
    pub(super) fn inherit_refusals(
        &self,
        conn: &mut Conn<'_>,
        family: &[CustomerSerial],
        new: CustomerSerial,
    ) -> Result<()> {
        for other in self.store.refused_of(conn, family)? {
            if other != new {
                self.set_pair(conn, new, other, DuplicateState::Different)?;
            }
        }
        Ok(())
    }
}
