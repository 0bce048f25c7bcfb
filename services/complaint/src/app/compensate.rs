//! Compensations: asked for at the desk, approved or refused by whose limit covers what the case was given in all.

use marque_auth::CallContext;
use marque_core::{Money, Timestamp, new_uuid};
use marque_db::Conn;
use marque_ledger::{Entry as Act, IdempotencyKey, record};
use prost::Message;
use uuid::Uuid;

use super::{
    AsRead, CaseApp, Shown,
    moves::{check_note, entry},
    publish::{self, Change},
};
use crate::{
    domain::{Case, Compensation, CompensationState, KINDS, MOST_MINOR, worth_with},
    error::{Error, Result},
    storage,
};

/// A compensation to be asked for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) kind: String,
    /// Minor units of CNY.
    pub(crate) amount: i64,
    pub(crate) reason: String,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub(crate) id: Uuid,
    pub(crate) is_approved: bool,
    pub(crate) note: String,
}

impl CaseApp {
    /// Asks for a compensation; what the caller's own limit covers is approved at once.
    pub(crate) async fn ask_compensation<R, A>(
        &self,
        ctx: CallContext,
        key: Option<IdempotencyKey>,
        read: AsRead,
        (asked, wire): (Asked, R),
        answer: impl Fn(Compensation, Shown) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        asked.check()?;
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .write(move |conn| {
                let key = key.as_ref();
                app.once(
                    conn,
                    (&ctx, now),
                    ("complaint.compensate", key),
                    &wire,
                    |conn| {
                        let case = app.hold_as_read(conn, ctx.scope(), read)?;
                        let given = app.store.list_compensations(conn, ctx.scope(), case.id)?;
                        let mut compensation = asked.by(&ctx, new_uuid(&*app.clock), now);
                        let worth = worth_with(&given, compensation.amount);
                        if worth <= app.rules.limits.of(ctx.roles()) {
                            compensation.decide(&ctx, CompensationState::Approved, "", now);
                        }
                        let shown = app.write_compensated(conn, &ctx, case, &compensation, now)?;
                        Ok((vec![shown.case.id], answer(compensation, shown)))
                    },
                )
            })
            .await
    }

    /// Approves or refuses one that was asked for.
    pub(crate) async fn decide_compensation<R, A>(
        &self,
        ctx: CallContext,
        key: Option<IdempotencyKey>,
        read: AsRead,
        (verdict, wire): (Verdict, R),
        answer: impl Fn(Compensation, Shown) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        check_note(&verdict.note)?;
        if !verdict.is_approved && verdict.note.trim().is_empty() {
            return Err(Error::field("note", "REQUIRED", "say why it is refused"));
        }
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .write(move |conn| {
                let key = key.as_ref();
                app.once(
                    conn,
                    (&ctx, now),
                    ("complaint.compensation", key),
                    &wire,
                    |conn| {
                        let case = app.hold_as_read(conn, ctx.scope(), read)?;
                        let given = app.store.list_compensations(conn, ctx.scope(), case.id)?;
                        let compensation = app.decided(&ctx, &given, &verdict, now)?;
                        let shown = app.write_compensated(conn, &ctx, case, &compensation, now)?;
                        Ok((vec![shown.case.id], answer(compensation, shown)))
                    },
                )
            })
            .await
    }

    fn decided(
        &self,
        ctx: &CallContext,
        given: &[Compensation],
        verdict: &Verdict,
        now: Timestamp,
    ) -> Result<Compensation> {
        let found = given.iter().find(|each| each.id == verdict.id);
        let mut compensation = found.ok_or(Error::CompensationUnknown)?.clone();
        if compensation.state != CompensationState::Asked {
            return Err(Error::CompensationDecided(compensation.state.code()));
        }
        let worth = worth_with(given, compensation.amount);
        let limit = self.rules.limits.of(ctx.roles());
        if worth > limit {
            return Err(Error::CompensationLimit {
                worth: Money::cny(worth).amount(),
                limit: Money::cny(limit).amount(),
                may: self.rules.limits.covering(worth),
            });
        }
        let state = if verdict.is_approved {
            CompensationState::Approved
        } else {
            CompensationState::Refused
        };
        compensation.decide(ctx, state, &verdict.note, now);
        Ok(compensation)
    }

    fn write_compensated(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        mut case: Case,
        compensation: &Compensation,
        now: Timestamp,
    ) -> Result<Shown> {
        self.store.put_compensation(conn, case.id, compensation)?;
        self.follow_compensations(conn, ctx, &case, now)?;
        case.version += 1;
        case.updated_at = now;
        storage::update_case(conn, &mut case)?;
        let state = compensation.state.code();
        let amount = Money::cny(compensation.amount).amount();
        let words = ("compensation", amount.as_str(), state);
        self.note(conn, case.id, &entry(ctx, now, words, ""))?;
        let subject = case.id.to_string();
        let act = Act {
            act: "complaint_compensation",
            subject: &subject,
            dealer: &case.dealer,
            detail: state,
        };
        record(conn, ctx, now, &act)?;
        let change = Change::of(&case, now).compensated(state, compensation.amount);
        publish::one(conn, &*self.clock, publish::COMPENSATED, change)?;
        self.show(conn, ctx, case)
    }
}

impl Asked {
    fn check(&self) -> Result<()> {
        if !KINDS.contains(&self.kind.as_str()) {
            let message = format!("write one of {}", KINDS.join(", "));
            return Err(Error::field("kind", "FORMAT", message));
        }
        if !(1..=MOST_MINOR).contains(&self.amount) {
            let message = "write its worth in yuan, more than 0 and at most 10000000";
            return Err(Error::field("amount", "FORMAT", message));
        }
        if self.reason.trim().is_empty() || self.reason.chars().count() > 5_000 {
            let message = "say why, in at most 5000 characters";
            return Err(Error::field("reason", "REQUIRED", message));
        }
        Ok(())
    }

    fn by(&self, ctx: &CallContext, id: Uuid, now: Timestamp) -> Compensation {
        Compensation {
            id,
            kind: self.kind.clone(),
            amount: self.amount,
            state: CompensationState::Asked,
            reason: self.reason.trim().to_owned(),
            asked_by: ctx.actor().to_string(),
            asked_at: now,
            decided_by: String::new(),
            decided_at: None,
            decision: String::new(),
        }
    }
}

impl Compensation {
    fn decide(&mut self, ctx: &CallContext, state: CompensationState, note: &str, now: Timestamp) {
        self.state = state;
        self.decided_by = ctx.actor().to_string();
        self.decided_at = Some(now);
        note.trim().clone_into(&mut self.decision);
    }
}
