//! Since when and until when a record had its contacts.

use marque_core::Timestamp;
use rustc_hash::FxHashMap;

use crate::domain::{Facts, PastContact, Version};

/// How many times in which a record had a contact are remembered of it: a system that sends two phones by turns makes no end of them.
const REMEMBERED: usize = 50;

/// The contacts of a record whose new version was typed at `recorded_at`: since when it has those that its earlier versions had too or that
/// came without a later time, and from when to when it had others. What goes and what comes in its place do so at one moment: when the
/// version was typed if that is after all that is known of the channel, and else now.
pub(crate) fn past_contacts(
    old: &Version<'_>,
    past: &[PastContact],
    (facts, recorded_at): (&Facts, Timestamp),
    now: Timestamp,
) -> Vec<PastContact> {
    let before: Vec<(&str, &str)> = old.facts.contacts().collect();
    let current: Vec<(&str, &str)> = facts.contacts().collect();
    let mut known = past.to_vec();
    for &(channel, value) in &before {
        let is_this = |one: &PastContact| one.channel == channel && one.value == value;
        if !known.iter().any(|one| one.to.is_none() && is_this(one)) {
            known.push(going_on((channel, value), old.recorded_at));
        }
    }
    let turns_at = |channel: &str| {
        let of_channel = known.iter().filter(|one| one.channel == channel);
        let said_at = of_channel.map(|one| one.to.unwrap_or(one.from));
        let last = said_at.fold(old.recorded_at, Ord::max);
        if recorded_at > last {
            recorded_at.min(now)
        } else {
            now
        }
    };
    let channels = before.iter().chain(&current);
    let changed_at: FxHashMap<&str, Timestamp> = channels
        .map(|&(channel, _)| (channel, turns_at(channel)))
        .collect();
    for one in known.iter_mut().filter(|one| one.to.is_none()) {
        let contact = (one.channel.as_str(), one.value.as_str());
        if before.contains(&contact) && !current.contains(&contact) {
            one.to = Some(changed_at[contact.0].max(one.from));
        }
    }
    for &contact in current.iter().filter(|contact| !before.contains(contact)) {
        let from = changed_at[contact.0];
        if from != recorded_at {
            known.push(going_on(contact, from));
        }
    }
    while known.len() > REMEMBERED
        && let Some(oldest) = known.iter().position(|one| one.to.is_some())
    {
        known.remove(oldest);
    }
    known
}

fn going_on((channel, value): (&str, &str), from: Timestamp) -> PastContact {
    PastContact {
        channel: channel.to_owned(),
        value: value.to_owned(),
        from,
        to: None,
    }
}

#[cfg(test)]
mod tests {
    use marque_quality::Field;

    use super::*;
    use crate::domain::{COLUMNS, Columns};

    const A: &str = "13800138001";
    const B: &str = "13900139002";
    const C: &str = "13700137003";

    fn at(day: i64) -> Timestamp {
        Timestamp::from_micros(day * 86_400_000_000)
    }

    fn having(phone: &str) -> Facts {
        let mut columns = Columns::default();
        for (place, field) in COLUMNS.iter().enumerate() {
            match field {
                Field::CustomerName => columns.push(place, "王小明"),
                Field::CustomerPhone => columns.push(place, phone),
                _ => {}
            }
        }
        Facts::of(&columns, at(20_700)).0
    }

    /// From when to when a record had its phones, whose versions with one each were typed and came at these days. Those that it has from
    /// when its last version was typed are not among them.
    fn told(versions: &[(&'static str, i64, i64)]) -> Vec<(&'static str, i64, Option<i64>)> {
        let mut past = Vec::new();
        for pair in versions.windows(2) {
            let ((before, begun, _), (phone, typed, came)) = (pair[0], pair[1]);
            let old = Version {
                facts: &having(before),
                recorded_at: at(begun),
                since: &[],
            };
            past = past_contacts(&old, &past, (&having(phone), at(typed)), at(came));
        }
        let day = |at: Timestamp| at.as_micros() / 86_400_000_000;
        let named = past.iter().map(|one| {
            let phone = [A, B, C]
                .into_iter()
                .find(|phone| one.value.ends_with(phone));
            (phone.unwrap(), day(one.from), one.to.map(day))
        });
        named.collect()
    }

    #[test]
    fn a_phone_keeps_its_time_whatever_a_later_row_bears() {
        let live = [(A, 10, 400), (B, 500, 500), (B, 10, 600)];
        assert_eq!(told(&live), [(A, 10, Some(500)), (B, 500, None)]);
        let between = [(A, 10, 400), (B, 500, 500), (C, 300, 700)];
        assert_eq!(
            told(&between),
            [(A, 10, Some(500)), (B, 500, Some(700)), (C, 700, None)]
        );
        let after_the_nightly = [(A, 10, 400), (B, 500, 500), (B, 10, 600), (C, 300, 700)];
        assert_eq!(told(&after_the_nightly), told(&between));
    }

    #[test]
    fn a_phone_that_is_put_right_again_keeps_the_time_before() {
        let by_mistake = [(A, 10, 400), (B, 10, 500), (A, 10, 600)];
        assert_eq!(
            told(&by_mistake),
            [(A, 10, Some(500)), (B, 500, Some(600)), (A, 600, None)]
        );
        // From when the last version was typed he has it, and so it is not noted.
        let stamped = [(A, 10, 400), (B, 20, 500), (A, 30, 600)];
        assert_eq!(told(&stamped), [(A, 10, Some(20)), (B, 20, Some(30))]);
    }

    #[test]
    fn a_system_that_sends_two_by_turns_makes_no_end_of_times() {
        let turns = (0..200).map(|day| (if day % 2 == 0 { A } else { B }, 10, 400 + day));
        let told = told(&turns.collect::<Vec<_>>());
        assert_eq!(told.len(), REMEMBERED);
        assert_eq!(told.last(), Some(&(B, 599, None)));
    }
}
