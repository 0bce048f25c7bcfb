//! Visits as JSON. What is not known is left out.

use marque_api::service_history::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    routes::{exported::ColumnView, vehicles::is_zero},
    values::{FindingView, Instant, MoneyView, instant, views},
};

/// A visit to a workshop: one repair order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Visit)]
pub(crate) struct VisitView {
    /// Id.
    #[schema(example = "vis_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// Dealer.
    dealer: String,
    /// Repair order number at the dealer.
    order_number: String,
    /// VIN as given.
    #[serde(skip_serializing_if = "String::is_empty")]
    vin: String,
    /// Source record of who brought it.
    #[serde(skip_serializing_if = "String::is_empty")]
    source_record_id: String,
    /// Customer that record now belongs to.
    #[serde(skip_serializing_if = "String::is_empty")]
    customer_id: String,
    /// maintenance, repair, accident, warranty, recall, detailing or inspection; empty if it is not known.
    #[schema(example = "maintenance")]
    kind: String,
    /// The kind as it was typed, where it is none of these.
    #[serde(skip_serializing_if = "String::is_empty")]
    kind_typed: String,
    /// In.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_at: Option<Instant>,
    /// Out.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Instant>,
    /// Odometer in km.
    #[serde(skip_serializing_if = "is_zero")]
    odometer_km: i32,
    /// Service adviser.
    #[serde(skip_serializing_if = "String::is_empty")]
    adviser: String,
    /// The customer's own words.
    #[serde(skip_serializing_if = "String::is_empty")]
    complaint_text: String,
    /// What was found.
    #[serde(skip_serializing_if = "String::is_empty")]
    diagnosis: String,
    /// Codes of faults that no line answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fault_codes: Vec<String>,
    /// Labour, parts and other lines; left out of overviews.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<LineView>,
    /// Total.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<MoneyView>,
    /// Towing.
    #[serde(skip_serializing_if = "String::is_empty")]
    towing: String,
    /// Spare car or compensation.
    #[serde(skip_serializing_if = "String::is_empty")]
    substitute: String,
    /// Hours in which parts made for the VIN or a traction battery were on their way, or the rescue was: no repair time under the three
    /// guarantees.
    #[schema(example = 36.0)]
    #[serde(skip_serializing_if = "Option::is_none")]
    transport_hours: Option<f64>,
    /// Who signed.
    #[serde(skip_serializing_if = "String::is_empty")]
    signatures: String,
    /// Advice for the next visit.
    #[serde(skip_serializing_if = "String::is_empty")]
    next_advice: String,
    /// True if it is the vehicle's first visit after its sale, as far as is known.
    first_visit: bool,
    /// Grows with each correction.
    version: i64,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<Instant>,
    /// Remarks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingView>,
    /// Columns of the dealer's own, as they came; only in everything that is kept about a person.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extra: Vec<ColumnView>,
}

impl From<pb::Visit> for VisitView {
    fn from(visit: pb::Visit) -> Self {
        let pb::Visit {
            id,
            dealer,
            order_number,
            vin,
            source_record_id,
            customer_id,
            kind,
            opened_at,
            closed_at,
            odometer_km,
            adviser,
            complaint_text,
            diagnosis,
            lines,
            amount,
            towing,
            substitute,
            signatures,
            next_advice,
            first_visit,
            version,
            recorded_at,
            findings,
            transport_minutes,
            kind_typed,
            fault_codes,
            extra,
        } = visit;
        Self {
            id,
            dealer,
            order_number,
            vin,
            source_record_id,
            customer_id,
            kind,
            kind_typed,
            opened_at: instant(opened_at),
            closed_at: instant(closed_at),
            odometer_km,
            adviser,
            complaint_text,
            diagnosis,
            fault_codes,
            lines: views(lines),
            amount: amount.map(MoneyView::from),
            towing,
            substitute,
            transport_hours: (transport_minutes > 0).then(|| f64::from(transport_minutes) / 60.0),
            signatures,
            next_advice,
            first_visit,
            version,
            recorded_at: instant(recorded_at),
            findings: views(findings),
            extra: views(extra),
        }
    }
}

/// One line of a repair order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VisitLine)]
pub(crate) struct LineView {
    /// labour, part, other or unknown.
    #[schema(example = "labour")]
    line_kind: &'static str,
    /// Labour code or part number.
    #[serde(skip_serializing_if = "String::is_empty")]
    code: String,
    /// Name.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    /// Decimal text: hours of labour, number of parts; 1 where nobody typed any.
    #[schema(example = "1.5")]
    quantity: String,
    /// Whether nobody typed a quantity, so that 1 is assumed; absent if one was typed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    quantity_assumed: bool,
    /// Price of one; absent where nobody typed any.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_price: Option<MoneyView>,
    /// Technician who did it.
    #[serde(skip_serializing_if = "String::is_empty")]
    technician: String,
    /// customer, warranty, insurance or internal; a word that is none of them as it was typed.
    #[serde(skip_serializing_if = "String::is_empty")]
    payer: String,
    /// Fault the line answers.
    #[serde(skip_serializing_if = "String::is_empty")]
    fault_code: String,
}

impl From<pb::Line> for LineView {
    fn from(line: pb::Line) -> Self {
        let line_kind = match line.kind() {
            pb::LineKind::Unspecified => "unknown",
            pb::LineKind::Labour => "labour",
            pb::LineKind::Part => "part",
            pb::LineKind::Other => "other",
        };
        let pb::Line {
            kind: _,
            code,
            name,
            quantity_milli,
            unit_price,
            technician,
            payer,
            fault_code,
            quantity_assumed,
        } = line;
        Self {
            line_kind,
            code,
            name,
            quantity: decimal(quantity_milli),
            quantity_assumed,
            unit_price: unit_price.map(MoneyView::from),
            technician,
            payer,
            fault_code,
        }
    }
}

/// Thousandths as decimal text without trailing zeros: 1500 is `1.5`.
fn decimal(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let digits = thousandths.unsigned_abs();
    let text = format!("{sign}{}.{:03}", digits / 1000, digits % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A page of visits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VisitPage {
    /// Newest first.
    visits: Vec<VisitView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

impl VisitPage {
    pub(crate) fn new(visits: Vec<pb::Visit>, next_page_token: String) -> Self {
        Self {
            visits: views(visits),
            next_page_token,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn a_quantity_is_exact_and_short() {
        for (thousandths, text) in [
            (1500, "1.5"),
            (1000, "1"),
            (0, "0"),
            (-250, "-0.25"),
            (1, "0.001"),
            (10_000, "10"),
        ] {
            assert_eq!(decimal(thousandths), text);
        }
    }
}
