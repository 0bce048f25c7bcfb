//! `marque serve`.

use marque_config::{Config, LogFormat};
use marque_telemetry::{Guard, TelemetrySettings};

use super::settings::Flags;
use crate::Node;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    flags: Flags,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let config = args.flags.load()?;
    let problems = config.validate();
    anyhow::ensure!(
        problems.is_empty(),
        "the configuration cannot work:\n{}",
        problems
            .iter()
            .map(|problem| format!("- {}: {}", problem.key, problem.advice))
            .collect::<Vec<_>>()
            .join("\n")
    );
    let _guard = start_telemetry(&config)?;
    keep_pages_small();
    let node = Node::start(config).await?;
    tracing::info!(http = ?node.http, rpc = ?node.rpc, admin = ?node.admin, "marque is ready");
    node.run().await
}

/// Has Linux back memory by small pages. The allocator asks for pages of 2 MB: of each a server uses little, and a process at rest
/// held twice the memory that it needs, with no gain in speed that could be measured (docs/benchmarks/foundation.md).
fn keep_pages_small() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%error, "large pages stay");
    }
}

/// The pod's or machine's name: replicas of a role are told apart by it.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// Logs, traces and metrics as configured.
pub(super) fn start_telemetry(config: &Config) -> anyhow::Result<Guard> {
    let telemetry = &config.telemetry;
    let roles: Vec<&str> = config.roles.iter().map(|role| role.as_str()).collect();
    let settings = TelemetrySettings {
        service_name: "marque".to_owned(),
        instance: format!("{}@{}", roles.join("+"), host_name()),
        log_format: match telemetry.log_format {
            LogFormat::Text => marque_telemetry::LogFormat::Text,
            LogFormat::Json => marque_telemetry::LogFormat::Json,
        },
        filter: telemetry.log.clone(),
        otlp_endpoint: telemetry.otlp_endpoint.clone(),
        sample_ratio: telemetry.trace_ratio,
    };
    let guard = marque_telemetry::init(&settings)?;
    marque_rpc::describe_metrics();
    marque_db::describe_metrics();
    Ok(guard)
}
