//! What the records of each dealer and clerk look like together, and what a single one looks like in that light. Customers
//! are compared with customers and visits with visits; the bytes of an entry say which it is.

use std::collections::{BTreeMap, BTreeSet};

use marque_core::Timestamp;
use marque_quality::{
    RecordKind,
    falsification::{
        Assessment, ClerkAssessment, Entry, EntryState, Kind, Settings, Suspect, VisitAssessment,
        VisitEntry, VisitState, assess, assess_clerks, assess_visit_clerks, assess_visits,
        clerk_unit, dealer_and_clerk,
    },
    standard::Standard,
};

use crate::domain::Signs;

/// Counts of the entries of dealers, or of clerks under the names of [`clerk_unit`].
#[derive(Default)]
pub(super) struct Units {
    customers: BTreeMap<String, EntryState>,
    visits: BTreeMap<String, VisitState>,
}

/// From what on entries look invented.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Thresholds {
    pub(super) customers: Settings,
    pub(super) visits: Settings,
}

impl Thresholds {
    /// These with those of a standard in place of those of its kind.
    pub(super) fn with(mut self, standard: &Standard) -> Self {
        match standard.kind {
            RecordKind::Customers => self.customers = standard.invention,
            RecordKind::Visits => self.visits = standard.invention,
            RecordKind::Vehicles | RecordKind::Complaints => {}
        }
        self
    }
}

/// All entries compared: those of dealers, and those of clerks beside their dealers.
#[derive(Debug)]
pub(super) struct Judgement {
    customers: Assessment,
    visits: VisitAssessment,
    customers_of_clerks: ClerkAssessment<Assessment>,
    visits_of_clerks: ClerkAssessment<VisitAssessment>,
}

impl Units {
    /// All units of which anything was counted.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.customers.keys().chain(self.visits.keys())
    }

    /// Counts an entry; bytes of a release that is not known count nowhere.
    pub(super) fn add(&mut self, unit: &str, entry: &[u8]) {
        if let Ok(entry) = Entry::from_bytes(entry) {
            self.customers
                .entry(unit.to_owned())
                .or_default()
                .add(&entry);
        } else if let Ok(entry) = VisitEntry::from_bytes(entry) {
            self.visits.entry(unit.to_owned()).or_default().add(&entry);
        }
    }
}

/// When the minute of the last burst began, counted since 1970.
fn begun(suspect: &Suspect, minute: Option<u32>) -> Option<Timestamp> {
    let minute = minute.filter(|_| suspect.kind == Kind::EntryBurst)?;
    Some(Timestamp::from_micros(i64::from(minute) * 60_000_000))
}

impl Judgement {
    /// Compares all dealers, and all clerks beside them: whoever is named has records that bear the sign.
    pub(super) fn of(dealers: &Units, clerks: &Units, thresholds: &Thresholds) -> Self {
        let (of_customers, of_visits) = (thresholds.customers, thresholds.visits);
        let customers = assess(&dealers.customers, of_customers);
        let visits = assess_visits(&dealers.visits, of_visits);
        Self {
            customers_of_clerks: assess_clerks(&clerks.customers, &customers, of_customers),
            visits_of_clerks: assess_visit_clerks(&clerks.visits, &visits, of_visits),
            customers,
            visits,
        }
    }

    /// Dealers and clerks whose entries chance does not explain, and when the minute of a burst began.
    pub(super) fn suspects(&self) -> impl Iterator<Item = (&Suspect, Option<Timestamp>)> {
        let Self {
            customers,
            visits,
            customers_of_clerks,
            visits_of_clerks,
        } = self;
        let of_customers = customers.suspects.iter().map(move |suspect| {
            let minute = customers.burst_minute(&suspect.unit);
            (suspect, begun(suspect, minute))
        });
        let of_visits = visits.suspects.iter().map(move |suspect| {
            let minute = visits.burst_minute(&suspect.unit);
            (suspect, begun(suspect, minute))
        });
        let by_clerk = customers_of_clerks.suspects.iter().map(move |suspect| {
            let minute = customers_of_clerks.burst_minute(&suspect.unit);
            (suspect, begun(suspect, minute))
        });
        let by_adviser = visits_of_clerks.suspects.iter().map(move |suspect| {
            let minute = visits_of_clerks.burst_minute(&suspect.unit);
            (suspect, begun(suspect, minute))
        });
        of_customers
            .chain(of_visits)
            .chain(by_clerk)
            .chain(by_adviser)
    }

    /// The dealers, of some units, whose records or whose clerks' records another judgement judges otherwise.
    pub(super) fn otherwise<'a>(
        &self,
        earlier: &Self,
        units: impl Iterator<Item = &'a String>,
    ) -> BTreeSet<String> {
        let (customers, visits) = (&self.customers_of_clerks, &self.visits_of_clerks);
        let is_alike = |unit: &&String| {
            self.customers.judges_like(&earlier.customers, unit)
                && self.visits.judges_like(&earlier.visits, unit)
                && customers.judges_like(&earlier.customers_of_clerks, unit)
                && visits.judges_like(&earlier.visits_of_clerks, unit)
        };
        units
            .filter(|unit| !is_alike(unit))
            .map(|unit| dealer_and_clerk(unit).0.to_owned())
            .collect()
    }

    /// The signs of a record of a dealer, and of his clerk (empty if unknown); an entry that cannot be read bears none.
    pub(super) fn signs(&self, (dealer, clerk): (&str, &str), entry: &[u8]) -> Signs {
        let unit = clerk_unit(dealer, clerk);
        let found = if let Ok(entry) = Entry::from_bytes(entry) {
            let at_dealer = self.customers.signs(dealer, &entry);
            self.customers_of_clerks.signs(&unit, &entry, at_dealer)
        } else if let Ok(entry) = VisitEntry::from_bytes(entry) {
            let at_dealer = self.visits.signs(dealer, &entry);
            self.visits_of_clerks.signs(&unit, &entry, at_dealer)
        } else {
            return Signs::default();
        };
        let mut signs: Vec<_> = found
            .into_iter()
            .map(|sign| (sign.kind, (sign.strength * 1000.0).round() as i64))
            .collect();
        signs.sort_unstable();
        Signs(signs)
    }
}
