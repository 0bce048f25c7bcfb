//! Clerks beside their dealers.

use super::*;
use crate::falsification::entry::is_last_two_days;

/// Dealers and clerks.
type Counted = (BTreeMap<String, EntryState>, BTreeMap<String, EntryState>);

/// The entries of one dealer of 300 rows by two clerks in turn, and of a network of such dealers.
fn with_clerks(change: impl Fn(u64, &mut Row)) -> Counted {
    counted(change, |_, i, _| format!("S{}", i % 2 + 1))
}

/// The entries of a network of dealers of 300 rows, by the clerk of each row of each dealer; dealer 7 changes his rows.
fn counted(change: impl Fn(u64, &mut Row), clerk: impl Fn(u64, u64, &Row) -> String) -> Counted {
    let (mut dealers, mut clerks) = (BTreeMap::new(), BTreeMap::new());
    for dealer in 0..10 {
        for i in 0..300 {
            let mut row = honest(dealer, i);
            if dealer == 7 {
                change(i, &mut row);
            }
            let (entry, name) = (entry(&row), format!("D{dealer}"));
            let clerk = clerk_unit(&name, &clerk(dealer, i, &row));
            for (units, unit) in [(&mut dealers, name), (&mut clerks, clerk)] {
                let state: &mut EntryState = units.entry(unit).or_default();
                state.add(&entry);
            }
        }
    }
    (dealers, clerks)
}

#[test]
fn what_is_usual_at_his_dealer_names_no_clerk() {
    // The second clerk's customers are mostly of one village, the dealer's are not.
    let (dealers, clerks) = with_clerks(|i, row| {
        if i % 10 < 3 && i % 2 == 1 {
            "湖南省岳阳市华容县北景港镇大陈村".clone_into(&mut row.address);
        }
    });
    let settings = Settings::default();
    let by_dealer = assess(&dealers, settings);
    assert!(by_dealer.suspects.is_empty(), "{:?}", by_dealer.suspects);
    let of_clerks = assess_clerks(&clerks, &by_dealer, settings).suspects;
    assert!(of_clerks.is_empty(), "{of_clerks:?}");
}

#[test]
fn a_clerk_who_is_named_has_entries_that_bear_the_sign() {
    let (dealers, clerks) = with_clerks(|i, row| {
        if i % 10 == 3 {
            "13912340567".clone_into(&mut row.phone);
        }
    });
    let settings = Settings::default();
    let by_dealer = assess(&dealers, settings);
    let of_clerks = assess_clerks(&clerks, &by_dealer, settings).suspects;
    let named: Vec<&str> = of_clerks
        .iter()
        .map(|suspect| suspect.unit.as_str())
        .collect();
    assert_eq!(named, [clerk_unit("D7", "S2")]);
    assert_eq!(of_clerks[0].kind, by_dealer.suspects[0].kind);
}

/// A day of a month's end, in one month after the other.
fn months_end(n: u64) -> String {
    format!("2025-{:02}-{}", [1, 3, 5, 7][(n % 4) as usize], 30 + n % 2)
}

/// Six of ten entries of the fourth of ten clerks.
const fn is_invented(i: u64) -> bool {
    i % 10 == 3 && i / 10 % 10 < 6
}

#[test]
fn one_clerk_of_ten_who_invents_is_named_and_his_own_records_bear_the_sign() {
    let (dealers, clerks) = counted(
        |i, row| {
            if is_invented(i) {
                row.recorded_at = months_end(i / 10);
            }
        },
        |_, i, _| format!("S{}", i % 10),
    );
    let settings = Settings::default();
    let by_dealer = assess(&dealers, settings);
    assert!(by_dealer.suspects.is_empty(), "{:?}", by_dealer.suspects);
    let by_clerk = assess_clerks(&clerks, &by_dealer, settings);
    let named = by_clerk.suspects.iter();
    let named: Vec<(&str, Kind)> = named.map(|one| (one.unit.as_str(), one.kind)).collect();
    assert_eq!(
        named,
        [(clerk_unit("D7", "S3").as_str(), Kind::MonthEndBurst)]
    );
    assert!(by_clerk.suspects[0].strength > 0.5, "{by_clerk:?}");
    let at_months_end = Row {
        recorded_at: months_end(0),
        ..honest(7, 3)
    };
    let at_months_end = entry(&at_months_end);
    let bears = |clerk: &str| {
        let signs = by_clerk.signs(&clerk_unit("D7", clerk), &at_months_end, Vec::new());
        signs.iter().any(|sign| sign.kind == Kind::MonthEndBurst)
    };
    assert!(bears("S3") && !bears("S4"));
}

#[test]
fn a_clerk_who_does_the_deliveries_of_all_months_ends_is_no_suspect() {
    // His dealer has no more of them than any other.
    let (dealers, clerks) = counted(
        |_, _| {},
        |dealer, i, row| {
            let day = row.recorded_at[..10].parse().expect("a day");
            if dealer == 7 && is_last_two_days(day) {
                "S11".to_owned()
            } else {
                format!("S{}", i % 10)
            }
        },
    );
    let of_seven = &clerks[&clerk_unit("D7", "S11")];
    assert!(of_seven.entries() >= 15, "{of_seven:?}");
    nobody_alone(&dealers, &clerks);
}

#[test]
fn a_clerk_who_enters_more_at_one_blow_is_named_no_less() {
    for blow in [9, 14, 20, 30] {
        let change = |i: u64, row: &mut Row| {
            if i.is_multiple_of(4) && i / 4 < blow {
                "2025-03-05 14:07".clone_into(&mut row.recorded_at);
            }
        };
        let (dealers, clerks) = counted(change, |_, i, _| format!("S{}", i % 4));
        let settings = Settings::default();
        let by_dealer = assess(&dealers, settings);
        let of_clerks = assess_clerks(&clerks, &by_dealer, settings).suspects;
        let named: Vec<(&str, Kind)> = of_clerks
            .iter()
            .map(|suspect| (suspect.unit.as_str(), suspect.kind))
            .collect();
        let clerk = clerk_unit("D7", "S0");
        assert_eq!(named, [(clerk.as_str(), Kind::EntryBurst)], "{blow}");
    }
}

#[test]
fn few_entries_and_one_months_end_make_no_habit() {
    // Eight entries; and a clerk who came for the last two days of a year.
    for (invented, day) in [(8, None), (20, Some("2024-12-3"))] {
        let (dealers, clerks) = counted(
            |i, row| {
                if i % 10 == 3 && i / 10 < invented {
                    row.recorded_at = match day {
                        Some(day) => format!("{day}{}", i / 10 % 2),
                        None => months_end(i / 10),
                    };
                }
            },
            |_, i, _| format!("S{}", i % 10),
        );
        nobody_alone(&dealers, &clerks);
    }
}

fn nobody_alone(dealers: &BTreeMap<String, EntryState>, clerks: &BTreeMap<String, EntryState>) {
    let settings = Settings::default();
    let by_dealer = assess(dealers, settings);
    assert!(by_dealer.suspects.is_empty(), "{:?}", by_dealer.suspects);
    let of_clerks = assess_clerks(clerks, &by_dealer, settings).suspects;
    assert!(of_clerks.is_empty(), "{of_clerks:?}");
}
