//! Opening hours of dealers. New ones set the clocks of his open cases anew.

use marque_auth::CallContext;
use marque_core::DealerCode;
use marque_db::Conn;
use marque_ledger::{Entry as Act, record};
use marque_rpc::CallMeta;

use super::CaseApp;
use crate::{
    domain::Hours,
    error::{Error, Result},
    storage,
};

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
        let now = self.clock.now();
        let before = self.calendar(conn, ctx.scope(), dealer.as_str())?;
        let found = storage::open_clocks_of_dealer(conn, ctx.scope(), dealer.as_str())?;
        storage::lock_cases(conn, found.iter().map(|(case, _)| *case))?;
        storage::put_hours(conn, dealer.as_str(), hours)?;
        let after = self.calendar(conn, ctx.scope(), dealer.as_str())?;
        let mut clocks = storage::open_clocks_of_dealer(conn, ctx.scope(), dealer.as_str())?;
        for (_, clock) in &mut clocks {
            // What ran until now ran by the old hours.
            if clock.pause(now, &before) {
                clock.resume(now, &after);
            }
        }
        let owned = clocks
            .iter()
            .map(|(case, clock)| (*case, dealer.as_str(), clock));
        storage::save_clocks(conn, owned)?;
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
    Ok(())
}
