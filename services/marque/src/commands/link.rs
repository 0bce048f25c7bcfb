//! `marque link IN.csv --out OUT.csv`: record linkage of any CSV alone.

// The paths are spelt out because crates/linkage includes this file by its path, for measuring and for tests.
#[path = "link/files.rs"]
mod files;
#[path = "link/header.rs"]
mod header;
#[path = "link/outcome.rs"]
mod outcome;
#[path = "link/quotes.rs"]
mod quotes;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use marque_linkage::batch::{BatchOptions, Blocker, Copies, Linked, link};
use marque_linkage::dealer::{DealerRecords, is_dealer_table};
use marque_linkage::general::GeneralRecords;
use marque_linkage::schema::{Mapping, Role, parse_mapping, recognise};
use marque_linkage::score::Model;
use marque_linkage::table::Table;

/// Finds the records of one person or organisation in a CSV file.
///
/// Columns are recognised, the model trains itself; the output is the input with one more column, `entity_id`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to read: CSV with a header row; UTF-8, GB18030, or Windows-1252 or 1251.
    #[arg(value_name = "IN.csv")]
    pub input: PathBuf,
    /// Where to write the rows with their `entity_id`.
    #[arg(long, value_name = "OUT.csv")]
    pub out: PathBuf,
    /// Column that holds the true entity: read only to print precision and recall as JSON.
    #[arg(long, value_name = "COLUMN")]
    pub truth: Option<String>,
    /// Model file: used if it is there, else trained and written.
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// What columns are, such as `tel=phone,x1=ignore`; the others are recognised.
    #[arg(long, value_name = "COLUMN=ROLE", value_delimiter = ',')]
    pub mapping: Vec<String>,
    /// Where to write the match report (JSON).
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

impl Args {
    /// The files, with what each is called.
    fn files(&self) -> Vec<(&'static str, &Path)> {
        let optional = [("--model", &self.model), ("--report", &self.report)];
        let optional = optional
            .into_iter()
            .filter_map(|(name, path)| Some((name, path.as_deref()?)));
        [("the input", self.input.as_path()), ("--out", &self.out)]
            .into_iter()
            .chain(optional)
            .collect()
    }
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or written, a column is missing, or the model does not fit; each with what to do.
pub fn run(args: Args) -> anyhow::Result<()> {
    let started = Instant::now();
    files::keep_apart(&args.files())?;
    let table = files::read(&args.input)?;
    header::check(&table, &args.input)?;
    if table.column(files::ENTITY_ID).is_some() {
        anyhow::bail!(
            "{} has a column entity_id already: rename it, or link the file it was made of",
            args.input.display()
        );
    }
    let truth = args
        .truth
        .as_deref()
        .map(|name| files::truth_column(&table, name))
        .transpose()?;
    let mut mapping = recognise(&table, truth);
    parse_mapping(&table, &mut mapping, &args.mapping).context("--mapping")?;
    if truth.is_some_and(|column| mapping.roles[column] != Role::Ignore) {
        anyhow::bail!(
            "--mapping gives the column of --truth a role: figures are true only where it is never compared"
        );
    }
    let model = args
        .model
        .as_deref()
        .filter(|path| path.exists())
        .map(files::read_model)
        .transpose()?;
    let was_given = model.is_some();
    let mut linked = link_table(&table, &mapping, model)?;
    files::write(&args.out, &table, &linked.clusters.entity)?;
    let seconds = started.elapsed().as_secs_f64();
    let truth = truth.map(|column| outcome::groups(&table, column));
    if let Some(path) = args.model.as_deref().filter(|_| !was_given) {
        let file = args.input.file_name().unwrap_or_default();
        linked.model.provenance.trained_on = file.to_string_lossy().into_owned();
        files::write_text(path, &linked.model.to_toml())?;
    }
    if let Some(path) = &args.report {
        files::write_text(
            path,
            &outcome::report(&table, &mapping, &linked, truth.as_deref())?,
        )?;
    }
    outcome::print(&linked, truth.as_deref(), seconds)
}

/// Links all rows; of a row with very many copies a few are linked and stand for the others.
fn link_table(table: &Table, mapping: &Mapping, model: Option<Model>) -> anyhow::Result<Linked> {
    let Some(copies) = Copies::find(table, mapping) else {
        return link_rows(table, mapping, model);
    };
    let linked = link_rows(&copies.linked_rows(table)?, mapping, model)?;
    Ok(copies.told_of_all(linked))
}

fn link_rows(table: &Table, mapping: &Mapping, model: Option<Model>) -> anyhow::Result<Linked> {
    let options = BatchOptions::default();
    if is_dealer_table(table, mapping) {
        let records = DealerRecords::from_table(table, mapping);
        check(model.as_ref(), &records)?;
        return Ok(link(&records, model, DealerRecords::options(options)));
    }
    let records = GeneralRecords::from_table(table, mapping)?;
    check(model.as_ref(), &records)?;
    Ok(link(&records, model, records.options(options)))
}

fn check(model: Option<&Model>, records: &impl Blocker) -> anyhow::Result<()> {
    model
        .map_or(Ok(()), |model| {
            model.check_fits(&records.schema(), records.fields())
        })
        .context("--model")
}
