//! One dealer of the demo who invents phones: how that is found, and what mending them moves.

use std::{
    collections::HashSet,
    fs::File,
    io::{BufReader, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use indicatif::MultiProgress;
use marque_core::{DealerCode, source_record_id};
use marque_quality::{Field, RecordKind};
use marque_tabular::{Limits, Next, Reader, Row};
use serde_json::Value;

use super::{
    super::{client::Api, import, say},
    files::Dealer,
};

/// How long the entries of all dealers may take to be counted and compared.
const PATIENCE: Duration = Duration::from_secs(120);
const GLANCE: Duration = Duration::from_millis(500);
/// Entries are compared every few seconds: as long as nothing moves for so many glances, nothing will.
const QUIET: u32 = 8;

/// Tells the story of so many customer records; `dms` is the suspect's own system once he is known.
pub(super) async fn tell(
    admin: &Api,
    dealers: &[Dealer],
    records: i64,
    dms: impl Fn(&str) -> anyhow::Result<Api>,
) -> anyhow::Result<()> {
    say("Data quality: is there anything that no customer ever said?")?;
    let Some(suspect) = suspect(admin, records).await? else {
        return say("Data quality: no dealer's phones look invented.\n");
    };
    let code = text(&suspect, "dealer").to_owned();
    let dealer = dealers
        .iter()
        .find(|dealer| dealer.code == code)
        .with_context(|| format!("{code} is no dealer of the demo"))?;
    let before = settled_card(admin, &code, |_| true).await?;
    say(format_args!(
        "Data quality: of dealer {code}'s {} records {} bear the sign {} — {} (strength {:.2}, p {:.0e}). Evidence, not proof.",
        suspect["of"],
        suspect["count"],
        text(&suspect, "kind"),
        text(&suspect["reason"], "en"),
        suspect["strength"].as_f64().unwrap_or_default(),
        suspect["p"].as_f64().unwrap_or_default(),
    ))?;
    say(format_args!(
        "His score is {:.1}, rank {} of {} in his region; {} records are believed less.",
        total(&before),
        before["rank"],
        before["of"],
        before["scorecard"]["suspicious"],
    ))?;
    let records = invented(admin, &code).await?;
    let mended = mend(dealer, &records)?;
    let upload = import::Upload {
        file: &mended,
        kind: "customers",
        dealer: &code,
        source: "dms",
        dry_run: false,
        map: &[],
    };
    import::send(&dms(&code)?, &upload, &MultiProgress::new()).await?;
    let suspicious = before["scorecard"]["suspicious"].as_u64().unwrap_or(0);
    let fewer = |card: &Value| {
        card["scorecard"]["suspicious"]
            .as_u64()
            .is_some_and(|left| left < suspicious)
    };
    let after = settled_card(admin, &code, fewer).await?;
    say(format_args!(
        "He asks those {} customers and sends the file again: the findings close by themselves, his score is {:.1}.\n",
        records.len(),
        total(&after)
    ))
}

/// The dealer with the strongest evidence of invented phones; `None` if all records are counted and nothing is found.
async fn suspect(admin: &Api, records: i64) -> anyhow::Result<Option<Value>> {
    let (mut waited, mut last, mut same) = (Duration::ZERO, Value::Null, 0);
    while waited < PATIENCE && same < 2 * QUIET {
        let found = admin.get("/v1/quality/suspects?level=dealer").await?;
        let suspects = found["suspects"].as_array().into_iter().flatten();
        let mut phones = suspects.filter(|suspect| text(suspect, "kind").ends_with("_phone"));
        if let Some(suspect) = phones.next() {
            return Ok(Some(suspect.clone()));
        }
        let cards = admin.get("/v1/quality/scorecards").await?;
        same = if cards == last && counted(&cards) >= records {
            same + 1
        } else {
            0
        };
        last = cards;
        tokio::time::sleep(GLANCE).await;
        waited += GLANCE;
    }
    Ok(None)
}

/// How many records the dealers' cards count.
fn counted(cards: &Value) -> i64 {
    let cards = cards["scorecards"].as_array().into_iter().flatten();
    cards.filter_map(|card| card["records"].as_i64()).sum()
}

/// A dealer's card as wanted, once it no longer changes.
async fn settled_card(
    admin: &Api,
    dealer: &str,
    is_wanted: impl Fn(&Value) -> bool,
) -> anyhow::Result<Value> {
    let path = format!("/v1/quality/scorecards/{dealer}");
    let (mut waited, mut last, mut same) = (Duration::ZERO, Value::Null, 0);
    while waited < PATIENCE {
        let card = admin.get(&path).await?;
        same = if card["scorecard"] == last["scorecard"] {
            same + 1
        } else {
            0
        };
        last = card;
        if same >= QUIET && is_wanted(&last) {
            return Ok(last);
        }
        tokio::time::sleep(GLANCE).await;
        waited += GLANCE;
    }
    anyhow::bail!("the scorecard of {dealer} does not settle: see `marque doctor`")
}

/// Records of a dealer whose phones bear a sign.
async fn invented(admin: &Api, dealer: &str) -> anyhow::Result<HashSet<String>> {
    let mut records = HashSet::new();
    for rule in [
        "showroom_phone",
        "staff_phone",
        "sequential_phone",
        "placeholder_phone",
    ] {
        let mut token = String::new();
        loop {
            let page = admin
                .get(&format!(
                    "/v1/quality/findings?dealer={dealer}&rule={rule}&page_size=1000&page_token={token}"
                ))
                .await?;
            let found = page["findings"].as_array().into_iter().flatten();
            records.extend(found.map(|finding| text(finding, "record_id").to_owned()));
            text(&page, "next_page_token").clone_into(&mut token);
            if token.is_empty() {
                break;
            }
        }
    }
    Ok(records)
}

/// The dealer's file once more, with numbers of their own for those records.
fn mend(dealer: &Dealer, records: &HashSet<String>) -> anyhow::Result<PathBuf> {
    let (_, source) = dealer
        .files
        .iter()
        .find(|(kind, _)| *kind == "customers")
        .context("every dealer sends customers")?;
    let target = source.with_file_name("customers.mended.csv");
    rewrite(source, &target, &dealer.code.parse()?, records)
        .with_context(|| format!("{} cannot be mended", source.display()))?;
    Ok(target)
}

fn rewrite(
    source: &Path,
    target: &Path,
    dealer: &DealerCode,
    records: &HashSet<String>,
) -> anyhow::Result<()> {
    let mut reader = Reader::open(BufReader::new(File::open(source)?), None, Limits::default())?;
    let place = |field: Field| {
        let is_it =
            |header: &String| Field::recognise(RecordKind::Customers, header) == Some(field);
        reader.headers().iter().position(is_it)
    };
    let key = place(Field::CustomerSourceKey).context("no column of keys")?;
    let phone = place(Field::CustomerPhone).context("no column of phones")?;
    let mut out = File::create(target).map(std::io::BufWriter::new)?;
    let headers: Vec<String> = reader
        .headers()
        .iter()
        .map(|header| quoted(header))
        .collect();
    writeln!(out, "{}", headers.join(","))?;
    let (mut row, mut asked) = (Row::new(), 0_u64);
    loop {
        match reader.next_row(&mut row)? {
            Next::End => break,
            Next::Bad(_) => continue,
            Next::Row => {}
        }
        let id = source_record_id(dealer, "dms", row.field(key).trim()).to_string();
        let mut cells: Vec<String> = row.iter().map(quoted).collect();
        if records.contains(&id) {
            asked += 1;
            // Far apart, so that they are no sequence.
            cells[phone] = format!("1{:010}", 5_100_000_000 + asked * 7_919_003 % 800_000_000);
        }
        writeln!(out, "{}", cells.join(","))?;
    }
    out.flush()?;
    Ok(())
}

fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn total(card: &Value) -> f64 {
    card["scorecard"]["total"].as_f64().unwrap_or_default()
}
