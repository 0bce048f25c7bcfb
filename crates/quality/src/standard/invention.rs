//! Reading `[invention]`: the thresholds of the signs of invention that a standard sets.

use crate::{dictionary::RecordKind, falsification::Settings};

/// Where the number of a threshold stands.
enum Place {
    /// A share, or so many times the usual.
    Number(fn(&mut Settings) -> &mut f64),
    /// A whole number.
    Count(fn(&mut Settings) -> &mut u64),
}

/// One threshold: its name, whose records it is for, and between which bounds it must lie.
struct Threshold {
    name: &'static str,
    kinds: &'static [RecordKind],
    bounds: (f64, f64),
    place: Place,
}

const CUSTOMERS: &[RecordKind] = &[RecordKind::Customers];
const VISITS: &[RecordKind] = &[RecordKind::Visits];
const BOTH: &[RecordKind] = &[RecordKind::Customers, RecordKind::Visits];

/// So many times the usual: what is usual is no sign.
const TIMES: (f64, f64) = (1.0, 100.0);
/// A part of all.
const PART: (f64, f64) = (0.01, 0.9);
/// How many, or one in how many.
const COUNTS: (f64, f64) = (2.0, 100_000.0);
/// What a car may cover in a day.
const KM_A_DAY: (f64, f64) = (100.0, 5_000.0);
/// Unrelated people at one address; of many a dozen are kept, some of whom may be related.
const STRANGERS: (f64, f64) = (4.0, 8.0);
/// How near is even: what is nearer is the rounding of a reading, what is farther is driving.
const NEAR: (f64, f64) = (0.0005, 0.05);

static THRESHOLDS: [Threshold; 21] = [
    number("false_discovery_rate", BOTH, (0.001, 0.5), |s| {
        &mut s.false_discovery_rate
    }),
    number("placeholder_times", CUSTOMERS, TIMES, |s| {
        &mut s.placeholder_times
    }),
    number("broken_id_times", CUSTOMERS, TIMES, |s| {
        &mut s.broken_id_times
    }),
    number("month_end_times", BOTH, TIMES, |s| &mut s.month_end_times),
    number("mileage_times", BOTH, TIMES, |s| &mut s.mileage_times),
    number("bare_visit_times", VISITS, TIMES, |s| {
        &mut s.bare_visit_times
    }),
    number("digit_share", BOTH, PART, |s| &mut s.digit_share),
    count("showroom_one_in", CUSTOMERS, COUNTS, |s| {
        &mut s.showroom_one_in
    }),
    count("burst_records", BOTH, COUNTS, |s| &mut s.burst_records),
    count("takeover_records", BOTH, COUNTS, |s| {
        &mut s.takeover_records
    }),
    count("takeover_one_in", BOTH, COUNTS, |s| &mut s.takeover_one_in),
    count("equal_calls", CUSTOMERS, COUNTS, |s| &mut s.equal_calls),
    number("equal_calls_share", CUSTOMERS, PART, |s| {
        &mut s.equal_calls_share
    }),
    count("call_seconds", CUSTOMERS, (1.0, 600.0), |s| {
        &mut s.call_seconds
    }),
    count("believable_km_a_day", BOTH, KM_A_DAY, |s| {
        &mut s.believable_km_a_day
    }),
    number("even_within", VISITS, NEAR, |s| &mut s.even_within),
    count("even_km", VISITS, COUNTS, |s| &mut s.even_km),
    count("sequence_gap", CUSTOMERS, (1.0, 1_000.0), |s| {
        &mut s.sequence_gap
    }),
    count("sequence_reach", CUSTOMERS, (1.0, 1_000.0), |s| {
        &mut s.sequence_reach
    }),
    count("address_strangers", CUSTOMERS, STRANGERS, |s| {
        &mut s.address_strangers
    }),
    count("shared_house_one_in", CUSTOMERS, COUNTS, |s| {
        &mut s.shared_house_one_in
    }),
];

const fn number(
    name: &'static str,
    kinds: &'static [RecordKind],
    bounds: (f64, f64),
    place: fn(&mut Settings) -> &mut f64,
) -> Threshold {
    let place = Place::Number(place);
    Threshold {
        name,
        kinds,
        bounds,
        place,
    }
}

const fn count(
    name: &'static str,
    kinds: &'static [RecordKind],
    bounds: (f64, f64),
    place: fn(&mut Settings) -> &mut u64,
) -> Threshold {
    let place = Place::Count(place);
    Threshold {
        name,
        kinds,
        bounds,
        place,
    }
}

/// Reads the thresholds of a standard; what it does not set is as the release has it.
pub(super) fn read(kind: RecordKind, table: &toml::Table) -> Result<Settings, String> {
    let mut settings = Settings::default();
    for (name, value) in table {
        set(&mut settings, find(kind, name)?, value).map_err(|what| format!("{name} {what}"))?;
    }
    if settings.takeover_records <= settings.burst_records {
        return Err(format!(
            "takeover_records {} must lie above burst_records {}",
            settings.takeover_records, settings.burst_records
        ));
    }
    Ok(settings)
}

fn find(kind: RecordKind, name: &str) -> Result<&'static Threshold, String> {
    let of_kind = |threshold: &&Threshold| threshold.kinds.contains(&kind);
    let known: Vec<&'static Threshold> = THRESHOLDS.iter().filter(of_kind).collect();
    if known.is_empty() {
        return Err(format!("entries of {} are not compared", kind.code()));
    }
    let found = known.iter().find(|threshold| threshold.name == name);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|threshold| threshold.name).collect();
        let names = names.join(", ");
        format!("{name:?} is no threshold of {}: use {names}", kind.code())
    })
}

fn set(settings: &mut Settings, threshold: &Threshold, value: &toml::Value) -> Result<(), String> {
    let (least, most) = threshold.bounds;
    let in_bounds = |number: f64| (least..=most).contains(&number);
    match (&threshold.place, value) {
        (Place::Number(place), toml::Value::Float(number)) if in_bounds(*number) => {
            *place(settings) = *number;
        }
        (Place::Number(place), toml::Value::Integer(number)) if in_bounds(*number as f64) => {
            *place(settings) = *number as f64;
        }
        (Place::Count(place), toml::Value::Integer(number)) if in_bounds(*number as f64) => {
            *place(settings) = number.unsigned_abs();
        }
        (Place::Number(_), _) => {
            return Err(format!("{value}: write a number from {least} to {most}"));
        }
        (Place::Count(_), _) => {
            return Err(format!(
                "{value}: write a whole number from {least} to {most}"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(kind: RecordKind, text: &str) -> Result<Settings, String> {
        let table: toml::Table = text.parse().expect("a table");
        read(kind, &table)
    }

    #[test]
    fn what_is_set_stands_and_the_rest_is_the_releases() {
        let text = "burst_records = 12\nmonth_end_times = 3\nfalse_discovery_rate = 0.05";
        for kind in [RecordKind::Customers, RecordKind::Visits] {
            let expected = Settings {
                burst_records: 12,
                month_end_times: 3.0,
                false_discovery_rate: 0.05,
                ..Settings::default()
            };
            assert_eq!(reading(kind, text), Ok(expected));
            assert_eq!(reading(kind, ""), Ok(Settings::default()));
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_what_could() {
        for (kind, text, said) in [
            (
                RecordKind::Customers,
                "burst_record = 9",
                "use false_discovery_rate, placeholder_times",
            ),
            (
                RecordKind::Customers,
                "bare_visit_times = 2.0",
                "is no threshold of customers",
            ),
            (
                RecordKind::Vehicles,
                "burst_records = 9",
                "entries of vehicles are not compared",
            ),
            (
                RecordKind::Visits,
                "burst_records = 1",
                "burst_records 1: write a whole number from 2 to 100000",
            ),
            (
                RecordKind::Visits,
                "burst_records = 8.5",
                "write a whole number",
            ),
            (
                RecordKind::Visits,
                "digit_share = 1.5",
                "digit_share 1.5: write a number from 0.01 to 0.9",
            ),
            (RecordKind::Visits, "digit_share = nan", "write a number"),
            (
                RecordKind::Visits,
                "mileage_times = \"much\"",
                "write a number",
            ),
            (
                RecordKind::Customers,
                "even_km = 500",
                "is no threshold of customers",
            ),
            (
                RecordKind::Customers,
                "address_strangers = 3",
                "write a whole number from 4 to 8",
            ),
            (
                RecordKind::Visits,
                "believable_km_a_day = 50",
                "write a whole number from 100 to 5000",
            ),
            (
                RecordKind::Visits,
                "burst_records = 60",
                "takeover_records 60 must lie above burst_records 60",
            ),
        ] {
            let refused = reading(kind, text).expect_err(text);
            assert!(refused.contains(said), "{refused}");
        }
    }
}
