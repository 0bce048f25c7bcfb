//! Scorecards.

use axum::extract::State;
use marque_api::quality::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::{MeansView, QualityFindingView, TextView, text};
use crate::{
    answer::ok,
    edge::Call,
    extract::{Path, Query},
    problem::Answer,
    routes::paging,
    state::App,
    values::views,
};

/// Whose cards.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScorecardsQuery {
    /// dealer (default), department, clerk or region.
    level: String,
    /// customers (default), vehicles, visits or complaints.
    kind: String,
    /// One dealer only.
    dealer: String,
    /// One region only.
    region: String,
    /// Month, YYYY-MM; all time if not said.
    period: String,
    /// Purpose; `overall`, the mean of all, if not said.
    purpose: String,
    /// Cards a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// Which card.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ScorecardQuery {
    /// customers (default), vehicles, visits or complaints.
    kind: String,
    /// Month, YYYY-MM; all time if not said.
    period: String,
    /// Purpose; `overall`, the mean of all, if not said.
    purpose: String,
    /// One of the dealer's clerks, by his staff number; the dealer as a whole if not said.
    clerk: String,
    /// One of the dealer's departments; not together with a clerk.
    department: String,
}

/// Mean of one dimension.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DimensionScore)]
pub(crate) struct DimensionView {
    /// completeness, validity, accuracy, consistency, uniqueness or timeliness.
    dimension: String,
    /// 0 to 100.
    score: f64,
    /// Records it applied to.
    records: i64,
}

impl From<pb::DimensionScore> for DimensionView {
    fn from(score: pb::DimensionScore) -> Self {
        let pb::DimensionScore {
            dimension,
            score,
            records,
        } = score;
        Self {
            dimension,
            score,
            records,
        }
    }
}

/// How good the records of somebody are.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scorecard)]
pub(crate) struct ScorecardView {
    /// dealer, department, clerk or region; network for all dealers together.
    level: String,
    /// Kind of record.
    kind: String,
    /// Dealer.
    #[serde(skip_serializing_if = "String::is_empty")]
    dealer: String,
    /// Region.
    region: String,
    /// Department.
    #[serde(skip_serializing_if = "String::is_empty")]
    department: String,
    /// Staff number.
    #[serde(skip_serializing_if = "String::is_empty")]
    clerk: String,
    /// Month; absent for all time.
    #[serde(skip_serializing_if = "String::is_empty")]
    period: String,
    /// Purpose, or `overall`.
    purpose: String,
    /// Records, qualified records, mean total.
    #[serde(flatten)]
    means: MeansView,
    /// The six dimensions, as far as they applied.
    dimensions: Vec<DimensionView>,
    /// Records with a sign of invention.
    suspicious: i64,
}

impl From<pb::Scorecard> for ScorecardView {
    fn from(card: pb::Scorecard) -> Self {
        let pb::Scorecard {
            level,
            kind,
            dealer,
            region,
            department,
            clerk,
            period,
            purpose,
            means,
            dimensions,
            suspicious,
        } = card;
        Self {
            level,
            kind,
            dealer,
            region,
            department,
            clerk,
            period,
            purpose,
            means: means.unwrap_or_default().into(),
            dimensions: views(dimensions),
            suspicious,
        }
    }
}

/// A page of cards.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScorecardPage {
    /// Lowest score first.
    scorecards: Vec<ScorecardView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// What moved a score between two months.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreMove)]
pub(crate) struct MoveView {
    /// Dimension.
    dimension: String,
    /// In the month before.
    before: f64,
    /// In the month.
    after: f64,
}

impl From<pb::Move> for MoveView {
    fn from(moved: pb::Move) -> Self {
        let pb::Move {
            dimension,
            before,
            after,
        } = moved;
        Self {
            dimension,
            before,
            after,
        }
    }
}

/// How often a rule is broken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RuleCount)]
pub(crate) struct RuleCountView {
    /// Column.
    field: String,
    /// Rule, or kind of sign.
    rule: String,
    /// Open findings.
    open: i64,
    /// What is wrong.
    text: TextView,
}

impl From<pb::RuleCount> for RuleCountView {
    fn from(count: pb::RuleCount) -> Self {
        let pb::RuleCount {
            field,
            rule,
            open,
            text: what,
        } = count;
        Self {
            field,
            rule,
            open,
            text: text(what),
        }
    }
}

/// A record to mend.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorstRecord)]
pub(crate) struct WorstView {
    /// Id of the record.
    id: String,
    /// Its own total, 0 to 100.
    total: f64,
    /// By how much the score of the card would rise if it were perfect.
    gain: f64,
    /// Whose it is.
    dealer: String,
    /// Staff number of whoever entered it.
    #[serde(skip_serializing_if = "String::is_empty")]
    clerk: String,
    /// Department.
    #[serde(skip_serializing_if = "String::is_empty")]
    department: String,
    /// What is wrong with it.
    findings: Vec<QualityFindingView>,
    /// What of the standard it does not meet, of each purpose the heaviest loss first: columns to fill, among others.
    failed_checks: Vec<FailedCheckView>,
}

/// A check of the standard that a record does not meet.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FailedCheck)]
pub(crate) struct FailedCheckView {
    /// Its name in the standard.
    id: String,
    /// completeness, validity, accuracy, consistency, uniqueness or timeliness.
    dimension: String,
    /// Columns it looks at; of a check of completeness those to fill.
    fields: Vec<String>,
}

impl From<pb::FailedCheck> for FailedCheckView {
    fn from(check: pb::FailedCheck) -> Self {
        let pb::FailedCheck {
            id,
            dimension,
            fields,
        } = check;
        Self {
            id,
            dimension,
            fields,
        }
    }
}

impl From<pb::WorstRecord> for WorstView {
    fn from(worst: pb::WorstRecord) -> Self {
        let pb::WorstRecord {
            id,
            total,
            gain,
            dealer,
            clerk,
            department,
            findings,
            failed_checks,
        } = worst;
        Self {
            id,
            total,
            gain,
            dealer,
            clerk,
            department,
            findings: views(findings),
            failed_checks: views(failed_checks),
        }
    }
}

/// The card of a dealer, clerk or department with what explains it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScorecardDetail {
    /// The card.
    scorecard: ScorecardView,
    /// The dealer's last twelve months that have records, oldest first; of a clerk or department those of them in which it has some.
    trend: Vec<ScorecardView>,
    /// Place, 1 for the best: of a dealer among those of the region, of a clerk or department among those of the dealer; 0 without
    /// records.
    rank: i32,
    /// Among so many that have records.
    of: i32,
    /// The means of the dealer as a whole.
    dealer: ScorecardView,
    /// The region's own means.
    region: ScorecardView,
    /// The region's own means in the months of the trend, oldest first.
    region_trend: Vec<ScorecardView>,
    /// What moved the score against the month before, farthest first.
    moves: Vec<MoveView>,
    /// What is broken most often.
    rules: Vec<RuleCountView>,
    /// The hundred records that would move the score most if mended.
    worst: Vec<WorstView>,
}

/// Scorecards of the caller's scope, lowest score first.
#[utoipa::path(get, path = "/v1/quality/scorecards", tag = "quality", params(ScorecardsQuery),
    responses((status = 200, description = "A page of scorecards", body = ScorecardPage)))]
pub(crate) async fn list_scorecards(
    State(app): State<App>,
    call: Call,
    Query(query): Query<ScorecardsQuery>,
) -> Answer {
    let ScorecardsQuery {
        level,
        kind,
        dealer,
        region,
        period,
        purpose,
        page_size,
        page_token,
    } = query;
    let request = pb::ListScorecardsRequest {
        level,
        kind,
        dealer,
        region,
        period,
        purpose,
        page_size: paging::size(page_size),
        page_token,
    };
    let list = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.list_scorecards(request).await
        });
    let pb::ListScorecardsResponse {
        scorecards,
        next_page_token,
    } = list.await?;
    ok(&ScorecardPage {
        scorecards: views(scorecards),
        next_page_token,
    })
}

/// The scorecard of a dealer, or of one of his clerks or departments: trend, rank, what moved it, and the hundred records to mend first.
#[utoipa::path(get, path = "/v1/quality/scorecards/{dealer}", tag = "quality",
    params(("dealer" = String, Path, description = "The dealer"), ScorecardQuery),
    responses((status = 200, description = "The scorecard", body = ScorecardDetail)))]
pub(crate) async fn get_scorecard(
    State(app): State<App>,
    call: Call,
    Path(dealer): Path<String>,
    Query(query): Query<ScorecardQuery>,
) -> Answer {
    let ScorecardQuery {
        kind,
        period,
        purpose,
        clerk,
        department,
    } = query;
    let request = pb::GetScorecardRequest {
        dealer,
        kind,
        period,
        purpose,
        clerk,
        department,
    };
    let get = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.get_scorecard(request).await
        });
    let pb::GetScorecardResponse {
        scorecard,
        trend,
        rank,
        of,
        region,
        moves,
        rules,
        worst,
        dealer,
        region_trend,
    } = get.await?;
    ok(&ScorecardDetail {
        scorecard: scorecard.unwrap_or_default().into(),
        trend: views(trend),
        rank,
        of,
        dealer: dealer.unwrap_or_default().into(),
        region: region.unwrap_or_default().into(),
        region_trend: views(region_trend),
        moves: views(moves),
        rules: views(rules),
        worst: views(worst),
    })
}
