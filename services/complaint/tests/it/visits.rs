//! The visit that a case is about; and a service-history service that knows what the test tells it.

use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use marque_api::{
    complaint::v1 as pb,
    service_history::v1::{
        ExportVisitsRequest, ExportVisitsResponse, GetVisitRequest, GetVisitResponse,
        ListCustomerVisitsRequest, ListCustomerVisitsResponse, ListVehicleVisitsRequest,
        ListVehicleVisitsResponse, ListVisitVersionsRequest, ListVisitVersionsResponse,
        PutVisitRequest, PutVisitResponse, Visit,
        service_history_service_server::ServiceHistoryService,
    },
};
use marque_core::VisitId;
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use crate::{
    answers::keyed,
    world::{World, complaint, reason},
};

store_test_suite!(
    a_visit_is_one_to_the_dealer_with_the_car,
    a_visit_gives_the_case_its_car,
    a_visit_is_put_right_like_the_car,
    what_cannot_be_checked_is_not_taken,
    who_repeats_himself_is_answered_though_visits_cannot_be_asked_for,
);

/// Visits that there are, or nobody to ask.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    known: Mutex<HashMap<String, Visit>>,
    is_down: AtomicBool,
}

impl Visits {
    /// Another visit to a dealer with a car; answers its id.
    pub(crate) fn put(&self, dealer: &str, vin: &str) -> String {
        let mut known = self.known.lock().unwrap();
        let id = VisitId::from(Uuid::from_u128(known.len() as u128 + 1)).to_string();
        let visit = Visit {
            id: id.clone(),
            dealer: dealer.into(),
            vin: vin.into(),
            ..Visit::default()
        };
        known.insert(id.clone(), visit);
        id
    }

    fn down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }
}

#[tonic::async_trait]
impl ServiceHistoryService for Visits {
    async fn get_visit(
        &self,
        request: Request<GetVisitRequest>,
    ) -> Result<Response<GetVisitResponse>, Status> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(Status::unavailable("nobody is there"));
        }
        let known = self.known.lock().unwrap();
        let visit = known.get(&request.get_ref().id).cloned();
        let visit = Some(visit.ok_or_else(|| Status::not_found("no such visit"))?);
        Ok(Response::new(GetVisitResponse { visit }))
    }

    async fn put_visit(
        &self,
        _: Request<PutVisitRequest>,
    ) -> Result<Response<PutVisitResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_vehicle_visits(
        &self,
        _: Request<ListVehicleVisitsRequest>,
    ) -> Result<Response<ListVehicleVisitsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_customer_visits(
        &self,
        _: Request<ListCustomerVisitsRequest>,
    ) -> Result<Response<ListCustomerVisitsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn export_visits(
        &self,
        _: Request<ExportVisitsRequest>,
    ) -> Result<Response<ExportVisitsResponse>, Status> {
        Err(Status::unimplemented(""))
    }

    async fn list_visit_versions(
        &self,
        _: Request<ListVisitVersionsRequest>,
    ) -> Result<Response<ListVisitVersionsResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}

const CAR: &str = "LATPAB071W1005301";
const OTHER_CAR: &str = "LMVCA1A60R1000002";

/// Opens a case about a visit with a car, which may be left out.
async fn open(world: &World, visit: &str, vin: &str) -> Result<pb::Complaint, Status> {
    let message = pb::OpenComplaintRequest {
        visit_id: visit.into(),
        vin: vin.into(),
        another_matter: true,
        ..complaint("D1", "c1")
    };
    let answer = world
        .complaints()
        .open_complaint(world.desk("D1", message))
        .await?;
    Ok(answer.into_inner().complaint.unwrap())
}

async fn amend(
    world: &World,
    case: &pb::Complaint,
    message: pb::AmendComplaintRequest,
) -> Result<pb::Complaint, Status> {
    let message = pb::AmendComplaintRequest {
        id: case.id.clone(),
        ..message
    };
    let answer = world
        .complaints()
        .amend_complaint(world.desk("D1", message))
        .await?;
    Ok(answer.into_inner().complaint.unwrap())
}

async fn a_visit_is_one_to_the_dealer_with_the_car(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let own = world.visits.put("D1", CAR);
    let elsewhere = world.visits.put("D2", CAR);
    let of_nobody = VisitId::from(Uuid::from_u128(17)).to_string();
    let case = open(&world, &own, CAR).await.unwrap();
    assert_eq!((&case.visit_id, case.vin.as_str()), (&own, CAR));
    for absent in [&elsewhere, &of_nobody] {
        let refused = open(&world, absent, CAR).await.unwrap_err();
        assert_eq!(reason(&refused), "VISIT_UNKNOWN", "{absent}");
        assert_eq!(refused.code(), Code::NotFound);
    }
    for (visit, vin) in [("x", CAR), (own.as_str(), OTHER_CAR)] {
        let refused = open(&world, visit, vin).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{visit} {vin}");
    }
    assert_eq!(world.count("SELECT count(*) FROM complaints").await, 1);
}

async fn a_visit_gives_the_case_its_car(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let visit = world.visits.put("D1", CAR);
    let first = open(&world, &visit, "").await.unwrap();
    assert_eq!(first.vin, CAR);
    // It repeats and is repeated like any other of the car.
    world.pass(60);
    let second = open(&world, "", CAR).await.unwrap();
    assert_eq!(second.repeat_of, first.id);
    // Of one whose vehicle nobody could read the visit tells nothing.
    let unread = world.visits.put("D1", "LMV?");
    assert_eq!(open(&world, &unread, "").await.unwrap().vin, "");
    assert_eq!(open(&world, &unread, CAR).await.unwrap().vin, CAR);
}

async fn a_visit_is_put_right_like_the_car(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let (visit, other) = (
        world.visits.put("D1", CAR),
        world.visits.put("D1", OTHER_CAR),
    );
    let case = open(&world, "", "").await.unwrap();
    let say = |visit: &str, vin: &str| pb::AmendComplaintRequest {
        visit_id: visit.into(),
        vin: vin.into(),
        ..pb::AmendComplaintRequest::default()
    };
    let amended = amend(&world, &case, say(&visit, "")).await.unwrap();
    assert_eq!((&amended.visit_id, amended.vin.as_str()), (&visit, CAR));
    let told = |entry: &pb::Entry| entry.act == "amended" && entry.to == format!("vin={CAR}");
    assert!(amended.entries.iter().any(told));
    // Another car contradicts the visit that it has, another visit the car; both together do not.
    for contradiction in [say("", OTHER_CAR), say(&other, ""), say("x", "")] {
        let refused = amend(&world, &case, contradiction).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    }
    let both = amend(&world, &case, say(&other, OTHER_CAR)).await.unwrap();
    assert_eq!((&both.visit_id, both.vin.as_str()), (&other, OTHER_CAR));
    let left = pb::AmendComplaintRequest {
        clear: vec!["visit_id".into()],
        ..say("", CAR)
    };
    let left = amend(&world, &case, left).await.unwrap();
    assert_eq!((left.visit_id.as_str(), left.vin.as_str()), ("", CAR));
}

async fn what_cannot_be_checked_is_not_taken(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let visit = world.visits.put("D1", CAR);
    let case = open(&world, &visit, "").await.unwrap();
    world.visits.down(true);
    let refused = open(&world, &visit, "").await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    let named = pb::AmendComplaintRequest {
        visit_id: visit.clone(),
        ..pb::AmendComplaintRequest::default()
    };
    let refused = amend(&world, &case, named).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    // What names none does not wait for it.
    assert!(open(&world, "", CAR).await.is_ok());
    let another = pb::AmendComplaintRequest {
        vin: OTHER_CAR.into(),
        ..pb::AmendComplaintRequest::default()
    };
    assert_eq!(amend(&world, &case, another).await.unwrap().vin, OTHER_CAR);
    world.visits.down(false);
    assert!(open(&world, &visit, "").await.is_ok());
}

async fn who_repeats_himself_is_answered_though_visits_cannot_be_asked_for(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let [visit, other] = [CAR, OTHER_CAR].map(|car| world.visits.put("D1", car));
    let open = async |visit: &str| {
        let message = pb::OpenComplaintRequest {
            visit_id: visit.into(),
            vin: String::new(),
            ..complaint("D1", "c1")
        };
        let request = keyed(world.desk("D1", message), "open-1");
        let opened = world.complaints().open_complaint(request).await?;
        Ok::<_, Status>(opened.into_inner())
    };
    let opened = open(&visit).await.unwrap();
    let id = opened.complaint.clone().unwrap().id;
    let amend = async || {
        let message = pb::AmendComplaintRequest {
            id: id.clone(),
            visit_id: other.clone(),
            vin: OTHER_CAR.into(),
            ..pb::AmendComplaintRequest::default()
        };
        let request = keyed(world.desk("D1", message), "amend-1");
        let amended = world.complaints().amend_complaint(request).await;
        amended.unwrap().into_inner()
    };
    let amended = amend().await;
    world.visits.down(true);
    assert_eq!(open(&visit).await.unwrap(), opened);
    assert_eq!(amend().await, amended);
    let reused = open(&other).await.unwrap_err();
    assert_eq!(reason(&reused), "IDEMPOTENCY_KEY_REUSED");
    let sql = "SELECT count(*) FROM complaint_entries WHERE act = 'amended'";
    assert_eq!(world.count(sql).await, 2, "visit and car, once each");
}
