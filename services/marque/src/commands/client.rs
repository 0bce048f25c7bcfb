//! A small REST client for the commands that talk to a server.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Body, Client, RequestBuilder, StatusCode, Url};
use serde_json::Value;

/// A server and the token to show it.
#[derive(Debug, Clone)]
pub(super) struct Api {
    http: Client,
    base: Url,
    token: String,
}

impl Api {
    pub(super) fn new(server: &str, token: String) -> anyhow::Result<Self> {
        let base =
            Url::parse(server).with_context(|| format!("--server {server} is no address"))?;
        let http = Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .build()?;
        Ok(Self { http, base, token })
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.json(self.http.get(self.url(path)?)).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.json(self.http.post(self.url(path)?).json(body)).await
    }

    pub(super) async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.json(self.http.put(self.url(path)?).json(body)).await
    }

    /// Streams a file.
    pub(super) async fn upload(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: Body,
    ) -> anyhow::Result<Value> {
        let mut url = self.url(path)?;
        url.query_pairs_mut().extend_pairs(query);
        self.json(
            self.http
                .post(url)
                .header("content-type", "application/octet-stream")
                .body(body),
        )
        .await
    }

    /// The bytes of an answer.
    pub(super) async fn download(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let response = self
            .http
            .get(self.url(path)?)
            .bearer_auth(&self.token)
            .send()
            .await?;
        Ok(response.error_for_status()?.bytes().await?.to_vec())
    }

    fn url(&self, path: &str) -> anyhow::Result<Url> {
        Ok(self.base.join(path)?)
    }

    async fn json(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let response = request
            .bearer_auth(&self.token)
            .send()
            .await
            .context("the server does not answer")?;
        let status = response.status();
        let body: Value = response.json().await.unwrap_or_default();
        if status.is_success() {
            return Ok(body);
        }
        anyhow::bail!(problem(status, &body))
    }
}

/// A problem document in words.
fn problem(status: StatusCode, body: &Value) -> String {
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let violations = body["violations"].as_array().into_iter().flatten();
    let lines: Vec<String> = violations
        .map(|violation| {
            let part = |key: &str| violation[key].as_str().unwrap_or_default();
            format!("\n- {}: {}", part("field"), part("message"))
        })
        .collect();
    format!(
        "the server says {status}: {} ({}){}",
        text("detail"),
        text("reason"),
        lines.concat()
    )
}
