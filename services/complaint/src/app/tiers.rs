//! The tier of a customer of whom it becomes known after his case came: files and systems bring a complaint before it is known whose
//! record it names, and the scoring service tells the tiers of most customers when they complain.

use marque_auth::Scope;
use marque_core::{ComplaintId, new_uuid};
use marque_db::{Conn, StoreError};

use super::{
    CaseApp,
    publish::{self, Change},
};
use crate::{
    domain::{Case, Entry, State, Tier},
    storage,
};

/// Who writes what comes by itself.
const ACTOR: &str = "scoring";

impl CaseApp {
    /// Gives open cases without a tier that of their customer, and the times that go with it, in the caller's transaction. What people
    /// have said, and what was told before, stays.
    pub(crate) fn rank(
        &self,
        conn: &mut Conn<'_>,
        cases: &[ComplaintId],
    ) -> Result<(), StoreError> {
        if cases.is_empty() {
            return Ok(());
        }
        storage::lock_cases(conn, cases.iter().copied())?;
        let mut changes = Vec::new();
        for mut case in self.store.find_many(conn, &Scope::Headquarters, cases)? {
            if case.tier.is_some() || !case.state.is_open() {
                continue;
            }
            if let Some(tier) = Self::told_tier(conn, case.customer)? {
                self.give_tier(conn, &mut case, tier)?;
                changes.push(Change::of(&case, case.updated_at));
            }
        }
        publish::all(conn, &*self.clock, publish::AMENDED, changes)
    }

    /// Gives a case that comes back without a tier the one that was told of its customer while it was over.
    pub(super) fn rank_again(
        &self,
        conn: &mut Conn<'_>,
        case: &mut Case,
    ) -> Result<(), StoreError> {
        if case.tier.is_some() || case.state != State::Reopened {
            return Ok(());
        }
        match Self::told_tier(conn, case.customer)? {
            Some(tier) => self.note_tier(conn, case, tier),
            None => Ok(()),
        }
    }

    fn give_tier(
        &self,
        conn: &mut Conn<'_>,
        case: &mut Case,
        tier: Tier,
    ) -> Result<(), StoreError> {
        case.version += 1;
        case.updated_at = self.clock.now();
        self.note_tier(conn, case, tier)?;
        storage::update_case(conn, case)?;
        self.rebudget(conn, &Scope::Headquarters, case)
    }

    /// Puts a tier into a case, and into its course.
    fn note_tier(
        &self,
        conn: &mut Conn<'_>,
        case: &mut Case,
        tier: Tier,
    ) -> Result<(), StoreError> {
        case.tier = Some(tier);
        let entry = Entry {
            act: "ranked",
            at: case.updated_at,
            actor: ACTOR.to_owned(),
            from: String::new(),
            to: tier.code().to_owned(),
            note: String::new(),
        };
        self.store
            .add_entry(conn, case.id, new_uuid(&*self.clock), &entry)
    }
}
