//! Why a customer's records are his.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::SourceRecordView;
use crate::{
    answer::ok,
    edge::Call,
    extract::Path,
    problem::Answer,
    routes::duplicates::EvidenceView,
    state::App,
    values::{Instant, instant, views},
};

/// How a record resembles another of the same customer, and who brought the two together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Resemblance)]
pub(crate) struct ResemblanceView {
    /// The other record; left out if the caller may not know of it, as who brought it and why are.
    #[schema(example = "src_5f0c6b0e7a8b5c1d9e2f3a4b5c6d7e8f")]
    #[serde(skip_serializing_if = "String::is_empty")]
    source_record_id: String,
    /// How probable it is that the two are one customer's, if nothing else were known, 0 to 1.
    #[schema(example = 0.998)]
    probability: f64,
    /// The weights of the two, strongest first.
    evidence: Vec<EvidenceView>,
    /// linkage or people.
    #[schema(example = "linkage")]
    brought_by: String,
    /// The merge or move that brought them together, or the split that was taken back; left out if the later of the two was
    /// linked as it came.
    #[serde(skip_serializing_if = "String::is_empty")]
    merge_id: String,
    /// Who did it; `linkage` if the service did by itself. Left out where a split was taken back: the history says by whom.
    #[serde(skip_serializing_if = "String::is_empty")]
    actor: String,
    /// Why, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// When; left out if the later of the two was linked as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    brought_at: Option<Instant>,
}

impl From<pb::Resemblance> for ResemblanceView {
    fn from(resemblance: pb::Resemblance) -> Self {
        let pb::Resemblance {
            source_record_id,
            probability,
            evidence,
            brought_by,
            merge_id,
            actor,
            reason,
            brought_at,
        } = resemblance;
        Self {
            source_record_id,
            probability,
            evidence: views(evidence),
            brought_by,
            merge_id,
            actor,
            reason,
            brought_at: instant(brought_at),
        }
    }
}

/// What binds one of a customer's records to him.
#[derive(Serialize, ToSchema)]
#[schema(as = Bond)]
pub(crate) struct BondView {
    /// The record; personal identifiers masked.
    source_record: SourceRecordView,
    /// The other record of his that resembles it most; left out if he has no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<ResemblanceView>,
    /// To how many of his other records it would be linked if there were that one alone.
    #[schema(example = 2)]
    held_by: i32,
    /// True if nothing but the nearest record holds it: once split off, no other would call it back.
    #[schema(example = false)]
    stands_alone: bool,
}

impl From<pb::Bond> for BondView {
    fn from(bond: pb::Bond) -> Self {
        let pb::Bond {
            source_record,
            nearest,
            held_by,
            stands_alone,
        } = bond;
        Self {
            source_record: source_record.unwrap_or_default().into(),
            nearest: nearest.map(ResemblanceView::from),
            held_by,
            stands_alone,
        }
    }
}

/// What binds a customer's records to him.
#[derive(Serialize, ToSchema)]
pub(crate) struct Cohesion {
    /// The customer as he is called now.
    #[schema(example = "cus_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    customer_id: String,
    /// A bond for each of his records of which the caller may know, the weakest first.
    bonds: Vec<BondView>,
    /// False if he has more records than the 50 newest, which alone are looked at.
    #[schema(example = true)]
    whole: bool,
}

/// Why each of a customer's source records is his, the weakest bonds first.
///
/// Worked out when asked; the look goes on record.
#[utoipa::path(get, path = "/v1/customers/{id}/cohesion", tag = "duplicates",
    params(("id" = String, Path, description = "Customer id")),
    responses((status = 200, description = "What binds his records to him", body = Cohesion)))]
pub(crate) async fn get_cohesion(
    State(app): State<App>,
    call: Call,
    Path(customer_id): Path<String>,
) -> Answer {
    let request = pb::GetCohesionRequest { customer_id };
    let get = app
        .clients
        .customer
        .read(&call, request, |mut client, request| async move {
            client.get_cohesion(request).await
        });
    let pb::GetCohesionResponse {
        customer_id,
        bonds,
        whole,
    } = get.await?;
    ok(&Cohesion {
        customer_id,
        bonds: views(bonds),
        whole,
    })
}
