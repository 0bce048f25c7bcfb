//! Reading a file: from rows to prepared batches.

use std::sync::Arc;

use marque_tabular::{Format, Limits, Mapping, Next, Position, Problem, Row, RowFault, Table};
use tokio::sync::mpsc;

use crate::{
    Entry, Job, Refusal, RowView, Sink, finding,
    outcome::{KeptFields, KeptFinding},
    scattered::{self, Scattered},
    sender::{self, Named},
    spool::Spool,
};

/// How a file is to be read.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) format: Option<Format>,
    pub(crate) mapping: Option<Mapping>,
    pub(crate) limits: Limits,
    pub(crate) batch_rows: usize,
    pub(crate) from: Option<Position>,
}

/// One entry of a batch: rows that are one record, or a row that is none.
pub(crate) struct Item<P> {
    pub(crate) lines: Vec<u64>,
    pub(crate) what: What<P>,
    /// What is wrong with one row alone, in the order of the rows; each quarantines all. Empty where nothing is.
    pub(crate) of_rows: Vec<Refusal>,
    /// The rows as they came, if they are to be quarantined.
    pub(crate) fields: Vec<KeptFields>,
}

impl<P> Item<P> {
    /// What is to be written; nothing of rows that are quarantined.
    pub(crate) fn payload(&self) -> Option<&P> {
        match &self.what {
            What::Entry(entry) if self.of_rows.is_empty() && !entry.is_rejected() => {
                entry.payload.as_ref()
            }
            _ => None,
        }
    }
}

pub(crate) enum What<P> {
    Entry(Entry<P>),
    Fault(KeptFinding),
}

/// Rows on their way into one transaction.
pub(crate) struct Batch<P> {
    pub(crate) items: Vec<Item<P>>,
    pub(crate) rows: i64,
    /// Where the next batch begins.
    pub(crate) next: Position,
    pub(crate) headers: Vec<String>,
    /// Sheets of a workbook that have rows and are not read.
    pub(crate) unread_sheets: i64,
}

pub(crate) fn open<S: Sink>(
    spool: &Spool,
    name: &str,
    kind: &str,
    sink: &S,
    plan: &Plan,
) -> Result<Table, Problem> {
    let schema = sink.schema(kind).ok_or(Problem::NoHeader {
        kind: "this service",
    })?;
    Table::open(
        spool.open(name)?,
        plan.format,
        plan.limits.clone(),
        schema,
        plan.mapping.clone(),
    )
}

/// Reads the file from end to end before anything is taken in: whether it can be read, and which records are scattered
/// over it.
pub(crate) fn check<S: Sink>(mut table: Table, sink: &S) -> Result<Scattered, Problem> {
    let column = sink.group_column(table.schema());
    Scattered::find(&mut table, column)
}

/// Reads on from the plan's position and sends prepared batches until the file ends or nobody listens.
pub(crate) fn prepare<S: Sink>(
    mut table: Table,
    sink: &Arc<S>,
    job: &Job,
    plan: &Plan,
    scattered: Scattered,
    batches: &mpsc::Sender<Result<Batch<S::Payload>, Problem>>,
) {
    if let Err(problem) = plan.from.map_or(Ok(()), |from| table.seek(from)) {
        drop(batches.blocking_send(Err(problem)));
        return;
    }
    let mut gather = Gather {
        group_column: sink.group_column(table.schema()),
        dealer_column: table.schema().column(sender::COLUMN),
        scattered,
        held: None,
    };
    loop {
        let batch = gather.batch(&mut table, &**sink, job, plan.batch_rows);
        let is_last = !matches!(&batch, Ok(batch) if batch.rows > 0);
        let is_empty = matches!(&batch, Ok(batch) if batch.rows == 0);
        if is_empty || batches.blocking_send(batch).is_err() || is_last {
            return;
        }
    }
}

/// Gathers rows into entries; holds back the row that begins the next group.
struct Gather {
    group_column: Option<usize>,
    /// Where rows say whose they are.
    dealer_column: Option<usize>,
    scattered: Scattered,
    held: Option<(Row, Position)>,
}

impl Gather {
    fn batch<S: Sink>(
        &mut self,
        table: &mut Table,
        sink: &S,
        job: &Job,
        wanted: usize,
    ) -> Result<Batch<S::Payload>, Problem> {
        let mut items = Vec::with_capacity(wanted);
        let mut rows = 0;
        let mut group: Vec<Row> = self.held.take().map(|(row, _)| row).into_iter().collect();
        loop {
            let before = table.reader().position();
            match table.next_row()? {
                Next::Row
                    if group
                        .first()
                        .is_some_and(|first| self.belongs(table, first)) =>
                {
                    group.push(table.row().clone());
                }
                Next::Row => {
                    rows += self.flush(&mut items, &mut group, table, sink, job);
                    if rows >= wanted as i64 {
                        self.held = Some((table.row().clone(), before));
                        break;
                    }
                    group.push(table.row().clone());
                }
                Next::Bad(problem) => {
                    rows += self.flush(&mut items, &mut group, table, sink, job) + 1;
                    items.push(fault(table.row(), problem.line, &problem.fault));
                    if rows >= wanted as i64 {
                        break;
                    }
                }
                Next::End => {
                    rows += self.flush(&mut items, &mut group, table, sink, job);
                    break;
                }
            }
        }
        let next = self
            .held
            .as_ref()
            .map_or_else(|| table.reader().position(), |(_, at)| *at);
        Ok(Batch {
            items,
            rows,
            next,
            headers: table.headers().to_vec(),
            unread_sheets: table.reader().unread_sheets().len() as i64,
        })
    }

    /// Whether the row just read continues the group that `first` began.
    fn belongs(&self, table: &Table, first: &Row) -> bool {
        let Some(column) = self.group_column else {
            return false;
        };
        let key = table.get(column);
        !key.is_empty() && table.header_map().get(first, column) == key
    }

    /// Prepares the gathered group as one entry; returns how many rows it had.
    fn flush<S: Sink>(
        &self,
        items: &mut Vec<Item<S::Payload>>,
        group: &mut Vec<Row>,
        table: &Table,
        sink: &S,
        job: &Job,
    ) -> i64 {
        let Some(first) = group.first() else {
            return 0;
        };
        let headers = table.header_map();
        let named: Vec<Named<'_>> = group
            .iter()
            .map(|row| Named::of(table, self.dealer_column, row, &job.dealer))
            .collect();
        let views: Vec<RowView<'_>> = group
            .iter()
            .zip(&named)
            .map(|(row, named)| RowView::new(row, headers, named.words()))
            .collect();
        let mut entry = sink.prepare(job, &views);
        let mut refused = entry.refusals.iter();
        let of_rows = if refused.any(|refusal| refusal.field == sender::COLUMN) {
            Vec::new()
        } else {
            self.whose(table, &named)
        };
        if let Some(column) = self.group_column
            && of_rows.is_empty()
            && self.scattered.has(headers.get(first, column))
        {
            let name = table.schema().columns[column].name;
            entry.refusals.push(scattered::refusal(name));
        }
        // The first column of every kind is the key of its records.
        if scattered::is_sum_or_remark(headers.get(first, 0)) {
            let key = table.schema().columns[0].name;
            entry.refusals.push(scattered::no_record(key));
        }
        let mut item = Item {
            lines: group.iter().map(Row::line).collect(),
            what: What::Entry(entry),
            of_rows,
            fields: Vec::new(),
        };
        if item.payload().is_none() {
            item.fields = group.iter().map(kept_fields).collect();
        }
        items.push(item);
        let rows = group.len() as i64;
        group.clear();
        rows
    }

    /// What is said of each row where one bears another dealer's code; nothing where none does.
    fn whose(&self, table: &Table, named: &[Named<'_>]) -> Vec<Refusal> {
        if !named.contains(&Named::Another) {
            return Vec::new();
        }
        let of_row = |named: &Named<'_>| match self.group_column {
            // The record is not whole without the row that is another's.
            Some(column) if *named != Named::Another => {
                scattered::refusal(table.schema().columns[column].name)
            }
            _ => sender::refusal(),
        };
        named.iter().map(of_row).collect()
    }
}

fn fault<P>(row: &Row, line: u64, fault: &RowFault) -> Item<P> {
    Item {
        lines: vec![line],
        what: What::Fault(finding::keep_fault(fault)),
        of_rows: Vec::new(),
        fields: vec![kept_fields(row)],
    }
}

fn kept_fields(row: &Row) -> KeptFields {
    KeptFields {
        fields: row.iter().map(str::to_owned).collect(),
    }
}
