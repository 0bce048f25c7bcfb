//! Scoring customers in the transaction that changed what is known of them.

use std::{collections::BTreeSet, sync::Arc};

use marque_core::{CustomerId, SharedClock, Timestamp, business_date};
use marque_db::{Conn, StoreError};
use marque_insight::value::Model;
use parking_lot::RwLock;
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::Models;
use crate::{
    domain::{Dossier, Fitted, Loyalty, Row, State},
    storage::{self, AsOf},
};

/// Scores customers; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Assessor {
    clock: SharedClock,
    models: Models,
    fitted: Arc<RwLock<Option<Learnt>>>,
}

/// What was learnt, and when.
pub(super) type Learnt = (Timestamp, Arc<Fitted>);

/// Customers scored with one round of statements.
const BATCH: usize = 500;

impl Assessor {
    pub(crate) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            models: Models::default(),
            fitted: Arc::default(),
        }
    }

    /// What was last learnt from everybody; what is believed without as long as nothing was.
    pub(crate) fn fitted(&self, conn: &mut Conn<'_>) -> Result<Arc<Fitted>, StoreError> {
        Ok(self.learnt(conn)?.1)
    }

    /// What is found now: of today, and by what was learnt until now.
    pub(crate) fn as_of(&self, conn: &mut Conn<'_>) -> Result<AsOf, StoreError> {
        let (fitted_at, _) = self.learnt(conn)?;
        Ok(self.by(fitted_at))
    }

    pub(super) fn by(&self, fitted_at: Timestamp) -> AsOf {
        AsOf {
            today: business_date(self.clock.now()),
            fitted_at,
        }
    }

    /// What was last learnt, and when: at the beginning of time, as long as nothing was.
    pub(super) fn learnt(&self, conn: &mut Conn<'_>) -> Result<Learnt, StoreError> {
        let known = self.fitted.read().clone();
        let since = known
            .as_ref()
            .map_or(Timestamp::from_micros(-1), |(at, _)| *at);
        let Some((at, body)) = storage::find_fitted(conn, since)? else {
            let today = business_date(self.clock.now());
            let unlearnt = || (Timestamp::default(), Arc::new(Fitted::unlearnt(today)));
            return Ok(known.unwrap_or_else(unlearnt));
        };
        let fitted: Fitted = serde_json::from_str(&body).map_err(|error| StoreError::Decode {
            column: 1,
            source: error.into(),
        })?;
        let fitted = Arc::new(fitted);
        *self.fitted.write() = Some((at, Arc::clone(&fitted)));
        Ok((at, fitted))
    }

    pub(crate) fn models(&self) -> &Models {
        &self.models
    }

    /// Scores the customers anew, and who referred them, from all that is known. The caller holds [`storage::lock`].
    pub(crate) fn assess(
        &self,
        conn: &mut Conn<'_>,
        customers: impl IntoIterator<Item = CustomerId>,
    ) -> Result<(), StoreError> {
        let concerned: BTreeSet<CustomerId> = customers.into_iter().collect();
        let concerned: Vec<CustomerId> = concerned.into_iter().collect();
        let mut customers = storage::with_something_known(conn, &concerned)?;
        if customers.is_empty() {
            return Ok(());
        }
        let known: Vec<CustomerId> = customers.iter().copied().collect();
        customers.extend(storage::referrers_of(conn, &known)?);
        let customers: Vec<CustomerId> = customers.into_iter().collect();
        let model = self.models.active_for_writing(conn, self.clock.now())?;
        let learnt = self.learnt(conn)?;
        for batch in customers.chunks(BATCH) {
            self.assess_batch(conn, batch, (&model, &learnt))?;
        }
        Ok(())
    }

    fn assess_batch(
        &self,
        conn: &mut Conn<'_>,
        customers: &[CustomerId],
        (model, learnt): (&Model, &Learnt),
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut dossiers = storage::load_dossiers(conn, customers)?;
        let rows = dossiers
            .iter()
            .map(|dossier| Row::assess(dossier, model, (now, business_date(now))));
        let rows: Vec<Row> = rows.collect();
        let kept = write(conn, rows, customers)?;
        // Who has no score may have said something all the same, such as what is wrong with his car.
        let is_told_of =
            |dossier: &Dossier| kept.contains(&dossier.customer) || !dossier.happenings.is_empty();
        dossiers.retain(is_told_of);
        self.assess_loyalty(conn, &dossiers, learnt)
    }

    fn assess_loyalty(
        &self,
        conn: &mut Conn<'_>,
        dossiers: &[Dossier],
        (fitted_at, fitted): &Learnt,
    ) -> Result<(), StoreError> {
        let (now, as_of) = (self.clock.now(), self.by(*fitted_at));
        let (mut gone, mut refused, mut loyalties) = (Vec::new(), Vec::new(), Vec::new());
        for dossier in dossiers {
            if dossier.records.is_empty() {
                gone.push(dossier.customer);
            } else if dossier.has_refused {
                refused.push(dossier.customer);
            } else {
                let loyalty = Loyalty::assess(dossier, fitted, as_of.today);
                loyalties.push((dossier.customer, loyalty));
            }
        }
        storage::forget_loyalties(conn, &gone, &refused)?;
        storage::put_loyalties(conn, &loyalties, as_of, now)
    }

    /// Scores everybody under a model from the inputs that are kept; answers how many. The caller holds
    /// [`storage::lock`]: readers see the old model's scores until all of the new one's are there.
    pub(crate) fn reweigh_all(
        &self,
        conn: &mut Conn<'_>,
        model: &Model,
    ) -> Result<usize, StoreError> {
        let (now, mut after, mut count) = (self.clock.now(), Uuid::nil(), 0);
        loop {
            let mut rows = storage::walk(conn, after, BATCH)?;
            let Some(last) = rows.last() else {
                return Ok(count);
            };
            after = last.customer.uuid();
            rows.retain(|row| matches!(row.state, State::Scored | State::Unscored));
            for row in &mut rows {
                row.weigh(model);
                row.assessed_at = now;
            }
            count += rows.len();
            let customers: Vec<CustomerId> = rows.iter().map(|row| row.customer).collect();
            write(conn, rows, &customers)?;
        }
    }
}

/// Writes rows; those that say something else than before get the number of a change and go into the history. Answers
/// who now has a row: whom there is nothing to say of has none, unless there once was.
fn write(
    conn: &mut Conn<'_>,
    mut rows: Vec<Row>,
    customers: &[CustomerId],
) -> Result<FxHashSet<CustomerId>, StoreError> {
    let known: FxHashMap<CustomerId, Row> = storage::find_rows(conn, customers)?
        .into_iter()
        .map(|row| (row.customer, row))
        .collect();
    rows.retain(|row| row.says_something() || known.contains_key(&row.customer));
    let is_new = |row: &Row| {
        known
            .get(&row.customer)
            .is_none_or(|known| !known.says_the_same(row))
    };
    let changed: Vec<bool> = rows.iter().map(is_new).collect();
    let count = changed.iter().filter(|changed| **changed).count();
    let mut next = if count > 0 {
        storage::take_changes(conn, count)?
    } else {
        0
    };
    for (row, changed) in rows.iter_mut().zip(&changed) {
        if *changed {
            row.change = next;
            next += 1;
        } else {
            let known = &known[&row.customer];
            (row.change, row.assessed_at) = (known.change, known.assessed_at);
        }
    }
    let history: Vec<&Row> = rows
        .iter()
        .zip(&changed)
        .filter_map(|(row, changed)| changed.then_some(row))
        .collect();
    storage::put_rows(conn, &rows, &history)?;
    Ok(rows.iter().map(|row| row.customer).collect())
}
