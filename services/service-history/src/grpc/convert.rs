//! Between the wire and the domain: every field by name.

use marque_api::{intake::v1::Column, service_history::v1 as pb};
use marque_events::to_proto_time;
use marque_intake::findings_to_pb;
use marque_quality::{Field, Payer, VisitRow};

use crate::{
    app::{RawRow, Shown},
    domain::{Header, Implausible, Line, LineKind, Personal, Visit},
};

pub(super) fn row_from_pb(columns: &pb::VisitColumns) -> RawRow<'_> {
    let pb::VisitColumns {
        order_number,
        vin,
        customer_key,
        kind,
        opened_at,
        closed_at,
        odometer_km,
        adviser,
        complaint_text,
        diagnosis,
        amount,
        lines,
        extra,
    } = columns;
    let columns = VisitRow {
        order_number: Some(order_number),
        vin: Some(vin),
        customer_key: Some(customer_key),
        kind: Some(kind),
        opened_at: Some(opened_at),
        closed_at: Some(closed_at),
        odometer_km: Some(odometer_km),
        adviser: Some(adviser),
        complaint_text: Some(complaint_text),
        diagnosis: Some(diagnosis),
        amount: Some(amount),
        lines: Some(lines),
        ..VisitRow::default()
    };
    let extra = extra
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    RawRow { columns, extra }
}

pub(super) fn visit_to_pb(shown: Shown) -> pb::Visit {
    let Shown {
        visit,
        is_first,
        is_anonymous,
        doubt,
    } = shown;
    let Visit {
        id,
        dealer,
        order_number,
        vin,
        record,
        customer,
        happened_at: _,
        odometer_km,
        version,
        recorded_at,
        header,
        lines,
    } = visit;
    let Header {
        kind,
        opened_at,
        closed_at,
        adviser,
        diagnosis,
        amount_minor,
        towing,
        substitute,
        transport_minutes,
        fault_codes,
        next_advice,
        findings,
        personal,
    } = header;
    let Personal {
        complaint_text,
        signatures,
        extra,
    } = if is_anonymous {
        Personal::default()
    } else {
        personal
    };
    let person = |id: Option<String>| id.filter(|_| !is_anonymous).unwrap_or_default();
    let kind_typed = extra
        .into_iter()
        .find(|(column, _)| column == Field::VisitKind.column())
        .map_or_else(String::new, |(_, typed)| typed);
    let mut findings = findings_to_pb(&findings);
    findings.extend(findings_to_pb(doubt.map(Implausible::finding).as_slice()));
    pb::Visit {
        id: id.to_string(),
        dealer,
        order_number,
        vin,
        source_record_id: person(record.map(|record| record.to_string())),
        customer_id: person(customer.map(|customer| customer.to_string())),
        kind,
        kind_typed,
        opened_at: opened_at.map(to_proto_time),
        closed_at: closed_at.map(to_proto_time),
        odometer_km: odometer_km as i32,
        adviser,
        complaint_text,
        diagnosis,
        lines: lines.into_iter().map(line_to_pb).collect(),
        amount: amount_minor.map(yuan),
        towing,
        substitute,
        transport_minutes,
        fault_codes,
        signatures,
        next_advice,
        first_visit: is_first,
        version,
        recorded_at: Some(to_proto_time(recorded_at)),
        findings,
        extra: Vec::new(),
    }
}

/// With what else the dealer's row had: for who is handed everything about himself.
pub(super) fn whole_to_pb(shown: Shown) -> pb::Visit {
    let extra = shown.visit.header.personal.extra.clone();
    pb::Visit {
        extra: extra.into_iter().map(column_to_pb).collect(),
        ..visit_to_pb(shown)
    }
}

fn column_to_pb((name, value): (String, String)) -> Column {
    Column { name, value }
}

fn line_to_pb(line: Line) -> pb::Line {
    let (quantity_milli, quantity_assumed) = line.assumed_quantity();
    let Line {
        kind,
        code,
        name,
        quantity_milli: _,
        unit_price_minor,
        technician,
        payer,
        fault_code,
    } = line;
    let kind = match kind {
        LineKind::Unknown => pb::LineKind::Unspecified,
        LineKind::Labour => pb::LineKind::Labour,
        LineKind::Part => pb::LineKind::Part,
        LineKind::Other => pb::LineKind::Other,
    };
    pb::Line {
        kind: kind as i32,
        code,
        name,
        quantity_milli,
        unit_price: unit_price_minor.map(yuan),
        technician,
        payer: Payer::parse(&payer).map_or(payer, |payer| payer.code().to_owned()),
        fault_code,
        quantity_assumed,
    }
}

fn yuan(minor: i64) -> pb::Money {
    pb::Money {
        minor,
        currency: "CNY".to_owned(),
    }
}
