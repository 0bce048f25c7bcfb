//! What a view of a customer shows of him: score, loyalty and what is due, in one answer.

use marque_auth::CallContext;
use marque_core::CustomerId;

use super::{
    ScoreApp,
    loyalty::LoyaltyShown,
    read::{Asked, Shown, visible},
};
use crate::{domain::CarDue, error::Result};

/// Score, loyalty and due dates of a customer.
#[derive(Debug, Clone)]
pub(crate) struct Outlook {
    /// `None` of who is not known.
    pub(crate) score: Option<Shown>,
    /// `None` of who has no record.
    pub(crate) loyalty: Option<LoyaltyShown>,
    pub(crate) cars: Vec<CarDue>,
}

impl ScoreApp {
    /// What a view of a customer shows of him. He is looked for once, and what was found of him today is not worked out anew.
    pub(crate) async fn outlook(&self, ctx: CallContext, customer: CustomerId) -> Result<Outlook> {
        let (app, now) = (self.clone(), self.clock.now());
        let mut outlook: Outlook = self
            .db
            .read(move |conn| {
                let customer = visible(conn, ctx.scope(), customer, now)?;
                let learnt = app.assessor.learnt(conn)?;
                let (loyalty, cars) = app.loyalty_of(conn, ctx.scope(), customer, &learnt)?;
                Ok::<_, crate::error::Error>(Outlook {
                    score: app.score_of(conn, customer, Asked::default())?,
                    loyalty,
                    cars: app.dues_of(conn, &cars, &learnt)?,
                })
            })
            .await?;
        if let Some(score) = &mut outlook.score {
            // Without his place the rest of the answer still stands.
            if let Err(error) = self.place(score, false).await {
                tracing::warn!(%error, "a score is shown without its place");
            }
        }
        if let Some(loyalty) = &mut outlook.loyalty {
            match self.benefits_of(loyalty).await {
                Ok(benefits) => loyalty.benefits = benefits,
                Err(error) => tracing::warn!(%error, "a customer is shown without his benefits"),
            }
        }
        Ok(outlook)
    }
}
