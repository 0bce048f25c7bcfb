//! The four degrees as they were on a past day.
//!
//! They fade from day to day, so that no day's are kept: they are worked out from what happened until then, with what is known
//! and was learnt today. What a dealer reported late counts for the day on which it happened.

use marque_auth::Scope;
use marque_core::{CustomerId, business_date};
use marque_db::Conn;
use marque_insight::loyalty::Degrees;
use rustc_hash::FxHashMap;

use super::ReportQuestion;
use crate::{
    domain::{By, Fitted, Loyalty},
    error::Result,
    storage,
};

/// Of more customers an even sample is worked out, which has the same means.
const MOST: usize = 100_000;
/// Customers read at once.
const BATCH: usize = 500;

/// The degrees of a scope's customers with the group of each, as [`storage::degrees_by`] has them for today.
pub(super) fn degrees(
    conn: &mut Conn<'_>,
    scope: &Scope,
    asked: &ReportQuestion,
    fitted: &Fitted,
) -> Result<Vec<(String, Degrees)>> {
    let mut groups: FxHashMap<CustomerId, Vec<String>> = FxHashMap::default();
    for (customer, group) in storage::groups(conn, scope, asked.by)? {
        groups.entry(customer).or_default().push(group);
    }
    let regions: FxHashMap<String, String> = storage::regions(conn)?.into_iter().collect();
    let mut customers: Vec<CustomerId> = groups.keys().copied().collect();
    customers.sort_unstable();
    let every = customers.len().div_ceil(MOST).max(1);
    let sample: Vec<CustomerId> = customers.into_iter().step_by(every).collect();
    let day = business_date(asked.to);
    let mut found = Vec::new();
    for batch in sample.chunks(BATCH) {
        // What a customer is to one dealer follows from what he did at all.
        let dossiers = conn.among_all_dealers(|conn| storage::load_dossiers(conn, batch))?;
        for dossier in dossiers {
            let was_known = dossier
                .records
                .iter()
                .any(|record| business_date(record.recorded_at) <= day);
            if dossier.has_refused || !was_known {
                continue;
            }
            let loyalty = Loyalty::assess(&dossier, fitted, day);
            match asked.by {
                By::Dealer | By::Region => {
                    let own = groups.get(&dossier.customer).map_or(&[][..], Vec::as_slice);
                    found.extend(loyalty.dealers.into_iter().filter_map(|each| {
                        let group = match asked.by {
                            By::Dealer => each.dealer,
                            _ => regions.get(&each.dealer)?.clone(),
                        };
                        own.contains(&group).then_some((group, each.degrees))
                    }));
                }
                _ => {
                    let own = groups.remove(&dossier.customer).unwrap_or_default();
                    found.extend(own.into_iter().map(|group| (group, loyalty.degrees)));
                }
            }
        }
    }
    Ok(found)
}
