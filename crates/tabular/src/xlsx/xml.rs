//! XML of a workbook's part, token by token, within bounds.

use std::io::Read;

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};

use crate::{
    limits::Limits,
    problem::Problem,
    xlsx::{
        bounded::{Bounded, xml_problem},
        broken,
    },
};

/// Elements inside each other that a workbook never reaches.
const MAX_DEPTH: usize = 64;

/// A part being parsed.
pub(crate) struct Xml<R> {
    reader: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    depth: usize,
    limits: Limits,
}

impl<R: Read> Xml<R> {
    pub(crate) fn new(part: Bounded<R>, limits: Limits) -> Self {
        Self {
            reader: Reader::from_reader(part),
            buffer: Vec::new(),
            depth: 0,
            limits,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The next token; `line` is for the message.
    pub(crate) fn next(&mut self, line: u64) -> Result<Event<'_>, Problem> {
        self.buffer.clear();
        self.reader.get_mut().begin_token();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(error) => return Err(xml_problem(&error, line, &self.limits)),
        };
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::DocType(_) => return Err(broken("it declares entities")),
            Event::Eof if self.depth > 0 => return Err(broken("it ends too early")),
            _ => {}
        }
        if self.depth > MAX_DEPTH {
            return Err(broken("elements are nested too deep"));
        }
        Ok(event)
    }
}

/// The text of an attribute by its name without prefix.
pub(crate) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element
        .attributes()
        .flatten()
        .find(|found| found.key.local_name().as_ref() == name)?;
    let text = found
        .normalized_value(quick_xml::XmlVersion::Implicit1_0)
        .ok()?;
    Some(text.into_owned())
}

/// Appends what a token of text stands for; other tokens stand for nothing.
pub(crate) fn push_text(event: &Event<'_>, into: &mut String) {
    match event {
        Event::Text(text) => into.push_str(&text.xml10_content()),
        Event::CData(text) => into.push_str(&text.xml10_content()),
        Event::GeneralRef(reference) => into.push(resolved(reference)),
        _ => {}
    }
}

/// `&amp;` and the like, `&#10;` and the like; no others exist without a document type.
fn resolved(reference: &BytesRef<'_>) -> char {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => character,
        _ => quick_xml::escape::resolve_xml_entity(reference)
            .and_then(|text| text.chars().next())
            .unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}
