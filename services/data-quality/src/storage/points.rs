//! The sums of one row, encoded: for each purpose its name and sixteen figures. A list reads many rows and wants one purpose of each, so
//! what is not wanted is stepped over.

use marque_db::StoreError;

use super::broken;
use crate::domain::{Counter, Sums};

/// Layout of the bytes; the first byte.
const LAYOUT: u8 = 1;
/// Figures of a counter.
const FIGURES: usize = 16;

/// Encodes sums.
pub(super) fn points_blob(sums: &Sums) -> Vec<u8> {
    let mut out = Vec::with_capacity(1 + sums.0.len() * 64);
    out.push(LAYOUT);
    for (purpose, counter) in &sums.0 {
        push_text(&mut out, purpose);
        for figure in figures(counter) {
            push(&mut out, zigzag(figure));
        }
    }
    out
}

/// Decodes all sums.
pub(super) fn read_points(blob: &[u8]) -> Result<Sums, StoreError> {
    let mut sums = Vec::new();
    each(blob, |purpose, rest| {
        sums.push((purpose.to_owned(), read_counter(rest)?));
        Some(())
    })?;
    Ok(Sums(sums))
}

/// Decodes the sums of one purpose; nothing was counted if they are not there.
pub(super) fn read_purpose(blob: &[u8], wanted: &str) -> Result<Counter, StoreError> {
    let mut found = Counter::default();
    each(blob, |purpose, rest| {
        if purpose == wanted {
            found = read_counter(rest)?;
        } else {
            for _ in 0..FIGURES {
                take(rest)?;
            }
        }
        Some(())
    })?;
    Ok(found)
}

/// Calls `read` at the figures of each purpose.
fn each<'a>(
    blob: &'a [u8],
    mut read: impl FnMut(&'a str, &mut &'a [u8]) -> Option<()>,
) -> Result<(), StoreError> {
    let mut walk = || {
        let (layout, mut rest) = blob.split_first()?;
        if *layout != LAYOUT {
            return None;
        }
        while !rest.is_empty() {
            let purpose = take_text(&mut rest)?;
            read(purpose, &mut rest)?;
        }
        Some(())
    };
    walk().ok_or_else(|| broken("sums"))
}

fn figures(counter: &Counter) -> [i64; FIGURES] {
    let Counter {
        records,
        qualified,
        suspicious,
        total,
        sums,
        counts,
    } = *counter;
    let mut figures = [0; FIGURES];
    figures[..4].copy_from_slice(&[records, qualified, suspicious, total]);
    figures[4..10].copy_from_slice(&sums);
    figures[10..].copy_from_slice(&counts);
    figures
}

fn read_counter(rest: &mut &[u8]) -> Option<Counter> {
    let mut figures = [0; FIGURES];
    for figure in &mut figures {
        *figure = unzigzag(take(rest)?);
    }
    let [records, qualified, suspicious, total, ..] = figures;
    let mut counter = Counter {
        records,
        qualified,
        suspicious,
        total,
        ..Counter::default()
    };
    counter.sums.copy_from_slice(&figures[4..10]);
    counter.counts.copy_from_slice(&figures[10..]);
    Some(counter)
}

/// Small numbers of either sign as small numbers.
pub(super) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// The number of which [`zigzag`] made a small one.
pub(super) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// A text after its length in bytes.
pub(super) fn push_text(out: &mut Vec<u8>, text: &str) {
    push(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

/// Takes what [`push_text`] wrote.
pub(super) fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(take(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

/// Seven bits a byte, the lowest first.
pub(super) fn push(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Takes what [`push`] wrote.
pub(super) fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for at in 0..10 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counter() -> impl Strategy<Value = Counter> {
        (any::<[i64; 4]>(), any::<[i64; 6]>(), any::<[i64; 6]>()).prop_map(
            |([records, qualified, suspicious, total], sums, counts)| Counter {
                records,
                qualified,
                suspicious,
                total,
                sums,
                counts,
            },
        )
    }

    proptest! {
        #[test]
        fn sums_are_read_as_they_were_written(known in prop::collection::btree_map("[a-z]{1,12}", counter(), 0..5)) {
            let sums = Sums(known.clone().into_iter().collect());
            let blob = points_blob(&sums);
            prop_assert_eq!(read_points(&blob).unwrap(), sums);
            for (purpose, counter) in known {
                prop_assert_eq!(read_purpose(&blob, &purpose).unwrap(), counter);
            }
            prop_assert_eq!(read_purpose(&blob, "").unwrap(), Counter::default());
        }

        #[test]
        fn other_bytes_are_an_error_and_no_panic(blob in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read_points(&blob);
            let _ = read_purpose(&blob, "sale");
        }
    }
}
