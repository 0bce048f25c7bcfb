//! `marque import`.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use futures::TryStreamExt as _;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use marque_auth::{Role, Scope};
use reqwest::Body;
use serde_json::Value;
use tokio_util::io::ReaderStream;

use super::{client::Api, say, settings::Flags, token};

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files: CSV (UTF-8 or GB18030), XLSX or NDJSON.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// customers, vehicles, visits, complaints, verifications, purchases, payments or assessments.
    #[arg(long)]
    kind: String,
    /// Dealer whose data it is.
    #[arg(long)]
    dealer: String,
    /// Source system at the dealer.
    #[arg(long)]
    source: String,
    /// Report only, write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Canonical column and header, such as `phone=Tel. 1`; may be repeated.
    #[arg(long, value_name = "COLUMN=HEADER", value_parser = pair)]
    map: Vec<String>,
    /// Address of the server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: String,
    /// Token; without one, the embedded issuer of the data folder makes it.
    #[arg(long, env = "MARQUE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Configuration file (TOML).
    #[arg(long, env = "MARQUE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the keys.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// One file to send.
#[derive(Debug, Clone)]
pub(super) struct Upload<'a> {
    pub(super) file: &'a Path,
    pub(super) kind: &'a str,
    pub(super) dealer: &'a str,
    pub(super) source: &'a str,
    pub(super) dry_run: bool,
    pub(super) map: &'a [String],
}

/// What `--map` takes, as it is.
fn pair(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((column, header)) if !column.is_empty() && !header.is_empty() => Ok(text.to_owned()),
        _ => Err("write column=header, such as phone=手机".to_owned()),
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let api = Api::new(&args.server, own_token(&args)?)?;
    let bars = MultiProgress::new();
    let mut failed = 0;
    for file in &args.files {
        let upload = Upload {
            file,
            kind: &args.kind,
            dealer: &args.dealer,
            source: &args.source,
            dry_run: args.dry_run,
            map: &args.map,
        };
        match send(&api, &upload, &bars).await {
            Ok(import) => {
                failed += usize::from(import["state"] != "succeeded");
                say(summary(file, &import))?;
                if let Err(error) = save_quarantine(&api, file, &import).await {
                    failed += 1;
                    say(format_args!("{}: {error:#}", file.display()))?;
                }
            }
            Err(error) => {
                failed += 1;
                say(format_args!("{}: {error:#}", file.display()))?;
            }
        }
    }
    anyhow::ensure!(failed == 0, "{failed} of {} files failed", args.files.len());
    Ok(())
}

fn own_token(args: &Args) -> anyhow::Result<String> {
    if let Some(token) = &args.token {
        return Ok(token.clone());
    }
    let flags = Flags {
        config: args.config.clone(),
        data: args.data.clone(),
        ..Flags::default()
    };
    let scope = Scope::Dealer(args.dealer.parse()?);
    token::issue(
        &flags.load()?,
        "cli-import".to_owned(),
        Role::Dms,
        scope,
        Duration::from_secs(24 * 3600),
    )
}

/// Sends a file and waits until every row has its outcome; answers with the import.
pub(super) async fn send(
    api: &Api,
    upload: &Upload<'_>,
    bars: &MultiProgress,
) -> anyhow::Result<Value> {
    let name = upload
        .file
        .file_name()
        .map_or_else(Default::default, |name| name.to_string_lossy().into_owned());
    let file = tokio::fs::File::open(upload.file)
        .await
        .with_context(|| format!("{}", upload.file.display()))?;
    let metadata = file.metadata().await?;
    anyhow::ensure!(
        !metadata.is_dir(),
        "this is a folder: name the files in it, such as {}",
        upload.file.join("*.csv").display()
    );
    let bytes = metadata.len();
    let bar = bars.add(
        ProgressBar::new(bytes)
            .with_style(style())
            .with_prefix(name),
    );
    bar.set_message("sending");
    let progress = bar.clone();
    let stream = ReaderStream::with_capacity(file, 1 << 18)
        .inspect_ok(move |chunk| progress.inc(chunk.len() as u64));
    let dry_run = if upload.dry_run { "true" } else { "false" };
    let mut query = vec![
        ("kind", upload.kind),
        ("dealer", upload.dealer),
        ("source", upload.source),
        ("dry_run", dry_run),
    ];
    let maps: Vec<String> = upload
        .map
        .iter()
        .map(|pair| pair.replacen('=', ":", 1))
        .collect();
    query.extend(maps.iter().map(|pair| ("map", pair.as_str())));
    let import = api
        .upload("/v1/imports", &query, Body::wrap_stream(stream))
        .await?;
    let id = import["id"].as_str().context("the server gave no id")?;
    let done = wait(api, id, &bar, PATIENCE).await;
    bar.finish_and_clear();
    done
}

/// How long an answer about an import is waited for: a server that starts again goes on with it.
const PATIENCE: Duration = Duration::from_mins(5);

/// Waits until every row has its outcome, as long as the server answers within `patience`.
async fn wait(api: &Api, id: &str, bar: &ProgressBar, patience: Duration) -> anyhow::Result<Value> {
    let path = format!("/v1/imports/{id}");
    let unanswered = || bar.set_message("no answer; asking again");
    let mut pause = Duration::from_millis(30);
    loop {
        let asked = api.get_patiently(&path, patience, unanswered);
        let import = asked.await.with_context(|| left_with_the_server(id))?;
        let count = |key: &str| import[key].as_u64().unwrap_or(0);
        bar.set_position(count("done_bytes"));
        bar.set_message(format!("{} rows", count("received")));
        if matches!(import["state"].as_str(), Some("succeeded" | "failed")) {
            return Ok(import);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(500));
    }
}

/// What whoever hears no more of an import can do.
fn left_with_the_server(id: &str) -> String {
    format!(
        "the server has the file and goes on with it by itself, as import {id}: GET /v1/imports/{id} tells how far it is, and \
         /v1/imports/{id}/quarantine gives the rows that are held back. Sending the file again changes nothing that is taken in"
    )
}

/// What became of a file, in one line.
pub(super) fn summary(file: &Path, import: &Value) -> String {
    let count = |key: &str| import[key].as_u64().unwrap_or(0);
    let name = file.display();
    if import["state"] == "failed" {
        let text = |key: &str| {
            import["problem"][key]
                .as_str()
                .or(import[format!("problem_{key}")].as_str())
                .unwrap_or_default()
        };
        return format!(
            "{name}: not taken in: {} ({})",
            text("detail"),
            text("reason")
        );
    }
    let sheets = match count("unread_sheets") {
        0 => String::new(),
        unread => format!("; {unread} sheets were not read, since their headers are others"),
    };
    let columns = unread_columns(import);
    format!(
        "{name}: {} rows: {} accepted, {} with findings, {} unchanged, {} quarantined{sheets}{columns}",
        count("received"),
        count("accepted"),
        count("with_findings"),
        count("unchanged"),
        count("quarantined"),
    )
}

/// The columns that nothing was read from, and how to have them read.
fn unread_columns(import: &Value) -> String {
    const SHOWN: usize = 10;
    let unread = import["unread_columns"].as_array();
    let names: Vec<&str> = unread
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if names.is_empty() {
        return String::new();
    }
    let shown = names[..names.len().min(SHOWN)].join(", ");
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!(
        "\n  columns that nothing was read from: {shown}{more} (--map column=header names them)"
    )
}

/// Quarantined rows go beside the file, to be mended and sent again.
async fn save_quarantine(api: &Api, file: &Path, import: &Value) -> anyhow::Result<()> {
    if import["quarantined"].as_u64().unwrap_or(0) == 0 {
        return Ok(());
    }
    let id = import["id"].as_str().unwrap_or_default();
    let path = format!("/v1/imports/{id}/quarantine");
    let rows = api
        .download(&path, PATIENCE)
        .await
        .with_context(|| format!("the quarantined rows did not come; GET {path} gives them"))?;
    let path = write_beside(file, &rows)?;
    say(format_args!(
        "  the quarantined rows are in {}: mend them and send that file",
        path.display()
    ))
}

/// Writes quarantined rows beside their file. What lies there from another time may have been mended: it stays as it is, and
/// the rows go under the next number, unless they are the same.
fn write_beside(file: &Path, rows: &[u8]) -> anyhow::Result<PathBuf> {
    let mut number = 1;
    loop {
        let path = quarantine_path(file, number);
        if holds(&path, rows).with_context(|| format!("{}", path.display()))? {
            return Ok(path);
        }
        number += 1;
    }
}

/// Behind the whole name: `a.csv` and `a.xlsx` have quarantined rows of their own.
fn quarantine_path(file: &Path, number: u32) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".quarantine");
    if number > 1 {
        name.push(format!("-{number}"));
    }
    name.push(".csv");
    PathBuf::from(name)
}

/// Whether a file holds these bytes, now if there was none.
fn holds(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    match File::create_new(path) {
        Ok(mut file) => file.write_all(bytes).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(fs::read(path)? == bytes),
        Err(error) => Err(error),
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix:24!} {bar:32} {bytes:>10}/{total_bytes:10} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_names_a_column_and_its_header() {
        for good in ["phone=手机", "phone=Tel. 1", "name=a=b"] {
            assert_eq!(pair(good).as_deref(), Ok(good));
        }
        for bad in ["bad", "phone:手机", "=手机", "phone="] {
            assert!(pair(bad).unwrap_err().contains("column=header"), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_folder_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        let api = Api::new("http://127.0.0.1:1", "token".to_owned()).unwrap();
        let upload = Upload {
            file: folder.path(),
            kind: "customers",
            dealer: "D1",
            source: "dms",
            dry_run: false,
            map: &[],
        };
        let refused = send(&api, &upload, &MultiProgress::new()).await;
        let told = refused.unwrap_err().to_string();
        assert!(told.contains("folder"), "{told}");
    }

    #[tokio::test]
    async fn whoever_hears_no_more_of_an_import_is_told_its_id() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let api = Api::new(&server, "token".to_owned()).unwrap();
        let waited = wait(&api, "imp_1", &ProgressBar::hidden(), Duration::ZERO).await;
        let told = format!("{:#}", waited.unwrap_err());
        assert!(told.contains("/v1/imports/imp_1/quarantine"), "{told}");
    }

    #[test]
    fn quarantined_rows_that_are_being_mended_are_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("q.csv");
        let name = |rows: &[u8]| {
            let path = write_beside(&file, rows).unwrap();
            path.file_name().unwrap().to_string_lossy().into_owned()
        };
        assert_eq!(name(b"as it came"), "q.csv.quarantine.csv");
        assert_eq!(name(b"as it came"), "q.csv.quarantine.csv", "the same rows");
        let first = folder.path().join("q.csv.quarantine.csv");
        fs::write(&first, "mended").unwrap();
        assert_eq!(name(b"as it came"), "q.csv.quarantine-2.csv");
        assert_eq!(name(b"others"), "q.csv.quarantine-3.csv");
        assert_eq!(fs::read(&first).unwrap(), b"mended");
    }
}
