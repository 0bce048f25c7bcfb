//! Reading and writing the files of `marque link`.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use marque_linkage::score::Model;
use marque_linkage::table::Table;

/// Reads a CSV file: UTF-8 with or without BOM, else GB18030; quoted fields may hold line breaks.
pub(super) fn read(path: &Path) -> anyhow::Result<Table> {
    let bytes = fs::read(path).with_context(|| {
        format!(
            "cannot read {}: does the file exist, and may you read it?",
            path.display()
        )
    })?;
    let text = decode(&bytes, path)?;
    if text.trim().is_empty() {
        bail!(
            "{} is empty: give a CSV file with a header row and at least one record",
            path.display()
        );
    }
    let delimiter = delimiter_of(&text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let headers: Vec<String> = reader
        .headers()
        .context("the header row cannot be read")?
        .iter()
        .map(|h| h.trim().to_owned())
        .collect();
    let mut table = Table::new(headers);
    let mut row = csv::StringRecord::new();
    while reader
        .read_record(&mut row)
        .with_context(|| format!("{} is no valid CSV", path.display()))?
    {
        table.push_row(row.iter())?;
    }
    if table.rows() == 0 {
        bail!("{} has a header row but no records", path.display());
    }
    Ok(table)
}

fn decode<'a>(bytes: &'a [u8], path: &Path) -> anyhow::Result<std::borrow::Cow<'a, str>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.into());
    }
    let (text, _, had_errors) = encoding_rs::GB18030.decode(bytes);
    if had_errors || text.contains('\0') {
        bail!(
            "{} is neither UTF-8 nor GB18030 text: save it as UTF-8 CSV (a spreadsheet must be exported first)",
            path.display()
        );
    }
    Ok(text)
}

/// Comma, semicolon or tab: whichever the header row has most of.
fn delimiter_of(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or("");
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    *b",;\t"
        .iter()
        .rev()
        .max_by_key(|delimiter| count(**delimiter))
        .expect("three delimiters are tried")
}

/// The column of this name, or an error that lists the columns.
pub(super) fn column(table: &Table, name: &str) -> anyhow::Result<usize> {
    table.column(name).with_context(|| {
        format!(
            "there is no column {name:?}; the columns are: {}",
            table.headers().join(", ")
        )
    })
}

/// Writes the rows with `entity_id`, which is the number (from 1) of the entity's first row.
pub(super) fn write(path: &Path, table: &Table, entity: &[u32]) -> anyhow::Result<()> {
    let file =
        fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut writer = csv::WriterBuilder::new()
        .buffer_capacity(1 << 20)
        .from_writer(BufWriter::new(file));
    writer.write_record(
        table
            .headers()
            .iter()
            .map(String::as_str)
            .chain(["entity_id"]),
    )?;
    let columns = table.headers().len();
    for (row, entity) in entity.iter().enumerate() {
        for column in 0..columns {
            writer.write_field(table.cell(row, column))?;
        }
        writer.write_field((entity + 1).to_string())?;
        writer.write_record(None::<&[u8]>)?;
    }
    writer
        .flush()
        .with_context(|| format!("cannot write {}: is the disk full?", path.display()))
}

/// Reads a model file.
pub(super) fn read_model(path: &Path) -> anyhow::Result<Model> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the model {}", path.display()))?;
    Model::from_toml(&text).with_context(|| format!("{}", path.display()))
}

/// Writes a text file whole.
pub(super) fn write_text(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file =
        fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}
