//! Loyalty, due dates, counters and plans on the wire.

use chrono::NaiveDate;
use marque_api::scoring::v1 as pb;
use marque_insight::{
    churn::{Bin, Reason},
    law::guarantees::{AnswerDeadlines, Counter},
    loyalty::{Degrees, LoyaltyClass, Rhythm},
    mileage::{MaintenancePlan, Step},
    value::Language,
};

use super::{benefits::benefit_to_pb, promises::terms_to_pb};
use crate::{
    app::{Counted, Demand, Demanded, DueShown, LoyaltyShown},
    domain::{
        CarDue, DueItem, Fitted, Loyalty, LoyaltyLine, certainty_code, level_word, rule_words,
        trust_code,
    },
    error::{Error, Result},
};

pub(super) fn loyalty_to_pb(shown: &LoyaltyShown) -> pb::Loyalty {
    let base = pb::Loyalty {
        customer_id: shown.customer.to_string(),
        opted_out: shown.loyalty.is_none(),
        window_days: shown.window_days as i32,
        learnt_from: shown.learnt_from as i64,
        alike: shown.alike.as_ref().map(bin_to_pb),
        benefits: shown.benefits.iter().map(benefit_to_pb).collect(),
        ..pb::Loyalty::default()
    };
    match &shown.loyalty {
        Some(loyalty) => known(base, loyalty),
        None => base,
    }
}

fn known(base: pb::Loyalty, loyalty: &Loyalty) -> pb::Loyalty {
    let reasons = loyalty.risk.iter().flat_map(|risk| &risk.reasons);
    let models = loyalty.models.iter().map(|each| pb::ModelLoyalty {
        model: each.model.clone(),
        class: class(each.class),
        rhythm: each.rhythm.map(|rhythm| rhythm_to_pb(&rhythm, loyalty)),
    });
    let dealers = loyalty.dealers.iter().map(|each| pb::DealerDegrees {
        dealer: each.dealer.clone(),
        degrees: Some(degrees_to_pb(&each.degrees)),
    });
    pb::Loyalty {
        kind: loyalty.kind.key().to_owned(),
        class: class(loyalty.class),
        rung: loyalty.rung.key().to_owned(),
        trust: trust_code(loyalty.trust).to_owned(),
        rhythm: loyalty.rhythm.map(|rhythm| rhythm_to_pb(&rhythm, loyalty)),
        churn: loyalty.risk.as_ref().map(|risk| risk.probability),
        reasons: reasons.map(|reason| reason_to_pb(*reason)).collect(),
        degrees: Some(degrees_to_pb(&loyalty.degrees)),
        models: models.collect(),
        dealers: dealers.collect(),
        assessed_on: loyalty.on.to_string(),
        won_back: loyalty.won_back.map(|(returned, sure)| pb::WonBack {
            on: returned.on.to_string(),
            away_days: returned.away_days as i32,
            visits_since: returned.visits_since as i32,
            certainty: certainty_code(sure).to_owned(),
        }),
        ..base
    }
}

fn class(class: Option<LoyaltyClass>) -> String {
    class.map_or("", LoyaltyClass::key).to_owned()
}

fn rhythm_to_pb(rhythm: &Rhythm, loyalty: &Loyalty) -> pb::Rhythm {
    pb::Rhythm {
        visits: rhythm.visits as i32,
        first_visit: rhythm.first_visit.to_string(),
        last_visit: rhythm.last_visit.to_string(),
        interval_days: rhythm.interval_days,
        lateness: rhythm.lateness(loyalty.on),
    }
}

fn reason_to_pb(reason: Reason) -> pb::ChurnReason {
    pb::ChurnReason {
        key: reason_code(reason).to_owned(),
        zh: reason.in_words(Language::Chinese).to_owned(),
        en: reason.in_words(Language::English).to_owned(),
    }
}

const fn reason_code(reason: Reason) -> &'static str {
    match reason {
        Reason::Late => "late",
        Reason::FirstVisits => "first_visits",
        Reason::OpenComplaint => "open_complaint",
        Reason::RepeatedComplaint => "repeated_complaint",
        Reason::Lukewarm => "lukewarm",
        Reason::MovedAway => "moved_away",
        Reason::CarSold => "car_sold",
    }
}

fn bin_to_pb(bin: &Bin) -> pb::ChurnBin {
    pb::ChurnBin {
        customers: bin.count as i64,
        stated: bin.stated,
        happened: bin.happened,
    }
}

pub(super) fn churn_model_to_pb(fitted: &Fitted) -> pb::GetChurnModelResponse {
    let rhythm = fitted.churn.rhythm();
    let (intercept, slope, weights) = fitted.churn.correction();
    let curve = fitted.calibration.as_ref();
    pb::GetChurnModelResponse {
        learnt_on: fitted.on.to_string(),
        learnt_from: fitted.customers as i64,
        window_days: fitted.churn.window() as i32,
        r: rhythm.r,
        alpha: rhythm.alpha,
        a: rhythm.a,
        b: rhythm.b,
        intercept,
        slope,
        weights: weights
            .map(|(reason, weight)| pb::ChurnWeight {
                reason: reason_code(reason).to_owned(),
                weight,
            })
            .into(),
        calibration: curve
            .map_or_else(Vec::new, |curve| curve.bins.iter().map(bin_to_pb).collect()),
        brier: curve.map(|curve| curve.brier),
        calibration_error: curve.map(|curve| curve.error),
    }
}

fn degrees_to_pb(degrees: &Degrees) -> pb::Degrees {
    pb::Degrees {
        satisfaction: degrees.satisfaction,
        contribution: degrees.contribution,
        loyalty: degrees.loyalty,
        dependence: degrees.dependence,
    }
}

pub(super) fn line_to_pb(line: LoyaltyLine) -> pb::LoyaltyLine {
    pb::LoyaltyLine {
        customer_id: line.customer.to_string(),
        kind: line.kind,
        class: line.class,
        rung: line.rung,
        trust: line.trust,
        churn: line.churn_permille.max(0) as f64 / 1_000.0,
        churn_unknown: line.churn_permille < 0,
        visits: line.visits as i32,
        last_visit: line
            .last_visit
            .map_or_else(String::new, |day| day.to_string()),
        dealer: line.dealer,
        model: line.model,
        won_back: line.won_back.map(|back| pb::WonBack {
            on: back.on.to_string(),
            away_days: back.away_days as i32,
            visits_since: back.visits_since as i32,
            certainty: back.certainty,
        }),
    }
}

pub(super) fn cars_due_to_pb(cars: Vec<CarDue>, today: NaiveDate) -> Vec<pb::CarDue> {
    let to_pb = |car| car_due_to_pb(car, today);
    cars.into_iter().map(to_pb).collect()
}

fn car_due_to_pb(CarDue { vehicle, due }: CarDue, today: NaiveDate) -> pb::CarDue {
    let (readings, doubted) = due.readings;
    let mileage = due.driven_km.zip(due.daily);
    let mileage = mileage.map(|(driven, (daily_km, own_share))| pb::Mileage {
        driven_km: driven.value,
        low_km: driven.low,
        high_km: driven.high,
        daily_km,
        own_share,
        readings: readings as i32,
        doubted: doubted as i32,
    });
    pb::CarDue {
        vehicle_id: vehicle.id.to_string(),
        vin: vehicle.vin,
        mileage,
        dates: due
            .items
            .into_iter()
            .map(|item| item_to_pb(item, today))
            .collect(),
    }
}

fn item_to_pb(item: DueItem, today: NaiveDate) -> pb::DueDate {
    let (reason_zh, reason_en) = item.in_words(today);
    pb::DueDate {
        kind: item.kind.code().to_owned(),
        date: item.when.date.to_string(),
        earliest: item.when.earliest.to_string(),
        latest: item.when.latest.to_string(),
        at_km: item.at_km,
        reason_zh,
        reason_en,
        overdue_days: item.overdue_days(today),
        lapsed: item.has_lapsed,
    }
}

pub(super) fn dues_shown_to_pb(dues: Vec<DueShown>, today: NaiveDate) -> Vec<pb::CarDueDate> {
    let to_pb = |due| due_shown_to_pb(due, today);
    dues.into_iter().map(to_pb).collect()
}

fn due_shown_to_pb(shown: DueShown, today: NaiveDate) -> pb::CarDueDate {
    pb::CarDueDate {
        vehicle_id: shown.vehicle.id.to_string(),
        vin: shown.vehicle.vin,
        customer_id: shown
            .customer
            .map_or_else(String::new, |customer| customer.to_string()),
        dealer: shown.dealer,
        due: Some(item_to_pb(shown.item, today)),
    }
}

pub(super) fn guarantees_to_pb(counted: &Counted) -> pb::GetGuaranteesResponse {
    let date =
        |date: Option<chrono::NaiveDate>| date.map_or_else(String::new, |date| date.to_string());
    let granted = &counted.granted;
    pb::GetGuaranteesResponse {
        vehicle_id: counted.vehicle.to_string(),
        start: date(counted.start.map(|(start, _)| start)),
        period_end: date(counted.start.map(|(_, windows)| windows.period)),
        repair_period_end: date(counted.start.map(|(_, windows)| windows.repair_period)),
        counters: counted.counters.iter().map(counter_to_pb).collect(),
        vehicle_use: counted.vehicle_use.clone(),
        terms: Some(pb::GuaranteeTerms {
            sold_from: date(granted.sold_from),
            ..terms_to_pb(&granted.terms, granted.particulars.clone())
        }),
        terms_by: granted.by.code().to_owned(),
        demanded: counted.demanded.map(demanded_to_pb),
    }
}

pub(super) fn demand_from_pb(told: pb::GuaranteeDemand) -> Result<Demand> {
    let pb::GuaranteeDemand {
        demanded_on,
        price_minor,
        driven_km,
    } = told;
    let on = demanded_on.trim().parse::<NaiveDate>();
    let price = u64::try_from(price_minor);
    Ok(Demand {
        on: on.map_err(|_| Error::field("demanded_on", "INVALID", "a day as YYYY-MM-DD"))?,
        price_fen: price.map_err(|_| Error::field("price", "INVALID", "not below nothing"))?,
        driven_km,
    })
}

fn demanded_to_pb(demanded: Demanded) -> pb::GuaranteeDemanded {
    let AnswerDeadlines { answer, completion } = demanded.deadlines;
    pb::GuaranteeDemanded {
        answer_by: answer.date.to_string(),
        complete_by: completion.date.to_string(),
        provisional: answer.is_provisional || completion.is_provisional,
        usage_fee_minor: demanded
            .usage_fee_fen
            .map(|fen| i64::try_from(fen).unwrap_or(i64::MAX)),
    }
}

fn counter_to_pb(counter: &Counter) -> pb::GuaranteeCounter {
    let (rule, subject) = rule_words(counter);
    pb::GuaranteeCounter {
        rule: rule.to_owned(),
        subject,
        count: counter.count as i32,
        reached_at: counter.reached_at as i32,
        level: level_word(counter.level).to_owned(),
        confirmed: counter.is_confirmed,
        evidence: counter.evidence.clone(),
    }
}

pub(super) fn plan_to_pb((model, plan): (String, MaintenancePlan)) -> pb::Plan {
    pb::Plan {
        model,
        first_km: plan.first.km,
        first_months: plan.first.months,
        every_km: plan.every.km,
        every_months: plan.every.months,
    }
}

pub(super) fn plan_from_pb(plan: &pb::Plan) -> MaintenancePlan {
    MaintenancePlan {
        first: Step {
            km: plan.first_km,
            months: plan.first_months,
        },
        every: Step {
            km: plan.every_km,
            months: plan.every_months,
        },
    }
}
