//! A caller of the REST API.

use std::time::Duration;

use reqwest::{Client, Method, StatusCode};
use serde_json::Value;

/// What the gateway answered.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// The document.
    pub body: Value,
}

/// A caller with a token.
#[derive(Debug, Clone)]
pub struct Api {
    http: Client,
    base: String,
    token: String,
}

impl Api {
    pub(crate) fn new(http: Client, base: String, token: String) -> Self {
        Self { http, base, token }
    }

    /// Asks for a document.
    ///
    /// # Errors
    /// If the gateway does not answer.
    pub async fn get(&self, path: &str) -> anyhow::Result<Answer> {
        self.call(Method::GET, path, None, &[]).await
    }

    /// Sends a document.
    ///
    /// # Errors
    /// If the gateway does not answer.
    pub async fn post(&self, path: &str, body: Value) -> anyhow::Result<Answer> {
        self.call(Method::POST, path, Some(body.to_string()), &[])
            .await
    }

    /// Puts a document.
    ///
    /// # Errors
    /// If the gateway does not answer.
    pub async fn put(&self, path: &str, body: Value) -> anyhow::Result<Answer> {
        self.call(Method::PUT, path, Some(body.to_string()), &[])
            .await
    }

    /// Any call, with headers of its own.
    ///
    /// # Errors
    /// If the gateway does not answer.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Answer> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        Ok(Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        })
    }

    /// Sends a file and waits until each row has its outcome; answers with the import.
    ///
    /// # Errors
    /// If the gateway does not answer, refuses the file, or takes longer than a minute over it.
    pub async fn import(&self, kind: &str, dealer: &str, file: &str) -> anyhow::Result<Value> {
        let path = format!("/v1/imports?kind={kind}&dealer={dealer}&source=dms");
        let taken = self
            .call(
                Method::POST,
                &path,
                Some(file.to_owned()),
                &[("content-type", "text/csv")],
            )
            .await?;
        anyhow::ensure!(
            taken.status == StatusCode::ACCEPTED,
            "{}: {}",
            taken.status,
            taken.body
        );
        let id = taken.body["id"].as_str().unwrap_or_default().to_owned();
        for _ in 0..600 {
            let import = self.get(&format!("/v1/imports/{id}")).await?.body;
            if matches!(import["state"].as_str(), Some("succeeded" | "failed")) {
                return Ok(import);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("import {id} is not done after a minute")
    }

    /// Asks until the document is as wanted: for what reaches a service by events.
    ///
    /// # Errors
    /// If it is not after twenty seconds.
    pub async fn eventually(
        &self,
        path: &str,
        is_wanted: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<Value> {
        let mut last = Value::Null;
        for _ in 0..200 {
            last = self.get(path).await?.body;
            if is_wanted(&last) {
                return Ok(last);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!(
            "{path} did not become what was wanted; keys: {:?}",
            last.as_object().map(|map| map.keys().collect::<Vec<_>>())
        )
    }
}
