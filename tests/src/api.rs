//! A caller of the REST API.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;

/// What the gateway answered.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// The document.
    pub body: Value,
}

/// A message of a stream of server-sent events.
#[derive(Debug, Default)]
pub struct Event {
    /// Where to go on from.
    pub id: String,
    /// What happened; empty of a sign of life.
    pub name: String,
    /// The document it brings.
    pub data: Value,
}

impl Event {
    fn parse(message: &str) -> anyhow::Result<Self> {
        let mut event = Self::default();
        for (field, value) in message.lines().filter_map(|line| line.split_once(": ")) {
            match field {
                "id" => value.clone_into(&mut event.id),
                "event" => value.clone_into(&mut event.name),
                "data" => event.data = serde_json::from_str(value)?,
                _ => {}
            }
        }
        Ok(event)
    }
}

/// An open stream of server-sent events.
#[derive(Debug)]
pub struct Events {
    response: Response,
    /// What came and is not read yet.
    unread: Vec<u8>,
}

impl Events {
    /// The next message, be it a sign of life.
    ///
    /// # Errors
    /// If the stream ends, or half a minute after it began.
    pub async fn read(&mut self) -> anyhow::Result<Event> {
        loop {
            if let Some(end) = self.unread.windows(2).position(|two| two == b"\n\n") {
                let message: Vec<u8> = self.unread.drain(..end + 2).collect();
                return Event::parse(&String::from_utf8(message)?);
            }
            let came = self.response.chunk().await?;
            self.unread.extend(came.context("the stream has ended")?);
        }
    }

    /// The next message that tells of something.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn told(&mut self) -> anyhow::Result<Event> {
        loop {
            let event = self.read().await?;
            if !event.name.is_empty() {
                return Ok(event);
            }
        }
    }
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

    /// Follows a stream of server-sent events, after the one of an id if there is one.
    ///
    /// # Errors
    /// If the gateway does not answer, or refuses.
    pub async fn follow(&self, path: &str, after: Option<&str>) -> anyhow::Result<Events> {
        let mut request = self
            .http
            .get(format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        if let Some(id) = after {
            request = request.header("last-event-id", id);
        }
        Ok(Events {
            response: request.send().await?.error_for_status()?,
            unread: Vec::new(),
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
