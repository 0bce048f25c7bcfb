//! Reading and writing the files of `marque link`.

use std::borrow::Cow;
use std::fs;
use std::io::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, bail};
use marque_linkage::score::Model;
use marque_linkage::table::Table;

use super::quotes::{line_ends, mend};

/// Reads a CSV file: UTF-8 with or without BOM, UTF-16 with one, else GB18030 or an encoding of Europe; quoted fields may hold line
/// breaks. What had to be guessed is warned of.
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
    if is_json(&text) {
        bail!(
            "{} holds JSON: export it as CSV with a header row",
            path.display()
        );
    }
    let table = parsed(&text).with_context(|| format!("{} is no valid CSV", path.display()))?;
    if table.rows() == 0 {
        bail!("{} has a header row but no records", path.display());
    }
    Ok(table)
}

/// Objects, one a line or in a list.
fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    text.strip_prefix('[')
        .unwrap_or(text)
        .trim_start()
        .starts_with('{')
}

/// Smaller parts of a file are not worth a thread.
const LEAST_PART: usize = 1 << 20;

/// Parses CSV text, in parallel where no quote makes it doubtful where a record begins.
fn parsed(text: &str) -> anyhow::Result<Table> {
    let (delimiter, records) = delimiter_of(text);
    let text = &with_closed_quotes(text, records, delimiter);
    let mut whole = reader(text, delimiter);
    let mut row = csv::StringRecord::new();
    whole.read_record(&mut row)?;
    let table = Table::new(row.iter().map(|header| header.trim().to_owned()).collect());
    let body = &text[whole.position().byte() as usize..];
    let (surplus, short) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let parse = |part: &str| -> anyhow::Result<Table> {
        let mut table = table.clone();
        let mut reader = reader(part, delimiter);
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row)? {
            if row
                .iter()
                .skip(table.headers().len())
                .any(|cell| !cell.trim().is_empty())
            {
                surplus.fetch_add(1, Ordering::Relaxed);
            }
            if row.len() < table.headers().len() {
                short.fetch_add(1, Ordering::Relaxed);
            }
            table.push_row(row.iter())?;
        }
        Ok(table)
    };
    let parts = if body.contains('"') {
        vec![body]
    } else {
        in_parts(body)
    };
    let mut parsed = on_threads(&parts, |part| parse(part)).into_iter();
    let mut whole = parsed.next().unwrap_or_else(|| Ok(table.clone()))?;
    for part in parsed {
        whole.append(&part?)?;
    }
    let surplus = surplus.into_inner();
    if table.headers().len() == 1 && surplus * 2 > whole.rows() {
        bail!(
            "its first line is one cell and most rows hold more: is it a title, to be deleted with all lines before the names of the columns, or is a comma not quoted?"
        );
    }
    if surplus > 0 {
        eprintln!(
            "warning: {surplus} rows have more cells than the header has columns: what is beyond is left out (is a comma not quoted?)"
        );
    }
    let short = short.into_inner();
    if short > 0 {
        eprintln!(
            "warning: {short} rows have fewer cells than the header has columns: those that are missing are taken for empty"
        );
    }
    Ok(whole)
}

/// The records of a text without quotes that are never closed, and warnings of these by line.
fn with_closed_quotes<'text>(text: &str, records: &'text str, delimiter: u8) -> Cow<'text, str> {
    if !records.contains('"') {
        return Cow::Borrowed(records);
    }
    let mended = mend(records, delimiter);
    let before = text.len() - records.len();
    let line = |cell: &usize| line_ends(&text[..before + cell]) + 1;
    if let Some(first) = mended.unclosed.first().map(line) {
        eprintln!(
            "warning: {} quotes begin a cell and are never closed, the first in line {first}: each is taken for a part of its cell",
            mended.unclosed.len()
        );
    }
    if let Some(first) = mended.doubtful.first().map(line) {
        eprintln!(
            "warning: {} cells run over many lines, the first from line {first} on: is a quote missing there?",
            mended.doubtful.len()
        );
    }
    mended.text
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes())
}

/// Cuts text into about equal parts at line ends, one for each processor.
fn in_parts(text: &str) -> Vec<&str> {
    let size = text.len().div_ceil(processors()).max(LEAST_PART);
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > size {
        let end = rest.as_bytes()[size..]
            .iter()
            .position(|byte| *byte == b'\n');
        let Some(end) = end else { break };
        let (part, after) = rest.split_at(size + end + 1);
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Does `work` on each part, on a thread of its own if there are several; results in order.
fn on_threads<P: Sync, T: Send>(parts: &[P], work: impl Fn(&P) -> T + Sync) -> Vec<T> {
    if let [only] = parts {
        return vec![work(only)];
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = parts
            .iter()
            .map(|part| scope.spawn(|| work(part)))
            .collect();
        running
            .into_iter()
            .map(|part| {
                part.join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    })
}

fn decode<'a>(bytes: &'a [u8], path: &Path) -> anyhow::Result<Cow<'a, str>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.into());
    }
    if let Some(broken) = broken_utf8(bytes) {
        eprintln!(
            "warning: {broken} places of {} are no UTF-8, as the rest is: letters are missing there",
            path.display()
        );
        return Ok(String::from_utf8_lossy(bytes));
    }
    let (text, _, had_errors) = encoding_of(bytes).decode(bytes);
    if had_errors || text.contains('\0') {
        bail!(
            "{} is neither UTF-8 nor GB18030 text: save it as UTF-8 CSV (a spreadsheet must be exported first)",
            path.display()
        );
    }
    Ok(text)
}

/// In how many places a text is broken that is UTF-8 but for them; `None` if it is something else, where hardly a character is
/// well-formed UTF-8.
fn broken_utf8(bytes: &[u8]) -> Option<usize> {
    let (mut sound, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        let is_foreign = |letter: &char| !letter.is_ascii();
        sound += chunk.valid().chars().filter(is_foreign).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    (sound >= 9 * broken).then_some(broken)
}

/// What a text that is not UTF-8 is written in. Letters of Western Europe stand alone between plain ones. Chinese characters
/// are pairs of bytes whose second takes any value; in Cyrillic words, read as pairs, it is a letter too, C0 or above.
fn encoding_of(bytes: &[u8]) -> &'static encoding_rs::Encoding {
    let is_high = |at: Option<&u8>| at.is_some_and(|byte| *byte >= 0x80);
    let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
    let alone = (0..bytes.len())
        .filter(|at| is_high(bytes.get(*at)) && !is_high(bytes.get(at + 1)))
        .filter(|at| *at == 0 || !is_high(bytes.get(at - 1)))
        .count();
    if alone * 10 > high * 6 {
        return encoding_rs::WINDOWS_1252;
    }
    let (mut pairs, mut letters, mut at) = (0_usize, 0_usize, 0);
    while at < bytes.len() {
        let second = bytes.get(at + 1).copied().unwrap_or(0);
        if bytes[at] < 0x80 || second < 0x40 {
            at += 1;
            continue;
        }
        pairs += 1;
        letters += usize::from(second >= 0xc0);
        at += 2;
    }
    if letters * 20 > pairs * 19 {
        encoding_rs::WINDOWS_1251
    } else {
        encoding_rs::GB18030
    }
}

/// Comma, semicolon, tab or bar, whichever the header row has most of, and the text from that row on. A first line
/// `sep=;`, as spreadsheets write it, says so itself.
fn delimiter_of(text: &str) -> (u8, &str) {
    let text = text.trim_start_matches(['\r', '\n']);
    let (header, behind) = text.split_once('\n').unwrap_or((text, ""));
    if let Some([delimiter]) = header.trim_end().strip_prefix("sep=").map(str::as_bytes) {
        return (*delimiter, behind);
    }
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    let most = b",;\t|"
        .iter()
        .rev()
        .max_by_key(|delimiter| count(**delimiter));
    (*most.expect("four delimiters are tried"), text)
}

/// The column of the truth, or an error that lists the columns or says which other one would be taken for it, and compared.
pub(super) fn truth_column(table: &Table, name: &str) -> anyhow::Result<usize> {
    let truth = table.column(name).with_context(|| {
        format!(
            "there is no column {name:?}; the columns are: {}",
            table.headers().join(", ")
        )
    })?;
    let folded = |header: &str| header.trim().to_lowercase();
    let called = folded(&table.headers()[truth]);
    let namesakes = table
        .headers()
        .iter()
        .filter(|header| folded(header) == called);
    if namesakes.count() > 1 {
        bail!(
            "several columns are called {name:?}: rename those that are not the truth, or leave them out"
        );
    }
    Ok(truth)
}

/// The column that is added.
pub(super) const ENTITY_ID: &str = "entity_id";

/// Passes unless two of the command's files, each with what it is called, are one: whatever is written last would be all that
/// is left of them.
pub(super) fn keep_apart(files: &[(&str, &Path)]) -> anyhow::Result<()> {
    for (at, (name, path)) in files.iter().enumerate() {
        let same = files[..at].iter().find(|(_, other)| is_one(path, other));
        if let Some((other, _)) = same {
            bail!(
                "{name} is {other} itself ({}): write to another file",
                path.display()
            );
        }
    }
    Ok(())
}

/// True for two names of one file, there or still to be written; links of either kind lead to it. Devices take any number of texts.
fn is_one(left: &Path, right: &Path) -> bool {
    let is_device = |path: &Path| fs::metadata(path).is_ok_and(|found| !found.is_file());
    place(left) == place(right) && !is_device(left) || is_hard_link(left, right)
}

/// Where a file is, or will be once it is written.
fn place(path: &Path) -> PathBuf {
    if let Ok(there) = fs::canonicalize(path) {
        return there;
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = absolute.parent().map(fs::canonicalize);
    match (folder, absolute.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => absolute,
    }
}

#[cfg(unix)]
fn is_hard_link(left: &Path, right: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let (Ok(left), Ok(right)) = (fs::metadata(left), fs::metadata(right)) else {
        return false;
    };
    left.is_file() && (left.dev(), left.ino()) == (right.dev(), right.ino())
}

#[cfg(not(unix))]
fn is_hard_link(_: &Path, _: &Path) -> bool {
    false
}

/// Rows that one thread formats at a time.
const ROWS_AT_ONCE: usize = 1 << 16;

/// Writes the rows with `entity_id`, which is the number (from 1) of the entity's first row.
pub(super) fn write(path: &Path, table: &Table, entity: &[u32]) -> anyhow::Result<()> {
    let mut file =
        fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut writer = csv::Writer::from_writer(&mut file);
    writer.write_record(
        table
            .headers()
            .iter()
            .map(String::as_str)
            .chain([ENTITY_ID]),
    )?;
    writer.flush()?;
    drop(writer);
    let shares: Vec<Range<usize>> = (0..entity.len())
        .step_by(ROWS_AT_ONCE)
        .map(|from| from..entity.len().min(from + ROWS_AT_ONCE))
        .collect();
    for at_once in shares.chunks(processors()) {
        for text in on_threads(at_once, |rows| formatted(table, entity, rows.clone())) {
            file.write_all(&text?)
                .with_context(|| format!("cannot write {}: is the disk full?", path.display()))?;
        }
    }
    Ok(())
}

fn formatted(table: &Table, entity: &[u32], rows: Range<usize>) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new()
        .buffer_capacity(1 << 16)
        .from_writer(Vec::new());
    for row in rows {
        for column in 0..table.headers().len() {
            writer.write_field(table.cell(row, column))?;
        }
        writer.write_field((entity[row] + 1).to_string())?;
        writer.write_record(None::<&[u8]>)?;
    }
    Ok(writer.into_inner()?)
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
