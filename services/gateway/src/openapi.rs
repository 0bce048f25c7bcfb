//! The OpenAPI 3.1 document, made from the list of routes.

use marque_auth::{Role, RoleSet};
use utoipa::openapi::{
    Components, Content, HeaderBuilder, Info, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Response,
    ResponseBuilder,
    path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn, PathItem},
    schema::{Array, Object, ObjectBuilder, Type},
    security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    tag::TagBuilder,
};

use crate::routes::{self, Endpoint};

const SECURITY: &str = "bearer";

const TAGS: [(&str, &str); 10] = [
    ("customers", "Golden customers, their records and consents."),
    (
        "duplicates",
        "Pairs that may be one customer, and the steward's word on them.",
    ),
    ("vehicles", "Vehicles, their parties and readings."),
    ("visits", "Repair orders."),
    (
        "scores",
        "What customers are worth, how loyal they are, what is due.",
    ),
    (
        "quality",
        "The standard of good records, findings, scorecards, alerts.",
    ),
    (
        "complaints",
        "Cases, their clocks and courses, tasks, files, solutions.",
    ),
    ("imports", "Files of many rows."),
    ("network", "Dealers and their staff."),
    ("me", "A customer's own data, by his own token."),
];

/// Problems that any operation may answer with.
const PROBLEMS: [(&str, &str); 10] = [
    ("400", "The request is wrong: `violations` names the fields"),
    ("401", "No token, or not a good one"),
    ("403", "None of the caller's roles may do this"),
    (
        "404",
        "There is no such thing, or the caller may not know of it",
    ),
    ("409", "Somebody changed it first, or it exists already"),
    ("422", "The state of things does not allow it"),
    ("429", "Too many requests of this caller: see Retry-After"),
    ("500", "A fault of ours: quote the request's id"),
    ("503", "Overloaded, or a role is down: see Retry-After"),
    ("504", "The deadline passed"),
];

/// Problems of operations that take a body.
const BODY_PROBLEMS: [(&str, &str); 2] = [
    ("413", "The body is too large"),
    (
        "415",
        "The body is of another type than the operation takes, or compressed",
    ),
];

/// The document as JSON, with two spaces of indent and a newline at its end.
pub fn openapi() -> String {
    let mut text = serde_json::to_string_pretty(&document(&routes::all()))
        .expect("the document is maps with text keys");
    text.push('\n');
    text
}

/// The document of these routes.
fn document(endpoints: &[Endpoint]) -> OpenApi {
    let mut paths = Paths::new();
    let mut components = Components::new();
    components.add_security_scheme(SECURITY, bearer());
    components
        .schemas
        .insert("Problem".to_owned(), problem_schema().into());
    for (status, words) in PROBLEMS.into_iter().chain(BODY_PROBLEMS) {
        components
            .responses
            .insert(format!("Problem{status}"), problem_response(words).into());
    }
    for endpoint in endpoints {
        components.schemas.extend(endpoint.schemas.iter().cloned());
        for (path, item) in &endpoint.paths.paths {
            let item = complete(item.clone(), endpoint.rpc);
            match paths.paths.get_mut(path) {
                Some(known) => known.merge_operations(item),
                None => {
                    paths.paths.insert(path.clone(), item);
                }
            }
        }
    }
    let tags = TAGS.map(|(name, words)| {
        TagBuilder::new()
            .name(name)
            .description(Some(words))
            .build()
    });
    OpenApiBuilder::new()
        .info(info())
        .paths(paths)
        .components(Some(components))
        .tags(Some(tags))
        .build()
}

fn info() -> Info {
    let mut info = Info::new("Marque", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "The open CRM of a car maker and its dealers. JSON in snake_case, instants in RFC 3339, money as decimal text with its \
         currency; what is not known is left out. Every answer bears x-request-id: quote it when asking for help."
            .to_owned(),
    );
    info
}

fn bearer() -> SecurityScheme {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT");
    SecurityScheme::Http(
        scheme
            .description(Some(
                "An access token of the configured issuer, or of `marque token`",
            ))
            .build(),
    )
}

/// What every operation has: security, roles, problems, headers.
fn complete(mut item: PathItem, rpc: &str) -> PathItem {
    for (method, operation) in operations(&mut item) {
        operation.security = Some(vec![SecurityRequirement::new(
            SECURITY,
            Vec::<String>::new(),
        )]);
        let roles = roles(rpc);
        let allowed = format!("Roles: {}.", roles.join(", "));
        let words = operation
            .description
            .take()
            .filter(|words| !words.is_empty());
        operation.description =
            Some(words.map_or_else(|| allowed.clone(), |words| format!("{words}\n\n{allowed}")));
        let extensions = operation.extensions.get_or_insert_default();
        extensions.insert("x-rpc".to_owned(), rpc.into());
        extensions.insert("x-roles".to_owned(), roles.into());
        let parameters = operation.parameters.get_or_insert_default();
        let id = operation.operation_id.as_deref().unwrap_or_default();
        let is_keyed = method == HttpMethod::Post && !QUESTIONS.contains(&id);
        parameters.extend(header_parameters(is_keyed).into_iter().map(RefOr::T));
        add_problems(operation);
        add_conditions(operation, &method);
        if is_keyed {
            add_replay(operation);
        }
    }
    item
}

fn add_problems(operation: &mut Operation) {
    let of_body = operation.request_body.as_ref().map(|_| BODY_PROBLEMS);
    for (status, _) in PROBLEMS.into_iter().chain(of_body.into_iter().flatten()) {
        let problem = RefOr::Ref(Ref::from_response_name(format!("Problem{status}")));
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert(problem);
    }
}

fn operations(item: &mut PathItem) -> Vec<(HttpMethod, &mut Operation)> {
    let PathItem { get, put, post, .. } = item;
    [
        (HttpMethod::Get, get),
        (HttpMethod::Put, put),
        (HttpMethod::Post, post),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
    .collect()
}

fn roles(rpc: &str) -> Vec<&'static str> {
    let access = marque_api::access(rpc).expect("every route names a method of the contract");
    let roles = RoleSet::from_numbers(access.roles);
    Role::ALL
        .into_iter()
        .filter(|role| *role != Role::Peer && roles.contains(*role))
        .map(Role::as_str)
        .collect()
}

/// What is asked by POST since its words belong into no URL. Each is asked anew: a key would give an old answer.
const QUESTIONS: [&str; 6] = [
    "look_up",
    "look_up_vehicles",
    "check_duplicate",
    "search_complaints",
    "find_repeats",
    "export_personal_data",
];

fn header_parameters(is_keyed: bool) -> Vec<Parameter> {
    let header = |name: &str, words: &str, example: &str| {
        let text = ObjectBuilder::new().schema_type(Type::String);
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .description(Some(words))
            .schema(Some(text.build()))
            .example(Some(example.into()))
            .build()
    };
    let mut parameters = vec![
        header(
            "x-request-id",
            "Id of the request in all logs; made up if not sent",
            "a1b2c3",
        ),
        header(
            "request-timeout",
            "Seconds the caller waits; shortens the server's deadline",
            "2.5",
        ),
    ];
    if is_keyed {
        parameters.push(header(
            "idempotency-key",
            "The same key again gets the same answer and changes nothing",
            "8e03978e-40d5",
        ));
    }
    parameters
}

/// Answers that went well to writes with an idempotency key say whether they were given before.
fn add_replay(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        if status.starts_with('2') {
            let header = HeaderBuilder::new()
                .description(Some(
                    "`true` if the answer was given before, under the same Idempotency-Key",
                ))
                .build();
            let name = "idempotent-replayed".to_owned();
            response.headers.insert(name, header.into());
        }
    }
}

/// Reads that answer with an ETag answer 304 and 412 too, and writes that take conditions 412.
fn add_conditions(operation: &mut Operation, method: &HttpMethod) {
    const CONDITIONAL: [&str; 7] = [
        "get_customer",
        "get_source_record",
        "get_dealer",
        "get_vehicle",
        "get_visit",
        "get_complaint",
        "get_me",
    ];
    let id = operation.operation_id.as_deref().unwrap_or_default();
    let unmet = || {
        problem_response(
            "It is another version than If-Match names, or there is one and If-None-Match allows none",
        )
    };
    if CONDITIONAL.contains(&id) && *method == HttpMethod::Get {
        let unchanged = ResponseBuilder::new()
            .description("The caller has this version: see If-None-Match")
            .build();
        operation
            .responses
            .responses
            .insert("304".to_owned(), unchanged.into());
        operation
            .responses
            .responses
            .insert("412".to_owned(), unmet().into());
        if let Some(RefOr::T(found)) = operation.responses.responses.get_mut("200") {
            let etag = HeaderBuilder::new()
                .description(Some(
                    "Send it back as it came, in If-Match or If-None-Match",
                ))
                .build();
            found.headers.insert("etag".to_owned(), etag.into());
        }
    }
    if [
        "put_dealer",
        "put_staff",
        "put_source_record",
        "put_vehicle",
        "put_visit",
        "put_solution",
        "put_maintenance_plan",
        "put_guarantee_terms",
        "put_score_model",
        "put_benefit_plan",
        "put_workdays",
        "use_solution",
        "put_standard",
        "put_points",
        "put_calendar",
        "put_consent",
        "put_my_consent",
        "merge_customer",
        "split_customer",
        "move_complaint",
        "amend_complaint",
        "add_complaint_note",
        "add_complaint_task",
        "amend_complaint_task",
        "finish_complaint_task",
        "add_attachment",
        "ask_compensation",
        "decide_compensation",
    ]
    .contains(&id)
    {
        operation
            .responses
            .responses
            .insert("412".to_owned(), unmet().into());
    }
}

fn problem_response(words: &str) -> Response {
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    ResponseBuilder::new()
        .description(words)
        .content("application/problem+json", content)
        .build()
}

fn problem_schema() -> Object {
    let text = |words: &str, example: &str| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(words))
            .examples([example])
    };
    let violation = ObjectBuilder::new()
        .property("field", text("Path of the field", "lines[0].quantity"))
        .property("reason", text("Stable reason", "FORMAT"))
        .property(
            "message",
            text(
                "What is wrong and how to fill the field; never the value",
                "expected a string or a number",
            ),
        );
    ObjectBuilder::new()
        .description(Some("Why there is no answer (RFC 9457)"))
        .property(
            "type",
            text(
                "Page that explains the reason",
                "/docs/errors/INVALID_ARGUMENT",
            ),
        )
        .property("title", text("The kind of problem", "invalid argument"))
        .property(
            "status",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .examples([400]),
        )
        .property(
            "detail",
            text("What happened", "the request has wrong fields"),
        )
        .property("reason", text("Stable reason", "INVALID_ARGUMENT"))
        .property(
            "request_id",
            text("To be quoted when asking for help", "a1b2c3"),
        )
        .property("violations", Array::new(violation))
        .required("type")
        .required("title")
        .required("status")
        .required("detail")
        .required("reason")
        .build()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn a_name_of_a_schema_means_one_thing() {
        let mut known = HashMap::new();
        for (name, schema) in routes::all()
            .into_iter()
            .flat_map(|endpoint| endpoint.schemas)
        {
            let described = serde_json::to_value(schema).unwrap();
            let first = known
                .entry(name.clone())
                .or_insert_with(|| described.clone());
            assert_eq!(*first, described, "two schemas are called {name}");
        }
    }

    #[test]
    fn every_group_of_operations_is_described() {
        for (path, mut item) in document(&routes::all()).paths.paths {
            for (_, operation) in operations(&mut item) {
                for tag in operation.tags.iter().flatten() {
                    let is_described = TAGS.iter().any(|(name, _)| name == tag);
                    assert!(is_described, "{path}: {tag}");
                }
            }
        }
    }

    #[test]
    fn operations_have_names_of_their_own() {
        let mut known = HashMap::new();
        for (path, mut item) in document(&routes::all()).paths.paths {
            for (_, operation) in operations(&mut item) {
                let id = operation
                    .operation_id
                    .clone()
                    .expect("a handler has a name");
                if let Some(other) = known.insert(id, path.clone()) {
                    panic!("{other} and {path} are one operation by name");
                }
            }
        }
    }
}
