//! What a service that owns records tells the data-quality service of them: coded facts, never who or what they are about.

use std::{borrow::Cow, future::Future};

use chrono::NaiveDate;
use marque_api::evidence::v1::{self as pb, evidence_service_server::EvidenceService};
use marque_auth::CallContext;
use marque_core::Timestamp;
use marque_errors::{ErrorCode, ServiceError, Violation, status};
use marque_events::to_proto_time;
use marque_quality::{
    Field, Finding, RecordKind, Rule, Severity, falsification::Kind,
    identifiers::without_identifiers, party::PartyKind, standard::Measured,
};
use marque_vault::{Purpose, Vault};
use tonic::{Request, Response, Status};

/// Most records in one question.
const MOST_RECORDS: usize = 500;
/// Bytes of the longest staff number.
const MOST_OF_STAFF_NUMBER: usize = 32;
/// Most ids in one answer.
const MOST_IDS: u32 = 5000;

/// What one record is like.
#[derive(Debug, Clone)]
pub struct RecordEvidence {
    /// Its id, as its owner prints it.
    pub id: String,
    /// Kind of record.
    pub kind: RecordKind,
    /// The dealer whose record it is.
    pub dealer: String,
    /// The dealer's system it came from.
    pub source: String,
    /// Staff number of whoever entered it, or what stands for it: see [`clerk_key`]. Empty if unknown.
    pub clerk: String,
    /// Grows by one with each change.
    pub version: i64,
    /// When the dealer says it was entered; when it came, if he does not.
    pub entered_at: Timestamp,
    /// Day of what it records.
    pub event_date: Option<NaiveDate>,
    /// Whom it is about, if about anybody.
    pub party: Option<PartyKind>,
    /// Whether the same source has another record of the same customer, if that can be told.
    pub is_repeated: Option<bool>,
    /// Columns that hold something.
    pub filled: Vec<Field>,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// A keyed [`marque_quality::falsification::Entry`]; empty for kinds that are not compared.
    pub entry: Vec<u8>,
    /// What was measured of it, by which another standard's ranges can be tried.
    pub measures: Vec<Measured>,
    /// Which values it has where something is or may be found: see [`RecordEvidence::with_values`].
    pub values: Vec<(Field, i64)>,
    /// Id of the record of the same dealer that it repeats: see [`RecordEvidence::beside`].
    pub repeats: Option<String>,
}

impl RecordEvidence {
    /// The same, which repeats another record of its dealer under another key, or is known to repeat none.
    #[must_use]
    pub fn beside(mut self, repeats: Option<String>, own_key: Field) -> Self {
        self.is_repeated = Some(repeats.is_some());
        if repeats.is_some() {
            let twice = Finding::new(own_key, Rule::EnteredTwice);
            self.findings.push(twice);
        }
        self.repeats = repeats;
        self
    }

    /// The same with keyed hashes of what stands in its columns: those with findings, those that these contradict, those that a range may bound,
    /// and those that signs of invention are about. Each is of the record too, so that no two records are compared by them. `text` is what somebody typed, or what
    /// was understood of it where only that is kept.
    #[must_use]
    pub fn with_values<'a>(
        mut self,
        key: impl Fn(&[u8]) -> u64,
        text: impl Fn(Field) -> Option<Cow<'a, str>>,
    ) -> Self {
        let fields = Field::of(self.kind).filter(|field| self.may_be_found_in(*field));
        let values = fields.filter_map(|field| {
            let parts = [
                "value",
                self.id.as_str(),
                field.column(),
                text(field)?.trim(),
            ]
            .join("\u{1f}");
            Some((field, key(parts.as_bytes()) as i64))
        });
        self.values = values.collect();
        self
    }

    fn may_be_found_in(&self, field: Field) -> bool {
        let is_of_sign = |sign: Kind| sign.column(self.kind) == field.column();
        let is_of_finding =
            |finding: &Finding| finding.field == field || finding.params.other == Some(field);
        self.findings.iter().any(is_of_finding)
            || self.measures.iter().any(|measured| measured.field == field)
            || Kind::ALL.into_iter().any(is_of_sign)
    }
}

/// The key under which facts by which records are compared go to the data-quality service.
pub fn evidence_key(vault: &Vault, bytes: &[u8]) -> u64 {
    let token = vault.hq_index(Purpose::Evidence, bytes);
    let (head, _) = token.split_first_chunk().expect("a token has 16 bytes");
    u64::from_le_bytes(*head)
}

/// By what the data-quality service knows a clerk: his staff number as typed. A name, a phone and whatever else is no staff number
/// goes there as a keyed code, so that his records are counted together and nobody is named.
pub fn clerk_key(vault: &Vault, dealer: &str, typed: &str) -> String {
    if is_staff_number(typed) {
        return typed.to_owned();
    }
    let named = format!("{dealer}\u{1f}{typed}");
    format!("coded-{:016x}", evidence_key(vault, named.as_bytes()))
}

/// Whether it is letters, digits and what stands between them in a code, and holds no phone or ID number.
fn is_staff_number(typed: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    typed.len() <= MOST_OF_STAFF_NUMBER
        && typed.bytes().all(fits)
        && without_identifiers(typed) == typed
}

/// Whoever owns records and can say what they are like.
pub trait Witness: Clone + Send + Sync + 'static {
    /// What can go wrong.
    type Error: ServiceError + Send;

    /// Evidence of records, and of those whose evidence depends on theirs. Unknown ids are left out.
    fn list_evidence(
        &self,
        ctx: CallContext,
        ids: Vec<String>,
    ) -> impl Future<Output = Result<Vec<RecordEvidence>, Self::Error>> + Send;

    /// Ids of all records, in order, after one of them (or, with an empty one, from the beginning).
    fn list_ids(
        &self,
        ctx: CallContext,
        after: String,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<String>, Self::Error>> + Send;
}

/// The evidence of one service on gRPC.
#[derive(Debug, Clone)]
pub struct EvidenceGrpc<W> {
    witness: W,
}

impl<W: Witness> EvidenceGrpc<W> {
    /// Over what the service knows.
    pub fn new(witness: W) -> Self {
        Self { witness }
    }
}

/// More records were asked about than one answer should hold.
#[derive(Debug, thiserror::Error)]
#[error("at most {MOST_RECORDS} ids at once")]
struct TooMany;

impl ServiceError for TooMany {
    fn code(&self) -> ErrorCode {
        ErrorCode::InvalidArgument
    }

    fn reason(&self) -> &'static str {
        self.code().default_reason()
    }

    fn violations(&self) -> Vec<Violation> {
        vec![Violation::new("ids", "TOO_MANY", self.to_string())]
    }
}

fn to_pb(record: RecordEvidence) -> pb::Evidence {
    let RecordEvidence {
        id,
        kind,
        dealer,
        source,
        clerk,
        version,
        entered_at,
        event_date,
        party,
        is_repeated,
        filled,
        findings,
        entry,
        measures,
        values,
        repeats,
    } = record;
    let party = match party {
        None => "",
        Some(PartyKind::Person) => "person",
        Some(PartyKind::Organization) => "organization",
    };
    pb::Evidence {
        id,
        kind: kind.code().to_owned(),
        dealer,
        source,
        clerk,
        version,
        entered_at: Some(to_proto_time(entered_at)),
        event_date: event_date.map_or_else(String::new, |date| date.to_string()),
        party: party.to_owned(),
        is_repeated,
        filled: filled
            .iter()
            .map(|field| field.column().to_owned())
            .collect(),
        findings: findings.iter().map(finding_to_pb).collect(),
        entry,
        measures: measures.iter().map(measure_to_pb).collect(),
        values: values.iter().map(value_to_pb).collect(),
        repeats: repeats.unwrap_or_default(),
    }
}

fn value_to_pb((field, hash): &(Field, i64)) -> pb::EvidenceValue {
    pb::EvidenceValue {
        field: field.column().to_owned(),
        hash: *hash,
    }
}

fn measure_to_pb(measured: &Measured) -> pb::EvidenceMeasure {
    pb::EvidenceMeasure {
        field: measured.field.column().to_owned(),
        measure: measured.measure.code().to_owned(),
        value: measured.value,
    }
}

fn finding_to_pb(finding: &Finding) -> pb::EvidenceFinding {
    let severity = match finding.severity {
        Severity::Info => 1,
        Severity::Warning => 2,
        Severity::Error => 3,
        Severity::Reject => 4,
    };
    let other = finding.params.other;
    pb::EvidenceFinding {
        field: finding.field.column().to_owned(),
        rule: finding.rule.entry().id.to_owned(),
        severity,
        other: other.map_or_else(String::new, |field| field.column().to_owned()),
        number: finding.params.number,
    }
}

#[tonic::async_trait]
impl<W: Witness> EvidenceService for EvidenceGrpc<W> {
    async fn list_evidence(
        &self,
        request: Request<pb::ListEvidenceRequest>,
    ) -> Result<Response<pb::ListEvidenceResponse>, Status> {
        let ctx = CallContext::of(&request).map_err(|error| status(&error))?;
        let ids = request.into_inner().ids;
        if ids.len() > MOST_RECORDS {
            return Err(status(&TooMany));
        }
        let records = self.witness.list_evidence(ctx, ids).await;
        let records = records.map_err(|error| status(&error))?;
        Ok(Response::new(pb::ListEvidenceResponse {
            records: records.into_iter().map(to_pb).collect(),
        }))
    }

    async fn list_ids(
        &self,
        request: Request<pb::ListIdsRequest>,
    ) -> Result<Response<pb::ListIdsResponse>, Status> {
        let ctx = CallContext::of(&request).map_err(|error| status(&error))?;
        let pb::ListIdsRequest { after, limit } = request.into_inner();
        let limit = u32::try_from(limit).unwrap_or(0).clamp(1, MOST_IDS);
        let ids = self.witness.list_ids(ctx, after, limit).await;
        let ids = ids.map_err(|error| status(&error))?;
        Ok(Response::new(pb::ListIdsResponse { ids }))
    }
}

#[cfg(test)]
mod tests {
    use marque_vault::Keyring;

    use super::*;

    fn evidence(id: &str) -> RecordEvidence {
        RecordEvidence {
            id: id.to_owned(),
            kind: RecordKind::Customers,
            dealer: "D1".to_owned(),
            source: String::new(),
            clerk: String::new(),
            version: 1,
            entered_at: Timestamp::from_micros(1),
            event_date: None,
            party: None,
            is_repeated: None,
            filled: Vec::new(),
            findings: Vec::new(),
            entry: Vec::new(),
            measures: Vec::new(),
            values: Vec::new(),
            repeats: None,
        }
    }

    #[test]
    fn a_record_that_repeats_another_says_which() {
        let alone = evidence("src_1").beside(None, Field::CustomerSourceKey);
        assert_eq!((alone.is_repeated, alone.findings.len()), (Some(false), 0));
        let other = Some("src_2".to_owned());
        let repeated = evidence("src_1").beside(other.clone(), Field::CustomerSourceKey);
        assert_eq!(
            (repeated.is_repeated, &repeated.repeats),
            (Some(true), &other)
        );
        let [finding] = &repeated.findings[..] else {
            panic!("one is found");
        };
        let expected = Finding::new(Field::CustomerSourceKey, Rule::EnteredTwice);
        assert_eq!(*finding, expected);
    }

    #[test]
    fn a_value_is_told_of_the_record_and_the_column_that_has_it() {
        let vault = Vault::new(&Keyring::generate().unwrap());
        let told = |id: &str, phone: &'static str| {
            let of_phone = move |field: Field| {
                let text = (field == Field::CustomerPhone).then_some(phone);
                text.or((field == Field::CustomerHobbies).then_some("fishing"))
            };
            evidence(id)
                .with_values(
                    |bytes| evidence_key(&vault, bytes),
                    |field| of_phone(field).map(Cow::Borrowed),
                )
                .values
        };
        let first = told("src_1", "13566661111");
        assert_eq!(first.len(), 1, "nothing is found in what somebody likes");
        assert_eq!(first[0].0, Field::CustomerPhone);
        assert_eq!(first, told("src_1", " 13566661111 "));
        assert_ne!(first, told("src_1", "13566661112"));
        assert_ne!(first, told("src_2", "13566661111"));
    }

    #[test]
    fn the_value_that_another_contradicts_is_told_too() {
        let vault = Vault::new(&Keyring::generate().unwrap());
        let differs = Finding::new(Field::CustomerBirthday, Rule::BirthdayDiffers);
        let record = RecordEvidence {
            findings: vec![differs.with_other(Field::CustomerGender)],
            ..evidence("src_1")
        };
        let text = |field: Field| {
            let of = [Field::CustomerBirthday, Field::CustomerGender];
            of.contains(&field).then_some(Cow::Borrowed("1"))
        };
        let told = record.with_values(|bytes| evidence_key(&vault, bytes), text);
        let told: Vec<Field> = told.values.iter().map(|(field, _)| *field).collect();
        assert!(told.contains(&Field::CustomerBirthday) && told.contains(&Field::CustomerGender));
    }

    #[test]
    fn a_staff_number_is_told_and_a_name_or_a_phone_is_coded() {
        let vault = Vault::new(&Keyring::generate().unwrap());
        let key = |dealer: &str, typed: &str| clerk_key(&vault, dealer, typed);
        for number in ["A0031", "sa-7", "T7", ""] {
            assert_eq!(key("D1", number), number);
        }
        for name in ["王芳", "Li Wei", "13566661111", "sa13566661111"] {
            let code = key("D1", name);
            assert!(code.starts_with("coded-") && code.len() == 22);
            assert_eq!(code, key("D1", name), "his records are counted together");
            assert_ne!(code, key("D2", name), "dealers' clerks are not compared");
        }
    }
}
