//! `marque score`: scores and ranks the customers of a CSV file, with nothing else running.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use marque_insight::file::{GroupSummary, IdleColumn, ScoredFile, decode, score_csv};
use marque_insight::rank::Tier;
use marque_insight::value::Model;

/// Score and rank the customers of a CSV file
///
/// The file has the columns id, kind (person or organization), and either the six indicators transaction_amount,
/// transaction_frequency, interaction, social_influence, future_value, credit as points of 1 to 100, or raw facts such as
/// purchase_amount, visit_count, months_since_first. Chinese headers work too; empty cells are missing facts, and so are NaN,
/// null, a dash and the like; other columns are kept. Added are score, rank, tier and confidence; persons and organizations are ranked apart.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// CSV file with one customer a row, UTF-8 or GB18030
    #[arg(value_name = "IN.csv", required_unless_present = "print_model")]
    input: Option<PathBuf>,

    /// Where to write the same rows with score, rank, tier and confidence
    #[arg(long, value_name = "OUT.csv", required_unless_present = "print_model")]
    out: Option<PathBuf>,

    /// Model file with weights and curves [default: the model that ships with Marque]
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,

    /// Print the model in use, as a start for one's own, and do nothing else
    #[arg(long)]
    print_model: bool,
}

/// Runs the command. The summary goes to standard error, so that standard output stays free for data.
///
/// # Errors
/// When a file cannot be read or written, or something in it is wrong; the message says where and what to do.
pub fn run(args: Args) -> anyhow::Result<()> {
    let model = read_model(args.model.as_deref())?;
    if args.print_model {
        std::io::stdout()
            .write_all(model.to_toml().as_bytes())
            .context("cannot print the model")?;
        return Ok(());
    }
    let input = args.input.context("name the CSV file to score")?;
    let out = args.out.context("name the file to write with --out")?;
    score_file(&input, &out, &model)
}

fn read_model(path: Option<&Path>) -> anyhow::Result<Model> {
    let Some(path) = path else {
        return Ok(Model::shipped());
    };
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the model file {}", path.display()))?;
    Model::from_toml(&text).with_context(|| format!("cannot use the model file {}", path.display()))
}

fn score_file(input: &Path, out: &Path, model: &Model) -> anyhow::Result<()> {
    let bytes = fs::read(input).with_context(|| format!("cannot read {}", input.display()))?;
    let text = decode(&bytes).with_context(|| format!("cannot score {}", input.display()))?;
    let scored =
        score_csv(&text, model).with_context(|| format!("cannot score {}", input.display()))?;
    let is_same_file = fs::canonicalize(input).ok() == fs::canonicalize(out).ok() && out.exists();
    ensure!(
        !is_same_file,
        "--out names the input file; name another, the input is not overwritten"
    );
    write_whole(&scored, out).with_context(|| format!("cannot write {}", out.display()))?;
    writeln!(
        std::io::stderr(),
        "{} customers scored by model {}",
        scored.len(),
        model.version()
    )?;
    for group in scored
        .summary()
        .iter()
        .filter(|group| group.ranked + group.unscored > 0)
    {
        writeln!(std::io::stderr(), "{}", describe(group))?;
    }
    for column in scored.idle_columns() {
        writeln!(std::io::stderr(), "{}", describe_idle(column))?;
    }
    if !scored.kept_columns().is_empty() {
        let names = scored.kept_columns().join(", ");
        writeln!(std::io::stderr(), "kept as they came, not scored: {names}")?;
    }
    Ok(())
}

fn describe_idle(IdleColumn { name, needs }: &IdleColumn) -> String {
    match needs {
        Some(fact) => format!(
            "column '{name}' counted for nothing: it needs {} ({}) beside it",
            fact.key(),
            fact.chinese()
        ),
        None => format!("column '{name}' counted for nothing: the model does not read it"),
    }
}

/// Writes beside the file and moves it there when all of it is written: a list cut off by a full disk would look like a shorter one.
/// A file that stands there already keeps its mode, and a link to it stays one. A pipe or a device is written as it is, and so is a link
/// that leads to nothing yet.
fn write_whole(scored: &ScoredFile<'_>, out: &Path) -> io::Result<()> {
    let found = fs::metadata(out).ok();
    let is_plain = found
        .as_ref()
        .map_or_else(|| !out.is_symlink(), Metadata::is_file);
    let out = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
    let Some(name) = out.file_name().filter(|_| is_plain) else {
        return write_to(scored, File::create(&out)?);
    };
    let mut unfinished = name.to_owned();
    unfinished.push(".unfinished");
    let unfinished = out.with_file_name(unfinished);
    let written = create_like(found.as_ref(), &unfinished)
        .and_then(|file| write_to(scored, file))
        .and_then(|()| fs::rename(&unfinished, &out));
    if written.is_err() {
        drop(fs::remove_file(&unfinished));
    }
    written
}

/// Makes a file that whoever may read or write the other one may, and nobody else.
fn create_like(other: Option<&Metadata>, path: &Path) -> io::Result<File> {
    let file = File::create(path)?;
    if let Some(other) = other {
        file.set_permissions(other.permissions())?;
    }
    Ok(file)
}

fn write_to(scored: &ScoredFile<'_>, file: File) -> io::Result<()> {
    scored.write_to(&mut BufWriter::new(file))
}

fn describe(group: &GroupSummary) -> String {
    let tiers = Tier::ALL
        .map(|tier| format!("{} {}", group.tiers[tier as usize], tier.key()))
        .join(", ");
    let note = if group.ranked > 0 && group.ranked < 100 {
        " (fewer than 100: nobody can be vip)"
    } else {
        ""
    };
    format!(
        "{}: {} ranked, {} unscored; {tiers}{note}",
        group.kind.key(),
        group.ranked,
        group.unscored
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_under_the_name_is_whole_or_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let (input, out) = (folder.path().join("in.csv"), folder.path().join("out.csv"));
        fs::write(&input, "id,kind,credit\nC1,person,80\n").unwrap();
        fs::write(&out, "of last month").unwrap();
        score_file(&input, &out, &Model::shipped()).unwrap();
        let scored = fs::read_to_string(&out).unwrap();
        assert!(scored.ends_with("C1,person,80,53.00,1,small,10\n"));

        fs::write(&input, "id,kind,credit\nC1,person,80%\n").unwrap();
        score_file(&input, &out, &Model::shipped()).unwrap_err();
        assert_eq!(fs::read_to_string(&out).unwrap(), scored);
        let names = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "nothing unfinished is left");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one_and_what_it_leads_to_keeps_its_mode() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().unwrap();
        let [input, out, kept, new] =
            ["in.csv", "out.csv", "kept.csv", "new.csv"].map(|name| folder.path().join(name));
        fs::write(&input, "id,kind,credit\nC1,person,80\n").unwrap();
        fs::write(&kept, "of last month").unwrap();
        fs::set_permissions(&kept, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&kept, &out).unwrap();
        score_file(&input, &out, &Model::shipped()).unwrap();
        assert!(out.is_symlink());
        assert!(fs::read_to_string(&kept).unwrap().starts_with("id,"));
        let mode = fs::metadata(&kept).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        fs::remove_file(&kept).unwrap();
        symlink(&kept, &new).unwrap();
        score_file(&input, &new, &Model::shipped()).unwrap();
        assert!(new.is_symlink() && kept.is_file());
    }
}
