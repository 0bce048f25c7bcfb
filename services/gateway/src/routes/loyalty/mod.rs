//! Loyalty, due dates, counters and terms of the three guarantees, maintenance plans and benefits.

mod benefits;
mod churn_model;
mod due;
mod due_list;
mod guarantees;
mod list;
mod plans;
mod terms;
mod views;

use utoipa_axum::routes;

use super::{Endpoint, interactive};

pub(crate) use benefits::*;
pub(crate) use churn_model::*;
pub(crate) use due::*;
pub(crate) use due_list::*;
pub(crate) use guarantees::*;
pub(crate) use list::*;
pub(crate) use plans::*;
pub(crate) use terms::*;
pub(crate) use views::LoyaltyView;

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        interactive(
            "/marque.scoring.v1.ScoringService/GetLoyalty",
            routes!(get_loyalty),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/ListLoyalty",
            routes!(list_loyalty),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/GetChurnModel",
            routes!(get_churn_model),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/GetDueDates",
            routes!(get_customer_due_dates),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/GetDueDates",
            routes!(get_vehicle_due_dates),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/ListDueDates",
            routes!(list_due_dates),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/GetDueDates",
            routes!(get_my_due_dates),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/GetGuarantees",
            routes!(get_guarantees),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/ListPlans",
            routes!(list_maintenance_plans),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/PutPlan",
            routes!(put_maintenance_plan),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/ListGuaranteeTerms",
            routes!(list_guarantee_terms),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/PutGuaranteeTerms",
            routes!(put_guarantee_terms),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/ListBenefitPlans",
            routes!(list_benefit_plans),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/PutBenefitPlan",
            routes!(put_benefit_plan),
        ),
    ]
}
