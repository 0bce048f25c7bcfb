//! Files of cases: their bytes go into the object store first, then the row is written, so that what is listed is there.

use aws_lc_rs::digest;
use marque_auth::CallContext;
use marque_core::{ComplaintId, new_uuid};
use marque_db::Conn;
use marque_ledger::{Entry as Act, IdempotencyKey, record};
use prost::Message;
use uuid::Uuid;

use super::{
    AsRead, CaseApp, Reading, Wanted,
    moves::entry,
    publish::{self, Change},
    read::{is_copy, is_customer},
    veil::Veil,
};
use crate::{
    domain::{Attachment, MOST_ATTACHMENTS, NAME_CHARS, media_type},
    error::{Error, Result},
    storage,
};

/// A file as it came.
pub(crate) struct NewFile {
    pub(crate) name: String,
    /// What the caller says its digest is, hex; empty if he does not.
    pub(crate) sha256: String,
    pub(crate) bytes: Vec<u8>,
}

impl CaseApp {
    /// Largest file, in bytes.
    pub(crate) fn max_file_bytes(&self) -> usize {
        self.files.max_bytes()
    }

    /// Passes if the caller may give a case another file: asked before its bytes come.
    pub(crate) async fn expect_room(
        &self,
        ctx: CallContext,
        wanted: Wanted,
    ) -> Result<ComplaintId> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                let case = app.find(conn, ctx.scope(), wanted)?;
                app.check_room(conn, &ctx, case.id)?;
                Ok(case.id)
            })
            .await
    }

    /// Keeps a file with a case, in whatever version it is if that is 0; `answer` makes what the idempotency key remembers. `wire` names the
    /// file by its digest.
    pub(crate) async fn attach<R, A>(
        &self,
        ctx: CallContext,
        key: Option<IdempotencyKey>,
        (case, version): (ComplaintId, i64),
        file: NewFile,
        wire: impl FnOnce(&Attachment) -> R,
        answer: impl Fn(Attachment) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        let attachment = self.read_file(&ctx, &file)?;
        let wire = wire(&attachment);
        let id = attachment.id;
        self.files.put(case, id, file.bytes).await?;
        let (app, now) = (self.clone(), attachment.added_at);
        let written = self
            .db
            .write(move |conn| {
                let mut is_new = false;
                let answered = app.once(
                    conn,
                    (&ctx, now),
                    ("complaint.attach", key.as_ref()),
                    &wire,
                    |conn| {
                        is_new = true;
                        let wanted = Wanted::Id(case);
                        let read = AsRead { wanted, version };
                        app.write_attached(conn, &ctx, read, &attachment)?;
                        Ok((vec![case], answer(attachment.clone())))
                    },
                )?;
                Ok::<_, Error>((answered, is_new))
            })
            .await;
        if !matches!(written, Ok((_, true))) {
            // Refused after all, or the same file once more: no row names these bytes.
            self.files.forget(case, id).await;
        }
        Ok(written?.0)
    }

    /// What a file is, by its bytes.
    fn read_file(&self, ctx: &CallContext, file: &NewFile) -> Result<Attachment> {
        if file.bytes.is_empty() {
            return Err(Error::field("body", "REQUIRED", "the file has no bytes"));
        }
        let name = file.name.trim();
        if name.chars().count() > NAME_CHARS || name.contains(char::is_control) {
            let message = "a name has at most 200 characters, none of them control characters";
            return Err(Error::field("name", "FORMAT", message));
        }
        let digest = digest::digest(&digest::SHA256, &file.bytes);
        let said = file.sha256.trim();
        if !said.is_empty() && !said.eq_ignore_ascii_case(&hex::encode(digest)) {
            let message = "the bytes that came have another digest: send the file again";
            return Err(Error::field("sha256", "MISMATCH", message));
        }
        Ok(Attachment {
            id: new_uuid(&*self.clock),
            media_type: media_type(&file.bytes).ok_or(Error::FileType)?,
            name: name.to_owned(),
            size: file.bytes.len() as i64,
            digest: digest.as_ref().to_vec(),
            added_by: ctx.actor().to_string(),
            added_at: self.clock.now(),
        })
    }

    fn check_room(&self, conn: &mut Conn<'_>, ctx: &CallContext, case: ComplaintId) -> Result<()> {
        let kept = self.store.list_attachments(conn, ctx.scope(), case)?;
        if kept.len() < MOST_ATTACHMENTS {
            Ok(())
        } else {
            Err(Error::FilesFull)
        }
    }

    fn write_attached(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        read: AsRead,
        attachment: &Attachment,
    ) -> Result<()> {
        let now = attachment.added_at;
        let mut case = self.hold_as_read(conn, ctx.scope(), read)?;
        self.check_room(conn, ctx, case.id)?;
        self.store.add_attachment(conn, case.id, attachment)?;
        case.version += 1;
        case.updated_at = now;
        storage::update_case(conn, &mut case)?;
        let words = ("attached", "", attachment.media_type);
        self.note(conn, case.id, &entry(ctx, now, words, ""))?;
        let subject = case.id.to_string();
        let act = Act {
            act: "complaint_attached",
            subject: &subject,
            dealer: &case.dealer,
            detail: attachment.media_type,
        };
        record(conn, ctx, now, &act)?;
        let change = Change::of(&case, now);
        publish::one(conn, &*self.clock, publish::ATTACHED, change)?;
        self.hear_customer(conn, ctx, &mut case, now)
    }

    /// The files of a case that the caller may read, as he may see them: of the customer himself those that he sent, and all in the copy
    /// of his data.
    fn files_for(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        (case, reading): (ComplaintId, Reading),
    ) -> Result<Vec<Attachment>> {
        let mut files = self.store.list_attachments(conn, ctx.scope(), case)?;
        if is_customer(ctx) && reading == Reading::Case {
            files.retain(|file| file.added_by == **ctx.actor());
        }
        if let Some(veil) = Veil::of(ctx).filter(|_| !is_copy(ctx, reading)) {
            veil.over_files(&mut files);
        }
        Ok(files)
    }

    /// The files of a case.
    pub(crate) async fn list_attachments(
        &self,
        ctx: CallContext,
        wanted: Wanted,
    ) -> Result<Vec<Attachment>> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                let case = app.find(conn, ctx.scope(), wanted)?;
                app.files_for(conn, &ctx, (case.id, Reading::Case))
            })
            .await
    }

    /// A file with its bytes. That it was read goes on record before a byte leaves.
    pub(crate) async fn read_attachment(
        &self,
        ctx: CallContext,
        (wanted, reading): (Wanted, Reading),
        id: Uuid,
    ) -> Result<(Attachment, Vec<u8>)> {
        let (app, now) = (self.clone(), self.clock.now());
        let (case, attachment) = self
            .db
            .write(move |conn| {
                let case = app.find(conn, ctx.scope(), wanted)?;
                let kept = app.files_for(conn, &ctx, (case.id, reading))?;
                let found = kept.into_iter().find(|attachment| attachment.id == id);
                let attachment = found.ok_or(Error::AttachmentUnknown)?;
                let subject = case.id.to_string();
                let act = Act {
                    act: "complaint_attachment_read",
                    subject: &subject,
                    dealer: &case.dealer,
                    detail: attachment.media_type,
                };
                record(conn, &ctx, now, &act)?;
                Ok::<_, Error>((case.id, attachment))
            })
            .await?;
        let bytes = self.files.get(case, id).await?;
        Ok((attachment, bytes))
    }
}
