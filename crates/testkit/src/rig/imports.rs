//! Sending files.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use marque_api::intake::v1::{
    GetImportRequest, Import, ImportRequest, ImportRow, ImportStart, ImportState,
    ListImportRowsRequest, RowOutcome, import_request::Part,
};
use marque_auth::{Role, Scope};
use marque_vault::Vault;
use tokio_stream::{Stream, StreamExt as _};
use tonic::Status;

use super::Rig;

/// A file on its way in, from the DMS of a dealer.
#[derive(Debug, Clone)]
pub struct ImportFile {
    /// How it is announced.
    pub start: ImportStart,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl ImportFile {
    /// A file of customers.
    pub fn of_customers(dealer: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let start = ImportStart {
            kind: "customers".to_owned(),
            dealer: dealer.to_owned(),
            source: "dms".to_owned(),
            ..ImportStart::default()
        };
        Self {
            start,
            bytes: bytes.into(),
        }
    }

    /// The same as a rehearsal.
    pub fn as_dry_run(mut self) -> Self {
        self.start.dry_run = true;
        self
    }

    /// The same in a stated format.
    pub fn in_format(mut self, format: &str) -> Self {
        format.clone_into(&mut self.start.format);
        self
    }

    fn parts(self) -> Vec<ImportRequest> {
        let start = ImportRequest {
            part: Some(Part::Start(self.start)),
        };
        let chunks = self.bytes.chunks(10_007).map(<[u8]>::to_vec);
        let chunks = chunks.map(|chunk| ImportRequest {
            part: Some(Part::Chunk(chunk.into())),
        });
        std::iter::once(start).chain(chunks).collect()
    }
}

impl Rig {
    /// Sends a file as somebody and returns the import as it is queued.
    pub async fn send_as(
        &self,
        role: Role,
        scope: Scope,
        file: ImportFile,
    ) -> Result<Import, Status> {
        let parts = tokio_stream::iter(file.parts());
        self.send(self.ask(role, scope, parts)).await
    }

    /// Sends a file as headquarters with an idempotency key.
    ///
    /// # Errors
    /// What the service refuses.
    pub async fn send_once(&self, key: &str, file: ImportFile) -> Result<Import, Status> {
        let parts = tokio_stream::iter(file.parts());
        self.send(self.ask_once(Role::HqAdmin, Scope::Headquarters, key, parts))
            .await
    }

    /// Sends a file whose end never comes, and goes away once some of it is on disk.
    ///
    /// # Panics
    /// If it is answered all the same.
    pub async fn break_off(&self, file: ImportFile) {
        let parts = tokio_stream::iter(file.parts()).chain(tokio_stream::pending());
        let sending = self.send(self.ask(Role::HqAdmin, Scope::Headquarters, parts));
        let is_begun = async {
            while self.spooled_files() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            answer = sending => panic!("half a file is answered: {answer:?}"),
            () = is_begun => {}
        }
    }

    async fn send(
        &self,
        request: tonic::Request<impl Stream<Item = ImportRequest> + Send + 'static>,
    ) -> Result<Import, Status> {
        let answer = self.imports().import(request).await?;
        Ok(answer
            .into_inner()
            .import
            .expect("an import is answered with itself"))
    }

    /// Sends a file as headquarters and waits for its end.
    pub async fn import(&self, file: ImportFile) -> Import {
        let queued = self
            .send_as(Role::HqAdmin, Scope::Headquarters, file)
            .await
            .expect("the file is queued");
        self.wait_for_import(&queued.id).await
    }

    /// An import as it stands.
    pub async fn import_now(&self, id: &str) -> Import {
        let request = self.ask(
            Role::HqAdmin,
            Scope::Headquarters,
            GetImportRequest { id: id.to_owned() },
        );
        let answer = self
            .imports()
            .get_import(request)
            .await
            .expect("the import can be read");
        answer.into_inner().import.expect("the import is there")
    }

    /// Waits until an import has ended, one way or the other.
    pub async fn wait_for_import(&self, id: &str) -> Import {
        let ends = [ImportState::Succeeded, ImportState::Failed];
        self.wait_for_state(id, &ends).await
    }

    /// Waits until an import is in one of some states.
    ///
    /// # Panics
    /// If it is in none of them after a minute.
    pub async fn wait_for_state(&self, id: &str, states: &[ImportState]) -> Import {
        for _ in 0..6000 {
            let import = self.import_now(id).await;
            if states.contains(&import.state()) {
                return import;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the import is in none of the states {states:?} after a minute");
    }

    /// The rows of an import with an outcome, all of them.
    pub async fn import_rows(&self, id: &str, outcome: RowOutcome) -> Vec<ImportRow> {
        let message = ListImportRowsRequest {
            import_id: id.to_owned(),
            outcome: outcome as i32,
            page_size: 1000,
            ..ListImportRowsRequest::default()
        };
        let request = self.ask(Role::HqAdmin, Scope::Headquarters, message);
        self.imports()
            .list_import_rows(request)
            .await
            .expect("the rows can be listed")
            .into_inner()
            .rows
    }

    /// Where the files lie that wait.
    pub fn spool(&self) -> PathBuf {
        self.world.spool.path().join("customer-sealed")
    }

    /// Where a process of the release before has its files, which are not sealed.
    pub fn spool_before(&self) -> PathBuf {
        self.world.spool.path().join("customer")
    }

    /// Where the file of an import lies until it is done.
    ///
    /// # Panics
    /// If it lies nowhere.
    pub fn spooled(&self, import: &str) -> PathBuf {
        let files = files_in(&self.spool()).into_iter();
        let is_its = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.split('.').next() == Some(import)
        };
        files
            .filter(|path| path.extension().is_some_and(|end| end == "sealed"))
            .find(is_its)
            .expect("the file of the import lies in the spool")
    }

    /// The vault of its services.
    pub fn vault(&self) -> &Vault {
        &self.world.vault
    }

    /// How many files lie in the spool.
    pub fn spooled_files(&self) -> usize {
        files_in(&self.spool()).len()
    }

    /// Waits until nothing lies in the spool: a file goes just after its import's end is told.
    ///
    /// # Panics
    /// If something is still there after a few seconds.
    pub async fn until_nothing_is_spooled(&self) {
        for _ in 0..500 {
            if self.spooled_files() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("files of personal data are left behind");
    }

    /// The file of quarantined rows.
    pub async fn quarantine_file(&self, id: &str) -> Vec<u8> {
        let message = marque_api::intake::v1::DownloadQuarantineRequest {
            import_id: id.to_owned(),
        };
        let request = self.ask(Role::HqAdmin, Scope::Headquarters, message);
        let mut chunks = self
            .imports()
            .download_quarantine(request)
            .await
            .expect("the file is sent")
            .into_inner();
        let mut file = Vec::new();
        while let Some(part) = chunks.message().await.expect("the file comes whole") {
            file.extend_from_slice(&part.chunk);
        }
        file
    }
}

/// Files of a folder, without the folders in it.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder)
        .expect("the spool can be read")
        .map(|entry| entry.expect("the spool can be read").path())
        .filter(|path| !path.is_dir())
        .collect()
}
