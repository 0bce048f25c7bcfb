//! What another standard would say of the records there are, before it is in force.

use std::collections::BTreeMap;

use marque_auth::{CallContext, Role};
use marque_core::business_date;
use marque_db::Conn;
use marque_quality::standard::Standard;
use uuid::Uuid;

use super::{QualityApp, cards::Means};
use crate::{
    domain::{Counter, Excused, Finding, OVERALL, Points, Signs, score},
    error::Result,
    storage::{self, Kept},
};

/// Records read at once.
const PAGE: u32 = 1000;

/// What would change for one dealer (or, with an empty name, for all) and purpose.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) dealer: String,
    pub(crate) purpose: String,
    pub(crate) before: Means,
    pub(crate) after: Means,
}

/// What would change.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replayed {
    /// All together first, then dealers by how far they would fall.
    pub(crate) changes: Vec<Change>,
    /// Qualified records that would no longer be.
    pub(crate) lost: i64,
    /// Records that would become qualified.
    pub(crate) gained: i64,
}

/// The standard by which a record is scored, and the signs it bears by its thresholds.
struct Signed<'a> {
    standard: &'a Standard,
    signs: &'a Signs,
}

/// Sums before and after.
type Sums = BTreeMap<(String, String), (Counter, Counter)>;

impl QualityApp {
    /// Scores all records of the caller's scope by a standard; changes nothing.
    pub(crate) async fn replay(&self, ctx: CallContext, text: String) -> Result<Replayed> {
        ctx.require([Role::Steward, Role::Analyst, Role::HqAdmin])?;
        let standard = self.parse(&text)?;
        let judgement = self.judged_by(&standard).await?;
        let (mut sums, mut replayed, mut after) = (Sums::new(), Replayed::default(), Uuid::nil());
        loop {
            let vault = self.vault.clone();
            let read = move |conn: &mut Conn<'_>| -> Result<(Vec<Kept>, Vec<Finding>)> {
                let page = storage::kept_after(conn, &vault, after, PAGE)?;
                let ids: Vec<Uuid> = page.iter().map(|kept| kept.evidence.id).collect();
                let mut findings = storage::findings_of(conn, &ids)?;
                findings.retain(|finding| finding.is_excused);
                Ok((page, findings))
            };
            let (page, excused) = self.db.scan(read).await?;
            let Some(last) = page.last() else {
                break;
            };
            after = last.evidence.id;
            let seen = self.in_scope(&ctx, page).await?;
            for kept in seen.iter().filter(|kept| kept.place.kind == standard.kind) {
                let own = |one: &&Finding| one.record == kept.evidence.id;
                let excused = Excused::of(excused.iter().filter(own), &kept.evidence);
                let whose = (kept.place.dealer.as_str(), kept.place.clerk.as_str());
                let signs = judgement
                    .as_ref()
                    .map(|by| by.signs(whose, &kept.evidence.entry));
                let draft = Signed {
                    standard: &standard,
                    signs: signs.as_ref().unwrap_or(&kept.signs),
                };
                add(&mut sums, &mut replayed, (kept, &excused), &draft);
            }
        }
        replayed.changes = changes(sums);
        Ok(replayed)
    }

    /// Records of dealers that the caller may see.
    async fn in_scope(&self, ctx: &CallContext, page: Vec<Kept>) -> Result<Vec<Kept>> {
        if *ctx.scope() == marque_auth::Scope::Headquarters {
            return Ok(page);
        }
        let ctx = ctx.clone();
        self.db
            .scan(move |conn| {
                let mut seen = Vec::new();
                for kept in page {
                    if storage::region_of(conn, ctx.scope(), &kept.place.dealer)?.is_some() {
                        seen.push(kept);
                    }
                }
                Ok(seen)
            })
            .await
    }
}

fn add(
    sums: &mut Sums,
    replayed: &mut Replayed,
    (kept, excused): (&Kept, &Excused),
    Signed { standard, signs }: &Signed<'_>,
) {
    let flaws = kept
        .evidence
        .flaws(standard, business_date(kept.checked_at));
    let after = score(standard, (&kept.evidence, &flaws), signs, excused);
    let is_qualified = |points: &[Points]| points.first().is_some_and(|p| p.is_qualified);
    match (
        is_qualified(&kept.scored.points),
        is_qualified(&after.points),
    ) {
        (true, false) => replayed.lost += 1,
        (false, true) => replayed.gained += 1,
        _ => {}
    }
    for dealer in [String::new(), kept.place.dealer.clone()] {
        for points in &kept.scored.points {
            let key = (dealer.clone(), points.purpose.clone());
            tally(&mut sums.entry(key).or_default().0, points);
        }
        for points in &after.points {
            let key = (dealer.clone(), points.purpose.clone());
            tally(&mut sums.entry(key).or_default().1, points);
        }
    }
}

fn tally(counter: &mut Counter, points: &Points) {
    counter.add(&Counter {
        records: 1,
        qualified: i64::from(points.is_qualified),
        total: points.total,
        ..Counter::default()
    });
}

fn changes(sums: Sums) -> Vec<Change> {
    let of = |((dealer, purpose), (before, after)): (_, (Counter, Counter))| Change {
        dealer,
        purpose,
        before: Means::of(&before),
        after: Means::of(&after),
    };
    let mut changes: Vec<Change> = sums.into_iter().map(of).collect();
    let rise = |change: &Change| change.after.total - change.before.total;
    changes.sort_by(|a, b| {
        let rank = |change: &Change| (!change.dealer.is_empty(), change.purpose != OVERALL);
        rank(a)
            .cmp(&rank(b))
            .then_with(|| rise(a).total_cmp(&rise(b)))
            .then_with(|| (&a.dealer, &a.purpose).cmp(&(&b.dealer, &b.purpose)))
    });
    changes
}
