//! Reads the file once, cleans every row, counts the facts, and judges the rows when all dealers are known.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

use anyhow::Context as _;
use chrono::NaiveDate;
use marque_quality::{
    ComplaintRow, CustomerRow, Field, Finding, RecordKind, Rule, VehicleRow, VisitRow,
    clean_complaint, clean_customer, clean_vehicle, clean_visit,
    falsification::{
        Entry, EntryExtras, EntryState, Sign, Suspect, assess, assess_clerks, clerk_unit,
    },
    number,
    party::PartyKind,
    standard::{Measure, greatest, release},
};
use marque_tabular::{Next, Row};

use super::{
    columns::{self, Columns, Named},
    keys::Keys,
    orders::{Doubted, Judged, Orders},
    qualified::{Qualified, Scores},
};

/// Everything found in a file.
pub(super) struct Checked {
    pub(super) kind: RecordKind,
    pub(super) rows: u64,
    /// Headers of columns that nothing was read from.
    pub(super) unread: Vec<String>,
    /// Names of sheets that nothing was read from.
    pub(super) unread_sheets: Vec<String>,
    /// Whether the file says whose each row is.
    pub(super) has_dealers: bool,
    /// Lines of rows that are too short, too long or unreadable, and the code of what is wrong.
    pub(super) unreadable: Vec<(u64, &'static str)>,
    /// Rows with nothing worse than an information.
    pub(super) clean: u64,
    /// Rows that are qualified records.
    pub(super) qualified: Qualified,
    pub(super) findings: Vec<(u64, Finding)>,
    /// Lines of visits whose reading is wrong, as those of the car's other visits leave no doubt.
    pub(super) wrong_readings: HashSet<u64>,
    /// Line, place of the dealer, sign.
    pub(super) signs: Vec<(u64, u32, Sign)>,
    /// Dealers in the order of their names; one without name if the file is of one dealer.
    pub(super) dealers: Vec<Dealer>,
    /// Dealers whose entries chance does not explain, strongest evidence first; and clerks, named by [`clerk_unit`].
    pub(super) dealer_suspects: Vec<Suspect>,
    pub(super) clerk_suspects: Vec<Suspect>,
}

/// Counts of one dealer.
#[derive(Default)]
pub(super) struct Dealer {
    pub(super) name: String,
    pub(super) rows: u64,
    pub(super) clean: u64,
    pub(super) suspicious: u64,
}

/// Reads and checks a file.
pub(super) fn check(
    path: &Path,
    kind: RecordKind,
    mapping: &[String],
    today: NaiveDate,
) -> anyhow::Result<Checked> {
    let file =
        std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let named = Named::parse(mapping, kind)?;
    let mut table = columns::open(std::io::BufReader::new(file), kind, &named)?;
    let mut pass = Pass::new(kind, Columns::of(&table, kind, &named)?, today);
    let mut known = table.headers().len();
    loop {
        let next = table.next_row()?;
        if table.headers().len() != known {
            // An object brought new keys.
            known = table.headers().len();
            pass.columns = Columns::of(&table, kind, &named)?;
        }
        match next {
            Next::Row => pass.take(table.row()),
            Next::Bad(problem) => pass.unreadable.push((problem.line, problem.reason())),
            Next::End => break,
        }
    }
    Ok(Checked {
        unread_sheets: table.reader().unread_sheets().to_vec(),
        ..pass.finish()
    })
}

/// A row that was counted.
struct Counted {
    line: u64,
    /// Place of the dealer.
    dealer: u32,
    /// Place of the clerk.
    clerk: Option<u32>,
    entry: Entry,
}

/// What was counted of each clerk, named by [`clerk_unit`].
#[derive(Default)]
struct Clerks {
    places: HashMap<String, u32>,
    states: Vec<EntryState>,
}

impl Clerks {
    /// Counts an entry of a clerk; gives back his place.
    fn add(&mut self, name: String, entry: &Entry) -> u32 {
        let next = self.states.len() as u32;
        let place = *self.places.entry(name).or_insert(next);
        if place == next {
            self.states.push(EntryState::default());
        }
        self.states[place as usize].add(entry);
        place
    }
}

/// The state of the one pass over the file.
struct Pass {
    kind: RecordKind,
    columns: Columns,
    today: NaiveDate,
    rows: u64,
    unreadable: Vec<(u64, &'static str)>,
    clean: u64,
    findings: Vec<(u64, Finding)>,
    places: BTreeMap<String, u32>,
    dealers: Vec<Dealer>,
    entries: Vec<Counted>,
    states: Vec<EntryState>,
    clerks: Clerks,
    orders: Orders,
    keys: Keys,
    scores: Scores,
}

impl Pass {
    fn new(kind: RecordKind, columns: Columns, today: NaiveDate) -> Self {
        Self {
            kind,
            columns,
            today,
            rows: 0,
            unreadable: Vec::new(),
            clean: 0,
            findings: Vec::new(),
            places: BTreeMap::new(),
            dealers: Vec::new(),
            entries: Vec::new(),
            states: Vec::new(),
            clerks: Clerks::default(),
            orders: Orders::default(),
            keys: Keys::default(),
            scores: Scores::new(kind, today),
        }
    }

    fn take(&mut self, row: &Row) {
        self.rows += 1;
        let dealer = self.dealer(row);
        let mut party = None;
        let findings = match self.kind {
            RecordKind::Customers => {
                let (findings, kind) = self.customer(row, dealer);
                party = Some(kind);
                findings
            }
            RecordKind::Vehicles => self.clean_with(
                row,
                VehicleRow::set,
                VehicleRow::default(),
                |cells, today| clean_vehicle(cells, today).findings,
            ),
            RecordKind::Visits => self.visit(row, dealer),
            RecordKind::Complaints => self.clean_with(
                row,
                ComplaintRow::set,
                ComplaintRow::default(),
                |cells, today| clean_complaint(cells, today).findings,
            ),
        };
        let columns = &self.columns;
        // A file without a column of keys is checked all the same; it could not be imported.
        let counts = |finding: &Finding| {
            finding.rule != Rule::SourceKeyMissing || columns.has(finding.field)
        };
        let findings = findings.into_iter().filter(counts);
        let findings: Vec<Finding> = findings.chain(columns.said_twice(row)).collect();
        self.scores.add(row, columns, (&findings, party));
        let mut severities = findings.iter().map(|finding| finding.severity);
        let is_clean = severities.all(|severity| severity == marque_quality::Severity::Info);
        let found = findings.into_iter();
        self.findings
            .extend(found.map(|finding| (row.line(), finding)));
        self.clean += u64::from(is_clean);
        self.dealers[dealer as usize].clean += u64::from(is_clean);
    }

    /// The place of the row's dealer, known or new.
    fn dealer(&mut self, row: &Row) -> u32 {
        let name = self.columns.dealer(row);
        let place = self.places.get(name).copied().unwrap_or_else(|| {
            self.dealers.push(Dealer {
                name: name.to_owned(),
                ..Dealer::default()
            });
            self.states.push(EntryState::default());
            self.places
                .insert(name.to_owned(), self.dealers.len() as u32 - 1);
            self.dealers.len() as u32 - 1
        });
        self.dealers[place as usize].rows += 1;
        place
    }

    fn customer(&mut self, row: &Row, dealer: u32) -> (Vec<Finding>, PartyKind) {
        let cells: CustomerRow<'_> = self.columns.customer(row);
        let cleaned = clean_customer(&cells, self.today);
        let reading = self
            .columns
            .odometer(row)
            .and_then(number::parse_odometer)
            .filter(|reading| self.is_possible(reading.km));
        let entry = Entry::of(
            &cells,
            &cleaned,
            EntryExtras {
                odometer_km: reading.map(|reading| reading.km),
            },
        );
        self.states[dealer as usize].add(&entry);
        let clerk = cleaned.record.clerk.as_ref().map(|clerk| {
            let name = clerk_unit(&self.dealers[dealer as usize].name, clerk);
            self.clerks.add(name, &entry)
        });
        self.entries.push(Counted {
            line: row.line(),
            dealer,
            clerk,
            entry,
        });
        let mut findings = cleaned.findings;
        findings.extend(self.keys.add(dealer, &cleaned.record));
        (findings, cleaned.record.kind)
    }

    /// Whether a meter can show so much, by the standard of visits.
    fn is_possible(&self, km: u32) -> bool {
        let most = greatest(Field::VisitOdometerKm, Measure::Km, self.today);
        most.is_none_or(|most| i64::from(km) <= most)
    }

    fn visit(&mut self, row: &Row, dealer: u32) -> Vec<Finding> {
        let mut cells = VisitRow::default();
        for (field, cell) in self.columns.cells(row) {
            cells.set(field, cell);
        }
        let cleaned = clean_visit(&cells, self.today);
        self.orders.add(row.line(), dealer, &cleaned.record);
        cleaned.findings
    }

    fn clean_with<'r, C>(
        &self,
        row: &'r Row,
        set: impl Fn(&mut C, Field, Option<&'r str>),
        mut cells: C,
        clean: impl Fn(&C, NaiveDate) -> Vec<Finding>,
    ) -> Vec<Finding> {
        for (field, cell) in self.columns.cells(row) {
            set(&mut cells, field, cell);
        }
        clean(&cells, self.today)
    }

    /// Adds what only the whole file shows of rows that are counted already.
    fn add_found(&mut self, found: Vec<Doubted>) {
        for row in &found {
            let was_clean = u64::from(self.is_clean(row.line));
            self.clean -= was_clean;
            self.dealers[row.dealer as usize].clean -= was_clean;
        }
        for row in found {
            let findings = row.findings.into_iter();
            self.findings
                .extend(findings.map(|finding| (row.line, finding)));
        }
        // The findings of a row stand together.
        self.findings.sort_by_key(|(line, _)| *line);
    }

    /// Whether a row has nothing worse than an information; lines only grow.
    fn is_clean(&self, line: u64) -> bool {
        let first = self.findings.partition_point(|(known, _)| *known < line);
        let of_row = self.findings[first..].iter();
        of_row
            .take_while(|(known, _)| *known == line)
            .all(|(_, finding)| finding.severity == marque_quality::Severity::Info)
    }

    fn finish(mut self) -> Checked {
        let doubted = self.orders.doubted();
        let wrong = doubted.iter().filter(|row| row.is_outlier);
        let wrong_readings: HashSet<u64> = wrong.map(|row| row.line).collect();
        self.add_found(doubted);
        let names: Vec<String> = self.dealers.iter().map(|one| one.name.clone()).collect();
        let judged = match self.kind {
            RecordKind::Visits => {
                let settings = release(RecordKind::Visits, self.today).invention;
                self.orders.judge(&names, settings)
            }
            _ => self.judge_customers(&names),
        };
        // The signs of a row stand together.
        let mut last = None;
        for (line, dealer, _) in &judged.signs {
            let is_new = last.replace(*line) != Some(*line);
            self.dealers[*dealer as usize].suspicious += u64::from(is_new);
        }
        let signs = judged.signs.iter().map(|(line, _, sign)| (*line, sign));
        let qualified = self.scores.count(signs);
        let has_dealers = self.columns.has_dealers();
        Checked {
            kind: self.kind,
            rows: self.rows,
            unread: self.columns.unread,
            unread_sheets: Vec::new(),
            has_dealers,
            unreadable: self.unreadable,
            clean: self.clean,
            qualified,
            findings: self.findings,
            wrong_readings,
            signs: judged.signs,
            dealers: self.dealers,
            dealer_suspects: judged.dealers,
            clerk_suspects: judged.clerks,
        }
    }

    fn judge_customers(&mut self, names: &[String]) -> Judged {
        let states = std::mem::take(&mut self.states);
        let units: BTreeMap<String, EntryState> = names.iter().cloned().zip(states).collect();
        let settings = release(RecordKind::Customers, self.today).invention;
        let assessment = assess(&units, settings);
        let Clerks { places, states } = std::mem::take(&mut self.clerks);
        let mut clerks = vec![String::new(); states.len()];
        for (name, place) in places {
            clerks[place as usize] = name;
        }
        let by_clerk = clerks.iter().cloned().zip(states).collect();
        let of_clerks = assess_clerks(&by_clerk, &assessment, settings);
        let mut signs = Vec::new();
        for counted in &self.entries {
            let mut found = assessment.signs(&names[counted.dealer as usize], &counted.entry);
            if let Some(clerk) = counted.clerk {
                found = of_clerks.signs(&clerks[clerk as usize], &counted.entry, found);
            }
            let found = found.into_iter();
            signs.extend(found.map(|sign| (counted.line, counted.dealer, sign)));
        }
        Judged {
            clerks: of_clerks.suspects,
            dealers: assessment.suspects,
            signs,
        }
    }
}
