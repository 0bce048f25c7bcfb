//! Events of the service.

use chrono::Datelike as _;
use marque_api::customer::v1 as pb;
use marque_core::{
    Clock, CustomerId, DealerCode, ErasureId, MergeId, SourceRecordId, Timestamp, source_record_id,
};
use marque_db::Conn;
use marque_events::{
    CONSENT_CHANGED, CUSTOMER_RECEIVED, CUSTOMERS_ERASED, ErasedWord, NewEvent, publish,
    to_proto_time,
};
use prost::Message as _;

use crate::{
    domain::{Facts, Kind, occupation_group},
    error::Result,
    storage::Move,
};

pub(super) const LINKED: &str = "marque.customer.source_records.linked";
const MERGED: &str = "marque.customer.customers.merged";
const MOVED: &str = "marque.customer.source_records.moved";

/// A record's place, as the event tells it.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) record: SourceRecordId,
    pub(crate) customer: CustomerId,
    pub(crate) previous: Option<CustomerId>,
    pub(crate) dealer: DealerCode,
    pub(crate) kind: Kind,
    pub(crate) vin: Option<String>,
    pub(crate) plate: Option<String>,
    pub(crate) recorded_at: Timestamp,
    /// When it came to say what it says now of its car; nothing where it only moves.
    pub(crate) said_at: Option<Timestamp>,
    pub(crate) marks: Marks,
}

/// What the event tells of the person: codes only, by which others group and compare.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    referrer: Option<SourceRecordId>,
    region_code: u32,
    birth_year: i32,
    occupation_group: &'static str,
}

impl Marks {
    /// The marks of a record of a dealer's source. Who referred him is a record of the same source.
    pub(crate) fn of(facts: &Facts, dealer: &DealerCode, source: &str) -> Self {
        let referrer = facts.referrer_key.as_deref();
        Self {
            referrer: referrer.map(|key| source_record_id(dealer, source, key)),
            region_code: facts.region_code.unwrap_or(0),
            birth_year: facts.birthday.map_or(0, |birthday| birthday.year()),
            occupation_group: facts.occupation.as_deref().map_or("", occupation_group),
        }
    }
}

/// Tells where records now belong: one event for all of them.
pub(crate) fn linked(conn: &mut Conn<'_>, clock: &dyn Clock, links: Vec<Link>) -> Result<()> {
    let Some(first) = links.first() else {
        return Ok(());
    };
    let (subject, dealer) = (first.customer.to_string(), first.dealer.clone());
    let is_one_dealers = links.iter().all(|link| link.dealer == dealer);
    let event = NewEvent {
        kind: LINKED,
        subject,
        dealer: is_one_dealers.then_some(&dealer),
        data: pb::SourceRecordsLinked {
            links: links.into_iter().map(link_to_pb).collect(),
        }
        .encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

/// Tells that an id now answers with another, or no longer does.
pub(crate) fn merged(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    from: CustomerId,
    into: CustomerId,
    merge: MergeId,
    undone: bool,
) -> Result<()> {
    let message = pb::CustomersMerged {
        from: from.to_string(),
        into: into.to_string(),
        merge_id: merge.to_string(),
        undone,
    };
    let event = NewEvent {
        kind: MERGED,
        subject: into.to_string(),
        dealer: None,
        data: message.encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

/// Why records went from one customer to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    Steward,
    LateEvidence,
    ChangedRecord,
    Reconciled,
    FellApart,
}

impl Why {
    const fn to_pb(self) -> pb::MoveReason {
        match self {
            Self::Steward => pb::MoveReason::Steward,
            Self::LateEvidence => pb::MoveReason::LateEvidence,
            Self::ChangedRecord => pb::MoveReason::ChangedRecord,
            Self::Reconciled => pb::MoveReason::Reconciled,
            Self::FellApart => pb::MoveReason::FellApart,
        }
    }
}

/// Tells which act moved records, and why; the words of the reason stay here, for a steward may name people in them.
pub(crate) fn moved(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    moved: &Move,
    (from, into): (CustomerId, CustomerId),
    (why, undone): (Why, bool),
) -> Result<()> {
    let message = pb::SourceRecordsMoved {
        merge_id: moved.id.to_string(),
        act: moved.act.as_str().to_owned(),
        from: from.to_string(),
        into: into.to_string(),
        records: i32::try_from(moved.records.len()).unwrap_or(i32::MAX),
        reason: why.to_pb() as i32,
        undone,
    };
    let event = NewEvent {
        kind: MOVED,
        subject: into.to_string(),
        dealer: None,
        data: message.encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

/// Tells that a customer gave or withdrew consent.
pub(crate) fn consent(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    customer: CustomerId,
    purpose: &str,
    given: bool,
) -> Result<()> {
    let message = pb::ConsentChanged {
        customer_id: customer.to_string(),
        purpose: purpose.to_owned(),
        given,
    };
    let event = NewEvent {
        kind: CONSENT_CHANGED,
        subject: customer.to_string(),
        dealer: None,
        data: message.encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

/// Tells that a dealer received a customer: his file is open until then.
pub(crate) fn received(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    customer: CustomerId,
    dealer: &DealerCode,
    until: Timestamp,
) -> Result<()> {
    let message = pb::CustomerReceived {
        customer_id: customer.to_string(),
        dealer: dealer.to_string(),
        until: Some(to_proto_time(until)),
    };
    let event = NewEvent {
        kind: CUSTOMER_RECEIVED,
        subject: customer.to_string(),
        dealer: Some(dealer),
        data: message.encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

/// Tells that nobody may know these people any more, nor be told of them by these words.
pub(crate) fn erased(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    erasure: ErasureId,
    (customers, records): (&[CustomerId], &[SourceRecordId]),
    words: Vec<ErasedWord>,
    restricted: bool,
) -> Result<()> {
    let word = |ErasedWord { chars, token }| pb::ErasedWord {
        chars: chars as u32,
        token,
    };
    let message = pb::CustomersErased {
        erasure_id: erasure.to_string(),
        customer_ids: customers.iter().map(ToString::to_string).collect(),
        source_record_ids: records.iter().map(ToString::to_string).collect(),
        restricted,
        words: words.into_iter().map(word).collect(),
    };
    let event = NewEvent {
        kind: CUSTOMERS_ERASED,
        subject: erasure.to_string(),
        dealer: None,
        data: message.encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

fn link_to_pb(link: Link) -> pb::Link {
    let Link {
        record,
        customer,
        previous,
        dealer,
        kind,
        vin,
        plate,
        recorded_at,
        said_at,
        marks,
    } = link;
    pb::Link {
        source_record_id: record.to_string(),
        customer_id: customer.to_string(),
        previous_customer_id: previous.map_or_else(String::new, |id| id.to_string()),
        dealer: dealer.to_string(),
        kind: kind.number() as i32,
        vin: vin.unwrap_or_default(),
        plate: plate.unwrap_or_default(),
        recorded_at: Some(to_proto_time(recorded_at)),
        referrer_record_id: marks.referrer.map_or_else(String::new, |id| id.to_string()),
        region_code: marks.region_code,
        birth_year: marks.birth_year,
        occupation_group: marks.occupation_group.to_owned(),
        said_at: said_at.map(to_proto_time),
    }
}
