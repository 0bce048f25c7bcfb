//! The visits of a file: rows of one order are one visit.

use std::collections::{BTreeMap, HashMap, HashSet};

use marque_quality::{
    CleanVisit, Finding,
    date::BUSINESS_OFFSET_SECONDS,
    falsification::{
        Settings, Sign, Suspect, VisitEntry, VisitState, assess_visit_clerks, assess_visits,
        clerk_unit,
    },
    odometer::{Implausible, Meter, judge},
};

/// With so many visits of a dealer in one minute their time is that of the entry, and says nothing of when a meter was read.
const ENTERED_TOGETHER: usize = 5;

const MINUTE_MICROS: i64 = 60_000_000;
const DAY_MICROS: i64 = 24 * 60 * MINUTE_MICROS;

/// All orders of the file.
#[derive(Default)]
pub(super) struct Orders {
    /// Dealer and order number to the place of the order.
    places: HashMap<(u32, String), usize>,
    orders: Vec<Order>,
}

struct Order {
    /// Of its first row.
    line: u64,
    dealer: u32,
    adviser: Option<String>,
    entry: VisitEntry,
}

/// A row whose reading those of the car's other visits speak against.
pub(super) struct Doubted {
    pub(super) line: u64,
    /// Place of the dealer.
    pub(super) dealer: u32,
    pub(super) findings: Vec<Finding>,
    /// Whether the others leave no doubt that the meter never showed it then.
    pub(super) is_outlier: bool,
}

/// What the visits of all dealers look like together.
pub(super) struct Judged {
    pub(super) dealers: Vec<Suspect>,
    pub(super) clerks: Vec<Suspect>,
    /// Line, place of the dealer, sign.
    pub(super) signs: Vec<(u64, u32, Sign)>,
}

impl Orders {
    /// Takes a row; one without an order number is a visit by itself.
    pub(super) fn add(&mut self, line: u64, dealer: u32, visit: &CleanVisit<'_>) {
        let adviser = || visit.adviser.as_deref().map(str::to_owned);
        let entry = VisitEntry::of(visit);
        let number = visit.order_number.as_deref();
        let known = number.and_then(|number| self.places.get(&(dealer, number.to_owned())));
        if let Some(place) = known {
            let order = &mut self.orders[*place];
            order.entry = order.entry.with(entry);
            order.adviser = order.adviser.take().or_else(adviser);
            return;
        }
        if let Some(number) = number {
            self.places
                .insert((dealer, number.to_owned()), self.orders.len());
        }
        self.orders.push(Order {
            line,
            dealer,
            adviser: adviser(),
            entry,
        });
    }

    /// What the readings of each car say against each other, at whatever dealers.
    pub(super) fn doubted(&self) -> Vec<Doubted> {
        let metered = |(place, order): (usize, &Order)| {
            let (car, meter) = order.entry.meter()?;
            Some((car, meter, place))
        };
        let orders = self.orders.iter().enumerate();
        let mut readings: Vec<(u64, Meter, usize)> = orders.filter_map(metered).collect();
        readings.sort_unstable_by_key(|(car, _, place)| (*car, *place));
        let entered = self.entered_together(&readings);
        let mut doubted = Vec::new();
        for of_car in readings.chunk_by(|one, next| one.0 == next.0) {
            let meters: Vec<Meter> = of_car.iter().map(|(_, meter, _)| *meter).collect();
            for ((_, _, place), verdict) in of_car.iter().zip(judge(&meters)) {
                if verdict.doubts.is_empty() {
                    continue;
                }
                let order = &self.orders[*place];
                doubted.push(Doubted {
                    line: order.line,
                    dealer: order.dealer,
                    findings: verdict
                        .doubts
                        .into_iter()
                        .map(Implausible::finding)
                        .collect(),
                    is_outlier: verdict.is_outlier && !entered.contains(place),
                });
            }
        }
        doubted
    }

    /// The places of readings whose time is that of their entry. Of those without a time of day the day is known.
    fn entered_together(&self, readings: &[(u64, Meter, usize)]) -> HashSet<usize> {
        let midnight = -i64::from(BUSINESS_OFFSET_SECONDS) * 1_000_000;
        let is_timed = |meter: &Meter| (meter.at_micros - midnight) % DAY_MICROS != 0;
        let mut by_minute: HashMap<(u32, i64), Vec<usize>> = HashMap::new();
        for (_, meter, place) in readings.iter().filter(|(_, meter, _)| is_timed(meter)) {
            let minute = (self.orders[*place].dealer, meter.at_micros / MINUTE_MICROS);
            by_minute.entry(minute).or_default().push(*place);
        }
        let minutes = by_minute.into_values();
        minutes
            .filter(|places| places.len() >= ENTERED_TOGETHER)
            .flatten()
            .collect()
    }

    /// Compares the visits of all dealers, and of all advisers.
    pub(super) fn judge(&self, dealers: &[String], settings: Settings) -> Judged {
        let mut by_dealer: BTreeMap<String, VisitState> = BTreeMap::new();
        let mut by_adviser: BTreeMap<String, VisitState> = BTreeMap::new();
        for order in &self.orders {
            let dealer = &dealers[order.dealer as usize];
            let state = by_dealer.entry(dealer.clone()).or_default();
            state.add(&order.entry);
            if let Some(adviser) = &order.adviser {
                let state = by_adviser.entry(clerk_unit(dealer, adviser)).or_default();
                state.add(&order.entry);
            }
        }
        let assessment = assess_visits(&by_dealer, settings);
        let of_clerks = assess_visit_clerks(&by_adviser, &assessment, settings);
        let mut signs = Vec::new();
        for order in &self.orders {
            let dealer = &dealers[order.dealer as usize];
            let mut found = assessment.signs(dealer, &order.entry);
            if let Some(adviser) = &order.adviser {
                found = of_clerks.signs(&clerk_unit(dealer, adviser), &order.entry, found);
            }
            let found = found.into_iter();
            signs.extend(found.map(|sign| (order.line, order.dealer, sign)));
        }
        Judged {
            clerks: of_clerks.suspects,
            dealers: assessment.suspects,
            signs,
        }
    }
}
