//! Forgetting people: facts stay the cars', and are nobody's.

use marque_db::{Conn, StoreError};
use marque_events::Erased;

/// Takes people out of the projections and out of what happened. Who shares a car with them, or was referred by them, is to
/// be found before and scored anew after.
pub(crate) fn forget(conn: &mut Conn<'_>, erased: &Erased) -> Result<(), StoreError> {
    for record in &erased.records {
        for sql in [
            "UPDATE facts SET source_record_id = NULL WHERE source_record_id = ?1",
            "UPDATE fact_versions SET source_record_id = NULL WHERE source_record_id = ?1",
            "DELETE FROM vehicle_parties WHERE source_record_id = ?1",
            "UPDATE record_links SET referrer = NULL WHERE referrer = ?1",
        ] {
            conn.execute(sql, &[record.uuid().into()])?;
        }
    }
    for customer in &erased.customers {
        for sql in [
            "UPDATE due_dates SET customer_id = NULL WHERE customer_id = ?1",
            "DELETE FROM scoring_consents WHERE customer_id = ?1",
            "DELETE FROM care_consents WHERE customer_id = ?1",
            "DELETE FROM held_tiers WHERE customer_id = ?1",
            "DELETE FROM told_tiers WHERE customer_id = ?1",
        ] {
            conn.execute(sql, &[customer.uuid().into()])?;
        }
    }
    erased.forget_links(conn)
}

/// Deletes what people were worth and how they came, as it was. That they are gone stays, without a figure, so that the ranks
/// in every process hear of it.
pub(crate) fn forget_history(conn: &mut Conn<'_>, erased: &Erased) -> Result<(), StoreError> {
    for customer in &erased.customers {
        for sql in [
            "DELETE FROM score_history WHERE customer_id = ?1",
            "DELETE FROM loyalty WHERE customer_id = ?1",
            "DELETE FROM loyalty_history WHERE customer_id = ?1",
            "DELETE FROM model_loyalty_history WHERE customer_id = ?1",
            "DELETE FROM dealer_degrees WHERE customer_id = ?1",
        ] {
            conn.execute(sql, &[customer.uuid().into()])?;
        }
    }
    Ok(())
}
