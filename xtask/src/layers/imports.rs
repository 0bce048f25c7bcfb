//! What each layer of a service, and each pure crate, must not name.

use super::{FENCED, PURE};
use crate::{
    Findings,
    finding::Finding,
    source::{Source, crate_uses, words},
    tree::Tree,
};

/// A rule for the shipped code of files whose path holds one of `places`.
struct Rule {
    /// Parts of paths, such as `/src/domain/`.
    places: &'static [&'static str],
    /// Crates that must not be named.
    crates: &'static [&'static str],
    /// Pieces of code that must not stand there.
    pieces: &'static [&'static str],
    /// What to do instead.
    instead: &'static str,
}

/// The layers: `grpc | events → app → domain`, `app → storage → domain`.
const LAYERS: [Rule; 5] = [
    Rule {
        places: &["/src/domain/", "/src/domain.rs"],
        crates: &[
            "tonic",
            "prost",
            "prost_types",
            "axum",
            "http",
            "tower",
            "reqwest",
            "tokio",
            "serde_json",
            "rusqlite",
            "postgres",
            "marque_api",
            "marque_db",
            "marque_rpc",
            "marque_events",
            "marque_intake",
            "marque_ledger",
        ],
        pieces: &[
            "crate::app",
            "crate::storage",
            "crate::grpc",
            "crate::events",
            "async fn",
            ".now()",
            "SystemClock",
        ],
        instead: "domain/ holds rules and values alone: take what is needed as an argument",
    },
    Rule {
        places: &["/src/storage/", "/src/storage.rs"],
        crates: &[
            "tonic",
            "axum",
            "tower",
            "tokio",
            "marque_api",
            "marque_rpc",
        ],
        pieces: &["crate::app", "crate::grpc", "crate::events", "async fn"],
        instead: "storage/ remembers and decides nothing: synchronous functions over a Conn",
    },
    Rule {
        places: &["/src/app/", "/src/app.rs"],
        crates: &["tonic", "axum", "tower"],
        pieces: &["crate::grpc", "crate::events"],
        instead: "app/ decides: conversions to and from the wire are grpc/'s",
    },
    Rule {
        places: &["/src/grpc/", "/src/grpc.rs"],
        crates: &["axum"],
        pieces: &["Conn", "Database"],
        instead: "grpc/ converts: transactions begin and end in app/",
    },
    Rule {
        places: &["/src/events/", "/src/events.rs"],
        crates: &["axum"],
        pieces: &["crate::grpc", "Database"],
        instead: "events/ converts: a handler gets its Conn and hands on to app/",
    },
];

/// What the crates that know nothing of the world must not name either.
const PURITY: Rule = Rule {
    places: &[],
    crates: &[
        "tokio",
        "tonic",
        "axum",
        "hyper",
        "reqwest",
        "rusqlite",
        "postgres",
        "rand",
        "getrandom",
    ],
    pieces: &[
        "SystemTime::now",
        "Instant::now",
        "Utc::now",
        "Local::now",
        "std::net",
        "std::env",
    ],
    instead: "a pure crate gets time, seeds and data as arguments",
};

/// The gateway converts and assembles; it keeps nothing.
const GATEWAY: Rule = Rule {
    places: &[],
    crates: &[
        "marque_db",
        "marque_events",
        "marque_ledger",
        "marque_intake",
        "marque_vault",
    ],
    pieces: &[],
    instead: "the gateway has no database: what is kept belongs to a service",
};

pub(super) fn check(tree: &Tree, findings: &mut Findings) {
    for source in &tree.rust {
        if source.path.starts_with("services/gateway/src/") {
            apply(&GATEWAY, source, findings);
        } else if source.path.starts_with("services/") {
            let holds = |rule: &&Rule| rule.places.iter().any(|place| source.path.contains(place));
            LAYERS
                .iter()
                .filter(holds)
                .for_each(|rule| apply(rule, source, findings));
        }
        if PURE
            .iter()
            .any(|pure| source.path.starts_with(&format!("crates/{pure}/src/")))
        {
            apply(&PURITY, source, findings);
        }
        fence(source, findings);
        contract_in_app(source, findings);
    }
}

fn apply(rule: &Rule, source: &Source, findings: &mut Findings) {
    let code = source.shipped();
    let crates = rule
        .crates
        .iter()
        .flat_map(|name| crate_uses(code, name).map(move |at| (at, *name)));
    let pieces = rule
        .pieces
        .iter()
        .flat_map(|piece| words(code, piece).map(move |at| (at, *piece)));
    for (at, name) in crates.chain(pieces) {
        findings.push(Finding::new(
            &source.path,
            source.line(at),
            format!("names {name}; {}", rule.instead),
        ));
    }
}

/// Drivers and frameworks stay where they belong.
fn fence(source: &Source, findings: &mut Findings) {
    for (name, places) in FENCED {
        if places.iter().any(|place| source.path.starts_with(place)) {
            continue;
        }
        for at in crate_uses(source.shipped(), name) {
            let message = format!("names {name}, which only {} may", places.join(" and "));
            findings.push(Finding::new(&source.path, source.line(at), message));
        }
    }
}

/// app/ names messages of the contract only where they are kept as bytes: the payload of an event, the answer to an
/// idempotency key.
fn contract_in_app(source: &Source, findings: &mut Findings) {
    let code = source.shipped();
    if !source.path.starts_with("services/") || !source.path.contains("/src/app/") {
        return;
    }
    let keeps_bytes = ["NewEvent", "once"]
        .iter()
        .any(|word| words(code, word).next().is_some());
    if let Some(at) = crate_uses(code, "marque_api")
        .next()
        .filter(|_| !keeps_bytes)
    {
        let message =
            "names marque_api without publishing an event or keeping an answer: grpc/ converts";
        findings.push(Finding::new(&source.path, source.line(at), message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_of(path: &str, code: &str) -> Vec<String> {
        let source = Source::read(path.to_owned(), code);
        let mut findings = Vec::new();
        for rule in LAYERS
            .iter()
            .filter(|rule| rule.places.iter().any(|place| path.contains(place)))
        {
            apply(rule, &source, &mut findings);
        }
        fence(&source, &mut findings);
        contract_in_app(&source, &mut findings);
        findings
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn a_leak_is_found_and_a_test_is_none() {
        assert_eq!(
            findings_of(
                "services/x/src/domain/mod.rs",
                "use tonic::Status;\nasync fn f() {}\n"
            )
            .len(),
            2
        );
        assert_eq!(
            findings_of(
                "services/x/src/domain/mod.rs",
                "#[cfg(test)]\nmod tests { use tokio::test; }\n"
            )
            .len(),
            0
        );
        assert_eq!(
            findings_of(
                "services/x/src/storage/mod.rs",
                "fn f() { crate::app::g(); }\n"
            )
            .len(),
            1
        );
        assert_eq!(
            findings_of("crates/x/src/lib.rs", "fn f(c: rusqlite::Connection) {}\n").len(),
            1
        );
        assert_eq!(
            findings_of("crates/db/src/sqlite.rs", "use rusqlite::Connection;\n").len(),
            0
        );
    }

    #[test]
    fn the_contract_in_app_is_for_what_is_kept_as_bytes() {
        let plain = "use marque_api::network::v1 as pb;\nfn f(_: pb::Dealer) {}\n";
        assert_eq!(findings_of("services/x/src/app/mod.rs", plain).len(), 1);
        let event = "use marque_api::network::v1 as pb;\nfn f() { publish(NewEvent {}) }\n";
        assert_eq!(findings_of("services/x/src/app/mod.rs", event).len(), 0);
    }
}
