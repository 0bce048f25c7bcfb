//! Source records, customers and their duplicates.

use super::Example;
use crate::rig::CUSTOMER;

/// A good request for every operation on customers.
pub(super) fn examples() -> Vec<Example> {
    let customer = |rest: &str| format!("/v1/customers/{CUSTOMER}{rest}");
    vec![
        (
            "PUT /v1/source-records/{dealer}/{source}/{key}",
            "dms",
            "/v1/source-records/D001/dms/C-1024".into(),
            r#"{"name":"Wang Sample","phone":"13800000000","extra":{"vip":"yes"}}"#,
        ),
        (
            "GET /v1/source-records/{id}",
            "agent",
            "/v1/source-records/src_00000000000000000000000000000001".into(),
            "",
        ),
        (
            "POST /v1/lookup",
            "sales",
            "/v1/lookup".into(),
            r#"{"phone":"13800000000"}"#,
        ),
        (
            "GET /v1/customers/{id}",
            "sales",
            customer("?lineage=true"),
            "",
        ),
        (
            "GET /v1/customers/{id}/profile",
            "sales",
            customer("/profile"),
            "",
        ),
        (
            "GET /v1/customers/{id}/source-records",
            "sales",
            customer("/source-records"),
            "",
        ),
        (
            "GET /v1/customers/{id}/history",
            "steward",
            customer("/history"),
            "",
        ),
        (
            "GET /v1/customers/{id}/cohesion",
            "steward",
            customer("/cohesion"),
            "",
        ),
        (
            "POST /v1/customers/{id}/unmask",
            "manager",
            customer("/unmask"),
            r#"{"reason":"customer asks by phone"}"#,
        ),
        (
            "PUT /v1/customers/{id}/consents/{purpose}",
            "sales",
            customer("/consents/marketing"),
            r#"{"given":true,"notice_version":"2026-03"}"#,
        ),
        (
            "POST /v1/customers/{id}/merge",
            "steward",
            customer("/merge"),
            r#"{"into":"cus_x","reason":"same person"}"#,
        ),
        (
            "POST /v1/customers/{id}/split",
            "steward",
            customer("/split"),
            r#"{"source_record_ids":["src_1"],"reason":"two persons"}"#,
        ),
        (
            "POST /v1/merges/{id}/undo",
            "steward",
            "/v1/merges/mrg_1/undo".into(),
            "",
        ),
        (
            "GET /v1/duplicates",
            "steward",
            "/v1/duplicates?state=open".into(),
            "",
        ),
        (
            "POST /v1/duplicates/{id}/decision",
            "steward",
            "/v1/duplicates/dup_1/decision".into(),
            r#"{"decision":"same","reason":"same ID"}"#,
        ),
        (
            "POST /v1/duplicates/check",
            "sales",
            "/v1/duplicates/check".into(),
            r#"{"dealer":"D001","record":{"name":"王小明","phone":"13800138000"}}"#,
        ),
        (
            "GET /v1/customers/count",
            "analyst",
            "/v1/customers/count".into(),
            "",
        ),
        (
            "POST /v1/reconciliations",
            "hq_admin",
            "/v1/reconciliations".into(),
            r#"{"whole":true}"#,
        ),
        (
            "GET /v1/reconciliations",
            "steward",
            "/v1/reconciliations".into(),
            "",
        ),
        (
            "GET /v1/merges",
            "steward",
            "/v1/merges?by=linkage".into(),
            "",
        ),
        ("GET /v1/matcher", "steward", "/v1/matcher".into(), ""),
        (
            "POST /v1/customers/{id}/personal-data",
            "hq_admin",
            customer("/personal-data"),
            r#"{"reason":"asked for at the counter"}"#,
        ),
        (
            "POST /v1/customers/{id}/erasure",
            "agent",
            customer("/erasure"),
            r#"{"ground":"service_ended"}"#,
        ),
        (
            "GET /v1/erasures",
            "hq_admin",
            "/v1/erasures?state=requested".into(),
            "",
        ),
        (
            "GET /v1/erasures/{id}",
            "hq_admin",
            "/v1/erasures/ers_1".into(),
            "",
        ),
        (
            "POST /v1/erasures/{id}/decision",
            "hq_admin",
            "/v1/erasures/ers_1/decision".into(),
            r#"{"decision":"restrict","reason":"repair records must be kept","duties":[{"code":"repair_record","since":"2025-03-05"}]}"#,
        ),
        (
            "POST /v1/erasures/{id}/restricted-records",
            "hq_admin",
            "/v1/erasures/ers_1/restricted-records".into(),
            r#"{"reason":"the regulator asks for it"}"#,
        ),
        (
            "GET /v1/retention-duties",
            "agent",
            "/v1/retention-duties".into(),
            "",
        ),
        (
            "POST /v1/me/erasure",
            "customer",
            "/v1/me/erasure".into(),
            r#"{"ground":"consent_withdrawn"}"#,
        ),
        (
            "GET /v1/me/erasure",
            "customer",
            "/v1/me/erasure".into(),
            "",
        ),
        ("GET /v1/me", "customer", "/v1/me".into(), ""),
        (
            "GET /v1/me/profile",
            "customer",
            "/v1/me/profile".into(),
            "",
        ),
        (
            "GET /v1/me/personal-data",
            "customer",
            "/v1/me/personal-data".into(),
            "",
        ),
        (
            "GET /v1/me/vehicles",
            "customer",
            "/v1/me/vehicles".into(),
            "",
        ),
        ("GET /v1/me/visits", "customer", "/v1/me/visits".into(), ""),
    ]
}
