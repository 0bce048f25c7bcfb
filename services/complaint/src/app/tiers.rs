//! The tier of a customer who arrives after his case: files and systems bring a complaint before it is known whose record it names.

use marque_auth::Scope;
use marque_core::{ComplaintId, new_uuid};
use marque_db::{Conn, StoreError};

use super::{
    CaseApp,
    publish::{self, Change},
};
use crate::{
    domain::{Case, Entry, Tier},
    storage,
};

/// Who writes what comes by itself.
const ACTOR: &str = "scoring";

/// Whether people have said which tier a case has.
fn is_amended(conn: &mut Conn<'_>, case: &Case) -> Result<bool, StoreError> {
    let amended = storage::amended_fields(conn, case.id)?;
    Ok(amended.iter().any(|field| field == "tier"))
}

impl CaseApp {
    /// Gives cases whose customer has just become known the times of his tier, in the caller's transaction. They were taken for an
    /// ordinary customer's, for nothing else was said; of which people have said a tier since, it stays.
    pub(crate) fn welcome(
        &self,
        conn: &mut Conn<'_>,
        arrived: &[ComplaintId],
    ) -> Result<(), StoreError> {
        if arrived.is_empty() {
            return Ok(());
        }
        storage::lock_cases(conn, arrived.iter().copied())?;
        let mut changes = Vec::new();
        for mut case in self.store.find_many(conn, &Scope::Headquarters, arrived)? {
            let tier = Self::told_tier(conn, case.customer)?;
            let may_rise = case.state.is_open() && case.tier == Tier::Ordinary && tier != case.tier;
            if may_rise && !is_amended(conn, &case)? {
                self.rank(conn, &mut case, tier)?;
                changes.push(Change::of(&case, case.updated_at));
            }
        }
        publish::all(conn, &*self.clock, publish::AMENDED, changes)
    }

    fn rank(&self, conn: &mut Conn<'_>, case: &mut Case, tier: Tier) -> Result<(), StoreError> {
        let entry = Entry {
            act: "ranked",
            at: self.clock.now(),
            actor: ACTOR.to_owned(),
            from: case.tier.code().to_owned(),
            to: tier.code().to_owned(),
            note: String::new(),
        };
        case.tier = tier;
        case.version += 1;
        case.updated_at = entry.at;
        storage::update_case(conn, case)?;
        self.rebudget(conn, &Scope::Headquarters, case)?;
        self.store
            .add_entry(conn, case.id, new_uuid(&*self.clock), &entry)
    }
}
