//! What-if: who would move under another model. Nothing is written.

use marque_core::CustomerId;
use marque_insight::rank::{Member, Mover, Tier, what_if};
use marque_rpc::CallMeta;
use uuid::Uuid;

use super::{NewModel, ScoreApp};
use crate::{
    error::{Error, Result},
    storage::{self, Purpose},
};

/// A question.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// The other model.
    pub(crate) then: NewModel,
    /// Most movers wanted.
    pub(crate) limit: usize,
}

/// Its answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) population: usize,
    pub(crate) moved: usize,
    /// (from, to, how many); `None` is unscored.
    pub(crate) moves: Vec<(Option<Tier>, Option<Tier>, u64)>,
    /// The highest new rank first.
    pub(crate) movers: Vec<Mover<CustomerId>>,
    /// Ranked customers of each kind, now and then, for the standings of movers.
    pub(crate) sizes: [[u64; 2]; 2],
}

/// Customers read with one statement.
const BATCH: usize = 20_000;

impl ScoreApp {
    /// Ranks everybody under another model and says who moves. Whoever has just said that he does not want to be scored is not named.
    pub(crate) async fn what_if(&self, meta: &CallMeta, question: Question) -> Result<Answer> {
        let (app, then) = (self.clone(), question.then);
        let (now, then) = self
            .db
            .read(move |conn| {
                let models = app.assessor.models();
                Ok::<_, Error>((models.active(conn)?, then.resolve(conn, models)?))
            })
            .await?;
        let population = self.population().await?;
        let answer = tokio::task::spawn_blocking(move || {
            let answer = what_if(&population, &now, &then);
            let sizes = [&now, &then].map(|model| {
                let mut sizes = [0; 2];
                for member in &population {
                    sizes[member.kind as usize] +=
                        u64::from(model.assess(&member.inputs).is_some());
                }
                sizes
            });
            (population.len(), answer, sizes)
        });
        let (population, mut found, sizes) = answer.await?;
        found.movers.sort_unstable_by_key(|mover| {
            let rank = mover.to.map_or(u64::MAX, |place| place.rank);
            (rank, mover.id)
        });
        let moved = found.movers.len();
        found.movers.truncate(question.limit);
        let named = found.movers.iter().map(|mover| mover.id).collect();
        let withdrawn = self
            .consents
            .withdrawn(meta, &[Purpose::Scoring.name()], named)
            .await?;
        found.movers.retain(|mover| !withdrawn.contains(&mover.id));
        let tier = |place: usize| Tier::ALL.get(place).copied();
        let rows = found.moves.iter().enumerate();
        let moves = rows
            .flat_map(|(from, row)| {
                let columns = row.iter().enumerate();
                columns.map(move |(to, count)| (tier(from), tier(to), *count))
            })
            .filter(|(.., count)| *count > 0)
            .collect();
        Ok(Answer {
            population,
            moved,
            moves,
            movers: found.movers,
            sizes,
        })
    }

    /// Everybody who is scored or could be, with what is known of him.
    pub(super) async fn population(&self) -> Result<Vec<Member<CustomerId>>> {
        let (mut after, mut population) = (Uuid::nil(), Vec::new());
        loop {
            let members = self
                .db
                .scan(move |conn| storage::walk_members(conn, after, BATCH))
                .await?;
            let Some(last) = members.last() else {
                return Ok(population);
            };
            after = last.id.uuid();
            population.extend(members);
        }
    }
}
