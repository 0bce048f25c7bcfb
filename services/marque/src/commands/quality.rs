//! `marque quality FILE --kind customers`: checks a file on its own, without a server.
//!
//! Reports on the terminal, as JSON and as an HTML page that works offline. No output contains a cell of a row but the names of dealers and
//! the numbers of clerks; headers that nothing is read from are named.

#[path = "quality/check.rs"]
mod check;
#[path = "quality/columns.rs"]
mod columns;
#[path = "quality/html.rs"]
mod html;
#[path = "quality/json.rs"]
mod json;
#[path = "quality/keys.rs"]
mod keys;
#[path = "quality/orders.rs"]
mod orders;
#[path = "quality/qualified.rs"]
mod qualified;
#[path = "quality/report.rs"]
mod report;
#[path = "quality/terminal.rs"]
mod terminal;

use std::{fs::File, io::BufWriter, path::PathBuf};

use anyhow::Context as _;
use chrono::{FixedOffset, NaiveDate};
use marque_quality::{RecordKind, date::BUSINESS_OFFSET_SECONDS};

/// Checks the quality of a file: every rule on every row, and signs of invented data over all of them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file: CSV (UTF-8 or GB18030), XLSX or NDJSON with a header row, Chinese or English.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What its rows are.
    #[arg(long, value_name = "KIND", default_value = "customers", value_parser = kind)]
    pub kind: RecordKind,
    /// Where to write all findings and suspects as JSON.
    #[arg(long, value_name = "OUT.json")]
    pub json: Option<PathBuf>,
    /// Where to write the report as a page.
    #[arg(long, value_name = "OUT.html")]
    pub html: Option<PathBuf>,
    /// A column by its header, such as `phone=Tel. 1`, for headers that are not recognised; may be repeated.
    #[arg(long, value_name = "FIELD=HEADER", value_delimiter = ',')]
    pub map: Vec<String>,
    /// The day the file is checked as of (default: today in China).
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub today: Option<NaiveDate>,
}

/// Runs the command.
///
/// # Errors
/// If the file cannot be read or its columns are not recognised, or an output cannot be written; each with what to do.
pub fn run(args: Args) -> anyhow::Result<()> {
    let today = args.today.unwrap_or_else(today);
    let checked = check::check(&args.file, args.kind, &args.map, today)?;
    let report = report::Report::of(&checked, today);
    terminal::print(&report)?;
    if let Some(path) = &args.json {
        json::write(create(path)?, &checked)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &args.html {
        html::write(create(path)?, &report)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn kind(text: &str) -> Result<RecordKind, String> {
    let known = RecordKind::ALL.into_iter().find(|kind| kind.code() == text);
    known.ok_or_else(|| {
        format!(
            "one of {} is expected",
            RecordKind::ALL.map(RecordKind::code).join(", ")
        )
    })
}

fn today() -> NaiveDate {
    let china = FixedOffset::east_opt(BUSINESS_OFFSET_SECONDS).expect("eight hours are an offset");
    chrono::Local::now().with_timezone(&china).date_naive()
}

fn create(path: &PathBuf) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(path).with_context(|| {
        format!(
            "cannot create {}: is the folder there and writable?",
            path.display()
        )
    })?;
    Ok(BufWriter::new(file))
}
