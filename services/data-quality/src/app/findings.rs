//! Findings: listed for those who mend, waived where the rule is wrong about a record.

use marque_auth::{CallContext, Role};
use marque_core::{FindingId, PageRequest, Timestamp};
use marque_db::Conn;
use marque_ledger::{Entry, Keyed, record};
use prost::Message;

use super::{QualityApp, words::check_words};
use crate::{
    domain::{Finding, FindingState},
    error::{Error, Result},
    storage::{self, FindingFilter},
};

/// Fewest characters of a reason.
const REASON: usize = 10;

impl QualityApp {
    /// Findings of the caller's scope, newest first.
    pub(crate) async fn list_findings(
        &self,
        ctx: CallContext,
        filter: FindingFilter,
        page: PageRequest,
    ) -> Result<Vec<Finding>> {
        self.db
            .scan(move |conn| Ok(storage::list_findings(conn, ctx.scope(), &filter, &page)?))
            .await
    }

    /// Waives a finding, or takes it up again.
    pub(crate) async fn decide_finding<R: Message + 'static, A: Message + Default + 'static>(
        &self,
        ctx: CallContext,
        keyed: Keyed<R>,
        (id, to, reason): (FindingId, FindingState, String),
        answer: impl Fn(Finding) -> A + Send + 'static,
    ) -> Result<A> {
        ctx.require([Role::Manager, Role::Steward, Role::HqAdmin])?;
        check_words("reason", &reason, REASON)?;
        let now = self.clock.now();
        let app = self.clone();
        let answer = self
            .db
            .write(move |conn| {
                keyed.once(conn, &ctx, now, "DecideFinding", |conn| {
                    app.decide(conn, &ctx, now, (id, to, &reason)).map(&answer)
                })
            })
            .await?;
        self.counted.notify_one();
        Ok(answer)
    }

    /// What headquarters waives costs the record nothing from now on.
    fn decide(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        now: Timestamp,
        decision: (FindingId, FindingState, &str),
    ) -> Result<Finding> {
        storage::lock(conn)?;
        let (was_excused, finding) = decide(conn, ctx, now, decision)?;
        if finding.is_excused != was_excused {
            let of_record = storage::kept(conn, &self.vault, &[finding.record])?;
            self.score_anew(conn, of_record, now)?;
        }
        Ok(finding)
    }
}

/// Decides a finding; also says whether it was excused before.
fn decide(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    (id, to, reason): (FindingId, FindingState, &str),
) -> Result<(bool, Finding)> {
    let finding = storage::find_finding(conn, ctx.scope(), id)?;
    let mut finding = finding.ok_or(Error::FindingUnknown)?;
    if finding.state == FindingState::Mended {
        return Err(Error::FindingMended);
    }
    let was_excused = finding.is_excused;
    let is_excused = to == FindingState::Waived
        && ctx.scope().dealer().is_none()
        && ctx.require([Role::Steward, Role::HqAdmin]).is_ok();
    if finding.state == to && (was_excused || !is_excused) {
        return Ok((was_excused, finding));
    }
    finding.is_excused = is_excused;
    finding.reopened += i64::from(to == FindingState::Open);
    finding.state = to;
    finding.changed_at = now;
    reason.clone_into(&mut finding.reason);
    storage::put_findings(conn, std::slice::from_ref(&finding))?;
    let subject = finding.id.to_string();
    let entry = Entry {
        act: "finding_decided",
        subject: &subject,
        dealer: &finding.dealer,
        detail: to.code(),
    };
    record(conn, ctx, now, &entry)?;
    Ok((was_excused, finding))
}
