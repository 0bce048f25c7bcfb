//! An angry customer's case runs its course: nobody answers, the case climbs by itself, then it is solved.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{
    super::{client::Api, say},
    clock::FastClock,
    person::Person,
};

/// When what happens, in minutes: the first response of a critical case is due in half an hour.
const SILENCE: [(u64, &str, &str); 4] = [
    (23, "warning", "warned before the half hour is over"),
    (8, "agent", "overdue: the agent hears of it"),
    (15, "manager", "the dealer's manager"),
    (15, "region", "the region"),
];

/// Lets the case run from the first call to the end.
pub(super) async fn tell(
    admin: &Api,
    agent: &Api,
    clock: &FastClock,
    (person, dealer): (&Person, &str),
) -> anyhow::Result<()> {
    // The story goes on at night and on Sundays too.
    let hours = json!({"opens": "00:00", "closes": "24:00", "every_day": true});
    admin
        .put(&format!("/v1/dealers/{dealer}/calendar"), &hours)
        .await?;
    let id = open(agent, person, dealer).await?;
    for (minutes, step, words) in SILENCE {
        clock.pass(Duration::from_secs(minutes * 60));
        wait_for(agent, &id, step).await?;
        say(format_args!(
            "  {minutes} minutes later, nobody has answered: {words}"
        ))?;
    }
    for (to, note, words) in [
        (
            "acknowledged",
            "called him, apologised",
            "The region calls him: greet, listen, calm.",
        ),
        ("in_progress", "", "The workshop takes the car in."),
        (
            "waiting_parts",
            "pads are ordered",
            "It waits for a part; the clock of the resolution stands still.",
        ),
        ("in_progress", "pads are here", "The part is here."),
        (
            "resolved",
            "original pads fitted, road test without noise",
            "Solved, and said what was done.",
        ),
        (
            "followed_up",
            "he is content",
            "Asked three days later: content.",
        ),
        ("closed", "", "Closed."),
    ] {
        move_to(agent, &id, to, note).await?;
        say(format_args!("  {words}"))?;
    }
    let case = agent.get(&format!("/v1/complaints/{id}")).await?;
    let entries = case["entries"].as_array().map_or(0, Vec::len);
    say(format_args!(
        "  {entries} entries tell its course: GET /v1/complaints/{}\n  (This demo's clock is an hour ahead from here on.)\n",
        case["number"].as_str().unwrap_or_default()
    ))
}

async fn open(agent: &Api, person: &Person, dealer: &str) -> anyhow::Result<String> {
    let complaint = json!({
        "dealer": dealer, "customer_id": person.id, "channel": "phone", "category": "service.repair",
        "severity": "critical", "text": "同一个刹车异响修了三次还没好，今天必须给我答复！",
        "another_matter": true,
    });
    let opened = agent.post("/v1/complaints", &complaint).await?;
    say(format_args!(
        "Now he calls, angry: his brakes were mended three times and still squeak. Case {}, first answer due in half an hour.",
        opened["number"].as_str().unwrap_or_default()
    ))?;
    Ok(opened["id"]
        .as_str()
        .context("a case has an id")?
        .to_owned())
}

async fn move_to(agent: &Api, id: &str, to: &str, note: &str) -> anyhow::Result<()> {
    let body = json!({"to": to, "note": note});
    agent
        .post(&format!("/v1/complaints/{id}/transitions"), &body)
        .await?;
    Ok(())
}

/// Waits until the scheduler has taken a step: it looks twice a second.
async fn wait_for(agent: &Api, id: &str, step: &str) -> anyhow::Result<()> {
    let mut case = Value::Null;
    for _ in 0..100 {
        case = agent.get(&format!("/v1/complaints/{id}")).await?;
        if case["escalated_to"] == step {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("the case is at {} and not at {step}", case["escalated_to"])
}
