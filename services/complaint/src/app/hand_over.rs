//! Handing a case over to another dealer: what belongs to it goes with it, and its clocks run by his hours from then on.

use marque_auth::{CallContext, Scope};
use marque_core::{DealerCode, Timestamp};
use marque_db::{Conn, StoreError};
use marque_rpc::CallMeta;

use super::{
    CaseApp,
    amend::{Amendment, Changed},
};
use crate::{
    domain::{Calendar, Case, TaskState},
    error::{Error, Result},
    storage,
};

/// The name under which it stands in the course that a case was handed over.
const DEALER: &str = "dealer";

impl CaseApp {
    /// The dealer to whom an amendment hands a case over, if it does. Whoever has one dealer alone in his scope cannot.
    pub(super) async fn heir(
        &self,
        ctx: &CallContext,
        meta: &CallMeta,
        amendment: &Amendment,
    ) -> Result<Option<DealerCode>> {
        let code = amendment.dealer.trim();
        if code.is_empty() {
            return Ok(None);
        }
        if !matches!(ctx.scope(), Scope::Region(_) | Scope::Headquarters) {
            let message = "leave it out: the region or headquarters hands a case over";
            return Err(Error::field(DEALER, "NOT_ALLOWED", message));
        }
        if amendment.note.trim().is_empty() {
            let message = "say why the case goes to another dealer";
            return Err(Error::field("note", "REQUIRED", message));
        }
        Ok(Some(self.directory.check(meta, code).await?))
    }

    /// Gives a case that is held to another dealer, with its clocks and tasks; answers what changed. What its clocks have used stays
    /// used, by the hours of who had it.
    pub(super) fn hand_over(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &mut Case,
        heir: &DealerCode,
        now: Timestamp,
    ) -> std::result::Result<Option<Changed>, StoreError> {
        if case.dealer == heir.as_str() {
            return Ok(None);
        }
        let scope = ctx.scope();
        let before = self.calendar(conn, scope, &case.dealer)?;
        let after = self.calendar(conn, scope, heir.as_str())?;
        let mut clocks = storage::clocks_of(conn, scope, case.id)?;
        for clock in &mut clocks {
            clock.run_on(now, &before, &after);
        }
        let from = std::mem::replace(&mut case.dealer, heir.as_str().to_owned());
        storage::hand_over(conn, case, &from)?;
        let owned = clocks
            .iter()
            .map(|clock| (case.id, case.dealer.as_str(), clock));
        storage::save_clocks(conn, owned)?;
        self.give_away_tasks(conn, scope, case, &after)?;
        Ok(Some((DEALER, from, case.dealer.clone())))
    }

    /// Takes from open tasks whoever of the dealer before was to do them. When those that were made by themselves are due, the new
    /// dealer's working days say.
    fn give_away_tasks(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        case: &Case,
        calendar: &Calendar,
    ) -> std::result::Result<(), StoreError> {
        for mut task in self.store.list_tasks(conn, scope, case.id)? {
            if task.state != TaskState::Open {
                continue;
            }
            task.owner.clear();
            if let Some(days) = task.kind.working_days(case.state) {
                task.due_at = Some(calendar.end_of_working_day(task.created_at, days));
            }
            storage::CaseStore::amend_task(conn, case.id, &task)?;
        }
        Ok(())
    }
}

/// The dealer who had a case before these changes, if it was handed over.
pub(super) fn dealer_before(changes: &[Changed]) -> Option<&str> {
    let handed_over = changes.iter().find(|(field, ..)| *field == DEALER);
    handed_over.map(|(_, from, _)| from.as_str())
}

/// The dealers on whose record changes stand: of a case that was handed over both, always in one order, for each record is held.
pub(super) fn dealers_concerned<'a>(case: &'a Case, changes: &'a [Changed]) -> Vec<&'a str> {
    let mut dealers: Vec<&str> = dealer_before(changes).into_iter().collect();
    dealers.push(&case.dealer);
    dealers.sort_unstable();
    dealers
}
