//! The steward's desk: pairs that may be one customer.

use marque_auth::{CallContext, Role};
use marque_core::{CustomerNumber, DuplicateId, MergeId};
use marque_db::Conn;
use marque_ledger::{Entry, record};
use uuid::Uuid;

use super::{CustomerApp, words::check_words};
use crate::{
    domain::File,
    error::{Error, Result},
    storage::{Duplicate, DuplicateState},
};

/// A pair with both files.
pub(crate) struct Pair {
    pub(crate) duplicate: Duplicate,
    pub(crate) left: File,
    pub(crate) right: File,
}

/// The steward's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Same,
    Different,
}

impl CustomerApp {
    /// Pairs of a state, likeliest first. Pairs that have become one customer since are left out.
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
                let next = next.map(|last| (last.probability, last.id.uuid()));
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

    /// Both files, unless the pair is one customer by now or out of the caller's sight.
    fn open_pair(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        duplicate: Duplicate,
    ) -> Result<Option<Pair>> {
        let left = self.store.get_customer_by_number(conn, duplicate.left)?;
        let right = self.store.get_customer_by_number(conn, duplicate.right)?;
        if left.number == right.number && duplicate.state == DuplicateState::Open {
            return Ok(None);
        }
        let files = self
            .file(conn, ctx, left)
            .and_then(|left| Ok((left, self.file(conn, ctx, right)?)));
        match files {
            Ok((left, right)) => Ok(Some(Pair {
                duplicate,
                left,
                right,
            })),
            Err(Error::CustomerUnknown) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Decides a pair: the same are merged into the older, the different are never proposed again.
    pub(crate) async fn decide(
        &self,
        ctx: CallContext,
        id: DuplicateId,
        decision: Decision,
        reason: String,
    ) -> Result<(Pair, Option<MergeId>)> {
        ctx.require([Role::Steward, Role::HqAdmin])?;
        check_words(&[("reason", &reason)])?;
        let app = self.clone();
        self.db
            .write(move |conn| app.decide_in(conn, &ctx, id, decision, &reason))
            .await
    }

    fn decide_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: DuplicateId,
        decision: Decision,
        reason: &str,
    ) -> Result<(Pair, Option<MergeId>)> {
        let duplicate = self.store.get_duplicate(conn, id)?;
        let left = self.store.get_customer_by_number(conn, duplicate.left)?;
        let right = self.store.get_customer_by_number(conn, duplicate.right)?;
        let merge = match decision {
            Decision::Same => Some(self.merge_in(conn, ctx, right.id, left.id, reason)?),
            Decision::Different => None,
        };
        let state = if decision == Decision::Same {
            DuplicateState::Same
        } else {
            DuplicateState::Different
        };
        self.store.set_duplicate_state(conn, id, state)?;
        let subject = id.to_string();
        let detail = format!("{} {reason}", state.as_str());
        record(
            conn,
            ctx,
            self.clock.now(),
            &Entry {
                act: "decided",
                subject: &subject,
                dealer: "",
                detail: detail.trim(),
            },
        )?;
        let duplicate = self.store.get_duplicate(conn, id)?;
        let pair = self
            .open_pair(conn, ctx, duplicate)?
            .ok_or(Error::DuplicateUnknown)?;
        Ok((pair, merge))
    }

    /// Puts a pair into a state, whether it was in the queue or not.
    pub(super) fn set_pair(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerNumber,
        other: CustomerNumber,
        state: DuplicateState,
    ) -> Result<()> {
        let pair = Duplicate {
            id: DuplicateId::new(&*self.clock),
            left: one,
            right: other,
            probability: 0.0,
            reasons: Vec::new(),
            state,
            found_at: self.clock.now(),
        };
        self.store.propose(conn, &pair)?;
        self.store.set_pair_state(conn, one, other, state)
    }
}
