//! Tasks of departments: of one case, and lists across cases.

use marque_auth::Scope;
use marque_core::{ComplaintId, PageRequest, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use uuid::Uuid;

use super::{CaseStore, blob, course::sealing, list::Clauses};
use crate::domain::{CaseNumber, CaseSerial, Severity, Step, Task, TaskKind, TaskState, Term};

/// The columns a task is read from.
const READ: &str = "t.id, t.department, t.owner, t.due_at, t.is_needed, t.state, t.created_at, t.finished_at, t.words, t.outcome, t.kind, \
                    t.round, t.next_step";
/// When a task is due, as lists are sorted: one without a due time comes last. The index says the same.
const DUE: &str = "coalesce(t.due_at, 9223372036854775807)";

/// Terms written by one statement.
const TERMS_A_STATEMENT: usize = 50;

/// The columns a task's term is read from, the case's id first. A trigger begins a round when a task is given and when its due time
/// changes.
pub(super) const READ_TERM: &str = "complaint_id, id, department, round, next_step, next_at";

/// Which tasks are wanted; what is empty does not count.
#[derive(Debug, Clone)]
pub(crate) struct TaskFilter {
    pub(crate) state: TaskState,
    pub(crate) dealer: String,
    pub(crate) department: String,
    pub(crate) owner: String,
    /// Only those due until then.
    pub(crate) due_until: Option<Timestamp>,
    /// Only those that are needed.
    pub(crate) needed: bool,
}

impl TaskFilter {
    /// The dealer whose tasks alone are wanted or seen.
    fn one_dealer<'a>(&'a self, scope: &'a Scope) -> Option<&'a str> {
        match scope {
            Scope::Dealer(own) => Some(own.as_str()),
            _ => Some(self.dealer.as_str()).filter(|dealer| !dealer.is_empty()),
        }
    }
}

/// A task, and what is coded of its case.
#[derive(Clone)]
pub(crate) struct CaseTask {
    pub(crate) task: Task,
    pub(crate) case: ComplaintId,
    pub(crate) number: CaseNumber,
    pub(crate) dealer: String,
    pub(crate) vin: String,
    pub(crate) category: String,
    pub(crate) severity: Severity,
    /// Code of the case's state.
    pub(crate) case_state: String,
}

impl CaseStore {
    /// Writes a new task.
    pub(crate) fn add_task(
        &self,
        conn: &mut Conn<'_>,
        case: ComplaintId,
        task: &Task,
    ) -> Result<(), StoreError> {
        let place = ("complaint_tasks", task.id.as_bytes().as_slice(), "words");
        let words = blob::seal_text(&self.vault, place, &task.text).map_err(sealing)?;
        conn.execute(
            "INSERT INTO complaint_tasks
                 (complaint_id, id, department, owner, due_at, is_needed, state, created_at, finished_at, words, outcome,
                  kind)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, ?9, ?10, ?11)",
            &[
                case.uuid().into(),
                task.id.into(),
                (&task.department).into(),
                (&task.owner).into(),
                task.due_at.into(),
                task.is_needed.into(),
                task.state.code().into(),
                task.created_at.into(),
                (&words).into(),
                [].as_slice().into(),
                task.kind.code().into(),
            ],
        )?;
        Ok(())
    }

    /// Gives a task to whom it is now given, until when it is now due.
    pub(crate) fn amend_task(
        conn: &mut Conn<'_>,
        case: ComplaintId,
        task: &Task,
    ) -> Result<(), StoreError> {
        conn.execute(
            "UPDATE complaint_tasks SET department = ?3, owner = ?4, due_at = ?5 WHERE complaint_id = ?1 AND id = ?2",
            &[
                case.uuid().into(),
                task.id.into(),
                (&task.department).into(),
                (&task.owner).into(),
                task.due_at.into(),
            ],
        )?;
        Ok(())
    }

    /// Ends a task.
    pub(crate) fn finish_task(
        &self,
        conn: &mut Conn<'_>,
        case: ComplaintId,
        task: &Task,
    ) -> Result<(), StoreError> {
        let place = ("complaint_tasks", task.id.as_bytes().as_slice(), "outcome");
        let outcome = blob::seal_text(&self.vault, place, &task.outcome).map_err(sealing)?;
        conn.execute(
            "UPDATE complaint_tasks SET state = ?3, finished_at = ?4, outcome = ?5 WHERE complaint_id = ?1 AND id = ?2",
            &[
                case.uuid().into(),
                task.id.into(),
                task.state.code().into(),
                task.finished_at.into(),
                (&outcome).into(),
            ],
        )?;
        Ok(())
    }

    /// The tasks of a case, oldest first.
    pub(crate) fn list_tasks(
        &self,
        conn: &mut Conn<'_>,
        _: &Scope,
        case: ComplaintId,
    ) -> Result<Vec<Task>, StoreError> {
        let sql = format!(
            "SELECT {READ} FROM complaint_tasks AS t WHERE t.complaint_id = ?1 ORDER BY t.created_at, t.id"
        );
        conn.query(&sql, &[case.uuid().into()], |row| self.read_task(row))
    }

    /// A page of the tasks of all cases in a scope, the soonest due first.
    pub(crate) fn list_case_tasks(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        filter: &TaskFilter,
        page: &PageRequest,
    ) -> Result<Vec<CaseTask>, StoreError> {
        let (due, id) = page
            .after
            .as_ref()
            .and_then(|token| read_key(&token.key))
            .unwrap_or(BEGIN);
        let (clause, dealers) = dealer_clause(scope, "c.dealer", 5);
        let state = filter.state.code();
        let mut clauses = Clauses {
            sql: format!("t.state = ?1 AND ({DUE}, t.id) > (?2, ?3) AND {clause}"),
            values: vec![
                state.into(),
                due.into(),
                id.into(),
                page.size.into(),
                dealers,
            ],
        };
        for (condition, value) in [
            ("c.dealer = #", &filter.dealer),
            ("t.department = #", &filter.department),
            ("t.owner = #", &filter.owner),
        ] {
            if !value.is_empty() {
                clauses.add(condition, value.into());
            }
        }
        if let Some(dealer) = filter.one_dealer(scope) {
            // The dealer of the case once more, as the tasks' own index has it: most of the others' tasks would be read in vain.
            clauses.add("t.case_dealer = #", dealer.into());
        }
        if let Some(until) = filter.due_until {
            clauses.add("t.due_at <= #", until.into());
        }
        if filter.needed {
            clauses.sql.push_str(" AND t.is_needed");
        }
        let Clauses { sql, values } = clauses;
        let sql = format!(
            "SELECT {READ}, t.complaint_id, c.serial, c.dealer, c.vin, c.category, c.severity, c.state
             FROM complaint_tasks AS t JOIN complaints AS c ON c.id = t.complaint_id
             WHERE {sql} ORDER BY {DUE}, t.id LIMIT ?4"
        );
        conn.query(&sql, &values, |row| {
            Ok(CaseTask {
                task: self.read_task(row)?,
                case: row.get::<Uuid>(13)?.into(),
                number: self.number_of(CaseSerial::new(row.get(14)?)),
                dealer: row.get(15)?,
                vin: row.get(16)?,
                category: row.get(17)?,
                severity: Severity::of_rank(row.get(18)?),
                case_state: row.get(19)?,
            })
        })
    }

    fn read_task(&self, row: &Row<'_>) -> Result<Task, StoreError> {
        let id: Uuid = row.get(0)?;
        let text = |column, field| {
            let sealed: Vec<u8> = row.get(column)?;
            let place = ("complaint_tasks", id.as_bytes().as_slice(), field);
            blob::open_text(&self.vault, place, &sealed)
        };
        Ok(Task {
            id,
            department: row.get(1)?,
            text: text(8, "words")?,
            owner: row.get(2)?,
            due_at: row.get::<Option<Timestamp>>(3)?,
            is_needed: row.get(4)?,
            state: TaskState::parse(&row.get::<String>(5)?),
            outcome: text(9, "outcome")?,
            created_at: row.get(6)?,
            finished_at: row.get(7)?,
            kind: TaskKind::parse(&row.get::<String>(10)?),
            level: last_step(row.get(11)?, row.get(12)?),
        })
    }
}

/// Cases with open tasks that they need and of which nobody said until when; the index says the same.
pub(crate) fn cases_with_undated_tasks(
    conn: &mut Conn<'_>,
    limit: u32,
) -> Result<Vec<ComplaintId>, StoreError> {
    conn.query(
        "SELECT DISTINCT complaint_id FROM complaint_tasks
         WHERE state = 'open' AND due_at IS NULL AND is_needed ORDER BY complaint_id LIMIT ?1",
        &[limit.into()],
        |row| Ok(row.get::<Uuid>(0)?.into()),
    )
}

/// The last step that was taken of a task's term, 0 before the first; of one without a due time there is none.
fn last_step(round: i64, next_step: Option<i64>) -> i64 {
    match next_step.and_then(Step::of_number) {
        _ if round == 0 => 0,
        Some(Step::Manager) => 0,
        Some(next) => next.number() - 1,
        None => Step::Headquarters.number(),
    }
}

pub(super) fn read_term(row: &Row<'_>) -> Result<(ComplaintId, Term), StoreError> {
    let term = Term {
        task: row.get(1)?,
        department: row.get(2)?,
        round: row.get(3)?,
        next_step: row.get::<Option<i64>>(4)?.and_then(Step::of_number),
        next_at: row.get(5)?,
    };
    Ok((row.get::<Uuid>(0)?.into(), term))
}

/// Writes the next steps of tasks' terms. Whoever had claimed them has no claim any more.
pub(super) fn save_terms(
    conn: &mut Conn<'_>,
    terms: &[(ComplaintId, &Term)],
) -> Result<(), StoreError> {
    for some in terms.chunks(TERMS_A_STATEMENT) {
        let (mut cases, mut tasks) = (Vec::new(), Vec::new());
        let (mut steps, mut times) = (Vec::new(), Vec::new());
        let mut values: Vec<Value<'_>> = Vec::with_capacity(4 * some.len());
        for (case, term) in some {
            let first = values.len() + 1;
            let (task, step, time) = (first + 1, first + 2, first + 3);
            cases.push(format!("?{first}"));
            tasks.push(format!("?{task}"));
            steps.push(format!("WHEN ?{task} THEN CAST(?{step} AS BIGINT)"));
            times.push(format!("WHEN ?{task} THEN CAST(?{time} AS BIGINT)"));
            let term: [Value<'_>; 4] = [
                case.uuid().into(),
                term.task.into(),
                term.next_step.map(Step::number).into(),
                term.next_at.into(),
            ];
            values.extend(term);
        }
        let sql = format!(
            "UPDATE complaint_tasks SET next_step = CASE id {} END, next_at = CASE id {} END,
                 claimed_by = NULL, claimed_until = 0
             WHERE complaint_id IN ({}) AND id IN ({})",
            steps.join(" "),
            times.join(" "),
            cases.join(", "),
            tasks.join(", ")
        );
        conn.execute(&sql, &values)?;
    }
    Ok(())
}

impl CaseTask {
    /// The sort key of a page token.
    pub(crate) fn page_key(&self) -> String {
        let due = self.task.due_at.map_or(i64::MAX, Timestamp::as_micros);
        format!("{due}|{}", self.task.id)
    }
}

/// Before every task.
const BEGIN: (i64, Uuid) = (i64::MIN, Uuid::nil());

fn read_key(key: &str) -> Option<(i64, Uuid)> {
    let (due, id) = key.split_once('|')?;
    Some((due.parse().ok()?, id.parse().ok()?))
}
