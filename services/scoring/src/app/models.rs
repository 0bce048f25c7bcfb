//! The value models: which one customers are scored by, and how it is changed.

use std::sync::Arc;

use marque_auth::CallContext;
use marque_core::Timestamp;
use marque_db::{Conn, StoreError};
use marque_insight::value::{Indicator, Model, Weights};
use marque_ledger::{Entry, record};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::ScoreApp;
use crate::{
    error::{Error, Result},
    storage::{self, StoredModel},
};

/// Models that were read once; a version never changes, so they are kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Models(Arc<Mutex<FxHashMap<String, Arc<Model>>>>);

impl Models {
    /// The model customers are scored by; the one that ships with Marque as long as nobody chose another.
    pub(crate) fn active(&self, conn: &mut Conn<'_>) -> Result<Arc<Model>, StoreError> {
        match storage::active_model(conn)? {
            Some(stored) => self.parse(&stored),
            None => Ok(self.shipped()),
        }
    }

    /// The same for a transaction that writes scores: the shipped model is put down as the one in use.
    pub(crate) fn active_for_writing(
        &self,
        conn: &mut Conn<'_>,
        now: Timestamp,
    ) -> Result<Arc<Model>, StoreError> {
        if let Some(stored) = storage::active_model(conn)? {
            return self.parse(&stored);
        }
        let shipped = self.shipped();
        storage::insert_model(conn, shipped.version(), &shipped.to_toml(), now)?;
        storage::activate(conn, shipped.version(), now)?;
        Ok(shipped)
    }

    /// A kept model by its version.
    pub(crate) fn of_version(
        &self,
        conn: &mut Conn<'_>,
        version: &str,
    ) -> Result<Option<Arc<Model>>, StoreError> {
        let known = self.0.lock().get(version).map(Arc::clone);
        if known.is_some() {
            return Ok(known);
        }
        let stored = storage::find_model(conn, version)?;
        stored.map(|stored| self.parse(&stored)).transpose()
    }

    fn shipped(&self) -> Arc<Model> {
        self.keep(Model::shipped())
    }

    fn parse(&self, stored: &StoredModel) -> Result<Arc<Model>, StoreError> {
        if let Some(model) = self.0.lock().get(&stored.version) {
            return Ok(Arc::clone(model));
        }
        let model = Model::from_toml(&stored.toml).map_err(|error| StoreError::Decode {
            column: 1,
            source: error.into(),
        })?;
        Ok(self.keep(model))
    }

    fn keep(&self, model: Model) -> Arc<Model> {
        let mut kept = self.0.lock();
        let version = model.version().to_owned();
        Arc::clone(kept.entry(version).or_insert_with(|| Arc::new(model)))
    }
}

/// A model somebody describes.
#[derive(Debug, Clone)]
pub(crate) enum NewModel {
    /// Whole.
    Whole(Arc<Model>),
    /// Other weights over the curves of the active model, under a version.
    Reweighed(Weighing),
    /// One that is kept.
    Kept(String),
}

/// Other weights; indicators left out keep theirs.
#[derive(Debug, Clone)]
pub(crate) struct Weighing {
    pub(crate) version: String,
    pub(crate) weights: Vec<(String, f64)>,
}

impl NewModel {
    /// One that is given whole, as TOML in a field.
    pub(crate) fn whole(field: &str, toml: &str) -> Result<Self> {
        let model = Model::from_toml(toml)
            .map_err(|error| Error::field(field, "INVALID", error.to_string()))?;
        Ok(Self::Whole(Arc::new(model)))
    }

    /// The model that is meant.
    pub(crate) fn resolve(&self, conn: &mut Conn<'_>, models: &Models) -> Result<Arc<Model>> {
        match self {
            Self::Whole(model) => Ok(Arc::clone(model)),
            Self::Reweighed(weighing) => {
                let active = models.active(conn)?;
                Ok(Arc::new(weighing.over(&active)?))
            }
            Self::Kept(version) => models.of_version(conn, version)?.ok_or(Error::ModelUnknown),
        }
    }
}

impl Weighing {
    fn over(&self, model: &Model) -> Result<Model> {
        let mut weights = Indicator::ALL.map(|indicator| model.weights().given(indicator));
        for (key, weight) in &self.weights {
            let indicator = Indicator::ALL.into_iter().find(|each| each.key() == key);
            let Some(indicator) = indicator else {
                let known = Indicator::ALL.map(Indicator::key).join(", ");
                return Err(Error::field(
                    "weights",
                    "UNKNOWN",
                    format!("one of {known}"),
                ));
            };
            weights[indicator as usize] = *weight;
        }
        let weights = Weights::new(weights)
            .map_err(|error| Error::field("weights", "INVALID", error.to_string()))?;
        if self.version.trim().is_empty() {
            let message = "name the version of the changed model, such as 2026-11";
            return Err(Error::field("version", "MISSING", message));
        }
        Ok(model.with_weights(&self.version, weights))
    }
}

impl ScoreApp {
    /// All models, the active one first.
    pub(crate) async fn list_models(&self) -> Result<Vec<StoredModel>> {
        let models = self.assessor.models().clone();
        self.db
            .scan(move |conn| {
                let mut stored = storage::list_models(conn)?;
                // Before anybody was scored, the shipped model is the one in use though it is not put down yet.
                if !stored.iter().any(|model| model.is_active) {
                    let shipped = models.active(conn)?;
                    stored.insert(0, shown(&shipped, true));
                }
                Ok(stored)
            })
            .await
    }

    /// Keeps a model; if asked, scores everybody by it in the same transaction. On the record.
    pub(crate) async fn put_model(
        &self,
        ctx: CallContext,
        new: NewModel,
        (activate, only_new): (bool, bool),
    ) -> Result<(StoredModel, usize)> {
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .bulk(move |conn| {
                storage::lock(conn)?;
                let model = new.resolve(conn, app.assessor.models())?;
                if only_new && storage::find_model(conn, model.version())?.is_some() {
                    return Err(Error::Exists);
                }
                keep(conn, &model, now)?;
                act(conn, &ctx, now, "score_model_put", model.version())?;
                let mut rescored = 0;
                if activate {
                    // The shipped model is put down first, so that scores made by it can be replayed.
                    app.assessor.models().active_for_writing(conn, now)?;
                    storage::activate(conn, model.version(), now)?;
                    act(conn, &ctx, now, "score_model_activated", model.version())?;
                    rescored = app.assessor.reweigh_all(conn, &model)?;
                }
                let stored = storage::find_model(conn, model.version())?;
                Ok((stored.ok_or(Error::ModelUnknown)?, rescored))
            })
            .await
    }
}

/// Keeps a model under its version, unless that is another model already.
pub(super) fn keep(conn: &mut Conn<'_>, model: &Model, now: Timestamp) -> Result<()> {
    let toml = model.to_toml();
    match storage::find_model(conn, model.version())? {
        Some(known) if known.toml == toml => Ok(()),
        Some(_) => Err(Error::ModelTaken),
        None => Ok(storage::insert_model(conn, model.version(), &toml, now)?),
    }
}

/// Puts an act on a model on the record.
pub(super) fn act(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    act: &str,
    version: &str,
) -> Result<()> {
    let entry = Entry {
        act,
        subject: version,
        dealer: "",
        detail: "",
    };
    Ok(record(conn, ctx, now, &entry)?)
}

/// A model as it would be kept.
fn shown(model: &Model, is_active: bool) -> StoredModel {
    StoredModel {
        version: model.version().to_owned(),
        toml: model.to_toml(),
        created_at: Timestamp::default(),
        activated_at: None,
        is_active,
    }
}
