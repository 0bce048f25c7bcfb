//! Deciding live which customer a record belongs to.

use serde::{Deserialize, Serialize};

use super::compare::{Frequencies, Weighed, compare, field};
use super::doubt::{Doubt, MOST_IN_DOUBT, Tally};
use super::prepared::Prepared;
use crate::score::{Model, Outcome, Reason, Veto, Weights, probability};

/// A customer who shares a blocking key with the record, with the records known of him.
pub struct Candidate<'a, C> {
    /// The caller's name for the customer.
    pub customer: C,
    /// His records; with many, the newest dozen suffice.
    pub members: &'a [Prepared],
}

/// How a candidate compares with the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranked<C> {
    /// The customer.
    pub customer: C,
    /// How probable it is that the record is his, 0..=1.
    pub probability: f32,
    /// The same as log2 odds.
    pub bits: f32,
    /// The evidence of the member that resembles the record most, strongest first.
    pub reasons: Vec<Reason>,
    /// A contradiction with some member: never linked without a steward.
    pub veto: Option<Veto>,
}

/// What to do with the record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict<C> {
    /// Surely this customer's.
    Linked {
        /// The customer.
        customer: C,
        /// How probable, 0..=1.
        probability: f32,
    },
    /// Likely this customer's: for a steward.
    Likely {
        /// The customer.
        customer: C,
        /// How probable, 0..=1.
        probability: f32,
    },
    /// Nobody known.
    New,
}

/// The verdict with everything it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolution<C> {
    /// What to do.
    pub verdict: Verdict<C>,
    /// All candidates that are at least likely, or would be but for a contradiction; best first. More than one that is
    /// sure means that these customers may be one: evidence for a merge.
    pub ranked: Vec<Ranked<C>>,
}

/// Holds the model and the bands of decision.
#[derive(Clone)]
pub struct Decider {
    model: Model,
    weights: Weights,
    /// From this probability on a record is linked.
    pub sure: f32,
    /// From this probability on a record goes to a steward.
    pub likely: f32,
}

/// Against a customer a single record counts for no more than so many bits: people have several phones and cars.
pub(super) const LEAST_BITS: f32 = -3.0;
/// In favour for no more than so many.
pub(super) const MOST_BITS: f32 = 40.0;
/// The share of the best fitting record in the evidence for a customer; the average of all has the rest.
const BEST_SHARE: f32 = 1.0 / 3.0;
/// By so many bits the best candidate must lead the next, else neither is sure.
const LEAD: f32 = 3.0;

/// A name that no more people bear is rare …
const RARE: f32 = 1.5e-4;
/// … and one that as many bear is common.
const COMMON: f32 = 1e-3;

/// What to call a name of which `share` of all people are; nothing if it is neither rare nor common, or not shared.
fn kind_of_name(share: f32) -> Option<&'static str> {
    if share > 0.0 && share <= RARE {
        Some("rare name")
    } else if share >= COMMON {
        Some("common name")
    } else {
        None
    }
}

impl Decider {
    /// A decider with the usual bands: linked from 0.98, to a steward from 0.30.
    pub fn new(model: Model) -> Self {
        let weights = model.weights();
        Self {
            model,
            weights,
            sure: 0.98,
            likely: 0.30,
        }
    }

    /// The model in use.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The log2 odds that two records are one customer's, the reasons, and a contradiction if there is one.
    pub fn explain(
        &self,
        left: &Prepared,
        right: &Prepared,
        frequencies: &Frequencies,
    ) -> (f32, Vec<Reason>, Option<Veto>) {
        let weighed = self.weigh(left, right, frequencies);
        let reasons = self.reasons(&weighed, frequencies);
        (weighed.bits, reasons, weighed.outcome.veto)
    }

    /// Weighs a pair; what is in doubt is never sure.
    pub(super) fn weigh(
        &self,
        left: &Prepared,
        right: &Prepared,
        frequencies: &Frequencies,
    ) -> Weighed {
        let outcome = compare(left, right, frequencies, &Frequencies::default());
        let doubt = Doubt::of(left, right, &outcome);
        let most = doubt.map_or(f32::INFINITY, |_| MOST_IN_DOUBT);
        let bits = self.unbounded(&outcome, frequencies).min(most);
        Weighed {
            bits,
            outcome,
            doubt,
            has_branches: left.branch != 0 && right.branch != 0,
        }
    }

    fn unbounded(&self, outcome: &Outcome, frequencies: &Frequencies) -> f32 {
        self.weights.evidence(outcome) + self.prior(frequencies)
    }

    /// The evidence field by field, strongest first; of a shared name it is said how common it is, and last what doubt takes
    /// away.
    pub(super) fn reasons(&self, weighed: &Weighed, frequencies: &Frequencies) -> Vec<Reason> {
        let outcome = &weighed.outcome;
        let mut reasons = self.weights.reasons(&self.model, outcome);
        if let Some(name) = kind_of_name(outcome.share[field::NAME]) {
            let of_name = &self.model.classes[0].fields[field::NAME].name;
            for reason in reasons.iter_mut().filter(|reason| reason.field == *of_name) {
                reason.finding = reason.finding.replacen("name", name, 1);
            }
        }
        let bits = self.unbounded(outcome, frequencies);
        let doubt = weighed.doubt.filter(|_| bits > MOST_IN_DOUBT);
        reasons.extend(doubt.map(|doubt| doubt.reason(bits)));
        reasons
    }

    /// Decides. `frequencies` tell how common the record's values are in the store.
    pub fn decide<C: Clone>(
        &self,
        record: &Prepared,
        frequencies: &Frequencies,
        candidates: &[Candidate<'_, C>],
    ) -> Resolution<C> {
        let mut ranked: Vec<Ranked<C>> = candidates
            .iter()
            .filter_map(|candidate| self.rank(record, frequencies, candidate))
            .collect();
        ranked.sort_by(|a, b| b.bits.total_cmp(&a.bits));
        let verdict = self.verdict(&ranked);
        Resolution { verdict, ranked }
    }

    fn verdict<C: Clone>(&self, ranked: &[Ranked<C>]) -> Verdict<C> {
        let mut free = ranked.iter().filter(|candidate| candidate.veto.is_none());
        let Some(best) = free.next() else {
            return Verdict::New;
        };
        let leads = free
            .next()
            .is_none_or(|next| next.probability < self.sure || best.bits - next.bits >= LEAD);
        let (customer, probability) = (best.customer.clone(), best.probability);
        if probability >= self.sure && leads {
            Verdict::Linked {
                customer,
                probability,
            }
        } else {
            Verdict::Likely {
                customer,
                probability,
            }
        }
    }

    /// The average over the customer's records, as the batch engine joins clusters, and in part the record that fits
    /// best: people whose records are known to be theirs may have had several phones and cars.
    pub(super) fn rank<C: Clone>(
        &self,
        record: &Prepared,
        frequencies: &Frequencies,
        candidate: &Candidate<'_, C>,
    ) -> Option<Ranked<C>> {
        let mut tally = Tally::default();
        let mut best: Option<Weighed> = None;
        for member in candidate.members {
            let weighed = self.weigh(record, member, frequencies);
            tally.add(&weighed, weighed.bits.clamp(LEAST_BITS, MOST_BITS));
            if best.as_ref().is_none_or(|best| weighed.bits > best.bits) {
                best = Some(weighed);
            }
        }
        let best = best?;
        let average = tally.average();
        let bits = average + BEST_SHARE * (best.bits.min(MOST_BITS) - average);
        let bits = tally.bounded(bits);
        let probability = probability(bits);
        (probability >= self.likely).then(|| Ranked {
            customer: candidate.customer.clone(),
            probability,
            bits,
            reasons: self.reasons(&best, frequencies),
            veto: tally.veto,
        })
    }

    pub(super) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// With few records in the store the prior is that of the background the frequencies assume.
    pub(super) fn prior(&self, frequencies: &Frequencies) -> f32 {
        self.model
            .prior_bits(f64::from(frequencies.effective_population()))
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

    fn decide(new: &Prepared, members: &[Prepared], frequencies: &Frequencies) -> Resolution<u32> {
        Decider::new(default_model()).decide(
            new,
            frequencies,
            &[Candidate {
                customer: 7,
                members,
            }],
        )
    }

    #[test]
    fn name_and_phone_link_from_the_first_record_on() {
        let known = [record("谭晓岚", "13912345678", "")];
        let found = decide(
            &record("谭小岚", "+86 139-1234-5678", ""),
            &known,
            &Frequencies::default(),
        );
        assert!(
            matches!(found.verdict, Verdict::Linked { customer: 7, .. }),
            "{found:?}"
        );
        assert!(
            found.ranked[0]
                .reasons
                .iter()
                .any(|reason| reason.finding == "same phone")
        );
    }

    #[test]
    fn a_shared_name_is_called_rare_or_common() {
        let said = |name: u32| {
            let frequencies = Frequencies {
                name,
                population: 100_000,
                ..Frequencies::default()
            };
            let record = record("谭晓岚", "", "");
            let (_, reasons, _) =
                Decider::new(default_model()).explain(&record, &record, &frequencies);
            let name = reasons.into_iter().find(|reason| reason.field == "name");
            name.map(|reason| reason.finding).unwrap_or_default()
        };
        assert_eq!(
            [1, 60, 900].map(said),
            ["same rare name", "same name", "same common name"]
        );
    }

    #[test]
    fn a_shared_phone_with_another_name_does_not_link() {
        let known = [record("谭晓岚", "13912345678", "")];
        let found = decide(
            &record("周大勇", "13912345678", ""),
            &known,
            &Frequencies::default(),
        );
        assert!(matches!(found.verdict, Verdict::New), "{found:?}");
    }

    #[test]
    fn a_phone_of_forty_says_nothing() {
        let known = [record("王伟", "13912345678", "")];
        let busy = Frequencies {
            phones: [40, 1],
            name: 90,
            population: 100_000,
            name_share: 1e-3,
            ..Frequencies::default()
        };
        let found = decide(&record("王伟", "13912345678", ""), &known, &busy);
        assert!(matches!(found.verdict, Verdict::New), "{found:?}");
    }

    #[test]
    fn two_valid_identity_numbers_never_link() {
        let known = [record("王伟", "13912345678", "11010519491231002X")];
        let found = decide(
            &record("王伟", "13912345678", "440524188001010014"),
            &known,
            &Frequencies::default(),
        );
        assert!(matches!(found.verdict, Verdict::New), "{found:?}");
    }

    fn at(address: &str) -> Prepared {
        prepare(&DealerRecord {
            name: "欧阳明珠",
            phones: &["13912345678"],
            address,
            ..DealerRecord::default()
        })
    }

    #[test]
    fn who_gives_less_of_his_address_or_moves_house_is_the_same() {
        let known = [at("上海市长宁区仙霞路55弄3号101室")];
        for address in [
            "上海市长宁区",
            "上海市长宁区仙霞路",
            "仙霞路55弄3号楼101室",
            "仙霞路五十五弄三号101室",
            "苏州市姑苏区干将东路888号",
        ] {
            let found = decide(&at(address), &known, &Frequencies::default());
            assert!(
                matches!(found.verdict, Verdict::Linked { .. }),
                "{address} {found:?}"
            );
        }
    }

    #[test]
    fn a_valid_number_and_a_rare_name_are_one_person_whatever_else_differs() {
        let record = |phone, plate, address| {
            prepare(&DealerRecord {
                name: "欧阳明珠",
                id_number: "11010519491231002X",
                phones: &[phone],
                plate,
                address,
                ..DealerRecord::default()
            })
        };
        let known = [record("13912345678", "沪AD1234", "仙霞路55弄3号101室")];
        let new = record("15012345679", "苏E12B45", "苏州市姑苏区干将东路888号");
        let found = decide(&new, &known, &Frequencies::default());
        assert!(matches!(found.verdict, Verdict::Linked { .. }), "{found:?}");
    }

    #[test]
    fn a_land_line_is_a_phone_and_no_contradiction_to_a_mobile() {
        let firm = |phone| record("上海鼎泰汽车贸易有限公司", phone, "");
        let known = [firm("021-62837415")];
        let found = decide(&firm("(021)6283 7415"), &known, &Frequencies::default());
        assert!(matches!(found.verdict, Verdict::Linked { .. }), "{found:?}");
        let decider = Decider::new(default_model());
        let bits = |left: &Prepared, right: &Prepared| {
            decider.explain(left, right, &Frequencies::default()).0
        };
        let (mobile, none) = (firm("13912345678"), firm(""));
        assert!((bits(&mobile, &known[0]) - bits(&none, &known[0])).abs() < 1e-4);
        // The neighbouring line is another's as likely as not.
        assert!(bits(&firm("021-62837416"), &known[0]) < bits(&none, &known[0]));
    }

    #[test]
    fn a_number_with_one_wrong_digit_is_the_same_beside_a_rare_name() {
        let known = [record("鲁肃然", "", "11010519491231002X")];
        for mistyped in ["11910519491231002X", "11010519491231020X"] {
            let found = decide(
                &record("鲁肃然", "", mistyped),
                &known,
                &Frequencies::default(),
            );
            assert!(matches!(found.verdict, Verdict::Linked { .. }), "{found:?}");
        }
    }

    #[test]
    fn one_wrong_gender_does_not_part_a_rare_name_with_its_phone() {
        let record = |gender| {
            prepare(&DealerRecord {
                name: "欧阳明珠",
                phones: &["13912345678"],
                gender,
                ..DealerRecord::default()
            })
        };
        let found = decide(&record("男"), &[record("女")], &Frequencies::default());
        assert!(matches!(found.verdict, Verdict::Linked { .. }), "{found:?}");
    }

    #[test]
    fn missing_is_not_disagreement() {
        let (bare, full) = (
            record("谭晓岚", "13912345678", ""),
            record("谭晓岚", "13912345678", "11010519491231002X"),
        );
        let decider = Decider::new(default_model());
        let (with, ..) = decider.explain(&bare, &full, &Frequencies::default());
        let (without, ..) = decider.explain(&bare, &bare, &Frequencies::default());
        assert!((with - without).abs() < 1e-4);
    }
}
