//! The case store: every statement of the service.

mod answers;
mod attachments;
mod blob;
mod calendars;
mod cases;
mod clocks;
mod clusters;
mod compensations;
mod course;
mod forgetting;
mod hand_over;
mod lapsed;
mod links;
mod list;
mod repeats;
mod report;
mod schedule;
mod sealed;
mod solutions;
mod tasks;
mod told;
mod write;
mod years;

pub(crate) use attachments::{has_attachment, walk_attachments};
pub(crate) use calendars::{
    find_hours, lock_hours, put_hours, share_hours, share_hours_of, told_hours,
};
pub(crate) use cases::{CaseStore, lock_case, lock_cases, share_hours_of_records};
pub(crate) use clocks::{
    clocks_of, clocks_of_cases, keep_rounds, open_clocks_of_dealer, running_cases, running_clocks,
    save_clocks,
};
pub(crate) use clusters::{
    LastChange, cases_of_alert, count_cars, count_complaining_cars, find_alert, last_change,
    list_alerts, put_alert, spellings,
};
pub(crate) use course::{amended_fields, erased_cases, was_moved};
pub(crate) use forgetting::{cases_of_people, end_waste, list_waste, silence, unlink};
pub(crate) use hand_over::{hand_over, handed_over, serial_handed_over};
pub(crate) use lapsed::lapsed_cases;
pub(crate) use links::{
    Alias, RecordLink, current_customer, customers_of, dealers_of, is_dealer_known, lock_records,
    put_alias, put_links, relink,
};
pub(crate) use list::{Filter, Listed, Order};
pub(crate) use repeats::{find_repeated, mark_new, mark_repeat, remark_later, remark_repeats};
pub(crate) use report::{group_names, list_facts};
pub(crate) use schedule::{
    Claim, Due, Taken, claim, claimed, raise_levels, record_steps, save_due, soonest,
};
pub use sealed::SEALED;
pub(crate) use solutions::{
    count_uses, find_solution, find_solutions, in_force, list_changed_solutions,
    list_latest_solutions, list_solution_versions, put_solution, use_solution,
};
pub(crate) use tasks::{CaseTask, TaskFilter, cases_with_needed_tasks, cases_with_undated_tasks};
pub(crate) use told::{
    Car, customers_without_tier, open_cases_of_car, put_cars, put_tier, put_warning,
    records_without_tier, tier_of, tiers_of, warnings_of,
};
pub(crate) use write::{
    NewCase, correct_case, insert_cases, put_body, take_serials, touch_cases, update_case,
    update_origin,
};
pub(crate) use years::{list_years, put_year, settle_years, settled_years, years_revision};

use marque_db::{Row, StoreError};
use uuid::Uuid;

fn optional<T: From<Uuid>>(row: &Row<'_>, column: usize) -> Result<Option<T>, StoreError> {
    Ok(row.get::<Option<Uuid>>(column)?.map(T::from))
}
