//! Asking the owners of records what they are like, and the network who works where.

use std::{collections::HashMap, sync::Arc, time::Duration};

use marque_api::{
    evidence::v1::{
        self as pb, ListEvidenceRequest, ListIdsRequest,
        evidence_service_client::EvidenceServiceClient,
    },
    network::v1::{
        GetDealerRequest, ListStaffRequest, network_service_client::NetworkServiceClient,
    },
};
use marque_auth::PeerTokens;
use marque_core::{ComplaintId, SharedClock, SourceRecordId, Timestamp, VehicleId, VisitId};
use marque_events::from_proto_time;
use marque_intake::evidence_key;
use marque_quality::{
    Field, Finding, Params, RecordKind, Rule,
    falsification::Entry,
    party::PartyKind,
    standard::{Measure, Measured},
};
use marque_rpc::{CallMeta, RequestId, RpcTransport, capped};
use marque_vault::Vault;
use parking_lot::Mutex;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{
    app::Departments,
    domain::{BusinessPhones, Evidence, kind_of, severity_of},
};

/// What one question may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a dealer's list of staff is believed.
const STAFF_BELIEVED: Duration = Duration::from_secs(60);
/// Ids asked for at once when all are wanted.
const IDS: i32 = 2000;

/// A service that owns records of one kind.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    pub(crate) kind: RecordKind,
    client: EvidenceServiceClient<RpcTransport>,
}

impl Owner {
    pub(crate) fn new(kind: RecordKind, transport: RpcTransport) -> Self {
        Self {
            kind,
            client: capped!(EvidenceServiceClient::new(transport)),
        }
    }
}

/// Who works for a dealer.
#[derive(Default)]
pub(crate) struct Staff {
    /// Department of each, by staff number.
    pub(crate) departments: HashMap<String, String>,
    /// The dealer's own numbers and the business phones of those who work there now.
    pub(crate) phones: BusinessPhones,
}

/// Staff of a dealer and when it was asked for.
type Asked = (Timestamp, Arc<Staff>);

/// The services that are asked, with the token of a peer. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Owners {
    network: NetworkServiceClient<RpcTransport>,
    tokens: PeerTokens,
    clock: SharedClock,
    /// Keys business phones as the owners of records key theirs.
    vault: Vault,
    staff: Arc<Mutex<HashMap<String, Asked>>>,
}

impl Owners {
    pub(crate) fn new(
        network: RpcTransport,
        tokens: PeerTokens,
        clock: SharedClock,
        vault: Vault,
    ) -> Self {
        Self {
            network: NetworkServiceClient::new(network),
            tokens,
            clock,
            vault,
            staff: Arc::default(),
        }
    }

    /// What records are like. Ids that the owner does not know are left out.
    pub(crate) async fn evidence(
        &self,
        owner: &Owner,
        records: &[Uuid],
    ) -> Result<Vec<Evidence>, Status> {
        let ids = records.iter().map(|id| id_text(owner.kind, *id)).collect();
        let request = self.meta().outgoing(ListEvidenceRequest { ids });
        let answer = owner.client.clone().list_evidence(request).await?;
        let records = answer.into_inner().records;
        Ok(records.into_iter().filter_map(evidence_of).collect())
    }

    /// Ids after one of them.
    pub(crate) async fn ids(
        &self,
        owner: &Owner,
        after: Option<Uuid>,
    ) -> Result<Vec<Uuid>, Status> {
        let after = after.map_or_else(String::new, |id| id_text(owner.kind, id));
        let request = self.meta().outgoing(ListIdsRequest { after, limit: IDS });
        let answer = owner.client.clone().list_ids(request).await?;
        let ids = answer.into_inner().ids;
        Ok(ids
            .iter()
            .filter_map(|id| uuid_of(owner.kind, id))
            .collect())
    }

    /// The departments of the clerks who entered records, as far as the network knows them.
    pub(crate) async fn departments(&self, evidence: &[Evidence]) -> Result<Departments, Status> {
        let mut departments = Departments::new();
        for one in evidence.iter().filter(|one| !one.clerk.is_empty()) {
            let key = (one.dealer.clone(), one.clerk.clone());
            if departments.contains_key(&key) {
                continue;
            }
            let staff = self.staff_of(&one.dealer).await?;
            let department = staff.departments.get(&one.clerk);
            let department = department.cloned().unwrap_or_default();
            departments.insert(key, department);
        }
        Ok(departments)
    }

    /// Adds to what is wrong with customers that the phone is the dealer's own, or a business phone of somebody who works for him.
    pub(crate) async fn find_business_phones(
        &self,
        evidence: &mut [Evidence],
    ) -> Result<(), Status> {
        let customers = evidence
            .iter_mut()
            .filter(|one| one.kind == RecordKind::Customers);
        for one in customers {
            let staff = self.staff_of(&one.dealer).await?;
            let broken = staff.phones.broken_by(&one.entry);
            let found = broken.map(|rule| Finding::new(Field::CustomerPhone, rule));
            one.findings.extend(found);
        }
        Ok(())
    }

    /// Who works for a dealer as the network says now, and not as it said a while ago.
    pub(crate) async fn staff_now(&self, dealer: &str) -> Result<Arc<Staff>, Status> {
        self.staff.lock().remove(dealer);
        self.staff_of(dealer).await
    }

    /// Who works for a dealer.
    pub(crate) async fn staff_of(&self, dealer: &str) -> Result<Arc<Staff>, Status> {
        let now = self.clock.now();
        if let Some((asked_at, staff)) = self.staff.lock().get(dealer)
            && now.since(*asked_at) < STAFF_BELIEVED
        {
            return Ok(Arc::clone(staff));
        }
        let (mut staff, mut page_token) = (Staff::default(), String::new());
        loop {
            let request = self.meta().outgoing(ListStaffRequest {
                dealer: dealer.to_owned(),
                page_size: 1000,
                page_token: std::mem::take(&mut page_token),
            });
            let page = match self.network.clone().list_staff(request).await {
                Ok(page) => page.into_inner(),
                // The network may not have heard of the dealer yet.
                Err(status) if status.code() == Code::NotFound => break,
                Err(status) => return Err(status),
            };
            for one in page.staff {
                let phone = Entry::of_phone(&one.phone).filter(|_| one.active);
                let phone = phone.map(|phone| self.keyed(&phone));
                staff.phones.of_staff.extend(phone);
                staff.departments.insert(one.code, one.department);
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        staff.phones.own = self.own_phones(dealer).await?;
        let staff = Arc::new(staff);
        let known = (now, Arc::clone(&staff));
        self.staff.lock().insert(dealer.to_owned(), known);
        Ok(staff)
    }

    /// A dealer's own numbers.
    async fn own_phones(&self, dealer: &str) -> Result<Vec<Entry>, Status> {
        let request = self.meta().outgoing(GetDealerRequest {
            code: dealer.to_owned(),
        });
        let dealer = match self.network.clone().get_dealer(request).await {
            Ok(answer) => answer.into_inner().dealer.unwrap_or_default(),
            // The network may not have heard of him yet.
            Err(status) if status.code() == Code::NotFound => return Ok(Vec::new()),
            Err(status) => return Err(status),
        };
        let phones = dealer.phones.iter();
        let phones = phones.filter_map(|phone| Entry::of_phone(phone));
        Ok(phones.map(|phone| self.keyed(&phone)).collect())
    }

    fn keyed(&self, entry: &Entry) -> Entry {
        entry.keyed(|bytes| evidence_key(&self.vault, bytes))
    }

    fn meta(&self) -> CallMeta {
        CallMeta::new(RequestId::random())
            .with_token(&self.tokens.token(self.clock.now()))
            .within(PATIENCE)
    }
}

/// A record's id as its owner prints it.
pub(crate) fn id_text(kind: RecordKind, id: Uuid) -> String {
    match kind {
        RecordKind::Vehicles => VehicleId::from(id).to_string(),
        RecordKind::Visits => VisitId::from(id).to_string(),
        RecordKind::Customers => SourceRecordId::from(id).to_string(),
        RecordKind::Complaints => ComplaintId::from(id).to_string(),
    }
}

fn uuid_of(kind: RecordKind, id: &str) -> Option<Uuid> {
    match kind {
        RecordKind::Vehicles => id.parse().ok().map(VehicleId::uuid),
        RecordKind::Visits => id.parse().ok().map(VisitId::uuid),
        RecordKind::Customers => id.parse().ok().map(SourceRecordId::uuid),
        RecordKind::Complaints => id.parse().ok().map(ComplaintId::uuid),
    }
}

/// What came over the wire. Fields and rules of a later release are passed over; without id, kind or instant it is nothing.
fn evidence_of(record: pb::Evidence) -> Option<Evidence> {
    let pb::Evidence {
        id,
        kind,
        dealer,
        source: _,
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
    let kind = kind_of(&kind)?;
    let field = |column: &str| Field::of(kind).find(|field| field.column() == column);
    let finding = |found: &pb::EvidenceFinding| {
        let rule = Rule::ALL
            .into_iter()
            .find(|rule| rule.entry().id == found.rule);
        Some(Finding {
            field: field(&found.field)?,
            rule: rule?,
            severity: severity_of(i64::from(found.severity)),
            params: Params {
                other: field(&found.other),
                number: found.number,
            },
        })
    };
    let measured = |told: &pb::EvidenceMeasure| {
        Some(Measured {
            field: field(&told.field)?,
            measure: Measure::of_code(&told.measure)?,
            value: told.value,
        })
    };
    // A vehicle's row has the id of a source record: one car has rows of several dealers.
    let uuid = |id: &str| {
        let (_, hex) = id.split_once('_')?;
        Uuid::try_parse(hex).ok()
    };
    Some(Evidence {
        id: uuid(&id)?,
        kind,
        dealer,
        clerk,
        version,
        entered_at: from_proto_time(&entered_at?),
        event_date: event_date.parse().ok(),
        party: match party.as_str() {
            "person" => Some(PartyKind::Person),
            "organization" => Some(PartyKind::Organization),
            _ => None,
        },
        is_repeated,
        filled: filled.iter().filter_map(|column| field(column)).collect(),
        findings: findings.iter().filter_map(finding).collect(),
        entry,
        measures: measures.iter().filter_map(measured).collect(),
        values: values
            .iter()
            .filter_map(|value| Some((field(&value.field)?, value.hash)))
            .collect(),
        repeats: uuid(&repeats),
    })
}
