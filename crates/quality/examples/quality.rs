//! `marque quality` without the rest of the binary: the command's own file, for quick iteration and for measuring.

#[path = "../../../services/marque/src/commands/quality.rs"]
#[expect(
    unreachable_pub,
    reason = "the file is written for the binary, where commands are modules"
)]
mod quality;

/// The arguments of the command, as the binary would take them.
#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    args: quality::Args,
}

fn main() -> anyhow::Result<()> {
    quality::run(<Line as clap::Parser>::parse().args)
}
