//! Numbers of a dealer or of his staff that are put, taken away or left behind after customers came: those whom it concerns are looked
//! at again.

use std::{collections::HashMap, time::Duration};

use marque_db::Conn;
use marque_quality::{RecordKind, Rule};
use uuid::Uuid;

use super::QualityApp;
use crate::{
    domain::BusinessPhones,
    error::Result,
    storage::{self, StaffChange},
};

/// How long after the first look the second follows: by then no process knows what was before, nor has answers from then on their way.
const LOOK_AGAIN: Duration = Duration::from_mins(2);

impl QualityApp {
    /// Dealers whose customers are to be looked at, since they or their staff changed.
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

    /// Notes a dealer's customers to be looked at again who have one of the numbers and no finding of it, or a finding and none.
    pub(crate) async fn look_for(&self, change: StaffChange, phones: BusinessPhones) -> Result<()> {
        let now = self.clock.now();
        self.db
            .bulk(move |conn| {
                let mut found: HashMap<Uuid, Rule> = HashMap::new();
                for rule in BusinessPhones::RULES {
                    let customers = storage::customers_with(conn, &change.dealer, rule.entry().id)?;
                    found.extend(customers.into_iter().map(|id| (id, rule)));
                }
                let entries = storage::entries_of_customers(conn, &change.dealer)?.into_iter();
                let is_other = |(id, entry): &(Uuid, Vec<u8>)| {
                    phones.broken_by(entry) != found.get(id).copied()
                };
                let others: Vec<Uuid> = entries.filter(is_other).map(|(id, _)| id).collect();
                // A position that no event has, so that who asked before does not cross them off.
                storage::enqueue(conn, RecordKind::Customers, &others, -now.as_micros())?;
                Ok(storage::settle_staff(conn, &change, now)?)
            })
            .await
    }
}
