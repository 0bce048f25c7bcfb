use std::{io::Write as _, path::PathBuf};

use figment::{
    Metadata, Profile,
    value::{Dict, Map, Value},
};
use serde_json::json;

use super::*;
use crate::{IssuerConfig, LogFormat, ServiceRole, StoreTarget};

/// Reads the given sources; the environment is given too, since the real one is shared by all tests.
fn read(
    toml: &str,
    environment: &[(&str, &str)],
    flags: serde_json::Value,
) -> Result<Config, ConfigError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(toml.as_bytes()).unwrap();
    read_sources(Some(file.path()), Given(environment), flags)
}

/// Variables of the environment.
struct Given<'a>(&'a [(&'a str, &'a str)]);

impl Provider for Given<'_> {
    fn metadata(&self) -> Metadata {
        Env::prefixed(PREFIX).metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let all = self
            .0
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value)));
        let merged = all.fold(Figment::new(), |sources, (key, value)| {
            let value: Value = value.parse().expect("any text is a value");
            sources.merge((key.to_lowercase().replace("__", "."), value))
        });
        // Plain values again, so that they count as this provider's and not as those of the inner one.
        let plain: serde_json::Value = merged.extract()?;
        Ok(Profile::Default.collect(
            Value::serialize(plain)?
                .into_dict()
                .expect("sections are a map"),
        ))
    }
}

fn told(toml: &str, environment: &[(&str, &str)], flags: serde_json::Value) -> String {
    let error = read(toml, environment, flags).unwrap_err();
    format!("{error} {error:?}")
}

#[test]
fn an_empty_configuration_is_the_whole_system_in_one_process() {
    let config = read("", &[], json!({})).unwrap();
    assert!(config.is_all_in_one());
    assert_eq!(config.auth.issuer, IssuerConfig::Embedded);
    assert!(matches!(
        config.store.target(ServiceRole::Customer, &config.data_dir),
        StoreTarget::Sqlite(_)
    ));
    assert_eq!(config.validate(), []);
}

#[test]
fn flags_go_before_the_environment_and_the_environment_before_the_file() {
    let toml = "listen = \"127.0.0.1:1\"\n[telemetry]\nlog = \"a\"\nlog_format = \"json\"\n[rpc]\ndeadline_ms = 1";
    let environment = [
        ("MARQUE__TELEMETRY__LOG", "b"),
        ("MARQUE__RPC__DEADLINE_MS", "2"),
        ("MARQUE_OTHER", "x"),
    ];
    let config = read(toml, &environment, json!({"rpc": {"deadline_ms": 3}})).unwrap();
    assert_eq!(config.rpc.deadline_ms, 3);
    assert_eq!(config.telemetry.log, "b");
    assert_eq!(config.telemetry.log_format, LogFormat::Json);
    assert_eq!(config.listen.port(), 1);
}

#[test]
fn roles_are_a_list_or_a_text() {
    let wanted = [ServiceRole::Customer, ServiceRole::Vehicle];
    assert_eq!(
        read("roles = [\"vehicle\", \"customer\"]", &[], json!({}))
            .unwrap()
            .roles,
        wanted
    );
    assert_eq!(
        read("", &[("MARQUE__ROLES", "customer,vehicle")], json!({}))
            .unwrap()
            .roles,
        wanted
    );
    assert!(
        read("roles = \"all\"", &[], json!({}))
            .unwrap()
            .is_all_in_one()
    );
}

#[test]
fn peers_and_addresses_are_keyed_by_role() {
    let config = read(
        "[peers]\nservice-history = \"https://sh:1\"\n[store.urls]\ncustomer = \"postgres://c\"",
        &[],
        json!({}),
    )
    .unwrap();
    assert_eq!(config.peers[&ServiceRole::ServiceHistory], "https://sh:1");
    assert!(config.store.urls.contains_key(&ServiceRole::Customer));
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_keys_there_are() {
    let error = told("[store]\nurll = \"x\"", &[], json!({}));
    assert!(
        error.contains("store.urll") && error.contains("/tmp") && error.contains("readers"),
        "{error}"
    );
    let error = told("", &[("MARQUE__AUTH__AUDIENC", "x")], json!({}));
    assert!(
        error.contains("auth.audienc") && error.contains("MARQUE__AUTH__AUDIENC"),
        "{error}"
    );
    let error = told("", &[], json!({"lissten": "x"}));
    assert!(
        error.contains("lissten") && error.contains("the flags"),
        "{error}"
    );
}

#[test]
fn a_wrong_value_is_told_with_what_to_write_instead() {
    let error = told("[rpc]\ndeadline_ms = \"soon\"", &[], json!({}));
    assert!(
        error.contains("rpc.deadline_ms") && error.contains("a whole number instead of text"),
        "{error}"
    );
    let error = told("", &[("MARQUE__LISTEN", "here")], json!({}));
    assert!(
        error.contains("MARQUE__LISTEN") && error.contains("host:port"),
        "{error}"
    );
    let error = told("roles = [\"customers\"]", &[], json!({}));
    assert!(error.contains("service-history"), "{error}");
    let error = told("[auth]\nissuer = \"http://login.example\"", &[], json!({}));
    assert!(
        error.contains("auth.issuer") && error.contains("https://"),
        "{error}"
    );
    let error = told("[telemetry]\nlog_format = \"xml\"", &[], json!({}));
    assert!(
        error.contains("telemetry.log_format") && error.contains("json"),
        "{error}"
    );
    let error = told("listen = [", &[], json!({}));
    assert!(error.contains("not valid TOML"), "{error}");
}

#[test]
fn errors_and_debug_output_never_show_a_value() {
    for toml in [
        "[store]\nurl = [\"canary\"]",
        "[store]\nreaders = \"canary\"",
        "[store]\nurl = \"canary",
        "[vault]\nkeyring = { canary = 1",
        "[auth]\nalgorithm = \"canary\"",
        "listen = \"canary\"",
    ] {
        let error = told(toml, &[], json!({}));
        assert!(!error.contains("canary"), "{error}");
    }
    let config = read(
        "[store]\nurl = \"postgres://u:canary@h/{role}\"\n[vault]\nkeyring = \"canary\"",
        &[],
        json!({}),
    );
    assert!(!format!("{:?}", config.unwrap()).contains("canary"));
}

#[test]
fn the_secret_of_a_store_is_asked_of_who_has_a_store() {
    let toml = "[store]\nurl_file = \"/nowhere/url\"";
    assert!(read(toml, &[], json!({"roles": ["gateway"]})).is_ok());
    assert!(read(toml, &[], json!({"roles": ["gateway", "vehicle"]})).is_err());
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let error =
        Config::load(Some(&PathBuf::from("/nonexistent/marque.toml")), json!({})).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/marque.toml"));
}

#[test]
fn what_cannot_work_together_is_listed() {
    let problems = |toml: &str| -> Vec<String> {
        read(toml, &[], json!({}))
            .unwrap()
            .validate()
            .into_iter()
            .map(|problem| problem.key)
            .collect()
    };
    let split = problems("roles = \"customer\"\n[peers]\nvehicle = \"http://v:1\"");
    for key in [
        "peers.network",
        "peers.service-history",
        "peers.vehicle",
        "tls",
        "auth.peer_secret_file",
        "auth.issuer_keys_file",
    ] {
        assert!(split.iter().any(|found| found == key), "{key} in {split:?}");
    }
    assert!(
        !split.iter().any(|found| found == "peers.gateway"),
        "nobody calls the gateway from inside"
    );
    assert_eq!(problems("[tls]\nca = \"a\""), ["tls"]);
    assert_eq!(
        problems("[store]\nurl = \"postgres://h/one\""),
        ["store.url"]
    );
    assert_eq!(
        problems("[store]\nurl = \"mysql://h/{role}\""),
        ["store.url"],
        "once, by the key that was set"
    );
    assert_eq!(
        problems("[store.urls]\ncustomer = \"mysql://h/one\""),
        ["store.urls.customer"]
    );
    assert_eq!(problems("[auth]\nleeway_s = 60"), ["auth.leeway_s"]);
    assert_eq!(
        problems("admin_listen = \"127.0.0.1:8080\""),
        ["admin_listen"]
    );
    assert_eq!(problems("[import]\nbatch_rows = 0"), ["import.batch_rows"]);
    assert_eq!(
        problems("[telemetry]\ntrace_ratio = 1.5"),
        ["telemetry.trace_ratio"]
    );
}

#[test]
fn a_collector_is_named_with_its_scheme_and_host() {
    let problems = |endpoint: &str| {
        let toml = format!("[telemetry]\notlp_endpoint = \"{endpoint}\"");
        read(&toml, &[], json!({})).unwrap().validate()
    };
    for wrong in ["127.0.0.1:4317", "not a url", "http://", "http://:4317", ""] {
        let found = problems(wrong);
        assert_eq!(found.len(), 1, "{wrong}");
        assert_eq!(found[0].key, "telemetry.otlp_endpoint");
        assert!(found[0].advice.contains("http://collector:4317"));
    }
    for right in [
        "http://127.0.0.1:4317",
        "https://collector.monitoring.svc:4317",
    ] {
        assert_eq!(problems(right), [], "{right}");
    }
}
