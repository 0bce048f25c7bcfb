//! The scorecard of a region.

use axum::extract::State;
use marque_api::quality::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cards::{MoveView, RuleCountView, ScorecardView, WorstView};
use crate::{
    answer::ok,
    edge::Call,
    extract::{Path, Query},
    problem::Answer,
    state::App,
    values::views,
};

/// Which of a region's cards.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RegionScorecardQuery {
    /// customers (default), vehicles, visits or complaints.
    kind: String,
    /// Month, YYYY-MM; all time if not said.
    period: String,
    /// Purpose; `overall`, the mean of all, if not said.
    purpose: String,
}

/// The card of a region with what explains it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RegionScorecardDetail {
    /// The card: of all dealers of the region together.
    scorecard: ScorecardView,
    /// The region's last twelve months that have records, oldest first.
    trend: Vec<ScorecardView>,
    /// Place among the regions, 1 for the best; 0 without records.
    rank: i32,
    /// Among so many that have records.
    of: i32,
    /// The means of all dealers there are; its level is `network`.
    network: ScorecardView,
    /// What moved the score against the month before, farthest first.
    moves: Vec<MoveView>,
    /// What is broken most often.
    rules: Vec<RuleCountView>,
    /// The hundred records that would move the score most if mended.
    worst: Vec<WorstView>,
}

/// The scorecard of a region, for who sees the whole of it: trend, rank among the regions, what moved it, and the hundred records to
/// mend first.
#[utoipa::path(get, path = "/v1/quality/scorecards/regions/{region}", tag = "quality",
    params(("region" = String, Path, description = "The region"), RegionScorecardQuery),
    responses((status = 200, description = "The scorecard", body = RegionScorecardDetail)))]
pub(crate) async fn get_region_scorecard(
    State(app): State<App>,
    call: Call,
    Path(region): Path<String>,
    Query(query): Query<RegionScorecardQuery>,
) -> Answer {
    let RegionScorecardQuery {
        kind,
        period,
        purpose,
    } = query;
    let request = pb::GetRegionScorecardRequest {
        region,
        kind,
        period,
        purpose,
    };
    let get = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.get_region_scorecard(request).await
        });
    let pb::GetRegionScorecardResponse {
        scorecard,
        trend,
        rank,
        of,
        network,
        moves,
        rules,
        worst,
    } = get.await?;
    ok(&RegionScorecardDetail {
        scorecard: scorecard.unwrap_or_default().into(),
        trend: views(trend),
        rank,
        of,
        network: network.unwrap_or_default().into(),
        moves: views(moves),
        rules: views(rules),
        worst: views(worst),
    })
}
