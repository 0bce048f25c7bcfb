//! `marque demo`: five dealers' files in, one customer out, and the whole served with a token to try.

mod clock;
mod complaint;
mod files;
mod person;
mod quality;

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use indicatif::MultiProgress;
use marque_api::customer::v1::{
    CountCustomersRequest, CountCustomersResponse, customer_service_client::CustomerServiceClient,
};
use marque_auth::{Role, Scope};
use marque_config::{Config, ServiceRole};
use marque_core::SharedClock;
use marque_rpc::{CallMeta, RequestId};

use super::{client::Api, import, say, serve, settings::Flags, token};
use crate::Node;

/// Arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder of the demo's stores, keys and files.
    #[arg(long, default_value = "data/demo", value_name = "DIR")]
    data: PathBuf,
    /// Address of REST.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    listen: SocketAddr,
    /// Customer rows of all five dealers together.
    #[arg(long, default_value_t = 5_000)]
    customers: u64,
    /// Ends after the story instead of serving on.
    #[arg(long)]
    exit: bool,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let config = config(&args)?;
    let _guard = serve::start_telemetry(&config)?;
    say("Marque demo: five dealers of one car maker, each with its own system.\n")?;
    let dealers = files::write(&args.data.join("files"), args.customers)?;
    let clock = Arc::new(clock::FastClock::default());
    let node = Node::start_with_clock(config.clone(), Arc::clone(&clock) as SharedClock).await?;
    let address = node.http.context("the demo runs the gateway")?;
    let admin = Api::new(
        &format!("http://{address}"),
        issue(&config, "demo-admin", Role::HqAdmin, Scope::Headquarters)?,
    )?;
    admin
        .post("/v1/network", &files::network(&args.data.join("files"))?)
        .await?;
    let imports = take_in(&config, address, &dealers).await?;
    let counts = count(&node).await?;
    tell_counts(&counts)?;
    let agent = issue(&config, "demo-agent", Role::Agent, Scope::Headquarters)?;
    let person = person::most_scattered(&admin, &imports).await?;
    person::tell(
        &Api::new(&format!("http://{address}"), agent.clone())?,
        &person,
    )
    .await?;
    let base = format!("http://{address}");
    quality::tell(&admin, &dealers, counts.source_records, |dealer| {
        let scope = Scope::Dealer(dealer.parse()?);
        Api::new(&base, issue(&config, "demo-dms", Role::Dms, scope)?)
    })
    .await?;
    let caller = Api::new(&format!("http://{address}"), agent.clone())?;
    let dealer = dealers.first().context("the demo has dealers")?;
    complaint::tell(&admin, &caller, &clock, (&person, dealer.code.as_str())).await?;
    if args.exit {
        return node.stop().await;
    }
    invite(address, &agent, &person)?;
    node.run().await
}

fn config(args: &Args) -> anyhow::Result<Config> {
    let flags = Flags {
        data: Some(args.data.clone()),
        listen: Some(args.listen),
        admin_listen: Some(SocketAddr::new(args.listen.ip(), 0)),
        ..Flags::default()
    };
    let mut config = flags.load()?;
    "warn".clone_into(&mut config.telemetry.log);
    Ok(config)
}

fn issue(config: &Config, subject: &str, role: Role, scope: Scope) -> anyhow::Result<String> {
    token::issue(
        config,
        subject.to_owned(),
        role,
        scope,
        Duration::from_secs(12 * 3600),
    )
}

/// Sends every dealer's files with that dealer's own token; answers with the ids of the customers' imports.
async fn take_in(
    config: &Config,
    address: SocketAddr,
    dealers: &[files::Dealer],
) -> anyhow::Result<Vec<String>> {
    let bars = MultiProgress::new();
    let mut customers = Vec::new();
    for dealer in dealers {
        let token = issue(
            config,
            "demo-dms",
            Role::Dms,
            Scope::Dealer(dealer.code.parse()?),
        )?;
        let api = Api::new(&format!("http://{address}"), token)?;
        for (kind, file) in &dealer.files {
            let upload = import::Upload {
                file,
                kind,
                dealer: &dealer.code,
                source: "dms",
                dry_run: false,
                map: &[],
            };
            let done = import::send(&api, &upload, &bars).await?;
            say(import::summary(file, &done))?;
            if *kind == "customers" {
                customers.push(done["id"].as_str().unwrap_or_default().to_owned());
            }
        }
    }
    Ok(customers)
}

async fn count(node: &Node) -> anyhow::Result<CountCustomersResponse> {
    let mut client = CustomerServiceClient::new(node.transport(ServiceRole::Customer)?);
    let meta = CallMeta::new(RequestId::random()).with_token(&node.peer_token());
    Ok(client
        .count_customers(meta.outgoing(CountCustomersRequest {}))
        .await?
        .into_inner())
}

fn tell_counts(counts: &CountCustomersResponse) -> anyhow::Result<()> {
    let CountCustomersResponse {
        persons,
        organizations,
        source_records,
        open_duplicates,
    } = counts;
    say(format_args!(
        "\n{source_records} records of five dealers are {} customers: {persons} people and {organizations} organisations; \
         {open_duplicates} pairs wait for a steward.\n",
        persons + organizations
    ))
}

fn invite(address: SocketAddr, token: &str, person: &person::Person) -> anyhow::Result<()> {
    let base = format!("http://{address}");
    say(format_args!(
        "Now try it yourself (docs: {base}/docs). A call-centre agent's token, good for 12 hours:\n"
    ))?;
    say(format_args!("TOKEN={token}\n"))?;
    say(format_args!(
        "curl -s -H \"Authorization: Bearer $TOKEN\" {base}/v1/customers/{}/profile",
        person.id
    ))?;
    say(format_args!(
        "curl -s -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n     -d '{{\"number\": \"{}\"}}' {base}/v1/lookup",
        person.number
    ))?;
    say(format_args!(
        "curl -s -H \"Authorization: Bearer $TOKEN\" '{base}/v1/customers/{}?lineage=true'\n",
        person.id
    ))
}
