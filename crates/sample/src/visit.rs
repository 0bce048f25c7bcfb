//! Visits to the workshop: dates, odometers that grow as cars are driven, jobs and parts.

use chrono::{Days, NaiveDate};

use crate::{
    entity::{push_clock, push_date, push_digits},
    network::{Dealer, SERVICE},
    rng::Rng,
    rows::{Fields, Pool, VisitRow},
    tables::words::{self, Item},
    vehicle::Vehicle,
};

/// What visits are written from.
pub(crate) struct Stay<'a> {
    pub(crate) dealer: &'a Dealer,
    pub(crate) vehicle: &'a Vehicle,
    pub(crate) customer_key: &'a str,
    pub(crate) as_of: NaiveDate,
    /// Whether the odometer is made up in round steps.
    pub(crate) has_fake_mileage: bool,
}

impl Stay<'_> {
    /// Writes so many visits of the car in order of time; `next_order` numbers them.
    pub(crate) fn write(
        &self,
        count: u64,
        next_order: &mut u64,
        rng: &mut Rng,
        rows: &mut Pool<VisitRow>,
    ) {
        let days = (self.as_of - self.vehicle.owned_since).num_days().max(1);
        for index in 0..count {
            // Each visit in its own part of the time, so they are in order and never on one day twice if there is room.
            let (from, to) = (
                days * index as i64 / count as i64,
                days * (index as i64 + 1) / count as i64,
            );
            let opened =
                self.vehicle.owned_since + Days::new(rng.between(from, (to - 1).max(from)) as u64);
            *next_order += 1;
            self.write_one(opened, index, *next_order, rng, rows.push());
        }
    }

    fn write_one(
        &self,
        opened: NaiveDate,
        index: u64,
        order: u64,
        rng: &mut Rng,
        row: &mut VisitRow,
    ) {
        let number = row.column("order_number");
        number.push_str("RO");
        push_digits(order, 8, number);
        row.column("vin").push_str(&self.vehicle.vin);
        row.column("customer_key").push_str(self.customer_key);
        let kind = draw_kind(rng);
        row.column("kind").push_str(kind);
        let minute = rng.between(8 * 60, 15 * 60);
        push_date(opened, row.column("opened_at"));
        push_clock(minute, row.column("opened_at"));
        let stay = if kind == "事故维修" {
            rng.between(2, 12)
        } else {
            i64::from(rng.permille(80))
        };
        push_date(
            (opened + Days::new(stay as u64)).min(self.as_of),
            row.column("closed_at"),
        );
        push_clock(minute + rng.between(40, 170), row.column("closed_at"));
        push_digits(
            self.odometer_km((opened, minute), index, rng),
            1,
            row.column("odometer_km"),
        );
        row.column("adviser")
            .push_str(&self.dealer.somebody(SERVICE, rng).code);
        if kind != "保养" {
            row.column("complaint_text")
                .push_str(rng.word(words::SYMPTOMS));
            row.column("diagnosis").push_str(rng.word(words::FINDINGS));
        }
        self.write_lines(kind, rng, row);
    }

    fn odometer_km(&self, (on, minute): (NaiveDate, i64), index: u64, rng: &mut Rng) -> u64 {
        if self.has_fake_mileage {
            return (index + 1) * 5_000;
        }
        // As much of the day's way as of the day, somewhere within the minute: the readings of a car grow whichever of its rows they
        // hang on, for several rows of one owner have visits of one car on one day.
        let (km, next) = (
            self.vehicle.odometer_km(on),
            self.vehicle.odometer_km(on + Days::new(1)),
        );
        let of_day = (minute as f64 + rng.unit()) / (24.0 * 60.0);
        (km + of_day * (next - km)).max(1.0) as u64
    }

    /// One labour line and up to three parts; recall and warranty cost the customer nothing.
    fn write_lines(&self, kind: &str, rng: &mut Rng, row: &mut VisitRow) {
        let is_free = matches!(kind, "保修" | "召回");
        let technician = &self.dealer.somebody(SERVICE, rng).code;
        let mut total = 0;
        let lines = row.column("lines");
        lines.push('[');
        let labour = if kind == "保养" {
            &words::LABOUR[0]
        } else {
            rng.pick(words::LABOUR)
        };
        total += write_line(lines, "labour", labour, rng.between(1, 6), technician);
        let oil_first = if kind == "保养" { 0 } else { 4 };
        for part in 0..rng.below(3) {
            let item = &words::PARTS[(oil_first + part * 3 + rng.below(3)) % words::PARTS.len()];
            lines.push(',');
            total += write_line(lines, "part", item, 2, technician);
        }
        lines.push(']');
        let charged = if is_free { 0 } else { total };
        push_digits(charged / 100, 1, row.column("amount"));
        row.column("amount").push('.');
        push_digits(charged % 100, 2, row.column("amount"));
    }
}

/// Appends a line and gives its price in fen; the quantity is in halves. Put together by hand: there are tens of millions.
fn write_line(lines: &mut String, kind: &str, item: &Item, halves: i64, technician: &str) -> u64 {
    let (code, name, price) = item;
    let texts = [
        ("{\"line_kind\":\"", kind),
        ("\",\"code\":\"", code),
        ("\",\"name\":\"", name),
        ("\",\"quantity\":\"", ""),
    ];
    for (key, text) in texts {
        lines.push_str(key);
        lines.push_str(text);
    }
    push_digits(halves as u64 / 2, 1, lines);
    lines.push_str(if halves % 2 == 1 { ".5" } else { "" });
    lines.push_str("\",\"unit_price\":\"");
    push_digits(*price as u64 / 100, 1, lines);
    lines.push('.');
    push_digits(*price as u64 % 100, 2, lines);
    lines.push_str("\",\"technician\":\"");
    lines.push_str(technician);
    lines.push_str("\"}");
    (price * halves / 2) as u64
}

fn draw_kind(rng: &mut Rng) -> &'static str {
    let mut place = rng.below(100);
    for (kind, share) in words::VISIT_KINDS {
        if place < *share {
            return kind;
        }
        place -= share;
    }
    words::VISIT_KINDS[0].0
}
