//! Invented records that stub roles answer with: every field filled, so that snapshots show every field.

use marque_api::{
    customer::v1 as customer, intake::v1 as intake, network::v1 as network, scoring::v1 as scoring,
    service_history::v1 as visits, vehicle::v1 as vehicle,
};
use prost_types::Timestamp;

/// Version of the sample customer.
pub(super) const VERSION: i64 = 7;
/// The current customer.
pub(crate) const CUSTOMER: &str = "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b";
/// An id that was merged into him.
pub(crate) const MERGED: &str = "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4aff";
/// Somebody who does not agree to be scored.
pub(crate) const REFUSING: &str = "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4afe";
/// His car.
pub(crate) const VEHICLE: &str = "veh_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b";

pub(super) const RECORD: &str = "src_5f0c6b0e7a8b5c1d9e2f3a4b5c6d7e8f";

#[expect(clippy::unnecessary_wraps, reason = "messages want an option")]
pub(super) fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp {
        seconds: 1_767_225_600 + seconds,
        nanos: 250_000_000,
    })
}

pub(super) fn text(text: &str) -> String {
    text.to_owned()
}

pub(super) fn dealer(code: &str) -> network::Dealer {
    network::Dealer {
        code: text(code),
        name: text("Sample 4S"),
        region: text("east"),
        group: text("G1"),
        departments: vec![text("sales"), text("service")],
        updated_at: at(0),
        version: 3,
        phones: vec![text("021-5000 1234")],
    }
}

pub(super) fn staff() -> network::Staff {
    network::Staff {
        dealer: text("D001"),
        code: text("S17"),
        name: text("Staff One"),
        department: text("service"),
        phone: text("021-5550-0000"),
        active: true,
    }
}

pub(super) fn finding() -> intake::Finding {
    intake::Finding {
        field: text("phone"),
        rule: text("phone.length"),
        severity: intake::Severity::Warning.into(),
        message_zh: text("手机号应为十一位"),
        message_en: text("a mobile number has eleven digits"),
    }
}

pub(super) fn import(kind: &str, seconds: i64) -> intake::Import {
    intake::Import {
        id: format!("imp_{kind}"),
        kind: text(kind),
        dealer: text("D001"),
        source: text("dms"),
        dry_run: false,
        state: intake::ImportState::Succeeded.into(),
        received: 10,
        accepted: 7,
        with_findings: 1,
        quarantined: 1,
        unchanged: 1,
        size_bytes: 1000,
        done_bytes: 1000,
        problem_reason: String::new(),
        problem_detail: String::new(),
        created_at: at(seconds),
        finished_at: at(seconds + 5),
        unread_sheets: 0,
        unread_columns: Vec::new(),
    }
}

pub(super) fn columns() -> customer::CustomerColumns {
    customer::CustomerColumns {
        kind: text("person"),
        name: text("Wang Sample"),
        phone: text("138****0000"),
        vin: text("LSVAA4182E2123456"),
        extra: [(text("vip"), text("yes"))].into(),
        ..Default::default()
    }
}

pub(super) fn source_record() -> customer::SourceRecord {
    customer::SourceRecord {
        id: text(RECORD),
        dealer: text("D001"),
        source: text("dms"),
        key: text("C-1024"),
        customer_id: text(CUSTOMER),
        columns: Some(columns()),
        findings: vec![finding()],
        recorded_at: at(0),
        received_at: at(60),
        version: 2,
    }
}

pub(super) fn consent() -> customer::Consent {
    customer::Consent {
        purpose: text("marketing"),
        given: true,
        notice_version: text("2026-03"),
        changed_at: at(0),
        channel: text("counter"),
    }
}

/// Of whom an id is; whoever has one that was merged away, or none of his own, is the same person.
pub(super) fn person_of(id: &str, with_lineage: bool) -> customer::Customer {
    let person = person(with_lineage);
    if id != REFUSING {
        return person;
    }
    let refusal = customer::Consent {
        purpose: text("scoring"),
        given: false,
        ..consent()
    };
    customer::Customer {
        id: text(REFUSING),
        consents: vec![consent(), refusal],
        ..person
    }
}

pub(super) fn person(with_lineage: bool) -> customer::Customer {
    let point = customer::ContactPoint {
        channel: text("phone"),
        value: text("138****0000"),
        valid_from: at(0),
        valid_to: None,
        source_record_id: text(RECORD),
    };
    let lineage = customer::Lineage {
        field: text("name"),
        source_record_id: text(RECORD),
        rule: text("newest"),
        recorded_at: at(0),
        agreeing: 2,
        saying: 3,
        trust: 0.9,
        trust_from: text("data_quality"),
    };
    customer::Customer {
        id: text(CUSTOMER),
        number: text("K7-0042-X"),
        kind: customer::Kind::Person.into(),
        name: text("Wang Sample"),
        id_number: text("310***********1234"),
        credit_code: String::new(),
        contact_points: vec![point],
        gender: text("female"),
        birthday: text("1990-01-31"),
        address: text("Shanghai"),
        region_code: text("310115"),
        occupation: text("engineer"),
        industry: text("chemistry"),
        income_band: text("3"),
        hobbies: text("tennis"),
        explicit_requests: vec![text("call after 18:00")],
        special_needs: vec![text("child seat")],
        acquisition_channel: text("show"),
        referrer_id: text("cus_0193a1b2c3d47e5f8a9b0c1d2e3f4a00"),
        contact_names: Vec::new(),
        consents: vec![consent()],
        dealers: vec![text("D001")],
        source_records: 3,
        lineage: if with_lineage {
            vec![lineage]
        } else {
            Vec::new()
        },
        version: VERSION,
        created_at: at(0),
        updated_at: at(3600),
        trust_edition: 0,
    }
}

pub(super) fn duplicate() -> customer::Duplicate {
    customer::Duplicate {
        id: text("dup_1"),
        left: Some(person(false)),
        right: Some(person(false)),
        probability: 0.875,
        reasons: vec![text("same phone")],
        state: text("open"),
        found_at: at(0),
        gain: 1.74,
        evidence: vec![customer::Evidence {
            field: text("phone"),
            finding: text("same phone"),
            bits: 12.3,
        }],
        decisions: vec![customer::PairDecision {
            decision: text("later"),
            actor: text("steward-1"),
            reason: text("asked the dealer"),
            decided_at: at(0),
        }],
        closed_because: String::new(),
    }
}

pub(super) fn bond() -> customer::Bond {
    customer::Bond {
        source_record: Some(source_record()),
        nearest: Some(customer::Resemblance {
            source_record_id: text("src_00000000000000000000000000000001"),
            probability: 0.875,
            evidence: vec![customer::Evidence {
                field: text("phone"),
                finding: text("same phone"),
                bits: 12.3,
            }],
            brought_by: text("people"),
            merge_id: text("mrg_1"),
            actor: text("steward-1"),
            reason: text("same person"),
            brought_at: at(0),
        }),
        held_by: 1,
        stands_alone: true,
    }
}

pub(super) fn car() -> vehicle::Vehicle {
    vehicle::Vehicle {
        id: text(VEHICLE),
        vin: text("LSVAA4182E2123456"),
        definition: Some(vehicle::VehicleDefinition {
            brand: text("Sample"),
            series: text("S"),
            model: text("S3"),
            model_year: 2024,
            energy_type: text("electric"),
        }),
        plates: vec![vehicle::Plate {
            plate: text("沪AD00001"),
            valid_from: at(0),
            valid_to: None,
        }],
        color: text("white"),
        sale_date: text("2024-05-01"),
        selling_dealer: text("D001"),
        insurance_expiry: text("2027-05-01"),
        inspection_due: text("2030-05-01"),
        warranty_end: text("2027-05-01"),
        odometer_km: 20_345,
        odometer_at: at(0),
        version: 5,
        updated_at: at(0),
        vehicle_class: text("car"),
        vehicle_use: text("private"),
        seats: 5,
    }
}

pub(super) fn party() -> vehicle::Party {
    vehicle::Party {
        vehicle_id: text(VEHICLE),
        source_record_id: text(RECORD),
        customer_id: text(CUSTOMER),
        role: text("owner"),
        dealer: text("D001"),
        valid_from: at(0),
        valid_to: None,
    }
}

pub(super) fn reading() -> vehicle::Reading {
    vehicle::Reading {
        odometer_km: 20_345,
        read_at: at(0),
        origin: text("visit"),
        dealer: text("D001"),
        quality: text("plausible"),
    }
}

pub(super) fn visit(with_lines: bool) -> visits::Visit {
    let yuan = |minor| {
        Some(visits::Money {
            minor,
            currency: text("CNY"),
        })
    };
    let line = visits::Line {
        kind: visits::LineKind::Labour.into(),
        code: text("L100"),
        name: text("oil change"),
        quantity_milli: 1500,
        unit_price: yuan(20_000),
        technician: text("T3"),
        payer: text("customer"),
        fault_code: text("F1"),
        quantity_assumed: false,
    };
    visits::Visit {
        id: text("vis_1"),
        dealer: text("D001"),
        order_number: text("RO-1"),
        vin: text("LSVAA4182E2123456"),
        source_record_id: text(RECORD),
        customer_id: text(CUSTOMER),
        kind: text("maintenance"),
        kind_typed: String::new(),
        opened_at: at(0),
        closed_at: at(7200),
        odometer_km: 20_345,
        adviser: text("A1"),
        complaint_text: text("noise"),
        diagnosis: text("loose cover"),
        fault_codes: Vec::new(),
        lines: if with_lines { vec![line] } else { Vec::new() },
        amount: yuan(12_900),
        towing: text("none"),
        substitute: text("none"),
        transport_minutes: 90,
        signatures: text("both"),
        next_advice: text("brakes at 30000 km"),
        first_visit: true,
        version: 2,
        recorded_at: at(7300),
        findings: if with_lines {
            vec![finding()]
        } else {
            Vec::new()
        },
        extra: Vec::new(),
    }
}

/// A column of a dealer's own.
pub(super) fn column(name: &str, value: &str) -> intake::Column {
    intake::Column {
        name: text(name),
        value: text(value),
    }
}

pub(super) fn held_row() -> intake::HeldRow {
    intake::HeldRow {
        import_id: text("imp_1"),
        kind: text("visits"),
        dealer: text("D001"),
        source: text("dms"),
        line: 2,
        columns: vec![column("customer_key", "C-1")],
    }
}

pub(super) fn score(explained: bool) -> scoring::Score {
    let standing = |brand| scoring::Standing {
        tier: text("major"),
        rank: 1,
        size: 20,
        brand: text(brand),
        held: false,
    };
    let words = |words| {
        if explained {
            vec![text(words)]
        } else {
            Vec::new()
        }
    };
    scoring::Score {
        customer_id: text(CUSTOMER),
        state: scoring::ScoreState::Scored.into(),
        kind: text("person"),
        hundredths: 7_350,
        confidence: 64,
        standing: Some(standing("")),
        brands: vec![standing("Nova")],
        model_version: text("shipped-1"),
        assessed_at: at(0),
        indicators: vec![indicator(explained)],
        words_zh: words("您的评分为 73.50。"),
        words_en: words("Your score is 73.50."),
        lifts: if explained { vec![lift()] } else { Vec::new() },
        replayed: true,
    }
}

fn indicator(explained: bool) -> scoring::Indicator {
    let feature = scoring::Feature {
        key: text("visit_rate"),
        value: Some(1.5),
        points: 48.75,
        facts: vec![scoring::FactUsed {
            key: text("visit_count"),
            value: 3.0,
            evidence: vec![scoring::Evidence {
                source_record_id: text(RECORD),
                kind: text("visit"),
                fact_id: text("vis_1"),
                date: text("2026-05-01"),
                dealer: text("D001"),
                assumed: String::new(),
            }],
        }],
    };
    scoring::Indicator {
        key: text("transaction_frequency"),
        points: 48.75,
        weight: 0.15,
        contribution: 7.3125,
        known: 0.5,
        features: if explained { vec![feature] } else { Vec::new() },
        given: None,
    }
}

fn lift() -> scoring::Lift {
    scoring::Lift {
        tier: text("vip"),
        indicator: text("credit"),
        points: 50.0,
        needed: 62.5,
        features: vec![scoring::FeatureLift {
            key: text("punctuality"),
            now: None,
            needed: 0.95,
        }],
    }
}

pub(super) fn score_model() -> scoring::Model {
    scoring::Model {
        version: text("shipped-1"),
        toml: text("version = \"shipped-1\"\n"),
        active: true,
        activated_at: at(0),
        created_at: at(0),
        weights: vec![scoring::Weight {
            indicator: text("credit"),
            weight: 10.0,
        }],
    }
}

pub(super) fn loyalty() -> scoring::Loyalty {
    let degrees = scoring::Degrees {
        satisfaction: Some(75.0),
        contribution: Some(60.5),
        loyalty: Some(70.0),
        dependence: None,
    };
    let rhythm = scoring::Rhythm {
        visits: 6,
        first_visit: text("2024-07-15"),
        last_visit: text("2025-05-15"),
        interval_days: 61.5,
        lateness: 1.25,
    };
    scoring::Loyalty {
        customer_id: text(CUSTOMER),
        kind: text("person"),
        opted_out: false,
        class: text("loyal"),
        rung: text("retained"),
        trust: text("trusting"),
        rhythm: Some(rhythm.clone()),
        churn: Some(0.125),
        window_days: 180,
        reasons: vec![scoring::ChurnReason {
            key: text("late"),
            zh: text("超过其自身到店周期"),
            en: text("late against his own rhythm"),
        }],
        degrees: Some(degrees),
        models: vec![scoring::ModelLoyalty {
            model: text("S5 Plus"),
            class: text("loyal"),
            rhythm: Some(rhythm),
        }],
        dealers: vec![scoring::DealerDegrees {
            dealer: text("D001"),
            degrees: Some(degrees),
        }],
        assessed_on: text("2026-01-01"),
        learnt_from: 1_000,
        alike: Some(churn_bin()),
        won_back: None,
        benefits: vec![scoring::Benefit {
            key: text("free_towing"),
            zh: text("免费道路救援"),
            en: text("free towing"),
            reason_zh: text("重要客户的服务保障"),
            reason_en: text("service that our most valuable customers count on"),
            plan_version: text("2026-1"),
            entitled: true,
            tier: text("major"),
            granted: 0,
            used: 1,
            left: Some(1),
        }],
    }
}

pub(super) fn benefit_plan() -> scoring::BenefitPlan {
    scoring::BenefitPlan {
        version: text("2026-1"),
        toml: text("version = \"2026-1\"\n"),
        active: true,
        created_at: None,
    }
}

fn churn_bin() -> scoring::ChurnBin {
    scoring::ChurnBin {
        customers: 100,
        stated: 0.12,
        happened: 0.11,
    }
}

pub(super) fn churn_model() -> scoring::GetChurnModelResponse {
    scoring::GetChurnModelResponse {
        learnt_on: text("2026-01-01"),
        learnt_from: 1_000,
        window_days: 180,
        r: 0.24,
        alpha: 4.41,
        a: 0.79,
        b: 2.43,
        intercept: -0.1,
        slope: 0.95,
        weights: vec![scoring::ChurnWeight {
            reason: text("late"),
            weight: 0.6,
        }],
        calibration: vec![churn_bin()],
        brier: Some(0.14),
        calibration_error: Some(0.02),
    }
}

pub(super) fn car_due() -> scoring::CarDue {
    scoring::CarDue {
        vehicle_id: text(VEHICLE),
        vin: text("LSVAA4182E2123456"),
        mileage: Some(scoring::Mileage {
            driven_km: 24_000.0,
            low_km: 22_500.0,
            high_km: 25_800.0,
            daily_km: 33.5,
            own_share: 0.75,
            readings: 4,
            doubted: 1,
        }),
        dates: vec![scoring::DueDate {
            kind: text("maintenance"),
            date: text("2026-03-05"),
            earliest: text("2026-02-20"),
            latest: text("2026-03-18"),
            at_km: Some(30_000.0),
            reason_zh: text("按预测里程"),
            reason_en: text("by predicted mileage"),
            overdue_days: None,
            lapsed: false,
        }],
    }
}

pub(super) fn guarantee_terms() -> scoring::GuaranteeTerms {
    scoring::GuaranteeTerms {
        vehicle_id: text(""),
        model: text("S5 Plus"),
        sold_from: text("2026-01-01"),
        period_months: 36,
        period_km: 80_000,
        repair_months: 60,
        repair_km: 150_000,
        withdrawn: false,
        usage_fee_basis_points: Some(30),
        battery_fade_percent: Some(20),
        wear_parts: vec![scoring::WearPart {
            name: text("雨刮片"),
            months: 6,
            km: 10_000,
        }],
    }
}

pub(super) fn plan() -> scoring::Plan {
    scoring::Plan {
        model: text("S5 Plus"),
        first_km: 5_000,
        first_months: 6,
        every_km: 10_000,
        every_months: 12,
    }
}
