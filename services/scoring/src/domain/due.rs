//! What is due for a car: its next maintenance by plan and predicted mileage, and the dates of law and contract.

use chrono::NaiveDate;
use marque_core::business_date;
use marque_insight::{
    law::{InspectionLaw, WarrantyTerms, compulsory_insurance_in_force, warranty_ends},
    mileage::{
        Banded, BandedDate, DueBy, Forecast, History, MaintenancePlan, MileageModel, Profile,
        Reading, Since, Step, Verdict, judge, next_maintenance,
    },
};

use serde::{Deserialize, Serialize};

use super::{Granted, GrantedBy, Happening, Usage, Vehicle, happening::Kind};

/// The plan of a model nobody gave one: what most makers ask of a petrol car in China.
pub(crate) const USUAL_PLAN: MaintenancePlan = MaintenancePlan {
    first: Step {
        km: 5_000,
        months: 6,
    },
    every: Step {
        km: 10_000,
        months: 12,
    },
};
/// Days after which an insurance that nobody told of again says nothing: no car may be driven a day without one (交强险条例 Art. 4), so it
/// was renewed elsewhere, or the car is off the road.
const INSURANCE_LAPSES: i64 = 90;
/// The same of an inspection, but only of a car that was not seen for so many days: one that still comes is to be told.
const INSPECTION_LAPSES: i64 = 180;
const UNSEEN: i64 = 365;
/// Kinds of visit after which the plan counts anew.
const SERVICES: [&str; 1] = ["maintenance"];

/// What falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DueKind {
    Maintenance,
    Inspection,
    Insurance,
    Warranty,
}

impl DueKind {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [
        Self::Maintenance,
        Self::Inspection,
        Self::Insurance,
        Self::Warranty,
    ];

    /// The name on the wire.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::Inspection => "inspection",
            Self::Insurance => "insurance",
            Self::Warranty => "warranty",
        }
    }
}

/// Something that falls due, and why then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct DueItem {
    pub(crate) kind: DueKind,
    pub(crate) when: BandedDate,
    /// Odometer at which it does, in km; `None` where distance does not count.
    pub(crate) at_km: Option<f64>,
    pub(crate) why: Why,
    /// Whether it is past for so long that what holds now is not known.
    pub(crate) has_lapsed: bool,
}

/// Why something falls due on its day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Why {
    /// The plan says so, from the last service or the delivery on.
    Plan {
        since: NaiveDate,
        was_serviced: bool,
        /// What is known of the distance from which it counts.
        distance: Distance,
        step: Step,
        /// Whether the distance is reached before the months are over.
        by_distance: bool,
    },
    /// The dealer gave the day.
    Given,
    /// The law of inspections, from the sale on.
    Law {
        sold: NaiveDate,
        on_site: bool,
        usage: Usage,
    },
    /// Compulsory insurance runs a year, from the sale on.
    Compulsory { sold: NaiveDate },
    /// The least repair period of the three-guarantees rules, from the sale on.
    LeastWarranty { sold: NaiveDate },
    /// The repair period that the maker promised, from the sale on.
    Promised {
        sold: NaiveDate,
        terms: WarrantyTerms,
        by: GrantedBy,
    },
}

/// What is known of the distance a car had driven at its last service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Distance {
    /// It was read, or was nothing at the delivery.
    Read,
    /// It was not read, or what was read is not believed: it is estimated from the other readings and the sale.
    Estimated,
    /// There is nothing to estimate it from.
    Unknown,
}

/// A car and what is due for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CarDue {
    pub(crate) vehicle: Vehicle,
    pub(crate) due: Due,
}

/// A car's mileage and what is due for it, as found on a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Due {
    /// Today's odometer over all meters; `None` without a single reading.
    pub(crate) driven_km: Option<Banded>,
    /// Km a day, and how much of it is the car's own record.
    pub(crate) daily: Option<(f64, f64)>,
    /// Readings there are, and how many of them are not believed.
    pub(crate) readings: (usize, usize),
    /// The earliest first.
    pub(crate) items: Vec<DueItem>,
    /// Dealer it last came to, or who sold it; empty if not known.
    pub(crate) dealer: String,
}

impl CarDue {
    /// What is due for a car of which these visits are known.
    pub(crate) fn of(
        vehicle: Vehicle,
        visits: &[Happening],
        (plan, occupation, granted): (MaintenancePlan, &str, Granted),
        model: &MileageModel,
        today: NaiveDate,
    ) -> Self {
        let readings = readings(visits);
        let doubted = judge(&readings)
            .iter()
            .filter(|judged| matches!(judged.verdict, Verdict::Implausible | Verdict::Unconfirmed))
            .count();
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let profile = Profile {
            occupation: named(occupation),
            model: named(vehicle.model_name()),
            fleet: None,
        };
        let history = History::new(profile, vehicle.sale_date, &readings);
        let forecast = model.forecast(&history);
        let mut items = Vec::new();
        items.extend(maintenance(
            &vehicle,
            visits,
            &history,
            plan,
            forecast.as_ref(),
        ));
        items.extend(inspection(&vehicle, today));
        items.extend(insurance(&vehicle, today));
        items.extend(warranty(&vehicle, granted, forecast.as_ref(), today));
        items.sort_by_key(|item| item.when.date);
        let seen = last_seen(&vehicle, visits);
        for item in &mut items {
            item.has_lapsed = item.lapses(seen, today);
        }
        let last = visits.iter().rev().find(|visit| !visit.dealer.is_empty());
        let due = Due {
            dealer: last.map_or_else(
                || vehicle.selling_dealer.clone(),
                |visit| visit.dealer.clone(),
            ),
            driven_km: forecast.map(|forecast| forecast.driven_km(today)),
            daily: forecast.map(|forecast| (forecast.daily_km(), forecast.own_share())),
            readings: (readings.len(), doubted),
            items,
        };
        Self { vehicle, due }
    }
}

/// The day on which the car was last seen: at a workshop, or sold.
fn last_seen(vehicle: &Vehicle, visits: &[Happening]) -> Option<NaiveDate> {
    let visits = visits.iter().filter(|visit| visit.kind == Kind::Visit);
    let days = visits.map(|visit| business_date(visit.happened_at));
    days.chain(vehicle.sale_date).max()
}

/// The readings of visits.
pub(crate) fn readings(visits: &[Happening]) -> Vec<Reading> {
    visits
        .iter()
        .filter(|visit| visit.kind == Kind::Visit && visit.odometer_km > 0)
        .map(|visit| Reading {
            date: business_date(visit.happened_at),
            km: u32::try_from(visit.odometer_km).unwrap_or(u32::MAX),
            meter_replaced: false,
        })
        .collect()
}

fn maintenance(
    vehicle: &Vehicle,
    visits: &[Happening],
    history: &History,
    plan: MaintenancePlan,
    forecast: Option<&Forecast<'_>>,
) -> Option<DueItem> {
    let last = visits
        .iter()
        .filter(|visit| visit.kind == Kind::Visit && SERVICES.contains(&visit.code.as_str()))
        .map(|visit| business_date(visit.happened_at))
        .max();
    // Only what was read on the day of the service and is believed says how far the car had come by then.
    let read_on = |date: NaiveDate| {
        let point = history.points.iter().find(|(day, _)| *day == date);
        point.map(|(_, km)| *km)
    };
    let since = match (last, vehicle.sale_date) {
        (Some(date), _) => Since::Service {
            date,
            driven_km: read_on(date),
        },
        (None, Some(date)) => Since::Sale { date },
        (None, None) => return None,
    };
    let due = next_maintenance(&plan, since, forecast);
    let (since, distance, step) = match since {
        Since::Sale { date } => (date, Distance::Read, plan.first),
        Since::Service { date, driven_km } => {
            let distance = match (driven_km, due.at_km) {
                (Some(_), _) => Distance::Read,
                (None, Some(_)) => Distance::Estimated,
                (None, None) => Distance::Unknown,
            };
            (date, distance, plan.every)
        }
    };
    Some(DueItem {
        kind: DueKind::Maintenance,
        when: due.when,
        at_km: due.at_km,
        why: Why::Plan {
            since,
            was_serviced: last.is_some(),
            distance,
            step,
            by_distance: due.by == DueBy::Distance,
        },
        has_lapsed: false,
    })
}

fn inspection(vehicle: &Vehicle, today: NaiveDate) -> Option<DueItem> {
    if let Some(date) = vehicle.inspection_due {
        return Some(exact(DueKind::Inspection, date, Why::Given));
    }
    let usage = Usage::of(vehicle);
    let sold = vehicle.sale_date?;
    let next = InspectionLaw::shipped().next(usage.in_law(sold), today)?;
    let why = Why::Law {
        sold,
        on_site: next.on_site,
        usage,
    };
    Some(exact(DueKind::Inspection, next.expires, why))
}

fn insurance(vehicle: &Vehicle, today: NaiveDate) -> Option<DueItem> {
    if let Some(date) = vehicle.insurance_expiry {
        return Some(exact(DueKind::Insurance, date, Why::Given));
    }
    let sold = vehicle.sale_date?;
    let ends = compulsory_insurance_in_force(sold, today);
    Some(exact(DueKind::Insurance, ends, Why::Compulsory { sold }))
}

fn warranty(
    vehicle: &Vehicle,
    granted: Granted,
    forecast: Option<&Forecast<'_>>,
    today: NaiveDate,
) -> Option<DueItem> {
    if let Some(date) = vehicle.warranty_end {
        return Some(exact(DueKind::Warranty, date, Why::Given));
    }
    let sold = vehicle.sale_date?;
    let terms = WarrantyTerms {
        months: granted.terms.repair_months,
        km: granted.terms.repair_km,
    };
    let by = granted.by;
    let why = match by {
        GrantedBy::Law => Why::LeastWarranty { sold },
        GrantedBy::Model | GrantedBy::Car => Why::Promised { sold, terms, by },
    };
    let item = DueItem {
        kind: DueKind::Warranty,
        when: warranty_ends(terms, sold, forecast),
        at_km: Some(f64::from(terms.km)),
        why,
        has_lapsed: false,
    };
    // The maker may have granted more than the least, so that its end says nothing once it is past.
    (by != GrantedBy::Law || item.when.date >= today).then_some(item)
}

impl DueItem {
    /// Whether it is past for so long, of a car last seen on a day, that what holds now is not known. What comes next by plan or law
    /// is never past knowing, and a warranty that is over is over.
    fn lapses(&self, seen: Option<NaiveDate>, today: NaiveDate) -> bool {
        let since = |day: NaiveDate| (today - day).num_days();
        let past = since(self.when.date);
        match self.kind {
            DueKind::Insurance => past > INSURANCE_LAPSES,
            DueKind::Inspection => {
                past > INSPECTION_LAPSES && seen.is_none_or(|day| since(day) > UNSEEN)
            }
            DueKind::Maintenance | DueKind::Warranty => false,
        }
    }

    /// Days since it fell due; `None` while that is ahead, and once it has lapsed.
    pub(crate) fn overdue_days(&self, today: NaiveDate) -> Option<i32> {
        let days = (today - self.when.date).num_days();
        let days = i32::try_from(days).ok().filter(|days| *days > 0);
        days.filter(|_| !self.has_lapsed)
    }

    /// Whether somebody is to be called because of it: a warranty that is over brings nobody back, nor does what has lapsed.
    pub(crate) fn brings_back(&self, today: NaiveDate) -> bool {
        !self.has_lapsed && (self.kind != DueKind::Warranty || self.overdue_days(today).is_none())
    }

    /// Why, in Chinese and English, and how long it is overdue.
    pub(crate) fn in_words(&self, today: NaiveDate) -> (String, String) {
        let (zh, en) = self.why_in_words();
        if self.has_lapsed {
            let days = (today - self.when.date).num_days();
            return (
                format!("{zh}；已过 {days} 天，此后无新消息，现状不明，不再提醒"),
                format!(
                    "{en}; {days} days ago, and nothing was told since: what holds now is not known"
                ),
            );
        }
        let Some(days) = self.overdue_days(today) else {
            return (zh, en);
        };
        let over = match self.kind {
            DueKind::Warranty => ("已到期", "over for"),
            _ => ("已逾期", "overdue by"),
        };
        (
            format!("{zh}；{} {days} 天", over.0),
            format!("{en}; {} {days} days", over.1),
        )
    }

    fn why_in_words(&self) -> (String, String) {
        match self.why {
            Why::Plan {
                since,
                was_serviced,
                distance,
                step,
                by_distance,
            } => plan_in_words((since, was_serviced), distance, step, by_distance),
            Why::Given => {
                let chinese = match self.kind {
                    DueKind::Inspection => "经销商登记的年检到期日",
                    DueKind::Insurance => "经销商登记的保险到期日",
                    DueKind::Warranty => "经销商登记的质保到期日",
                    DueKind::Maintenance => "经销商登记的保养日期",
                };
                (chinese.to_owned(), "the date the dealer gave".to_owned())
            }
            Why::Law {
                sold,
                on_site,
                usage,
            } => {
                let how = if on_site {
                    ("须上线检测", "the car has to be driven to a station")
                } else {
                    ("申领检验标志即可", "a sticker is applied for")
                };
                let as_what = usage.in_words();
                (
                    format!("按销售日期 {sold} 推算的年检期限，{}；{}", how.0, as_what.0),
                    format!("by law from the sale on {sold}; {}; {}", how.1, as_what.1),
                )
            }
            Why::Compulsory { sold } => (
                format!("交强险一年一保，按销售日期 {sold} 推算"),
                format!("compulsory insurance runs a year; reckoned from the sale on {sold}"),
            ),
            Why::LeastWarranty { sold } => (
                format!("三包包修期至少三年或 6 万公里，自 {sold} 起算"),
                format!("the law's least of 36 months or 60,000 km from the sale on {sold}"),
            ),
            Why::Promised {
                sold,
                terms: WarrantyTerms { months, km },
                by,
            } => {
                let whose = if by == GrantedBy::Car {
                    ("该车三包凭证", "by the certificate of this car")
                } else {
                    ("厂家对该车型的承诺", "by the maker's promise for the model")
                };
                (
                    format!(
                        "{}：包修 {months} 个月或 {km} 公里，自 {sold} 起算",
                        whose.0
                    ),
                    format!(
                        "{months} months or {km} km from the sale on {sold}, {}",
                        whose.1
                    ),
                )
            }
        }
    }
}

fn plan_in_words(
    (since, was_serviced): (NaiveDate, bool),
    distance: Distance,
    Step { km, months }: Step,
    by_distance: bool,
) -> (String, String) {
    let from = if was_serviced {
        let of_odometer = match distance {
            Distance::Read => ("", ""),
            Distance::Estimated => (
                "（当次里程缺失或不可信，按推算里程）",
                " (its odometer reading is missing or not believed, and estimated)",
            ),
            Distance::Unknown => (
                "（无里程可供推算）",
                " (nothing says how far it had been driven)",
            ),
        };
        (
            format!("{since} 保养{}", of_odometer.0),
            format!("the service on {since}{}", of_odometer.1),
        )
    } else {
        (format!("{since} 交车"), format!("the delivery on {since}"))
    };
    if by_distance {
        (
            format!(
                "自{}起，按预测里程将行驶满 {km} 公里（先于 {months} 个月）",
                from.0
            ),
            format!(
                "{km} km after {} by predicted mileage, before {months} months are over",
                from.1
            ),
        )
    } else if distance == Distance::Unknown {
        (
            format!("自{}起满 {months} 个月", from.0),
            format!("{months} months after {}", from.1),
        )
    } else {
        (
            format!("自{}起满 {months} 个月（先于 {km} 公里）", from.0),
            format!("{months} months after {}, before {km} km", from.1),
        )
    }
}

const fn exact(kind: DueKind, date: NaiveDate, why: Why) -> DueItem {
    DueItem {
        kind,
        when: BandedDate {
            date,
            earliest: date,
            latest: date,
        },
        at_km: None,
        why,
        has_lapsed: false,
    }
}
