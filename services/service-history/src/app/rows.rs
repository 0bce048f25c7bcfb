//! A dealer's rows of a visit: from text to a record ready for the store.

use std::borrow::Cow;

use marque_core::{
    DealerCode, SharedClock, SourceRecordId, Timestamp, business_date, source_record_id,
};
use marque_quality::{
    CleanVisit, Field, Finding, Payer, RecordKind, Rule, Severity, VisitRow, clean::VisitKind,
    clean_visit, date::TypedDate, text::present,
};
use marque_vault::{Purpose, Vault};

use crate::{
    app::lines::read_lines,
    domain::{Header, Line, Personal, is_other, paid_by_customer, transport_minutes},
    storage::visit_blobs,
};

/// Reads and writes rows.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(super) vault: Vault,
    pub(super) clock: SharedClock,
}

/// A row as typed.
pub(crate) struct RawRow<'a> {
    pub(crate) columns: VisitRow<'a>,
    /// Columns we do not know; some of them have a place of their own: see [`Extra`].
    pub(crate) extra: Vec<(&'a str, &'a str)>,
}

/// A visit ready for the store.
#[derive(Debug)]
pub(crate) struct VisitPayload {
    pub(super) dealer: DealerCode,
    pub(super) order_number: String,
    pub(super) vin: String,
    pub(super) record: Option<SourceRecordId>,
    pub(super) kind: &'static str,
    pub(super) opened_at: Option<Timestamp>,
    pub(super) closed_at: Option<Timestamp>,
    pub(super) happened_at: Timestamp,
    pub(super) odometer_km: i64,
    pub(super) amount_minor: Option<i64>,
    /// What of the amount the customer pays, where lines, or an order without any, say that others pay.
    pub(super) customer_minor: Option<i64>,
    /// Keyed hash of the rows.
    pub(super) content: [u8; 16],
    /// Empty if it could not be sealed.
    pub(super) header: Vec<u8>,
    pub(super) lines: Vec<u8>,
}

/// Rows that were read.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// What was found in the order.
    pub(crate) findings: Vec<Finding>,
    /// What was found in the line of each row.
    pub(crate) of_rows: Vec<Vec<Finding>>,
    /// `None` if the rows must be quarantined.
    pub(crate) payload: Option<VisitPayload>,
}

/// Columns that are read from the unknown ones, under these headers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extra {
    Towing,
    Substitute,
    TransportHours,
    Signatures,
    NextAdvice,
    Payer,
    FaultCode,
}

impl Extra {
    fn of(header: &str) -> Option<Self> {
        Some(match header.trim().to_lowercase().as_str() {
            "towing" | "拖车" | "拖车服务" => Self::Towing,
            "substitute" | "代步车" | "备用车" | "代步车或补偿" => Self::Substitute,
            "transport_hours" | "运输时间" | "配件运输时间" | "运输小时" | "运输时长" => {
                Self::TransportHours
            }
            "signatures" | "签字" | "客户签字" => Self::Signatures,
            "next_advice" | "下次建议" | "维修建议" | "建议" => Self::NextAdvice,
            "payer" | "付款方" | "结算方式" => Self::Payer,
            "fault_code" | "故障代码" | "故障码" => Self::FaultCode,
            _ => return None,
        })
    }
}

/// Whether a column that the schema does not know is read, by its header.
pub(super) fn reads_besides(header: &str) -> bool {
    Extra::of(header).is_some()
}

impl Rows {
    pub(crate) fn new(vault: Vault, clock: SharedClock) -> Self {
        Self { vault, clock }
    }

    /// Cleans, hashes, encodes and seals the rows of one order: the first word on each column of the order counts, and
    /// every row may have a line.
    pub(crate) fn prepare(
        &self,
        dealer: &DealerCode,
        source: &str,
        rows: &[RawRow<'_>],
        now: Timestamp,
    ) -> Prepared {
        let today = business_date(now);
        let order = order_of(rows);
        let cleaned = clean_visit(&order, today);
        let (visit, mut findings) = (cleaned.record, cleaned.findings);
        findings.extend(contradictions(&order, rows));
        if findings.iter().any(is_reject) {
            return Prepared {
                findings,
                of_rows: Vec::new(),
                payload: None,
            };
        }
        let WorkDone {
            lines,
            unanswered,
            of_json,
            of_rows,
        } = work_done(visit.lines_json, rows, today);
        findings.extend(of_json);
        missing(&visit, &mut findings);
        dedup(&mut findings);
        let mut all = findings.clone();
        all.extend(of_rows.iter().flatten());
        dedup(&mut all);
        let (opened_at, closed_at) = (visit.opened_at.map(instant), visit.closed_at.map(instant));
        let order_number = visit.order_number.as_deref().unwrap_or_default().to_owned();
        let of_order = first_extra(rows, Extra::Payer);
        let total = visit.amount_fen;
        let customer_minor = total.and_then(|total| paid_by_customer(total, &lines, of_order));
        let key = visit.customer_key.as_deref();
        let record = key.map(|key| source_record_id(dealer, source, key));
        // Of a system nothing counts but whose keys its customers have: a dealer's order is one, whichever sends it.
        let keyed_by = record.map_or("", |_| source);
        let mut payload = VisitPayload {
            dealer: dealer.clone(),
            vin: visit
                .vin
                .map_or_else(String::new, |vin| vin.as_str().to_owned()),
            record,
            kind: visit.kind.map_or("", VisitKind::code),
            opened_at,
            closed_at,
            happened_at: opened_at.or(closed_at).unwrap_or(now),
            odometer_km: visit.odometer_km.map_or(0, i64::from),
            amount_minor: visit.amount_fen,
            customer_minor,
            content: self.vault.dealer_index(
                dealer,
                Purpose::Content,
                content(keyed_by, rows, (unanswered.as_slice(), customer_minor)),
            ),
            header: Vec::new(),
            lines: Vec::new(),
            order_number,
        };
        let mut extra = unread_cells(&order, &findings);
        extra.extend(unknown_columns(rows));
        let header = Header {
            fault_codes: unanswered,
            ..header_of(visit, (rows, extra), &payload, all)
        };
        (payload.header, payload.lines) =
            visit_blobs(&self.vault, dealer, &payload.order_number, header, lines)
                .unwrap_or_default();
        Prepared {
            findings,
            of_rows,
            payload: Some(payload),
        }
    }
}

impl RawRow<'_> {
    fn extra(&self, wanted: Extra) -> &str {
        self.extra
            .iter()
            .find(|(header, _)| Extra::of(header) == Some(wanted))
            .and_then(|(_, value)| present(Some(value)))
            .unwrap_or_default()
    }
}

/// The columns that belong to a line and not to the order.
const LINE_FIELDS: [Field; 6] = [
    Field::VisitLineKind,
    Field::VisitCode,
    Field::VisitName,
    Field::VisitQuantity,
    Field::VisitUnitPrice,
    Field::VisitTechnician,
];

/// What the rows say of the order. A zero counts where no row says more.
fn order_of<'a>(rows: &[RawRow<'a>]) -> VisitRow<'a> {
    let mut order = VisitRow::default();
    for field in Field::of(RecordKind::Visits).filter(|field| !LINE_FIELDS.contains(field)) {
        let words = || rows.iter().filter_map(move |row| row.columns.get(field));
        let said = words().find(|cell| present(Some(cell)).is_some());
        order.set(field, said.or_else(|| words().next()));
    }
    order
}

/// What can be said of an order only once, and what it is if its rows say it differently: without one car and one customer it
/// is no order; of when it came and what its meter showed the first word is taken.
const SAID_ONCE: [(Field, Rule); 4] = [
    (Field::VisitVin, Rule::RowsContradict),
    (Field::VisitCustomerKey, Rule::RowsContradict),
    (Field::VisitOpenedAt, Rule::RowsDiffer),
    (Field::VisitOdometerKm, Rule::RowsDiffer),
];

/// What the rows of an order say differently.
fn contradictions(order: &VisitRow<'_>, rows: &[RawRow<'_>]) -> Vec<Finding> {
    let is_contradicted = |field: Field| {
        let said = present(order.get(field));
        let mut others = rows
            .iter()
            .skip(1)
            .filter_map(|row| present(row.columns.get(field)));
        others.any(|other| said.is_some_and(|said| !other.eq_ignore_ascii_case(said)))
    };
    SAID_ONCE
        .into_iter()
        .filter(|(field, _)| is_contradicted(*field))
        .map(|(field, rule)| Finding::new(field, rule))
        .collect()
}

fn is_reject(finding: &Finding) -> bool {
    finding.severity == Severity::Reject
}

/// The work of an order as its rows tell it.
#[derive(Default)]
struct WorkDone {
    lines: Vec<Line>,
    /// Codes of faults that no line answers.
    unanswered: Vec<String>,
    /// What was found in the lines given as JSON.
    of_json: Vec<Finding>,
    /// What was found in the line of each row.
    of_rows: Vec<Vec<Finding>>,
}

fn work_done(json: Option<&str>, rows: &[RawRow<'_>], today: chrono::NaiveDate) -> WorkDone {
    let mut work = WorkDone::default();
    if let Some(json) = json {
        let of_order = first_extra(rows, Extra::Payer);
        (work.lines, work.of_json) = read_lines(json, |row, payer, fault| {
            let payer = present(Some(payer)).unwrap_or(of_order);
            read_line(row, payer, fault, today)
        });
    }
    let mut faults = Vec::new();
    for row in rows {
        let (payer, fault) = (row.extra(Extra::Payer), row.extra(Extra::FaultCode));
        let (line, found) = read_line(&line_of(&row.columns), payer, fault, today);
        if line.is_none() && !fault.is_empty() && !faults.contains(&fault) {
            faults.push(fault);
        }
        work.lines.extend(line);
        work.of_rows.push(found);
    }
    faults.retain(|fault| work.lines.iter().all(|line| line.fault_code != *fault));
    work.unanswered = faults.into_iter().map(str::to_owned).collect();
    work
}

fn line_of<'a>(row: &VisitRow<'a>) -> VisitRow<'a> {
    let mut line = VisitRow::default();
    for field in LINE_FIELDS {
        line.set(field, row.get(field));
    }
    line
}

/// One line from its cells; findings that are the order's are left out.
fn read_line(
    row: &VisitRow<'_>,
    payer: &str,
    fault_code: &str,
    today: chrono::NaiveDate,
) -> (Option<Line>, Vec<Finding>) {
    let cleaned = clean_visit(row, today);
    let is_other = row.line_kind.is_some_and(is_other);
    let mut findings = cleaned.findings;
    findings.retain(|finding| {
        LINE_FIELDS.contains(&finding.field) && !(is_other && finding.field == Field::VisitLineKind)
    });
    let line = cleaned.record.line;
    if line.is_some() && Payer::is_unknown(payer) {
        findings.push(Finding::new(Field::VisitLines, Rule::PayerUnknown));
    }
    let line = line.map(|line| Line::new(line, row.line_kind, payer, fault_code));
    (line, findings)
}

/// Notes what a visit cannot do without, and, for work under the three guarantees, what article 17 wants kept.
fn missing(visit: &CleanVisit<'_>, findings: &mut Vec<Finding>) {
    let is_guarantee = visit.kind == Some(VisitKind::Warranty);
    let wanted = [
        (Field::VisitVin, visit.vin.is_none(), true),
        (Field::VisitOpenedAt, visit.opened_at.is_none(), true),
        (
            Field::VisitClosedAt,
            visit.closed_at.is_none(),
            is_guarantee,
        ),
        (
            Field::VisitOdometerKm,
            visit.odometer_km.is_none(),
            is_guarantee,
        ),
        (
            Field::VisitComplaintText,
            visit.complaint_text.is_none(),
            is_guarantee,
        ),
        (
            Field::VisitDiagnosis,
            visit.diagnosis.is_none(),
            is_guarantee,
        ),
    ];
    for (field, is_missing, is_wanted) in wanted {
        if is_missing && is_wanted && findings.iter().all(|finding| finding.field != field) {
            findings.push(Finding::new(field, Rule::FieldMissing));
        }
    }
}

/// The same remark on many lines of an order is one.
fn dedup(findings: &mut Vec<Finding>) {
    let mut seen = Vec::with_capacity(findings.len());
    findings.retain(|finding| {
        let is_new = !seen.contains(finding);
        if is_new {
            seen.push(*finding);
        }
        is_new
    });
}

fn header_of(
    visit: CleanVisit<'_>,
    (rows, kept): (&[RawRow<'_>], Vec<(String, String)>),
    payload: &VisitPayload,
    findings: Vec<Finding>,
) -> Header {
    let text = |value: Option<Cow<'_, str>>| value.map_or_else(String::new, Cow::into_owned);
    let extra = |wanted| first_extra(rows, wanted);
    Header {
        kind: payload.kind.to_owned(),
        opened_at: payload.opened_at,
        closed_at: payload.closed_at,
        adviser: text(visit.adviser),
        diagnosis: text(visit.diagnosis),
        amount_minor: visit.amount_fen,
        towing: extra(Extra::Towing).to_owned(),
        substitute: extra(Extra::Substitute).to_owned(),
        transport_minutes: transport_of(rows),
        fault_codes: Vec::new(),
        next_advice: extra(Extra::NextAdvice).to_owned(),
        findings,
        personal: Personal {
            complaint_text: text(visit.complaint_text),
            signatures: extra(Extra::Signatures).to_owned(),
            extra: kept,
        },
    }
}

/// The first word of an order under one of its further columns; empty if there is none.
fn first_extra<'a>(rows: &'a [RawRow<'_>], wanted: Extra) -> &'a str {
    rows.iter()
        .map(|row| row.extra(wanted))
        .find(|value| !value.is_empty())
        .unwrap_or_default()
}

/// How long its parts were on their way, in minutes; 0 if nobody says.
fn transport_of(rows: &[RawRow<'_>]) -> u32 {
    transport_minutes(first_extra(rows, Extra::TransportHours)).unwrap_or(0)
}

/// The cells of an order that were left out because they could not be read, as they came: nothing that was typed is lost.
fn unread_cells(order: &VisitRow<'_>, findings: &[Finding]) -> Vec<(String, String)> {
    let mut cells: Vec<(String, String)> = Vec::new();
    for finding in findings {
        let is_left_out =
            finding.severity >= Severity::Error || finding.rule == Rule::ChoiceUnknown;
        let column = finding.field.column();
        if !is_left_out
            || LINE_FIELDS.contains(&finding.field)
            || cells.iter().any(|(kept, _)| kept == column)
        {
            continue;
        }
        if let Some(cell) = present(order.get(finding.field)) {
            cells.push((column.to_owned(), cell.to_owned()));
        }
    }
    cells
}

fn unknown_columns(rows: &[RawRow<'_>]) -> Vec<(String, String)> {
    let mut unknown: Vec<(String, String)> = rows
        .iter()
        .flat_map(|row| row.extra.iter())
        .filter(|(header, value)| is_unknown(header, value) && !value.is_empty())
        .map(|(header, value)| ((*header).to_owned(), (*value).to_owned()))
        .collect();
    unknown.sort_unstable();
    unknown.dedup();
    unknown
}

/// Whether a column has no place of its own, or holds nothing that could stand there.
fn is_unknown(header: &str, value: &str) -> bool {
    match Extra::of(header) {
        None => true,
        Some(Extra::TransportHours) => transport_minutes(value).is_none(),
        Some(_) => false,
    }
}

/// All that was typed, so that the same rows are the same bytes and others are not; and what a later release than the first reads
/// of it, so that rows which came before that release are taken in anew, and those of which it reads nothing more are not.
fn content(
    keyed_by: &str,
    rows: &[RawRow<'_>],
    (unanswered, customer_minor): (&[String], Option<i64>),
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256 * rows.len());
    let mut put = |part: &str| {
        bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    };
    put(keyed_by);
    for row in rows {
        for field in Field::of(RecordKind::Visits) {
            put(row.columns.get(field).unwrap_or_default());
        }
        let mut extra = row.extra.clone();
        extra.sort_unstable();
        for (header, value) in extra {
            put(header);
            put(value);
        }
    }
    let transport = transport_of(rows);
    if transport > 0 {
        put(&transport.to_string());
    }
    for fault in unanswered {
        put(fault);
    }
    if let Some(minor) = customer_minor {
        put("customer pays");
        put(&minor.to_string());
    }
    bytes
}

fn instant(typed: TypedDate) -> Timestamp {
    Timestamp::from_micros(typed.instant().timestamp_micros())
}
