//! Files of cases: what is known of them beside their bytes.

use marque_auth::Scope;
use marque_core::ComplaintId;
use marque_db::{Conn, Row, StoreError};
use uuid::Uuid;

use super::{CaseStore, blob, course::sealing};
use crate::domain::{Attachment, known_type};

const TABLE: &str = "complaint_attachments";

impl CaseStore {
    /// Notes a file whose bytes are kept.
    pub(crate) fn add_attachment(
        &self,
        conn: &mut Conn<'_>,
        case: ComplaintId,
        attachment: &Attachment,
    ) -> Result<(), StoreError> {
        let place = (TABLE, attachment.id.as_bytes().as_slice(), "name");
        let name = blob::seal_text(&self.vault, place, &attachment.name).map_err(sealing)?;
        conn.execute(
            "INSERT INTO complaint_attachments (complaint_id, id, media_type, size, digest, added_by, added_at, name)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            &[
                case.uuid().into(),
                attachment.id.into(),
                attachment.media_type.into(),
                attachment.size.into(),
                (&attachment.digest).into(),
                (&attachment.added_by).into(),
                attachment.added_at.into(),
                (&name).into(),
            ],
        )?;
        Ok(())
    }

    /// The files of a case, oldest first.
    pub(crate) fn list_attachments(
        &self,
        conn: &mut Conn<'_>,
        _: &Scope,
        case: ComplaintId,
    ) -> Result<Vec<Attachment>, StoreError> {
        let sql = "SELECT id, media_type, size, digest, added_by, added_at, name FROM complaint_attachments
                   WHERE complaint_id = ?1 ORDER BY added_at, id";
        conn.query(sql, &[case.uuid().into()], |row| self.read_attachment(row))
    }

    fn read_attachment(&self, row: &Row<'_>) -> Result<Attachment, StoreError> {
        let (id, media_type): (Uuid, String) = (row.get(0)?, row.get(1)?);
        let sealed: Vec<u8> = row.get(6)?;
        Ok(Attachment {
            id,
            media_type: known_type(&media_type).unwrap_or("application/octet-stream"),
            size: row.get(2)?,
            digest: row.get(3)?,
            added_by: row.get(4)?,
            added_at: row.get(5)?,
            name: blob::open_text(
                &self.vault,
                (TABLE, id.as_bytes().as_slice(), "name"),
                &sealed,
            )?,
        })
    }
}

/// Files after a case and a file, by their ids; for walks over all.
pub(crate) fn walk_attachments(
    conn: &mut Conn<'_>,
    (case, file): (Uuid, Uuid),
    limit: i64,
) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let sql =
        "SELECT complaint_id, id FROM complaint_attachments WHERE (complaint_id, id) > (?1, ?2)
               ORDER BY complaint_id, id LIMIT ?3";
    conn.query(sql, &[case.into(), file.into(), limit.into()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// Whether a file is still a case's.
pub(crate) fn has_attachment(
    conn: &mut Conn<'_>,
    (case, file): (Uuid, Uuid),
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM complaint_attachments WHERE complaint_id = ?1 AND id = ?2";
    let found = conn.query_opt(sql, &[case.into(), file.into()], |_| Ok(()))?;
    Ok(found.is_some())
}
