//! Words for the counters of the three guarantees: rule, what it counts, level.

use marque_insight::law::guarantees::{Assembly, Counter, Level, Rule};

/// The code of a counter's rule, and the assembly, part, defect or order it counts; empty where it needs none.
pub(crate) fn rule_words(counter: &Counter) -> (&'static str, String) {
    match &counter.rule {
        Rule::FirstSevenDays => ("first_seven_days", String::new()),
        Rule::EarlyFault => ("early_fault", String::new()),
        Rule::EarlyUnitDefect(unit) => ("early_unit_defect", assembly(*unit).to_owned()),
        Rule::SeriousSafetyFault => ("serious_safety_fault", String::new()),
        Rule::UnitReplaced(unit) => ("unit_replaced", assembly(*unit).to_owned()),
        Rule::MainPartReplaced(unit, part) => {
            ("main_part_replaced", format!("{}: {part}", assembly(*unit)))
        }
        Rule::RepairDays => ("repair_days", String::new()),
        Rule::SameDefect(defect) => ("same_defect", defect.clone()),
        Rule::SameWords(of) => ("same_defect", assembly(*of).to_owned()),
        // Each long repair is one to tell of.
        Rule::SpareCar => (
            "spare_car",
            counter.evidence.last().cloned().unwrap_or_default(),
        ),
    }
}

/// The code of a level.
pub(crate) const fn level_word(level: Level) -> &'static str {
    match level {
        Level::Counted => "counted",
        Level::Warning => "warning",
        Level::Reached => "reached",
    }
}

const fn assembly(assembly: Assembly) -> &'static str {
    match assembly {
        Assembly::Engine => "engine",
        Assembly::Gearbox => "gearbox",
        Assembly::TractionBattery => "traction_battery",
        Assembly::DriveMotor => "drive_motor",
        Assembly::Steering => "steering",
        Assembly::Brakes => "brakes",
        Assembly::Suspension => "suspension",
        Assembly::Driveline => "driveline",
        Assembly::EmissionControl => "emission_control",
        Assembly::Body => "body",
    }
}
