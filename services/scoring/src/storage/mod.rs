//! The scoring store: every statement of the service.

mod benefits;
mod dossiers;
mod due;
mod facts;
mod forgetting;
mod holds;
mod inputs;
mod kept;
mod links;
mod loyalty;
mod model_classes;
mod models;
mod plans;
mod promises;
mod reports;
mod scores;
mod told;
mod vehicles;

pub(crate) use benefits::{
    StoredPlan, activate_benefit_plan, active_benefit_plan, benefit_words, find_benefit_plan,
    insert_benefit_plan, list_benefit_plans,
};
pub(crate) use dossiers::{load as load_dossiers, owners_of};
pub(crate) use due::{
    DueLine, DueListing, find_cars, list_dues, mark_cars, mark_cars_of, mark_model, put_dues,
    stale_cars,
};
pub(crate) use facts::{
    Told, cars_of, facts_told, find_happenings, keep_versions, put_happenings, records_of,
    told_key, versions_at,
};
pub(crate) use forgetting::{forget, forget_history};
pub(crate) use holds::{held_on, load_holds, put_holds};
pub(crate) use kept::{AsOf, cars_with_dues, kept_loyalty};
pub(crate) use links::{
    Alias, Consent, Purpose, RecordLink, current_customer, customers_beside, customers_of,
    customers_of_cars, known_customer, put_alias, put_consent, put_links, referrers_of,
    with_something_known,
};
pub(crate) use loyalty::{
    count_customers, count_vehicles, dealers_in, find_fitted, find_vehicle, forget_loyalties,
    knows_car, list_loyalty, occupations_of_cars, pass_over, put_fitted, put_loyalties,
    visits_of_cars, walk_customers, walk_vehicles,
};
pub(crate) use model_classes::model_classes_at;
pub(crate) use models::{
    StoredModel, activate, active_model, find_model, insert_model, list_models,
};
pub(crate) use plans::{list_plans, put_plan};
pub(crate) use promises::{
    ask_promised, list_promises, promises_to, put_promise, take_back_promise,
};
pub(crate) use reports::{
    Coming, Groups, Past, comings_before, degrees_by, groups, models_by_vin, regions, scored_at,
    words_at,
};
pub(crate) use scores::{
    Listing, PastSpot, brands_of, changes_after, count_states, due_for_time, find_ranked, find_row,
    find_rows, has_at_most, history_at, history_of, last_change, list_by_rank, list_in_scope,
    load_all, put_rows, take_changes, walk, walk_members,
};
pub(crate) use told::{
    Check, ask_checks, complaining_customers, due_checks, end_check, find_car, put_told_tiers,
    tell_guarantee, told_tiers, told_tiers_of,
};
pub(crate) use vehicles::{Claimed, put_claims, put_vehicles};

use marque_core::CustomerId;
use marque_db::{Conn, StoreError, Value};
use uuid::Uuid;

/// Holds the scores until the transaction ends: facts and the scores made of them follow each other, so that no score
/// misses a fact that another transaction is writing.
pub(crate) fn lock(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    conn.lock_keys(&mut vec![SCORES_LOCK])
}

/// Key of the lock under which facts and scores change: `scoring` in ASCII.
const SCORES_LOCK: i64 = 0x0073_636f_7269_6e67;

/// Holds what others were told of tiers until the transaction ends, so that no two processes tell the same.
pub(crate) fn lock_tiers(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    conn.lock_keys(&mut vec![TIERS_LOCK])
}

/// Key of that lock: `tiers` in ASCII.
const TIERS_LOCK: i64 = 0x0074_6965_7273;

/// Keys of a list of ids.
fn uuids<'v>(ids: impl IntoIterator<Item = Uuid>) -> Vec<Value<'v>> {
    ids.into_iter().map(Value::Uuid).collect()
}

fn customer_keys<'v>(customers: &[CustomerId]) -> Vec<Value<'v>> {
    uuids(customers.iter().map(|customer| customer.uuid()))
}

/// A value that only a broken row can hold.
fn corrupt(column: usize, what: &str) -> StoreError {
    StoreError::Decode {
        column,
        source: what.to_owned().into(),
    }
}
