//! Comparing the entries of all dealers and clerks: suspects, signs on records, alerts, and how far each dealer is trusted by then.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use chrono::{Datelike as _, NaiveDate};
use marque_core::{AlertId, Timestamp, business_date};
use marque_db::Conn;
use marque_quality::{
    RecordKind,
    falsification::{CallState, Kind, Suspect, assess_calls, clerk_unit, dealer_and_clerk},
    standard::Standard,
};
use uuid::Uuid;

use super::{
    QualityApp, alerts,
    judgement::{Judgement, Thresholds, Units},
};
use crate::{
    domain::{
        Alert, AlertKind, AlertState, Figures, Mean, NewAlert, OVERALL, SignFigures, month_of,
    },
    error::{Error, Result},
    storage::{self, CardFilter, Entered, KeptFall, KeptSuspect},
};

/// Entries read at once.
const PAGE: u32 = 5000;
/// Records judged anew in one transaction.
const BATCH: usize = 500;
/// Records a month must have on both sides for a fall to mean anything.
const ENOUGH: i64 = 30;
/// Points a score must fall from month to month.
const FALL: f64 = 5.0;
/// Months before this one in which a score is looked for that it is compared with.
const LOOKED_BACK: usize = 6;
/// Points that may still be missing when a fall is over.
const MADE_GOOD: f64 = 3.0;
/// Further records with a sign after the last word on it that make a matter of it again.
const FURTHER: i64 = 5;
/// How often all dealers are judged.
const JUDGE_ALL: Duration = Duration::from_hours(1);
/// Most suspects that are kept.
const MOST: u32 = 100_000;

impl QualityApp {
    /// Compares all entries, judges records by it, and raises alerts.
    pub(crate) async fn assess(&self) -> Result<()> {
        let (dealers, clerks) = self.states().await?;
        let calls = self.calls().await?;
        let thresholds = self.thresholds().await?;
        let compared = tokio::task::spawn_blocking(move || {
            let calls = assess_calls(&calls, thresholds.customers);
            let names: Vec<String> = dealers.names().chain(clerks.names()).cloned().collect();
            let judgement = Judgement::of(&dealers, &clerks, &thresholds);
            (judgement, calls, names)
        });
        let (judgement, calls, names) = compared.await.map_err(|_| Error::Compare)?;
        let judgement = Arc::new(judgement);
        // From now on live writes are judged by it too.
        let earlier = self.assessment.write().replace(Arc::clone(&judgement));
        let others = match earlier.filter(|_| !self.is_time_for_all()) {
            // Who is judged as before has the signs he should have: his records were judged when they came.
            Some(earlier) => judgement.otherwise(&earlier, names.iter()),
            None => (names.iter())
                .map(|unit| dealer_and_clerk(unit).0.to_owned())
                .collect(),
        };
        if let Err(error) = self.judge_all(&judgement, others).await {
            // Some were judged and some were not: the next comparison judges all, and comes soon.
            *self.judged_all.write() = None;
            self.counted.notify_one();
            return Err(error);
        }
        let of_calls = calls.iter().map(|suspect| (suspect, None));
        let now = self.clock.now();
        let found = once_each(judgement.suspects().chain(of_calls), now);
        self.keep(found, now).await
    }

    /// All entries compared by the thresholds of a standard; nothing where those in force are the same.
    pub(super) async fn judged_by(&self, standard: &Standard) -> Result<Option<Judgement>> {
        let in_force = self.thresholds().await?;
        let thresholds = in_force.with(standard);
        if thresholds == in_force {
            return Ok(None);
        }
        let (dealers, clerks) = self.states().await?;
        let judged =
            tokio::task::spawn_blocking(move || Judgement::of(&dealers, &clerks, &thresholds));
        judged.await.map(Some).map_err(|_| Error::Compare)
    }

    /// The thresholds of the standards in force.
    async fn thresholds(&self) -> Result<Thresholds> {
        let (app, today) = (self.clone(), business_date(self.clock.now()));
        self.db
            .scan(move |conn: &mut Conn<'_>| {
                Ok::<_, Error>(Thresholds {
                    customers: app.in_force(conn, RecordKind::Customers, today)?.invention,
                    visits: app.in_force(conn, RecordKind::Visits, today)?.invention,
                })
            })
            .await
    }

    /// Whether all dealers are to be judged, whoever's entries look otherwise: now and then, since another process of this service
    /// judges by what it has compared.
    fn is_time_for_all(&self) -> bool {
        let now = self.clock.now();
        let mut judged = self.judged_all.write();
        let is_time = judged.is_none_or(|at| now.since(at) >= JUDGE_ALL);
        if is_time {
            *judged = Some(now);
        }
        is_time
    }

    /// How long the calls took that dealers say they made.
    async fn calls(&self) -> Result<BTreeMap<String, CallState>> {
        let lengths = self
            .db
            .scan(|conn: &mut Conn<'_>| Ok::<_, Error>(storage::own_call_lengths(conn)?))
            .await?;
        let mut units: BTreeMap<String, CallState> = BTreeMap::new();
        for (dealer, seconds, calls) in lengths {
            let state = units.entry(dealer).or_default();
            state.add_many(u32::try_from(seconds).unwrap_or(0), calls.unsigned_abs());
        }
        Ok(units)
    }

    /// Counts the entries of each dealer and clerk.
    async fn states(&self) -> Result<(Units, Units)> {
        let (mut dealers, mut clerks) = (Units::default(), Units::default());
        let mut after = Uuid::nil();
        loop {
            let page = self.entries(after).await?;
            let Some(last) = page.last() else {
                return Ok((dealers, clerks));
            };
            after = last.id;
            for entered in &page {
                dealers.add(&entered.dealer, &entered.entry);
                if !entered.clerk.is_empty() {
                    let unit = clerk_unit(&entered.dealer, &entered.clerk);
                    clerks.add(&unit, &entered.entry);
                }
            }
        }
    }

    async fn entries(&self, after: Uuid) -> Result<Vec<Entered>> {
        let page = move |conn: &mut Conn<'_>| Ok(storage::entries_after(conn, after, PAGE)?);
        self.db.scan(page).await
    }

    /// Judges the records of dealers anew whose signs are others now.
    async fn judge_all(
        &self,
        assessment: &Arc<Judgement>,
        dealers: BTreeSet<String>,
    ) -> Result<()> {
        if !dealers.is_empty() {
            // Whoever was judged by the comparison before is written when this is: from here on the reads below see him.
            let wait = |conn: &mut Conn<'_>| Ok::<_, Error>(storage::lock(conn)?);
            self.db.bulk(wait).await?;
        }
        for dealer in dealers {
            let judgement = Arc::clone(assessment);
            let changed = move |conn: &mut Conn<'_>| -> Result<Vec<Uuid>> {
                let entries = storage::entries_of(conn, &dealer)?.into_iter();
                let is_other = |one: &Entered| {
                    let whose = (one.dealer.as_str(), one.clerk.as_str());
                    judgement.signs(whose, &one.entry).text() != one.signs
                };
                Ok(entries.filter(is_other).map(|one| one.id).collect())
            };
            for ids in self.db.scan(changed).await?.chunks(BATCH) {
                let (app, ids, now) = (self.clone(), ids.to_vec(), self.clock.now());
                let assessment = Arc::clone(assessment);
                self.db
                    .bulk(move |conn| app.judge(conn, &ids, &assessment, now))
                    .await?;
            }
        }
        Ok(())
    }

    /// Keeps the suspects and raises alerts, in one transaction.
    async fn keep(&self, found: Vec<KeptSuspect>, now: Timestamp) -> Result<()> {
        let app = self.clone();
        self.db
            .bulk(move |conn| app.keep_suspects(conn, found.clone(), now))
            .await
    }

    fn keep_suspects(
        &self,
        conn: &mut Conn<'_>,
        mut found: Vec<KeptSuspect>,
        now: Timestamp,
    ) -> Result<()> {
        storage::lock(conn)?;
        let everything = marque_auth::Scope::Headquarters;
        let earlier: HashMap<(String, String, Kind), Timestamp> =
            storage::list_suspects(conn, &everything, "", None, MOST)?
                .into_iter()
                .map(|known| ((known.dealer, known.clerk, known.kind), known.since))
                .collect();
        for suspect in &mut found {
            let key = (suspect.dealer.clone(), suspect.clerk.clone(), suspect.kind);
            suspect.since = earlier.get(&key).copied().unwrap_or(now);
        }
        storage::replace_suspects(conn, &found)?;
        storage::mark_assessed(conn, now)?;
        let mut causes: Vec<NewAlert> = found.iter().map(cause).collect();
        // While some records are scored by another standard, sums of one month and of the next cannot be compared.
        if let Some(version) = self.counted_by_one_standard(conn, now)? {
            self.tell_trust(conn, version, now)?;
            causes.extend(falls(conn, now)?);
        }
        let raised = self.raise(conn, causes, now)?;
        Ok(alerts::publish_raised(conn, &*self.clock, &raised)?)
    }

    /// Raises what was not raised yet, or what came again after the last word on it.
    fn raise(
        &self,
        conn: &mut Conn<'_>,
        causes: Vec<NewAlert>,
        now: Timestamp,
    ) -> Result<Vec<Alert>> {
        let mut raised = Vec::new();
        for cause in causes {
            if let Some(last) = storage::last_alert(conn, &cause)?
                && (last.state != AlertState::Closed || !has_begun_again(conn, &cause, &last)?)
            {
                continue;
            }
            let alert = Alert {
                id: AlertId::new(&*self.clock),
                kind: cause.kind,
                dealer: cause.dealer,
                clerk: cause.clerk,
                detail: cause.detail,
                state: AlertState::Open,
                snoozed_until: None,
                outcome: String::new(),
                remark: String::new(),
                raised_at: now,
                changed_at: now,
                changed_by: String::new(),
                figures: cause.figures,
            };
            storage::insert_alert(conn, &alert)?;
            raised.push(alert);
        }
        Ok(raised)
    }
}

/// Whether a cause began after the last word on it: it was gone meanwhile, or as many further records bear the sign as make a
/// matter of it.
fn has_begun_again(conn: &mut Conn<'_>, cause: &NewAlert, last: &Alert) -> Result<bool> {
    if cause.since > last.changed_at {
        return Ok(true);
    }
    if cause.kind == AlertKind::ScoreFell {
        return Ok(false);
    }
    let whose = (cause.dealer.as_str(), cause.clerk.as_str());
    let further = storage::count_signs_since(conn, whose, &cause.detail, last.changed_at)?;
    Ok(further >= FURTHER)
}

/// Dealers whose score of this month is well below that of the last month before in which they had enough records. A fall that is known lasts until most of it is made good:
/// one that wavers about the bar is one fall.
fn falls(conn: &mut Conn<'_>, now: Timestamp) -> Result<Vec<NewAlert>> {
    if !storage::has_counted_anew(conn)? {
        // The scores are not known yet; what fell before stays fallen.
        return Ok(Vec::new());
    }
    let today = business_date(now);
    let month = month_of(today);
    let known: HashMap<String, Timestamp> = storage::falls(conn)?
        .into_iter()
        .filter(|fall| fall.month == month)
        .map(|fall| (fall.dealer, fall.since))
        .collect();
    let mut earlier: HashMap<String, Mean> = HashMap::new();
    for before in months_before(today) {
        for (dealer, mean) in means(conn, &before)? {
            earlier.entry(dealer).or_insert(mean);
        }
    }
    let (fell, figures): (Vec<KeptFall>, Vec<Figures>) = means(conn, &month)?
        .filter_map(|(dealer, after)| {
            let since = known.get(&dealer).copied();
            let bar = if since.is_some() { MADE_GOOD } else { FALL };
            let before = earlier.get(&dealer).copied()?;
            if before.value() - after.value() < bar {
                return None;
            }
            let fall = KeptFall {
                dealer,
                month: month.clone(),
                since: since.unwrap_or(now),
            };
            Some((fall, Figures::Fall { before, after }))
        })
        .unzip();
    storage::replace_falls(conn, &fell)?;
    let cause = |(fall, figures): (KeptFall, Figures)| NewAlert {
        kind: AlertKind::ScoreFell,
        dealer: fall.dealer,
        clerk: String::new(),
        detail: fall.month,
        since: fall.since,
        figures,
    };
    Ok(fell.into_iter().zip(figures).map(cause).collect())
}

/// The months before that of a day with which its scores are compared, the latest first.
fn months_before(day: NaiveDate) -> impl Iterator<Item = String> {
    let last_of_before = |day: &NaiveDate| day.with_day(1).and_then(|first| first.pred_opt());
    let ends = std::iter::successors(last_of_before(&day), last_of_before);
    ends.take(LOOKED_BACK).map(month_of)
}

/// The mean scores of a month of dealers who have enough records of it.
fn means(conn: &mut Conn<'_>, period: &str) -> Result<impl Iterator<Item = (String, Mean)>> {
    let filter = CardFilter {
        kind: RecordKind::Customers,
        purpose: OVERALL.to_owned(),
        period: period.to_owned(),
        dealer: String::new(),
        region: String::new(),
    };
    let cards = storage::list_dealers(conn, &marque_auth::Scope::Headquarters, &filter)?;
    let enough = cards
        .into_iter()
        .filter(|card| card.counter.records >= ENOUGH);
    Ok(enough.map(|card| (card.dealer, card.counter.all())))
}

/// The suspects as they are kept. Two tests may name one unit for one kind: the stronger evidence stands.
fn once_each<'a>(
    suspects: impl Iterator<Item = (&'a Suspect, Option<Timestamp>)>,
    now: Timestamp,
) -> Vec<KeptSuspect> {
    let mut kept: BTreeMap<(String, String, Kind), KeptSuspect> = BTreeMap::new();
    for (suspect, burst_at) in suspects {
        let suspect = to_keep(suspect, burst_at, now);
        let key = (suspect.dealer.clone(), suspect.clerk.clone(), suspect.kind);
        let known = kept.entry(key).or_insert_with(|| suspect.clone());
        if suspect.figures.p < known.figures.p {
            *known = suspect;
        }
    }
    kept.into_values().collect()
}

fn to_keep(suspect: &Suspect, burst_at: Option<Timestamp>, now: Timestamp) -> KeptSuspect {
    let (dealer, clerk) = dealer_and_clerk(&suspect.unit);
    KeptSuspect {
        dealer: dealer.to_owned(),
        clerk: clerk.to_owned(),
        kind: suspect.kind,
        figures: SignFigures {
            strength: suspect.strength,
            p: suspect.p,
            q: suspect.q,
            bearing: suspect.count as i64,
            looked_at: suspect.of as i64,
            expected: suspect.expected,
            burst_at,
        },
        since: now,
    }
}

fn cause(suspect: &KeptSuspect) -> NewAlert {
    let is_burst = matches!(suspect.kind, Kind::MonthEndBurst | Kind::EntryBurst);
    NewAlert {
        kind: if is_burst {
            AlertKind::BurstStarted
        } else {
            AlertKind::EntriesLookInvented
        },
        dealer: suspect.dealer.clone(),
        clerk: suspect.clerk.clone(),
        detail: suspect.kind.code().to_owned(),
        since: suspect.since,
        figures: Figures::Sign(suspect.figures),
    }
}
