//! Reads the sources in their order.

use std::path::Path;

use figment::{
    Figment, Provider,
    providers::{Env, Format as _, Serialized, Toml},
};
use serde::Serialize;

use crate::{Config, ConfigError};

/// Variables of ours begin with this and part sections with `__`: `MARQUE__STORE__URL`.
const PREFIX: &str = "MARQUE__";

impl Config {
    /// Reads defaults, the TOML file if one is named, the environment, and last the overrides
    /// (anything that serialises to a map of settings, such as the flags of the command line).
    ///
    /// # Errors
    /// The first setting that cannot be used, with its key, its source and what to write instead.
    pub fn load(file: Option<&Path>, overrides: impl Serialize) -> Result<Self, ConfigError> {
        read_sources(file, Env::prefixed(PREFIX).split("__"), overrides)
    }
}

fn read_sources(
    file: Option<&Path>,
    environment: impl Provider,
    overrides: impl Serialize,
) -> Result<Config, ConfigError> {
    let mut sources = Figment::new();
    if let Some(path) = file {
        if !path.is_file() {
            return Err(ConfigError::NoFile {
                path: path.display().to_string(),
            });
        }
        sources = sources.merge(Toml::file_exact(path));
    }
    let mut config: Config = sources
        .merge(environment)
        .merge(Serialized::globals(overrides))
        .extract()
        .map_err(|error| ConfigError::from_figment(&error))?;
    // A role without a store is not given the secret of one.
    if config.roles.iter().any(|role| role.has_store()) {
        config.store.read_url_file()?;
    }
    Ok(config)
}

#[cfg(test)]
mod tests;
