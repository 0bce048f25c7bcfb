//! Non-interference (reliability.md A2): what other dealers' records are never changes an answer to a dealer.
//!
//! Two systems: in one a dealer is alone, in the other another dealer has records too, under the same keys and order numbers. The same
//! calls in an order drawn by chance go to both, and each answer must be the same once ids, numbers and times are taken out.
//! Left out is what speaks of all dealers by design: look-ups and checks for duplicates across dealers, ranks, tiers and
//! the standing within a region. `MARQUE_APART_CALLS` sets how many calls are made (300), `MARQUE_APART_SEED` which.

use std::{collections::HashMap, time::Duration};

use anyhow::Context as _;
use marque_auth::Role;
use marque_system_tests::{Api, Sandbox, Topology};
use reqwest::Method;
use serde_json::{Value, json};

use crate::scenarios::two_dealers;

/// How long an answer may need until events have made it the same.
const SETTLED: Duration = Duration::from_secs(20);
/// Parts of answers that speak of all dealers by design, or of the moment.
const TIMED_OR_RANKED: [&str; 7] = [
    "score",
    "tier",
    "loyalty",
    "due_dates",
    "used_seconds",
    "request_id",
    "instance",
];
/// Records that the calls are about, of each kind.
const KEYS: u64 = 6;

/// Numbers drawn by chance (SplitMix64, Steele et al. 2014), the same for one seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// A call, in terms that both systems understand.
#[derive(Debug, Clone)]
struct Call {
    role: Role,
    method: Method,
    /// A place in braces is the id that an earlier answer gave under this name.
    path: String,
    body: Option<Value>,
    /// Under which name to remember the id in the answer.
    remember: Option<String>,
}

/// One of the two systems: callers by role, and the ids it has given.
struct World {
    sandbox: Sandbox,
    ids: HashMap<String, String>,
}

impl World {
    async fn start() -> anyhow::Result<Self> {
        let sandbox = Sandbox::start(Topology::AllInOne).await?;
        two_dealers(&sandbox).await?;
        Ok(Self {
            sandbox,
            ids: HashMap::new(),
        })
    }

    fn api(&self, role: Role) -> Api {
        self.sandbox.dealer(role, "D1")
    }

    /// Makes a call as D1; what it says, without what differs from system to system.
    async fn make(&mut self, call: &Call) -> anyhow::Result<Value> {
        let mut path = call.path.clone();
        if let Some((before, rest)) = call.path.split_once('{') {
            let (name, after) = rest.split_once('}').context("a closing brace")?;
            let nobody = format!("{}00000000000070008000000000000000", prefix(name));
            let id = self.ids.get(name).unwrap_or(&nobody);
            path = format!("{before}{id}{after}");
        }
        let body = call.body.as_ref().map(Value::to_string);
        let answer = self
            .api(call.role)
            .call(call.method.clone(), &path, body, &[])
            .await?;
        if let Some(name) = &call.remember {
            let key = name.rsplit('-').next().unwrap_or_default();
            let told = match &answer.body["visit"] {
                Value::Null => &answer.body,
                visit => visit,
            };
            let said = |field: &str| told[field].as_str().map(str::to_owned);
            let ids = [
                (said("id"), name.clone()),
                (said("customer_id"), format!("customer-{key}")),
                (said("vehicle_id"), format!("vehicle-{key}")),
                (said("visit_id"), format!("visit-{key}")),
            ];
            let known = ids.into_iter().filter_map(|(id, name)| Some((name, id?)));
            self.ids.extend(known);
        }
        Ok(json!({"status": answer.status.as_u16(), "body": without_names(answer.body)}))
    }
}

/// The letters before an id of what a name names.
fn prefix(name: &str) -> &'static str {
    match name.split('-').next().unwrap_or_default() {
        "vehicle" => "veh_",
        "visit" => "vis_",
        "complaint" => "cmp_",
        "record" => "src_",
        _ => "cus_",
    }
}

/// An answer with ids, numbers of customers and cases, times and places in lists replaced by what they are. Numbers are shuffled under
/// the keys of each system (ADR 39), so that those of two systems differ whatever others have; that they do not count is tested with
/// the services.
fn without_names(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(name, _)| !TIMED_OR_RANKED.contains(&name.as_str()))
            .map(|(name, value)| {
                let is_name = name == "number" || name.ends_with("_token");
                let value = if is_name && value.is_string() {
                    json!("a name")
                } else {
                    without_names(value)
                };
                (name, value)
            })
            .collect(),
        Value::Array(entries) => entries
            .into_iter()
            .filter(|entry| entry["act"] != "ranked")
            .map(without_names)
            .collect(),
        Value::String(text) if is_id(&text) || is_time(&text) => json!("a name"),
        other => other,
    }
}

fn is_id(text: &str) -> bool {
    let body = text.split_once('_').map_or("", |(_, body)| body);
    body.len() == 32 && body.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_time(text: &str) -> bool {
    text.len() > 19 && text.as_bytes()[10] == b'T' && text.as_bytes()[13] == b':'
}

/// The VIN of a dealer's car.
fn vin(dealer: u64, key: u64) -> String {
    format!("WVWZZZ{dealer}KZDE{:06}", 100_000 + key)
}

/// A record of a dealer's customer. People of two dealers have nothing in common.
fn person(dealer: u64, key: u64, version: u64) -> Value {
    let names = [["王小明", "李雪梅"], ["欧阳建国", "司徒美堂"]];
    let name = names[dealer as usize][(key % 2) as usize];
    json!({
        "name": format!("{name}{}", ["一", "二", "三", "四", "五", "六"][key as usize]),
        "phone": format!("13{dealer}0013{:04}", 8_000 + key * 37),
        "address": format!("{}路{}号{version}室", ["浦东", "虹口"][dealer as usize], 10 + key),
        "vin": vin(dealer, key),
    })
}

fn visit(dealer: &str, at: u64, key: u64, order: u64, km: u64) -> Value {
    json!({
        "dealer": dealer, "source": "dms", "order_number": format!("RO-{order}"), "customer_key": format!("c{key}"),
        "vin": vin(at, key), "kind": "maintenance", "opened_at": "2026-03-01 09:00", "odometer_km": km,
        "amount": "100.00",
    })
}

fn complaint(dealer: &str, at: u64, key: u64) -> Value {
    json!({
        "dealer": dealer, "source": "dms", "customer_key": format!("c{key}"), "vin": vin(at, key), "channel": "phone",
        "category": "维修质量", "severity": "high", "text": "刹车响", "another_matter": true,
    })
}

/// What a dealer's people do, drawn by chance.
fn draw(dice: &mut Dice) -> Call {
    let (key, choice) = (dice.below(KEYS), dice.below(16));
    let get = |role, path: String| Call {
        role,
        method: Method::GET,
        path,
        body: None,
        remember: None,
    };
    let send = |role, method, path: String, body: Value, remember: Option<String>| Call {
        role,
        method,
        path,
        body: Some(body),
        remember,
    };
    match choice {
        0..3 => {
            let path = format!("/v1/source-records/D1/dms/c{key}");
            let body = person(0, key, dice.below(3));
            send(
                Role::Dms,
                Method::PUT,
                path,
                body,
                Some(format!("record-{key}")),
            )
        }
        3 | 4 => {
            let order = dice.below(KEYS * 2);
            let body = visit("D1", 0, key, order, 1_000 * dice.below(50));
            let name = Some(format!("visit-{key}"));
            send(Role::Dms, Method::POST, "/v1/visits".into(), body, name)
        }
        5 => {
            let body = complaint("D1", 0, key);
            let name = Some(format!("complaint-{key}"));
            send(
                Role::Service,
                Method::POST,
                "/v1/complaints".into(),
                body,
                name,
            )
        }
        6 => {
            let to = ["acknowledged", "in_progress", "resolved"][dice.below(3) as usize];
            let path = format!("/v1/complaints/{{complaint-{key}}}/transitions");
            let body = json!({"to": to, "note": "so it is"});
            send(Role::Service, Method::POST, path, body, None)
        }
        7 => get(Role::Sales, format!("/v1/customers/{{customer-{key}}}")),
        8 => get(
            Role::Sales,
            format!("/v1/customers/{{customer-{key}}}/source-records"),
        ),
        9 => get(
            Role::Service,
            format!("/v1/vehicles/{{vehicle-{key}}}/visits"),
        ),
        10 => get(Role::Service, format!("/v1/visits/{{visit-{key}}}")),
        11 => get(
            Role::Manager,
            format!("/v1/customers/{{customer-{key}}}/history"),
        ),
        12 => get(
            Role::Manager,
            format!("/v1/complaints?page_size={}", 1 + dice.below(5)),
        ),
        13 => get(Role::Manager, "/v1/imports?page_size=3".into()),
        14 => get(
            Role::Sales,
            format!("/v1/customers/{{customer-{key}}}/profile"),
        ),
        _ => get(
            Role::Service,
            format!("/v1/vehicles/{{vehicle-{key}}}/readings"),
        ),
    }
}

/// The other dealer's records: the same keys, order numbers and words, other people and cars.
async fn another_dealer(world: &World) -> anyhow::Result<()> {
    let api = world.sandbox.dealer(Role::Dms, "D2");
    let desk = world.sandbox.dealer(Role::Service, "D2");
    for key in 0..KEYS {
        let path = format!("/v1/source-records/D2/dms/c{key}");
        let mut answers = vec![api.put(&path, person(1, key, 0)).await?];
        for order in [key, KEYS + key] {
            answers.push(
                api.post("/v1/visits", visit("D2", 1, key, order, 9_000))
                    .await?,
            );
        }
        answers.push(desk.post("/v1/complaints", complaint("D2", 1, key)).await?);
        for answer in answers {
            anyhow::ensure!(answer.status.is_success(), "{}", answer.body);
        }
    }
    let file = "source_key,name,phone\nc90,诸葛亮,13100132999\nc91,,\n";
    api.import("customers", "D2", file).await?;
    Ok(())
}

/// Where two answers differ.
fn difference(mine: &Value, theirs: &Value) -> Option<String> {
    let within = |name: &str, mine, theirs| Some(format!("{name}.{}", difference(mine, theirs)?));
    match (mine, theirs) {
        (Value::Object(left), Value::Object(right)) => {
            let mut names = left.keys().chain(right.keys());
            names.find_map(|name| within(name, &mine[name], &theirs[name]))
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            let mut pairs = left.iter().zip(right).enumerate();
            pairs.find_map(|(at, (mine, theirs))| within(&at.to_string(), mine, theirs))
        }
        _ => (mine != theirs).then(|| format!(" {mine} alone, {theirs} beside others")),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how many calls a run makes is no setting of the program"
)]
fn variable(name: &str, default: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_have_changes_no_answer() -> anyhow::Result<()> {
    let (mut alone, mut beside) = (World::start().await?, World::start().await?);
    another_dealer(&beside).await?;
    let mut dice = Dice(variable("MARQUE_APART_SEED", 20_261_123));
    let mut said = HashMap::<u64, u32>::new();
    for number in 0..variable("MARQUE_APART_CALLS", 300) {
        let call = draw(&mut dice);
        let (mut mine, mut theirs) = (alone.make(&call).await?, beside.make(&call).await?);
        let began = std::time::Instant::now();
        while call.method == Method::GET && mine != theirs && began.elapsed() < SETTLED {
            tokio::time::sleep(Duration::from_millis(50)).await;
            (mine, theirs) = (alone.make(&call).await?, beside.make(&call).await?);
        }
        let differs = difference(&mine, &theirs);
        assert!(differs.is_none(), "call {number}, {call:?}: {differs:?}");
        *said
            .entry(mine["status"].as_u64().unwrap_or(0))
            .or_default() += 1;
    }
    assert!(said[&200] > 20 && said[&201] > 5, "{said:?}");
    alone.sandbox.stop().await?;
    beside.sandbox.stop().await
}
