#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod shared;

use marque_db::{Migration, Migrator};

/// A migration from the pair of files `<name>.up.sql` and `<name>.down.sql` in a folder.
macro_rules! migration {
    ($folder:literal, $name:literal) => {
        Migration {
            name: $name,
            up: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/src/",
                $folder,
                "/",
                $name,
                ".up.sql"
            )),
            down: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/src/",
                $folder,
                "/",
                $name,
                ".down.sql"
            )),
        }
    };
}
pub(crate) use migration;

/// Dealers, groups, regions, departments, staff.
pub const NETWORK: Migrator = Migrator {
    service: "network",
    migrations: &[
        shared::EVENTS,
        shared::AUDIT,
        shared::AUDIT_CHAIN,
        shared::DEAD_LETTERS,
        shared::INBOX_AT,
        migration!("network", "0010_network"),
        migration!("network", "0020_dealer_phones"),
        shared::SEALING_KEYS,
    ],
};

/// Source records, customers, identity.
pub const CUSTOMER: Migrator = Migrator {
    service: "customer",
    migrations: &[
        shared::EVENTS,
        shared::AUDIT,
        shared::IMPORTS,
        shared::AUDIT_CHAIN,
        shared::DEAD_LETTERS,
        shared::INBOX_AT,
        migration!("customer", "0010_customers"),
        shared::ERASED,
        migration!("customer", "0020_erasure"),
        migration!("customer", "0030_records_in_order"),
        migration!("customer", "0040_reconciliation"),
        migration!("customer", "0050_dealer_trust"),
        migration!("customer", "0060_closed_pairs"),
        migration!("customer", "0070_checked"),
        shared::IMPORTS_BY_DEALER,
        shared::UNREAD_SHEETS,
        shared::SEALING_KEYS,
        shared::IMPORTS_HELD,
        migration!("customer", "0080_live_writes"),
    ],
};

/// Vehicles, parties, readings.
pub const VEHICLE: Migrator = Migrator {
    service: "vehicle",
    migrations: &[
        shared::EVENTS,
        shared::AUDIT,
        shared::IMPORTS,
        shared::AUDIT_CHAIN,
        shared::DEAD_LETTERS,
        shared::INBOX_AT,
        migration!("vehicle", "0010_vehicles"),
        migration!("vehicle", "0020_restricted"),
        migration!("vehicle", "0030_licence"),
        shared::RECEPTIONS,
        shared::IMPORTS_BY_DEALER,
        shared::UNREAD_SHEETS,
        migration!("vehicle", "0040_links_by_dealer"),
        migration!("vehicle", "0050_namings"),
        migration!("vehicle", "0051_namings_filled"),
        shared::SEALING_KEYS,
        migration!("vehicle", "0060_absences"),
        migration!("vehicle", "0061_absences_filled"),
        shared::ERASED,
        migration!("vehicle", "0070_rows_by_vin"),
        shared::IMPORTS_HELD,
        migration!("vehicle", "0080_live_rows"),
    ],
};

/// Visits.
pub const SERVICE_HISTORY: Migrator = Migrator {
    service: "service-history",
    migrations: &[
        shared::EVENTS,
        shared::AUDIT,
        shared::IMPORTS,
        shared::AUDIT_CHAIN,
        shared::DEAD_LETTERS,
        shared::INBOX_AT,
        migration!("service_history", "0010_visits"),
        shared::ERASED,
        migration!("service_history", "0020_restricted"),
        shared::RECEPTIONS,
        migration!("service_history", "0030_vehicle_receptions"),
        shared::IMPORTS_BY_DEALER,
        shared::UNREAD_SHEETS,
        shared::SEALING_KEYS,
        migration!("service_history", "0040_erased_words"),
        migration!("service_history", "0050_backfills"),
        migration!("service_history", "0060_versions_by_record"),
        shared::IMPORTS_HELD,
        migration!("service_history", "0070_live_visits"),
    ],
};

/// Facts, scores, models.
pub const SCORING: Migrator = Migrator {
    service: "scoring",
    migrations: &[
        shared::EVENTS,
        shared::AUDIT,
        shared::IMPORTS,
        shared::AUDIT_CHAIN,
        shared::DEAD_LETTERS,
        shared::INBOX_AT,
        migration!("scoring", "0010_scores"),
        migration!("scoring", "0020_loyalty"),
        migration!("scoring", "0030_basis_only"),
        migration!("scoring", "0031_due_and_degrees"),
        migration!("scoring", "0032_held_tiers"),
        migration!("scoring", "0040_told"),
        migration!("scoring", "0050_care_consents"),
        migration!("scoring", "0060_kept"),
        migration!("scoring", "0070_facts_withdrawn"),
        migration!("scoring", "0080_benefits"),
        migration!("scoring", "0090_licence"),
        migration!("scoring", "0091_loyalty_by_dealer"),
        migration!("scoring", "0092_open_complaints"),
        migration!("scoring", "0100_guarantee_terms"),
        migration!("scoring", "0110_certificates"),
        migration!("scoring", "0120_model_loyalty"),
        migration!("scoring", "0121_model_loyalty_forgotten"),
        shared::RECEPTIONS,
        shared::IMPORTS_BY_DEALER,
        shared::UNREAD_SHEETS,
        shared::SEALING_KEYS,
        migration!("scoring", "0130_terms_taken_back"),
        migration!("scoring", "0131_withdrawn_terms"),
        migration!("scoring", "0132_withdrawn_terms_moved"),
        shared::ERASED,
        shared::IMPORTS_HELD,
    ],
};

/// Findings, scorecards, standards, alerts, verification.
pub const DATA_QUALITY: Migrator = Migrator {
    service: "data-quality",
    migrations: &[
        shared::EVENTS,
        shared::AUDIT,
        shared::IMPORTS,
        shared::AUDIT_CHAIN,
        shared::DEAD_LETTERS,
        shared::INBOX_AT,
        migration!("data_quality", "0010_quality"),
        migration!("data_quality", "0011_verification"),
        migration!("data_quality", "0020_sums"),
        migration!("data_quality", "0030_told_trust"),
        migration!("data_quality", "0040_clerk_means"),
        migration!("data_quality", "0041_findings_of_dealer"),
        shared::IMPORTS_BY_DEALER,
        migration!("data_quality", "0050_of_staff"),
        migration!("data_quality", "0051_work_lists"),
        migration!("data_quality", "0052_alert_figures"),
        shared::UNREAD_SHEETS,
        migration!("data_quality", "0053_staff_changes"),
        migration!("data_quality", "0054_earlier_customers"),
        shared::SEALING_KEYS,
        migration!("data_quality", "0055_waived_values"),
        migration!("data_quality", "0056_entered_twice"),
        shared::IMPORTS_HELD,
        shared::ERASED,
    ],
};

/// Complaint cases, their clocks and their course.
pub const COMPLAINT: Migrator = Migrator {
    service: "complaint",
    migrations: &[
        shared::EVENTS,
        shared::AUDIT,
        shared::IMPORTS,
        shared::AUDIT_CHAIN,
        shared::DEAD_LETTERS,
        shared::INBOX_AT,
        migration!("complaint", "0010_complaints"),
        migration!("complaint", "0011_solutions"),
        migration!("complaint", "0020_care"),
        migration!("complaint", "0030_clusters"),
        shared::ERASED,
        migration!("complaint", "0040_erased_files"),
        shared::RECEPTIONS,
        migration!("complaint", "0050_work_years"),
        migration!("complaint", "0051_rounds"),
        migration!("complaint", "0052_tasks_of_dealers"),
        migration!("complaint", "0053_tasks_of_dealers_filled"),
        migration!("complaint", "0054_compensations_asked"),
        migration!("complaint", "0055_cases_by_due"),
        migration!("complaint", "0056_untold_tiers"),
        migration!("complaint", "0057_handed_over"),
        migration!("complaint", "0058_task_terms"),
        migration!("complaint", "0059_task_terms_filled"),
        migration!("complaint", "0060_followed_up"),
        migration!("complaint", "0061_undated_tasks"),
        migration!("complaint", "0062_lapsing"),
        shared::IMPORTS_BY_DEALER,
        shared::UNREAD_SHEETS,
        shared::SEALING_KEYS,
        shared::IMPORTS_HELD,
    ],
};

/// Every service's schema.
pub const ALL: &[Migrator] = &[
    NETWORK,
    CUSTOMER,
    VEHICLE,
    SERVICE_HISTORY,
    SCORING,
    DATA_QUALITY,
    COMPLAINT,
];
