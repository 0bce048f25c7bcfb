//! Verification: what came of calling a customer or writing to him, and what that says of a dealer's accuracy.

use marque_core::Timestamp;
use marque_quality::falsification::stats::wilson_interval;
use uuid::Uuid;

/// What came of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckOutcome {
    /// What stands in the record is true.
    Confirmed,
    /// The number does not exist or is somebody else's.
    WrongNumber,
    /// Who answered is not the owner.
    NotOwner,
    /// The customer lives elsewhere.
    Moved,
    /// Nobody answered: says nothing of the record.
    Unreachable,
    /// Somebody answered and would not say: says nothing of the record.
    Refused,
}

impl CheckOutcome {
    pub(crate) const ALL: [Self; 6] = [
        Self::Confirmed,
        Self::WrongNumber,
        Self::NotOwner,
        Self::Moved,
        Self::Unreachable,
        Self::Refused,
    ];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::WrongNumber => "wrong_number",
            Self::NotOwner => "not_owner",
            Self::Moved => "moved",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
        }
    }

    /// The outcome of a word as call centres write it.
    pub(crate) fn read(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase().replace([' ', '-'], "_");
        let by_code = Self::ALL.into_iter().find(|outcome| outcome.code() == word);
        by_code.or(match word.as_str() {
            "属实" | "准确" | "一致" | "正确" | "确认" | "确认无误" | "核实无误" | "信息无误"
            | "已确认" | "已核实" | "本人" | "本人接听" | "ok" | "delivered" | "已送达" => {
                Some(Self::Confirmed)
            }
            "错号" | "空号" | "号码错误" | "打错了" | "停机" | "已停机" | "wrong" => {
                Some(Self::WrongNumber)
            }
            "非车主" | "非本人" | "不是车主" | "不是本人" | "查无此人" => {
                Some(Self::NotOwner)
            }
            "已搬迁" | "搬家" | "已搬家" | "地址变更" | "退信" | "returned" => {
                Some(Self::Moved)
            }
            "无人接听" | "未接通" | "无法接通" | "联系不上" | "关机" | "占线" | "忙"
            | "no_answer" => Some(Self::Unreachable),
            "拒访" | "拒绝" | "拒接" => Some(Self::Refused),
            _ => None,
        })
    }

    /// Whether the record was right; `None` if the check says nothing of it.
    pub(crate) const fn is_right(self) -> Option<bool> {
        match self {
            Self::Confirmed => Some(true),
            Self::WrongNumber | Self::NotOwner | Self::Moved => Some(false),
            Self::Unreachable | Self::Refused => None,
        }
    }
}

/// One check of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) id: Uuid,
    pub(crate) record: Uuid,
    pub(crate) dealer: String,
    /// Column that was checked; empty for the record as a whole.
    pub(crate) field: String,
    pub(crate) outcome: CheckOutcome,
    pub(crate) method: String,
    pub(crate) checked_at: Timestamp,
    pub(crate) duration_s: Option<i64>,
    /// Whether the dealer checked himself: kept, and not counted.
    pub(crate) is_own: bool,
}

impl Check {
    /// The column of which the outcome tells, whatever was asked about: a wrong number tells of the phone, and who moved of his
    /// address.
    pub(crate) fn column(&self) -> &str {
        match (self.outcome, self.field.as_str()) {
            (CheckOutcome::WrongNumber, "phone2") => "phone2",
            (CheckOutcome::WrongNumber, _) | (CheckOutcome::NotOwner, "") => "phone",
            (CheckOutcome::Moved, _) => "address",
            (_, field) => field,
        }
    }
}

/// A dealer's accuracy: the share of checked records that were right, with its 95 % interval.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Accuracy {
    pub(crate) dealer: String,
    /// Records of which a check said something.
    pub(crate) checked: i64,
    pub(crate) confirmed: i64,
    /// Records that nobody could be reached about.
    pub(crate) silent: i64,
    pub(crate) rate: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// In the dealer assessment; `None` while too few were checked.
    pub(crate) points: Option<f64>,
}

/// Points by accuracy: a row for each threshold, and how many records must have been checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PointsTable {
    pub(crate) least_checked: i64,
    /// Rate from which on, and points; highest first.
    pub(crate) rows: Vec<(f64, f64)>,
}

impl Default for PointsTable {
    fn default() -> Self {
        Self {
            least_checked: 30,
            rows: vec![(0.98, 10.0), (0.95, 8.0), (0.90, 6.0), (0.80, 3.0)],
        }
    }
}

impl PointsTable {
    fn points(&self, checked: i64, rate: f64) -> Option<f64> {
        let row = self.rows.iter().find(|(from, _)| rate >= *from);
        (checked >= self.least_checked).then(|| row.map_or(0.0, |(_, points)| *points))
    }
}

/// Accuracy by dealer. Of several checks of one record and field the latest counts that says something; a record is right if
/// all that was checked of it is.
pub(crate) fn accuracy(mut checks: Vec<Check>, table: &PointsTable) -> Vec<Accuracy> {
    let key = |check: &Check| (check.dealer.clone(), check.record, check.field.clone());
    checks.retain(|check| !check.is_own);
    checks.sort_by_key(|check| (key(check), check.checked_at, check.id));
    let latest: Vec<&Check> = checks
        .chunk_by(|a, b| key(a) == key(b))
        .filter_map(|same| {
            let says_something = |check: &&Check| check.outcome.is_right().is_some();
            same.iter().rev().find(says_something).or(same.last())
        })
        .collect();
    let of_dealer = |checks: &[&Check]| {
        let (mut checked, mut confirmed, mut silent) = (0, 0, 0);
        for record in checks.chunk_by(|a, b| a.record == b.record) {
            let said: Vec<bool> = record.iter().filter_map(|c| c.outcome.is_right()).collect();
            if said.is_empty() {
                silent += 1;
            } else {
                checked += 1;
                confirmed += i64::from(said.iter().all(|right| *right));
            }
        }
        let (low, high) = wilson_interval(confirmed as u64, checked as u64);
        let rate = if checked > 0 {
            confirmed as f64 / checked as f64
        } else {
            0.0
        };
        Accuracy {
            dealer: checks[0].dealer.clone(),
            checked,
            confirmed,
            silent,
            rate,
            low,
            high,
            points: table.points(checked, rate),
        }
    };
    latest
        .chunk_by(|a, b| a.dealer == b.dealer)
        .map(of_dealer)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(record: u128, at: i64, outcome: CheckOutcome) -> Check {
        Check {
            id: Uuid::from_u128(record * 1000 + at.unsigned_abs() as u128),
            record: Uuid::from_u128(record),
            dealer: "D1".into(),
            field: "phone".into(),
            outcome,
            method: String::new(),
            checked_at: Timestamp::from_micros(at),
            duration_s: None,
            is_own: false,
        }
    }

    #[test]
    fn the_latest_word_counts_and_silence_says_nothing() {
        let mut checks = vec![
            check(1, 1, CheckOutcome::WrongNumber),
            check(1, 2, CheckOutcome::Confirmed),
            check(2, 1, CheckOutcome::NotOwner),
            check(3, 1, CheckOutcome::Unreachable),
            check(4, 1, CheckOutcome::Confirmed),
            // Nobody at home does not take back what was heard before.
            check(6, 1, CheckOutcome::WrongNumber),
            check(6, 2, CheckOutcome::Unreachable),
        ];
        checks.push(Check {
            is_own: true,
            ..check(5, 1, CheckOutcome::Confirmed)
        });
        let table = PointsTable {
            least_checked: 3,
            ..PointsTable::default()
        };
        let found = accuracy(checks, &table);
        let [one] = found.as_slice() else {
            panic!("one dealer")
        };
        assert_eq!((one.checked, one.confirmed, one.silent), (4, 2, 1));
        assert_eq!(one.points, Some(0.0));
        assert!(one.low < one.rate && one.rate < one.high);
    }

    #[test]
    fn a_wrong_number_says_nothing_of_the_name_that_was_asked_about() {
        use CheckOutcome::{Confirmed, Moved, NotOwner, WrongNumber};
        for (field, outcome, column) in [
            ("", Confirmed, ""),
            ("", WrongNumber, "phone"),
            ("name", WrongNumber, "phone"),
            ("phone2", WrongNumber, "phone2"),
            ("", NotOwner, "phone"),
            ("name", NotOwner, "name"),
            ("name", Moved, "address"),
            ("name", Confirmed, "name"),
        ] {
            let check = Check {
                field: field.into(),
                ..check(1, 1, outcome)
            };
            assert_eq!(check.column(), column, "{field} {outcome:?}");
        }
    }

    #[test]
    fn call_centres_words_are_understood() {
        assert_eq!(
            CheckOutcome::read(" 空号 "),
            Some(CheckOutcome::WrongNumber)
        );
        assert_eq!(
            CheckOutcome::read("Not owner"),
            Some(CheckOutcome::NotOwner)
        );
        for (words, outcome) in [
            (
                ["确认无误", "核实无误", "已核实", "本人"],
                CheckOutcome::Confirmed,
            ),
            (
                ["打错了", "错号", "停机", "空号"],
                CheckOutcome::WrongNumber,
            ),
            (
                ["不是本人", "查无此人", "非本人", "不是车主"],
                CheckOutcome::NotOwner,
            ),
            (
                ["联系不上", "关机", "无法接通", "占线"],
                CheckOutcome::Unreachable,
            ),
        ] {
            for word in words {
                assert_eq!(CheckOutcome::read(word), Some(outcome), "{word}");
            }
        }
        assert_eq!(CheckOutcome::read("maybe"), None);
    }
}
