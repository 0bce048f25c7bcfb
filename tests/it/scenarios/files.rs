//! Dealers' files.

use marque_auth::Role;
use marque_system_tests::Sandbox;
use reqwest::StatusCode;
use serde_json::json;

use super::{in_both_topologies, two_dealers};

in_both_topologies!(
    three_files_become_one_full_picture,
    a_file_sent_twice_changes_nothing,
    a_file_that_cannot_be_read_is_refused_whole,
    an_unknown_dealer_is_refused,
);

const CUSTOMERS: &str = "\
客户编号,姓名,身份证号,手机号,车牌号,车架号,特殊要求
c1,王小明,11010519491231002X,138 0013 8001,京A12345,LJ1EEKRN7R4000001,
c2,李女士,,13900139002,,,
c3,,,,,,
";
const VEHICLES: &str = "\
vin,plate,brand,series,model,model_year,owner_key,insurance_expiry
LJ1EEKRN7R4000001,京A12345,Nova,S5,S5 Plus,2024,c1,2027-03-01
";
const VISITS: &str = "\
order_number,vin,customer_key,kind,opened_at,closed_at,odometer_km,amount,line_kind,code,name,quantity,unit_price,technician
R1,LJ1EEKRN7R4000001,c1,maintenance,2026-05-01 09:00,2026-05-01 11:00,9800,560.00,part,OIL-5W30,机油,4,90.00,T7
R1,LJ1EEKRN7R4000001,c1,maintenance,2026-05-01 09:00,2026-05-01 11:00,9800,560.00,labour,L100,保养,1,200.00,T7
";

async fn three_files_become_one_full_picture(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let dms = sandbox.dealer(Role::Dms, "D1");
    // Visits first: facts may arrive before whom they are about.
    assert_eq!(
        dms.import("visits", "D1", VISITS).await?["state"],
        "succeeded"
    );
    let customers = dms.import("customers", "D1", CUSTOMERS).await?;
    assert_eq!(
        (
            &customers["state"],
            &customers["received"],
            &customers["quarantined"]
        ),
        (&json!("succeeded"), &json!(3), &json!(1))
    );
    assert_eq!(
        dms.import("vehicles", "D1", VEHICLES).await?["state"],
        "succeeded"
    );
    let agent = sandbox.headquarters(Role::Agent);
    let found = agent
        .post("/v1/lookup", json!({"phone": "+86 138-0013-8001"}))
        .await?;
    assert_eq!(found.status, StatusCode::OK, "{}", found.body);
    let id = found.body["customers"][0]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let profile = agent
        .eventually(&format!("/v1/customers/{id}/profile"), |profile| {
            let text = profile.to_string();
            text.contains("LJ1EEKRN7R4000001") && text.contains("9800")
        })
        .await?;
    assert_eq!(profile["customer"]["name"], "王小明");
    assert!(
        !profile.to_string().contains("11010519491231002X"),
        "the ID number is masked"
    );
    sandbox.stop().await
}

async fn a_file_sent_twice_changes_nothing(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let dms = sandbox.dealer(Role::Dms, "D1");
    for (kind, file, rows) in [
        ("customers", CUSTOMERS, 2),
        ("vehicles", VEHICLES, 1),
        ("visits", VISITS, 2),
    ] {
        dms.import(kind, "D1", file).await?;
        let again = dms.import(kind, "D1", file).await?;
        assert_eq!(again["unchanged"], rows, "{kind}");
        assert_eq!(
            (&again["accepted"], &again["with_findings"]),
            (&json!(0), &json!(0)),
            "{kind}"
        );
    }
    sandbox.stop().await
}

async fn a_file_that_cannot_be_read_is_refused_whole(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let dms = sandbox.dealer(Role::Dms, "D1");
    let too_long = format!("source_key,name\n1,王小明\n2,{}\n", "x".repeat(3 << 20));
    for (file, reason) in [
        (" \n", "EMPTY_FILE"),
        ("a,b\n1,2\n", "NO_HEADER"),
        (too_long.as_str(), "LINE_TOO_LONG"),
    ] {
        let import = dms.import("customers", "D1", file).await?;
        assert_eq!(import["state"], "failed", "{reason}");
        assert!(import.to_string().contains(reason), "{import}");
        assert_eq!(import["received"], 0, "nothing is half done");
    }
    sandbox.stop().await
}

async fn an_unknown_dealer_is_refused(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let refused = sandbox
        .dealer(Role::Dms, "D9")
        .import("customers", "D9", CUSTOMERS)
        .await;
    assert!(refused.is_err_and(|error| error.to_string().contains("DEALER_UNKNOWN")));
    let foreign = sandbox
        .dealer(Role::Dms, "D1")
        .import("customers", "D2", CUSTOMERS)
        .await;
    assert!(
        foreign.is_err_and(|error| error.to_string().contains("DEALER_UNKNOWN")),
        "another dealer is as unknown"
    );
    sandbox.stop().await
}
