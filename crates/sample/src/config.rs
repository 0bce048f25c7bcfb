//! What is to be made.

use chrono::NaiveDate;

/// A way in which a dealer's staff make their records look better than they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Falsification {
    /// The dealer's own line given as the customer's phone.
    ShowroomPhone,
    /// Phones such as 13800000000.
    PlaceholderPhone,
    /// Phones counted up.
    SequentialPhone,
    /// A clerk's own phone.
    StaffPhone,
    /// ID numbers made up: unused divisions, impossible dates, wrong checks.
    FakeId,
    /// One address for many unrelated people.
    CopiedAddress,
    /// Records entered in the last night of the month.
    MonthEndBurst,
    /// Odometers in round steps rather than read off.
    FakeMileage,
}

impl Falsification {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ShowroomPhone,
        Self::PlaceholderPhone,
        Self::SequentialPhone,
        Self::StaffPhone,
        Self::FakeId,
        Self::CopiedAddress,
        Self::MonthEndBurst,
        Self::FakeMileage,
    ];

    /// Name in the truth files.
    pub fn name(self) -> &'static str {
        match self {
            Self::ShowroomPhone => "showroom_phone",
            Self::PlaceholderPhone => "placeholder_phone",
            Self::SequentialPhone => "sequential_phone",
            Self::StaffPhone => "staff_phone",
            Self::FakeId => "fake_id",
            Self::CopiedAddress => "copied_address",
            Self::MonthEndBurst => "month_end_burst",
            Self::FakeMileage => "fake_mileage",
        }
    }

    /// The column that is written over.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::ShowroomPhone
            | Self::PlaceholderPhone
            | Self::SequentialPhone
            | Self::StaffPhone => "phone",
            Self::FakeId => "id_number",
            Self::CopiedAddress => "address",
            Self::MonthEndBurst => "recorded_at",
            Self::FakeMileage => "odometer_km",
        }
    }
}

/// How much is made, and how dirty.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Customer rows over all dealers' files.
    pub customers: u64,
    /// Number of dealers, at least 1.
    pub dealers: u64,
    /// Vehicle rows per customer row.
    pub vehicles_per_customer: f64,
    /// Visit rows per vehicle row.
    pub visits_per_vehicle: f64,
    /// Complaint rows per customer row.
    pub complaints_per_customer: f64,
    /// Share of the rows, 0 to 0.25, that are a further record of somebody another row is about already.
    pub duplicate_share: f64,
    /// How much dirt: 0 none, 1 as usual, 2 twice as much.
    pub dirt: f64,
    /// Share of the dealers, 0 to 1, that falsify.
    pub falsifying_share: f64,
    /// The day the files are made; nothing in them is later.
    pub as_of: NaiveDate,
}

impl Config {
    /// The usual mix for so many customer rows at so many dealers.
    pub fn new(customers: u64, dealers: u64) -> Self {
        Self {
            customers,
            dealers: dealers.max(1),
            vehicles_per_customer: 1.2,
            visits_per_vehicle: 5.2,
            complaints_per_customer: 0.25,
            duplicate_share: 0.2,
            dirt: 1.0,
            falsifying_share: 0.2,
            as_of: NaiveDate::from_ymd_opt(2026, 10, 31).expect("a real day"),
        }
    }

    /// The shape that reading is measured on: 100,000 customers, each recorded once and honestly, 120,000 vehicles,
    /// 624,000 visits, 25,000 complaints.
    pub fn bench() -> Self {
        Self {
            duplicate_share: 0.0,
            falsifying_share: 0.0,
            ..Self::new(100_000, 20)
        }
    }
}
