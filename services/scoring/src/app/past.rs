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

/// Of more customers an even sample is worked out, which has nearly the same means.
const MOST: usize = 20_000;
/// Customers read at once.
const BATCH: usize = 500;

/// Degrees of customers with the group of each, and how many customers each of them stands for.
pub(super) struct Past {
    pub(super) degrees: Vec<(String, Degrees)>,
    pub(super) each_for: usize,
}

/// The degrees of a scope's customers, as [`storage::degrees_by`] has them for today.
pub(super) fn degrees(
    conn: &mut Conn<'_>,
    scope: &Scope,
    asked: &ReportQuestion,
    fitted: &Fitted,
) -> Result<Past> {
    let mut all = storage::groups(conn, scope, asked.of())?;
    all.sort_unstable();
    let regions: FxHashMap<String, String> = storage::regions(conn)?.into_iter().collect();
    // By customer, so that who belongs to several groups is in the sample with all of them.
    let customers: Vec<&[(CustomerId, String)]> =
        all.chunk_by(|left, right| left.0 == right.0).collect();
    let each_for = customers.len().div_ceil(MOST).max(1);
    let sample: Vec<&[(CustomerId, String)]> = customers.into_iter().step_by(each_for).collect();
    let day = business_date(asked.to);
    let mut degrees = Vec::new();
    for batch in sample.chunks(BATCH) {
        let ids: Vec<CustomerId> = batch.iter().map(|groups| groups[0].0).collect();
        // What a customer is to one dealer follows from what he did at all.
        let dossiers = conn.among_all_dealers(|conn| storage::load_dossiers(conn, &ids))?;
        for (dossier, groups) in dossiers.iter().zip(batch) {
            if dossier.has_refused || !dossier.is_known_on(day) {
                continue;
            }
            let loyalty = Loyalty::assess(dossier, fitted, day);
            let own = |group: &str| groups.iter().any(|(_, name)| name == group);
            match asked.by {
                By::Dealer | By::Region => {
                    degrees.extend(loyalty.dealers.into_iter().filter_map(|each| {
                        let group = match asked.by {
                            By::Dealer => each.dealer,
                            _ => regions.get(&each.dealer)?.clone(),
                        };
                        own(&group).then_some((group, each.degrees))
                    }));
                }
                _ => {
                    let groups = groups.iter().map(|(_, group)| group.clone());
                    degrees.extend(groups.map(|group| (group, loyalty.degrees)));
                }
            }
        }
    }
    Ok(Past { degrees, each_for })
}
