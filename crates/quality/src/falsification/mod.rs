//! Signs of invented data, as statistics with strength, p value and reason: evidence, never accusation.
//!
//! Records are reduced to [`Entry`] facts and counted in an [`EntryState`] for each dealer and clerk. States can be added
//! to and merged in any order with the same result, so a service keeps them and a recount agrees to the last digit.
//! [`assess`] compares all dealers with each other, controls the rate of false discoveries over dealers × tests
//! (Benjamini and Hochberg 1995) and returns an [`Assessment`], which names suspects and judges single entries.
//!
//! - **What is usual** is what most of the network does, found from its quieter half outwards, so that cheats neither raise the bar
//!   for each other nor hide behind it, as long as they are fewer than half ([`stats::usual_share`]).
//! - **Weak signs** of a small dealer, none of which says much, are weighed by how much more frequent they are where somebody
//!   invents, and summed; the p value of the sum is exact (`signs`, `bonds`).
//! - **A clerk of many** invents while his dealer as a whole looks as dealers do: he is compared with the dealer's other clerks as well,
//!   more strictly, and his own records alone bear the sign (`alone`).
//! - **Honest oddities** have an explanation in the data that is looked for first: a file taken over from another system in one
//!   minute or day (`trial::burst`, `state::LastDays`, `readings`), a dormitory, works or village (`entry`), a company's phone and
//!   address (`group`), a slip of the pen (`phones`). The tests of `oddities` hold this.

mod alone;
mod assess;
mod bonds;
mod calls;
mod digits;
mod entry;
mod even;
mod group;
mod judge;
mod keyed;
mod measure;
mod phones;
mod readings;
mod settings;
mod signs;
mod state;
pub mod stats;
mod streets;
mod trial;
mod unit;
mod visit_entry;
mod visits;

pub use alone::ClerkAssessment;
pub use assess::{Assessment, assess, assess_clerks};
pub use calls::{CallState, assess_calls};
pub use entry::{Entry, EntryExtras};
pub use judge::Sign;
pub use keyed::BrokenEntry;
pub use settings::Settings;
pub use state::EntryState;
pub use trial::{Evidence, Suspect, evidence};
pub use unit::{clerk_unit, dealer_and_clerk};
pub use visit_entry::VisitEntry;
pub use visits::{VisitAssessment, VisitState, assess_visit_clerks, assess_visits};

use serde::Serialize;

use crate::dictionary::{Bilingual, RecordKind};

/// What kind of invention the signs point to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One or two numbers, as of a showroom, stand for many unrelated customers.
    ShowroomPhone,
    /// Numbers put there to fill the field.
    PlaceholderPhone,
    /// Numbers that run upwards.
    SequentialPhone,
    /// Several numbers, as of the staff, stand for several unrelated customers each.
    StaffPhone,
    /// One ID number for several people, a series of ID numbers with one area and date of birth, or numbers that nobody has.
    FakeId,
    /// One address for many unrelated customers.
    CopiedAddress,
    /// Far more records on the last two days of months than the calendar has.
    MonthEndBurst,
    /// Readings too round or made of one digit, or that contradict the car's other readings.
    FakeMileage,
    /// One name far more often than names occur.
    NameRepetition,
    /// Many records within one minute.
    EntryBurst,
    /// Last digits that fall otherwise than those of the network.
    DigitPattern,
    /// Readings of a car that grow by the same distance, or at the same pace, from visit to visit.
    EvenMileage,
    /// Visits in which nothing was done and no part was used.
    BareVisit,
    /// Calls that all took the same time.
    EqualCalls,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::ShowroomPhone,
        Self::PlaceholderPhone,
        Self::SequentialPhone,
        Self::StaffPhone,
        Self::FakeId,
        Self::CopiedAddress,
        Self::MonthEndBurst,
        Self::FakeMileage,
        Self::NameRepetition,
        Self::EntryBurst,
        Self::DigitPattern,
        Self::EvenMileage,
        Self::BareVisit,
        Self::EqualCalls,
    ];

    /// Stable code, as in reports.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ShowroomPhone => "showroom_phone",
            Self::PlaceholderPhone => "placeholder_phone",
            Self::SequentialPhone => "sequential_phone",
            Self::StaffPhone => "staff_phone",
            Self::FakeId => "fake_id",
            Self::CopiedAddress => "copied_address",
            Self::MonthEndBurst => "month_end_burst",
            Self::FakeMileage => "fake_mileage",
            Self::NameRepetition => "name_repetition",
            Self::EntryBurst => "entry_burst",
            Self::DigitPattern => "digit_pattern",
            Self::EvenMileage => "even_mileage",
            Self::BareVisit => "bare_visit",
            Self::EqualCalls => "equal_calls",
        }
    }

    /// The kind of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The column that the signs are about in records of a kind.
    pub const fn column(self, records: RecordKind) -> &'static str {
        let are_visits = matches!(records, RecordKind::Visits);
        match self {
            Self::ShowroomPhone
            | Self::PlaceholderPhone
            | Self::SequentialPhone
            | Self::StaffPhone => "phone",
            Self::FakeId => "id_number",
            Self::CopiedAddress => "address",
            Self::MonthEndBurst | Self::EntryBurst if are_visits => "opened_at",
            Self::MonthEndBurst | Self::EntryBurst => "recorded_at",
            Self::DigitPattern if !are_visits => "phone",
            Self::FakeMileage | Self::EvenMileage | Self::DigitPattern => "odometer_km",
            Self::BareVisit => "lines",
            Self::EqualCalls => "duration_s",
            Self::NameRepetition => "name",
        }
    }

    /// How long the span is in which a burst is looked for, in seconds; `None` for what is no burst.
    pub const fn window_s(self) -> Option<u32> {
        match self {
            Self::EntryBurst => Some(60),
            Self::MonthEndBurst => Some(2 * 24 * 60 * 60),
            _ => None,
        }
    }

    /// What was seen, in words that accuse nobody.
    pub const fn reason(self) -> Bilingual {
        match self {
            Self::ShowroomPhone => Bilingual {
                zh: "一两个号码出现在许多互不相关的客户名下，像展厅电话",
                en: "one or two numbers stand for many unrelated customers, as a showroom's would",
            },
            Self::PlaceholderPhone => Bilingual {
                zh: "号码像是凑数填写的",
                en: "the number looks put there to fill the field",
            },
            Self::SequentialPhone => Bilingual {
                zh: "多个客户的号码依次递增",
                en: "the numbers of several customers run upwards one by one",
            },
            Self::StaffPhone => Bilingual {
                zh: "同一号码出现在多个互不相关的客户名下，像员工自己的号码",
                en: "one number stands for several unrelated customers, as a member of staff's would",
            },
            Self::FakeId => Bilingual {
                zh: "同一证件号用于多人，一批证件号地区与生日相同，或证件号不可能存在",
                en: "one ID number for several people, a series of them with one area and date of birth, or numbers that cannot exist",
            },
            Self::CopiedAddress => Bilingual {
                zh: "同一地址出现在许多互不相关的客户名下",
                en: "one address stands for many unrelated customers",
            },
            Self::MonthEndBurst => Bilingual {
                zh: "月末最后两天录入的记录远多于平常",
                en: "far more records than usual were entered on the last two days of months",
            },
            Self::FakeMileage => Bilingual {
                zh: "里程过于整齐、为同一数字，或与该车其他里程矛盾",
                en: "readings are too round, of one digit, or contradict the car's other readings",
            },
            Self::NameRepetition => Bilingual {
                zh: "同一姓名出现的次数远超姓名的常见程度",
                en: "one name occurs far more often than names do",
            },
            Self::EntryBurst => Bilingual {
                zh: "一分钟内录入了许多记录",
                en: "many records were entered within one minute",
            },
            Self::DigitPattern => Bilingual {
                zh: "号码或里程的末位数字分布与全网明显不同",
                en: "the last digits of numbers or readings fall otherwise than in the rest of the network",
            },
            Self::EvenMileage => Bilingual {
                zh: "同一辆车每次进店的里程增长过于均匀",
                en: "the readings of cars grow too evenly from visit to visit",
            },
            Self::BareVisit => Bilingual {
                zh: "许多工单既没有配件也没有工时",
                en: "many visits have neither parts nor labour",
            },
            Self::EqualCalls => Bilingual {
                zh: "许多回访通话时长完全相同",
                en: "many follow-up calls took exactly the same time",
            },
        }
    }
}

#[cfg(test)]
mod oddities;
#[cfg(test)]
mod tests;
