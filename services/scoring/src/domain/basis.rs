//! From a dossier to what the value model reads, with the records each fact rests on.

use std::collections::BTreeMap;

use chrono::{Datelike as _, Months, NaiveDate};
use marque_core::{SourceRecordId, business_date};
use marque_insight::value::{Fact, Indicator, Inputs, Points};
use uuid::Uuid;

use super::{Dossier, Happening, happening::Kind};

/// What a record speaks for: a fact, or the points of an indicator that somebody gave as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cited {
    Fact(Fact),
    /// Up to a day.
    Given(Indicator, Option<NaiveDate>),
}

/// A record that something rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Evidence {
    pub(crate) of: Cited,
    pub(crate) record: SourceRecordId,
    /// visit, purchase, payment, assessment, complaint, vehicle or referral.
    pub(crate) kind: &'static str,
    pub(crate) id: Option<Uuid>,
    pub(crate) date: NaiveDate,
    pub(crate) dealer: String,
    /// What is assumed of it; empty where nothing is.
    pub(crate) assumed: &'static str,
}

/// What is assumed of an order without a VIN that is taken for the purchase of a car its dealer sold.
pub(crate) const ORDER_WITHOUT_VIN: &str = "order_without_vin";

/// What a score rests on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Basis {
    pub(crate) inputs: Inputs,
    pub(crate) evidence: Vec<Evidence>,
}

/// Interactions and complaints count for so long.
const RECENT: Months = Months::new(12);
/// Work the maker pays for is no spend of the customer's.
pub(super) const NOT_PAID_BY_HIM: [&str; 2] = ["warranty", "recall"];
/// Visits that are a repair, and so an interaction.
const REPAIRS: [&str; 2] = ["repair", "warranty"];

impl Basis {
    /// What is known of a customer on a day. Facts of later days do not count.
    pub(crate) fn of(dossier: &Dossier, today: NaiveDate) -> Self {
        let mut basis = Self::default();
        basis.read_purchases(dossier, today);
        basis.read_visits(dossier, today);
        basis.read_first_contact(dossier, today);
        basis.read_interactions(dossier, today);
        basis.read_assessments(dossier, today);
        basis.read_referrals(dossier, today);
        basis.read_cars(dossier, today);
        basis.read_payments(dossier, today);
        basis
    }

    fn set(&mut self, fact: Fact, value: f64) {
        self.inputs.facts.set(fact, value);
    }

    fn cite(&mut self, fact: Fact, happening: &Happening) {
        self.cite_of(Cited::Fact(fact), happening);
    }

    fn cite_of(&mut self, of: Cited, happening: &Happening) {
        let Some(record) = happening.record else {
            return;
        };
        self.evidence.push(Evidence {
            of,
            assumed: "",
            record,
            kind: happening.kind.code(),
            id: Some(happening.id),
            date: business_date(happening.happened_at),
            dealer: happening.dealer.clone(),
        });
    }

    fn read_purchases(&mut self, dossier: &Dossier, today: NaiveDate) {
        let mut purchases = dossier.purchases();
        purchases.retain(|purchase| purchase.date <= today);
        let mut spent = None;
        for purchase in &purchases {
            match purchase.happening {
                Some(order) => {
                    self.cite(Fact::PurchaseCount, order);
                    if let Some(cited) = self.evidence.last_mut().filter(|_| purchase.is_assumed) {
                        cited.assumed = ORDER_WITHOUT_VIN;
                    }
                }
                None => self.evidence.push(Evidence {
                    of: Cited::Fact(Fact::PurchaseCount),
                    assumed: "",
                    record: purchase.record,
                    kind: "vehicle",
                    id: None,
                    date: purchase.date,
                    dealer: String::new(),
                }),
            }
            let paid = purchase
                .happening
                .and_then(|order| Some((order, order.amount_minor?)));
            if let Some((order, amount)) = paid {
                self.cite(Fact::PurchaseAmount, order);
                *spent.get_or_insert(0) += amount;
            }
        }
        if !purchases.is_empty() {
            self.set(Fact::PurchaseCount, purchases.len() as f64);
        }
        if let Some(spent) = spent {
            self.set(Fact::PurchaseAmount, yuan(spent));
        }
    }

    fn read_visits(&mut self, dossier: &Dossier, today: NaiveDate) {
        let mut spent = None;
        for visit in up_to(dossier, Kind::Visit, today) {
            self.cite(Fact::VisitCount, visit);
            let is_paid = !NOT_PAID_BY_HIM.contains(&visit.code.as_str());
            if let Some(amount) = visit.amount_minor.filter(|_| is_paid) {
                self.cite(Fact::ServiceAmount, visit);
                *spent.get_or_insert(0) += amount;
            }
        }
        // Where more was paid back than is known to have been paid, nobody knows what he spent.
        if let Some(spent) = spent.filter(|spent| *spent >= 0) {
            self.set(Fact::ServiceAmount, yuan(spent));
        }
    }

    /// Time since he first came or bought; only then are visits that he did not make a fact.
    fn read_first_contact(&mut self, dossier: &Dossier, today: NaiveDate) {
        let visits = up_to(dossier, Kind::Visit, today);
        let first_visit = visits.first().map(|visit| business_date(visit.happened_at));
        let first_purchase = dossier.purchases().first().map(|purchase| purchase.date);
        let first = first_visit.into_iter().chain(first_purchase).min();
        let Some(first) = first.filter(|first| *first <= today) else {
            return;
        };
        self.set(
            Fact::MonthsSinceFirst,
            f64::from(whole_months(first, today)),
        );
        self.set(Fact::VisitCount, visits.len() as f64);
    }

    /// Contacts are a rate, which needs the time since he first came or bought. Of who never did they say nothing: a first one must not
    /// make him one who hardly ever speaks with us.
    fn read_interactions(&mut self, dossier: &Dossier, today: NaiveDate) {
        if self.inputs.facts.get(Fact::MonthsSinceFirst).is_none() {
            return;
        }
        let since = today.checked_sub_months(RECENT).unwrap_or(NaiveDate::MIN);
        let is_recent = |happening: &&Happening| business_date(happening.happened_at) > since;
        let visits = up_to(dossier, Kind::Visit, today);
        let repairs = visits
            .into_iter()
            .filter(|visit| REPAIRS.contains(&visit.code.as_str()));
        let assessments = up_to(dossier, Kind::Assessment, today);
        let contacts = assessments
            .into_iter()
            .filter(|contact| contact.code == "contact");
        let interactions: Vec<&Happening> = repairs.chain(contacts).filter(is_recent).collect();
        self.set(Fact::InteractionCount, interactions.len() as f64);
        for interaction in interactions {
            self.cite(Fact::InteractionCount, interaction);
        }
        let complaints = up_to(dossier, Kind::Complaint, today);
        let complaints: Vec<&Happening> = complaints.into_iter().filter(is_recent).collect();
        if !complaints.is_empty() {
            self.set(Fact::ComplaintCount, complaints.len() as f64);
        }
        for complaint in complaints {
            self.cite(Fact::ComplaintCount, complaint);
        }
    }

    /// The newest word on each subject counts for as long as it holds; then what he does counts again.
    fn read_assessments(&mut self, dossier: &Dossier, today: NaiveDate) {
        let mut newest: BTreeMap<&str, (&Happening, f64)> = BTreeMap::new();
        for assessment in up_to(dossier, Kind::Assessment, today) {
            if let Some(level) = assessment.level {
                newest.insert(&assessment.code, (assessment, level));
            }
        }
        newest.retain(|_, (assessment, _)| assessment.holds_on(today));
        for (code, (assessment, level)) in newest {
            let fact = match code {
                "standing" => Fact::StandingLevel,
                "intention" => Fact::IntentionLevel,
                "purchase_probability" => Fact::PurchaseProbability,
                _ => {
                    self.read_given(assessment, level);
                    continue;
                }
            };
            self.set(fact, level);
            self.cite(fact, assessment);
        }
    }

    /// An indicator that somebody already put on 1 to 100.
    fn read_given(&mut self, assessment: &Happening, level: f64) {
        let indicator = Indicator::ALL
            .into_iter()
            .find(|indicator| indicator.key() == assessment.code);
        if let Some(indicator) = indicator {
            self.inputs.given[indicator as usize] =
                Points::from_nanos((level * Points::ONE as f64).round() as i64);
            let until = assessment.holds_until();
            self.cite_of(Cited::Given(indicator, until), assessment);
        }
    }

    fn read_referrals(&mut self, dossier: &Dossier, today: NaiveDate) {
        let buyers = dossier
            .buyers
            .iter()
            .filter(|buyer| buyer.bought_on <= today);
        let mut count = 0;
        for buyer in buyers {
            count += 1;
            let dealer = dossier
                .records
                .iter()
                .find(|record| record.id == buyer.named)
                .map_or_else(String::new, |record| record.dealer.clone());
            self.evidence.push(Evidence {
                of: Cited::Fact(Fact::ReferralCount),
                assumed: "",
                record: buyer.named,
                kind: "referral",
                id: None,
                date: buyer.bought_on,
                dealer,
            });
        }
        // Nobody is not a fact: most dealers do not write down who sent whom.
        if count > 0 {
            self.set(Fact::ReferralCount, f64::from(count));
        }
    }

    fn read_cars(&mut self, dossier: &Dossier, today: NaiveDate) {
        let built = |car: &super::Car| {
            let year = i32::try_from(car.vehicle.model_year).ok()?;
            NaiveDate::from_ymd_opt(year, 7, 1).filter(|_| year > 1950)
        };
        let current = dossier.cars.iter().filter(|car| car.is_current);
        let youngest = current
            .filter_map(|car| Some((car.vehicle.sale_date.or_else(|| built(car))?, car)))
            .filter(|(since, _)| *since <= today)
            .max_by_key(|(since, _)| *since);
        let Some((since, car)) = youngest else {
            return;
        };
        self.set(
            Fact::VehicleAgeYears,
            f64::from(whole_months(since, today)) / 12.0,
        );
        self.evidence.push(Evidence {
            of: Cited::Fact(Fact::VehicleAgeYears),
            assumed: "",
            record: car.record,
            kind: "vehicle",
            id: None,
            date: since,
            dealer: car.vehicle.selling_dealer.clone(),
        });
    }

    fn read_payments(&mut self, dossier: &Dossier, today: NaiveDate) {
        let due = up_to(dossier, Kind::Payment, today);
        let (mut on_time, mut overdue, mut count) = (0, 0, 0);
        for payment in &due {
            let due_on = business_date(payment.happened_at);
            let paid_on = payment
                .ended_at
                .map(business_date)
                .filter(|paid| *paid <= today);
            match paid_on {
                Some(paid) if paid <= due_on => {
                    on_time += 1;
                    self.cite(Fact::OnTimeCount, payment);
                }
                Some(_) => {}
                None if due_on < today => {
                    overdue = overdue.max((today - due_on).num_days());
                    self.cite(Fact::OverdueDays, payment);
                }
                // Whoever has until tonight is neither late nor in time.
                None => continue,
            }
            count += 1;
            self.cite(Fact::PaymentCount, payment);
        }
        if count > 0 {
            self.set(Fact::PaymentCount, f64::from(count));
            self.set(Fact::OnTimeCount, f64::from(on_time));
            self.set(Fact::OverdueDays, overdue as f64);
        }
    }
}

/// Facts of a kind that had happened on a day, by time.
fn up_to(dossier: &Dossier, kind: Kind, today: NaiveDate) -> Vec<&Happening> {
    dossier
        .of(kind)
        .filter(|happening| business_date(happening.happened_at) <= today)
        .collect()
}

fn yuan(fen: i64) -> f64 {
    fen as f64 / 100.0
}

/// Whole months from one day to another: a score must not change daily only because time passes.
fn whole_months(from: NaiveDate, to: NaiveDate) -> i32 {
    let months = (to.year() - from.year()) * 12 + to.month() as i32 - from.month() as i32;
    months - i32::from(to.day() < from.day())
}
