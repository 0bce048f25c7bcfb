//! Why an import does not go on, and how long it is tried again.

use std::{borrow::Cow, error::Error, io::ErrorKind, time::Duration};

use marque_tabular::Problem;
use tokio::task::JoinError;

use crate::spool::Whereabouts;

/// Why an import does not go on.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The file itself.
    File(Problem),
    /// The code that reads it panicked, and would again.
    Reader,
    /// Something else, which may be gone later.
    Later(String),
}

/// How long an import is tried again that does not go on. Until then later files of its dealer, source and kind wait: an outage
/// over night is outlived, and what is sent the next day does not wait for what came the day before.
const PATIENCE: Duration = Duration::from_hours(12);

impl Failure {
    /// Of a thread that reads and ended without an answer.
    pub(crate) fn of_reader(error: JoinError) -> Self {
        if error.is_panic() {
            Self::Reader
        } else {
            Self::Later("the process ends".into())
        }
    }

    /// How long it is to be waited for, since the import last went on; `None` if it never passes. A file that is not in its place is
    /// lost at once only where it was put: otherwise another process may have it, on a disk of its own.
    pub(crate) fn patience(&self, whereabouts: impl Fn() -> Whereabouts) -> Option<Duration> {
        let may_pass = match self {
            Self::File(Problem::Read(error)) => match error.kind() {
                ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
                    false
                }
                ErrorKind::NotFound => whereabouts() != Whereabouts::Lost,
                _ => true,
            },
            Self::File(_) | Self::Reader => false,
            Self::Later(_) => true,
        };
        may_pass.then_some(PATIENCE)
    }

    /// The stable reason code of an import that failed for it.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::File(problem) => problem.reason(),
            Self::Reader => "READER_FAILED",
            Self::Later(_) => "IMPORT_STALLED",
        }
    }

    /// The same for people: what happened and what to do.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::File(problem) => problem.to_string(),
            Self::Reader => {
                "the program failed at something in this file; rows before it were taken in as the import says. \
                 Tell us the import's id"
                    .into()
            }
            Self::Later(_) => {
                "the rows could not be written for twelve hours; what was written before stays. Send the file again".into()
            }
        }
    }

    /// What it comes from, in words that hold nothing of the file: for logs.
    pub(crate) fn cause(&self) -> Cow<'_, str> {
        match self {
            Self::File(problem) => problem.cause().unwrap_or(Cow::Borrowed(problem.reason())),
            Self::Reader => Cow::Borrowed("the reader panicked"),
            Self::Later(error) => Cow::Borrowed(error),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::File(problem)
    }
}

/// An error with all that it comes from.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn only_what_may_pass_is_waited_for() {
        let read = |kind: ErrorKind| Failure::File(Problem::Read(io::Error::from(kind)));
        for (failure, whereabouts, waits) in [
            (Failure::Later("busy".into()), Whereabouts::Here, true),
            (Failure::Reader, Whereabouts::Here, false),
            (Failure::File(Problem::EmptyFile), Whereabouts::Here, false),
            (read(ErrorKind::InvalidData), Whereabouts::Here, false),
            (read(ErrorKind::TimedOut), Whereabouts::Here, true),
            (read(ErrorKind::NotFound), Whereabouts::Here, true),
            (read(ErrorKind::NotFound), Whereabouts::Elsewhere, true),
            (read(ErrorKind::NotFound), Whereabouts::Lost, false),
        ] {
            let patience = failure.patience(|| whereabouts);
            assert_eq!(patience.is_some(), waits, "{failure:?}, {whereabouts:?}");
        }
    }
}
