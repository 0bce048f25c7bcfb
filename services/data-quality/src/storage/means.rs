//! What lists of clerks are ordered by: for each purpose how many records a clerk has and their points, of all clerks of a dealer's month
//! in one row. Of ten thousand clerks a page of fifty needs these few rows, and all sums only of those it shows.

use std::collections::{BTreeMap, BTreeSet};

use marque_auth::Scope;
use marque_db::{Conn, StoreError, Value};

use super::{
    broken,
    clerks::departments,
    counters::{CardFilter, of_dealers, sums_of_clerks},
    points::{push, push_text, take, take_text, unzigzag, zigzag},
};
use crate::domain::{CounterKey, Mean, Sums, kind_of};

/// Layout of the bytes; the first byte.
const LAYOUT: u8 = 1;

/// A dealer and the means of his clerks, or of his departments, by their names.
#[derive(Debug)]
pub(crate) struct DealerMeans {
    pub(crate) dealer: String,
    pub(crate) region: String,
    pub(crate) means: Vec<(String, Mean)>,
}

/// The means of clerks of a scope, in no order.
pub(crate) fn clerk_means(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
) -> Result<Vec<DealerMeans>, StoreError> {
    let (sql, values) = of_dealers("own.means, own.dealer", "clerk_means", scope, filter);
    conn.query(&sql, &values, |row| {
        Ok(DealerMeans {
            means: read_means(&row.get::<Vec<u8>>(0)?, &filter.purpose)?,
            dealer: row.get(1)?,
            region: row.get(2)?,
        })
    })
}

/// The means of departments of a scope, in no order; clerks whose department nobody has said are in none.
pub(crate) fn department_means(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
) -> Result<Vec<DealerMeans>, StoreError> {
    let departments = departments(conn, scope, &filter.dealer)?;
    let mut dealers = clerk_means(conn, scope, filter)?;
    for dealer in &mut dealers {
        let mut sums: BTreeMap<&str, Mean> = BTreeMap::new();
        let of_dealer = departments.get(&dealer.dealer);
        for (clerk, mean) in &dealer.means {
            if let Some(department) = of_dealer.and_then(|clerks| clerks.get(clerk)) {
                sums.entry(department).or_default().add(*mean);
            }
        }
        let named = sums.into_iter().map(|(name, mean)| (name.to_owned(), mean));
        dealer.means = named.collect();
    }
    Ok(dealers)
}

/// Means of a dealer's month, encoded: of which one of its keys tells.
pub(super) type MonthMeans<'a> = (&'a CounterKey, Vec<u8>);

/// Writes the means of months, `may_be_there` in place of those there are.
pub(super) fn put_means(
    conn: &mut Conn<'_>,
    months: &[MonthMeans<'_>],
    may_be_there: bool,
) -> Result<(), StoreError> {
    let mut values: Vec<Value<'_>> = Vec::with_capacity(months.len() * 4);
    for (key, means) in months {
        let (kind, dealer, period) = key.month();
        values.extend::<[Value<'_>; 4]>([
            kind.code().into(),
            period.into(),
            dealer.into(),
            means.into(),
        ]);
    }
    let columns = ["kind", "period", "dealer", "means"];
    let on_conflict = if may_be_there {
        "ON CONFLICT (kind, period, dealer) DO UPDATE SET means = excluded.means"
    } else {
        ""
    };
    conn.insert_many("clerk_means", &columns, on_conflict, &values)
}

/// Puts the means of the sums of clerks as they stand in the place of all there are, a dealer at a time.
pub(crate) fn rebuild_means(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    conn.execute("DELETE FROM clerk_means", &[])?;
    let sql = "SELECT DISTINCT kind, dealer FROM clerk_sums";
    let dealers = conn.query(sql, &[], |row| {
        let kind: String = row.get(0)?;
        let kind = kind_of(&kind).ok_or_else(|| broken("kind of sums"))?;
        Ok((kind, row.get::<String>(1)?))
    })?;
    for (kind, dealer) in &dealers {
        let sums = sums_of_clerks(conn, (*kind, dealer))?;
        put_means(conn, &means_of(&sums), false)?;
    }
    Ok(())
}

/// The means of clerks' sums, month by month.
fn means_of(sums: &BTreeMap<CounterKey, Sums>) -> Vec<MonthMeans<'_>> {
    let of_clerks: Vec<(&CounterKey, &Sums)> = sums.iter().collect();
    let months = of_clerks.chunk_by(|(one, _), (other, _)| one.month() == other.month());
    let with_means = months.map(|clerks| {
        let named = clerks.iter().map(|(key, sums)| (key.clerk.as_str(), *sums));
        (clerks[0].0, means_blob(named))
    });
    with_means.collect()
}

/// Encodes the means of a month's clerks: the purposes, and for each clerk his name and two figures a purpose.
pub(super) fn means_blob<'a>(clerks: impl Iterator<Item = (&'a str, &'a Sums)>) -> Vec<u8> {
    let clerks: Vec<(&str, &Sums)> = clerks.collect();
    let counted = clerks.iter().flat_map(|(_, sums)| &sums.0);
    let purposes: BTreeSet<&str> = counted.map(|(purpose, _)| purpose.as_str()).collect();
    let mut out = vec![LAYOUT];
    push(&mut out, purposes.len() as u64);
    for purpose in &purposes {
        push_text(&mut out, purpose);
    }
    for (clerk, sums) in clerks {
        push_text(&mut out, clerk);
        for purpose in &purposes {
            let mean = sums.mean_of(purpose);
            push(&mut out, zigzag(mean.records));
            push(&mut out, zigzag(mean.total));
        }
    }
    out
}

/// Decodes the means of one purpose, of clerks who have records.
fn read_means(blob: &[u8], wanted: &str) -> Result<Vec<(String, Mean)>, StoreError> {
    let walk = || {
        let (layout, mut rest) = blob.split_first()?;
        if *layout != LAYOUT {
            return None;
        }
        let (count, mut at) = (take(&mut rest)?, None);
        for number in 0..count {
            if take_text(&mut rest)? == wanted {
                at = Some(number);
            }
        }
        let mut means = Vec::new();
        while !rest.is_empty() {
            let clerk = take_text(&mut rest)?;
            for number in 0..count {
                let records = unzigzag(take(&mut rest)?);
                let total = unzigzag(take(&mut rest)?);
                if at == Some(number) && records > 0 {
                    means.push((clerk.to_owned(), Mean { records, total }));
                }
            }
        }
        Some(means)
    };
    walk().ok_or_else(|| broken("means"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Counter;

    fn sums() -> impl Strategy<Value = Sums> {
        let figures = (1_i64..1_000_000, 0_i64..10_000_000_000);
        let purposes = prop::collection::btree_map("[a-z]{1,12}", figures, 1..4);
        purposes.prop_map(|known| {
            let counter = |(records, total)| Counter {
                records,
                total,
                ..Counter::default()
            };
            let named = known.into_iter();
            Sums(
                named
                    .map(|(name, figures)| (name, counter(figures)))
                    .collect(),
            )
        })
    }

    proptest! {
        #[test]
        fn means_are_read_as_they_were_written(known in prop::collection::btree_map(".{1,8}", sums(), 0..5), other in "[a-z]{1,3}") {
            let blob = means_blob(known.iter().map(|(clerk, sums)| (clerk.as_str(), sums)));
            let purposes = known.values().flat_map(|sums| &sums.0).map(|(purpose, _)| purpose);
            for purpose in purposes.chain([&other]) {
                let means = known.iter().map(|(clerk, sums)| (clerk.clone(), sums.mean_of(purpose)));
                let counted: Vec<_> = means.filter(|(_, mean)| mean.records > 0).collect();
                prop_assert_eq!(read_means(&blob, purpose).unwrap(), counted);
            }
        }

        #[test]
        fn other_bytes_are_an_error_and_no_panic(blob in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = read_means(&blob, "sale");
        }
    }
}
