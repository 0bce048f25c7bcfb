//! Invented ID numbers.

use super::*;

#[test]
fn one_id_number_for_many_is_found() {
    finds(Kind::FakeId, 10, |_, row| {
        row.id_number = "11010519491231002X".to_owned();
    });
}

#[test]
fn a_series_of_id_numbers_is_found() {
    finds(Kind::FakeId, 10, |i, row| {
        row.id_number = format!("13010819900101{:03}1", i + 20);
    });
}

#[test]
fn id_numbers_of_a_decades_first_day_are_found() {
    finds(Kind::FakeId, 4, |i, row| {
        row.id_number = format!("{}19900101{:03}1", 130_101 + i, i * 37 + 20);
    });
}

#[test]
fn id_numbers_that_nobody_has_are_found() {
    let invented: [fn(u64) -> String; 3] = [
        |i| {
            format!(
                "{:018}",
                scramble(i) % 900_000_000_000_000_000 + 10_000_000_000_000_000
            )
        },
        |i| format!("88{:04}1985{:02}15{:04}", i * 7, i % 12 + 1, i * 131),
        |i| {
            format!(
                "1301081977{}{:04}",
                ["9999", "0231", "1340"][(i % 3) as usize],
                i * 97
            )
        },
    ];
    for invent in invented {
        let (assessment, entries) = network(|i, row| {
            row.id_number = if i < 60 { invent(i) } else { id_number(i) };
        });
        let named = assessment.suspects.iter().map(|suspect| suspect.kind);
        assert_eq!(named.collect::<Vec<_>>(), [Kind::FakeId]);
        let bears = |entry: &Entry| !assessment.signs("D7", entry).is_empty();
        assert!(entries[..60].iter().filter(|entry| bears(entry)).count() >= 58);
        assert!(!entries[60..].iter().any(bears));
    }
}

#[test]
fn one_id_number_that_nobody_has_bears_the_sign_and_names_nobody() {
    let (assessment, entries) = network(|i, row| {
        row.id_number = if i == 3 {
            "163137637271349023".to_owned()
        } else {
            id_number(i)
        };
    });
    assert!(assessment.suspects.is_empty(), "{:?}", assessment.suspects);
    let bearing: Vec<usize> = (0..entries.len())
        .filter(|i| !assessment.signs("D7", &entries[*i]).is_empty())
        .collect();
    assert_eq!(bearing, [3]);
}

#[test]
fn one_id_number_of_an_unlisted_county_is_no_sign() {
    let (assessment, entries) = network(|i, row| {
        row.id_number = if i == 3 {
            "340524198306172044".to_owned()
        } else {
            id_number(i)
        };
    });
    assert!(assessment.suspects.is_empty(), "{:?}", assessment.suspects);
    assert!(assessment.signs("D7", &entries[3]).is_empty());
}

#[test]
fn wrong_check_characters_are_a_sign_where_there_are_far_more_than_usual() {
    for (one_in, is_found) in [(50, false), (5, true)] {
        let (assessment, entries) = network(|i, row| {
            row.id_number = id_number(i);
            if i % one_in == 0 {
                let last = if row.id_number.ends_with('7') {
                    "8"
                } else {
                    "7"
                };
                row.id_number.replace_range(17.., last);
            }
        });
        assert_eq!(!assessment.suspects.is_empty(), is_found, "one in {one_in}");
        let bears = |entry: &&Entry| !assessment.signs("D7", entry).is_empty();
        let expected = if is_found { 300 / one_in as usize } else { 0 };
        assert_eq!(entries.iter().filter(bears).count(), expected);
    }
}
