//! What people wrote about a case, as its reader may see it: numbers that tell who somebody is are masked in it as they are in the
//! customer's own file.

use marque_auth::{CallContext, Sight};
use marque_vault::{Masked, mask_id_numbers_inside, mask_inside};

use super::Shown;
use crate::domain::{Attachment, Case, Task};

/// A caller's veil.
#[derive(Clone, Copy)]
pub(super) struct Veil(fn(&str) -> Masked);

impl Veil {
    /// That of a caller; none for whose own words they are.
    pub(super) fn of(ctx: &CallContext) -> Option<Self> {
        match Sight::of(ctx) {
            Sight::Own => None,
            Sight::Serving => Some(Self(mask_id_numbers_inside)),
            Sight::Masked => Some(Self(mask_inside)),
        }
    }

    pub(super) fn over_shown(self, shown: &mut Shown) {
        self.over_case(&mut shown.case);
        for task in &mut shown.tasks {
            self.over_task(task);
        }
        for entry in &mut shown.course {
            self.over(&mut entry.note);
        }
        self.over_files(&mut shown.attachments);
        for (given, _) in &mut shown.compensations {
            self.over(&mut given.reason);
            self.over(&mut given.decision);
        }
    }

    /// Their names: what is in them is not looked into, and each reading is on record.
    pub(super) fn over_files(self, files: &mut [Attachment]) {
        for file in files {
            self.over(&mut file.name);
        }
    }

    pub(super) fn over_case(self, case: &mut Case) {
        self.over(&mut case.words.text);
        self.over(&mut case.words.wish);
    }

    pub(super) fn over_task(self, task: &mut Task) {
        self.over(&mut task.text);
        self.over(&mut task.outcome);
    }

    fn over(self, text: &mut String) {
        *text = (self.0)(text).into_string();
    }
}
