//! The routes: one list, from which the server, the OpenAPI document and the guards are made.

mod archive;
pub(crate) mod complaints;
pub(crate) mod customers;
pub(crate) mod duplicates;
mod erasures;
mod exported;
pub(crate) mod imports;
mod lookup;
pub(crate) mod loyalty;
mod me;
mod network;
mod paging;
mod personal_data;
pub(crate) mod profile;
mod quality;
mod reconciliations;
pub(crate) mod scores;
mod source_records;
pub(crate) mod vehicles;
pub(crate) mod visits;

use axum::routing::MethodRouter;
use utoipa::openapi::{Paths, RefOr, Schema};
use utoipa_axum::{router::UtoipaMethodRouter, routes};

use crate::{edge::Class, state::App};

/// One route: how it is served, how it is documented, and whose access rule it has.
pub(crate) struct Endpoint {
    /// Method of the contract whose access rule applies.
    pub(crate) rpc: &'static str,
    /// Its class.
    pub(crate) class: Class,
    /// Schemas of its bodies.
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
    /// Its path and operation.
    pub(crate) paths: Paths,
    /// Its handler.
    pub(crate) handler: MethodRouter<App>,
}

fn interactive(rpc: &'static str, (schemas, paths, handler): UtoipaMethodRouter<App>) -> Endpoint {
    Endpoint {
        rpc,
        class: Class::Interactive,
        schemas,
        paths,
        handler,
    }
}

fn transfer(rpc: &'static str, route: UtoipaMethodRouter<App>) -> Endpoint {
    Endpoint {
        class: Class::Transfer,
        ..interactive(rpc, route)
    }
}

fn stream(rpc: &'static str, route: UtoipaMethodRouter<App>) -> Endpoint {
    Endpoint {
        class: Class::Stream,
        ..interactive(rpc, route)
    }
}

/// Every route under `/v1`.
pub(crate) fn all() -> Vec<Endpoint> {
    let mut all = network();
    all.extend(imports());
    all.extend(customers());
    all.extend(vehicles_and_visits());
    all.extend(scores());
    all.extend(quality());
    all.extend(loyalty::endpoints());
    all.extend(complaints::endpoints());
    all.extend(own());
    all.extend(rights());
    all
}

fn network() -> Vec<Endpoint> {
    vec![
        interactive(
            "/marque.network.v1.NetworkService/PutDealer",
            routes!(network::put_dealer),
        ),
        interactive(
            "/marque.network.v1.NetworkService/GetDealer",
            routes!(network::get_dealer),
        ),
        interactive(
            "/marque.network.v1.NetworkService/ListDealers",
            routes!(network::list_dealers),
        ),
        interactive(
            "/marque.network.v1.NetworkService/PutStaff",
            routes!(network::put_staff),
        ),
        interactive(
            "/marque.network.v1.NetworkService/ListStaff",
            routes!(network::list_staff),
        ),
        interactive(
            "/marque.network.v1.NetworkService/ApplyNetwork",
            routes!(network::apply_network),
        ),
    ]
}

fn imports() -> Vec<Endpoint> {
    vec![
        transfer(
            "/marque.intake.v1.ImportService/Import",
            routes!(imports::create_import),
        ),
        interactive(
            "/marque.intake.v1.ImportService/ListImports",
            routes!(imports::list_imports),
        ),
        interactive(
            "/marque.intake.v1.ImportService/GetImport",
            routes!(imports::get_import),
        ),
        interactive(
            "/marque.intake.v1.ImportService/ListImportRows",
            routes!(imports::list_import_rows),
        ),
        transfer(
            "/marque.intake.v1.ImportService/DownloadQuarantine",
            routes!(imports::download_quarantine),
        ),
    ]
}

fn customers() -> Vec<Endpoint> {
    vec![
        interactive(
            "/marque.customer.v1.CustomerService/PutSourceRecord",
            routes!(source_records::put_source_record),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/Lookup",
            routes!(lookup::look_up),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/GetCustomer",
            routes!(customers::get_customer),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/GetCustomer",
            routes!(profile::get_profile),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/ListSourceRecords",
            routes!(customers::list_source_records),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/GetSourceRecord",
            routes!(customers::get_source_record),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/ListHistory",
            routes!(customers::list_history),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/GetCohesion",
            routes!(customers::get_cohesion),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/Unmask",
            routes!(customers::unmask),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/PutConsent",
            routes!(customers::put_consent),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/Merge",
            routes!(customers::merge_customer),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/Split",
            routes!(customers::split_customer),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/Undo",
            routes!(customers::undo_merge),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/ListDuplicates",
            routes!(duplicates::list_duplicates),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/DecideDuplicate",
            routes!(duplicates::decide_duplicate),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/CheckDuplicate",
            routes!(duplicates::check_duplicate),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/StartReconciliation",
            routes!(reconciliations::start_reconciliation),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/ListReconciliations",
            routes!(reconciliations::list_reconciliations),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/ListMoves",
            routes!(reconciliations::list_moves),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/GetMatcher",
            routes!(reconciliations::get_matcher),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/CountCustomers",
            routes!(customers::count_customers),
        ),
    ]
}

fn rights() -> Vec<Endpoint> {
    vec![
        transfer(
            "/marque.customer.v1.PersonalDataService/ExportCustomer",
            routes!(personal_data::export_personal_data),
        ),
        interactive(
            "/marque.customer.v1.PersonalDataService/RequestErasure",
            routes!(erasures::request_my_erasure),
        ),
        interactive(
            "/marque.customer.v1.PersonalDataService/GetErasure",
            routes!(erasures::get_my_erasure),
        ),
        interactive(
            "/marque.customer.v1.PersonalDataService/RequestErasure",
            routes!(erasures::request_erasure),
        ),
        interactive(
            "/marque.customer.v1.PersonalDataService/ListErasures",
            routes!(erasures::list_erasures),
        ),
        interactive(
            "/marque.customer.v1.PersonalDataService/GetErasure",
            routes!(erasures::get_erasure),
        ),
        interactive(
            "/marque.customer.v1.PersonalDataService/DecideErasure",
            routes!(erasures::decide_erasure),
        ),
        interactive(
            "/marque.customer.v1.PersonalDataService/OpenRestricted",
            routes!(erasures::open_restricted),
        ),
        interactive(
            "/marque.customer.v1.PersonalDataService/ListRetention",
            routes!(erasures::list_retention_duties),
        ),
    ]
}

fn vehicles_and_visits() -> Vec<Endpoint> {
    vec![
        interactive(
            "/marque.vehicle.v1.VehicleService/PutVehicle",
            routes!(vehicles::put_vehicle),
        ),
        interactive(
            "/marque.vehicle.v1.VehicleService/GetVehicle",
            routes!(vehicles::get_vehicle),
        ),
        interactive(
            "/marque.vehicle.v1.VehicleService/LookupVehicles",
            routes!(vehicles::look_up_vehicles),
        ),
        interactive(
            "/marque.service_history.v1.ServiceHistoryService/ListVehicleVisits",
            routes!(vehicles::list_vehicle_visits),
        ),
        interactive(
            "/marque.vehicle.v1.VehicleService/ListParties",
            routes!(vehicles::list_parties),
        ),
        interactive(
            "/marque.vehicle.v1.VehicleService/ListReadings",
            routes!(vehicles::list_readings),
        ),
        interactive(
            "/marque.service_history.v1.ServiceHistoryService/PutVisit",
            routes!(visits::put_visit),
        ),
        interactive(
            "/marque.service_history.v1.ServiceHistoryService/GetVisit",
            routes!(visits::get_visit),
        ),
        interactive(
            "/marque.service_history.v1.ServiceHistoryService/ListVisitVersions",
            routes!(visits::list_visit_versions),
        ),
    ]
}

fn scores() -> Vec<Endpoint> {
    vec![
        interactive(
            "/marque.scoring.v1.ScoringService/GetScore",
            routes!(scores::get_score),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/ListScoreHistory",
            routes!(scores::list_score_history),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/ListScores",
            routes!(scores::list_scores),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/GetPyramid",
            routes!(scores::get_pyramid),
        ),
        transfer(
            "/marque.scoring.v1.ScoringService/GetReport",
            routes!(scores::get_score_report),
        ),
        transfer(
            "/marque.scoring.v1.ScoringService/WhatIf",
            routes!(scores::ask_what_if),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/ListModels",
            routes!(scores::list_score_models),
        ),
        transfer(
            "/marque.scoring.v1.ScoringService/PutModel",
            routes!(scores::put_score_model),
        ),
        transfer(
            "/marque.scoring.v1.ScoringService/CalibrateModel",
            routes!(scores::calibrate_score_model),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/PutFact",
            routes!(scores::put_purchase),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/PutFact",
            routes!(scores::put_payment),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/PutFact",
            routes!(scores::put_assessment),
        ),
        interactive(
            "/marque.scoring.v1.ScoringService/PutFact",
            routes!(scores::put_benefit),
        ),
    ]
}

fn quality() -> Vec<Endpoint> {
    vec![
        interactive(
            "/marque.quality.v1.QualityService/GetDictionary",
            routes!(quality::get_dictionary),
        ),
        interactive(
            "/marque.quality.v1.QualityService/GetStandard",
            routes!(quality::get_standard),
        ),
        interactive(
            "/marque.quality.v1.QualityService/PutStandard",
            routes!(quality::put_standard),
        ),
        interactive(
            "/marque.quality.v1.QualityService/ReplayStandard",
            routes!(quality::replay_standard),
        ),
        interactive(
            "/marque.quality.v1.QualityService/Recount",
            routes!(quality::recount),
        ),
        interactive(
            "/marque.quality.v1.QualityService/ListScorecards",
            routes!(quality::list_scorecards),
        ),
        interactive(
            "/marque.quality.v1.QualityService/GetScorecard",
            routes!(quality::get_scorecard),
        ),
        interactive(
            "/marque.quality.v1.QualityService/GetRegionScorecard",
            routes!(quality::get_region_scorecard),
        ),
        interactive(
            "/marque.quality.v1.QualityService/ListFindings",
            routes!(quality::list_findings),
        ),
        interactive(
            "/marque.quality.v1.QualityService/DecideFinding",
            routes!(quality::decide_finding),
        ),
        interactive(
            "/marque.quality.v1.QualityService/ListSuspects",
            routes!(quality::list_suspects),
        ),
        interactive(
            "/marque.quality.v1.QualityService/RecordVerifications",
            routes!(quality::record_verifications),
        ),
        interactive(
            "/marque.quality.v1.QualityService/CreateWorkList",
            routes!(quality::create_work_list),
        ),
        interactive(
            "/marque.quality.v1.QualityService/ListWorkLists",
            routes!(quality::list_work_lists),
        ),
        interactive(
            "/marque.quality.v1.QualityService/GetWorkList",
            routes!(quality::get_work_list),
        ),
        interactive(
            "/marque.quality.v1.QualityService/ListAccuracy",
            routes!(quality::list_accuracy),
        ),
        interactive(
            "/marque.quality.v1.QualityService/PutPoints",
            routes!(quality::put_points),
        ),
        interactive(
            "/marque.quality.v1.QualityService/ListAlerts",
            routes!(quality::list_alerts),
        ),
        interactive(
            "/marque.quality.v1.QualityService/DecideAlert",
            routes!(quality::decide_alert),
        ),
    ]
}

fn own() -> Vec<Endpoint> {
    vec![
        interactive(
            "/marque.scoring.v1.ScoringService/GetScore",
            routes!(me::get_my_score),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/PutConsent",
            routes!(me::put_my_consent),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/GetCustomer",
            routes!(me::get_me),
        ),
        interactive(
            "/marque.customer.v1.CustomerService/GetCustomer",
            routes!(me::get_my_profile),
        ),
        transfer(
            "/marque.customer.v1.CustomerService/ListSourceRecords",
            routes!(personal_data::get_my_personal_data),
        ),
        interactive(
            "/marque.vehicle.v1.VehicleService/ListCustomerVehicles",
            routes!(me::list_my_vehicles),
        ),
        interactive(
            "/marque.service_history.v1.ServiceHistoryService/ListCustomerVisits",
            routes!(me::list_my_visits),
        ),
    ]
}
