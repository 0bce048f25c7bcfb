//! Complaints, in the customers' words.

use chrono::{Days, NaiveDate};

use crate::{
    entity::{push_clock, push_date, push_digits},
    rng::Rng,
    rows::{ComplaintRow, Fields, Pool},
    tables::words,
    vehicle::Vehicle,
};

/// Writes so many complaints of a customer; `next_number` numbers them.
pub(crate) fn write_complaints(
    count: u64,
    customer_key: &str,
    vehicle: Option<&Vehicle>,
    as_of: NaiveDate,
    next_number: &mut u64,
    rng: &mut Rng,
    rows: &mut Pool<ComplaintRow>,
) {
    for _ in 0..count {
        *next_number += 1;
        let row = rows.push();
        let key = row.column("complaint_key");
        key.push_str("TS");
        push_digits(*next_number, 7, key);
        row.column("customer_key").push_str(customer_key);
        let since = vehicle.map_or(720, |vehicle| {
            (as_of - vehicle.owned_since).num_days().max(0)
        });
        if let Some(vehicle) = vehicle {
            row.column("vin").push_str(&vehicle.vin);
        }
        push_date(
            as_of - Days::new(rng.between(0, since) as u64),
            row.column("opened_at"),
        );
        push_clock(rng.between(8 * 60, 20 * 60), row.column("opened_at"));
        row.column("channel")
            .push_str(rng.word(words::COMPLAINT_CHANNELS));
        row.column("severity").push_str(rng.word(words::SEVERITIES));
        let (category, department, text) = rng.pick(words::COMPLAINTS);
        row.column("category").push_str(category);
        row.column("department").push_str(department);
        row.column("text").push_str(text);
    }
}
