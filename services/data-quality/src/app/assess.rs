//! Comparing the entries of all dealers and clerks: suspects, signs on records, alerts.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use marque_core::{AlertId, Timestamp, business_date};
use marque_db::Conn;
use marque_quality::{
    RecordKind,
    falsification::{CallState, Kind, Settings, Suspect, assess_calls},
};
use uuid::Uuid;

use super::{
    QualityApp, alerts,
    judgement::{Judgement, Units},
};
use crate::{
    domain::{Alert, AlertKind, AlertState, Level, NewAlert, OVERALL, month_of},
    error::{Error, Result},
    storage::{self, CardFilter, Entered, KeptSuspect},
};

/// Entries read at once.
const PAGE: u32 = 5000;
/// Records judged anew in one transaction.
const BATCH: usize = 500;
/// Records a month must have on both sides for a fall to mean anything.
const ENOUGH: i64 = 30;
/// Points a score must fall from month to month.
const FALL: f64 = 5.0;
/// Most suspects that are kept.
const MOST: u32 = 100_000;

impl QualityApp {
    /// Compares all entries, judges records by it, and raises alerts.
    pub(crate) async fn assess(&self) -> Result<()> {
        let (dealers, clerks) = self.states().await?;
        let calls = self.calls().await?;
        let compared = tokio::task::spawn_blocking(move || {
            let calls = assess_calls(&calls, Settings::default());
            (Judgement::of(&dealers), Judgement::of(&clerks), calls)
        });
        let (by_dealer, by_clerk, calls) = compared.await.map_err(|_| Error::Compare)?;
        let by_dealer = Arc::new(by_dealer);
        // From now on live writes are judged by it too.
        *self.assessment.write() = Some(Arc::clone(&by_dealer));
        self.judge_all(&by_dealer).await?;
        self.keep(by_dealer.suspects().chain(&calls), by_clerk.suspects())
            .await
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
                    let unit = format!("{}/{}", entered.dealer, entered.clerk);
                    clerks.add(&unit, &entered.entry);
                }
            }
        }
    }

    async fn entries(&self, after: Uuid) -> Result<Vec<Entered>> {
        let page = move |conn: &mut Conn<'_>| Ok(storage::entries_after(conn, after, PAGE)?);
        self.db.scan(page).await
    }

    /// Judges the records anew whose signs are others now.
    async fn judge_all(&self, assessment: &Arc<Judgement>) -> Result<()> {
        let mut after = Uuid::nil();
        loop {
            let page = self.entries(after).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.id;
            let changed: Vec<Uuid> = page
                .iter()
                .filter(|one| assessment.signs(&one.dealer, &one.entry).text() != one.signs)
                .map(|one| one.id)
                .collect();
            for ids in changed.chunks(BATCH) {
                let (app, ids, now) = (self.clone(), ids.to_vec(), self.clock.now());
                let assessment = Arc::clone(assessment);
                self.db
                    .bulk(move |conn| app.judge(conn, &ids, &assessment, now))
                    .await?;
            }
        }
    }

    /// Keeps the suspects and raises alerts, in one transaction.
    async fn keep<'a>(
        &self,
        of_dealers: impl Iterator<Item = &'a Suspect>,
        of_clerks: impl Iterator<Item = &'a Suspect>,
    ) -> Result<()> {
        let now = self.clock.now();
        let of = |suspect: &Suspect, is_clerk: bool| {
            let (dealer, clerk) = if is_clerk {
                suspect.unit.split_once('/').unwrap_or((&suspect.unit, ""))
            } else {
                (suspect.unit.as_str(), "")
            };
            KeptSuspect {
                dealer: dealer.to_owned(),
                clerk: clerk.to_owned(),
                kind: suspect.kind,
                strength: suspect.strength,
                p: suspect.p,
                bearing: suspect.count as i64,
                looked_at: suspect.of as i64,
                since: now,
            }
        };
        let dealers = of_dealers.map(|suspect| of(suspect, false));
        let clerks = of_clerks.map(|suspect| of(suspect, true));
        let found = once_each(dealers.chain(clerks));
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
        causes.extend(Self::falls(conn, now)?);
        let raised = self.raise(conn, causes, now)?;
        Ok(alerts::publish_raised(conn, &*self.clock, &raised)?)
    }

    /// Dealers whose score of this month is well below that of the month before.
    fn falls(conn: &mut Conn<'_>, now: Timestamp) -> Result<Vec<NewAlert>> {
        let today = business_date(now);
        let month = month_of(today);
        let before = chrono::Datelike::with_day(&today, 1).and_then(|first| first.pred_opt());
        let Some(before) = before.map(month_of) else {
            return Ok(Vec::new());
        };
        let mut cards = |period: &str| {
            let filter = CardFilter {
                kind: RecordKind::Customers,
                purpose: OVERALL.to_owned(),
                level: Level::Dealer,
                period: period.to_owned(),
                dealer: String::new(),
                region: String::new(),
            };
            storage::list_counters(conn, &marque_auth::Scope::Headquarters, &filter)
        };
        let earlier: HashMap<String, f64> = cards(&before)?
            .into_iter()
            .filter(|card| card.counter.records >= ENOUGH)
            .map(|card| (card.dealer, card.counter.mean()))
            .collect();
        let fell = cards(&month)?.into_iter().filter(|card| {
            card.counter.records >= ENOUGH
                && earlier
                    .get(&card.dealer)
                    .is_some_and(|mean| mean - card.counter.mean() >= FALL)
        });
        // Once a month: a word on it is a word on the whole month.
        let cause = |dealer: String| NewAlert {
            kind: AlertKind::ScoreFell,
            dealer,
            clerk: String::new(),
            detail: month.clone(),
            since: Timestamp::default(),
        };
        Ok(fell.map(|card| cause(card.dealer)).collect())
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
            let last = storage::last_alert(conn, &cause)?;
            let is_settled = last.is_some_and(|last| {
                last.state != AlertState::Closed || cause.since <= last.changed_at
            });
            if is_settled {
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
            };
            storage::insert_alert(conn, &alert)?;
            raised.push(alert);
        }
        Ok(raised)
    }
}

/// Two tests may name one unit for one kind: the stronger evidence stands.
fn once_each(suspects: impl Iterator<Item = KeptSuspect>) -> Vec<KeptSuspect> {
    let mut kept: BTreeMap<(String, String, Kind), KeptSuspect> = BTreeMap::new();
    for suspect in suspects {
        let key = (suspect.dealer.clone(), suspect.clerk.clone(), suspect.kind);
        let known = kept.entry(key).or_insert_with(|| suspect.clone());
        if suspect.p < known.p {
            *known = suspect;
        }
    }
    kept.into_values().collect()
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
    }
}
