//! What the counters read of a repair: the part of the repair record (Art. 17) that decides.

use std::collections::BTreeSet;

use chrono::{NaiveDateTime, TimeDelta};

/// The assemblies the law names. The first four are the units (Art. 24 (2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assembly {
    /// Engine.
    Engine,
    /// Gearbox.
    Gearbox,
    /// Traction battery.
    TractionBattery,
    /// Drive motor.
    DriveMotor,
    /// Steering.
    Steering,
    /// Brakes.
    Brakes,
    /// Suspension.
    Suspension,
    /// Driveline.
    Driveline,
    /// Emission control.
    EmissionControl,
    /// Body.
    Body,
}

impl Assembly {
    /// The four units.
    pub const UNITS: [Self; 4] = [
        Self::Engine,
        Self::Gearbox,
        Self::TractionBattery,
        Self::DriveMotor,
    ];

    /// Whether it is one of the four units.
    pub fn is_unit(self) -> bool {
        Self::UNITS.contains(&self)
    }
}

/// What was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// Of which assembly.
    pub assembly: Assembly,
    /// Number of the main part; `None` when the assembly was replaced as a whole.
    pub main_part: Option<String>,
}

/// The faults for which a young car is replaced or refunded (Art. 23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EarlyFault {
    /// The steering failed.
    SteeringFailure,
    /// The brakes failed.
    BrakeFailure,
    /// The body cracked.
    BodyCrack,
    /// Fuel leaked.
    FuelLeak,
    /// The traction battery burned.
    BatteryFire,
}

/// A serious safety fault: one that keeps the car from being used safely. Each fault of Art. 23 is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafetyFault {
    /// The fault of Art. 23 it is, if it is one.
    pub early: Option<EarlyFault>,
    /// Whether the workshop found it; otherwise it is the customer's word alone.
    pub is_found: bool,
}

/// One repair under guarantee, as far as the counters read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Repair {
    /// Number of the repair order: the evidence.
    pub order: String,
    /// When the repair was agreed on (Art. 40: the clock starts).
    pub agreed_at: NaiveDateTime,
    /// When it was completed; `None` while the car is in the workshop.
    pub completed_at: Option<NaiveDateTime>,
    /// Transport of VIN-specific parts and traction batteries, and rescue travel, in hours: excluded by Art. 24.
    pub excluded_hours: f64,
    /// Odometer over all meters at the agreement, in km.
    pub driven_km: f64,
    /// Codes of the defects it answered, the same for the same defect.
    pub defects: BTreeSet<String>,
    /// What the workshop says of the defect where nobody gave it a code, in one spelling: the same words for the same defect.
    pub described: Option<String>,
    /// The assembly the defect is in.
    pub assembly: Option<Assembly>,
    /// The serious safety fault it was about, if it was.
    pub safety_fault: Option<SafetyFault>,
    /// What was replaced.
    pub replaced: Vec<Replacement>,
    /// Whether the guarantee covers it. Not while one of the grounds of Art. 32 is proven; servicing elsewhere is none.
    pub is_covered: bool,
    /// Whether a spare car or money for one is on the repair record (Art. 17).
    pub has_substitute: bool,
}

impl Repair {
    /// Days of this repair by Art. 40: each full 24 hours is a day and a remainder is another.
    ///
    /// A repair that still runs counts up to `now`. One of which only the day is known, in and out on the same one, is a day.
    pub fn days(&self, now: NaiveDateTime) -> u32 {
        self.days_less(self.excluded_hours, now)
    }

    fn days_less(&self, excluded_hours: f64, now: NaiveDateTime) -> u32 {
        let whole = self.end(now) - self.agreed_at;
        if whole.num_seconds() == 0 && self.completed_at.is_some() {
            return 1;
        }
        started_days(whole, excluded_hours)
    }

    /// When it was completed, or `now` while it runs.
    pub fn end(&self, now: NaiveDateTime) -> NaiveDateTime {
        self.completed_at.unwrap_or(now)
    }

    /// Days of this repair with all waiting: for a spare car nothing is excluded (Art. 21).
    pub fn days_with_waiting(&self, now: NaiveDateTime) -> u32 {
        self.days_less(0.0, now)
    }
}

/// Days of a stretch without the hours that are excluded of it: each that was begun is one.
pub(super) fn started_days(stretch: TimeDelta, excluded_hours: f64) -> u32 {
    let seconds = stretch.num_seconds() as f64 - excluded_hours * 3_600.0;
    (seconds / 86_400.0).ceil().max(0.0) as u32
}

#[cfg(test)]
pub(super) mod tests {
    use chrono::NaiveDate;

    use super::*;

    /// A repair of so many hours that starts `day` days after 2024-03-05.
    pub(in super::super) fn repair(order: &str, day: i64, hours: f64) -> Repair {
        let delivered = NaiveDate::from_ymd_opt(2024, 3, 5)
            .unwrap()
            .and_hms_opt(9, 0, 0)
            .unwrap();
        let agreed_at = delivered + TimeDelta::days(day);
        Repair {
            order: order.into(),
            agreed_at,
            completed_at: Some(agreed_at + TimeDelta::seconds((hours * 3_600.0) as i64)),
            excluded_hours: 0.0,
            driven_km: day as f64 * 40.0,
            defects: BTreeSet::new(),
            described: None,
            assembly: None,
            safety_fault: None,
            replaced: Vec::new(),
            is_covered: true,
            has_substitute: false,
        }
    }

    #[test]
    fn every_started_day_counts() {
        for (hours, days) in [
            (0.5, 1),
            (24.0, 1),
            (24.1, 2),
            (120.0, 5),
            (121.0, 6),
            // Typed by its days alone.
            (0.0, 1),
        ] {
            let repair = repair("R1", 0, hours);
            assert_eq!(repair.days(repair.agreed_at), days, "{hours} h");
        }
    }

    #[test]
    fn transport_of_special_parts_does_not_count_and_waiting_does() {
        let repair = Repair {
            excluded_hours: 49.0,
            ..repair("R1", 0, 121.0)
        };
        assert_eq!(repair.days(repair.agreed_at), 3);
        assert_eq!(repair.days_with_waiting(repair.agreed_at), 6);
    }

    #[test]
    fn a_running_repair_counts_up_to_now() {
        let running = Repair {
            completed_at: None,
            ..repair("R1", 0, 0.0)
        };
        for (hours, days) in [(25, 2), (120, 5), (121, 6)] {
            let now = running.agreed_at + TimeDelta::hours(hours);
            assert_eq!(running.days(now), days, "{hours} h");
        }
    }
}
