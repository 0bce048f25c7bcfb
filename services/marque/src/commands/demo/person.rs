//! One person of the demo, told as a call-centre agent would see him.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use serde_json::Value;

use super::super::{client::Api, say};

/// Somebody to show.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) number: String,
}

/// The person whom most dealers' records turned out to be.
pub(super) async fn most_scattered(api: &Api, imports: &[String]) -> anyhow::Result<Person> {
    let mut dealers_of: HashMap<String, usize> = HashMap::new();
    for import in imports {
        let mut seen: Vec<String> = Vec::new();
        let mut token = String::new();
        loop {
            let page = api
                .get(&format!(
                    "/v1/imports/{import}/rows?page_size=1000&page_token={token}"
                ))
                .await?;
            let ids = page["rows"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|row| row["customer_id"].as_str());
            seen.extend(ids.filter(|id| !id.is_empty()).map(str::to_owned));
            page["next_page_token"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut token);
            if token.is_empty() {
                break;
            }
        }
        seen.sort_unstable();
        seen.dedup();
        for id in seen {
            *dealers_of.entry(id).or_default() += 1;
        }
    }
    let mut ranked: Vec<(usize, String)> = dealers_of
        .into_iter()
        .map(|(id, dealers)| (dealers, id))
        .collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    for (_, id) in ranked.into_iter().take(50) {
        let customer = api.get(&format!("/v1/customers/{id}")).await?;
        if customer["kind"] == "person" {
            let number = customer["number"]
                .as_str()
                .context("a customer has a number")?
                .to_owned();
            return Ok(Person { id, number });
        }
    }
    anyhow::bail!("the demo's files hold no person")
}

/// Prints his full picture.
pub(super) async fn tell(api: &Api, person: &Person) -> anyhow::Result<()> {
    let profile = whole_profile(api, person).await?;
    say(format_args!(
        "One of them, as an agent sees him when he calls (customer number {}):",
        person.number
    ))?;
    tell_customer(&profile["customer"])?;
    tell_cars(&profile)?;
    tell_visits(&profile)?;
    tell_worth(&profile)?;
    say("")
}

/// His profile. Vehicles, visits and score reach him by events: they are waited for a moment.
async fn whole_profile(api: &Api, person: &Person) -> anyhow::Result<Value> {
    let path = format!("/v1/customers/{}/profile", person.id);
    let mut profile = api.get(&path).await?;
    for _ in 0..50 {
        let has_car = items(&profile, "vehicles").next().is_some();
        let has_visit = items(&profile, "visits").next().is_some();
        if has_car && has_visit && profile["score"]["status"] == "scored" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        profile = api.get(&path).await?;
    }
    Ok(profile)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The texts of a list.
fn texts<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    let list = value[key].as_array();
    list.into_iter().flatten().filter_map(Value::as_str)
}

/// Prints who he is, how he is reached and what he asks for.
fn tell_customer(customer: &Value) -> anyhow::Result<()> {
    let dealers: Vec<&str> = texts(customer, "dealers").collect();
    say(format_args!(
        "  {}, {} records of dealers {}",
        text(customer, "name"),
        customer["source_records"],
        dealers.join(", ")
    ))?;
    if let Some(line) = birth_and_home(customer) {
        say(format_args!("  {line}"))?;
    }
    for point in customer["contact_points"].as_array().into_iter().flatten() {
        say(format_args!(
            "  {} {}",
            text(point, "channel"),
            text(point, "value")
        ))?;
    }
    for request in texts(customer, "explicit_requests") {
        say(format_args!("  asks: {request}"))?;
    }
    Ok(())
}

/// When he was born and where he lives, as far as it is known.
fn birth_and_home(customer: &Value) -> Option<String> {
    let (birthday, address) = (text(customer, "birthday"), text(customer, "address"));
    match (birthday.is_empty(), address.is_empty()) {
        (false, false) => Some(format!("born {birthday}, {address}")),
        (false, true) => Some(format!("born {birthday}")),
        (true, false) => Some(address.to_owned()),
        (true, true) => None,
    }
}

fn tell_cars(profile: &Value) -> anyhow::Result<()> {
    for item in items(profile, "vehicles") {
        let vehicle = &item["vehicle"];
        let model = &vehicle["definition"];
        say(format_args!(
            "  drives {} {} ({})",
            text(model, "brand"),
            text(model, "series"),
            text(vehicle, "vin")
        ))?;
    }
    Ok(())
}

/// Prints his last visits.
fn tell_visits(profile: &Value) -> anyhow::Result<()> {
    for visit in items(profile, "visits").take(5) {
        say(format_args!(
            "  {} {} at {}, {} km",
            text(visit, "opened_at").get(..10).unwrap_or_default(),
            text(visit, "kind"),
            text(visit, "dealer"),
            visit["odometer_km"]
        ))?;
    }
    Ok(())
}

/// Prints score, tier, loyalty and what is due, as far as they are there.
fn tell_worth(profile: &Value) -> anyhow::Result<()> {
    let (score, loyalty) = (&profile["score"], &profile["loyalty"]);
    if let Some(points) = score["score"].as_f64() {
        say(format_args!(
            "  is worth {points:.2} of 100: {} (rank {} of {}, {} % of it rests on records)",
            score["tier"].as_str().unwrap_or_default(),
            score["rank"],
            score["size"],
            score["confidence"]
        ))?;
    }
    if let Some(class) = loyalty["class"].as_str() {
        let reasons: Vec<&str> = loyalty["churn"]["reasons"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|reason| reason["en"].as_str())
            .collect();
        say(format_args!(
            "  loyalty: {class}, stays away half a year with {:.0} % {}",
            loyalty["churn"]["probability"].as_f64().unwrap_or_default() * 100.0,
            if reasons.is_empty() {
                String::new()
            } else {
                format!("({})", reasons.join(", "))
            }
        ))?;
    }
    let cars = profile["due_dates"]["cars"].as_array();
    for due in cars
        .into_iter()
        .flatten()
        .filter_map(|car| car["dates"].as_array())
        .flatten()
    {
        let text = |key: &str| due[key].as_str().unwrap_or_default();
        say(format_args!(
            "  due {}: {} ({})",
            text("date"),
            text("kind"),
            text("reason_en")
        ))?;
    }
    Ok(())
}

/// The entries of a part of the profile, whether it is there yet or not.
fn items<'a>(profile: &'a Value, part: &str) -> impl Iterator<Item = &'a Value> {
    let inner = &profile[part];
    let list = inner
        .as_array()
        .or_else(|| inner["items"].as_array())
        .or_else(|| inner[part].as_array());
    list.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_known_of_him_is_left_out() {
        for (customer, line) in [
            (
                json!({"birthday": "1980-01-02", "address": "大连市"}),
                Some("born 1980-01-02, 大连市"),
            ),
            (json!({"birthday": "1980-01-02"}), Some("born 1980-01-02")),
            (json!({"birthday": "", "address": "大连市"}), Some("大连市")),
            (json!({}), None),
        ] {
            assert_eq!(birth_and_home(&customer).as_deref(), line, "{customer}");
        }
    }
}
