//! What became of each row.

use axum::extract::State;
use marque_api::intake::v1::{self as pb, RowOutcome};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::RowView;
use crate::{
    answer::ok,
    edge::Call,
    extract::{Path, Query},
    intake,
    problem::{Answer, Failure},
    routes::paging,
    state::App,
    values::{outcome_name, views},
};

/// Which rows.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RowsQuery {
    /// Only rows of this outcome: accepted, accepted_with_findings (or with_findings, as an import counts them), quarantined, unchanged
    /// or erased.
    outcome: String,
    /// Entries a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// A page of rows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowPage {
    /// By line.
    rows: Vec<RowView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// What became of each row of an import.
#[utoipa::path(get, path = "/v1/imports/{id}/rows", tag = "imports",
    params(("id" = String, Path, description = "Import id"), RowsQuery),
    responses((status = 200, description = "A page of rows", body = RowPage)))]
pub(crate) async fn list_import_rows(
    State(app): State<App>,
    call: Call,
    Path(import_id): Path<String>,
    Query(query): Query<RowsQuery>,
) -> Answer {
    let RowsQuery {
        outcome,
        page_size,
        page_token,
    } = query;
    let outcome = read_outcome(&outcome)?.into();
    let request = pb::ListImportRowsRequest {
        import_id,
        outcome,
        page_size: paging::size(page_size),
        page_token,
    };
    let pb::ListImportRowsResponse {
        rows,
        next_page_token,
    } = intake::rows(&app.clients.imports, &call.meta, &request).await?;
    ok(&RowPage {
        rows: views(rows),
        next_page_token,
    })
}

fn read_outcome(text: &str) -> Answer<RowOutcome> {
    if text.is_empty() {
        return Ok(RowOutcome::Unspecified);
    }
    [
        RowOutcome::Accepted,
        RowOutcome::AcceptedWithFindings,
        RowOutcome::Quarantined,
        RowOutcome::Unchanged,
        RowOutcome::Erased,
    ]
    .into_iter()
    .find(|outcome| [outcome_name(*outcome), counter_name(*outcome)].contains(&text))
    .ok_or_else(|| {
        Failure::field(
            "outcome",
            "FORMAT",
            "accepted, accepted_with_findings, quarantined, unchanged or erased",
        )
    })
}

/// The word under which an import counts the rows of an outcome, where that is another.
fn counter_name(outcome: RowOutcome) -> &'static str {
    match outcome {
        RowOutcome::AcceptedWithFindings => "with_findings",
        other => outcome_name(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_asked_for_by_the_words_that_rows_and_counters_have() {
        for word in ["accepted_with_findings", "with_findings"] {
            let read = read_outcome(word).unwrap();
            assert_eq!(read, RowOutcome::AcceptedWithFindings);
        }
        assert_eq!(read_outcome("").unwrap(), RowOutcome::Unspecified);
        assert!(read_outcome("good").is_err());
    }
}
