//! Which cases a list asks for.

use marque_api::complaint::v1 as pb;
use marque_core::Timestamp;

use super::report::{day, start_of};
use crate::{
    domain::{
        DEPARTMENT_LIST, Severity, State, Step, category_code, find_category, find_department,
        folded_code,
    },
    error::{Error, Result},
    storage::{Filter, Order},
};

/// The list with its filters, so that a page token is of no use in another.
pub(super) fn list_name(request: &pb::ListComplaintsRequest) -> String {
    let pb::ListComplaintsRequest {
        state,
        dealer,
        customer_id,
        vin,
        severity,
        category,
        department,
        escalated_to,
        overdue,
        page_size: _,
        page_token: _,
        compensation_asked,
        sort,
        due_until,
    } = request;
    format!(
        "complaints?{state}&{dealer}&{customer_id}&{vin}&{severity}&{category}&{department}&{escalated_to}&{overdue}&{compensation_asked}&{sort}&{due_until}"
    )
}

/// What the request asks for.
pub(super) fn filter_of(request: pb::ListComplaintsRequest) -> Result<Filter> {
    let mut filter = Filter {
        order: order_of(&request.sort)?,
        due_until: due_until(request.due_until.trim())?,
        dealer: request.dealer,
        vin: folded_code(&request.vin),
        only_open: request.state == "open",
        ..Filter::default()
    };
    if !request.state.is_empty() && !filter.only_open {
        filter.state = Some(State::parse(&request.state).ok_or_else(|| {
            Error::field(
                "state",
                "FORMAT",
                "write open, or one of the states of a complaint",
            )
        })?);
    }
    if !request.severity.is_empty() {
        filter.severity = Some(Severity::parse(&request.severity).ok_or_else(|| {
            Error::field("severity", "FORMAT", "write low, medium, high or critical")
        })?);
    }
    if !request.escalated_to.is_empty() {
        let step = Step::parse(&request.escalated_to).ok_or_else(|| {
            let message = "write warning, agent, manager, region or headquarters";
            Error::field("escalated_to", "FORMAT", message)
        })?;
        filter.level = step.number();
    }
    if !request.category.is_empty() {
        filter.category = find_category(&request.category).map_or_else(
            || category_code(&request.category),
            |each| each.code.to_owned(),
        );
    }
    filter.department = department_of(&request.department)?;
    filter.overdue = request.overdue;
    filter.compensation_asked = request.compensation_asked;
    if !request.customer_id.is_empty() {
        let customer = request.customer_id.parse().map_err(|_| {
            let message = "write the id of a customer: cus_ and 32 hexadecimal digits";
            Error::field("customer_id", "FORMAT", message)
        })?;
        filter.customer = Some(customer);
    }
    Ok(filter)
}

/// The code of a department, of which none need be named.
pub(super) fn department_of(word: &str) -> Result<String> {
    if word.trim().is_empty() {
        return Ok(String::new());
    }
    find_department(word).map(str::to_owned).ok_or_else(|| {
        let message = format!("write {DEPARTMENT_LIST}");
        Error::field("department", "FORMAT", message)
    })
}

fn order_of(sort: &str) -> Result<Order> {
    match sort {
        "" | "opened" => Ok(Order::Opened),
        "due" => Ok(Order::Due),
        _ => Err(Error::field("sort", "FORMAT", "write opened or due")),
    }
}

/// An instant, or the end of a day in China.
pub(super) fn due_until(typed: &str) -> Result<Option<Timestamp>> {
    if let Some(instant) = Timestamp::parse_rfc3339(typed) {
        return Ok(Some(instant));
    }
    Ok(day("due_until", typed)?
        .and_then(|day| day.succ_opt())
        .map(start_of))
}
