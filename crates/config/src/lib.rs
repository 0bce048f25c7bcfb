//! Configuration: defaults, TOML, environment, flags.
