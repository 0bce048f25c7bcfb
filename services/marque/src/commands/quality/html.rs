//! The report as one page: no script, no outside file, charts as SVG.

use std::io::Write;

use marque_quality::{Finding, Lang};

use marque_quality::falsification::{Suspect, dealer_and_clerk};

use super::report::{DealerLine, Report};

const STYLE: &str = "body{font:15px/1.5 system-ui,'Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif;max-width:960px;margin:2rem auto;padding:0 1rem;\
color:#1c2430;background:#fff}h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2.2rem 0 .6rem}p.sub{color:#5b6675;margin:.2rem 0 1.4rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #e4e8ee;vertical-align:top}\
th{color:#5b6675;font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.tiles{display:flex;flex-wrap:wrap;gap:.8rem}\
.tile{flex:1 1 9rem;border:1px solid #e4e8ee;border-radius:10px;padding:.7rem 1rem}.tile b{display:block;font-size:1.5rem}.tile span{color:#5b6675}\
.zh{color:#5b6675}svg{width:100%;height:auto}svg text{font-size:13px;fill:#1c2430}\
@media(prefers-color-scheme:dark){body{background:#12161c;color:#e6eaf0}th,p.sub,.tile span,.zh{color:#9aa6b5}th,td,.tile{border-color:#2a323d}svg text{fill:#e6eaf0}}";

/// Most bars of a chart of dealers.
const BARS: usize = 20;

/// Writes the page.
pub(super) fn write(mut out: impl Write, report: &Report) -> anyhow::Result<()> {
    let title = format!("Data quality of {}", report.kind.code());
    write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head><body><h1>{title} <span class=\"zh\">数据质量报告</span></h1>\
         <p class=\"sub\">Checked as of {}. The page holds counts only; no value of the file stands in it.</p>",
        report.today
    )?;
    tiles(&mut out, report)?;
    columns(&mut out, report)?;
    let dimensions = report.by_dimension.iter().map(|(dimension, count)| {
        (
            format!("{} {}", dimension.label().en, dimension.label().zh),
            *count,
        )
    });
    chart(
        &mut out,
        "Findings by dimension <span class=\"zh\">按维度</span>",
        "#3f7fd1",
        dimensions,
    )?;
    let signs = report
        .by_sign
        .iter()
        .map(|(kind, count)| (kind.code().replace('_', " "), *count));
    chart(
        &mut out,
        "Signs of invented data <span class=\"zh\">疑似编造</span>",
        "#c9622f",
        signs,
    )?;
    shares(&mut out, report)?;
    dealers(&mut out, report)?;
    clerks(&mut out, report)?;
    rules(&mut out, report)?;
    write!(out, "</body></html>")?;
    out.flush()?;
    Ok(())
}

fn tiles(out: &mut impl Write, report: &Report) -> anyhow::Result<()> {
    let share = report.clean_per_cent();
    let suspects = report.suspicious_dealers().count().to_string();
    let clerks = report.suspicious_clerks().len().to_string();
    write!(out, "<div class=\"tiles\">")?;
    for (value, label) in [
        (report.rows.to_string(), "rows 行数"),
        (share, "rows without a flaw 无问题行占比"),
        (report.quarantined.to_string(), "rows to quarantine 须隔离"),
        (
            report.by_severity[1].1.to_string(),
            "values left out 无效值",
        ),
        (suspects, "dealers to look into 待核查经销商"),
        (clerks, "clerks to look into 待核查人员"),
    ] {
        write!(
            out,
            "<div class=\"tile\"><b>{value}</b><span>{label}</span></div>"
        )?;
    }
    write!(out, "</div>")?;
    if let Some(purposes) = report.qualified_per_cent() {
        write!(
            out,
            "<p>Qualified records by the standard, version {} <span class=\"zh\">按标准合格的记录</span>: {purposes}</p>",
            report.qualified.version
        )?;
    }
    Ok(())
}

/// What of the file was not read, so that nobody takes silence for praise.
fn columns(out: &mut impl Write, report: &Report) -> anyhow::Result<()> {
    if !report.unread.is_empty() {
        let named: Vec<String> = report.unread.iter().map(|header| escape(header)).collect();
        write!(
            out,
            "<p>Columns that were not read <span class=\"zh\">未识别、未检查的列</span>: {}. Say what one is with \
             <code>--map field=header</code>.</p>",
            named.join(", ")
        )?;
    }
    if !report.unread_sheets.is_empty() {
        let sheets = report.unread_sheets.iter();
        let named: Vec<String> = sheets.map(|sheet| escape(sheet)).collect();
        write!(
            out,
            "<p>Sheets that were not read, since their columns are others <span class=\"zh\">列名不同、未检查的工作表</span>: {}.</p>",
            named.join(", ")
        )?;
    }
    if !report.has_dealers {
        write!(
            out,
            "<p>No column says whose a row is: all are taken for one dealer's \
             <span class=\"zh\">没有经销商列，全部按一家店检查</span> (<code>--map dealer=header</code>).</p>"
        )?;
    }
    Ok(())
}

/// Horizontal bars with their counts.
fn chart(
    out: &mut impl Write,
    title: &str,
    colour: &str,
    bars: impl Iterator<Item = (String, u64)>,
) -> anyhow::Result<()> {
    let bars: Vec<(String, u64)> = bars.collect();
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(0);
    if most == 0 {
        return Ok(());
    }
    write!(
        out,
        "<h2>{title}</h2><svg viewBox=\"0 0 900 {}\" role=\"img\">",
        bars.len() * 30
    )?;
    for (i, (label, count)) in bars.iter().enumerate() {
        let (y, width) = (i * 30, *count as f64 / most as f64 * 560.0);
        write!(
            out,
            "<text x=\"210\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"220\" y=\"{}\" width=\"{width:.1}\" height=\"20\" rx=\"3\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{}\">{count}</text>",
            y + 19,
            escape(label),
            y + 4,
            228.0 + width,
            y + 19
        )?;
    }
    Ok(write!(out, "</svg>")?)
}

fn dealers(out: &mut impl Write, report: &Report) -> anyhow::Result<()> {
    if !report.is_of_many_dealers() && report.suspicious_dealers().count() == 0 {
        return Ok(());
    }
    write!(
        out,
        "<h2>Dealers <span class=\"zh\">经销商</span></h2><table><tr><th>Dealer</th><th class=\"n\">Rows</th><th class=\"n\">Without a flaw</th>\
         <th class=\"n\">With a sign</th><th>What stands out</th></tr>"
    )?;
    for dealer in &report.dealers {
        write!(
            out,
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{:.1} %</td><td class=\"n\">{}</td><td>{}</td></tr>",
            escape(&dealer.name),
            dealer.rows,
            dealer.clean_share * 100.0,
            dealer.suspicious,
            evidence(dealer.suspects.iter())
        )?;
    }
    write!(
        out,
        "</table><p class=\"zh\">Evidence to look into, not proof: ask before you judge. 以上为线索，不是结论，请先核实。</p>"
    )?;
    Ok(())
}

/// The dealers whose rows are worst, and those with the most signs, where there are several.
fn shares(out: &mut impl Write, report: &Report) -> anyhow::Result<()> {
    if !report.is_of_many_dealers() {
        return Ok(());
    }
    let per_cent = |part: f64| (part * 100.0).round() as u64;
    let mut worst: Vec<&DealerLine> = report.dealers.iter().collect();
    worst.sort_by(|a, b| a.clean_share.total_cmp(&b.clean_share));
    chart(
        out,
        "Rows with a flaw, per cent, worst dealers <span class=\"zh\">问题行占比（%）最高的经销商</span>",
        "#3f7fd1",
        worst
            .iter()
            .take(BARS)
            .map(|dealer| (dealer.name.clone(), per_cent(1.0 - dealer.clean_share))),
    )?;
    let mut signs: Vec<&DealerLine> = report.suspicious_dealers().collect();
    signs.sort_by(|a, b| b.sign_share().total_cmp(&a.sign_share()));
    chart(
        out,
        "Rows with a sign of invention, per cent <span class=\"zh\">疑似编造行占比（%）</span>",
        "#c9622f",
        signs
            .iter()
            .take(BARS)
            .map(|dealer| (dealer.name.clone(), per_cent(dealer.sign_share()))),
    )
}

fn clerks(out: &mut impl Write, report: &Report) -> anyhow::Result<()> {
    let clerks = report.suspicious_clerks();
    if clerks.is_empty() {
        return Ok(());
    }
    write!(
        out,
        "<h2>Clerks <span class=\"zh\">录入人员</span></h2><table><tr><th>Dealer</th><th>Clerk</th><th class=\"n\">Of their entries</th>\
         <th>What stands out</th></tr>"
    )?;
    for (unit, suspects) in &clerks {
        let (dealer, clerk) = dealer_and_clerk(unit);
        let most = suspects.iter().max_by_key(|suspect| suspect.count);
        let bearing = most.map_or_else(String::new, |one| format!("{} of {}", one.count, one.of));
        write!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{bearing}</td><td>{}</td></tr>",
            escape(dealer),
            escape(clerk),
            evidence(suspects.iter().copied())
        )?;
    }
    Ok(write!(out, "</table>")?)
}

fn evidence<'a>(suspects: impl Iterator<Item = &'a Suspect>) -> String {
    let line = |suspect: &Suspect| {
        let evidence = suspect.evidence();
        format!(
            "{} (strength {:.2})<br><span class=\"zh\">{}（强度 {:.2}）</span>",
            escape(&evidence.en),
            suspect.strength,
            escape(&evidence.zh),
            suspect.strength
        )
    };
    suspects.map(line).collect::<Vec<_>>().join("<br>")
}

fn rules(out: &mut impl Write, report: &Report) -> anyhow::Result<()> {
    write!(
        out,
        "<h2>Findings <span class=\"zh\">问题明细</span></h2><table><tr><th class=\"n\">Count</th><th>Field</th><th>What is wrong and how to mend it</th></tr>"
    )?;
    for (field, rule, count) in &report.by_rule {
        let finding = Finding::new(*field, *rule);
        let words = |lang| {
            let text = finding
                .text(lang)
                .replace(", not {number}", "")
                .replace("，实际{number}位", "");
            escape(
                &text
                    .replace(
                        "{other}",
                        if lang == Lang::En {
                            "another field"
                        } else {
                            "另一项"
                        },
                    )
                    .replace("{number}", "…"),
            )
        };
        write!(
            out,
            "<tr><td class=\"n\">{count}</td><td>{}<br><span class=\"zh\">{}</span></td><td>{}. {}<br><span class=\"zh\">{}。{}</span></td></tr>",
            field.column(),
            field.entry().label.zh,
            words(Lang::En),
            escape(&finding.how_to_fix(Lang::En)),
            words(Lang::Zh),
            escape(&finding.how_to_fix(Lang::Zh)),
        )?;
    }
    Ok(write!(out, "</table>")?)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
