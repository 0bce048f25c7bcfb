//! The pyramid: how many customers each tier holds.

use marque_auth::{CallContext, Scope};
use marque_insight::rank::{Kind, Tier};

use super::{ScoreApp, ladder::counts_of};
use crate::{error::Result, storage};

/// A pyramid as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct PyramidShown {
    pub(crate) kind: Kind,
    /// Empty for all.
    pub(crate) brand: String,
    /// Ranked customers in the whole network.
    pub(crate) size: u64,
    pub(crate) tiers: [TierShown; 4],
    pub(crate) unscored: i64,
    pub(crate) opted_out: i64,
    pub(crate) model_version: String,
    pub(crate) brands: Vec<String>,
    /// How far behind a border a tier is held, in per mille of its rank; 0 is not at all.
    pub(crate) margin_permille: u64,
}

/// One tier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TierShown {
    pub(crate) tier: Tier,
    /// Of those the caller may see.
    pub(crate) customers: u64,
    /// Score of the last customer; `None` for a tier of nobody.
    pub(crate) border: Option<i64>,
}

impl ScoreApp {
    /// The pyramid of a kind, or of a brand's customers; tiers are of the whole network, counts of the scope.
    pub(crate) async fn pyramid(
        &self,
        ctx: CallContext,
        kind: Kind,
        brand: String,
    ) -> Result<PyramidShown> {
        self.ladder.catch_up().await?;
        let group = Some(brand.as_str()).filter(|brand| !brand.is_empty());
        let (size, lasts) = self.ladder.shape(kind, group);
        let counts = match ctx.scope() {
            Scope::Headquarters if group.is_none() => self.ladder.counts(kind),
            Scope::Headquarters => counts_of(size),
            _ => self.count_in_scope(ctx.clone(), kind, group).await?,
        };
        let app = self.clone();
        let (model, (unscored, opted_out)) = self
            .db
            .report(move |conn| {
                let model = app.assessor.models().active(conn)?;
                let states = storage::count_states(conn, ctx.scope(), kind)?;
                Ok::<_, crate::error::Error>((model, states))
            })
            .await?;
        let tiers = Tier::ALL.map(|tier| TierShown {
            tier,
            customers: counts[tier as usize],
            border: lasts[tier as usize]
                .filter(|_| counts_of(size)[tier as usize] > 0)
                .map(|(_, sum)| model.score(sum).hundredths()),
        });
        Ok(PyramidShown {
            kind,
            brand,
            size,
            tiers,
            unscored,
            opted_out,
            model_version: model.version().to_owned(),
            brands: self.ladder.brands(),
            margin_permille: self.ladder.hysteresis().margin_permille,
        })
    }

    async fn count_in_scope(
        &self,
        ctx: CallContext,
        kind: Kind,
        brand: Option<&str>,
    ) -> Result<[u64; 4]> {
        let customers = self
            .db
            .scan(move |conn| storage::list_in_scope(conn, ctx.scope(), kind))
            .await?;
        let mut counts = [0; 4];
        for customer in customers {
            if let Some(standing) = self.ladder.standing(kind, brand, customer) {
                counts[standing.tier as usize] += 1;
            }
        }
        Ok(counts)
    }
}
