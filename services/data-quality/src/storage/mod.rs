//! The service's store: every statement, and how facts and points are kept.

mod alerts;
mod blob;
mod clerks;
mod counters;
mod falls;
mod findings;
mod forgetting;
mod means;
mod newest;
mod pending;
mod points;
mod records;
mod sealed;
mod staff_changes;
mod standards;
mod suspects;
mod trust;
mod verifications;
mod work_lists;

pub(crate) use alerts::{
    AlertFilter, find_alert, insert_alert, last_alert, list_alerts, put_alert,
};
pub(crate) use clerks::{Clerk, dealers_with_clerks, is_staff, put_departments};
pub(crate) use counters::{
    CardFilter, CardRow, add_counters, all_counters, clerks_of, departments_of, is_region,
    list_dealers, months_of, months_of_region, months_of_staff, newest_months_of_region, region_of,
    replace_counters,
};
pub(crate) use falls::{KeptFall, falls, replace_falls};
pub(crate) use findings::{
    FindingFilter, RuleCount, count_signs_since, find_finding, findings_of, list_findings,
    put_findings, rule_counts,
};
pub(crate) use forgetting::forget_records;
pub(crate) use means::{DealerMeans, clerk_means, department_means, rebuild_means};
pub(crate) use pending::{
    Lane, Pending, backfilled, enqueue, has_backlog, has_counted_anew, mark_backfilled,
    mark_counted_anew, no_longer_pending, pending, settle,
};
pub(crate) use records::{
    Entered, Kept, Worst, entries_after, entries_of, has_not_by, kept, kept_after, kept_not_by,
    put_records, scored_after, worst,
};
pub use sealed::SEALED;
pub(crate) use staff_changes::{
    StaffChange, customers_with, entries_of_customers, note_staff, settle_staff, staff_changes,
};
pub(crate) use standards::{KeptStandard, put_standard, standards};
pub(crate) use suspects::{
    KeptSuspect, assessed_at, list_suspects, mark_assessed, replace_suspects,
};
pub(crate) use trust::{ToldTrust, put_told_trust, told_trust};
pub(crate) use verifications::{
    checks_between, dealers_of, known_checks, own_call_lengths, points_rows, put_checks,
    replace_points,
};
pub(crate) use work_lists::{
    Progress, WorkItem, WorkList, candidates, find_work_list, insert_work_list, list_work_lists,
    progress, work_items,
};

use marque_db::{Conn, StoreError};

/// Key of the lock under which counters change: `quality` in ASCII.
const COUNTERS_LOCK: i64 = 0x0071_7561_6c69_7479;

/// Serialises this transaction with every other that counts.
pub(crate) fn lock(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    conn.lock_keys(&mut vec![COUNTERS_LOCK])
}

/// What is stored is not what this release writes.
fn broken(what: &'static str) -> StoreError {
    StoreError::Decode {
        column: 0,
        source: what.into(),
    }
}
