//! Reports over the cases a caller sees.

use chrono::NaiveDate;
use marque_auth::{CallContext, Scope};
use marque_db::{Conn, StoreError};

use super::CaseApp;
use crate::{
    domain::{Line, Zone, report},
    error::{Error, Result},
    storage,
};

impl CaseApp {
    /// A line for each group of the cases that were opened from a first day to a last; without the one or the other as far as there are
    /// any. The days are those of the caller's dealer in his zone, and of whoever sees several those of China.
    pub(crate) async fn report(
        &self,
        ctx: CallContext,
        (first, last): (Option<NaiveDate>, Option<NaiveDate>),
        by: String,
    ) -> Result<Vec<Line>> {
        let now = self.clock.now();
        let facts = self
            .db
            .report(move |conn| {
                let zone = zone_of(conn, ctx.scope())?;
                let span = zone.span(first, last);
                storage::list_facts(conn, ctx.scope(), span, &by, (now, zone))
            })
            .await?;
        let facts = facts.ok_or_else(|| {
            let message = format!("write one of {}", storage::group_names().join(", "));
            Error::field("by", "FORMAT", message)
        })?;
        Ok(report(facts, self.rules.weights, now))
    }
}

/// The zone by which a caller's report goes: that of his dealer, and China's where he sees several.
fn zone_of(conn: &mut Conn<'_>, scope: &Scope) -> std::result::Result<Zone, StoreError> {
    let Scope::Dealer(dealer) = scope else {
        return Ok(Zone::CHINA);
    };
    let (hours, _) = storage::find_hours(conn, scope, dealer.as_str())?;
    Ok(Zone(hours.offset_minutes))
}
