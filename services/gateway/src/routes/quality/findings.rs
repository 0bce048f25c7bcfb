//! Findings of stored records, and who looks made up.

use axum::extract::State;
use marque_api::quality::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::{QualityFindingView, TextView, text};
use crate::{
    answer::ok,
    edge::Call,
    extract::{Json, Path, Query},
    problem::Answer,
    routes::paging,
    state::App,
    values::{Instant, instant, views},
};

/// Which findings.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingsQuery {
    /// customers, vehicles, visits or complaints; all if not said.
    kind: String,
    /// One dealer only.
    dealer: String,
    /// One member of staff only.
    clerk: String,
    /// One rule, or one kind of sign of invention.
    rule: String,
    /// One column.
    field: String,
    /// open (default), mended or waived.
    state: String,
    /// One record only.
    record_id: String,
    /// Entries a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// A page of findings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FindingPage {
    /// Newest first.
    findings: Vec<QualityFindingView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// A word on a finding.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindingDecisionBody {
    /// waive or reopen.
    #[schema(example = "waive")]
    decision: String,
    /// Why, without names or numbers of people; goes on record.
    reason: String,
}

/// Which suspects.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SuspectsQuery {
    /// dealer or clerk; both if not said.
    level: String,
    /// One dealer only.
    dealer: String,
}

/// A dealer or clerk whose entries chance does not explain: evidence, never accusation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Suspect)]
pub(crate) struct SuspectView {
    /// Dealer.
    dealer: String,
    /// Staff number; absent for the dealer as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    clerk: String,
    /// Kind of sign.
    #[schema(example = "staff_phone")]
    kind: String,
    /// How much of what was seen is beyond the usual, 0 to 1.
    strength: f64,
    /// Probability of seeing this much by chance.
    p: f64,
    /// Entries that bear the sign.
    count: i64,
    /// Entries it was looked for in.
    of: i64,
    /// How many would bear the sign if nothing were made up.
    expected: f64,
    /// The p value over all tests of all dealers and clerks.
    q: f64,
    /// What was seen, in words.
    reason: TextView,
    /// Reason and figures in one sentence.
    evidence: TextView,
    /// When it was first seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Instant>,
    /// Of a burst within a minute: when it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    burst_at: Option<Instant>,
}

impl From<pb::Suspect> for SuspectView {
    fn from(suspect: pb::Suspect) -> Self {
        let pb::Suspect {
            dealer,
            clerk,
            kind,
            strength,
            p,
            count,
            of,
            reason,
            since,
            expected,
            q,
            evidence,
            burst_at,
        } = suspect;
        Self {
            dealer,
            clerk,
            kind,
            strength,
            p,
            count,
            of,
            expected,
            q,
            reason: text(reason),
            evidence: text(evidence),
            since: instant(since),
            burst_at: instant(burst_at),
        }
    }
}

/// Suspects.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Suspects {
    /// Strongest evidence first.
    suspects: Vec<SuspectView>,
    /// When the entries were last compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    assessed_at: Option<Instant>,
}

/// What is wrong with stored records, newest first. A finding closes by itself when the record comes without it.
#[utoipa::path(get, path = "/v1/quality/findings", tag = "quality", params(FindingsQuery),
    responses((status = 200, description = "A page of findings", body = FindingPage)))]
pub(crate) async fn list_findings(
    State(app): State<App>,
    call: Call,
    Query(query): Query<FindingsQuery>,
) -> Answer {
    let FindingsQuery {
        kind,
        dealer,
        clerk,
        rule,
        field,
        state,
        record_id,
        page_size,
        page_token,
    } = query;
    let request = pb::ListFindingsRequest {
        kind,
        dealer,
        clerk,
        rule,
        field,
        state,
        record_id,
        page_size: paging::size(page_size),
        page_token,
    };
    let list = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.list_findings(request).await
        });
    let pb::ListFindingsResponse {
        findings,
        next_page_token,
    } = list.await?;
    ok(&FindingPage {
        findings: views(findings),
        next_page_token,
    })
}

/// Waive a finding with a reason, or take it up again.
#[utoipa::path(post, path = "/v1/quality/findings/{id}/decision", tag = "quality",
    params(("id" = String, Path, description = "The finding")),
    request_body = FindingDecisionBody,
    responses((status = 200, description = "The finding as decided", body = QualityFindingView)))]
pub(crate) async fn decide_finding(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
    Json(FindingDecisionBody { decision, reason }): Json<FindingDecisionBody>,
) -> Answer {
    let request = pb::DecideFindingRequest {
        id,
        decision,
        reason,
    };
    let decide = app
        .clients
        .quality
        .write(&call, request, |mut client, request| async move {
            client.decide_finding(request).await
        });
    let pb::DecideFindingResponse { finding } = decide.await?;
    ok(&QualityFindingView::from(finding.unwrap_or_default()))
}

/// Dealers and clerks whose entries chance does not explain. Evidence to look into, never accusation.
#[utoipa::path(get, path = "/v1/quality/suspects", tag = "quality", params(SuspectsQuery),
    responses((status = 200, description = "Suspects", body = Suspects)))]
pub(crate) async fn list_suspects(
    State(app): State<App>,
    call: Call,
    Query(SuspectsQuery { level, dealer }): Query<SuspectsQuery>,
) -> Answer {
    let request = pb::ListSuspectsRequest { level, dealer };
    let list = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.list_suspects(request).await
        });
    let pb::ListSuspectsResponse {
        suspects,
        assessed_at,
    } = list.await?;
    ok(&Suspects {
        suspects: views(suspects),
        assessed_at: instant(assessed_at),
    })
}
