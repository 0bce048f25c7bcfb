//! Dealer files for the batch engine.

use rayon::prelude::*;

use super::compare::{CLASSES, Frequencies, HUB, field_specs};
use super::keys::{KEY_KINDS, KeyKind, key_hash, visit_keys};
use super::name::Kind;
use super::name_statistics::NameStatistics;
use super::prepared::{DealerRecord, Identity, Prepared, prepare};
use crate::batch::{BatchOptions, Blocker};
use crate::cluster::Limits;
use crate::codes;
use crate::schema::{Mapping, Role, is_organisation};
use crate::score::{Comparator, FieldSpec, Outcome};
use crate::table::Table;
use crate::text::hash::stable_hash;

/// Prepared records with the frequencies of their values.
pub struct DealerRecords {
    records: Vec<Prepared>,
    frequencies: Vec<Frequencies>,
    fields: Vec<FieldSpec>,
}

/// True if a table looks like dealers' customers: Chinese names, with at least one of the numbers dealers keep.
pub fn is_dealer_table(table: &Table, mapping: &Mapping) -> bool {
    let has = |role| mapping.roles.contains(&role);
    let Some(name) = mapping
        .roles
        .iter()
        .position(|role| *role == Role::FullName)
    else {
        return false;
    };
    let step = (table.rows() / 1_000).max(1);
    let (mut filled, mut chinese) = (0, 0);
    for row in (0..table.rows()).step_by(step) {
        let value = table.cell(row, name);
        filled += u32::from(!value.trim().is_empty());
        chinese += u32::from(value.chars().any(crate::text::fold::is_han));
    }
    chinese * 2 > filled
        && (has(Role::ResidentId)
            || has(Role::Vin)
            || has(Role::Plate)
            || has_chinese_mobiles(table, mapping))
}

/// Names in Chinese characters are written in Japan too.
fn has_chinese_mobiles(table: &Table, mapping: &Mapping) -> bool {
    let step = (table.rows() / 1_000).max(1);
    mapping
        .roles
        .iter()
        .enumerate()
        .filter(|(_, role)| **role == Role::Phone)
        .any(|(column, _)| {
            let cells = (0..table.rows()).step_by(step);
            let (mut filled, mut mobile) = (0_u32, 0_u32);
            for cell in cells.map(|row| table.cell(row, column)) {
                filled += u32::from(!cell.trim().is_empty());
                mobile += u32::from(codes::mobile(cell).is_some());
            }
            mobile * 4 > filled
        })
}

impl DealerRecords {
    /// Prepares all rows of a table, in parallel.
    pub fn from_table(table: &Table, mapping: &Mapping) -> Self {
        let columns = |wanted: Role| -> Vec<usize> {
            mapping
                .roles
                .iter()
                .enumerate()
                .filter(|(_, role)| **role == wanted)
                .map(|(column, _)| column)
                .collect()
        };
        let one = |wanted| columns(wanted).first().copied();
        let (name, id, plate, vin) = (
            one(Role::FullName),
            columns(Role::ResidentId),
            one(Role::Plate),
            one(Role::Vin),
        );
        let (address, birthday, gender) = (one(Role::Address), one(Role::Date), one(Role::Gender));
        let (contact, kind, email, phones) = (
            one(Role::Contact),
            one(Role::Kind),
            one(Role::Email),
            columns(Role::Phone),
        );
        let records = (0..table.rows())
            .into_par_iter()
            .with_min_len(1024)
            .map(|row| {
                let cell =
                    |column: Option<usize>| column.map_or("", |column| table.cell(row, column));
                let numbers: Vec<&str> = phones
                    .iter()
                    .map(|column| table.cell(row, *column))
                    .collect();
                prepare(&DealerRecord {
                    kind: kind_of(cell(kind)),
                    name: cell(name),
                    id_number: cell(id.first().copied()),
                    credit_code: cell(id.get(1).copied()),
                    phones: &numbers,
                    plate: cell(plate),
                    vin: cell(vin),
                    address: cell(address),
                    birthday: cell(birthday),
                    gender: cell(gender),
                    contact: cell(contact),
                    email: cell(email),
                })
            })
            .collect();
        Self::new(records)
    }

    /// Counts the frequencies of prepared records.
    pub fn new(records: Vec<Prepared>) -> Self {
        let frequencies = count_frequencies(&records);
        Self {
            records,
            frequencies,
            fields: field_specs(),
        }
    }

    /// Batch options fit for dealers' customers: a person has several phones and cars, so that disagreement counts for little
    /// once a name and one of them agree.
    pub fn options(options: BatchOptions) -> BatchOptions {
        let limits = Limits {
            join_bits: -1.0,
            large_bits: 2.0,
            least_bits: -2.0,
            ..options.limits
        };
        BatchOptions { limits, ..options }
    }

    /// The prepared records.
    pub fn records(&self) -> &[Prepared] {
        &self.records
    }

    /// The frequencies of the records' values.
    pub fn frequencies(&self) -> &[Frequencies] {
        &self.frequencies
    }
}

fn kind_of(text: &str) -> Option<Kind> {
    is_organisation(text).map(|is_organisation| {
        if is_organisation {
            Kind::Organisation
        } else {
            Kind::Person
        }
    })
}

type Value = fn(&Prepared) -> u64;
type Put = fn(&mut Frequencies, u32);

/// Values counted by how many records hold them.
const BY_RECORDS: [(Value, Put); 1] = [(birth_value, |f, n| f.birth = n)];

/// Names, counted by how many different birthdays (of organisations: credit codes) their bearers have.
const BY_BEARERS: [(Value, Put); 2] = [
    (
        |record| {
            if record.name.is_empty() {
                0
            } else {
                stable_hash(&[record.name.as_bytes()])
            }
        },
        |f, n| f.name = n,
    ),
    (|record| record.sound, |f, n| f.sound = n),
];

fn birth_value(record: &Prepared) -> u64 {
    record.birth.map_or(0, |birth| u64::from(birth.packed()))
}

fn bearer(record: &Prepared) -> u64 {
    if record.kind == Kind::Organisation {
        identity_value(record)
    } else {
        birth_value(record)
    }
}

/// Whoever is named by a title alone is not counted as a further person.
fn person(record: &Prepared) -> u64 {
    if record.has_full_name() {
        record.sound
    } else {
        0
    }
}

/// Values counted by how many differently named people hold them.
const BY_PEOPLE: [(Value, Put); 4] = [
    (identity_value, |f, n| f.identity = n),
    (
        |record| {
            if record.vin.len() < 6 {
                0
            } else {
                stable_hash(&[&record.vin.as_bytes()[record.vin.len() - 6..]])
            }
        },
        |f, n| f.vin = n,
    ),
    (
        |record| {
            if record.plate.is_empty() {
                0
            } else {
                stable_hash(&[record.plate.as_bytes()])
            }
        },
        |f, n| f.plate = n,
    ),
    (
        |record| {
            if record.address.home == 0 {
                record.address.whole
            } else {
                record.address.home
            }
        },
        |f, n| f.address = n,
    ),
];

fn identity_value(record: &Prepared) -> u64 {
    match &record.identity {
        Identity::Resident(text, _) | Identity::Credit(text) => stable_hash(&[text]),
        Identity::Masked(division, tail) => stable_hash(&[division, tail]),
        Identity::Unknown => 0,
    }
}

fn count_frequencies(records: &[Prepared]) -> Vec<Frequencies> {
    let population = records.len() as u32;
    let mut frequencies = vec![
        Frequencies {
            population,
            ..Frequencies::default()
        };
        records.len()
    ];
    for (value, put) in BY_RECORDS {
        count_into(records, value, None, &mut frequencies, put);
    }
    for (value, put) in BY_BEARERS {
        count_into(records, value, Some(bearer), &mut frequencies, put);
    }
    for (value, put) in BY_PEOPLE {
        count_into(records, value, Some(person), &mut frequencies, put);
    }
    count_phones(records, &mut frequencies);
    let names = NameStatistics::new(records);
    frequencies
        .par_iter_mut()
        .zip(records)
        .for_each(|(frequencies, record)| {
            (frequencies.name_share, frequencies.sound_share) = names.shares(record);
        });
    frequencies
}

/// Counts, for each record, the records with its value, or the different `who` among them; a `who` of 0 is nobody.
fn count_into(
    records: &[Prepared],
    value: Value,
    who: Option<Value>,
    frequencies: &mut [Frequencies],
    put: Put,
) {
    let entries: Vec<Entry> = records
        .par_iter()
        .enumerate()
        .map(|(at, record)| (value(record), who.map_or(0, |who| who(record)), at as u32))
        .filter(|(value, ..)| *value != 0)
        .collect();
    for_each_value(entries, |same| {
        let count = if who.is_some() {
            people_among(same)
        } else {
            same.len() as u32
        };
        for (_, _, at) in same {
            put(&mut frequencies[*at as usize], count);
        }
    });
}

/// The people who have each phone, whether as their first or as their second.
fn count_phones(records: &[Prepared], frequencies: &mut [Frequencies]) {
    let entries: Vec<Entry> = records
        .par_iter()
        .enumerate()
        .flat_map_iter(|(at, record)| {
            let phones = record.phones.iter().filter(|phone| **phone != 0);
            phones.map(move |phone| (*phone, person(record), at as u32))
        })
        .collect();
    for_each_value(entries, |same| {
        let count = people_among(same).max(births_among(records, same));
        for (phone, _, at) in same {
            let at = *at as usize;
            let slot = records[at].phones.iter().position(|own| own == phone);
            frequencies[at].phones[slot.unwrap_or(0)] = count;
        }
    });
}

/// A value, who holds it and in which record.
type Entry = (u64, u64, u32);

fn for_each_value(mut entries: Vec<Entry>, see: impl FnMut(&[Entry])) {
    entries.par_sort_unstable();
    entries.chunk_by(|a, b| a.0 == b.0).for_each(see);
}

/// Different people among entries of one value, sorted by who holds it; at least one.
fn people_among(same: &[Entry]) -> u32 {
    let people = same.chunk_by(|a, b| a.1 == b.1);
    people.filter(|person| person[0].1 != 0).count().max(1) as u32
}

/// Different birthdays among entries of one value: twenty of the name 王先生 with one phone are no one person.
fn births_among(records: &[Prepared], same: &[Entry]) -> u32 {
    if same.len() < HUB as usize {
        return 0;
    }
    let births = same
        .iter()
        .map(|(_, _, at)| birth_value(&records[*at as usize]));
    let mut births: Vec<u64> = births.filter(|birth| *birth != 0).collect();
    births.sort_unstable();
    births.dedup();
    births.len() as u32
}

impl Comparator for DealerRecords {
    fn len(&self) -> usize {
        self.records.len()
    }

    fn fields(&self) -> &[FieldSpec] {
        &self.fields
    }

    fn classes(&self) -> &[&'static str] {
        CLASSES
    }

    fn compare(&self, left: u32, right: u32) -> Outcome {
        // Values that both hold have the same frequencies; the order is fixed so that the result is symmetric.
        let (first, second) = (left.min(right) as usize, left.max(right) as usize);
        super::compare::compare(
            &self.records[first],
            &self.records[second],
            &self.frequencies[first],
            &self.frequencies[second],
        )
    }
}

impl Blocker for DealerRecords {
    fn schema(&self) -> String {
        "dealer".to_owned()
    }

    fn key_kinds(&self) -> Vec<String> {
        KeyKind::ALL
            .iter()
            .map(|kind| kind.words().to_owned())
            .collect()
    }

    fn twins(&self) -> Option<(usize, usize)> {
        Some((KeyKind::Phone as usize, KeyKind::SecondPhone as usize))
    }

    fn write_keys(&self, record: u32, row: &mut [u64]) {
        debug_assert_eq!(row.len(), KEY_KINDS);
        visit_keys(&self.records[record as usize], |kind, parts| {
            row[kind as usize] = key_hash(kind.place(), parts);
        });
    }

    fn refine(&self, record: u32, step: u8) -> u64 {
        let record = &self.records[record as usize];
        match step {
            0 => record
                .surname_sound
                .max(u64::from(record.surname_sound == 0)),
            1 => record.sound,
            _ => crate::text::hash::join(record.sound, record.phones[0] ^ record.address.home),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DealerRecord, prepare};
    use super::*;

    #[test]
    fn a_phone_of_many_birthdays_is_nobodys_whoever_is_named_by_a_title() {
        let birthdays: Vec<String> = (0..12).map(|at| format!("19{}-03-14", 60 + at)).collect();
        let records: Vec<Prepared> = birthdays
            .iter()
            .map(|birthday| {
                prepare(&DealerRecord {
                    name: "王先生",
                    phones: &["13912345678"],
                    birthday,
                    ..DealerRecord::default()
                })
            })
            .collect();
        assert_eq!(count_frequencies(&records)[0].phones[0], 12);
        assert_eq!(count_frequencies(&records[..3])[0].phones[0], 1);
    }

    #[test]
    fn japanese_customers_are_no_chinese_ones() {
        for (mobile, is_dealers) in [("13912345678", true), ("090-1234-5678", false)] {
            let mut table = Table::new(["氏名", "電話番号"].map(str::to_owned).to_vec());
            for _ in 0..30 {
                table.push_row(["高橋美咲", mobile]).unwrap();
            }
            let mapping = Mapping {
                roles: vec![Role::FullName, Role::Phone],
            };
            assert_eq!(is_dealer_table(&table, &mapping), is_dealers, "{mobile}");
        }
    }

    #[test]
    fn one_records_first_phone_is_found_in_the_others_second() {
        let record = |name, phones: &[&str]| {
            prepare(&DealerRecord {
                name,
                phones,
                ..DealerRecord::default()
            })
        };
        let mut records: Vec<Prepared> = (0..200)
            .map(|at| record("周大勇", &[&format!("1391{:07}", at * 7919)]))
            .collect();
        records.push(record("谭晓岚", &["15012345679", "18612345670"]));
        records.push(record("谭女士", &["18612345670"]));
        let linked = crate::batch::link(
            &DealerRecords::new(records),
            Some(super::super::default_model()),
            DealerRecords::options(BatchOptions::default()),
        );
        assert_eq!(linked.clusters.entity[200], linked.clusters.entity[201]);
        let pairs = linked
            .edges
            .iter()
            .filter(|edge| (edge.left, edge.right) == (200, 201));
        assert_eq!(pairs.count(), 1);
    }

    #[test]
    fn a_phone_is_as_common_as_its_people_whichever_of_a_records_phones_it_is() {
        const SHOWROOM: &str = "13912345678";
        let names = [
            "谭晓岚",
            "周大勇",
            "贺小梅",
            "孟凡星",
            "鲁建国",
            "石秀英",
            "崔梓轩",
            "袁桂兰",
            "邹子涵",
        ];
        let mut records: Vec<Prepared> = names
            .iter()
            .map(|name| {
                prepare(&DealerRecord {
                    name,
                    phones: &[SHOWROOM],
                    ..DealerRecord::default()
                })
            })
            .collect();
        records.push(prepare(&DealerRecord {
            name: "钱多多",
            phones: &["15012345679", SHOWROOM],
            ..DealerRecord::default()
        }));
        let frequencies = count_frequencies(&records);
        assert_eq!(frequencies[0].phones[0], 10);
        assert_eq!(frequencies[9].phones, [1, 10]);
        // So many people share it that it links nobody, though each of these has no other.
        let outcome = super::super::compare::compare(
            &records[0],
            &records[9],
            &frequencies[0],
            &frequencies[9],
        );
        let phone = field_specs()
            .iter()
            .position(|field| field.name.contains("phone"));
        assert_eq!(outcome.levels[phone.unwrap()], 0);
    }
}
