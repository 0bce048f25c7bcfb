//! What callers ask of scores.

use marque_auth::{CallContext, Role, Scope};
use marque_core::{CustomerId, PageRequest, Timestamp, business_date};
use marque_db::Conn;
use marque_events::knows_customer;
use marque_insight::{
    rank::{Standing, Tier},
    value::{Assessment, Explanation, Lift, explain, lifts},
};
use marque_rpc::CallMeta;
use uuid::Uuid;

use super::ScoreApp;
use crate::{
    domain::{Basis, Dossier, Evidence, Row, State},
    error::{Error, Result},
    storage::{self, PastSpot, Purpose},
};

/// A score as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) row: Row,
    /// Under the row's model; `None` unless scored.
    pub(crate) assessment: Option<Assessment>,
    /// Shares of the weights, for the indicators of the assessment.
    pub(crate) weights: [f64; 6],
    pub(crate) explanation: Option<Explanation>,
    /// Whether an explanation was asked for: of who has no score, too.
    pub(crate) is_explained: bool,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) lifts: Option<LiftTo>,
    /// Among all of his kind; `None` for the past.
    pub(crate) standing: Option<Standing>,
    /// Among those of each brand he drives.
    pub(crate) brands: Vec<Place>,
    /// For the past: whether its inputs and model give it again.
    pub(crate) is_replayed: bool,
}

impl Shown {
    /// What is shown of him if he does not want to be scored.
    pub(super) fn refused(self) -> Self {
        Self {
            row: self.row.refused(),
            assessment: None,
            explanation: None,
            evidence: Vec::new(),
            lifts: None,
            standing: None,
            brands: Vec::new(),
            is_replayed: true,
            ..self
        }
    }
}

/// What would lift him to a tier.
#[derive(Debug, Clone)]
pub(crate) struct LiftTo {
    pub(crate) tier: Tier,
    pub(crate) lifts: Vec<Lift>,
}

/// Where he stands among the customers of a brand.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) brand: String,
    pub(crate) standing: Standing,
}

/// What is wanted of a score.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asked {
    /// Also why.
    pub(crate) explain: bool,
    /// As it stood then.
    pub(crate) at: Option<Timestamp>,
}

impl ScoreApp {
    /// The score of a customer, now or as it stood. Who has just said that he does not want to be scored has none now, though the
    /// event that says so may not have come yet.
    pub(crate) async fn get(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        customer: CustomerId,
        asked: Asked,
    ) -> Result<Shown> {
        let (app, now) = (self.clone(), self.clock.now());
        if asked
            .at
            .is_some_and(|at| business_date(at) > business_date(now))
        {
            let message = "it lies in the future: an instant up to now";
            return Err(Error::field("at", "IN_FUTURE", message));
        }
        let is_himself = is_for_the_person(&ctx, false);
        let read = self.db.read(move |conn| {
            let current = visible(conn, ctx.scope(), customer, now)?;
            let own = match asked.at {
                // Who was merged away had scores of his own until then.
                Some(_) if customer != current => app.score_of(conn, customer, asked)?,
                _ => None,
            };
            let shown = match own {
                None => app.score_of(conn, current, asked)?,
                own => own,
            };
            shown.ok_or(Error::CustomerUnknown)
        });
        if asked.at.is_some() && is_himself {
            return read.await;
        }
        let (mut shown, has_refused) = tokio::try_join!(read, self.has_refused(meta, customer))?;
        if has_refused {
            shown = shown.refused();
        }
        if asked.at.is_none() {
            self.place(&mut shown, asked.explain).await?;
        }
        Ok(shown)
    }

    /// Whether a customer does not want to be scored, as the customer service has it at this moment.
    pub(super) async fn has_refused(&self, meta: &CallMeta, customer: CustomerId) -> Result<bool> {
        let consents = &self.consents;
        consents
            .is_withdrawn(meta, Purpose::Scoring, customer)
            .await
    }

    /// Whether what is due for a customer is not to be told, since he does not want to be reminded: to himself it always is.
    pub(super) async fn has_refused_care(
        &self,
        meta: &CallMeta,
        (customer, is_for_him): (CustomerId, bool),
    ) -> Result<bool> {
        if is_for_him {
            return Ok(false);
        }
        let consents = &self.consents;
        consents.is_withdrawn(meta, Purpose::Care, customer).await
    }

    /// The score of a customer whom the scope may see, not placed yet; `None` of who is not known.
    pub(super) fn score_of(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerId,
        asked: Asked,
    ) -> Result<Option<Shown>> {
        let row = match asked.at {
            Some(at) => storage::history_at(conn, customer, at)?,
            None => storage::find_row(conn, customer)?,
        };
        let row = match row {
            Some(row) => Some(row).filter(|row| row.state != State::Gone),
            None => self.without_basis(conn, customer, asked.at)?,
        };
        row.map(|row| self.show(conn, row, asked)).transpose()
    }

    /// Every score that a customer, and whoever was merged into him, has had, newest first, each computed again. Of who does not want to
    /// be scored nothing, unless it is `for_the_person`.
    pub(crate) async fn list_history(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        (customer, for_the_person): (CustomerId, bool),
        page: PageRequest,
    ) -> Result<(Vec<Shown>, Option<String>)> {
        let is_for_him = is_for_the_person(&ctx, for_the_person);
        let has_refused = async {
            if is_for_him {
                return Ok(false);
            }
            self.has_refused(meta, customer).await
        };
        let read = self.history_page(ctx, customer, page);
        let (page, has_refused) = tokio::try_join!(read, has_refused)?;
        if has_refused {
            return Ok((Vec::new(), None));
        }
        Ok(page)
    }

    /// A page of the scores that a customer has had.
    async fn history_page(
        &self,
        ctx: CallContext,
        customer: CustomerId,
        page: PageRequest,
    ) -> Result<(Vec<Shown>, Option<String>)> {
        let before = match &page.after {
            Some(token) => read_spot(&token.key).ok_or(marque_core::InvalidPage::Token)?,
            None => (Timestamp::from_micros(i64::MAX), Uuid::nil().into()),
        };
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .scan(move |conn| {
                let customer = visible(conn, ctx.scope(), customer, now)?;
                let rows = storage::history_of(conn, customer, before, page.size)?;
                if rows.is_empty() && page.after.is_none() {
                    // Of whom nothing is known but his records there is no history; of who has none either, nothing at all.
                    storage::known_customer(conn, customer)?.ok_or(Error::CustomerUnknown)?;
                }
                let is_full = rows.len() == page.size as usize;
                let next = rows.last().filter(|_| is_full);
                let next = next.map(|row| spot_key((row.assessed_at, row.customer)));
                let past = Asked {
                    explain: false,
                    at: Some(before.0),
                };
                let shown = rows.into_iter().map(|row| app.show(conn, row, past));
                Ok((shown.collect::<Result<_>>()?, next))
            })
            .await
    }

    /// The row of who has none since nothing is known of him; `None` of who was not known then at all.
    fn without_basis(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerId,
        at: Option<Timestamp>,
    ) -> Result<Option<Row>> {
        let at = at.unwrap_or_else(|| self.clock.now());
        let known = storage::known_customer(conn, customer)?.filter(|(_, since)| *since <= at);
        let Some((kind, _)) = known else {
            return Ok(None);
        };
        let model = self.assessor.models().active(conn)?;
        let when = (at, business_date(at));
        Ok(Some(Row::without_basis(customer, kind, &model, when)))
    }

    pub(super) fn show(&self, conn: &mut Conn<'_>, row: Row, asked: Asked) -> Result<Shown> {
        let models = self.assessor.models();
        let model = match models.of_version(conn, &row.model_version)? {
            Some(model) => model,
            None => models.active(conn)?,
        };
        let is_scored = row.state == State::Scored;
        let assessment = model.assess(&row.inputs).filter(|_| is_scored);
        let mut shown = Shown {
            is_replayed: assessment.map(|assessment| assessment.sum)
                == is_scored.then_some(row.sum),
            weights: marque_insight::value::Indicator::ALL.map(|each| model.weights().share(each)),
            assessment,
            explanation: None,
            is_explained: asked.explain,
            evidence: Vec::new(),
            lifts: None,
            standing: None,
            brands: Vec::new(),
            row,
        };
        if asked.explain && is_scored {
            let mut dossier: Option<Dossier> =
                storage::load_dossiers(conn, &[shown.row.customer])?.pop();
            if let Some(dossier) = dossier.as_mut().filter(|_| asked.at.is_some()) {
                let records: Vec<Uuid> =
                    dossier.records.iter().map(|each| each.id.uuid()).collect();
                let stood = storage::versions_at(conn, records, shown.row.assessed_at)?;
                dossier.as_told_by(shown.row.assessed_at, stood);
            }
            let basis = dossier.map(|dossier| Basis::of(&dossier, shown.row.assessed_on));
            shown.evidence = basis.unwrap_or_default().evidence;
            shown.explanation = explain(&model, &shown.row.inputs, &[]);
        }
        Ok(shown)
    }

    /// Adds where he stands now, and what would lift him.
    pub(super) async fn place(&self, shown: &mut Shown, explained: bool) -> Result<()> {
        if shown.row.state != State::Scored {
            return Ok(());
        }
        self.ladder.catch_up().await?;
        self.stand(shown);
        let (kind, customer) = (shown.row.kind, shown.row.customer);
        let next = shown.standing.and_then(|standing| standing.tier.next_up());
        let border = next.and_then(|tier| {
            let border = self.ladder.sum_to_enter(kind, tier, customer)?;
            Some((tier, border))
        });
        if let Some((tier, border)) = border.filter(|_| explained) {
            let (app, row) = (self.clone(), shown.row.clone());
            let found = self.db.read(move |conn| {
                let model = app.assessor.models().of_version(conn, &row.model_version)?;
                let lifts = model.map(|model| lifts(&model, &row.inputs, border));
                Ok::<_, Error>(lifts.unwrap_or_default())
            });
            let lifts = found.await?;
            shown.lifts = Some(LiftTo { tier, lifts });
        }
        Ok(())
    }

    /// Adds where he stands on the ladder as it is.
    pub(super) fn stand(&self, shown: &mut Shown) {
        let (kind, customer) = (shown.row.kind, shown.row.customer);
        shown.standing = self.ladder.standing(kind, None, customer);
        for brand in &shown.row.brands {
            if let Some(standing) = self.ladder.standing(kind, Some(brand), customer) {
                shown.brands.push(Place {
                    brand: brand.clone(),
                    standing,
                });
            }
        }
    }
}

/// Whether the answer goes to the person himself: he asks, or headquarters' administrator, who says so, for him.
pub(super) fn is_for_the_person(ctx: &CallContext, says_so: bool) -> bool {
    matches!(ctx.scope(), Scope::Customer(_)) || (says_so && ctx.require(Role::HqAdmin).is_ok())
}

fn spot_key((at, customer): PastSpot) -> String {
    format!("{}:{}", at.as_micros(), customer.uuid().as_simple())
}

fn read_spot(key: &str) -> Option<PastSpot> {
    let (at, customer) = key.split_once(':')?;
    let customer = Uuid::try_parse(customer).ok()?;
    Some((Timestamp::from_micros(at.parse().ok()?), customer.into()))
}

/// The customer an id now stands for, if the scope has to do with him.
pub(super) fn visible(
    conn: &mut Conn<'_>,
    scope: &Scope,
    customer: CustomerId,
    now: Timestamp,
) -> Result<CustomerId> {
    let customer = storage::current_customer(conn, customer)?;
    if knows_customer(conn, scope, customer, now)? {
        // He is scored by what he did at all dealers.
        conn.see_all_dealers()?;
        Ok(customer)
    } else {
        Err(Error::CustomerUnknown)
    }
}
