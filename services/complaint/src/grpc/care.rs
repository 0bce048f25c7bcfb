//! What goes along with a case, on the wire: files, compensations, warnings.

use marque_api::complaint::v1 as pb;
use marque_events::to_proto_time;
use uuid::Uuid;

use super::convert;
use crate::{
    app::Shown,
    domain::{Attachment, Compensation, Warning},
    error::{Error, Result},
};

pub(super) fn attachment_to_pb(attachment: Attachment) -> pb::Attachment {
    let Attachment {
        id,
        media_type,
        name,
        size,
        digest,
        added_by,
        added_at,
    } = attachment;
    pb::Attachment {
        id: format!("{ATTACHMENT}{}", id.as_simple()),
        media_type: media_type.to_owned(),
        name,
        size,
        sha256: hex::encode(digest),
        added_at: Some(to_proto_time(added_at)),
        added_by,
    }
}

/// How the id of a file begins.
const ATTACHMENT: &str = "att_";

/// The id of a file; one that cannot be is as unknown as one that is not.
pub(super) fn attachment_id(text: &str) -> Result<Uuid> {
    text.strip_prefix(ATTACHMENT)
        .and_then(|hex| Uuid::try_parse(hex).ok())
        .ok_or(Error::AttachmentUnknown)
}

/// A compensation, and the roles that may decide it.
pub(super) fn compensation_to_pb(
    compensation: Compensation,
    may_decide: &[&str],
) -> pb::Compensation {
    let Compensation {
        id,
        kind,
        amount,
        state,
        reason,
        asked_by,
        asked_at,
        decided_by,
        decided_at,
        decision,
    } = compensation;
    pb::Compensation {
        id: format!("{COMPENSATION}{}", id.as_simple()),
        kind,
        amount_minor: amount,
        state: state.code().to_owned(),
        reason,
        asked_by,
        asked_at: Some(to_proto_time(asked_at)),
        decided_by,
        decided_at: decided_at.map(to_proto_time),
        decision_note: decision,
        may_decide: may_decide.iter().map(ToString::to_string).collect(),
    }
}

/// How the id of a compensation begins.
const COMPENSATION: &str = "com_";

/// The id of a compensation; one that cannot be is as unknown as one that is not.
pub(super) fn compensation_id(text: &str) -> Result<Uuid> {
    text.strip_prefix(COMPENSATION)
        .and_then(|hex| Uuid::try_parse(hex).ok())
        .ok_or(Error::CompensationUnknown)
}

pub(super) fn warning_to_pb(warning: Warning) -> pb::GuaranteeWarning {
    let Warning {
        rule,
        subject,
        level,
        count,
        reached_at,
        told_at,
    } = warning;
    pb::GuaranteeWarning {
        rule,
        level,
        count: count as i32,
        reached_at: reached_at as i32,
        at: Some(to_proto_time(told_at)),
        subject,
    }
}

/// A compensation as its case shows it, and the case.
pub(super) fn compensated_to_pb(
    id: &Uuid,
    shown: Shown,
) -> (Option<pb::Compensation>, Option<pb::Complaint>) {
    let complaint = convert::shown_to_pb(shown);
    let id = format!("{COMPENSATION}{}", id.as_simple());
    let found = complaint.compensations.iter().find(|each| each.id == id);
    (found.cloned(), Some(complaint))
}
