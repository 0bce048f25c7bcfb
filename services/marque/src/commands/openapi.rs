//! `marque openapi`.

use super::say;

pub(super) fn run() -> anyhow::Result<()> {
    say(marque_gateway::openapi())
}
