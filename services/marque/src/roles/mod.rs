//! One file a role: what it needs, from what the process shares.

mod complaint;
mod customer;
mod data_quality;
mod network;
mod scoring;
mod service_history;
mod vehicle;

use marque_config::ServiceRole;
use marque_db::Migrator;
use marque_reseal::SealedColumn;
use marque_rpc::Built;

use crate::wiring::Shared;

/// Builds a role that has a service behind it.
///
/// # Errors
/// If its store or folders cannot be had.
pub async fn build(role: ServiceRole, shared: &Shared) -> anyhow::Result<Built> {
    match role {
        ServiceRole::Network => network::build(shared).await,
        ServiceRole::Customer => customer::build(shared).await,
        ServiceRole::Vehicle => vehicle::build(shared).await,
        ServiceRole::ServiceHistory => service_history::build(shared).await,
        ServiceRole::DataQuality => data_quality::build(shared).await,
        ServiceRole::Scoring => scoring::build(shared).await,
        ServiceRole::Complaint => complaint::build(shared).await,
        ServiceRole::Gateway => anyhow::bail!("the gateway is no service"),
    }
}

/// What of a role's store is sealed.
pub fn sealed(role: ServiceRole) -> &'static [SealedColumn] {
    match role {
        ServiceRole::Network => marque_network::SEALED,
        ServiceRole::Customer => marque_customer::SEALED,
        ServiceRole::Vehicle => marque_vehicle::SEALED,
        ServiceRole::ServiceHistory => marque_service_history::SEALED,
        ServiceRole::DataQuality => marque_data_quality::SEALED,
        // It seals nothing but rows of files that are held back.
        ServiceRole::Scoring => &[marque_intake::QUARANTINE],
        ServiceRole::Complaint => marque_complaint::SEALED,
        ServiceRole::Gateway => &[],
    }
}

/// Whether a role takes files in: then it holds rows of them back.
pub fn takes_files(role: ServiceRole) -> bool {
    let held_back = marque_intake::QUARANTINE.table;
    sealed(role).iter().any(|column| column.table == held_back)
}

/// The schema of a role's store, if it has one.
pub fn migrator(role: ServiceRole) -> Option<Migrator> {
    match role {
        ServiceRole::Network => Some(marque_migrations::NETWORK),
        ServiceRole::Customer => Some(marque_migrations::CUSTOMER),
        ServiceRole::Vehicle => Some(marque_migrations::VEHICLE),
        ServiceRole::ServiceHistory => Some(marque_migrations::SERVICE_HISTORY),
        ServiceRole::DataQuality => Some(marque_migrations::DATA_QUALITY),
        ServiceRole::Scoring => Some(marque_migrations::SCORING),
        ServiceRole::Complaint => Some(marque_migrations::COMPLAINT),
        ServiceRole::Gateway => None,
    }
}

#[cfg(test)]
mod tests {
    use marque_testkit::{TestDb, store_test_suite};
    use marque_vault::{Keyring, Vault};

    use super::*;

    /// The map of personal data, where a star marks what is sealed.
    const MAP: &str = include_str!("../../../../migrations/personal-data.txt");

    store_test_suite!(sealed_columns_are_those_of_the_schema);

    async fn sealed_columns_are_those_of_the_schema(db: TestDb) {
        let vault = Vault::new(&Keyring::generate().unwrap());
        for role in ServiceRole::ALL {
            let Some(migrator) = migrator(role) else {
                continue;
            };
            let db = db.sibling().migrated(&migrator).await;
            for column in sealed(role) {
                let found = marque_reseal::survey(&db, &vault, &vault, *column).await;
                assert_eq!(found.unwrap().values, 0, "{role}: {}", column.table);
            }
        }
    }

    #[test]
    fn an_exchange_of_keys_leaves_out_nothing_that_is_sealed() {
        let mut starred = 0;
        for line in MAP.lines().filter(|line| !line.starts_with('#')) {
            let columns = line.split(" | ").next().unwrap_or_default();
            let Some((table, columns)) = columns.split_once(": ") else {
                continue;
            };
            let (role, table) = table.split_once('.').unwrap();
            let role: ServiceRole = role.parse().unwrap();
            for column in columns.split(' ').filter_map(|name| name.strip_suffix('*')) {
                starred += 1;
                let is_known =
                    |known: &SealedColumn| (known.table, known.column) == (table, column);
                assert!(
                    sealed(role).iter().any(is_known),
                    "{role}: {table}.{column} is sealed and stays under the old key: add it to SEALED"
                );
            }
        }
        assert!(starred > 15, "{starred}");
    }
}
