//! The rules: states, clocks, working time, words.

mod attachment;
mod calendar;
mod case;
mod clock;
mod cluster;
mod code;
mod compensation;
mod number;
mod report;
mod rules;
mod search;
mod solution;
mod state;
mod term;
mod tokens;
mod warning;
mod words;
mod years;

pub(crate) use attachment::{Attachment, MOST_ATTACHMENTS, NAME_CHARS, known_type, media_type};
pub(crate) use calendar::{Calendar, Hours};
pub(crate) use case::{
    Anew, CARE, Case, Entry, Matter, TASK_ID, Task, TaskKind, TaskState, Turn, Words, follow,
};
pub(crate) use clock::{Clock, ClockKind, Standing, Step, Tier, kinds_of, step_code};
pub(crate) use cluster::{Alert, Baseline, Cluster, ClusterRules, Finding, count, find_clusters};
pub(crate) use code::{Spelled, folded_code, holds_identifier, searched_code};
pub(crate) use compensation::{Compensation, CompensationState, KINDS, MOST_MINOR, worth_with};
pub(crate) use number::{CaseNumber, CaseSerial};
pub(crate) use report::{Fact, Line, Spread, Timing, Zone, age_of, join_spellings, report};
pub use rules::{InvalidRules, Rules};
pub(crate) use search::Index;
pub(crate) use solution::{Among, Solution, SolutionState, Uses, kinship};
pub(crate) use state::{BY_ITSELF, Facts, REOPEN_DAYS, Refusal, State, allowed, check};
pub(crate) use term::{Ladder, Term};
pub(crate) use warning::Warning;
pub(crate) use words::{
    CHANNEL_LIST, DEPARTMENT_LIST, OTHER, Severity, category_code, find_category, find_channel,
    find_department,
};
pub(crate) use years::{check_year, missing_years};
