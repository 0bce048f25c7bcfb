//! Dealers, their staff, and imports.

use super::Example;

/// A good request for every operation of the network and of imports.
pub(super) fn examples() -> Vec<Example> {
    vec![
        (
            "PUT /v1/dealers/{dealer}",
            "hq_admin",
            "/v1/dealers/D001".into(),
            r#"{"name":"Sample 4S","region":"east","departments":["sales"],"phones":["021-5000 1234"]}"#,
        ),
        (
            "GET /v1/dealers/{dealer}",
            "sales",
            "/v1/dealers/D001".into(),
            "",
        ),
        (
            "GET /v1/dealers",
            "sales",
            "/v1/dealers?page_size=99999999999&region=east".into(),
            "",
        ),
        (
            "PUT /v1/dealers/{dealer}/staff/{code}",
            "manager",
            "/v1/dealers/D001/staff/S17".into(),
            r#"{"name":"Staff One"}"#,
        ),
        (
            "GET /v1/dealers/{dealer}/staff",
            "manager",
            "/v1/dealers/D001/staff".into(),
            "",
        ),
        (
            "POST /v1/network",
            "hq_admin",
            "/v1/network".into(),
            r#"{"dealers":[{"code":"D001","name":"Sample","region":"east"}],"staff":[]}"#,
        ),
        (
            "POST /v1/imports",
            "dms",
            "/v1/imports?kind=customers&dealer=D001&source=dms&map=phone:%E7%94%B5%E8%AF%9D".into(),
            "{}",
        ),
        (
            "GET /v1/imports",
            "dms",
            "/v1/imports?page_size=2".into(),
            "",
        ),
        (
            "GET /v1/imports/{id}",
            "dms",
            "/v1/imports/imp_vehicles".into(),
            "",
        ),
        (
            "GET /v1/imports/{id}/rows",
            "dms",
            "/v1/imports/imp_customers/rows?outcome=quarantined".into(),
            "",
        ),
        (
            "GET /v1/imports/{id}/quarantine",
            "dms",
            "/v1/imports/imp_visits/quarantine".into(),
            "",
        ),
    ]
}
