//! What a person may ask of those who keep his data (PIPL Art. 15, 44 to 47).

use std::collections::BTreeMap;

use marque_auth::{Role, Scope};
use marque_system_tests::{Api, Sandbox};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{in_both_topologies, two_dealers};

in_both_topologies!(
    a_person_gets_everything_that_is_kept_about_him,
    withdrawn_consent_counts_from_the_next_call_on,
);

/// One row of each kind about one person. A new personal column of the dictionary has to be put here, and is then looked for
/// in what he gets.
const ROWS: [(&str, &[(&str, &str)]); 4] = [
    (
        "customers",
        &[
            ("source_key", "C000123"),
            ("kind", "person"),
            ("name", "孟晓岚"),
            ("id_number", "11010519491231002X"),
            ("phone", "13912340567"),
            ("phone2", "0311-87650432"),
            ("email", "meng@example.com"),
            ("wechat", "meng_xl"),
            ("gender", "女"),
            ("birthday", "1949-12-31"),
            (
                "address",
                "河北省石家庄市裕华区槐安路88号样例小区3号楼2单元501室",
            ),
            ("occupation", "教师"),
            ("industry", "教育培训"),
            ("income_band", "10-20万"),
            ("hobbies", "钓鱼、自驾"),
            ("explicit_requests", "下午六点后再来电"),
            ("special_needs", "使用轮椅"),
            ("contact_name", "孟小川"),
            ("plate", "冀A8K302"),
            ("vin", "LJ1EEKRN7R4000001"),
            ("clerk", "S0123"),
        ],
    ),
    (
        "vehicles",
        &[
            ("vin", "LJ1EEKRN7R4000001"),
            ("plate", "冀A8K302"),
            ("brand", "样例"),
            ("series", "远行"),
            ("model", "远行 2.0T 尊享"),
            ("owner_key", "C000123"),
            ("车主备注", "每周三下午可来电"),
        ],
    ),
    (
        "visits",
        &[
            ("order_number", "RO20260305001"),
            ("vin", "LJ1EEKRN7R4000001"),
            ("customer_key", "C000123"),
            ("kind", "保养"),
            ("opened_at", "2026-03-05 09:10"),
            ("odometer_km", "45210"),
            ("adviser", "A0031"),
            ("amount", "680.00"),
            ("line_kind", "labour"),
            ("code", "26300-35505"),
            ("name", "机油滤清器"),
            ("quantity", "1"),
            ("unit_price", "45.00"),
            ("technician", "T0007"),
            ("送修人备注", "车里有儿童座椅"),
        ],
    ),
    (
        "complaints",
        &[
            ("complaint_key", "TS20260305001"),
            ("customer_key", "C000123"),
            ("vin", "LJ1EEKRN7R4000001"),
            ("opened_at", "2026-03-05 10:00"),
            ("channel", "电话"),
            ("category", "质量"),
            ("severity", "高"),
            ("text", "交车后三天仪表报警"),
            ("department", "售后"),
        ],
    ),
];

/// The visit as it came first.
const EARLIER_VISIT: &[(&str, &str)] = &[
    ("order_number", "RO20260305001"),
    ("vin", "LJ1EEKRN7R4000001"),
    ("customer_key", "C000123"),
    ("opened_at", "2026-03-05 09:10"),
    ("complaint_text", "起步时有咔嗒声"),
];

/// What dealers tell of him beside his records.
const FACTS: [(&str, &[(&str, &str)]); 3] = [
    (
        "purchases",
        &[
            ("purchase_key", "SO1"),
            ("customer_key", "C000123"),
            ("amount", "218765.43"),
            ("date", "2025-02-03"),
        ],
    ),
    (
        "payments",
        &[
            ("payment_key", "PM1"),
            ("customer_key", "C000123"),
            ("amount", "7654.32"),
            ("date", "2025-03-03"),
        ],
    ),
    (
        "assessments",
        &[
            ("assessment_key", "AS1"),
            ("customer_key", "C000123"),
            ("subject", "survey"),
            ("value", "4"),
            ("date", "2025-04-04"),
        ],
    ),
];

/// Whatever of him no field of the dictionary names: columns of the dealers' own, words that a correction replaced, facts.
const BESIDE: [&str; 6] = [
    "每周三下午可来电",
    "车里有儿童座椅",
    "起步时有咔嗒声",
    "218765.43",
    "7654.32",
    "survey",
];

async fn a_person_gets_everything_that_is_kept_about_him(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let admin = sandbox.headquarters(Role::HqAdmin);
    import(&admin, "visits", EARLIER_VISIT).await?;
    for (kind, row) in ROWS.into_iter().chain(FACTS) {
        import(&admin, kind, row).await?;
    }
    let found = admin
        .post("/v1/lookup", json!({"phone": "13912340567"}))
        .await?
        .body;
    let id = found["customers"][0]["id"].as_str().unwrap_or_default();
    let person = sandbox.caller(Role::Customer, Scope::Customer(id.parse()?));
    // It is handed out whether or not he wants to be scored.
    let refused = json!({"given": false, "notice_version": "2026-01", "channel": "app"});
    let answer = person.put("/v1/me/consents/scoring", refused).await?;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let has_all = |data: &Value| {
        let has = |part: &str| data[part].as_array().map_or(0, Vec::len);
        let parts = [
            "vehicles",
            "vehicle_rows",
            "visits",
            "earlier_visits",
            "complaints",
        ];
        parts.into_iter().all(|part| has(part) > 0) && has("facts") == FACTS.len()
    };
    let data = person.eventually("/v1/me/personal-data", has_all).await?;
    let text = data.to_string();
    let dictionary = admin.get("/v1/quality/dictionary").await?.body;
    let rows: BTreeMap<&str, BTreeMap<&str, &str>> = ROWS
        .iter()
        .map(|(kind, row)| (*kind, row.iter().copied().collect()))
        .collect();
    let mut looked_for = 0;
    for field in dictionary["fields"].as_array().into_iter().flatten() {
        let (kind, column) = (field["kind"].as_str(), field["column"].as_str());
        let (kind, column) = (kind.unwrap_or_default(), column.unwrap_or_default());
        if field["class"] == json!("none") {
            continue;
        }
        let value = rows[kind].get(column);
        let value =
            value.unwrap_or_else(|| panic!("the rows of this test have no {kind}.{column}"));
        assert!(text.contains(value), "{kind}.{column} is kept back");
        looked_for += 1;
    }
    assert!(looked_for >= 25, "{looked_for} fields are few");
    for told in BESIDE {
        assert!(text.contains(told), "{told} is kept back");
    }
    assert!(
        data["history"]
            .as_array()
            .is_some_and(|list| !list.is_empty())
    );
    // For who has no app headquarters asks, with a reason; he gets the same in clear.
    let path = format!("/v1/customers/{id}/personal-data");
    let given = admin
        .post(&path, json!({"reason": "asked at the counter"}))
        .await?
        .body;
    let parts = [
        "source_records",
        "vehicles",
        "vehicle_rows",
        "visits",
        "earlier_visits",
        "complaints",
        "facts",
    ];
    for part in parts {
        assert_eq!(given[part], data[part], "{part}");
    }
    assert_eq!(
        given["customer"]["id_number"],
        data["customer"]["id_number"]
    );
    // It is the person's own: nobody else gets it, whatever he may do.
    let others = [
        sandbox.dealer(Role::Manager, "D1"),
        sandbox.headquarters(Role::HqAdmin),
    ];
    for other in others {
        let refused = other.get("/v1/me/personal-data").await?;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
    }
    sandbox.stop().await
}

/// Sends a file of one row and waits until it is in.
async fn import(admin: &Api, kind: &str, row: &[(&str, &str)]) -> anyhow::Result<()> {
    let quote = |text: &str| format!("\"{text}\"");
    let header: Vec<String> = row.iter().map(|(column, _)| quote(column)).collect();
    let values: Vec<String> = row.iter().map(|(_, value)| quote(value)).collect();
    let file = format!("{}\n{}\n", header.join(","), values.join(","));
    let done = admin.import(kind, "D1", &file).await?;
    anyhow::ensure!(
        done["state"] == json!("succeeded") && done["quarantined"] == json!(0),
        "{kind}: {done}"
    );
    Ok(())
}

async fn withdrawn_consent_counts_from_the_next_call_on(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let sales = sandbox.dealer(Role::Sales, "D1");
    let row = json!({"name": "王小明", "phone": "13800138001"});
    let put = sales.put("/v1/source-records/D1/dms/a", row).await?;
    let id = put.body["customer_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let person = sandbox.caller(Role::Customer, Scope::Customer(id.parse()?));
    for given in [true, false] {
        let body = json!({"given": given, "notice_version": "2026-01", "channel": "app"});
        let answer = person.put("/v1/me/consents/marketing", body).await?;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let seen = sales.get(&format!("/v1/customers/{id}")).await?.body;
        let consent = seen["consents"]
            .as_array()
            .and_then(|list| list.iter().find(|one| one["purpose"] == json!("marketing")))
            .cloned()
            .unwrap_or_default();
        assert_eq!(consent["given"], json!(given), "{consent}");
    }
    sandbox.stop().await
}
