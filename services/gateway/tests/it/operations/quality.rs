//! The standard, findings, scorecards and verification.

use super::Example;

/// A good request for every operation on data quality.
pub(super) fn examples() -> Vec<Example> {
    vec![
        (
            "GET /v1/quality/dictionary",
            "dms",
            "/v1/quality/dictionary?kind=customers".into(),
            "",
        ),
        (
            "GET /v1/quality/standard",
            "analyst",
            "/v1/quality/standard?kind=customers".into(),
            "",
        ),
        (
            "PUT /v1/quality/standard",
            "hq_admin",
            "/v1/quality/standard".into(),
            r#"{"text":"kind = \"customers\""}"#,
        ),
        (
            "POST /v1/quality/standard/replay",
            "analyst",
            "/v1/quality/standard/replay".into(),
            r#"{"text":"kind = \"customers\""}"#,
        ),
        (
            "POST /v1/quality/recount",
            "hq_admin",
            "/v1/quality/recount".into(),
            "{}",
        ),
        (
            "GET /v1/quality/scorecards",
            "manager",
            "/v1/quality/scorecards?level=clerk&dealer=D001&period=2026-11".into(),
            "",
        ),
        (
            "GET /v1/quality/scorecards/{dealer}",
            "manager",
            "/v1/quality/scorecards/D001?kind=customers&clerk=S17".into(),
            "",
        ),
        (
            "GET /v1/quality/scorecards/regions/{region}",
            "manager",
            "/v1/quality/scorecards/regions/east?kind=customers&period=2026-11".into(),
            "",
        ),
        (
            "GET /v1/quality/findings",
            "sales",
            "/v1/quality/findings?dealer=D001&rule=phone_placeholder".into(),
            "",
        ),
        (
            "POST /v1/quality/findings/{id}/decision",
            "manager",
            "/v1/quality/findings/fnd_1/decision".into(),
            r#"{"decision":"waive","reason":"a family shares this phone"}"#,
        ),
        (
            "GET /v1/quality/suspects",
            "steward",
            "/v1/quality/suspects?level=dealer".into(),
            "",
        ),
        (
            "POST /v1/quality/verifications",
            "agent",
            "/v1/quality/verifications".into(),
            r#"{"verifications":[{"record_id":"src_1","field":"phone","outcome":"confirmed","duration_s":40}]}"#,
        ),
        (
            "POST /v1/quality/work-lists",
            "agent",
            "/v1/quality/work-lists".into(),
            r#"{"size":200,"seed":7,"region":"east"}"#,
        ),
        (
            "GET /v1/quality/work-lists",
            "agent",
            "/v1/quality/work-lists?page_size=10".into(),
            "",
        ),
        (
            "GET /v1/quality/work-lists/{id}",
            "agent",
            "/v1/quality/work-lists/wkl_1?page_size=10".into(),
            "",
        ),
        (
            "GET /v1/quality/accuracy",
            "manager",
            "/v1/quality/accuracy?from=2026-11-01&to=2026-11-30".into(),
            "",
        ),
        (
            "PUT /v1/quality/accuracy/points",
            "hq_admin",
            "/v1/quality/accuracy/points".into(),
            r#"{"least_checked":30,"rows":[{"from":0.9,"points":6.0}]}"#,
        ),
        (
            "GET /v1/quality/alerts",
            "manager",
            "/v1/quality/alerts?state=all".into(),
            "",
        ),
        (
            "POST /v1/quality/alerts/{id}/decision",
            "manager",
            "/v1/quality/alerts/alt_1/decision".into(),
            r#"{"decision":"snooze","until":"2026-12-01T00:00:00Z"}"#,
        ),
    ]
}
