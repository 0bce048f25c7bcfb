//! Complaint cases.

mod alerts;
mod attachments;
mod calendar;
mod compensations;
mod desk;
mod feed;
mod get;
mod open;
mod report;
mod solutions;
mod tasks;
mod views;
mod work;
mod workdays;

pub(crate) use alerts::*;
pub(crate) use attachments::*;
pub(crate) use calendar::*;
pub(crate) use compensations::*;
pub(crate) use desk::*;
pub(crate) use feed::*;
pub(crate) use get::*;
pub(crate) use open::*;
pub(crate) use report::*;
pub(crate) use solutions::*;
pub(crate) use tasks::*;
pub(crate) use views::ComplaintView;
pub(crate) use work::*;
pub(crate) use workdays::*;

use utoipa_axum::routes;

use super::{Endpoint, interactive, stream, transfer};

/// Their routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut all = cases();
    all.extend(care());
    all.extend(knowledge());
    all
}

fn care() -> Vec<Endpoint> {
    vec![
        transfer(
            "/marque.complaint.v1.ComplaintService/AddAttachment",
            routes!(add_attachment),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/ListAttachments",
            routes!(list_attachments),
        ),
        transfer(
            "/marque.complaint.v1.ComplaintService/GetAttachment",
            routes!(get_attachment),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/AskCompensation",
            routes!(ask_compensation),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/DecideCompensation",
            routes!(decide_compensation),
        ),
    ]
}

fn knowledge() -> Vec<Endpoint> {
    vec![
        interactive(
            "/marque.complaint.v1.ComplaintService/GetReport",
            routes!(get_complaint_report),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/ListAlerts",
            routes!(list_complaint_alerts),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/GetDesk",
            routes!(get_desk),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/SearchComplaints",
            routes!(search_complaints),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/UseSolution",
            routes!(use_solution),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/SearchSolutions",
            routes!(search_solutions),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/PutSolution",
            routes!(create_solution),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/GetSolution",
            routes!(get_solution),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/PutSolution",
            routes!(put_solution),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/DecideSolution",
            routes!(decide_solution),
        ),
        stream(
            "/marque.complaint.v1.ComplaintService/WatchComplaints",
            routes!(watch_complaints),
        ),
    ]
}

fn cases() -> Vec<Endpoint> {
    vec![
        interactive(
            "/marque.complaint.v1.ComplaintService/OpenComplaint",
            routes!(open_complaint),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/FindRepeats",
            routes!(find_repeats),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/ListComplaints",
            routes!(list_complaints),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/GetComplaint",
            routes!(get_complaint),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/MoveComplaint",
            routes!(move_complaint),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/AmendComplaint",
            routes!(amend_complaint),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/AddNote",
            routes!(add_complaint_note),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/AddTask",
            routes!(add_complaint_task),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/ListTasks",
            routes!(list_complaint_tasks),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/AmendTask",
            routes!(amend_complaint_task),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/FinishTask",
            routes!(finish_complaint_task),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/GetCalendar",
            routes!(get_calendar),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/PutCalendar",
            routes!(put_calendar),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/ListWorkYears",
            routes!(list_workdays),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/PutWorkYear",
            routes!(put_workdays),
        ),
        interactive(
            "/marque.complaint.v1.ComplaintService/ListComplaints",
            routes!(list_my_complaints),
        ),
    ]
}
