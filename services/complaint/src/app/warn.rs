//! Warnings of the three guarantees: what the scoring service tells of a car comes onto its open cases.

use marque_auth::Scope;
use marque_core::Timestamp;
use marque_core::new_uuid;
use marque_db::{Conn, StoreError};

use super::{
    CaseApp,
    publish::{self, Change},
};
use crate::{
    domain::{Entry, Warning},
    storage,
};

/// Who writes what comes by itself.
const ACTOR: &str = "scoring";

impl CaseApp {
    /// Notes how near a car is to a threshold, in the caller's transaction: in the projection, and in the course of each of
    /// its open cases. What was told before changes nothing.
    pub(crate) fn warn(
        &self,
        conn: &mut Conn<'_>,
        (vin, warning): (&str, &Warning),
        position: i64,
    ) -> Result<(), StoreError> {
        if !storage::put_warning(conn, vin, warning, position)? {
            return Ok(());
        }
        let open = storage::open_cases_of_car(conn, vin)?;
        storage::lock_cases(conn, open.iter().copied())?;
        let cases = self.store.find_many(conn, &Scope::Headquarters, &open)?;
        let now: Timestamp = self.clock.now();
        let mut changes = Vec::with_capacity(cases.len());
        for mut case in cases {
            case.version += 1;
            case.updated_at = now;
            storage::update_case(conn, &mut case)?;
            let entry = Entry {
                act: "warned",
                at: now,
                actor: ACTOR.to_owned(),
                from: warning.rule.clone(),
                to: warning.level.clone(),
                note: String::new(),
            };
            self.store
                .add_entry(conn, case.id, new_uuid(&*self.clock), &entry)?;
            changes.push(Change::of(&case, now).warned(&warning.rule));
        }
        publish::all(conn, &*self.clock, publish::WARNED, changes)
    }
}
