//! Opening hours of dealers. New ones set the clocks of his open cases anew.

use marque_auth::{CallContext, Scope};
use marque_core::{ComplaintId, DealerCode, Timestamp};
use marque_db::{Conn, StoreError};
use marque_ledger::{Entry as Act, record};
use marque_rpc::CallMeta;

use super::{
    CaseApp,
    publish::{self, Change},
};
use crate::{
    domain::{Calendar, Hours},
    error::{Error, Result},
    storage,
};

/// Cases told of in one event.
pub(super) const TOLD_AT_ONCE: usize = 200;

impl CaseApp {
    pub(crate) async fn get_hours(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        dealer: &str,
    ) -> Result<(DealerCode, Hours)> {
        let dealer = self.directory.check(meta, dealer).await?;
        let code = dealer.clone();
        let (hours, _) = self
            .db
            .read(move |conn| storage::find_hours(conn, ctx.scope(), code.as_str()))
            .await?;
        Ok((dealer, hours))
    }

    /// Sets a dealer's hours; answers how many cases had their clocks computed anew.
    pub(crate) async fn put_hours(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        dealer: &str,
        hours: Hours,
    ) -> Result<usize> {
        check(&hours)?;
        let dealer = self.directory.check(meta, dealer).await?;
        let app = self.clone();
        self.db
            .write(move |conn| app.put_hours_in(conn, &ctx, &dealer, &hours))
            .await
    }

    fn put_hours_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        dealer: &DealerCode,
        hours: &Hours,
    ) -> Result<usize> {
        let (scope, code) = (ctx.scope(), dealer.as_str());
        let now = self.clock.now();
        // Whoever writes a case of the dealer shares them: no case has to be held.
        storage::lock_hours(conn, code)?;
        let (past, revision) = storage::find_hours(conn, scope, code)?;
        // What ran until now ran by the old hours, on the days as they are told now.
        let past = Calendar::new(past.with_days_of(hours), self.days(conn, revision)?);
        storage::put_hours(conn, code, hours)?;
        let ahead = self.calendar(conn, scope, code)?;
        let mut clocks = storage::open_clocks_of_dealer(conn, scope, code)?;
        let mut moved = Vec::new();
        for (case, clock) in &mut clocks {
            let before = clock.outlook(now);
            clock.run_on(now, &past, &ahead);
            if clock.outlook(now) != before {
                moved.push(*case);
            }
        }
        let owned = clocks.iter().map(|(case, clock)| (*case, code, clock));
        storage::save_clocks(conn, owned)?;
        self.tell_rescheduled(conn, scope, moved, now)?;
        let act = Act {
            act: "calendar_put",
            subject: dealer.as_str(),
            dealer: dealer.as_str(),
            detail: "",
        };
        record(conn, ctx, now, &act)?;
        let mut cases: Vec<_> = clocks.into_iter().map(|(case, _)| case).collect();
        cases.sort_unstable();
        cases.dedup();
        Ok(cases.len())
    }

    /// Notes in cases that nobody else writes that a clock of theirs runs out at another time, and tells of it. In several events: there
    /// may be as many cases as a dealer has.
    pub(super) fn tell_rescheduled(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        mut cases: Vec<ComplaintId>,
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        cases.sort_unstable();
        cases.dedup();
        // All before the first is told: whoever holds a row waits for nothing but to tell of it.
        for some in cases.chunks(TOLD_AT_ONCE) {
            storage::touch_cases(conn, some, now)?;
        }
        for some in cases.chunks(TOLD_AT_ONCE) {
            let found = self.store.find_many(conn, scope, some)?;
            let changes = found.iter().map(|case| Change::of(case, now)).collect();
            publish::all(conn, &*self.clock, publish::RESCHEDULED, changes)?;
        }
        Ok(())
    }
}

fn check(hours: &Hours) -> Result<()> {
    if hours.opens >= hours.closes || hours.opens < 0 || hours.closes > 1_440 {
        let message = "closes must be later than opens, both HH:MM, at most 24:00";
        return Err(Error::field("closes", "FORMAT", message));
    }
    if hours.offset_minutes.abs() > 14 * 60 {
        let message = "a zone lies within 840 minutes of UTC; China is 480";
        return Err(Error::field("offset_minutes", "FORMAT", message));
    }
    if hours.closed.len() > 1_000 || hours.open.len() > 1_000 {
        let message = "at most 1000 days: leave out those that are past";
        return Err(Error::field("closed_days", "TOO_LONG", message));
    }
    if let Some(day) = hours.closed.intersection(&hours.open).next() {
        let message = format!("{day} is in closed_days and in open_days: leave it in one of them");
        return Err(Error::field("open_days", "NOT_ALLOWED", message));
    }
    Ok(())
}
