//! The report on the terminal.

use std::io::{ErrorKind, Write, stdout};

use marque_quality::{Finding, Lang, falsification::dealer_and_clerk};

use super::report::Report;

/// How many lines of a list are shown; the page and the JSON have all.
const SHOWN: usize = 15;

/// Prints the report. A reader that has gone away, such as `head`, is no error: the page and the JSON are still to be written.
pub(super) fn print(report: &Report) -> anyhow::Result<()> {
    let mut text = Vec::new();
    tell(&mut text, report)?;
    match stdout().lock().write_all(&text) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn tell(out: &mut impl Write, report: &Report) -> anyhow::Result<()> {
    writeln!(
        out,
        "{} rows of {} checked as of {}",
        report.rows,
        report.kind.code(),
        report.today
    )?;
    columns(out, report)?;
    if report.unreadable > 0 {
        writeln!(
            out,
            "{} rows could not be read (wrong width or broken)",
            report.unreadable
        )?;
    }
    writeln!(
        out,
        "{} have nothing worse than an information",
        report.clean_per_cent()
    )?;
    if let Some(purposes) = report.qualified_per_cent() {
        writeln!(
            out,
            "qualified records by the standard, version {}: {purposes}",
            report.qualified.version
        )?;
    }
    let severities: Vec<String> = report
        .by_severity
        .iter()
        .map(|(severity, count)| format!("{count} {severity:?}").to_lowercase())
        .collect();
    writeln!(out, "findings: {}\n", severities.join(", "))?;
    for (field, rule, count) in report.by_rule.iter().take(SHOWN) {
        // Counts and other fields differ from row to row; the text stands for all of them.
        let text = Finding::new(*field, *rule)
            .text(Lang::En)
            .replace(", not {number}", "")
            .replace("{other}", "another field");
        writeln!(out, "{count:>9}  {:<20} {text}", field.column())?;
    }
    if report.by_rule.len() > SHOWN {
        writeln!(
            out,
            "{:>9}  … {} further kinds of finding; see --json or --html",
            "",
            report.by_rule.len() - SHOWN
        )?;
    }
    signs(out, report)
}

/// What of the file was not read, so that nobody takes silence for praise.
fn columns(out: &mut impl Write, report: &Report) -> anyhow::Result<()> {
    if report.rows == 0 {
        writeln!(out, "the file has a header and no row that can be read")?;
    }
    if !report.unread.is_empty() {
        let named = report.unread.iter().take(SHOWN);
        let named: Vec<String> = named.map(|header| format!("{header:?}")).collect();
        writeln!(
            out,
            "{} columns were not read (say what one is with --map FIELD=HEADER): {}",
            report.unread.len(),
            named.join(", ")
        )?;
    }
    if !report.unread_sheets.is_empty() {
        let named = report.unread_sheets.iter().take(SHOWN);
        let named: Vec<String> = named.map(|sheet| format!("{sheet:?}")).collect();
        writeln!(
            out,
            "{} sheets were not read, since their columns are others: {}",
            report.unread_sheets.len(),
            named.join(", ")
        )?;
    }
    if !report.has_dealers {
        writeln!(
            out,
            "no column says whose a row is: all are taken for one dealer's (--map dealer=HEADER)"
        )?;
    }
    Ok(())
}

fn signs(out: &mut impl Write, report: &Report) -> anyhow::Result<()> {
    let nobody = report.suspicious_dealers().next().is_none() && report.clerk_suspects.is_empty();
    if report.by_sign.is_empty() && nobody {
        return Ok(writeln!(out, "\nno signs of invented data")?);
    }
    writeln!(
        out,
        "\nsigns of invented data (evidence to look into, not proof):"
    )?;
    for (kind, count) in &report.by_sign {
        writeln!(out, "{count:>9}  {:<20} {}", kind.code(), kind.reason().en)?;
    }
    for dealer in report.suspicious_dealers().take(SHOWN) {
        writeln!(
            out,
            "\n{}: {} of {} rows bear a sign",
            dealer.name, dealer.suspicious, dealer.rows
        )?;
        for suspect in &dealer.suspects {
            writeln!(
                out,
                "{:>9}  {:<20} strength {:.2}; {}",
                suspect.count,
                suspect.kind.code(),
                suspect.strength,
                suspect.evidence().en
            )?;
        }
    }
    let hidden = report.suspicious_dealers().count().saturating_sub(SHOWN);
    if hidden > 0 {
        writeln!(out, "\n… {hidden} further dealers; see --json or --html")?;
    }
    for suspect in report.clerk_suspects.iter().take(SHOWN) {
        let (dealer, clerk) = dealer_and_clerk(&suspect.unit);
        let of_dealer = if dealer.is_empty() {
            String::new()
        } else {
            format!(" of {dealer}")
        };
        writeln!(
            out,
            "clerk {clerk}{of_dealer}: {} (strength {:.2}, p {:.1e})",
            suspect.kind.code(),
            suspect.strength,
            suspect.p
        )?;
    }
    Ok(())
}
