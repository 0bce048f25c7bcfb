//! What the generated files promise: determinism, exact totals, believable values, truth that fits the rows.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet},
    io::{self, Cursor, Write},
    rc::Rc,
};

use marque_quality::{
    VehicleRow, VisitRow, clean_vehicle, clean_visit, credit_code::CreditCode,
    id_document::IdDocument, phone::Phone, plate::Plate, vin::Vin,
};
use marque_sample::{Bundle, Config, Dirt, Falsification, Generator, write_files};
use marque_tabular::{CUSTOMERS, Limits, Next, Schema, Table, VEHICLES, VISITS};

fn all(seed: u64, config: Config) -> Vec<(String, Bundle)> {
    let generator = Generator::new(seed, config);
    generator
        .all_rows()
        .map(|(dealer, bundle)| (dealer.code.clone(), bundle))
        .collect()
}

/// Files held in memory, by path.
#[derive(Clone, Default)]
struct Folder(Rc<RefCell<BTreeMap<String, Vec<u8>>>>);

struct Open(Folder, String);

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .0
            .borrow_mut()
            .get_mut(&self.1)
            .expect("the file was made")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn files(seed: u64, config: Config) -> BTreeMap<String, Vec<u8>> {
    let folder = Folder::default();
    let create = |path: &str| {
        folder.0.borrow_mut().insert(path.to_owned(), Vec::new());
        Ok(Open(folder.clone(), path.to_owned()))
    };
    write_files(&Generator::new(seed, config), create, |_| {}).expect("memory can be written to");
    folder.0.take()
}

#[test]
fn the_same_seed_gives_the_same_files_and_another_seed_others() {
    let config = || Config::new(300, 7);
    assert_eq!(files(5, config()), files(5, config()));
    assert_ne!(files(5, config()), files(6, config()));
}

#[test]
fn totals_come_out_exactly() {
    let rows = all(3, Config::new(10_000, 9));
    let count = |of: fn(&Bundle) -> usize| rows.iter().map(|(_, bundle)| of(bundle)).sum::<usize>();
    assert_eq!(rows.len(), 10_000);
    assert_eq!(count(|bundle| bundle.vehicles().len()), 12_000);
    assert_eq!(count(|bundle| bundle.visits().len()), 62_400);
    assert_eq!(count(|bundle| bundle.complaints().len()), 2_500);
}

#[test]
fn the_bench_shape_records_everyone_once_and_honestly() {
    let rows = all(
        3,
        Config {
            customers: 2_000,
            ..Config::bench()
        },
    );
    let entities: HashSet<_> = rows.iter().map(|(_, bundle)| bundle.entity).collect();
    assert_eq!(entities.len(), rows.len());
    assert!(rows.iter().all(|(_, bundle)| {
        !bundle
            .dirt
            .iter()
            .any(|dirt| matches!(dirt, Dirt::Falsified(_)))
    }));
}

#[test]
fn clean_rows_pass_the_validators_and_share_no_id_number() {
    let config = Config {
        dirt: 0.0,
        falsifying_share: 0.0,
        ..Config::new(5_000, 4)
    };
    let today = config.as_of;
    let mut owners: HashMap<String, u64> = HashMap::new();
    let mut people = (0, 0);
    for (_, bundle) in all(11, config) {
        let row = &bundle.customer;
        assert!(Phone::parse(row.get("phone")).is_ok());
        for (column, is_valid) in [
            ("vin", Vin::parse(row.get("vin")).is_ok()),
            ("plate", Plate::parse(row.get("plate")).is_ok()),
        ] {
            assert!(is_valid || row.get(column).is_empty(), "{column}");
        }
        if row.get("kind") == "organization" {
            assert!(
                row.get("credit_code").is_empty()
                    || CreditCode::parse(row.get("credit_code"))
                        .is_ok_and(|code| code.inner_check_matches())
            );
            continue;
        }
        people.0 += 1;
        let id = row.get("id_number");
        if id.is_empty() {
            continue;
        }
        people.1 += 1;
        let birth = IdDocument::parse(id, today)
            .expect("the ID number is valid")
            .birth_date()
            .expect("it has a birthday");
        assert!(row.get("birthday").is_empty() || row.get("birthday") == birth.to_string());
        assert_eq!(
            *owners.entry(id.to_owned()).or_insert(bundle.entity),
            bundle.entity
        );
    }
    let share = f64::from(people.1) / f64::from(people.0);
    assert!(
        (0.4..0.65).contains(&share),
        "about half have an ID number: {share}"
    );
}

#[test]
fn no_two_cars_have_one_vin() {
    let mut plates: HashMap<String, String> = HashMap::new();
    for (_, bundle) in all(
        12,
        Config {
            duplicate_share: 0.0,
            ..Config::new(20_000, 4)
        },
    ) {
        for vehicle in bundle.vehicles() {
            let (vin, made) = (
                vehicle.get("vin"),
                [
                    vehicle.get("model"),
                    vehicle.get("color"),
                    vehicle.get("sale_date"),
                ]
                .join(" "),
            );
            // A used car is in two owners' rows, as the same car.
            assert_eq!(
                *plates.entry(vin.to_owned()).or_insert_with(|| made.clone()),
                made
            );
        }
    }
}

#[test]
fn a_fifth_of_the_rows_are_further_records_of_somebody() {
    let rows = all(2, Config::new(20_000, 12));
    let mut dealers: HashMap<u64, HashSet<&str>> = HashMap::new();
    for (dealer, bundle) in &rows {
        dealers.entry(bundle.entity).or_default().insert(dealer);
    }
    let further = 1.0 - dealers.len() as f64 / rows.len() as f64;
    assert!((0.17..0.23).contains(&further), "{further}");
    assert!(
        dealers.values().filter(|known| known.len() > 1).count() > 1_000,
        "several dealers know one customer"
    );
    assert_eq!(
        rows.iter()
            .filter(|(_, bundle)| bundle.is_first_of_entity)
            .count(),
        dealers.len()
    );
}

#[test]
fn odometers_grow_from_visit_to_visit_unless_made_up() {
    for (_, bundle) in all(9, Config::new(3_000, 3)) {
        let mut last: HashMap<&str, (String, u64)> = HashMap::new();
        for visit in bundle.visits() {
            let (day, km) = (
                visit.get("opened_at")[..10].to_owned(),
                visit.get("odometer_km").parse::<u64>().unwrap(),
            );
            if let Some((day_before, km_before)) = last.insert(visit.get("vin"), (day.clone(), km))
            {
                assert!(day_before <= day && (km_before <= km || day_before == day));
            }
            assert!(!bundle.has_fake_mileage || km.is_multiple_of(5_000));
        }
    }
}

#[test]
fn odometers_of_a_car_in_several_rows_grow_over_all_of_them() {
    let config = Config {
        dirt: 0.0,
        falsifying_share: 0.0,
        ..Config::new(20_000, 5)
    };
    let mut readings: HashMap<String, Vec<(String, u64)>> = HashMap::new();
    for (_, bundle) in all(1, config) {
        for visit in bundle.visits() {
            let read = (
                visit.get("opened_at").to_owned(),
                visit.get("odometer_km").parse::<u64>().unwrap(),
            );
            let of_car = readings.entry(visit.get("vin").to_owned());
            of_car.or_default().push(read);
        }
    }
    for (vin, mut of_car) in readings {
        of_car.sort();
        assert!(of_car.is_sorted_by_key(|(_, km)| *km), "{vin}: {of_car:?}");
    }
}

#[test]
fn every_way_to_falsify_is_met_and_noted() {
    let generator = Generator::new(
        4,
        Config {
            falsifying_share: 1.0,
            ..Config::new(8_000, 16)
        },
    );
    let mut met: HashSet<&str> = HashSet::new();
    for (dealer, bundle) in generator.all_rows() {
        for dirt in &bundle.dirt {
            if let Dirt::Falsified(way) = dirt {
                assert!(dealer.falsifies.contains(way));
                assert!(
                    *way != Falsification::ShowroomPhone
                        || bundle.customer.get("phone") == dealer.showroom_phone,
                    "what was made up later in the same column takes the flag with it"
                );
                met.insert(way.name());
            }
        }
        if bundle.has_fake_mileage {
            met.insert(Falsification::FakeMileage.name());
        }
    }
    assert_eq!(met.len(), Falsification::ALL.len());
}

#[test]
fn every_file_is_read_back_with_all_columns_known() {
    let config = Config::new(600, 6);
    let written = files(8, config);
    let mut rows = BTreeMap::new();
    for (path, bytes) in written.iter().filter(|(path, _)| path.starts_with('D')) {
        let kind = path
            .split(['/', '.'])
            .nth(1)
            .expect("paths are dealer/kind.csv");
        let schema: &'static Schema = Schema::of(kind).expect("the four kinds");
        let mut table = Table::open(
            Cursor::new(bytes.clone()),
            None,
            Limits::default(),
            schema,
            None,
        )
        .unwrap();
        assert!(
            table.header_map().extras().is_empty(),
            "{path}: {:?}",
            table.header_map().extras()
        );
        loop {
            match table.next_row().unwrap() {
                Next::Row => *rows.entry(kind.to_owned()).or_insert(0) += 1,
                Next::End => break,
                Next::Bad(problem) => panic!("{path}: {problem}"),
            }
        }
    }
    assert_eq!(
        rows.into_iter().collect::<Vec<_>>(),
        [
            ("complaints".into(), 150),
            ("customers".into(), 600),
            ("vehicles".into(), 720),
            ("visits".into(), 3744)
        ]
    );
}

#[test]
fn the_truth_has_a_line_for_every_customer_row() {
    let written = files(8, Config::new(400, 3));
    let truth = String::from_utf8(written["truth/customers.csv"].clone()).unwrap();
    let keys: HashSet<_> = truth
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(keys.len(), 400);
    let mut table = Table::open(
        Cursor::new(written["D002/customers.csv"].clone()),
        None,
        Limits::default(),
        &CUSTOMERS,
        None,
    )
    .unwrap();
    while table.next_row().unwrap() == Next::Row {
        assert!(keys.contains(table.get(0)));
    }
}

#[test]
fn a_network_of_one_row_or_none_works() {
    assert_eq!(all(1, Config::new(0, 3)).len(), 0);
    assert_eq!(all(1, Config::new(1, 3)).len(), 1);
}

#[test]
fn clean_files_hold_no_word_that_is_not_understood() {
    let config = Config {
        dirt: 0.0,
        ..Config::new(400, 2)
    };
    let written = files(7, config);
    let words = |path: &str, schema: &'static Schema, column: &str| {
        let file = Cursor::new(written[path].clone());
        let mut table = Table::open(file, None, Limits::default(), schema, None).unwrap();
        let place = schema.column(column).expect("the column is the schema's");
        let mut words = HashSet::new();
        while table.next_row().unwrap() == Next::Row {
            words.insert(table.get(place).to_owned());
        }
        words
    };
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    let kinds = words("D001/visits.csv", &VISITS, "kind");
    assert!(kinds.len() > 3, "{kinds:?}");
    for kind in &kinds {
        let row = VisitRow {
            kind: Some(kind),
            ..VisitRow::default()
        };
        assert!(clean_visit(&row, today).record.kind.is_some(), "{kind}");
    }
    for energy in words("D001/vehicles.csv", &VEHICLES, "energy_type") {
        let row = VehicleRow {
            energy_type: Some(&energy),
            ..VehicleRow::default()
        };
        let cleaned = clean_vehicle(&row, today);
        assert!(cleaned.record.energy_type.is_some(), "{energy}");
    }
}
