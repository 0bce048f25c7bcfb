//! Cases that repeat another one than before, or none, since another was written: they change though nobody works on them.

use marque_auth::Scope;
use marque_core::{ComplaintId, Timestamp};
use marque_db::{Conn, StoreError};

use super::{
    CaseApp,
    calendar::TOLD_AT_ONCE,
    publish::{self, Change},
};

impl CaseApp {
    /// Tells of cases, at whichever dealer, in which it was noted what they repeat. In several events: a file may mark many.
    pub(super) fn tell_remarked(
        &self,
        conn: &mut Conn<'_>,
        cases: &[ComplaintId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if cases.is_empty() {
            return Ok(());
        }
        conn.among_all_dealers(|conn| {
            for some in cases.chunks(TOLD_AT_ONCE) {
                let found = self.store.find_many(conn, &Scope::Headquarters, some)?;
                let changes = found.iter().map(|case| Change::of(case, now)).collect();
                publish::all(conn, &*self.clock, publish::AMENDED, changes)?;
            }
            Ok(())
        })
    }
}
