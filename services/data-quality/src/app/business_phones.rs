//! Business phones of staff that are put, taken away or left behind after customers came: those whom it concerns are looked at again.

use std::time::Duration;

use marque_db::Conn;
use marque_quality::{RecordKind, Rule, falsification::Entry};
use uuid::Uuid;

use super::QualityApp;
use crate::{
    domain::is_phone_of,
    error::Result,
    storage::{self, StaffChange},
};

/// How long after the first look the second follows: by then no process knows what was before, nor has answers from then on their way.
const LOOK_AGAIN: Duration = Duration::from_mins(2);

impl QualityApp {
    /// Dealers whose customers are to be looked at, since their staff changed.
    pub(crate) async fn staff_changes(&self) -> Result<Vec<StaffChange>> {
        let now = self.clock.now();
        let is_due = move |change: &StaffChange| {
            let looked_at = change.looked_at;
            looked_at.is_none_or(|at| now.since(at) >= LOOK_AGAIN)
        };
        let due = move |conn: &mut Conn<'_>| {
            let mut changes = storage::staff_changes(conn)?;
            changes.retain(is_due);
            Ok(changes)
        };
        self.db.read(due).await
    }

    /// Notes a dealer's customers to be looked at again who have one of the business phones and no finding of it, or a finding and none.
    pub(crate) async fn look_for(&self, change: StaffChange, phones: Vec<Entry>) -> Result<()> {
        let now = self.clock.now();
        self.db
            .bulk(move |conn| {
                let rule = Rule::PhoneOfStaff.entry().id;
                let found = storage::customers_with(conn, &change.dealer, rule)?;
                let entries = storage::entries_of_customers(conn, &change.dealer)?.into_iter();
                let is_other = |(id, entry): &(Uuid, Vec<u8>)| {
                    is_phone_of(entry, &phones) != found.contains(id)
                };
                let others: Vec<Uuid> = entries.filter(is_other).map(|(id, _)| id).collect();
                // A position that no event has, so that who asked before does not cross them off.
                storage::enqueue(conn, RecordKind::Customers, &others, -now.as_micros())?;
                Ok(storage::settle_staff(conn, &change, now)?)
            })
            .await
    }
}
