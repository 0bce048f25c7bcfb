//! Complaint cases and the solutions to them.

use super::Example;

/// A good request for every operation on complaints.
pub(super) fn examples() -> Vec<Example> {
    let complaint = |rest: &str| format!("/v1/complaints/cmp_1{rest}");
    vec![
        (
            "POST /v1/complaints",
            "service",
            "/v1/complaints".into(),
            r#"{"dealer":"D001","source":"dms","customer_key":"C-1024","channel":"phone","category":"service.repair","severity":"high","text":"it squeaks again"}"#,
        ),
        (
            "POST /v1/complaints/repeats",
            "agent",
            "/v1/complaints/repeats".into(),
            r#"{"dealer":"D001","customer_id":"cus_x"}"#,
        ),
        (
            "GET /v1/complaints",
            "manager",
            "/v1/complaints?state=open&overdue=true&compensation_asked=true&sort=due&due_until=2026-11-30&page_size=2".into(),
            "",
        ),
        (
            "GET /v1/complaints/{id}",
            "agent",
            "/v1/complaints/T00000427".into(),
            "",
        ),
        (
            "POST /v1/complaints/{id}/transitions",
            "service",
            complaint("/transitions"),
            r#"{"to":"acknowledged","note":"called back"}"#,
        ),
        (
            "POST /v1/complaints/{id}/amendments",
            "manager",
            complaint("/amendments"),
            r#"{"severity":"critical","dealer":"D002","note":"he may not brake, and he has moved"}"#,
        ),
        (
            "POST /v1/complaints/{id}/notes",
            "technician",
            complaint("/notes"),
            r#"{"note":"the pad is glazed"}"#,
        ),
        (
            "POST /v1/complaints/{id}/tasks",
            "agent",
            complaint("/tasks"),
            r#"{"department":"parts","text":"find the part","due_at":"2026-11-23"}"#,
        ),
        (
            "GET /v1/complaints/tasks",
            "technician",
            "/v1/complaints/tasks?department=parts&overdue=true&page_size=5".into(),
            "",
        ),
        ("GET /v1/workdays", "dms", "/v1/workdays".into(), ""),
        (
            "PUT /v1/workdays/{year}",
            "hq_admin",
            "/v1/workdays/2027".into(),
            r#"{"source":"国办发明电〔2026〕7号","off":[{"from":"2027-01-01","to":"2027-01-03"}],"on":["2027-01-09"]}"#,
        ),
        (
            "POST /v1/complaints/{id}/tasks/{task}/amendments",
            "manager",
            complaint("/tasks/tsk_1/amendments"),
            r#"{"owner":"S18","due_at":"2026-11-25","note":"S17 is ill"}"#,
        ),
        (
            "POST /v1/complaints/{id}/tasks/{task}/outcome",
            "technician",
            complaint("/tasks/tsk_1/outcome"),
            r#"{"outcome":"it is here"}"#,
        ),
        (
            "POST /v1/complaints/{id}/attachments",
            "service",
            complaint("/attachments"),
            "%PDF-1.7 a report",
        ),
        (
            "GET /v1/complaints/{id}/attachments",
            "technician",
            complaint("/attachments"),
            "",
        ),
        (
            "GET /v1/complaints/{id}/attachments/{attachment}",
            "agent",
            complaint("/attachments/att_1"),
            "",
        ),
        (
            "POST /v1/complaints/{id}/compensations",
            "service",
            complaint("/compensations"),
            r#"{"kind":"voucher","amount":"300.00","reason":"he waited three days"}"#,
        ),
        (
            "POST /v1/complaints/{id}/compensations/{compensation}/decision",
            "manager",
            complaint("/compensations/com_1/decision"),
            r#"{"decision":"approve","note":"he is right"}"#,
        ),
        (
            "GET /v1/complaints/alerts",
            "analyst",
            "/v1/complaints/alerts?page_size=5".into(),
            "",
        ),
        (
            "GET /v1/dealers/{dealer}/calendar",
            "service",
            "/v1/dealers/D001/calendar".into(),
            "",
        ),
        (
            "PUT /v1/dealers/{dealer}/calendar",
            "manager",
            "/v1/dealers/D001/calendar".into(),
            r#"{"opens":"08:30","closes":"20:00","every_day":true}"#,
        ),
        (
            "GET /v1/complaints/report",
            "analyst",
            "/v1/complaints/report?from=2026-01-01&to=2026-01-31&by=dealer".into(),
            "",
        ),
        (
            "GET /v1/complaints/{id}/desk",
            "agent",
            complaint("/desk"),
            "",
        ),
        (
            "POST /v1/complaints/search",
            "service",
            "/v1/complaints/search".into(),
            r#"{"query":"刹车异响","limit":3}"#,
        ),
        (
            "GET /v1/complaints/feed",
            "manager",
            "/v1/complaints/feed".into(),
            "",
        ),
        (
            "PUT /v1/complaints/{id}/solutions/{solution}",
            "service",
            complaint("/solutions/sol_1"),
            "",
        ),
        (
            "GET /v1/solutions",
            "technician",
            "/v1/solutions?query=brake&approved=true".into(),
            "",
        ),
        (
            "POST /v1/solutions",
            "technician",
            "/v1/solutions".into(),
            r#"{"title":"brakes squeak","text":"bed them in"}"#,
        ),
        (
            "GET /v1/solutions/{id}",
            "analyst",
            "/v1/solutions/sol_1".into(),
            "",
        ),
        (
            "PUT /v1/solutions/{id}",
            "agent",
            "/v1/solutions/sol_1".into(),
            r#"{"title":"brakes squeak","text":"bed them in slowly"}"#,
        ),
        (
            "POST /v1/solutions/{id}/decision",
            "steward",
            "/v1/solutions/sol_1/decision".into(),
            r#"{"decision":"approve"}"#,
        ),
        (
            "GET /v1/me/complaints",
            "customer",
            "/v1/me/complaints".into(),
            "",
        ),
    ]
}
