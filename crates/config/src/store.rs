//! Where each service keeps its data.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::{ConfigError, Secret, ServiceRole};

/// Databases: SQLite files under the data folder unless a PostgreSQL address is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// PostgreSQL for all roles; `{role}` in it becomes the role's name with underscores.
    pub url: Option<Secret<String>>,
    /// A file that holds `url`, as secrets are mounted: read once at the start.
    pub url_file: Option<PathBuf>,
    /// PostgreSQL of single roles; goes before `url`.
    pub urls: BTreeMap<ServiceRole, Secret<String>>,
    /// PostgreSQL that follows `url`, for lists and reports; `{role}` as there. None without.
    pub replica_url: Option<Secret<String>>,
    /// A file that holds `replica_url`.
    pub replica_url_file: Option<PathBuf>,
    /// Connections that read, a role; 1 to 256.
    pub readers: usize,
    /// Connections that write, a role, on PostgreSQL; 1 to 256. SQLite has one writer always.
    pub writers: usize,
}

/// The database of one role.
#[derive(Debug, Clone)]
pub enum StoreTarget {
    /// A file, created if absent.
    Sqlite(PathBuf),
    /// An address with its password.
    Postgres(Secret<String>),
}

impl StoreTarget {
    /// Whether it is of a kind that there is: a file, or an address of PostgreSQL.
    pub fn is_of_a_kind(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(url) => ["postgres://", "postgresql://"]
                .iter()
                .any(|scheme| url.expose().starts_with(scheme)),
        }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            urls: BTreeMap::new(),
            replica_url: None,
            replica_url_file: None,
            readers: 4,
            writers: 4,
        }
    }
}

impl StoreConfig {
    /// Takes `url` and `replica_url` from their files, if any are named.
    pub(crate) fn read_url_file(&mut self) -> Result<(), ConfigError> {
        read_file("store.url", &mut self.url, self.url_file.as_deref())?;
        let file = self.replica_url_file.as_deref();
        read_file("store.replica_url", &mut self.replica_url, file)
    }

    /// The replica of a role's database, if there is one.
    pub fn replica(&self, role: ServiceRole) -> Option<Secret<String>> {
        let url = self.replica_url.as_ref()?;
        Some(url.expose().replace("{role}", &role.snake()).into())
    }

    /// The database of a role.
    pub fn target(&self, role: ServiceRole, data_dir: &Path) -> StoreTarget {
        match self.urls.get(&role).or(self.url.as_ref()) {
            Some(url) => {
                StoreTarget::Postgres(url.expose().replace("{role}", &role.snake()).into())
            }
            None => StoreTarget::Sqlite(data_dir.join(format!("{}.db", role.snake()))),
        }
    }
}

/// Takes an address from its file, if one is named.
fn read_file(
    key: &str,
    url: &mut Option<Secret<String>>,
    file: Option<&Path>,
) -> Result<(), ConfigError> {
    let Some(path) = file else {
        return Ok(());
    };
    let bad = |advice: String| ConfigError::BadValue {
        key: format!("{key}_file"),
        place: "the configuration".to_owned(),
        advice,
    };
    if url.is_some() {
        return Err(bad(format!("set {key} or {key}_file, not both")));
    }
    let text = std::fs::read_to_string(path)
        .map_err(|error| bad(format!("{} cannot be read: {error}", path.display())))?;
    *url = Some(text.trim().to_owned().into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roles_own_address_goes_before_the_template() {
        let mut store = StoreConfig {
            url: Some("postgres://db/marque_{role}".to_owned().into()),
            ..StoreConfig::default()
        };
        store.urls.insert(
            ServiceRole::Customer,
            "postgres://other/c".to_owned().into(),
        );
        let url = |role| match store.target(role, Path::new("d")) {
            StoreTarget::Postgres(url) => url.expose().clone(),
            StoreTarget::Sqlite(path) => panic!("{}", path.display()),
        };
        assert_eq!(
            url(ServiceRole::ServiceHistory),
            "postgres://db/marque_service_history"
        );
        assert_eq!(url(ServiceRole::Customer), "postgres://other/c");
    }

    #[test]
    fn an_address_may_come_from_a_file_and_from_nowhere_else_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        std::fs::write(&path, "postgres://db/marque_{role}\n").unwrap();
        let mut store = StoreConfig {
            url_file: Some(path),
            ..StoreConfig::default()
        };
        store.read_url_file().unwrap();
        let target = store.target(ServiceRole::Vehicle, Path::new("d"));
        assert!(
            matches!(target, StoreTarget::Postgres(url) if url.expose() == "postgres://db/marque_vehicle")
        );
        assert!(store.read_url_file().is_err(), "both are set now");
        let mut absent = StoreConfig {
            url_file: Some(folder.path().join("absent")),
            ..StoreConfig::default()
        };
        let told = absent.read_url_file().unwrap_err().to_string();
        assert!(told.contains("store.url_file"), "{told}");
    }

    #[test]
    fn without_an_address_it_is_a_file_in_the_data_folder() {
        let target = StoreConfig::default().target(ServiceRole::Vehicle, Path::new("d"));
        assert!(matches!(target, StoreTarget::Sqlite(path) if path == Path::new("d/vehicle.db")));
    }
}
