//! `marque serve` in a process of its own.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{
    Method,
    blocking::{Body, Client},
};
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_marque");

/// A server on a folder of its own; killed when dropped.
pub(crate) struct Server {
    process: Child,
    base: String,
    admin: String,
    token: String,
    http: Client,
}

impl Server {
    /// Starts it and waits until it is ready. Small batches, so that there are many moments at which it can die.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same with settings in its environment.
    pub(crate) fn start_with(data: &Path, settings: &[(&str, &str)]) -> Self {
        Self::spawn(data, settings, Stdio::null)
    }

    /// The same with its log in a file.
    pub(crate) fn start_telling(data: &Path, settings: &[(&str, &str)], log: &File) -> Self {
        Self::spawn(data, settings, || Stdio::from(log.try_clone().unwrap()))
    }

    fn spawn(data: &Path, settings: &[(&str, &str)], tells: impl Fn() -> Stdio) -> Self {
        let token = token(data);
        let port = free_port();
        let admin = format!("127.0.0.1:{}", free_port());
        let process = Command::new(BINARY)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}")])
            .args(["--admin-listen", &admin, "--data"])
            .arg(data)
            .env("MARQUE__IMPORT__BATCH_ROWS", "50")
            .env("MARQUE__LIMITS__QUEUE_DELAY_MS", "0")
            .env("MARQUE__TELEMETRY__LOG", "error")
            .envs(settings.iter().copied())
            .stdout(tells())
            .stderr(tells())
            .spawn()
            .unwrap();
        let server = Self {
            process,
            base: format!("http://127.0.0.1:{port}"),
            admin: format!("http://{admin}"),
            token,
            http: Client::builder()
                .timeout(Duration::from_secs(60))
                .build()
                .unwrap(),
        };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&self) {
        let began = Instant::now();
        let is_ready = || {
            let answer = self.http.get(format!("{}/readyz", self.base)).send();
            answer.is_ok_and(|answer| answer.status().is_success())
        };
        while !is_ready() {
            assert!(began.elapsed() < Duration::from_secs(60), "not ready");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Its address, without the scheme.
    pub(crate) fn address(&self) -> String {
        self.base.replace("http://", "")
    }

    /// Its metrics, as Prometheus reads them.
    pub(crate) fn metrics(&self) -> String {
        let answer = self.http.get(format!("{}/metrics", self.admin)).send();
        answer.unwrap().text().unwrap()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// A dealer to import for.
    pub(crate) fn with_dealer(self, dealer: &str) -> Self {
        let answer = self
            .http
            .put(format!("{}/v1/dealers/{dealer}", self.base))
            .bearer_auth(&self.token)
            .json(&json!({"name": dealer, "region": "east", "group": ""}))
            .send()
            .unwrap();
        assert!(answer.status().is_success());
        self
    }

    /// What is said to a request with a body of JSON, or none if it is empty: status and answer.
    pub(crate) fn ask(&self, method: Method, path: &str, body: String) -> (u16, Value) {
        self.ask_with(&self.token, method, path, body)
    }

    /// The same with another token.
    pub(crate) fn ask_with(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: String,
    ) -> (u16, Value) {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(token);
        if !body.is_empty() {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        let answer = request.send().unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().unwrap_or_default())
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self
            .http
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .send();
        answer.unwrap().json().unwrap()
    }

    /// Writes a customer with a car, live; his id.
    pub(crate) fn put_customer(&self, dealer: &str, key: &str, name: &str) -> String {
        let number = key
            .bytes()
            .fold(7_u64, |sum, byte| sum * 31 + u64::from(byte))
            % 1_000_000;
        let answer = self
            .http
            .put(format!(
                "{}/v1/source-records/{dealer}/dms/{key}",
                self.base
            ))
            .bearer_auth(&self.token)
            .json(&json!({
                "kind": "person",
                "name": name,
                "phone": format!("139{:08}", (number * 7_654_321 + 25_814_736) % 100_000_000),
                "vin": vin(number),
            }))
            .send()
            .unwrap();
        let (status, body): (_, Value) = (answer.status(), answer.json().unwrap());
        assert!(status.is_success(), "{status}: {body}");
        body["customer_id"].as_str().unwrap().to_owned()
    }

    /// Opens a complaint of a customer and gives it a file; where the file is to be had.
    pub(crate) fn attach(&self, dealer: &str, key: &str, file: impl Into<Body>) -> String {
        let post = |path: &str| {
            let request = self.http.post(format!("{}{path}", self.base));
            request.bearer_auth(&self.token)
        };
        let complaint = json!({
            "dealer": dealer, "source": "dms", "customer_key": key, "channel": "phone",
            "category": "service.repair", "severity": "high", "text": "机油渗漏",
        });
        let opened = post("/v1/complaints").json(&complaint).send().unwrap();
        let (status, opened): (_, Value) = (opened.status(), opened.json().unwrap());
        assert!(status.is_success(), "{status}: {opened}");
        let id = opened["id"].as_str().unwrap();
        let files = format!("/v1/complaints/{id}/attachments");
        let kept = post(&files).header("x-marque-name", "oil.png").body(file);
        let kept = kept.send();
        let kept = kept.unwrap();
        let (status, kept): (_, Value) = (kept.status(), kept.json().unwrap());
        assert!(status.is_success(), "{status}: {kept}");
        format!("{files}/{}", kept["id"].as_str().unwrap())
    }

    /// The bytes under a path.
    pub(crate) fn bytes(&self, path: &str) -> Vec<u8> {
        let answer = self
            .http
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .send();
        answer.unwrap().bytes().unwrap().to_vec()
    }

    /// Sends a file; its import.
    pub(crate) fn send(&self, kind: &str, dealer: &str, file: impl Into<Body>) -> Value {
        let path = format!("/v1/imports?kind={kind}&dealer={dealer}&source=dms");
        let answer = self
            .http
            .post(format!("{}{path}", self.base))
            .bearer_auth(&self.token)
            .body(file)
            .send();
        answer.unwrap().json().unwrap()
    }

    /// Waits until an import is done.
    pub(crate) fn wait_for(&self, import: &str) -> Value {
        let began = Instant::now();
        loop {
            let seen = self.get(&format!("/v1/imports/{import}"));
            if matches!(seen["state"].as_str(), Some("succeeded" | "failed")) {
                return seen;
            }
            assert!(began.elapsed() < Duration::from_secs(300), "{seen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Every row of an import as it came out.
    pub(crate) fn rows(&self, import: &str) -> Vec<Value> {
        let (mut rows, mut token) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!(
                "/v1/imports/{import}/rows?page_size=1000&page_token={token}"
            ));
            rows.extend(page["rows"].as_array().unwrap().clone());
            match page["next_page_token"].as_str() {
                Some(next) if !next.is_empty() => next.clone_into(&mut token),
                _ => return rows,
            }
        }
    }

    /// Resident memory in MB.
    pub(crate) fn memory_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let status = status.unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
        kilobytes.unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A VIN with its check digit (GB 16735-2019).
fn vin(number: u64) -> String {
    let mut vin = format!("LMVCA1A60R1{:06}", number % 1_000_000).into_bytes();
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let worth = |letter: u8| match letter {
        b'0'..=b'9' => u32::from(letter - b'0'),
        b'A'..=b'H' => u32::from(letter - b'A') + 1,
        b'J'..=b'R' => u32::from(letter - b'J') + 1,
        letter => u32::from(letter - b'S') + 2,
    };
    let sum: u32 = vin
        .iter()
        .zip(weights)
        .map(|(letter, weight)| worth(*letter) * weight)
        .sum();
    vin[8] = b"0123456789X"[(sum % 11) as usize];
    String::from_utf8(vin).unwrap()
}

fn token(data: &Path) -> String {
    let output = Command::new(BINARY)
        .args(["token", "--role", "hq_admin", "--data"])
        .arg(data)
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A port nobody uses: bound, and let go.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}
