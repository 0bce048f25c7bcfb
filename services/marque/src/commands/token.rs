//! `marque token`.

use std::time::Duration;

use marque_auth::{Role, Scope, ScopeKind, TokenRequest};
use marque_config::Config;
use marque_core::SystemClock;

use super::{say, settings::Flags};
use crate::wiring::embedded_issuer;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// dms, sales, service, technician, manager, agent, steward, analyst, `hq_admin` or customer.
    #[arg(long)]
    role: Role,
    /// Dealer, for the roles of a dealer.
    #[arg(long)]
    dealer: Option<String>,
    /// Region, for a regional manager, steward or analyst.
    #[arg(long, conflicts_with = "dealer")]
    region: Option<String>,
    /// Customer's id, for the role customer.
    #[arg(long, conflicts_with_all = ["dealer", "region"])]
    customer: Option<String>,
    /// Who it is for, as audit records name him; never a person's name.
    #[arg(long)]
    subject: Option<String>,
    /// Hours it is good.
    #[arg(long, default_value_t = 12)]
    hours: u64,
    /// Configuration file (TOML).
    #[arg(long, env = "MARQUE_CONFIG", value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    /// Folder of the keys.
    #[arg(long, value_name = "DIR")]
    data: Option<std::path::PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    let flags = Flags {
        config: args.config.clone(),
        data: args.data.clone(),
        ..Flags::default()
    };
    let scope = scope(
        args.role,
        args.dealer.as_deref(),
        args.region.as_deref(),
        args.customer.as_deref(),
    )?;
    let subject = args
        .subject
        .clone()
        .unwrap_or_else(|| format!("cli-{}", args.role));
    say(issue(
        &flags.load()?,
        subject,
        args.role,
        scope,
        Duration::from_secs(args.hours * 3600),
    )?)
}

/// A token of the embedded issuer.
pub(super) fn issue(
    config: &Config,
    subject: String,
    role: Role,
    scope: Scope,
    ttl: Duration,
) -> anyhow::Result<String> {
    let request = TokenRequest {
        subject,
        roles: role.into(),
        scope,
        ttl,
    };
    Ok(embedded_issuer(config)?.issue(&request, &SystemClock)?)
}

/// The scope that flags name; which of them a role needs follows from what it may see.
fn scope(
    role: Role,
    dealer: Option<&str>,
    region: Option<&str>,
    customer: Option<&str>,
) -> anyhow::Result<Scope> {
    let scope = match (dealer, region, customer) {
        (Some(dealer), _, _) => Scope::Dealer(dealer.parse()?),
        (_, Some(region), _) => Scope::Region(region.into()),
        (_, _, Some(customer)) => Scope::Customer(customer.parse()?),
        (None, None, None) => Scope::Headquarters,
    };
    anyhow::ensure!(
        role != Role::Peer,
        "role peer is that of marque's own services, who make their tokens themselves: any other is refused"
    );
    anyhow::ensure!(
        role.scopes().contains(&scope.kind()),
        "role {role} needs {}",
        needed(role.scopes())
    );
    Ok(scope)
}

/// What a role with these kinds of scope needs, in options.
fn needed(kinds: &[ScopeKind]) -> String {
    let options: Vec<&str> = kinds.iter().filter_map(|kind| option(*kind)).collect();
    let options = options.join(" or ");
    if !kinds.contains(&ScopeKind::Headquarters) {
        options
    } else if options.is_empty() {
        "none of --dealer, --region and --customer".to_owned()
    } else {
        format!("{options}, or nothing for headquarters")
    }
}

/// How a kind of scope is written on the command line; headquarters' is not.
const fn option(kind: ScopeKind) -> Option<&'static str> {
    match kind {
        ScopeKind::Headquarters => None,
        ScopeKind::Region => Some("--region"),
        ScopeKind::Dealer => Some("--dealer"),
        ScopeKind::Customer => Some("--customer"),
    }
}
