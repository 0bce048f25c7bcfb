//! Survivorship: the golden values of a customer, and which record each comes from.
//!
//! Golden values are computed whenever a customer is read, so that they cannot go stale and a change of the rules needs no
//! migration. Each field has one rule:
//!
//! | rule | which value survives |
//! |---|---|
//! | `documented` | that of a record whose ID number proves it, else the most frequent |
//! | `most_frequent` | the one most records say; of equals the newest |
//! | `newest` | the one typed last |
//! | `oldest` | the one typed first |
//! | `all` | every distinct one, newest first |

use std::fmt;

use chrono::NaiveDate;
use marque_core::{SourceRecordId, Timestamp};

use crate::domain::{Facts, PastContact};

/// One record's say in the golden values.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    pub(crate) id: SourceRecordId,
    pub(crate) at: Timestamp,
    pub(crate) facts: &'a Facts,
    pub(crate) past_contacts: &'a [PastContact],
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
    pub(crate) record: SourceRecordId,
}

impl fmt::Debug for ContactPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactPoint")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

/// Where the value of a field comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lineage {
    pub(crate) field: &'static str,
    pub(crate) record: SourceRecordId,
    pub(crate) rule: &'static str,
    pub(crate) at: Timestamp,
    /// Records that say the same.
    pub(crate) agreeing: usize,
    /// Records that say anything.
    pub(crate) saying: usize,
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

#[derive(Clone, Copy)]
enum Rule {
    Documented,
    MostFrequent,
    Newest,
    Oldest,
}

impl Rule {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::MostFrequent => "most_frequent",
            Self::Newest => "newest",
            Self::Oldest => "oldest",
        }
    }
}

/// Computes the golden values of a customer's records. The order of the records does not matter.
pub(crate) fn compose(said: &[Said<'_>]) -> Golden {
    let mut order: Vec<&Said<'_>> = said.iter().collect();
    order.sort_by_key(|said| (std::cmp::Reverse(said.at), said.id));
    let mut composer = Composer {
        newest_first: &order,
        lineage: Vec::new(),
    };
    let mut golden = Golden {
        name: composer.name(),
        id_number: composer.pick("id_number", Rule::MostFrequent, |facts| {
            facts.id_number.as_deref()
        }),
        credit_code: composer.pick("credit_code", Rule::MostFrequent, |facts| {
            facts.credit_code.as_deref()
        }),
        gender: composer.pick("gender", Rule::Documented, |facts| facts.gender),
        address: composer.pick("address", Rule::Newest, |facts| facts.address.as_deref()),
        occupation: composer.pick("occupation", Rule::Newest, |facts| {
            facts.occupation.as_deref()
        }),
        industry: composer.pick("industry", Rule::Newest, |facts| facts.industry.as_deref()),
        income_band: composer.pick("income_band", Rule::Newest, |facts| {
            facts.income_band.as_deref()
        }),
        hobbies: composer.pick("hobbies", Rule::Newest, |facts| facts.hobbies.as_deref()),
        acquisition_channel: composer.pick("acquisition_channel", Rule::Oldest, |facts| {
            facts.acquisition_channel.as_deref()
        }),
        birthday: composer.choose("birthday", Rule::Documented, |facts| facts.birthday),
        region_code: composer.choose("region_code", Rule::Newest, |facts| facts.region_code),
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
    lineage: Vec<Lineage>,
}

impl Composer<'_> {
    /// A whole name is better than a surname, however often that was typed.
    fn name(&mut self) -> Option<String> {
        let whole = |facts: &Facts| facts.name.clone().filter(|_| !facts.is_surname_only);
        self.choose("name", Rule::MostFrequent, whole)
            .or_else(|| self.choose("name", Rule::Newest, |facts| facts.name.clone()))
    }

    fn pick(
        &mut self,
        field: &'static str,
        rule: Rule,
        value: impl Fn(&Facts) -> Option<&str>,
    ) -> Option<String> {
        self.choose(field, rule, |facts| value(facts).map(str::to_owned))
    }

    fn choose<T: PartialEq>(
        &mut self,
        field: &'static str,
        rule: Rule,
        value: impl Fn(&Facts) -> Option<T>,
    ) -> Option<T> {
        let saying: Vec<(&Said<'_>, T)> = self
            .newest_first
            .iter()
            .filter_map(|said| value(said.facts).map(|value| (*said, value)))
            .collect();
        let agreeing = |wanted: &T| saying.iter().filter(|(_, value)| value == wanted).count();
        // Of equals the first one counts, which is the newest.
        let most_frequent = || {
            (0..saying.len())
                .rev()
                .max_by_key(|at| agreeing(&saying[*at].1))
        };
        let at = match rule {
            Rule::Newest => (!saying.is_empty()).then_some(0),
            Rule::Oldest => saying.len().checked_sub(1),
            Rule::MostFrequent => most_frequent(),
            Rule::Documented => saying
                .iter()
                .position(|(said, _)| said.facts.is_documented)
                .or_else(most_frequent),
        }?;
        let (winner, value) = &saying[at];
        self.lineage.push(Lineage {
            field,
            record: winner.id,
            rule: rule.as_str(),
            at: winner.at,
            agreeing: agreeing(value),
            saying: saying.len(),
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

    /// Current contacts newest first, each once; then past ones that are not current.
    fn contact_points(&self) -> Vec<ContactPoint> {
        let mut points: Vec<ContactPoint> = Vec::new();
        for said in self.newest_first {
            for (channel, value) in said.facts.contacts() {
                let channel = Channel::parse(channel);
                match points
                    .iter_mut()
                    .find(|point| point.channel == channel && point.value == value)
                {
                    Some(point) => point.from = point.from.min(said.at),
                    None => points.push(ContactPoint {
                        channel,
                        value: value.to_owned(),
                        from: said.at,
                        to: None,
                        record: said.id,
                    }),
                }
            }
        }
        for said in self.newest_first {
            for past in said.past_contacts {
                let channel = Channel::parse(&past.channel);
                if !points
                    .iter()
                    .any(|point| point.channel == channel && point.value == past.value)
                {
                    points.push(ContactPoint {
                        channel,
                        value: past.value.clone(),
                        from: past.from,
                        to: Some(past.to),
                        record: said.id,
                    });
                }
            }
        }
        points
    }
}

#[cfg(test)]
mod tests {
    use marque_core::source_record_id;

    use super::*;
    use crate::domain::{COLUMNS, Columns};

    fn facts(texts: &[(&str, &str)]) -> Facts {
        let mut columns = Columns::default();
        for (place, field) in COLUMNS.iter().enumerate() {
            if let Some((_, text)) = texts.iter().find(|(name, _)| *name == field.column()) {
                columns.push(place, text);
            }
        }
        Facts::of(&columns, Timestamp::from_micros(1_790_000_000_000_000)).0
    }

    fn golden(rows: &[(i64, &[(&str, &str)])]) -> Golden {
        let facts: Vec<Facts> = rows.iter().map(|(_, texts)| facts(texts)).collect();
        let said: Vec<Said<'_>> = facts
            .iter()
            .zip(rows)
            .enumerate()
            .map(|(at, (facts, (day, _)))| Said {
                id: source_record_id(&"D1".parse().unwrap(), "dms", &at.to_string()),
                at: Timestamp::from_micros(day * 86_400_000_000),
                facts,
                past_contacts: &[],
            })
            .collect();
        compose(&said)
    }

    #[test]
    fn the_most_frequent_whole_name_survives_a_newer_surname() {
        let golden = golden(&[
            (1, &[("source_key", "a"), ("name", "欧阳建国")]),
            (2, &[("source_key", "b"), ("name", "欧阳建国")]),
            (9, &[("source_key", "c"), ("name", "欧阳先生")]),
        ]);
        assert_eq!(golden.name.as_deref(), Some("欧阳建国"));
        let name = golden
            .lineage
            .iter()
            .find(|lineage| lineage.field == "name")
            .unwrap();
        assert_eq!(
            (name.agreeing, name.saying, name.rule),
            (2, 2, "most_frequent")
        );
    }

    #[test]
    fn what_the_id_number_proves_beats_what_was_typed_more_often() {
        let golden = golden(&[
            (
                1,
                &[
                    ("source_key", "a"),
                    ("name", "王小明"),
                    ("id_number", "11010519491231002X"),
                ],
            ),
            (
                2,
                &[
                    ("source_key", "b"),
                    ("name", "王小明"),
                    ("birthday", "1950-01-01"),
                ],
            ),
            (
                3,
                &[
                    ("source_key", "c"),
                    ("name", "王小明"),
                    ("birthday", "1950-01-01"),
                ],
            ),
        ]);
        assert_eq!(golden.birthday.unwrap().to_string(), "1949-12-31");
    }

    #[test]
    fn contacts_are_newest_first_and_each_once() {
        let golden = golden(&[
            (
                1,
                &[
                    ("source_key", "a"),
                    ("name", "王小明"),
                    ("phone", "13800138001"),
                ],
            ),
            (
                5,
                &[
                    ("source_key", "b"),
                    ("name", "王小明"),
                    ("phone", "13900139002"),
                    ("phone2", "13800138001"),
                ],
            ),
        ]);
        let values: Vec<&str> = golden
            .contact_points
            .iter()
            .map(|point| point.value.as_str())
            .collect();
        assert_eq!(values, ["+8613900139002", "+8613800138001"]);
        assert_eq!(
            golden.contact_points[1].from,
            Timestamp::from_micros(86_400_000_000)
        );
    }

    #[test]
    fn how_he_came_to_us_is_what_the_first_record_says() {
        let golden = golden(&[
            (
                7,
                &[
                    ("source_key", "a"),
                    ("name", "王小明"),
                    ("acquisition_channel", "网络"),
                ],
            ),
            (
                2,
                &[
                    ("source_key", "b"),
                    ("name", "王小明"),
                    ("acquisition_channel", "展厅"),
                ],
            ),
        ]);
        assert_eq!(golden.acquisition_channel.as_deref(), Some("展厅"));
    }
}
