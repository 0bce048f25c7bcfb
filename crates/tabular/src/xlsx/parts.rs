//! The parts of a workbook that have to be known before its sheet can be read: where the sheet is, which styles are
//! dates, and the shared strings.

use std::sync::{Arc, atomic::AtomicU64};

use quick_xml::events::Event;
use rustc_hash::FxHashMap;
use zip::{ZipArchive, read::ZipFile};

use crate::{
    limits::Limits,
    problem::Problem,
    xlsx::{
        bounded::Bounded,
        broken,
        cell::NumberStyle,
        shared::Shared,
        xml::{Xml, attribute, push_text},
        zip_problem,
    },
};

/// Cell styles beyond which a workbook is not believed (spreadsheet programs stop at 65,490).
const MAX_STYLES: usize = 70_000;

/// Sheets beyond which a workbook is not looked through.
const MAX_SHEETS: usize = 64;

/// A sheet: its name, and the part it is in.
pub(crate) struct NamedSheet {
    pub(crate) name: String,
    pub(crate) path: String,
}

/// What is held of a workbook.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) sheets: Vec<NamedSheet>,
    /// Bytes inflated of all sheets.
    pub(crate) inflated: Arc<AtomicU64>,
    pub(crate) has_1904_epoch: bool,
    pub(crate) styles: Vec<NumberStyle>,
    pub(crate) strings: SharedStrings,
}

/// All shared strings in one buffer.
#[derive(Default)]
pub(crate) struct SharedStrings {
    text: String,
    ends: Vec<u32>,
}

impl SharedStrings {
    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index
            .checked_sub(1)
            .map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
}

impl Parts {
    pub(crate) fn read(archive: &mut ZipArchive<Shared>, limits: &Limits) -> Result<Self, Problem> {
        let mut parts = Self::default();
        let named = parts.read_workbook(archive, limits)?;
        parts.sheets = find_sheets(archive, limits, named)?;
        parts.read_styles(archive, limits)?;
        parts.read_strings(archive, limits)?;
        Ok(parts)
    }

    /// Name and relationship id of each sheet, and which epoch dates count from.
    fn read_workbook(
        &mut self,
        archive: &mut ZipArchive<Shared>,
        limits: &Limits,
    ) -> Result<Vec<(String, String)>, Problem> {
        let mut xml = open(archive, "xl/workbook.xml", limits)?
            .ok_or_else(|| broken("it has no workbook part"))?;
        let mut named = Vec::new();
        loop {
            match xml.next(0)? {
                Event::Start(element) | Event::Empty(element) => {
                    match element.local_name().as_ref() {
                        "workbookPr" => {
                            self.has_1904_epoch = attribute(&element, "date1904")
                                .is_some_and(|value| value == "1" || value == "true");
                        }
                        "sheet" if named.len() < MAX_SHEETS => {
                            let [name, id] = ["name", "id"]
                                .map(|of| attribute(&element, of).unwrap_or_default());
                            named.push((name, id));
                        }
                        _ => {}
                    }
                }
                Event::Eof => return Ok(named),
                _ => {}
            }
        }
    }

    fn read_styles(
        &mut self,
        archive: &mut ZipArchive<Shared>,
        limits: &Limits,
    ) -> Result<(), Problem> {
        let Some(mut xml) = open(archive, "xl/styles.xml", limits)? else {
            return Ok(());
        };
        let mut written = FxHashMap::default();
        let mut is_in_cell_formats = false;
        loop {
            match xml.next(0)? {
                Event::Start(element) | Event::Empty(element) => {
                    match element.local_name().as_ref() {
                        "cellXfs" => is_in_cell_formats = true,
                        "numFmt" if written.len() < MAX_STYLES => {
                            if let (Some(id), Some(code)) = (
                                attribute(&element, "numFmtId"),
                                attribute(&element, "formatCode"),
                            ) {
                                written.insert(id, NumberStyle::of_code(&code));
                            }
                        }
                        "xf" if is_in_cell_formats && self.styles.len() < MAX_STYLES => {
                            let id = attribute(&element, "numFmtId").unwrap_or_default();
                            let built_in = || NumberStyle::built_in(id.parse().unwrap_or_default());
                            self.styles
                                .push(written.get(&id).copied().unwrap_or_else(built_in));
                        }
                        _ => {}
                    }
                }
                Event::End(element) if element.local_name().as_ref() == "cellXfs" => {
                    is_in_cell_formats = false;
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn read_strings(
        &mut self,
        archive: &mut ZipArchive<Shared>,
        limits: &Limits,
    ) -> Result<(), Problem> {
        let Some(mut xml) = open(archive, "xl/sharedStrings.xml", limits)? else {
            return Ok(());
        };
        let strings = &mut self.strings;
        let (mut is_text, mut is_phonetic) = (false, false);
        loop {
            match xml.next(0)? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "t" => is_text = !is_phonetic,
                    "rPh" => is_phonetic = true,
                    _ => {}
                },
                Event::Empty(element) if element.local_name().as_ref() == "si" => {
                    strings.ends.push(strings.text.len() as u32);
                }
                Event::End(element) => match element.local_name().as_ref() {
                    "t" => is_text = false,
                    "rPh" => is_phonetic = false,
                    "si" => strings.ends.push(strings.text.len() as u32),
                    _ => {}
                },
                Event::Eof => return Ok(()),
                event => {
                    if is_text {
                        push_text(&event, &mut strings.text);
                    }
                }
            }
            // An empty string costs its end, so ends count too.
            if strings.text.len() + strings.ends.len() * size_of::<u32>()
                > limits.max_shared_strings_bytes
            {
                return Err(Problem::TooMuchText {
                    limit: limits.max_shared_strings_bytes,
                });
            }
        }
    }
}

/// Follows the relationships to the parts of the sheets, as far as they are there.
fn find_sheets(
    archive: &mut ZipArchive<Shared>,
    limits: &Limits,
    named: Vec<(String, String)>,
) -> Result<Vec<NamedSheet>, Problem> {
    let targets = read_targets(archive, limits, &named)?;
    let mut sheets = Vec::with_capacity(named.len());
    for (number, (name, id)) in (1..).zip(named) {
        let path = match targets.get(&id) {
            Some(target) => target.clone(),
            None => format!("xl/worksheets/sheet{number}.xml"),
        };
        // Two names of one part are one sheet, whose rows come once.
        let is_known = sheets.iter().any(|sheet: &NamedSheet| sheet.path == path);
        if !is_known && archive.index_for_name(&path).is_some() {
            sheets.push(NamedSheet { name, path });
        }
    }
    if sheets.is_empty() {
        return Err(broken("it has no sheet"));
    }
    Ok(sheets)
}

/// The parts that the relationships of sheets lead to.
fn read_targets(
    archive: &mut ZipArchive<Shared>,
    limits: &Limits,
    named: &[(String, String)],
) -> Result<FxHashMap<String, String>, Problem> {
    let mut targets = FxHashMap::default();
    let Some(mut xml) = open(archive, "xl/_rels/workbook.xml.rels", limits)? else {
        return Ok(targets);
    };
    loop {
        match xml.next(0)? {
            Event::Start(element) | Event::Empty(element)
                if element.local_name().as_ref() == "Relationship" =>
            {
                let [id, target] =
                    ["Id", "Target"].map(|of| attribute(&element, of).unwrap_or_default());
                if named.iter().any(|(_, of_sheet)| *of_sheet == id) {
                    let path = match target.strip_prefix('/') {
                        Some(absolute) => absolute.to_owned(),
                        None => format!("xl/{target}"),
                    };
                    targets.entry(id).or_insert(path);
                }
            }
            Event::Eof => return Ok(targets),
            _ => {}
        }
    }
}

/// Opens a part, if the workbook has it.
fn open<'a>(
    archive: &'a mut ZipArchive<Shared>,
    name: &str,
    limits: &Limits,
) -> Result<Option<Xml<ZipFile<'a, Shared>>>, Problem> {
    if archive.index_for_name(name).is_none() {
        return Ok(None);
    }
    let part = archive.by_name(name).map_err(zip_problem)?;
    let packed_bytes = part.compressed_size();
    Ok(Some(Xml::new(
        Bounded::new(part, packed_bytes, limits),
        limits.clone(),
    )))
}
