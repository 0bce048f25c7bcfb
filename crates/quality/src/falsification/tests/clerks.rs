//! Clerks beside their dealers.

use super::*;

/// The entries of one dealer of 300 rows by two clerks in turn, and of a network of such dealers.
fn with_clerks(
    change: impl Fn(u64, &mut Row),
) -> (BTreeMap<String, EntryState>, BTreeMap<String, EntryState>) {
    let (mut dealers, mut clerks) = (BTreeMap::new(), BTreeMap::new());
    for dealer in 0..10 {
        for i in 0..300 {
            let mut row = honest(dealer, i);
            if dealer == 7 {
                change(i, &mut row);
            }
            let (entry, name) = (entry(&row), format!("D{dealer}"));
            let clerk = clerk_unit(&name, ["S1", "S2"][(i % 2) as usize]);
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
