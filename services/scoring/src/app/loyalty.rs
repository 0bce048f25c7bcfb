//! What callers ask of loyalty.

use std::sync::Arc;

use marque_auth::{CallContext, Scope};
use marque_core::{CustomerId, PageRequest};
use marque_db::Conn;
use marque_insight::churn::Bin;
use marque_rpc::CallMeta;
use uuid::Uuid;

use super::{BenefitShown, ScoreApp, assess::Learnt, read::visible};
use crate::{
    consents::MARKETING,
    domain::{Fitted, Loyalty, LoyaltyLine, TRUSTS},
    error::{Error, Result},
    storage::{self, Purpose},
};

/// A customer's loyalty as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct LoyaltyShown {
    pub(crate) customer: CustomerId,
    /// `None` of who does not want to be assessed.
    pub(crate) loyalty: Option<Loyalty>,
    /// Days ahead for which the probability to stay away is stated.
    pub(crate) window_days: u32,
    /// Customers it was learnt from.
    pub(crate) learnt_from: usize,
    /// How it went with customers, not seen by the model, who were given about the same probability.
    pub(crate) alike: Option<Bin>,
    pub(crate) benefits: Vec<BenefitShown>,
}

impl LoyaltyShown {
    /// What is shown of him if he does not want to be assessed.
    pub(super) fn refused(self) -> Self {
        Self {
            loyalty: None,
            alike: None,
            ..self
        }
    }
}

/// Which customers a list wants.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Empty for all.
    pub(crate) trust: String,
    /// 0 to 1.
    pub(crate) churn_at_least: f64,
    /// To whom they last came; empty for all of the scope.
    pub(crate) dealer: String,
}

impl ScoreApp {
    /// A customer's loyalty today; nothing of who has just said that he does not want to be assessed.
    pub(crate) async fn loyalty(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        customer: CustomerId,
    ) -> Result<LoyaltyShown> {
        let (app, now) = (self.clone(), self.clock.now());
        let read = self.db.read(move |conn| {
            let customer = visible(conn, ctx.scope(), customer, now)?;
            let learnt = app.assessor.learnt(conn)?;
            let (shown, _) = app.loyalty_of(conn, ctx.scope(), customer, &learnt)?;
            shown.ok_or(Error::CustomerUnknown)
        });
        let (mut shown, has_refused) = tokio::try_join!(read, self.has_refused(meta, customer))?;
        if has_refused {
            shown = shown.refused();
        }
        shown.benefits = self.benefits_of(&shown).await?;
        Ok(shown)
    }

    /// The loyalty of a customer whom the scope may see, and the VINs of his cars; `None` of who has no record. What was
    /// found today is shown as it was.
    pub(super) fn loyalty_of(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        customer: CustomerId,
        (fitted_at, fitted): &Learnt,
    ) -> Result<(Option<LoyaltyShown>, Vec<String>)> {
        let as_of = self.assessor.by(*fitted_at);
        let (mut loyalty, cars) =
            if let Some(mut kept) = storage::kept_loyalty(conn, customer, as_of)? {
                let cars = std::mem::take(&mut kept.cars);
                (Some(kept), cars)
            } else {
                let dossier = storage::load_dossiers(conn, &[customer])?.pop();
                let Some(dossier) = dossier.filter(|dossier| !dossier.records.is_empty()) else {
                    return Ok((None, Vec::new()));
                };
                let is_assessed = !dossier.has_refused;
                let loyalty = is_assessed.then(|| Loyalty::assess(&dossier, fitted, as_of.today));
                (loyalty, dossier.current_cars())
            };
        if let Some(loyalty) = &mut loyalty {
            // What he is to other dealers is not a dealer's to know.
            let dealers = loyalty.dealers.iter().map(|each| each.dealer.clone());
            let seen = storage::dealers_in(conn, scope, dealers.collect())?;
            loyalty.dealers.retain(|each| seen.contains(&each.dealer));
        }
        let risk = loyalty.as_ref().and_then(|loyalty| loyalty.risk.as_ref());
        let shown = LoyaltyShown {
            customer,
            alike: risk
                .zip(fitted.calibration.as_ref())
                .and_then(|(risk, curve)| curve.near(risk.probability)),
            loyalty,
            window_days: fitted.churn.window() as u32,
            learnt_from: fitted.customers,
            benefits: Vec::new(),
        };
        Ok((Some(shown), cars))
    }

    /// What was learnt of who stays away, with its calibration curve.
    pub(crate) async fn churn_model(&self) -> Result<Arc<Fitted>> {
        let app = self.clone();
        self.db
            .read(move |conn| Ok(app.assessor.fitted(conn)?))
            .await
    }

    /// Customers by how likely they stay away, the likeliest first: whom to win. Nobody is named who does not want advertising.
    pub(crate) async fn list_loyalty(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        wanted: Wanted,
        page: PageRequest,
    ) -> Result<(Vec<LoyaltyLine>, Option<String>)> {
        if !wanted.trust.is_empty() && !TRUSTS.contains(&wanted.trust.as_str()) {
            let message = format!("one of {}", TRUSTS.join(", "));
            return Err(Error::field("trust", "UNKNOWN", message));
        }
        if !(0.0..=1.0).contains(&wanted.churn_at_least) {
            let message = "a probability from 0 to 1";
            return Err(Error::field("churn_at_least", "INVALID", message));
        }
        // Who never came, but complained, has no probability; he is listed last, and only where no bound is asked for.
        let at_least = match (wanted.churn_at_least * 1_000.0).round() as i64 {
            0 => -1,
            bound => bound,
        };
        let after = match &page.after {
            Some(token) => Some(read_key(&token.key).ok_or(marque_core::InvalidPage::Token)?),
            None => None,
        };
        let mut lines = self
            .db
            .scan(move |conn| {
                let filter = (wanted.trust.as_str(), at_least, wanted.dealer.as_str());
                storage::list_loyalty(conn, ctx.scope(), filter, after, page.size)
            })
            .await?;
        let is_full = lines.len() == page.size as usize;
        let next = lines.last().filter(|_| is_full).map(|last| {
            let customer = last.customer.uuid();
            format!("{}:{}", last.churn_permille, customer.as_simple())
        });
        let customers = lines.iter().map(|line| line.customer).collect();
        let withdrawn = self
            .consents
            .withdrawn(meta, &[Purpose::Scoring.name(), MARKETING], customers)
            .await?;
        lines.retain(|line| !withdrawn.contains(&line.customer));
        Ok((lines, next))
    }
}

fn read_key(key: &str) -> Option<(i64, CustomerId)> {
    let (churn, customer) = key.split_once(':')?;
    let customer = Uuid::try_parse(customer).ok()?;
    Some((churn.parse().ok()?, customer.into()))
}
