//! The roles behind the gateway: one client each, with its budget of retries.

use std::future::Future;

use marque_api::{
    complaint::v1::complaint_service_client::ComplaintServiceClient,
    customer::v1::{
        customer_service_client::CustomerServiceClient,
        personal_data_service_client::PersonalDataServiceClient,
    },
    intake::v1::import_service_client::ImportServiceClient,
    network::v1::network_service_client::NetworkServiceClient,
    quality::v1::quality_service_client::QualityServiceClient,
    scoring::v1::scoring_service_client::ScoringServiceClient,
    service_history::v1::service_history_service_client::ServiceHistoryServiceClient,
    vehicle::v1::vehicle_service_client::VehicleServiceClient,
};
use marque_rpc::{RetryBudget, RpcTransport, capped, retry_read};
use tonic::{Request, Response, Status};

use crate::{edge::Call, problem::Answer};

/// The way to each role, in memory or over the network.
#[derive(Debug, Clone)]
pub struct Peers {
    /// The network of dealers.
    pub network: RpcTransport,
    /// Customers.
    pub customer: RpcTransport,
    /// Vehicles.
    pub vehicle: RpcTransport,
    /// Visits to workshops.
    pub service_history: RpcTransport,
    /// The standard, findings and scorecards.
    pub data_quality: RpcTransport,
    /// Scores, loyalty, due dates.
    pub scoring: RpcTransport,
    /// Complaint cases.
    pub complaint: RpcTransport,
}

impl Peers {
    /// All of them.
    pub(crate) fn all(&self) -> [&RpcTransport; 7] {
        [
            &self.network,
            &self.customer,
            &self.vehicle,
            &self.service_history,
            &self.data_quality,
            &self.scoring,
            &self.complaint,
        ]
    }
}

/// One role's client. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Peer<C> {
    client: C,
    budget: RetryBudget,
}

impl<C: Clone> Peer<C> {
    fn new(client: C) -> Self {
        Self {
            client,
            budget: RetryBudget::new(),
        }
    }

    /// A client to call by oneself, for streams.
    pub(crate) fn client(&self) -> C {
        self.client.clone()
    }

    /// A read, tried again while the peer cannot be reached and the budget allows.
    pub(crate) async fn read<M, A, F>(
        &self,
        call: &Call,
        message: M,
        method: impl Fn(C, Request<M>) -> F,
    ) -> Answer<A>
    where
        M: Clone,
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let attempt = || method(self.client.clone(), call.meta.outgoing(message.clone()));
        let answer = retry_read(&self.budget, call.meta.deadline(), attempt).await?;
        Ok(answer.into_inner())
    }

    /// A read tried once, for answers that can do without it.
    pub(crate) async fn read_once<M, A, F>(
        &self,
        call: &Call,
        message: M,
        method: impl FnOnce(C, Request<M>) -> F,
    ) -> Answer<A>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let answer = method(self.client.clone(), call.meta.outgoing(message)).await?;
        Ok(answer.into_inner())
    }

    /// A write: once, with the caller's idempotency key.
    pub(crate) async fn write<M, A, F>(
        &self,
        call: &Call,
        message: M,
        method: impl FnOnce(C, Request<M>) -> F,
    ) -> Answer<A>
    where
        F: Future<Output = Result<Response<A>, Status>>,
    {
        let answer = method(self.client.clone(), call.outgoing_write(message)).await?;
        Ok(call.answered(answer))
    }
}

/// The clients of all roles.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    pub(crate) network: Peer<NetworkServiceClient<RpcTransport>>,
    pub(crate) customer: Peer<CustomerServiceClient<RpcTransport>>,
    /// The customer role too: what a person may ask for.
    pub(crate) rights: Peer<PersonalDataServiceClient<RpcTransport>>,
    pub(crate) vehicle: Peer<VehicleServiceClient<RpcTransport>>,
    pub(crate) visits: Peer<ServiceHistoryServiceClient<RpcTransport>>,
    pub(crate) quality: Peer<QualityServiceClient<RpcTransport>>,
    pub(crate) scoring: Peer<ScoringServiceClient<RpcTransport>>,
    pub(crate) complaint: Peer<ComplaintServiceClient<RpcTransport>>,
    /// The roles that take files.
    pub(crate) imports: [Importer; 6],
}

/// A role that takes files.
#[derive(Debug, Clone)]
pub(crate) struct Importer {
    /// The kinds of rows it takes.
    pub(crate) kinds: &'static [&'static str],
    /// Its client.
    pub(crate) peer: Peer<ImportServiceClient<RpcTransport>>,
}

impl Clients {
    pub(crate) fn new(peers: &Peers) -> Self {
        let importer = |kinds, transport: &RpcTransport| Importer {
            kinds,
            peer: Peer::new(capped!(ImportServiceClient::new(transport.clone()))),
        };
        Self {
            network: Peer::new(capped!(NetworkServiceClient::new(peers.network.clone()))),
            customer: Peer::new(capped!(CustomerServiceClient::new(peers.customer.clone()))),
            rights: Peer::new(capped!(PersonalDataServiceClient::new(
                peers.customer.clone()
            ))),
            vehicle: Peer::new(capped!(VehicleServiceClient::new(peers.vehicle.clone()))),
            visits: Peer::new(capped!(ServiceHistoryServiceClient::new(
                peers.service_history.clone()
            ))),
            scoring: Peer::new(capped!(ScoringServiceClient::new(peers.scoring.clone()))),
            quality: Peer::new(capped!(QualityServiceClient::new(
                peers.data_quality.clone()
            ))),
            complaint: Peer::new(capped!(ComplaintServiceClient::new(
                peers.complaint.clone()
            ))),
            imports: [
                importer(&["customers"], &peers.customer),
                importer(&["vehicles"], &peers.vehicle),
                importer(&["visits"], &peers.service_history),
                importer(&["verifications"], &peers.data_quality),
                importer(&["complaints"], &peers.complaint),
                importer(&["purchases", "payments", "assessments"], &peers.scoring),
            ],
        }
    }
}
