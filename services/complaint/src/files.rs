//! Where the bytes of attachments lie: sealed, on the local disk or in a bucket.

use std::{path::Path, sync::Arc};

use marque_config::AttachmentsConfig;
use marque_core::ComplaintId;
use marque_vault::{Place, Vault};
use object_store::{
    ObjectStore, ObjectStoreExt as _, aws::AmazonS3Builder, local::LocalFileSystem,
    memory::InMemory, path::Path as Key,
};
use uuid::Uuid;

use crate::error::{Error, Result};

/// Why the files' store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum FileStoreError {
    /// The folder cannot be made.
    #[error("the folder of attachments cannot be made")]
    Folder(#[source] std::io::Error),
    /// The bucket's configuration makes no sense, or the folder cannot be opened.
    #[error(
        "complaint.attachments: the store cannot be opened; check bucket, endpoint, region and keys"
    )]
    Store(#[source] object_store::Error),
}

/// An object store and the largest file it is given. Cheap to clone.
#[derive(Clone)]
pub struct FileStore {
    objects: Arc<dyn ObjectStore>,
    max_bytes: usize,
}

impl std::fmt::Debug for FileStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileStore")
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

impl FileStore {
    /// The store of a configuration: the bucket it names, or the folder `attachments` under the data folder.
    ///
    /// # Errors
    /// If the folder cannot be made or what is said of the bucket makes no sense. The bucket itself is not asked.
    pub fn open(
        config: &AttachmentsConfig,
        data_dir: &Path,
    ) -> std::result::Result<Self, FileStoreError> {
        let objects: Arc<dyn ObjectStore> = if config.bucket.is_empty() {
            let folder = data_dir.join("attachments");
            std::fs::create_dir_all(&folder).map_err(FileStoreError::Folder)?;
            let disk = LocalFileSystem::new_with_prefix(folder).map_err(FileStoreError::Store)?;
            Arc::new(disk.with_fsync(true))
        } else {
            Arc::new(bucket(config).map_err(FileStoreError::Store)?)
        };
        Ok(Self {
            objects,
            max_bytes: config.max_bytes,
        })
    }

    /// A store that ends with the process, for tests.
    pub fn in_memory() -> Self {
        Self {
            objects: Arc::new(InMemory::new()),
            max_bytes: AttachmentsConfig::default().max_bytes,
        }
    }
}

fn bucket(config: &AttachmentsConfig) -> object_store::Result<impl ObjectStore> {
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&config.bucket)
        .with_allow_http(config.allow_http);
    if !config.endpoint.is_empty() {
        builder = builder.with_endpoint(&config.endpoint);
    }
    if !config.region.is_empty() {
        builder = builder.with_region(&config.region);
    }
    if let Some(id) = &config.access_key_id {
        builder = builder.with_access_key_id(id.expose());
    }
    if let Some(secret) = &config.secret_access_key {
        builder = builder.with_secret_access_key(secret.expose());
    }
    builder.build()
}

/// Seals what goes into the store and opens what comes out of it.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    store: FileStore,
    vault: Vault,
}

impl Files {
    pub(crate) fn new(store: FileStore, vault: Vault) -> Self {
        Self { store, vault }
    }

    /// Largest file, in bytes.
    pub(crate) const fn max_bytes(&self) -> usize {
        self.store.max_bytes
    }

    /// Keeps bytes sealed to their id: moved to another's place they do not open.
    pub(crate) async fn put(&self, case: ComplaintId, id: Uuid, bytes: Vec<u8>) -> Result<()> {
        let vault = self.vault.clone();
        let sealed = blocking(move || vault.seal(place(&id), &bytes)).await?;
        self.put_sealed(case, id, sealed).await
    }

    /// The bytes as they came.
    pub(crate) async fn get(&self, case: ComplaintId, id: Uuid) -> Result<Vec<u8>> {
        let found = self.store.objects.get(&key(case, id)).await;
        let sealed = found.map_err(Error::Files)?.bytes().await;
        let (sealed, vault) = (sealed.map_err(Error::Files)?, self.vault.clone());
        blocking(move || Ok(vault.open(place(&id), &sealed)?.to_vec())).await
    }

    /// Bytes sealed anew if they are under an old key; `None` of others. The error says if they are not there.
    pub(crate) async fn reseal(&self, case: ComplaintId, id: Uuid) -> Result<Option<Vec<u8>>> {
        let found = self.store.objects.get(&key(case, id)).await;
        let sealed = found.map_err(Error::Files)?.bytes().await;
        let (sealed, vault) = (sealed.map_err(Error::Files)?, self.vault.clone());
        blocking(move || vault.reseal(place(&id), &sealed)).await
    }

    /// Puts sealed bytes in their place.
    pub(crate) async fn put_sealed(
        &self,
        case: ComplaintId,
        id: Uuid,
        sealed: Vec<u8>,
    ) -> Result<()> {
        let put = self.store.objects.put(&key(case, id), sealed.into()).await;
        put.map_err(Error::Files)?;
        Ok(())
    }

    /// Deletes bytes; such as are not there are deleted already.
    pub(crate) async fn delete(&self, case: ComplaintId, id: Uuid) -> Result<()> {
        match self.store.objects.delete(&key(case, id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::Files(error)),
        }
    }

    /// Lets go of bytes that no row names. What cannot be deleted now is sealed waste.
    pub(crate) async fn forget(&self, case: ComplaintId, id: Uuid) {
        if let Err(error) = self.store.objects.delete(&key(case, id)).await {
            tracing::warn!(%error, "an attachment that was not taken in could not be deleted");
        }
    }
}

fn key(case: ComplaintId, id: Uuid) -> Key {
    Key::from(format!(
        "complaints/{}/{}",
        case.uuid().as_simple(),
        id.as_simple()
    ))
}

fn place(id: &Uuid) -> Place<'_> {
    Place::new("complaint_attachments", id.as_bytes(), "content")
}

/// Sealing megabytes takes long enough to keep others waiting.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::result::Result<T, marque_vault::VaultError> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|_| marque_vault::VaultError::Unsealable)??)
}

#[cfg(test)]
mod tests {
    use marque_vault::Keyring;

    use super::*;

    fn vault() -> Vault {
        Vault::new(&Keyring::generate().unwrap())
    }

    #[tokio::test]
    async fn what_lies_on_the_disk_is_sealed_and_opens_only_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let store = FileStore::open(&AttachmentsConfig::default(), folder.path()).unwrap();
        let files = Files::new(store, vault());
        let (case, id, other) = (
            Uuid::from_u128(1).into(),
            Uuid::from_u128(2),
            Uuid::from_u128(3),
        );
        files
            .put(case, id, b"a picture of a person".to_vec())
            .await
            .unwrap();
        assert_eq!(files.get(case, id).await.unwrap(), b"a picture of a person");
        let path = |id: Uuid| {
            let name = format!("attachments/complaints/{:032x}/{}", 1, id.as_simple());
            folder.path().join(name)
        };
        let lies = std::fs::read(path(id)).unwrap();
        assert!(!lies.windows(7).any(|part| part == b"picture"));
        std::fs::copy(path(id), path(other)).unwrap();
        assert!(matches!(files.get(case, other).await, Err(Error::Vault(_))));
        files.forget(case, id).await;
        assert!(matches!(files.get(case, id).await, Err(Error::Files(_))));
    }

    #[test]
    fn a_bucket_is_opened_by_configuration() {
        let config = AttachmentsConfig {
            bucket: "complaints".to_owned(),
            endpoint: "https://oss.example.com".to_owned(),
            region: "cn-north-1".to_owned(),
            access_key_id: Some("id".to_owned().into()),
            secret_access_key: Some("secret".to_owned().into()),
            ..AttachmentsConfig::default()
        };
        let store = FileStore::open(&config, Path::new("/nowhere")).unwrap();
        let shown = format!("{store:?}");
        assert!(
            shown.contains("20971520") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
