//! The calibration run: curves and priors fitted to the customers there are, frozen under a new version.

use marque_auth::CallContext;
use marque_insight::value::{FEWEST_CUSTOMERS, Facts, calibrate};

use super::{ScoreApp, models};
use crate::{
    error::{Error, Result},
    storage::{self, StoredModel},
};

impl ScoreApp {
    /// Fits the active model's curves to everybody and keeps the result, not active. On the record.
    pub(crate) async fn calibrate(
        &self,
        ctx: CallContext,
        version: String,
    ) -> Result<(StoredModel, usize)> {
        let app = self.clone();
        let start = self
            .db
            .read(move |conn| app.assessor.models().active(conn))
            .await?;
        let population = self.population().await?;
        let facts: Vec<Facts> = population
            .iter()
            .map(|member| member.inputs.facts)
            .collect();
        let count = facts.len();
        if count < FEWEST_CUSTOMERS {
            return Err(Error::TooFew);
        }
        let fitted = tokio::task::spawn_blocking(move || calibrate(&start, &version, &facts));
        let model = fitted
            .await?
            .map_err(|error| Error::field("version", "INVALID", error.to_string()))?;
        let now = self.clock.now();
        let stored = self
            .db
            .write(move |conn| {
                models::keep(conn, &model, now)?;
                models::act(conn, &ctx, now, "score_model_calibrated", model.version())?;
                storage::find_model(conn, model.version())?.ok_or(Error::ModelUnknown)
            })
            .await?;
        Ok((stored, count))
    }
}
