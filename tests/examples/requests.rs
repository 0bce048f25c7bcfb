//! Measures requests against a running server: server CPU a request (from /proc), rate and latency, 32 connections.
//!
//! `requests --server http://127.0.0.1:8080 --pid PID --token TOKEN --import ID --csv customers.csv`
//! prints one JSON line for each of profile, read, lookup, create.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

const CONNECTIONS: usize = 32;
const WARM_UP: usize = 2_000;
const REQUESTS: usize = 20_000;

struct Target {
    http: Client,
    base: String,
    token: String,
    pid: String,
    dealer: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags: Vec<String> = std::env::args().collect();
    let flag = |name: &str| {
        let at = flags
            .iter()
            .position(|flag| flag == name)
            .with_context(|| format!("{name} is missing"))?;
        flags
            .get(at + 1)
            .cloned()
            .with_context(|| format!("{name} needs a value"))
    };
    let target = Arc::new(Target {
        http: Client::builder()
            .pool_max_idle_per_host(CONNECTIONS)
            .build()?,
        base: flag("--server")?,
        token: flag("--token")?,
        pid: flag("--pid")?,
        dealer: flag("--dealer")?,
    });
    let customers = Arc::new(customers(&target, &flag("--import")?).await?);
    let phones = Arc::new(phones(&flag("--csv")?)?);
    let ids = Arc::clone(&customers);
    measure("profile", &target, move |t, at| {
        t.get(&format!("/v1/customers/{}/profile", ids[at % ids.len()]))
    })
    .await?;
    let ids = Arc::clone(&customers);
    measure("read", &target, move |t, at| {
        t.get(&format!("/v1/customers/{}", ids[at % ids.len()]))
    })
    .await?;
    measure("lookup", &target, move |t, at| {
        t.post("/v1/lookup", &json!({"phone": phones[at % phones.len()]}))
    })
    .await?;
    measure("create", &target, |t, at| {
        let run = std::process::id();
        let body = json!({"name": name(at), "phone": phone(at + run as usize)});
        t.put(
            &format!("/v1/source-records/{}/bench/{run}-{at}", t.dealer),
            &body,
        )
    })
    .await
}

/// A name as common as names are: forty family names with two of forty characters.
fn name(at: usize) -> String {
    const FAMILY: &str =
        "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡";
    const GIVEN: &str =
        "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国文辉力佳宇晨浩然欣怡";
    let (family, given): (Vec<char>, Vec<char>) =
        (FAMILY.chars().collect(), GIVEN.chars().collect());
    let mixed = at.wrapping_mul(2_654_435_761) >> 7;
    let (first, second) = (given[mixed % given.len()], given[mixed / 64 % given.len()]);
    [family[mixed / 4096 % family.len()], first, second]
        .iter()
        .collect()
}

/// A phone unlike the one before.
fn phone(at: usize) -> String {
    format!("139{:08}", at.wrapping_mul(2_654_435_761) % 100_000_000)
}

impl Target {
    fn get(&self, path: &str) -> RequestBuilder {
        self.http
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.http
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .json(body)
    }

    fn put(&self, path: &str, body: &Value) -> RequestBuilder {
        self.http
            .put(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .json(body)
    }

    /// CPU seconds of the server so far, in hundredths.
    fn cpu_ticks(&self) -> anyhow::Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let after_name = stat.rsplit_once(") ").context("a stat line")?.1;
        let fields: Vec<&str> = after_name.split(' ').collect();
        Ok(fields[11].parse::<u64>()? + fields[12].parse::<u64>()?)
    }
}

async fn customers(target: &Target, import: &str) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut token = String::new();
    while found.len() < 20_000 {
        let path = format!("/v1/imports/{import}/rows?page_size=1000&page_token={token}");
        let page: Value = target
            .get(&path)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let ids = page["rows"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|row| row["customer_id"].as_str());
        found.extend(ids.filter(|id| !id.is_empty()).map(str::to_owned));
        page["next_page_token"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut token);
        if token.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// Mobile numbers of the file, whatever its columns.
fn phones(path: &str) -> anyhow::Result<Vec<String>> {
    let text = String::from_utf8_lossy(&std::fs::read(path)?).into_owned();
    let is_mobile = |field: &&str| {
        field.len() == 11 && field.starts_with('1') && field.bytes().all(|b| b.is_ascii_digit())
    };
    Ok(text
        .split([',', '\n'])
        .filter(is_mobile)
        .take(20_000)
        .map(str::to_owned)
        .collect())
}

async fn measure(
    name: &str,
    target: &Arc<Target>,
    request: impl Fn(&Target, usize) -> RequestBuilder + Send + Sync + Clone + 'static,
) -> anyhow::Result<()> {
    run(target, 0, WARM_UP, request.clone()).await?;
    let (cpu, started) = (target.cpu_ticks()?, Instant::now());
    let (mut latencies, failed) = run(target, WARM_UP, REQUESTS, request).await?;
    let (cpu, wall) = (target.cpu_ticks()? - cpu, started.elapsed());
    latencies.sort_unstable();
    let at = |share: f64| {
        latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0
    };
    let report = json!({
        "request": name,
        "server_cpu_ms": cpu as f64 * 10.0 / REQUESTS as f64,
        "requests_per_second": REQUESTS as f64 / wall.as_secs_f64(),
        "p50_ms": at(0.5), "p99_ms": at(0.99), "failed": failed,
    });
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

async fn run(
    target: &Arc<Target>,
    from: usize,
    count: usize,
    request: impl Fn(&Target, usize) -> RequestBuilder + Send + Sync + Clone + 'static,
) -> anyhow::Result<(Vec<Duration>, usize)> {
    let next = Arc::new(AtomicUsize::new(from));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (target, next, request) = (Arc::clone(target), Arc::clone(&next), request.clone());
        callers.spawn(async move {
            let (mut latencies, mut failed) = (Vec::new(), 0);
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if at >= from + count {
                    return (latencies, failed);
                }
                let started = Instant::now();
                let answer = request(&target, at).send().await;
                let is_good = answer
                    .as_ref()
                    .is_ok_and(|answer| answer.status().is_success());
                if let Ok(answer) = answer {
                    drop(answer.bytes().await);
                }
                latencies.push(started.elapsed());
                failed += usize::from(!is_good);
            }
        });
    }
    let mut all = (Vec::with_capacity(count), 0);
    while let Some(done) = callers.join_next().await {
        let (latencies, failed) = done?;
        all.0.extend(latencies);
        all.1 += failed;
    }
    Ok(all)
}
