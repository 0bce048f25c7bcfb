//! People, and what dealers know of them.

use marque_core::{SourceRecordId, source_record_id};
use marque_testkit::{ACustomer, a_customer, id_number, phone, vin};

use crate::simulation::services::DEALERS;

pub(super) const PERSONS: u32 = 6;

/// A record of a dealer's, and whose it really is.
pub(super) struct Record {
    pub(super) id: SourceRecordId,
    pub(super) dealer: usize,
    pub(super) key: String,
    pub(super) person: u32,
    pub(super) says: ACustomer,
}

/// The records of all persons: of some every record bears the ID number, of some the phone, and of some one record alone
/// shows that the two others are one.
pub(super) fn records(seed: u64) -> Vec<Record> {
    (0..PERSONS)
        .flat_map(|person| of_person(seed, person))
        .collect()
}

fn of_person(seed: u64, person: u32) -> Vec<Record> {
    let named = || a_customer().named(name(person));
    let (number, phone, vin) = (id_number(person), phone(person), vin(person));
    let says = match person % 3 {
        0 => vec![
            named().with_id_number(&number).with_phone(&phone),
            named().with_id_number(&number),
            named().with_id_number(&number),
        ],
        1 => vec![
            named().with_phone(&phone),
            named().with_phone(&phone),
            named().with_phone(&phone),
        ],
        _ => vec![
            named().with_phone(&phone).driving(&vin),
            named().with_id_number(&number),
            named()
                .with_phone(&phone)
                .driving(&vin)
                .with_id_number(&number),
        ],
    };
    says.into_iter()
        .enumerate()
        .map(|(dealer, says)| {
            let key = format!("S{seed}P{person}");
            let code = DEALERS[dealer].parse().unwrap();
            Record {
                id: source_record_id(&code, "dms", &key),
                dealer,
                key,
                person,
                says,
            }
        })
        .collect()
}

/// A name of his own: of many who share one, a phone alone does not say whose a record is.
fn name(n: u32) -> String {
    let given: Vec<char> = "晓岚志强建国丽华文博海燕春梅玉兰明辉雪松".chars().collect();
    let at = n as usize;
    ['欧', '阳', given[at % 20], given[(at * 7 + at / 20) % 20]]
        .iter()
        .collect()
}
