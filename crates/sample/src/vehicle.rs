//! Cars: what they are, who has them since when, and how far they have gone.

use chrono::{Datelike, Days, NaiveDate};

use crate::{
    entity::{push_date, push_digits},
    ids::{VIN_LETTERS, set_vin_check, year_letter},
    rng::{Domain, Rng, spread},
    rows::{Fields, VehicleRow},
    tables::{
        regions::City,
        words::{BRAND, COLORS, MODELS, Model},
    },
};

/// Cars an entity may have at most.
pub(crate) const MAX_CARS: u64 = 15;
/// Different cars that places 8 and 11 to 17 of a VIN tell apart.
const VINS: u64 = 33 * 33 * 1_000_000;
/// Different serials of a plate that its pattern gives.
const PLATES: u64 = 34 * 10 * 10 * 34 * 10 * 3;
/// The same of green plates: one of five letters, a letter or digit, four digits.
const GREEN_PLATES: u64 = 5 * 34 * 10_000;
const PLATE_LETTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A car in the hands of one owner.
#[derive(Clone)]
pub(crate) struct Vehicle {
    pub(crate) vin: String,
    pub(crate) plate: String,
    model: &'static Model,
    color: &'static str,
    pub(crate) sold: NaiveDate,
    /// When this owner got it; later than `sold` for a used car.
    pub(crate) owned_since: NaiveDate,
    km_a_day: f64,
}

impl Vehicle {
    /// The car number `index` of an owner. `previous` is the owner of whom it was bought used, if it was.
    pub(crate) fn of(
        seed: u64,
        owner: u64,
        index: u64,
        previous: Option<u64>,
        city: &City,
        as_of: NaiveDate,
    ) -> Self {
        let made_as = previous.unwrap_or(owner) * (MAX_CARS + 1) + index;
        let mut rng = Rng::new(seed, Domain::Vehicle, made_as);
        let model = rng.pick(MODELS);
        let sold = as_of - Days::new(rng.between(30, 3_200) as u64);
        let color = rng.word(COLORS);
        let km_a_day =
            12.0 + 60.0 * rng.unit() * rng.unit() + if rng.permille(40) { 140.0 } else { 0.0 };
        let age = (as_of - sold).num_days();
        // A used car changes hands somewhere in the middle of its life so far, and gets a new plate then.
        let passed_on = sold + Days::new((age / 3 + rng.between(0, age / 3)) as u64);
        let owned_since = if previous.is_some() { passed_on } else { sold };
        let plate = plate(seed, owner * (MAX_CARS + 1) + index, model, city);
        Self {
            vin: vin(seed, made_as, model, sold.year()),
            plate,
            model,
            color,
            sold,
            owned_since,
            km_a_day,
        }
    }

    /// What the odometer shows on a day, without the unevenness of single months.
    pub(crate) fn odometer_km(&self, on: NaiveDate) -> f64 {
        8.0 + (on - self.sold).num_days().max(0) as f64 * self.km_a_day
    }

    /// Writes the row; dates to come are reckoned from `as_of`.
    pub(crate) fn write(
        &self,
        owner_key: &str,
        selling_dealer: &str,
        as_of: NaiveDate,
        row: &mut VehicleRow,
    ) {
        row.column("vin").push_str(&self.vin);
        row.column("plate").push_str(&self.plate);
        row.column("brand").push_str(BRAND);
        row.column("series").push_str(self.model.series);
        row.column("model").push_str(self.model.name);
        push_digits(self.sold.year() as u64, 4, row.column("model_year"));
        row.column("color").push_str(self.color);
        row.column("energy_type").push_str(self.model.energy);
        push_date(self.sold, row.column("sale_date"));
        row.column("selling_dealer").push_str(selling_dealer);
        row.column("owner_key").push_str(owner_key);
        let years = (as_of - self.sold).num_days() / 365 + 1;
        push_date(
            self.sold + Days::new(years as u64 * 365),
            row.column("insurance_expiry"),
        );
        push_date(
            self.sold + Days::new((years as u64).div_ceil(2) * 730),
            row.column("inspection_due"),
        );
        push_date(self.sold + Days::new(3 * 365), row.column("warranty_end"));
    }
}

/// A VIN of the invented maker `LM7`, with the right check digit, different for every number.
fn vin(seed: u64, number: u64, model: &Model, year: i32) -> String {
    let place = spread(number, seed, VINS);
    let mut vin = String::with_capacity(17);
    vin.push_str("LM7");
    vin.push_str(model.code);
    vin.push(char::from(VIN_LETTERS[(place / 33_000_000) as usize]));
    vin.push('0');
    vin.push(year_letter(i64::from(year)));
    vin.push(char::from(VIN_LETTERS[(place / 1_000_000 % 33) as usize]));
    push_digits(place % 1_000_000, 6, &mut vin);
    set_vin_check(&mut vin);
    vin
}

/// A plate of the city, green for new energy.
fn plate(seed: u64, number: u64, model: &Model, city: &City) -> String {
    let letter = |value: u64| char::from(PLATE_LETTERS[(value % 34) as usize]);
    let digit = |value: u64| char::from(b'0' + (value % 10) as u8);
    let mut plate = city.plate_prefix.to_owned();
    if !model.plate_letters.is_empty() {
        let place = spread(number, seed, GREEN_PLATES);
        plate.push(char::from(
            model.plate_letters.as_bytes()[(place % 5) as usize],
        ));
        plate.push(letter(place / 5));
        push_digits(place / 170, 4, &mut plate);
        return plate;
    }
    let place = spread(number, seed, PLATES);
    let (first, second, rest) = (letter(place), letter(place / 34), place / 1156);
    let digits = [digit(rest), digit(rest / 10), digit(rest / 100)];
    let pattern = match rest / 1000 {
        0 => [first, digits[0], digits[1], second, digits[2]],
        1 => [digits[0], first, digits[1], digits[2], second],
        _ => [digits[0], digits[1], first, second, digits[2]],
    };
    plate.extend(pattern);
    plate
}
