//! Reports over the cases a caller sees.

use marque_auth::CallContext;
use marque_core::Timestamp;

use super::CaseApp;
use crate::{
    domain::{Line, report},
    error::{Error, Result},
    storage,
};

impl CaseApp {
    /// A line for each group of the cases that were opened in a span.
    pub(crate) async fn report(
        &self,
        ctx: CallContext,
        span: (Timestamp, Timestamp),
        by: String,
    ) -> Result<Vec<Line>> {
        let now = self.clock.now();
        let facts = self
            .db
            .report(move |conn| storage::list_facts(conn, ctx.scope(), span, &by, now))
            .await?;
        let facts = facts.ok_or_else(|| {
            let message = format!("write one of {}", storage::group_names().join(", "));
            Error::field("by", "FORMAT", message)
        })?;
        Ok(report(facts, self.rules.weights, now))
    }
}
