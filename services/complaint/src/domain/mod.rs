//! The rules: states, clocks, working time, words.

mod calendar;
mod case;
mod clock;
mod number;
mod report;
mod search;
mod solution;
mod state;
mod tokens;
mod words;

pub(crate) use calendar::{Calendar, Hours};
pub(crate) use case::{Case, Entry, Task, TaskState, Words, follow};
pub(crate) use clock::{Clock, ClockKind, Standing, Step, Tier, budget, kinds_of, step_code};
pub(crate) use number::CaseNumber;
pub(crate) use report::{Fact, Line, Spread, Timing, Weights, report};
pub(crate) use search::Index;
pub(crate) use solution::{Solution, SolutionState, Uses, kinship};
pub(crate) use state::{Facts, REOPEN_DAYS, Refusal, State, allowed, check};
pub(crate) use words::{
    DEPARTMENT_LIST, Severity, category_code, find_category, find_channel, find_department,
};
