//! Falsified records of a file whose truth is known. The file lies beside the workspace and is no part of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use chrono::NaiveDate;
use marque_quality::{
    CustomerRow, Field, RecordKind, clean_customer,
    falsification::{Entry, EntryExtras, EntryState, Settings, assess},
    number,
};
use marque_tabular::{Limits, Next, Reader, Row};

/// Flags that mean invention; all others are honest dirt.
const INVENTED: [&str; 8] = [
    "showroom_phone",
    "placeholder_phone",
    "sequential_phone",
    "sales_phone",
    "sales_id",
    "made_up_id",
    "copied_address",
    "monthend",
];

/// One record: number, dealer, facts.
type Record = (String, String, Entry);

#[test]
fn falsified_records_and_dealers_of_a_known_file_are_found() {
    let Some(folder) = folder() else {
        eprintln!("skipped: ../shared/data/dealers is not there");
        return;
    };
    let records = records(&folder.join("customers_20k.csv"));
    let mut units: BTreeMap<String, EntryState> = BTreeMap::new();
    for (_, dealer, entry) in &records {
        units.entry(dealer.clone()).or_default().add(entry);
    }
    let assessment = assess(&units, Settings::default());
    let said: BTreeSet<&str> = records
        .iter()
        .filter(|(_, dealer, entry)| !assessment.signs(dealer, entry).is_empty())
        .map(|(id, ..)| id.as_str())
        .collect();
    let truth = rows(&folder.join("customers_20k.flags.csv"), |cells| {
        cells[1].split(';').any(|flag| INVENTED.contains(&flag))
    });
    let hit = said.iter().filter(|id| truth.contains(**id)).count();
    let (precision, recall) = (
        hit as f64 / said.len() as f64,
        hit as f64 / truth.len() as f64,
    );
    assert!(
        precision >= 0.95 && recall >= 0.90,
        "precision {precision:.3}, recall {recall:.3}"
    );

    let bad = rows(&folder.join("customers_20k.dealers.csv"), |cells| {
        !cells[3].is_empty()
    });
    let named: BTreeSet<String> = assessment
        .suspects
        .iter()
        .map(|suspect| suspect.unit.clone())
        .collect();
    assert!(named.is_subset(&bad), "honest dealers are named");
    let missed: Vec<&String> = bad.difference(&named).collect();
    assert!(missed.is_empty(), "dealers are missed: {missed:?}");
}

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/dealers");
    folder.join("customers_20k.csv").exists().then_some(folder)
}

fn reader(path: &Path) -> Reader {
    let file = BufReader::new(File::open(path).expect("the file is there"));
    Reader::open(file, None, Limits::default()).expect("a file with a header")
}

/// The first cells of the rows that fit.
fn rows(path: &Path, fits: impl Fn(&[&str]) -> bool) -> BTreeSet<String> {
    let (mut reader, mut row, mut found) = (reader(path), Row::new(), BTreeSet::new());
    while reader.next_row(&mut row).expect("readable") == Next::Row {
        let cells: Vec<&str> = row.iter().collect();
        if fits(&cells) {
            found.insert(cells[0].to_owned());
        }
    }
    found
}

fn records(path: &Path) -> Vec<Record> {
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    let (mut reader, mut row, mut records) = (reader(path), Row::new(), Vec::new());
    let place = |reader: &Reader, name: &str| {
        reader
            .headers()
            .iter()
            .position(|header| header == name)
            .expect("the column is there")
    };
    let (dealer, mileage) = (place(&reader, "dealer_id"), place(&reader, "mileage"));
    let fields: Vec<Option<Field>> = reader
        .headers()
        .iter()
        .map(|header| Field::recognise(RecordKind::Customers, header))
        .collect();
    while reader.next_row(&mut row).expect("readable") == Next::Row {
        let mut cells = CustomerRow::default();
        for (field, cell) in fields.iter().zip(row.iter()) {
            if let Some(field) = field {
                cells.set(*field, Some(cell));
            }
        }
        let odometer_km = number::parse_odometer(row.field(mileage)).map(|reading| reading.km);
        let entry = Entry::of(
            &cells,
            &clean_customer(&cells, today),
            EntryExtras { odometer_km },
        );
        records.push((row.field(0).to_owned(), row.field(dealer).to_owned(), entry));
    }
    records
}
