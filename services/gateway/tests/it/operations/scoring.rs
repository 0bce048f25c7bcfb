//! Scores, loyalty, due dates and what they are computed of.

use super::Example;
use crate::rig::{CUSTOMER, VEHICLE};

/// A good request for every operation of scoring.
pub(super) fn examples() -> Vec<Example> {
    let customer = |rest: &str| format!("/v1/customers/{CUSTOMER}{rest}");
    vec![
        (
            "GET /v1/customers/{id}/score",
            "sales",
            customer("/score?explain=true&at=2026-01-01T00:00:00Z"),
            "",
        ),
        (
            "GET /v1/customers/{id}/score-history",
            "analyst",
            customer("/score-history?page_size=5"),
            "",
        ),
        (
            "GET /v1/scores",
            "analyst",
            "/v1/scores?kind=person&tier=vip".into(),
            "",
        ),
        (
            "GET /v1/scores/pyramid",
            "analyst",
            "/v1/scores/pyramid?kind=person&brand=Nova".into(),
            "",
        ),
        (
            "POST /v1/scores/what-if",
            "analyst",
            "/v1/scores/what-if".into(),
            r#"{"weights":{"credit":25},"limit":5}"#,
        ),
        (
            "GET /v1/score-models",
            "analyst",
            "/v1/score-models".into(),
            "",
        ),
        (
            "PUT /v1/score-models",
            "hq_admin",
            "/v1/score-models".into(),
            r#"{"version":"2026-12","weights":{"credit":15},"activate":true}"#,
        ),
        (
            "POST /v1/score-models/calibrations",
            "analyst",
            "/v1/score-models/calibrations".into(),
            r#"{"version":"calibrated-1"}"#,
        ),
        (
            "POST /v1/purchases",
            "sales",
            "/v1/purchases".into(),
            r#"{"dealer":"D001","source":"dms","key":"SO-1","customer_key":"C-1","amount":128000,"date":"2026-03-01"}"#,
        ),
        (
            "POST /v1/payments",
            "dms",
            "/v1/payments".into(),
            r#"{"dealer":"D001","source":"dms","key":"P-1","customer_key":"C-1","amount":"3000.00","due_date":"2026-03-01"}"#,
        ),
        (
            "POST /v1/assessments",
            "sales",
            "/v1/assessments".into(),
            r#"{"dealer":"D001","source":"crm","key":"A-1","customer_key":"C-1","subject":"intention","value":4,"date":"2026-03-01"}"#,
        ),
        (
            "GET /v1/customers/{id}/loyalty",
            "service",
            customer("/loyalty"),
            "",
        ),
        (
            "GET /v1/loyalty",
            "manager",
            "/v1/loyalty?trust=lost&churn_at_least=0.5".into(),
            "",
        ),
        (
            "POST /v1/benefits",
            "service",
            "/v1/benefits".into(),
            r#"{"dealer":"D001","source":"dms","key":"BU-1","customer_key":"C-1","benefit":"free_towing","date":"2026-03-01"}"#,
        ),
        (
            "GET /v1/benefit-plans",
            "manager",
            "/v1/benefit-plans".into(),
            "",
        ),
        (
            "PUT /v1/benefit-plans",
            "hq_admin",
            "/v1/benefit-plans".into(),
            r#"{"version":"2026-1","activate":true}"#,
        ),
        (
            "GET /v1/churn-model",
            "analyst",
            "/v1/churn-model".into(),
            "",
        ),
        (
            "GET /v1/customers/{id}/due-dates",
            "service",
            customer("/due-dates"),
            "",
        ),
        (
            "GET /v1/vehicles/{id}/due-dates",
            "technician",
            format!("/v1/vehicles/{VEHICLE}/due-dates"),
            "",
        ),
        (
            "GET /v1/due-dates",
            "service",
            "/v1/due-dates?within=30d&kind=maintenance&dealer=D001".into(),
            "",
        ),
        (
            "GET /v1/me/due-dates",
            "customer",
            "/v1/me/due-dates".into(),
            "",
        ),
        (
            "GET /v1/vehicles/{id}/guarantees",
            "service",
            format!(
                "/v1/vehicles/{VEHICLE}/guarantees?demanded_on=2026-03-02&price=150000&km=12000"
            ),
            "",
        ),
        (
            "GET /v1/maintenance-plans",
            "service",
            "/v1/maintenance-plans".into(),
            "",
        ),
        (
            "PUT /v1/maintenance-plans",
            "hq_admin",
            "/v1/maintenance-plans".into(),
            r#"{"model":"S5 Plus","first_km":5000,"first_months":6,"every_km":10000,"every_months":12}"#,
        ),
        (
            "GET /v1/guarantee-terms",
            "service",
            "/v1/guarantee-terms".into(),
            "",
        ),
        (
            "PUT /v1/guarantee-terms",
            "hq_admin",
            "/v1/guarantee-terms".into(),
            r#"{"model":"S5 Plus","sold_from":"2026-01-01","period_months":36,"period_km":80000,"repair_months":60,"repair_km":150000,"usage_fee_basis_points":30,"battery_fade_percent":20,"wear_parts":[{"name":"雨刮片","months":6,"km":10000}]}"#,
        ),
        (
            "GET /v1/score-reports/{report}",
            "analyst",
            "/v1/score-reports/tiers?by=dealer&to=2026-01-01T00:00:00Z".into(),
            "",
        ),
        ("GET /v1/me/score", "customer", "/v1/me/score".into(), ""),
        (
            "PUT /v1/me/consents/{purpose}",
            "customer",
            "/v1/me/consents/scoring".into(),
            r#"{"given":false}"#,
        ),
    ]
}
