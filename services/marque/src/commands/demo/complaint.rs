//! An angry customer's case runs its course: nobody answers, the case climbs by itself, then it is solved.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::{
    super::{client::Api, say},
    clock::FastClock,
    person::Person,
};

/// The steps of the escalation, and who is reached by each.
const LADDER: [(&str, &str); 6] = [
    ("none", "nobody"),
    ("warning", "warned before the time is over"),
    ("agent", "overdue: the agent hears of it"),
    ("manager", "the dealer's manager"),
    ("region", "the region"),
    ("headquarters", "headquarters"),
];
/// The step at which somebody answers at last.
const ANSWERED_AT: usize = 4;

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
    stay_silent(agent, clock, &id).await?;
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
    let case = case(agent, &id).await?;
    let entries = case["entries"].as_array().map_or(0, Vec::len);
    say(format_args!(
        "  {entries} entries tell its course: GET /v1/complaints/{}\n  (This demo's clock is ahead by as much from here on.)\n",
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
        "Now he calls, angry: his brakes were mended three times and still squeak. Case {}, first answer due in {} minutes.",
        opened["number"].as_str().unwrap_or_default(),
        minutes(&opened, "budget_seconds")
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

/// Lets time pass until the case has climbed as far as it shall. How long that takes depends on who calls: a VIP has half the time, and
/// he may be known for one only while his case climbs. So each time the case is asked what is due next, and may be found further.
async fn stay_silent(agent: &Api, clock: &FastClock, id: &str) -> anyhow::Result<()> {
    let mut reached = 0;
    while reached < ANSWERED_AT {
        let wait = minutes_to_next(&case(agent, id).await?, reached);
        clock.pass(Duration::from_secs(wait * 60));
        let now = climbed(agent, id, reached).await?;
        for (_, words) in &LADDER[reached + 1..=now] {
            say(format_args!(
                "  {wait} minutes later, nobody has answered: {words}"
            ))?;
        }
        reached = now;
    }
    Ok(())
}

/// Minutes until the next step after one: a clock warns at three quarters of its time, tells the agent at its end, and climbs with each
/// further half of it, a quarter of an hour at least.
fn minutes_to_next(case: &Value, reached: usize) -> u64 {
    let time = minutes(case, "budget_seconds");
    let due = match reached as u64 {
        0 => time * 3 / 4,
        step => time + (time / 2).max(15) * (step - 1),
    };
    (due + 1).saturating_sub(minutes(case, "used_seconds"))
}

/// Minutes of the clock that waits for the first answer.
fn minutes(case: &Value, key: &str) -> u64 {
    let mut clocks = case["clocks"].as_array().into_iter().flatten();
    clocks
        .find(|clock| clock["kind"] == "first_response")
        .and_then(|clock| clock[key].as_u64())
        .unwrap_or_default()
        / 60
}

async fn case(agent: &Api, id: &str) -> anyhow::Result<Value> {
    agent.get(&format!("/v1/complaints/{id}")).await
}

/// Waits until the scheduler has taken the case further than a step, and answers how far: it looks twice a second.
async fn climbed(agent: &Api, id: &str, reached: usize) -> anyhow::Result<usize> {
    for _ in 0..100 {
        let case = case(agent, id).await?;
        let step = LADDER
            .iter()
            .position(|(step, _)| case["escalated_to"] == *step);
        if let Some(now) = step.filter(|now| *now > reached) {
            return Ok(now);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!(
        "nobody was told of the case after the step {}: see `marque doctor`",
        LADDER[reached].0
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_story_waits_for_what_is_due_to_whoever_calls() {
        let case = |budget: u64, used: u64| {
            let clock = |kind: &str, budget: u64| json!({"kind": kind, "budget_seconds": budget * 60, "used_seconds": used * 60});
            json!({"clocks": [clock("resolution", 1080), clock("first_response", budget)]})
        };
        for (budget, used, reached, wait) in [
            (30, 0, 0, 23),
            (30, 23, 1, 8),
            (30, 31, 2, 15),
            (30, 46, 3, 15),
            (15, 0, 0, 12),
            (15, 12, 1, 4),
            (15, 16, 2, 15),
            // A VIP since he called: what is due to him is late already.
            (15, 23, 1, 0),
        ] {
            assert_eq!(minutes_to_next(&case(budget, used), reached), wait);
        }
    }
}
