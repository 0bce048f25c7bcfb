//! What the system knows before the load begins: dealers' files of `marque sample`, imported.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Marque;

/// How much it is to know.
#[derive(Debug, Clone, Copy)]
pub struct StockSize {
    /// Rows of customers over all dealers.
    pub customers: usize,
    /// Dealers.
    pub dealers: usize,
}

/// One dealer's share.
#[derive(Debug)]
pub struct Dealer {
    /// Code.
    pub code: String,
    /// Token of his counter.
    pub counter: String,
    /// Token of his system.
    pub dms: String,
    /// Ids of his customers.
    pub customers: Vec<String>,
    /// Phones in his file.
    pub phones: Vec<String>,
    /// Lines of his file of customers, the head first, in whatever encoding his system writes.
    pub lines: Vec<Vec<u8>>,
}

/// Everything requests are made of.
#[derive(Debug)]
pub struct Stock {
    /// Dealers, at least one.
    pub dealers: Vec<Dealer>,
    /// A token of headquarters.
    pub headquarters: String,
}

/// Gives a token of a role, at a dealer or at headquarters.
pub type Tokens<'h> = &'h dyn Fn(&str, Option<&str>) -> anyhow::Result<String>;

/// A system to be filled.
pub struct Host<'h> {
    /// The program, which makes sample files.
    pub marque: &'h Marque,
    /// Where REST answers.
    pub http: SocketAddr,
    /// Tokens of its issuer.
    pub token: Tokens<'h>,
}

impl std::fmt::Debug for Host<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host")
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

impl Stock {
    /// Makes sample files and imports them. Other services follow in their own time.
    ///
    /// # Errors
    /// If a file is not taken.
    pub async fn fill(host: &Host<'_>, size: StockSize) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let files = folder.path().join("sample");
        let (customers, dealers) = (size.customers.to_string(), size.dealers.to_string());
        let out = files.to_str().context("a path of UTF-8")?;
        host.marque.run(&[
            "sample",
            "--customers",
            &customers,
            "--dealers",
            &dealers,
            "--out",
            out,
        ])?;
        let desk = Desk {
            client: Client::builder().timeout(Duration::from_secs(60)).build()?,
            http: host.http,
            token: (host.token)("hq_admin", None)?,
        };
        let mut dealers = Vec::new();
        for number in 1..=size.dealers {
            let code = format!("D{number:03}");
            desk.put_dealer(&code).await?;
            dealers.push(desk.take_in(host, &code, &files.join(&code)).await?);
        }
        Ok(Self {
            dealers,
            headquarters: desk.token,
        })
    }
}

/// Headquarters, as it prepares.
struct Desk {
    client: Client,
    http: SocketAddr,
    token: String,
}

impl Desk {
    async fn put_dealer(&self, code: &str) -> anyhow::Result<()> {
        let url = format!("http://{}/v1/dealers/{code}", self.http);
        let dealer = json!({"name": code, "region": "east", "group": ""});
        let put = self
            .client
            .put(url)
            .bearer_auth(&self.token)
            .json(&dealer)
            .send()
            .await?;
        ensure!(put.status().is_success(), "dealer {code}: {}", put.status());
        Ok(())
    }

    async fn take_in(&self, host: &Host<'_>, code: &str, folder: &Path) -> anyhow::Result<Dealer> {
        let mut customers = Vec::new();
        for kind in ["customers", "vehicles", "visits", "complaints"] {
            let file = std::fs::read(folder.join(kind).with_extension("csv"))?;
            let import = self.send(kind, code, file).await?;
            if kind == "customers" {
                customers = self.customers_of(&import).await?;
            }
        }
        let bytes = std::fs::read(folder.join("customers.csv"))?;
        let text = String::from_utf8_lossy(&bytes);
        let lines = bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        ensure!(
            !customers.is_empty(),
            "the file of {code} came to no customer"
        );
        Ok(Dealer {
            code: code.to_owned(),
            counter: (host.token)("service", Some(code))?,
            dms: (host.token)("dms", Some(code))?,
            customers,
            phones: text
                .split([',', '\n'])
                .filter(is_mobile)
                .map(str::to_owned)
                .collect(),
            lines: lines.map(<[u8]>::to_vec).collect(),
        })
    }

    async fn get(&self, path: &str) -> anyhow::Result<Value> {
        let url = format!("http://{}{path}", self.http);
        let answer = self.client.get(url).bearer_auth(&self.token).send().await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// Sends a file and waits until it is taken in; its import.
    async fn send(&self, kind: &str, code: &str, file: Vec<u8>) -> anyhow::Result<String> {
        let url = format!(
            "http://{}/v1/imports?kind={kind}&dealer={code}&source=dms",
            self.http
        );
        let sent = self
            .client
            .post(url)
            .bearer_auth(&self.token)
            .header("content-type", "text/csv");
        let import: Value = sent
            .body(file)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let id = import["id"].as_str().context("an import has an id")?;
        loop {
            let seen = self.get(&format!("/v1/imports/{id}")).await?;
            match seen["state"].as_str() {
                Some("succeeded") => return Ok(id.to_owned()),
                Some("failed") => anyhow::bail!("the file {kind} of {code}: {seen}"),
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn customers_of(&self, import: &str) -> anyhow::Result<Vec<String>> {
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let page = self
                .get(&format!(
                    "/v1/imports/{import}/rows?page_size=1000&page_token={next}"
                ))
                .await?;
            let ids = page["rows"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|row| row["customer_id"].as_str());
            found.extend(ids.filter(|id| !id.is_empty()).map(str::to_owned));
            match page["next_page_token"].as_str() {
                Some(token) if !token.is_empty() => token.clone_into(&mut next),
                _ => return Ok(found),
            }
        }
    }
}

fn is_mobile(field: &&str) -> bool {
    field.len() == 11 && field.starts_with('1') && field.bytes().all(|byte| byte.is_ascii_digit())
}
