//! What a view of a customer shows of him: score, loyalty and what is due, in one answer.

use marque_auth::CallContext;
use marque_core::CustomerId;
use marque_db::StoreError;
use marque_rpc::CallMeta;

use super::{
    ScoreApp,
    benefits::Promised,
    loyalty::LoyaltyShown,
    read::{Asked, Shown, is_for_the_person, visible},
};
use crate::{
    domain::{CarDue, State},
    error::{Error, Result},
    storage,
};

/// Score, loyalty and due dates of a customer.
#[derive(Debug, Clone)]
pub(crate) struct Outlook {
    /// `None` of who is not known.
    pub(crate) score: Option<Shown>,
    /// `None` of who has no record.
    pub(crate) loyalty: Option<LoyaltyShown>,
    /// `None` while nobody knows whether he agrees to be reminded.
    pub(crate) cars: Option<Vec<CarDue>>,
}

impl Outlook {
    /// What is shown of him who has refused to be scored, or has not; of whom that cannot be known nothing that was computed is.
    fn with_consent(self, has_refused: Result<bool>) -> Self {
        match has_refused {
            Ok(false) => self,
            Ok(true) => Self {
                score: self.score.map(Shown::refused),
                loyalty: self.loyalty.map(LoyaltyShown::refused),
                cars: self.cars,
            },
            Err(error) => {
                tracing::warn!(%error, "a customer is shown without his score and loyalty");
                Self {
                    score: None,
                    loyalty: None,
                    cars: self.cars,
                }
            }
        }
    }

    /// The same of him who has refused to be reminded, or has not.
    fn with_care(self, has_refused: Result<bool>) -> Self {
        let cars = match has_refused {
            Ok(false) => self.cars,
            Ok(true) => Some(Vec::new()),
            Err(error) => {
                tracing::warn!(%error, "a customer is shown without what is due");
                None
            }
        };
        Self { cars, ..self }
    }
}

/// What follows from where he stands, as far as it was read with the rest.
struct Read {
    /// The newest change of scores.
    newest: i64,
    promised: Option<Promised>,
}

impl ScoreApp {
    /// What a view of a customer shows of him. He is looked for once, all is read at once, and what was found of him today is not
    /// worked out anew. Whether he still agrees to be scored and reminded is asked meanwhile, unless whoever asks `looks_himself`.
    pub(crate) async fn outlook(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        (customer, looks_himself): (CustomerId, bool),
    ) -> Result<Outlook> {
        let whom = (customer, is_for_the_person(&ctx, false));
        let (app, now) = (self.clone(), self.clock.now());
        let read = self.db.read(move |conn| {
            let customer = visible(conn, ctx.scope(), customer, now)?;
            let learnt = app.assessor.learnt(conn)?;
            let (loyalty, cars) = app.loyalty_of(conn, ctx.scope(), customer, &learnt)?;
            let outlook = Outlook {
                score: app.score_of(conn, customer, Asked::default())?,
                loyalty,
                cars: Some(app.dues_of(conn, &cars, &learnt)?),
            };
            let read = Read {
                newest: storage::last_change(conn)?,
                promised: app.benefit_plan.promised(conn, customer, app.this_year())?,
            };
            Ok::<_, Error>((outlook, read))
        });
        let (mut outlook, read) = if looks_himself {
            read.await?
        } else {
            let (read, has_refused, has_refused_care) = tokio::join!(
                read,
                self.has_refused(meta, customer),
                self.has_refused_care(meta, whom)
            );
            let (outlook, read) = read?;
            let outlook = outlook
                .with_consent(has_refused)
                .with_care(has_refused_care);
            (outlook, read)
        };
        // Without his place and what hangs on it the rest of the answer still stands.
        if let Err(error) = self.place_all(&mut outlook, &read).await {
            tracing::warn!(%error, "a customer is shown without his place and benefits");
        }
        Ok(outlook)
    }

    /// Adds where he stands, and what that entitles him to.
    async fn place_all(
        &self,
        outlook: &mut Outlook,
        read: &Read,
    ) -> std::result::Result<(), StoreError> {
        self.ladder.catch_up_to(read.newest).await?;
        if let Some(score) = outlook
            .score
            .as_mut()
            .filter(|score| score.row.state == State::Scored)
        {
            self.stand(score);
        }
        if let (Some(loyalty), Some(promised)) = (&mut outlook.loyalty, &read.promised) {
            loyalty.benefits = self.benefits_by(promised, loyalty);
        }
        Ok(())
    }
}
