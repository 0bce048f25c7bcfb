//! Requests to be forgotten: asking, reading, deciding (PIPL Art. 47, 50).

use std::time::Duration;

use marque_auth::{CallContext, Role, Scope};
use marque_core::{CustomerId, ErasureId, Timestamp, business_date};
use marque_db::Conn;
use marque_errors::Violation;
use marque_ledger::{Entry, record};
use uuid::Uuid;

use super::{CustomerApp, words::check_reason};
use crate::{
    domain::{DAYS_TO_DECIDE, Erasure, ErasureState, GROUNDS, Ruling, SourceRecord},
    error::{Error, Result},
};

impl CustomerApp {
    /// Asks for a customer to be forgotten; a customer asks for himself, whomever he names. A request that waits, or by
    /// which he was forgotten already, is the answer.
    pub(crate) async fn request_erasure(
        &self,
        ctx: CallContext,
        named: Option<CustomerId>,
        ground: String,
    ) -> Result<Erasure> {
        if !GROUNDS.contains(&ground.as_str()) {
            let message = format!("why, one of {}", GROUNDS.join(", "));
            return Err(Error::Invalid(vec![Violation::new(
                "ground", "UNKNOWN", message,
            )]));
        }
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .write(move |conn| app.request_in(conn, &ctx, named, &ground, now))
            .await
    }

    fn request_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        named: Option<CustomerId>,
        ground: &str,
        now: Timestamp,
    ) -> Result<Erasure> {
        let own = match ctx.scope() {
            Scope::Customer(own) => Some(*own),
            _ => None,
        };
        let id = own.or(named).ok_or(Error::CustomerUnknown)?;
        if let Some(named) = named.filter(|named| *named != id) {
            // Whoever names another must not be taken to mean himself; an id of his from before a merge is his.
            let current = self.store.get_customer(conn, id)?.id;
            if self.store.get_customer(conn, named)?.id != current {
                return Err(Error::CustomerUnknown);
            }
        }
        let customer = match self.store.get_customer(conn, id) {
            Err(Error::CustomerUnknown) if own.is_some() => {
                let last = self.last_erasure_of(conn, id)?;
                return last.ok_or(Error::CustomerUnknown);
            }
            found => found?,
        };
        self.open_file(conn, ctx.scope(), customer, now)?;
        if let Some(waiting) = self.last_erasure_of(conn, customer.id)?
            && waiting.state == ErasureState::Requested
        {
            return Ok(waiting);
        }
        let erasure = Erasure {
            id: ErasureId::new(&*self.clock),
            // Not whom the id stands for now: a merge may be taken back before somebody decides.
            customer: id,
            state: ErasureState::Requested,
            ground: ground.to_owned(),
            requested_by: own.map_or_else(|| ctx.actor().to_string(), |_| "self".to_owned()),
            requested_at: now,
            due_at: now.plus(Duration::from_hours(24 * DAYS_TO_DECIDE)),
            decided_by: String::new(),
            decided_at: None,
            reason: String::new(),
            duties: Vec::new(),
            kept_until: None,
        };
        self.store.insert_erasure(conn, &erasure)?;
        let waiting = self.last_erasure_of(conn, customer.id)?;
        let waiting = waiting.ok_or(Error::ErasureUnknown)?;
        if waiting.id == erasure.id {
            let dealer = ctx.scope().dealer().map_or("", |dealer| dealer.as_str());
            let detail = format!("{} {ground}", erasure.id);
            self.note(conn, ctx, "erasure_requested", (&erasure, dealer), &detail)?;
        }
        Ok(waiting)
    }

    /// A request by its id; to a customer the last of his own.
    pub(crate) async fn erasure(
        &self,
        ctx: CallContext,
        named: Option<ErasureId>,
    ) -> Result<Erasure> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                if let Scope::Customer(own) = ctx.scope() {
                    let last = app.last_erasure_of(conn, *own)?;
                    let meant = last.filter(|last| named.is_none_or(|named| named == last.id));
                    return meant.ok_or(Error::ErasureUnknown);
                }
                ctx.require(Role::HqAdmin)?;
                app.store
                    .get_erasure(conn, named.ok_or(Error::ErasureUnknown)?)
            })
            .await
    }

    /// Requests of a state after one of them, in the order they were made.
    pub(crate) async fn erasures(
        &self,
        ctx: CallContext,
        state: ErasureState,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<Erasure>> {
        ctx.require(Role::HqAdmin)?;
        let store = self.store.clone();
        self.db
            .scan(move |conn| store.list_erasures(conn, state, after, limit))
            .await
    }

    /// Decides a request. The same decision again, for the same duties and reason, changes nothing.
    pub(crate) async fn decide_erasure(
        &self,
        ctx: CallContext,
        id: ErasureId,
        ruling: Ruling,
        reason: String,
    ) -> Result<Erasure> {
        ctx.require(Role::HqAdmin)?;
        check_reason(&reason)?;
        let today = business_date(self.clock.now());
        if let Some(late) = ruling.duties().iter().find(|duty| !duty.may_run(today)) {
            let message = format!(
                "{} cannot run from {}, which is yet to come",
                late.duty.code, late.since
            );
            return Err(Error::Invalid(vec![Violation::new(
                "duties",
                "IN_FUTURE",
                message,
            )]));
        }
        if let Some(until) = ruling.kept_until()
            && until <= today
        {
            let message = format!("the last of these duties ended on {until}: erase instead");
            return Err(Error::Invalid(vec![Violation::new(
                "duties", "ENDED", message,
            )]));
        }
        let app = self.clone();
        self.db
            .write(move |conn| app.decide_erasure_in(conn, &ctx, id, &ruling, &reason))
            .await
    }

    /// Decides in the caller's transaction.
    pub(super) fn decide_erasure_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: ErasureId,
        ruling: &Ruling,
        reason: &str,
    ) -> Result<Erasure> {
        // Nobody links records meanwhile, and of two who decide the second sees what the first did.
        self.store.lock_identities(conn)?;
        let now = self.clock.now();
        let mut erasure = self.store.get_erasure(conn, id)?;
        let state = erasure.state;
        match ruling.follows(state) {
            None if erasure.was_decided_as(ruling, reason) => return Ok(erasure),
            None | Some(false) => return Err(Error::ErasureDecided(state.as_str())),
            Some(true) => {}
        }
        match (ruling, state) {
            (Ruling::Refuse, _) => {}
            (_, ErasureState::Restricted) => self.release(conn, &erasure)?,
            (ruling, _) => self.forget(conn, &erasure, ruling, now)?,
        }
        erasure.state = ruling.state();
        erasure.decided_by = ctx.actor().to_string();
        erasure.decided_at = Some(now);
        reason.clone_into(&mut erasure.reason);
        if let Ruling::Restrict(duties) = ruling {
            erasure.duties.clone_from(duties);
        }
        erasure.kept_until = ruling.kept_until();
        self.store.put_erasure(conn, &erasure)?;
        let act = format!("erasure_{}", erasure.state.as_str());
        let detail = format!("{} {reason}", erasure.id);
        self.note(conn, ctx, &act, (&erasure, ""), &detail)?;
        Ok(erasure)
    }

    /// What is locked away under a request, whole, against a reason that goes on record.
    pub(crate) async fn open_restricted(
        &self,
        ctx: CallContext,
        id: ErasureId,
        reason: String,
    ) -> Result<(Erasure, Vec<SourceRecord>)> {
        ctx.require(Role::HqAdmin)?;
        check_reason(&reason)?;
        let app = self.clone();
        self.db
            .write(move |conn| {
                let erasure = app.store.get_erasure(conn, id)?;
                let records = app.store.locked_away(conn, id)?;
                let detail = format!("{} {reason}", erasure.id);
                app.note(conn, &ctx, "restricted_opened", (&erasure, ""), &detail)?;
                Ok((erasure, records))
            })
            .await
    }

    fn last_erasure_of(&self, conn: &mut Conn<'_>, id: CustomerId) -> Result<Option<Erasure>> {
        let ids = self.store.ids_of_person(conn, id)?;
        self.store.last_erasure(conn, &ids)
    }

    fn note(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        act: &str,
        (erasure, dealer): (&Erasure, &str),
        detail: &str,
    ) -> Result<()> {
        let subject = erasure.customer.to_string();
        let entry = Entry {
            act,
            subject: &subject,
            dealer,
            detail,
        };
        Ok(record(conn, ctx, self.clock.now(), &entry)?)
    }
}
