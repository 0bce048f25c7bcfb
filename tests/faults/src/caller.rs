//! A caller who does not give up: the same request with the same key, until it is answered.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

/// A caller with a token.
#[derive(Debug, Clone)]
pub struct Caller {
    client: Client,
    server: SocketAddr,
    token: String,
}

/// What a caller was told.
#[derive(Debug, Clone)]
pub struct Told {
    /// HTTP status.
    pub status: StatusCode,
    /// The document; null if it was none.
    pub body: Value,
    /// Version of what was read or written.
    pub etag: Option<String>,
}

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(12);
/// Pause between attempts.
const PAUSE: Duration = Duration::from_millis(60);

impl Caller {
    /// A caller at a server.
    ///
    /// # Errors
    /// If there is no client to be had.
    pub fn new(server: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let client = Client::builder().timeout(ATTEMPT).build()?;
        Ok(Self {
            client,
            server,
            token: token.to_owned(),
        })
    }

    /// One attempt.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn once(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Told> {
        let url = format!("http://{}{path}", self.server);
        let mut request = self.client.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?;
        let header = |name: &str| {
            answer
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (status, etag) = (answer.status(), header("etag"));
        let text = answer.text().await?;
        Ok(Told {
            status,
            body: serde_json::from_str(&text).unwrap_or_default(),
            etag,
        })
    }

    /// Writes, with a key, as often as it takes until somebody says how it ended: an answer that is neither a failure of the server nor
    /// advice to come again.
    ///
    /// # Errors
    /// If nobody has said so after the time.
    pub async fn write(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        key: &str,
        patience: Duration,
    ) -> anyhow::Result<Told> {
        let began = Instant::now();
        let mut last = String::from("no answer");
        while began.elapsed() < patience {
            match self
                .once(
                    method.clone(),
                    path,
                    Some(body),
                    &[("idempotency-key", key)],
                )
                .await
            {
                Ok(told) if !is_passing(&told) => return Ok(told),
                Ok(told) => last = format!("{} {}", told.status, told.body["reason"]),
                Err(error) => last = error.without_url().to_string(),
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("{method} was not answered in {patience:?}: {last}")
    }

    /// Reads, as often as it takes.
    ///
    /// # Errors
    /// If there is no good answer after the time.
    pub async fn read(&self, path: &str, patience: Duration) -> anyhow::Result<Told> {
        let began = Instant::now();
        let mut last = None;
        while began.elapsed() < patience {
            match self.once(Method::GET, path, None, &[]).await {
                Ok(told) if told.status.is_success() => return Ok(told),
                Ok(told) => last = Some(format!("{} {}", told.status, told.body["reason"])),
                Err(error) => last = Some(error.without_url().to_string()),
            }
            tokio::time::sleep(PAUSE).await;
        }
        bail!("a read was not answered in {patience:?}: {last:?}")
    }

    /// A dealer to work for.
    ///
    /// # Errors
    /// If he is refused.
    pub async fn put_dealer(&self, code: &str) -> anyhow::Result<()> {
        let body = serde_json::json!({"name": code, "region": "east", "group": ""});
        let path = format!("/v1/dealers/{code}");
        let told = self
            .write(
                Method::PUT,
                &path,
                &body,
                &format!("dealer-{code}"),
                ATTEMPT * 5,
            )
            .await?;
        anyhow::ensure!(
            told.status.is_success(),
            "dealer {code}: {} {}",
            told.status,
            told.body["reason"]
        );
        Ok(())
    }
}

impl Told {
    /// A text of the document.
    ///
    /// # Errors
    /// If it is not there.
    pub fn text(&self, name: &str) -> anyhow::Result<&str> {
        let value = self.body[name].as_str();
        value.with_context(|| format!("{name} is missing; {} {}", self.status, self.body["reason"]))
    }
}

/// Whether it may be otherwise in a moment: a failure of the server, or advice to come again.
fn is_passing(told: &Told) -> bool {
    told.status.is_server_error() || told.status == StatusCode::TOO_MANY_REQUESTS
}
