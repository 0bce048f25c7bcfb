//! The report on the terminal.

use std::io::{Write, stdout};

use marque_quality::{Finding, Lang};

use super::report::Report;

/// How many lines of a list are shown; the page and the JSON have all.
const SHOWN: usize = 15;

/// Prints the report.
pub(super) fn print(report: &Report) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    writeln!(
        out,
        "{} rows of {} checked as of {}",
        report.rows,
        report.kind.code(),
        report.today
    )?;
    if report.unreadable > 0 {
        writeln!(
            out,
            "{} rows could not be read (wrong width or broken)",
            report.unreadable
        )?;
    }
    writeln!(
        out,
        "{:.1} % have nothing worse than an information",
        report.clean_share() * 100.0
    )?;
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
    signs(&mut out, report)
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
        let name = if dealer.name.is_empty() {
            "this file"
        } else {
            &dealer.name
        };
        writeln!(
            out,
            "\n{name}: {} of {} rows bear a sign",
            dealer.suspicious, dealer.rows
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
        writeln!(
            out,
            "clerk {}: {} (strength {:.2}, p {:.1e})",
            suspect.unit,
            suspect.kind.code(),
            suspect.strength,
            suspect.p
        )?;
    }
    Ok(())
}
