//! Invented networks of dealers, honest but for the ones named in each test.

mod clerks;
mod ids;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::*;
use crate::{clean_customer, dictionary::CustomerRow};

/// One row of an invented dealer.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) id_number: String,
    pub(super) address: String,
    pub(super) plate: String,
    pub(super) recorded_at: String,
    pub(super) odometer: u32,
}

const SURNAMES: [&str; 12] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙",
];
const OFFICES: [&str; 4] = ["A", "B", "C", "D"];

/// Numbers without a pattern, the same in every run (a linear congruence).
fn scramble(seed: u64) -> u64 {
    seed.wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407)
        >> 20
}

fn honest(dealer: u64, i: u64) -> Row {
    let noise = scramble(dealer * 100_003 + i);
    let day = NaiveDate::from_ymd_opt(2024, 1, 1).expect("a day") + Days::new(noise % 700);
    let given = char::from_u32(0x5B50 + (noise % 900) as u32).expect("an ideograph");
    Row {
        name: format!("{}{given}", SURNAMES[(noise / 7 % 12) as usize]),
        phone: format!("1{}{:09}", 3 + noise % 7, scramble(noise) % 1_000_000_000),
        id_number: String::new(),
        address: format!(
            "河北省石家庄市裕华区样例路{}号{}室",
            noise % 997 + 1,
            noise / 11 % 2000 + 100
        ),
        plate: format!(
            "冀{}{:05}",
            OFFICES[(noise / 3 % 4) as usize],
            scramble(noise + 1) % 100_000
        ),
        recorded_at: format!("{day} {:02}:{:02}", 9 + noise % 9, noise / 13 % 60),
        odometer: (noise % 180_000) as u32 + 7,
    }
}

/// An ID number of somebody of 石家庄, with its check character.
pub(super) fn id_number(i: u64) -> String {
    let noise = scramble(i + 77);
    let body = format!(
        "130108{}{:02}{:02}{:03}",
        1960 + noise % 40,
        noise / 7 % 12 + 1,
        noise / 11 % 28 + 1,
        noise / 13 % 999
    );
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum = body
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| usize::from(digit - b'0') * weight);
    let check = &"10X98765432"[sum.sum::<usize>() % 11..][..1];
    format!("{body}{check}")
}

fn entry(row: &Row) -> Entry {
    let cells = CustomerRow {
        source_key: Some("K"),
        name: Some(&row.name),
        phone: Some(&row.phone),
        id_number: Some(&row.id_number),
        address: Some(&row.address),
        plate: Some(&row.plate),
        recorded_at: Some(&row.recorded_at),
        ..CustomerRow::default()
    };
    let today = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
    Entry::of(
        &cells,
        &clean_customer(&cells, today),
        EntryExtras {
            odometer_km: Some(row.odometer),
        },
    )
}

/// Thirty dealers of 300 rows; dealer 7 changes his.
pub(super) fn network(change: impl Fn(u64, &mut Row)) -> (Assessment, Vec<Entry>) {
    network_by(Settings::default(), change)
}

fn network_by(settings: Settings, change: impl Fn(u64, &mut Row)) -> (Assessment, Vec<Entry>) {
    let mut units = BTreeMap::new();
    let mut of_seven = Vec::new();
    for dealer in 0..30 {
        let mut state = EntryState::default();
        for i in 0..300 {
            let mut row = honest(dealer, i);
            if dealer == 7 {
                change(i, &mut row);
            }
            let entry = entry(&row);
            state.add(&entry);
            if dealer == 7 {
                of_seven.push(entry);
            }
        }
        units.insert(format!("D{dealer}"), state);
    }
    (assess(&units, settings), of_seven)
}

/// Dealer 7 is the only suspect, for this kind; and exactly the changed rows bear its sign, or nearly so.
fn finds(kind: Kind, changed: u64, change: impl Fn(u64, &mut Row)) {
    let (assessment, entries) = network(|i, row| {
        if i < changed {
            change(i, row);
        }
    });
    let named: Vec<(&str, Kind)> = assessment
        .suspects
        .iter()
        .map(|suspect| (suspect.unit.as_str(), suspect.kind))
        .collect();
    assert_eq!(named, [("D7", kind)]);
    let signed: Vec<bool> = entries
        .iter()
        .map(|entry| {
            assessment
                .signs("D7", entry)
                .iter()
                .any(|sign| sign.kind == kind)
        })
        .collect();
    let hit = signed[..changed as usize]
        .iter()
        .filter(|signed| **signed)
        .count() as u64;
    let wrong = signed[changed as usize..]
        .iter()
        .filter(|signed| **signed)
        .count() as u64;
    assert!(
        hit * 10 >= changed * 9 && wrong * 10 <= changed,
        "{hit} of {changed} found, {wrong} wrongly"
    );
}

#[test]
fn an_honest_network_has_no_suspects() {
    let (assessment, entries) = network(|_, _| {});
    assert!(assessment.suspects.is_empty(), "{:?}", assessment.suspects);
    assert!(
        entries
            .iter()
            .all(|entry| assessment.signs("D7", entry).is_empty())
    );
}

#[test]
fn a_showroom_phone_is_found() {
    finds(Kind::ShowroomPhone, 12, |_, row| {
        row.phone = "13912340567".to_owned();
    });
}

#[test]
fn a_showrooms_landline_is_found() {
    finds(Kind::ShowroomPhone, 24, |_, row| {
        "031187654321".clone_into(&mut row.phone);
    });
    // Companies are among the customers, and one of them explains no more.
    finds(Kind::ShowroomPhone, 24, |i, row| {
        "031187654321".clone_into(&mut row.phone);
        if i % 8 == 0 {
            row.name = format!(
                "石家庄样例{}有限公司",
                ["机械", "商贸", "物流"][i as usize / 8]
            );
        }
    });
}

#[test]
fn landlines_of_few_people_each_are_found_where_they_are_many() {
    finds(Kind::StaffPhone, 40, |i, row| {
        row.phone = format!("03118765{:04}", i / 4 * 371);
    });
}

#[test]
fn staff_phones_are_found() {
    finds(Kind::StaffPhone, 24, |i, row| {
        row.phone = format!("1391234{:04}", 567 + i % 4 * 1011);
    });
}

#[test]
fn placeholder_phones_are_found() {
    finds(Kind::PlaceholderPhone, 15, |_, row| {
        row.phone = "13800000000".to_owned();
    });
}

#[test]
fn phones_of_a_pattern_are_found() {
    finds(Kind::PlaceholderPhone, 20, |i, row| {
        let (a, b) = (i % 10, (i + 3) % 10);
        row.phone = match i % 3 {
            0 => format!("136{a}{a}{b}{b}{b}{b}{a}{a}"),
            1 => format!("135{a}{b}{a}{b}{a}{b}{a}{b}"),
            _ => format!("139{a}7{b}4{a}7{b}4"),
        };
    });
}

#[test]
fn one_lucky_number_is_no_sign() {
    let (assessment, entries) = network(|i, row| {
        if i == 0 {
            "13611223344".clone_into(&mut row.phone);
        }
    });
    assert!(assessment.suspects.is_empty());
    assert!(assessment.signs("D7", &entries[0]).is_empty());
}

#[test]
fn numbers_left_out_of_a_long_sequence_are_of_it() {
    // Of each ten numbers the clerk counted, some customers were in the file before.
    let kept = [0, 1, 2, 3, 9, 10, 11, 12, 32, 33, 34, 35, 36, 50];
    finds(Kind::SequentialPhone, kept.len() as u64, |i, row| {
        row.phone = format!("1391234{:04}", 4000 + kept[i as usize]);
    });
}

#[test]
fn sequential_phones_are_found() {
    finds(Kind::SequentialPhone, 10, |i, row| {
        row.phone = format!("1391234{:04}", i + 1);
    });
}

#[test]
fn how_near_numbers_of_a_sequence_lie_is_a_setting() {
    for (sequence_gap, is_found) in [(5, true), (2, false)] {
        let settings = Settings {
            sequence_gap,
            ..Settings::default()
        };
        let (assessment, _) = network_by(settings, |i, row| {
            if i < 10 {
                row.phone = format!("1391234{:04}", 4000 + i * 3);
            }
        });
        let mut suspects = assessment.suspects.iter();
        let found = suspects.any(|suspect| suspect.kind == Kind::SequentialPhone);
        assert_eq!(found, is_found, "{sequence_gap}");
    }
}

#[test]
fn two_numbers_that_begin_a_block_are_found() {
    finds(Kind::SequentialPhone, 2, |i, row| {
        row.phone = format!("1391234{:04}", i + 1);
        row.name = ["王力", "李强"][i as usize].to_owned();
    });
}

#[test]
fn a_copied_address_is_found() {
    finds(Kind::CopiedAddress, 20, |_, row| {
        row.address = "河北省石家庄市裕华区汽车城1号".to_owned();
    });
}

#[test]
fn a_name_far_more_often_than_the_network_has_it_is_found() {
    finds(Kind::NameRepetition, 30, |_, row| {
        row.name = "欧阳若溪".to_owned();
    });
}

#[test]
fn bursts_at_the_end_of_months_are_found() {
    finds(Kind::MonthEndBurst, 150, |i, row| {
        row.recorded_at = format!("2025-{:02}-{}", [1, 3, 5, 7][(i % 4) as usize], 30 + i % 2);
    });
}

#[test]
fn round_readings_are_found() {
    finds(Kind::FakeMileage, 40, |i, row| {
        row.odometer = (i as u32 % 9 + 1) * 5000;
    });
}

#[test]
fn many_records_within_a_minute_are_found() {
    finds(Kind::EntryBurst, 20, |_, row| {
        row.recorded_at = "2025-03-05 14:07".to_owned();
    });
}

#[test]
fn a_burst_is_told_with_its_minute() {
    let (assessment, _) = network(|i, row| {
        if i < 20 {
            "2025-03-05 14:07".clone_into(&mut row.recorded_at);
        }
    });
    let day = NaiveDate::from_ymd_opt(2025, 3, 5).expect("a day");
    let minute = day.and_hms_opt(6, 7, 0).expect("14:07 in China").and_utc();
    let minute = (minute.timestamp() / 60) as u32;
    assert_eq!(assessment.burst_minute("D7"), Some(minute));
    assert_eq!(assessment.burst_minute("D0"), None);
}

/// Which of dealer 7's entries bear the sign of a burst, where so many each were entered at one blow.
fn in_bursts(blows: &[(&str, u64)]) -> (Assessment, Vec<bool>) {
    let times: Vec<&str> = blows
        .iter()
        .flat_map(|(at, entries)| (0..*entries).map(move |_| *at))
        .collect();
    let (assessment, entries) = network(|i, row| {
        if let Some(at) = times.get(i as usize) {
            (*at).clone_into(&mut row.recorded_at);
        }
    });
    let bears = |entry: &Entry| {
        let signs = assessment.signs("D7", entry);
        signs.iter().any(|sign| sign.kind == Kind::EntryBurst)
    };
    let bearing = entries[..times.len()].iter().map(bears).collect();
    (assessment, bearing)
}

#[test]
fn every_burst_bears_the_sign_and_none_is_mended_by_a_larger_one() {
    let first = ("2025-03-05 14:07", 18);
    let (before, bearing) = in_bursts(&[first]);
    assert_eq!(bearing, [true; 18]);
    let (after, bearing) = in_bursts(&[first, ("2025-04-09 15:20", 12), ("2025-06-17 10:45", 25)]);
    assert_eq!(bearing, [true; 55]);
    assert!(before.burst_minute("D7") < after.burst_minute("D7"));
}

#[test]
fn a_burst_reaches_into_the_next_minute() {
    let (_, bearing) = in_bursts(&[("2025-03-05 14:07", 12), ("2025-03-05 14:08", 4)]);
    assert_eq!(bearing, [true; 16]);
}

#[test]
fn the_rest_of_a_file_taken_over_is_no_burst() {
    let (assessment, bearing) = in_bursts(&[("2025-03-05 02:00", 70), ("2025-03-05 02:01", 30)]);
    assert_eq!(bearing, [false; 100]);
    assert!(assessment.suspects.is_empty());
}

#[test]
fn months_ends_of_a_dealer_alone_in_his_file_are_found() {
    for (one_in, is_found) in [(3, true), (15, false)] {
        let mut state = EntryState::default();
        for i in 0..300 {
            let mut row = honest(7, i);
            if i % one_in == 0 {
                row.recorded_at = format!(
                    "2025-{:02}-{}",
                    [1, 3, 5, 7][(i / one_in % 4) as usize],
                    30 + i % 2
                );
            }
            state.add(&entry(&row));
        }
        let units = BTreeMap::from([(String::new(), state)]);
        let suspects = assess(&units, Settings::default()).suspects;
        let mut kinds = suspects.iter().map(|suspect| suspect.kind);
        assert_eq!(
            kinds.any(|kind| kind == Kind::MonthEndBurst),
            is_found,
            "one in {one_in}"
        );
    }
}

#[test]
fn patterned_phones_of_a_dealer_alone_in_his_file_are_found() {
    let mut state = EntryState::default();
    for i in 0..300 {
        let mut row = honest(7, i);
        if i % 15 == 0 {
            row.phone = format!(
                "136{0}{0}{0}{0}{1}{1}{1}{1}",
                i / 15 % 10,
                (i / 15 + 3) % 10
            );
        }
        state.add(&entry(&row));
    }
    let units = BTreeMap::from([(String::new(), state)]);
    let suspects = assess(&units, Settings::default()).suspects;
    let mut kinds = suspects.iter().map(|suspect| suspect.kind);
    assert!(
        kinds.any(|kind| kind == Kind::PlaceholderPhone),
        "{suspects:?}"
    );
}

#[test]
fn entries_of_the_earlier_layouts_are_read() {
    let bytes = entry(&honest(7, 1)).to_bytes();
    // Version and flags, then what the layouts before have not: a given name; and more flags, a street, a site.
    let site = 2 + 1 + 8 + 4;
    let earlier: Vec<u8> = [&[2], &bytes[1..site], &bytes[site + 4..]].concat();
    let earliest: Vec<u8> = [&[1, bytes[1]], &bytes[site + 4..]].concat();
    for bytes in [earlier, earliest] {
        let read = Entry::from_bytes(&bytes).expect("a layout before");
        assert!(read.has_phone_of(&entry(&honest(7, 1))));
    }
    let mut unknown = bytes;
    unknown[0] = 4;
    assert!(Entry::from_bytes(&unknown).is_err());
}

#[test]
fn an_assessment_shows_no_personal_data() {
    let (assessment, entries) = network(|_, row| row.phone = "13912340567".to_owned());
    let shown = format!("{assessment:?} {:?}", entries[0]);
    assert!(!shown.contains("39123"));
}

/// A keyed hash for tests.
fn keyed(entry: &Entry) -> Entry {
    entry.keyed(|bytes| {
        let mix = |sum: u64, byte: &u8| scramble(sum ^ u64::from(*byte)).wrapping_mul(0x9E37_79B9);
        bytes
            .iter()
            .fold(0x5EED, mix)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
    })
}

#[test]
fn keyed_entries_read_back_from_bytes_are_judged_as_the_open_ones() {
    let mut units: [BTreeMap<String, EntryState>; 2] = Default::default();
    for dealer in 0..30 {
        for i in 0..300 {
            let mut row = honest(dealer, i);
            if dealer == 7 && i < 10 {
                row.phone = format!("1391234{:04}", i + 1);
            } else if dealer == 7 && i < 30 {
                row.phone = "13912340567".to_owned();
            }
            let open = entry(&row);
            let bytes = keyed(&open).to_bytes();
            let read = Entry::from_bytes(&bytes).expect("its own bytes");
            assert_eq!(read.to_bytes(), bytes);
            for (units, entry) in units.iter_mut().zip([&open, &read]) {
                units.entry(format!("D{dealer}")).or_default().add(entry);
            }
        }
    }
    let named = units.map(|units| {
        let suspects = assess(&units, Settings::default()).suspects;
        suspects
            .into_iter()
            .map(|suspect| (suspect.unit, suspect.kind, suspect.count))
            .collect::<Vec<_>>()
    });
    assert_eq!(named[0], named[1]);
    assert_eq!(named[0].len(), 2);
    assert!(Entry::from_bytes(&[1, 2, 3]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn merged_parts_equal_the_whole(cut in 0usize..200, reversed in any::<bool>()) {
        let mut entries: Vec<Entry> = (0..200).map(|i| entry(&honest(i % 3, i / 2))).collect();
        let mut whole = EntryState::default();
        for entry in &entries {
            whole.add(entry);
        }
        if reversed {
            entries.reverse();
        }
        let (mut left, mut right) = (EntryState::default(), EntryState::default());
        for entry in &entries[..cut] {
            left.add(entry);
        }
        for entry in &entries[cut..] {
            right.add(entry);
        }
        right.merge(&left);
        prop_assert!(whole == right);
    }
}

#[test]
fn phones_that_somebody_made_up_have_other_last_digits() {
    let (assessment, _) = network(|i, row| {
        if i % 2 == 0 {
            // People who invent numbers avoid what looks made up, and like some digits.
            let favoured: u64 = [3, 7, 9, 2][(i / 2 % 4) as usize];
            let tail = scramble(i) % 10 * 1000 + favoured * 111;
            row.phone = format!("{}{tail:04}", &row.phone[..7]);
        }
    });
    let of_digits = assessment
        .suspects
        .iter()
        .filter(|suspect| suspect.kind == Kind::DigitPattern);
    let named: Vec<&str> = of_digits.map(|suspect| suspect.unit.as_str()).collect();
    assert_eq!(named, ["D7"]);
}

#[test]
fn a_staff_phone_with_a_slip_bears_the_sign_too() {
    let (assessment, entries) = network(|i, row| {
        if i < 9 {
            "13912340567".clone_into(&mut row.phone);
        } else if i == 9 {
            "13912340557".clone_into(&mut row.phone);
        }
    });
    let bears = |entry: &Entry| {
        let signs = assessment.signs("D7", entry);
        signs
            .iter()
            .any(|sign| matches!(sign.kind, Kind::ShowroomPhone | Kind::StaffPhone))
    };
    assert!(entries[..10].iter().all(bears) && !entries[10..].iter().any(bears));
}
