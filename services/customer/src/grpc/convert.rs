//! Between the wire and the domain: every field by name.

use marque_api::customer::v1 as pb;
use marque_auth::{CallContext, Sight};
use marque_core::{CustomerId, SourceRecordId, Timestamp};
use marque_errors::Violation;
use marque_events::to_proto_time;
use marque_intake::{findings_to_pb, outcome_of};
use marque_linkage::score::Reason;
use marque_quality::Field;
use marque_tabular::CUSTOMERS;
use marque_vault::{Masked, mask_address, mask_id_number, mask_inside, mask_phone};

use crate::{
    app::{HistoryEntry, Pair, Put},
    domain::{
        COLUMNS, Columns, Consent, ContactPoint, Facts, File, Golden, Kind, Lineage, SourceRecord,
        tenths,
    },
    error::{Error, Result},
    storage::Decided,
};

/// An id that cannot be one is as unknown as one that is not.
pub(super) fn customer_id(text: &str) -> Result<CustomerId> {
    text.parse().map_err(|_| Error::CustomerUnknown)
}

pub(super) fn record_ids(texts: &[String]) -> Result<Vec<SourceRecordId>> {
    texts
        .iter()
        .enumerate()
        .map(|(at, text)| {
            text.parse().map_err(|error: marque_core::InvalidId| {
                Error::Invalid(vec![Violation::new(
                    format!("source_record_ids[{at}]"),
                    "FORMAT",
                    error.to_string(),
                )])
            })
        })
        .collect()
}

/// The columns in the order they are kept; the key of the record is its first.
pub(super) fn columns_from_pb(key: &str, columns: Option<&pb::CustomerColumns>) -> Columns {
    let empty = pb::CustomerColumns::default();
    let pb::CustomerColumns {
        kind,
        name,
        id_number,
        credit_code,
        phone,
        phone2,
        email,
        wechat,
        gender,
        birthday,
        address,
        region_code,
        occupation,
        industry,
        income_band,
        hobbies,
        explicit_requests,
        special_needs,
        acquisition_channel,
        referrer_key,
        contact_name,
        plate,
        vin,
        clerk,
        recorded_at,
        extra,
    } = columns.unwrap_or(&empty);
    let texts: [&str; COLUMNS.len()] = [
        key,
        kind,
        name,
        id_number,
        credit_code,
        phone,
        phone2,
        email,
        wechat,
        gender,
        birthday,
        address,
        region_code,
        occupation,
        industry,
        income_band,
        hobbies,
        explicit_requests,
        special_needs,
        acquisition_channel,
        referrer_key,
        contact_name,
        plate,
        vin,
        clerk,
        recorded_at,
    ];
    let mut own = Columns::default();
    for (place, text) in texts.into_iter().enumerate() {
        own.push(place, text);
    }
    own.extra = extra
        .iter()
        .map(|(header, text)| (header.clone(), text.clone()))
        .collect();
    own.extra.sort();
    own
}

/// How a value is masked.
type Mask = fn(&str) -> Masked;

/// How what stands in a column is masked: whatever it is meant for, people write phones and ID numbers into it. Codes that are longer
/// than those, and keys, stay.
const fn mask_of(field: Field) -> Option<Mask> {
    match field {
        Field::CustomerIdNumber => Some(mask_id_number),
        Field::CustomerPhone | Field::CustomerPhone2 => Some(mask_phone),
        Field::CustomerAddress => Some(mask_address),
        Field::CustomerCreditCode | Field::CustomerReferrerKey => None,
        _ => Some(mask_inside),
    }
}

/// A value as a caller may see it.
fn shown(mask: Option<Mask>, value: &str, sight: Sight) -> String {
    match (mask, sight) {
        (None, _) | (_, Sight::Own) => value.to_owned(),
        (Some(mask), Sight::Serving | Sight::Masked) => mask(value).into_string(),
    }
}

/// Fields that are not masked as any other text is.
const MASKED_APART: [Field; 6] = [
    Field::CustomerIdNumber,
    Field::CustomerPhone,
    Field::CustomerPhone2,
    Field::CustomerAddress,
    Field::CustomerCreditCode,
    Field::CustomerReferrerKey,
];

/// A further column as a caller may see it: masked as what its header says it is, or else by what its value looks like.
fn shown_extra((header, value): &(String, String), sight: Sight) -> (String, String) {
    let is_meant = |field: &Field| {
        let place = CUSTOMERS.column(field.column());
        place.is_some_and(|place| CUSTOMERS.columns[place].is_called(header))
    };
    let meant = MASKED_APART.into_iter().find(is_meant);
    let mask = meant.map_or(Some(mask_inside as Mask), mask_of);
    (header.clone(), shown(mask, value, sight))
}

/// The columns as they came; identifiers masked unless they are the caller's own.
fn columns_to_pb(columns: &Columns, sight: Sight) -> pb::CustomerColumns {
    let text = |field: Field| {
        let value = columns.get(field);
        value.map_or_else(String::new, |value| shown(mask_of(field), value, sight))
    };
    pb::CustomerColumns {
        kind: text(Field::CustomerKind),
        name: text(Field::CustomerName),
        id_number: text(Field::CustomerIdNumber),
        credit_code: text(Field::CustomerCreditCode),
        phone: text(Field::CustomerPhone),
        phone2: text(Field::CustomerPhone2),
        email: text(Field::CustomerEmail),
        wechat: text(Field::CustomerWechat),
        gender: text(Field::CustomerGender),
        birthday: text(Field::CustomerBirthday),
        address: text(Field::CustomerAddress),
        region_code: text(Field::CustomerRegionCode),
        occupation: text(Field::CustomerOccupation),
        industry: text(Field::CustomerIndustry),
        income_band: text(Field::CustomerIncomeBand),
        hobbies: text(Field::CustomerHobbies),
        explicit_requests: text(Field::CustomerExplicitRequests),
        special_needs: text(Field::CustomerSpecialNeeds),
        acquisition_channel: text(Field::CustomerAcquisitionChannel),
        referrer_key: text(Field::CustomerReferrerKey),
        contact_name: text(Field::CustomerContactName),
        plate: text(Field::CustomerPlate),
        vin: text(Field::CustomerVin),
        clerk: text(Field::CustomerClerk),
        recorded_at: text(Field::CustomerRecordedAt),
        extra: columns
            .extra
            .iter()
            .map(|extra| shown_extra(extra, sight))
            .collect(),
    }
}

pub(super) fn put_to_pb(put: Put) -> pb::PutSourceRecordResponse {
    let Put {
        record,
        customer,
        outcome,
        version,
        findings,
    } = put;
    pb::PutSourceRecordResponse {
        source_record_id: record.to_string(),
        customer_id: customer.to_string(),
        outcome: outcome_of(outcome, &findings) as i32,
        findings: findings_to_pb(&findings),
        version,
    }
}

pub(super) fn customer_to_pb(file: File, with_lineage: bool) -> pb::Customer {
    let source_records = file.known_records().count() as i32;
    let File {
        customer,
        number,
        records: _,
        dealers,
        golden,
        trust_edition,
        consents,
        referrer,
    } = file;
    let Golden {
        name,
        id_number,
        credit_code,
        contact_points,
        gender,
        birthday,
        address,
        region_code,
        occupation,
        industry,
        income_band,
        hobbies,
        explicit_requests,
        special_needs,
        acquisition_channel,
        referrer: _,
        contact_names,
        lineage,
    } = golden;
    pb::Customer {
        id: customer.id.to_string(),
        number: number.to_string(),
        kind: kind_to_pb(customer.kind) as i32,
        name: name.unwrap_or_default(),
        id_number: id_number.unwrap_or_default(),
        credit_code: credit_code.unwrap_or_default(),
        contact_points: contact_points.into_iter().map(contact_to_pb).collect(),
        gender: gender.unwrap_or_default(),
        birthday: birthday.map_or_else(String::new, |date| date.to_string()),
        address: address.unwrap_or_default(),
        region_code: region_code.map_or_else(String::new, |code| format!("{code:06}")),
        occupation: occupation.unwrap_or_default(),
        industry: industry.unwrap_or_default(),
        income_band: income_band.unwrap_or_default(),
        hobbies: hobbies.unwrap_or_default(),
        explicit_requests,
        special_needs,
        acquisition_channel: acquisition_channel.unwrap_or_default(),
        referrer_id: referrer.map_or_else(String::new, |id| id.to_string()),
        contact_names,
        consents: consents.into_iter().map(consent_to_pb).collect(),
        dealers,
        source_records,
        lineage: if with_lineage {
            lineage.into_iter().map(lineage_to_pb).collect()
        } else {
            Vec::new()
        },
        version: customer.version,
        created_at: Some(to_proto_time(customer.created_at)),
        updated_at: Some(to_proto_time(customer.updated_at)),
        trust_edition,
    }
}

pub(super) fn record_to_pb(
    ctx: &CallContext,
    record: SourceRecord,
    customer: CustomerId,
) -> pb::SourceRecord {
    let (_, findings) = Facts::of(&record.columns, record.received_at);
    let columns = columns_to_pb(&record.columns, Sight::of(ctx));
    let findings = findings_to_pb(&findings);
    write_record(record, customer, columns, findings)
}

/// A record whole: who opens it has given his reason.
pub(super) fn whole_record_to_pb(record: SourceRecord, customer: CustomerId) -> pb::SourceRecord {
    let columns = columns_to_pb(&record.columns, Sight::Own);
    let (_, findings) = Facts::of(&record.columns, record.received_at);
    write_record(record, customer, columns, findings_to_pb(&findings))
}

fn write_record(
    record: SourceRecord,
    customer: CustomerId,
    columns: pb::CustomerColumns,
    findings: Vec<marque_api::intake::v1::Finding>,
) -> pb::SourceRecord {
    let SourceRecord {
        seq: _,
        id,
        customer: _,
        dealer,
        source,
        key,
        columns: _,
        past_contacts: _,
        since: _,
        recorded_at,
        received_at,
        version,
        checks: _,
    } = record;
    pb::SourceRecord {
        id: id.to_string(),
        dealer: dealer.to_string(),
        source,
        key,
        customer_id: customer.to_string(),
        columns: Some(columns),
        findings,
        recorded_at: Some(to_proto_time(recorded_at)),
        received_at: Some(to_proto_time(received_at)),
        version,
    }
}

pub(super) fn history_to_pb(entry: HistoryEntry) -> pb::HistoryEntry {
    let HistoryEntry {
        act,
        at,
        actor,
        dealer,
        subject,
        reason,
    } = entry;
    pb::HistoryEntry {
        act,
        at: Some(to_proto_time(at)),
        actor,
        dealer,
        subject,
        reason,
    }
}

pub(super) fn pair_to_pb(pair: Pair) -> pb::Duplicate {
    let Pair {
        duplicate,
        left,
        right,
        evidence,
        decisions,
    } = pair;
    pb::Duplicate {
        id: duplicate.id.to_string(),
        left: Some(customer_to_pb(left, false)),
        right: Some(customer_to_pb(right, false)),
        probability: duplicate.probability,
        reasons: duplicate.reasons,
        state: duplicate.state.as_str().to_owned(),
        found_at: Some(to_proto_time(duplicate.found_at)),
        gain: duplicate.gain,
        evidence: evidence.into_iter().map(evidence_to_pb).collect(),
        decisions: decisions.into_iter().map(decided_to_pb).collect(),
        closed_because: duplicate.closed_because,
    }
}

pub(super) fn evidence_to_pb(reason: Reason) -> pb::Evidence {
    pb::Evidence {
        field: reason.field,
        finding: reason.finding,
        bits: tenths(reason.bits),
    }
}

fn decided_to_pb(decided: Decided) -> pb::PairDecision {
    pb::PairDecision {
        decision: decided.decision.as_str().to_owned(),
        actor: decided.actor,
        reason: decided.reason,
        decided_at: Some(to_proto_time(decided.at)),
    }
}

pub(super) fn consent_put_to_pb(consent: Consent) -> pb::PutConsentResponse {
    pb::PutConsentResponse {
        consent: Some(consent_to_pb(consent)),
    }
}

fn consent_to_pb(consent: Consent) -> pb::Consent {
    let Consent {
        purpose,
        given,
        notice_version,
        channel,
        changed_at,
    } = consent;
    pb::Consent {
        purpose,
        given,
        notice_version,
        channel,
        changed_at: Some(to_proto_time(changed_at)),
    }
}

fn kind_to_pb(kind: Kind) -> pb::Kind {
    match kind {
        Kind::Person => pb::Kind::Person,
        Kind::Organization => pb::Kind::Organization,
    }
}

fn contact_to_pb(point: ContactPoint) -> pb::ContactPoint {
    let ContactPoint {
        channel,
        value,
        from,
        to,
        record,
    } = point;
    pb::ContactPoint {
        channel: channel.as_str().to_owned(),
        value,
        valid_from: time(from),
        valid_to: to.and_then(time),
        source_record_id: record.map_or_else(String::new, |record| record.to_string()),
    }
}

/// Of a record of which the caller may not know the rule alone is told: its id could be guessed from a dealer and a key, and how
/// good another dealer's records are is not for everybody.
fn lineage_to_pb(lineage: Lineage) -> pb::Lineage {
    let Lineage {
        field,
        record,
        rule,
        at,
        agreeing,
        saying,
        trust,
    } = lineage;
    let trust = record.map(|_| trust);
    pb::Lineage {
        field: field.to_owned(),
        source_record_id: record.map_or_else(String::new, |record| record.to_string()),
        rule: rule.to_owned(),
        recorded_at: record.and_then(|_| time(at)),
        agreeing: agreeing as i32,
        saying: saying as i32,
        trust: trust.map_or(0.0, |trust| trust.share),
        trust_from: trust.map_or_else(String::new, |trust| trust.from.as_str().to_owned()),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the wire's times are optional")]
pub(super) fn time(at: Timestamp) -> Option<prost_types::Timestamp> {
    Some(to_proto_time(at))
}
