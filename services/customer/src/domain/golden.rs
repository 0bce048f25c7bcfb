//! Survivorship: the golden values of a customer, and which record each comes from.
//!
//! Golden values are computed whenever a customer is read, so that they cannot go stale and a change of the rules needs no
//! migration. Fields of one value follow their chain of rules (see [`Survivorship`]); of the others every distinct value
//! survives, newest first.

use std::fmt;

use chrono::NaiveDate;
use marque_core::{SourceRecordId, Timestamp};

use crate::domain::{
    ColumnCheck, Facts, GoldenField, PastContact, Rule, Since, Survivorship, Trust, noted_at,
};

/// One record's say in the golden values.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    pub(crate) id: SourceRecordId,
    /// Whether the caller may know of the record.
    pub(crate) is_known: bool,
    pub(crate) at: Timestamp,
    /// How far its source is trusted.
    pub(crate) trust: Trust,
    pub(crate) facts: &'a Facts,
    pub(crate) past_contacts: &'a [PastContact],
    pub(crate) since: &'a [Since],
    pub(crate) checks: &'a [ColumnCheck],
}

impl Said<'_> {
    /// Its id, for a caller who may know of it.
    fn known_id(&self) -> Option<SourceRecordId> {
        self.is_known.then_some(self.id)
    }

    /// The last word on what the record says in a field.
    fn checked(&self, field: GoldenField) -> Option<&ColumnCheck> {
        let words = self.checks.iter().filter(|check| check.is_right.is_some());
        let of_field =
            words.filter(|check| check.column.is_empty() || check.column == field.as_str());
        of_field.max_by_key(|check| check.at)
    }

    /// When the record came to say what it says in a field.
    fn said_at(&self, field: GoldenField) -> Timestamp {
        noted_at(self.since, field.as_str()).unwrap_or(self.at)
    }

    /// When the record first said a contact that it has: its earlier versions may have had it, or other ones.
    fn since(&self, channel: &str, value: &str) -> Timestamp {
        let noted = self
            .past_contacts
            .iter()
            .find(|past| past.to.is_none() && past.channel == channel && past.value == value);
        noted.map_or(self.at, |past| past.from)
    }
}

/// Ways to reach a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Phone,
    Email,
    Wechat,
}

impl Channel {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Wechat => "wechat",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "email" => Self::Email,
            "wechat" => Self::Wechat,
            _ => Self::Phone,
        }
    }
}

/// A way to reach the customer, for the time a record said it was his.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ContactPoint {
    pub(crate) channel: Channel,
    pub(crate) value: String,
    pub(crate) from: Timestamp,
    /// Unset while current.
    pub(crate) to: Option<Timestamp>,
    /// The newest record that says so of which the caller may know.
    pub(crate) record: Option<SourceRecordId>,
}

impl fmt::Debug for ContactPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactPoint")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lineage {
    pub(crate) field: &'static str,
    /// The record that won, if the caller may know of it.
    pub(crate) record: Option<SourceRecordId>,
    pub(crate) rule: &'static str,
    pub(crate) at: Timestamp,
    /// Records that say the same, as far as the caller may know of them.
    pub(crate) agreeing: usize,
    /// Records that say anything, as far as the caller may know of them.
    pub(crate) saying: usize,
    /// How far the source of the record is trusted.
    pub(crate) trust: Trust,
}

/// The golden values.
#[derive(Clone, Default)]
pub(crate) struct Golden {
    pub(crate) name: Option<String>,
    pub(crate) id_number: Option<String>,
    pub(crate) credit_code: Option<String>,
    pub(crate) contact_points: Vec<ContactPoint>,
    pub(crate) gender: Option<String>,
    pub(crate) birthday: Option<NaiveDate>,
    pub(crate) address: Option<String>,
    pub(crate) region_code: Option<u32>,
    pub(crate) occupation: Option<String>,
    pub(crate) industry: Option<String>,
    pub(crate) income_band: Option<String>,
    pub(crate) hobbies: Option<String>,
    pub(crate) explicit_requests: Vec<String>,
    pub(crate) special_needs: Vec<String>,
    pub(crate) acquisition_channel: Option<String>,
    /// The record that names a referrer, and the key it names.
    pub(crate) referrer: Option<(SourceRecordId, String)>,
    pub(crate) contact_names: Vec<String>,
    pub(crate) lineage: Vec<Lineage>,
}

impl fmt::Debug for Golden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Golden")
            .field("lineage", &self.lineage.len())
            .finish_non_exhaustive()
    }
}

/// Computes the golden values of a customer's records. The order of the records does not matter.
pub(crate) fn compose(said: &[Said<'_>], rules: &Survivorship) -> Golden {
    let mut order: Vec<&Said<'_>> = said.iter().collect();
    order.sort_by_key(|said| (std::cmp::Reverse(said.at), said.id));
    let mut composer = Composer {
        newest_first: &order,
        rules,
        lineage: Vec::new(),
    };
    let mut golden = Golden {
        name: composer.name(),
        id_number: composer.pick(GoldenField::IdNumber, |facts| facts.id_number.as_deref()),
        credit_code: composer.pick(GoldenField::CreditCode, |facts| {
            facts.credit_code.as_deref()
        }),
        gender: composer.pick(GoldenField::Gender, |facts| facts.gender),
        address: composer.pick(GoldenField::Address, |facts| facts.address.as_deref()),
        occupation: composer.pick(GoldenField::Occupation, |facts| facts.occupation.as_deref()),
        industry: composer.pick(GoldenField::Industry, |facts| facts.industry.as_deref()),
        income_band: composer.pick(GoldenField::IncomeBand, |facts| {
            facts.income_band.as_deref()
        }),
        hobbies: composer.pick(GoldenField::Hobbies, |facts| facts.hobbies.as_deref()),
        acquisition_channel: composer.pick(GoldenField::AcquisitionChannel, |facts| {
            facts.acquisition_channel.as_deref()
        }),
        birthday: composer.choose(GoldenField::Birthday, |facts| facts.birthday),
        region_code: composer.choose(GoldenField::RegionCode, |facts| facts.region_code),
        explicit_requests: composer.all(|facts| facts.explicit_requests.as_deref()),
        special_needs: composer.all(|facts| facts.special_needs.as_deref()),
        contact_names: composer.all(|facts| facts.contact_name.as_deref()),
        contact_points: composer.contact_points(),
        ..Golden::default()
    };
    golden.referrer = order
        .iter()
        .rev()
        .find_map(|said| said.facts.referrer_key.clone().map(|key| (said.id, key)));
    golden.lineage = composer.lineage;
    golden
}

struct Composer<'a> {
    newest_first: &'a [&'a Said<'a>],
    rules: &'a Survivorship,
    lineage: Vec<Lineage>,
}

impl Composer<'_> {
    /// A whole name is better than a surname, however often that was typed.
    fn name(&mut self) -> Option<String> {
        let whole = |facts: &Facts| facts.name.clone().filter(|_| !facts.is_surname_only);
        self.choose(GoldenField::Name, whole)
            .or_else(|| self.choose(GoldenField::Name, |facts| facts.name.clone()))
    }

    fn pick(
        &mut self,
        field: GoldenField,
        value: impl Fn(&Facts) -> Option<&str>,
    ) -> Option<String> {
        self.choose(field, |facts| value(facts).map(str::to_owned))
    }

    fn choose<T: PartialEq>(
        &mut self,
        field: GoldenField,
        value: impl Fn(&Facts) -> Option<T>,
    ) -> Option<T> {
        let mut saying: Vec<(&Said<'_>, T)> = self
            .newest_first
            .iter()
            .filter_map(|said| value(said.facts).map(|value| (*said, value)))
            .collect();
        // Few records say anything since a moment of its own; the others are in order.
        if saying.iter().any(|(said, _)| !said.since.is_empty()) {
            saying.sort_by_key(|(said, _)| (std::cmp::Reverse(said.said_at(field)), said.id));
        }
        let (at, rule) = survivor(&saying, field, self.rules.chain(field))?;
        let (winner, value) = &saying[at];
        self.lineage.push(Lineage {
            field: field.as_str(),
            record: winner.known_id(),
            rule: rule.as_str(),
            at: winner.said_at(field),
            agreeing: known(&saying).filter(|said| *said == value).count(),
            saying: known(&saying).count(),
            trust: winner.trust,
        });
        saying.into_iter().nth(at).map(|(_, value)| value)
    }

    /// Every distinct text, newest first.
    fn all(&self, value: impl Fn(&Facts) -> Option<&str>) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for text in self
            .newest_first
            .iter()
            .filter_map(|said| value(said.facts))
        {
            if !found.iter().any(|known| known == text) {
                found.push(text.to_owned());
            }
        }
        found
    }

    /// Current contacts newest first, each once; then past ones, and when he had before what he has again. The phone to call comes first.
    fn contact_points(&mut self) -> Vec<ContactPoint> {
        let best = self.choose(GoldenField::Phone, |facts| facts.phones.first().cloned());
        let mut points = self.all_contact_points();
        let is_best = |point: &ContactPoint| {
            point.channel == Channel::Phone && Some(&point.value) == best.as_ref()
        };
        if let Some(at) = points.iter().position(is_best) {
            points[..=at].rotate_right(1);
        }
        points
    }

    fn all_contact_points(&self) -> Vec<ContactPoint> {
        let mut points: Vec<ContactPoint> = Vec::new();
        for said in self.newest_first {
            for (channel, value) in said.facts.contacts() {
                let from = said.since(channel, value);
                let channel = Channel::parse(channel);
                match points
                    .iter_mut()
                    .find(|point| point.channel == channel && point.value == value)
                {
                    Some(point) => {
                        point.from = point.from.min(from);
                        point.record = point.record.or_else(|| said.known_id());
                    }
                    None => points.push(ContactPoint {
                        channel,
                        value: value.to_owned(),
                        from,
                        to: None,
                        record: said.known_id(),
                    }),
                }
            }
        }
        for said in self.newest_first {
            for past in said.past_contacts {
                let Some(to) = past.to else {
                    continue;
                };
                let channel = Channel::parse(&past.channel);
                let mut same = points
                    .iter()
                    .filter(|point| point.channel == channel && point.value == past.value);
                // He may have it again, and have had it before: that is another time if it touches no other.
                let is_apart = |point: &ContactPoint| {
                    to <= point.from || point.to.is_some_and(|end| end <= past.from)
                };
                if same.all(|point| past.from < to && is_apart(point)) {
                    points.push(ContactPoint {
                        channel,
                        value: past.value.clone(),
                        from: past.from,
                        to: Some(to),
                        record: said.known_id(),
                    });
                }
            }
        }
        points
    }
}

/// What is said by the records of which the caller may know.
fn known<'a, T>(saying: &'a [(&Said<'_>, T)]) -> impl Iterator<Item = &'a T> {
    let known = saying.iter().filter(|(said, _)| said.is_known);
    known.map(|(_, value)| value)
}

fn agreeing<T: PartialEq>(saying: &[(&Said<'_>, T)], wanted: &T) -> usize {
    saying.iter().filter(|(_, value)| value == wanted).count()
}

/// The place of the value that survives, and the rule that decided: the last one that left out a value, or the first that fits
/// where all say the same. `saying` is newest first.
fn survivor<T: PartialEq>(
    saying: &[(&Said<'_>, T)],
    field: GoldenField,
    chain: &[Rule],
) -> Option<(usize, Rule)> {
    let mut left: Vec<usize> = (0..saying.len()).collect();
    let mut decided = None;
    for rule in chain.iter().chain(&[Rule::Newest]) {
        let kept = narrowed(saying, &left, field, *rule);
        if kept.is_empty() {
            continue;
        }
        if decided.is_none() || leaves_out_a_value(saying, &left, &kept) {
            decided = Some(*rule);
        }
        left = kept;
    }
    left.first().copied().zip(decided)
}

fn leaves_out_a_value<T: PartialEq>(
    saying: &[(&Said<'_>, T)],
    before: &[usize],
    after: &[usize],
) -> bool {
    let is_kept = |at: &usize| after.iter().any(|kept| saying[*kept].1 == saying[*at].1);
    before.len() > after.len() && !before.iter().all(is_kept)
}

fn narrowed<T: PartialEq>(
    saying: &[(&Said<'_>, T)],
    left: &[usize],
    field: GoldenField,
    rule: Rule,
) -> Vec<usize> {
    let keep =
        |wanted: &dyn Fn(usize) -> bool| left.iter().copied().filter(|at| wanted(*at)).collect();
    match rule {
        Rule::Newest => left.first().copied().into_iter().collect(),
        // Whoever mends what the first record says leaves it the first.
        Rule::Oldest => {
            let typed_at = |at: &usize| saying[*at].0.at;
            let oldest = left.iter().copied().rev().min_by_key(typed_at);
            oldest.into_iter().collect()
        }
        Rule::Verified => verified(saying, left, field),
        Rule::Documented => keep(&|at| saying[at].0.facts.is_documented),
        Rule::Trusted => {
            let most = left
                .iter()
                .map(|at| saying[*at].0.trust.share)
                .fold(0.0, f64::max);
            keep(&|at| saying[at].0.trust.share >= most)
        }
        Rule::MostFrequent => {
            let count = |at: usize| agreeing(saying, &saying[at].1);
            let most = left.iter().map(|at| count(*at)).max();
            keep(&|at| Some(count(at)) == most)
        }
    }
}

/// Values that somebody confirmed; if there is none, all but those that somebody found wrong. A word on a value counts for all who
/// say it. Nothing if nothing was found out.
fn verified<T: PartialEq>(
    saying: &[(&Said<'_>, T)],
    left: &[usize],
    field: GoldenField,
) -> Vec<usize> {
    // So it is with nearly all, and to compare each value with all others takes its time where many say one.
    if saying.iter().all(|(said, _)| said.checked(field).is_none()) {
        return Vec::new();
    }
    let word = |at: usize| {
        let same = saying.iter().filter(|(_, value)| *value == saying[at].1);
        let checks = same.filter_map(|(said, _)| said.checked(field));
        checks
            .max_by_key(|check| check.at)
            .and_then(|check| check.is_right)
    };
    let words: Vec<(usize, Option<bool>)> = left.iter().map(|at| (*at, word(*at))).collect();
    let with = |wanted: Option<bool>| {
        let found = words.iter().filter(|(_, word)| *word == wanted);
        found.map(|(at, _)| *at).collect::<Vec<usize>>()
    };
    let confirmed = with(Some(true));
    if confirmed.is_empty() && words.iter().any(|(_, word)| word.is_some()) {
        return with(None);
    }
    confirmed
}

#[cfg(test)]
mod tests;
