//! A small REST client for the commands that talk to a server.

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Body, Client, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;
use tokio::time::Instant;

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

    /// As [`Self::get`], but asks again for as long as `patience` while there is no answer: a server that starts again, or is too busy
    /// for now, gives none for a while. `waiting` hears of each answer that did not come.
    pub(super) async fn get_patiently(
        &self,
        path: &str,
        patience: Duration,
        waiting: impl FnMut(),
    ) -> anyhow::Result<Value> {
        let request = self.http.get(self.url(path)?).timeout(ANSWER);
        read(self.answered(request, patience, waiting).await?).await
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

    /// The bytes of an answer, for which is waited as long as `patience`.
    pub(super) async fn download(&self, path: &str, patience: Duration) -> anyhow::Result<Vec<u8>> {
        let request = self.http.get(self.url(path)?);
        let response = self.answered(request, patience, || ()).await?;
        Ok(response.error_for_status()?.bytes().await?.to_vec())
    }

    /// The first answer of which it makes no sense to ask again, or the last when the patience ends.
    async fn answered(
        &self,
        request: RequestBuilder,
        patience: Duration,
        mut waiting: impl FnMut(),
    ) -> anyhow::Result<Response> {
        let request = request.bearer_auth(&self.token);
        let begun = Instant::now();
        let mut pause = Duration::from_millis(50);
        loop {
            let again = request.try_clone().context("a request without a body")?;
            let answer = again.send().await;
            let is_final = answer
                .as_ref()
                .is_ok_and(|response| !may_pass(response.status()));
            if is_final || begun.elapsed() >= patience {
                return answer.context("the server does not answer");
            }
            waiting();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
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
        read(response).await
    }
}

/// How long one answer is waited for.
const ANSWER: Duration = Duration::from_secs(30);

/// Whether a server that answers so may answer otherwise in a while.
fn may_pass(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

async fn read(response: Response) -> anyhow::Result<Value> {
    let status = response.status();
    let body: Value = response.json().await.unwrap_or_default();
    if status.is_success() {
        return Ok(body);
    }
    anyhow::bail!(problem(status, &body))
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

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    /// A server that answers each connection with the next of these, and a client of it.
    async fn served(answers: &[&str]) -> (anyhow::Result<Value>, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let api = Api::new(&server, "token".to_owned()).unwrap();
        let serve = async {
            for answer in answers {
                let (mut socket, _) = listener.accept().await.unwrap();
                assert!(socket.read(&mut [0; 1024]).await.unwrap() > 0);
                socket.write_all(answer.as_bytes()).await.unwrap();
            }
        };
        let mut unanswered = 0;
        let ask = api.get_patiently("/", Duration::from_mins(1), || unanswered += 1);
        let (answer, ()) = tokio::join!(ask, serve);
        (answer, unanswered)
    }

    #[tokio::test]
    async fn a_server_that_starts_again_is_asked_until_it_answers() {
        let busy =
            "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let done =
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 11\r\n\r\n{\"done\":42}";
        let (answer, unanswered) = served(&["", busy, done]).await;
        assert_eq!(
            (answer.unwrap()["done"].as_i64(), unanswered),
            (Some(42), 2)
        );
    }

    #[tokio::test]
    async fn what_asking_again_does_not_mend_is_told_at_once() {
        let unknown = "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let (answer, unanswered) = served(&[unknown]).await;
        assert!(answer.unwrap_err().to_string().contains("404"));
        assert_eq!(unanswered, 0);
    }
}
