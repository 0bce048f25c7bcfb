//! Events of the complaint service: cases opened, moved and amended.

use marque_api::{
    complaint::v1::{CaseChange, CasesChanged},
    events::v1::Event,
};
use marque_core::{ComplaintId, Timestamp};
use marque_db::Conn;
use marque_events::{ApplyError, Handler};
use marque_vault::Vault;
use prost::Message as _;

use super::{id, newest, note_happenings, optional_id, time};
use crate::{
    app::Assessor,
    domain::{Happening, happening::Kind},
};

/// Keeps complaints as facts, and scores the customers who made them.
#[derive(Debug)]
pub(crate) struct Complaints(pub(crate) Assessor, pub(crate) Vault);

/// Events that say how a case stands; a task may be the call in which the customer said how satisfied he is. Notes and escalations change
/// nothing that a score rests on.
const TOLD: [&str; 4] = [
    "marque.complaint.cases.opened",
    "marque.complaint.cases.moved",
    "marque.complaint.cases.amended",
    "marque.complaint.cases.tasked",
];

impl Handler for Complaints {
    fn apply(&self, conn: &mut Conn<'_>, event: &Event) -> Result<(), ApplyError> {
        self.apply_all(conn, &[event])
    }

    fn apply_all(&self, conn: &mut Conn<'_>, events: &[&Event]) -> Result<(), ApplyError> {
        let mut cases = Vec::new();
        for event in events {
            if TOLD.contains(&event.r#type.as_str()) {
                let came_at = time(event.time.as_ref()).unwrap_or_default();
                for case in CasesChanged::decode(event.data.as_slice())?.changes {
                    cases.push(read_case(case, came_at)?);
                }
            }
        }
        let cases = newest(cases, |case| (case.id, case.version));
        note_happenings(conn, (&self.0, &self.1), cases)
    }
}

fn read_case(case: CaseChange, came_at: Timestamp) -> Result<Happening, ApplyError> {
    let answers = [case.satisfaction_resolution, case.satisfaction_handling];
    let answers: Vec<f64> = answers
        .into_iter()
        .filter(|answer| *answer > 0)
        .map(f64::from)
        .collect();
    let mean = answers.iter().sum::<f64>() / answers.len().max(1) as f64;
    Ok(Happening {
        id: id::<ComplaintId>(&case.id, "id")?.uuid(),
        kind: Kind::Complaint,
        record: optional_id(&case.source_record_id, "source_record_id")?,
        dealer: case.dealer,
        vin: case.vin,
        happened_at: time(case.opened_at.as_ref()).unwrap_or(came_at),
        ended_at: time(case.ended_at.as_ref()),
        amount_minor: None,
        level: (!answers.is_empty()).then_some(mean),
        odometer_km: 0,
        code: case.category,
        version: case.version,
        withdrawn_at: None,
    })
}
