//! Whether late evidence shows two customers to be one.

use super::compare::{Frequencies, name_share};
use super::decide::Decider;
use super::doubt::Tally;
use super::prepared::Prepared;
use crate::score::{Veto, probability};

/// How two customers compare, record by record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Joined {
    /// How probable it is that they are one, 0..=1.
    pub probability: f32,
    /// A contradiction between any two of their records: never joined without a steward.
    pub veto: Option<Veto>,
}

/// One pair counts against for no more than so many bits: people have several phones and cars.
const LEAST_BITS: f32 = -3.0;
/// One pair counts in favour for no more than so many.
const MOST_BITS: f32 = 40.0;

impl Decider {
    /// Whether the customer of `left` and the customer of `right` are one, now that `record`, one of `left`'s, has come.
    /// `frequencies` are those of `record`. The measure is the batch engine's: the average over all pairs of records.
    ///
    /// Pairs without `record` can speak against as they like, but in favour no more than `record` does: how common
    /// the values are that they share is not known here.
    pub fn join(
        &self,
        record: &Prepared,
        frequencies: &Frequencies,
        left: &[Prepared],
        right: &[Prepared],
    ) -> Joined {
        let mut tally = Tally::default();
        let mut most = LEAST_BITS;
        for other in right {
            let weighed = self.weigh(record, other, frequencies);
            let bits = weighed.bits.clamp(LEAST_BITS, MOST_BITS);
            tally.add(&weighed, bits);
            most = most.max(bits);
        }
        for member in left.iter().filter(|member| *member != record) {
            let plain = Frequencies {
                population: frequencies.population,
                name_share: name_share(member),
                sound_share: 3.0 * name_share(member),
                ..Frequencies::default()
            };
            for other in right {
                let weighed = self.weigh(member, other, &plain);
                tally.add(&weighed, weighed.bits.clamp(LEAST_BITS, most));
            }
        }
        Joined {
            probability: probability(tally.bounded(tally.average())),
            veto: tally.veto,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DealerRecord, default_model, prepare};
    use super::*;

    fn record(name: &str, phone: &str, id: &str) -> Prepared {
        prepare(&DealerRecord {
            name,
            phones: &[phone],
            id_number: id,
            ..DealerRecord::default()
        })
    }

    #[test]
    fn a_record_with_both_values_joins_who_had_one_each() {
        let decider = Decider::new(default_model());
        let by_phone = [record("谭晓岚", "13912345678", "")];
        let by_number = [record("谭晓岚", "", "11010519491231002X")];
        let both = record("谭晓岚", "13912345678", "11010519491231002X");
        let joined = decider.join(&both, &Frequencies::default(), &by_phone, &by_number);
        assert!(
            joined.probability > 0.98 && joined.veto.is_none(),
            "{joined:?}"
        );
        let stranger = [record("周大勇", "13912345678", "440524188001010014")];
        let apart = decider.join(&both, &Frequencies::default(), &by_phone, &stranger);
        assert!(apart.veto.is_some(), "{apart:?}");
    }
}
