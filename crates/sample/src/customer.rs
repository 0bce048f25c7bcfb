//! A customer as a dealer writes him down: what is known, what is left out, what is wrong, what is made up.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::{
    config::{Config, Falsification},
    dirt::{Dirt, soil},
    entity::{Entity, push_clock, push_date, push_digits},
    network::{Dealer, SALES, SERVICE},
    rng::Rng,
    rows::{CustomerRow, Fields},
    tables::{regions::REGIONS, words},
    vehicle::Vehicle,
};

/// How many rows in a thousand of a falsifying dealer are made up in each of his ways.
const FALSIFIED_PERMILLE: u32 = 250;

/// Phones that are typed when there is none.
const PLACEHOLDERS: &[&str] = &[
    "13800000000",
    "13888888888",
    "13911111111",
    "13000000000",
    "18888888888",
    "13812345678",
];

/// What a row is written from.
pub(crate) struct Entry<'a> {
    pub(crate) config: &'a Config,
    pub(crate) dealer: &'a Dealer,
    pub(crate) entity: &'a Entity,
    pub(crate) vehicle: Option<&'a Vehicle>,
    pub(crate) source_key: &'a str,
    /// Number of the row within the dealer.
    pub(crate) place: u64,
    /// Whether the customer came with a car bought elsewhere.
    pub(crate) is_service: bool,
}

impl Entry<'_> {
    /// Writes the row and notes the dirt.
    pub(crate) fn write(&self, rng: &mut Rng, row: &mut CustomerRow, dirt: &mut Vec<Dirt>) {
        row.texts_mut().iter_mut().for_each(String::clear);
        dirt.clear();
        row.column("source_key").push_str(self.source_key);
        self.write_identity(rng, row, dirt);
        self.write_contact(rng, row, dirt);
        self.write_particulars(rng, row);
        self.write_car(rng, row);
        let clerk = self
            .dealer
            .somebody(if self.is_service { SERVICE } else { SALES }, rng);
        row.column("clerk").push_str(&clerk.code);
        let recorded = self.recorded_on(rng);
        push_date(recorded, row.column("recorded_at"));
        push_clock(rng.between(8 * 60 + 30, 18 * 60), row.column("recorded_at"));
        for way in &self.dealer.falsifies {
            if rng.permille(FALSIFIED_PERMILLE) && self.falsify(*way, recorded, rng, row) {
                // What was made up in the same column before no longer stands there.
                dirt.retain(|dirt| match dirt {
                    Dirt::Falsified(earlier) => earlier.column() != way.column(),
                    _ => true,
                });
                dirt.push(Dirt::Falsified(*way));
            }
        }
        let is_falsified = dirt.iter().any(|dirt| matches!(dirt, Dirt::Falsified(_)));
        // What is made up was typed with no customer there: it is not soiled on top.
        if !is_falsified {
            soil(row, self.entity.surname_bytes, self.config.dirt, rng, dirt);
        }
    }

    fn write_identity(&self, rng: &mut Rng, row: &mut CustomerRow, dirt: &mut Vec<Dirt>) {
        let entity = self.entity;
        let is_wrong_kind = self.soiled(4, rng);
        if is_wrong_kind {
            dirt.push(Dirt::WrongKind);
        }
        row.column("kind")
            .push_str(if entity.is_organisation == is_wrong_kind {
                "person"
            } else {
                "organization"
            });
        row.column("name").push_str(&entity.name);
        // The workshop seldom asks for papers, sales mostly does.
        let has_number = rng.permille(if self.is_service { 250 } else { 780 });
        if entity.is_organisation {
            if has_number {
                row.column("credit_code").push_str(&entity.number);
            }
            row.column("contact_name").push_str(&entity.contact_name);
            return;
        }
        if has_number {
            row.column("id_number").push_str(&entity.number);
        }
        if rng.permille(750) {
            row.column("gender")
                .push_str(if entity.is_male { "男" } else { "女" });
        }
        if rng.permille(if has_number { 800 } else { 250 }) {
            let mut birth = entity.birth;
            if self.soiled(10, rng) {
                birth = birth + Days::new(rng.between(1, 400) as u64);
                dirt.push(Dirt::WrongBirthday);
            }
            push_date(birth, row.column("birthday"));
        }
    }

    fn write_contact(&self, rng: &mut Rng, row: &mut CustomerRow, dirt: &mut Vec<Dirt>) {
        let entity = self.entity;
        // Some give the other number at one dealer, some have changed it since.
        let (first, second) = if !entity.phone2.is_empty() && rng.permille(200) {
            (&entity.phone2, &entity.phone)
        } else {
            (&entity.phone, &entity.phone2)
        };
        row.column("phone").push_str(first);
        if rng.permille(500) {
            row.column("phone2").push_str(second);
        }
        if rng.permille(120) {
            row.column("email").push('u');
            push_digits(
                u64::from(entity.birth.num_days_from_ce().unsigned_abs()) * 7919 + self.place,
                8,
                row.column("email"),
            );
            row.column("email").push('@');
            row.column("email").push_str(rng.word(words::MAILS));
        }
        if rng.permille(200) {
            row.column("wechat").push_str("wx_");
            row.column("wechat")
                .push_str(entity.phone.get(3..).unwrap_or_default());
        }
        if !rng.permille(760) {
            return;
        }
        row.column("region_code").push_str(entity.county_code);
        let address = row.column("address");
        if self.soiled(250, rng) {
            address.push_str(if rng.permille(700) { entity.city } else { "" });
            address.push_str(entity.county);
            address.push_str(&entity.street);
            dirt.push(Dirt::AddressShort);
        } else {
            entity.push_address(address);
        }
    }

    fn write_particulars(&self, rng: &mut Rng, row: &mut CustomerRow) {
        let optional: [(&str, u32, &[&str]); 8] = [
            ("occupation", 300, words::OCCUPATIONS),
            ("industry", 200, words::INDUSTRIES),
            ("income_band", 120, words::INCOMES),
            ("hobbies", 100, words::HOBBIES),
            ("explicit_requests", 60, words::REQUESTS),
            ("special_needs", 15, words::SPECIAL_NEEDS),
            ("acquisition_channel", 700, words::CHANNELS),
            ("referrer_key", 0, &[]),
        ];
        for (column, share, list) in optional {
            if rng.permille(share) {
                row.column(column).push_str(rng.word(list));
            }
        }
        if row.column("acquisition_channel") == "转介绍" && self.place > 0 {
            let referrer = rng.below(self.place as usize) as u64;
            crate::generator::push_source_key(self.dealer, referrer, row.column("referrer_key"));
        }
    }

    fn write_car(&self, rng: &mut Rng, row: &mut CustomerRow) {
        let Some(vehicle) = self.vehicle else { return };
        // A car just sold has no plate yet.
        if rng.permille(if self.is_service { 930 } else { 420 }) {
            row.column("plate").push_str(&vehicle.plate);
        }
        if rng.permille(850) {
            row.column("vin").push_str(&vehicle.vin);
        }
    }

    fn recorded_on(&self, rng: &mut Rng) -> NaiveDate {
        let last = self.config.as_of;
        let Some(vehicle) = self.vehicle else {
            return last - Days::new(rng.between(0, 1500) as u64);
        };
        let since = (last - vehicle.owned_since).num_days().max(0);
        let after = if self.is_service {
            rng.between(0, since)
        } else {
            rng.between(0, 3).min(since)
        };
        vehicle.owned_since + Days::new(after as u64)
    }

    /// Makes up something; false if this row has nothing to be made up in that way.
    fn falsify(
        &self,
        way: Falsification,
        recorded: NaiveDate,
        rng: &mut Rng,
        row: &mut CustomerRow,
    ) -> bool {
        if let Some(phone) = self.invented_phone(way, row.get("clerk"), rng) {
            *row.column("phone") = phone;
            return true;
        }
        match way {
            Falsification::FakeId if !self.entity.is_organisation => {
                *row.column("id_number") = invented_id(rng);
            }
            Falsification::CopiedAddress => {
                let (code, county) = REGIONS.cities[self.dealer.city].counties[0];
                code.clone_into(row.column("region_code"));
                *row.column("address") = format!("{}{county}人民路1号", self.dealer.city());
            }
            Falsification::MonthEndBurst => {
                let next_month = recorded + Months::new(1);
                let last_day = next_month.with_day(1).unwrap_or(next_month) - Days::new(1);
                if last_day > self.config.as_of {
                    return false;
                }
                row.column("recorded_at").clear();
                push_date(last_day, row.column("recorded_at"));
                push_clock(rng.between(20 * 60, 24 * 60 - 1), row.column("recorded_at"));
            }
            _ => return false,
        }
        true
    }

    /// A phone made up in this way, if it is one of phones.
    fn invented_phone(&self, way: Falsification, clerk: &str, rng: &mut Rng) -> Option<String> {
        match way {
            Falsification::ShowroomPhone => Some(self.dealer.showroom_phone.clone()),
            Falsification::PlaceholderPhone => Some(rng.word(PLACEHOLDERS).to_owned()),
            Falsification::SequentialPhone => {
                let mut phone = self.dealer.staff.first()?.phone.get(..7)?.to_owned();
                push_digits(self.place % 10_000, 4, &mut phone);
                Some(phone)
            }
            Falsification::StaffPhone => {
                let staff = self.dealer.staff.iter().find(|staff| staff.code == clerk)?;
                Some(staff.phone.clone())
            }
            _ => None,
        }
    }

    /// Whether something that happens to so many rows in a thousand, as usual, happens here.
    fn soiled(&self, permille: u32, rng: &mut Rng) -> bool {
        rng.unit() * 1000.0 < f64::from(permille) * self.config.dirt
    }
}

/// An ID number as people make them up.
fn invented_id(rng: &mut Rng) -> String {
    let body = match rng.below(3) {
        // A division that never was.
        0 => {
            let province = rng.word(&["16", "27", "38", "49", "57", "66"]);
            format!(
                "{province}{:04}19{}0101",
                rng.below(10_000),
                rng.between(60, 99)
            )
        }
        // A day that never was.
        1 => format!("1101011985{}{}", rng.between(13, 19), rng.between(32, 60)),
        // Typed along the keyboard.
        _ => "12345619900101".to_owned(),
    };
    format!("{body}{:04}", rng.below(10_000))
}
