-- Rounds of clocks that are over: of a case that was re-opened each counts in the reports.
CREATE TABLE complaint_clock_rounds (
    complaint_id UUID NOT NULL,
    kind         BIGINT NOT NULL,
    round        BIGINT NOT NULL,
    standing     BIGINT NOT NULL,
    used         BIGINT NOT NULL,
    is_overdue   BOOLEAN NOT NULL,
    PRIMARY KEY (complaint_id, kind, round)
) {without_rowid};

-- Lists of tasks across cases, the soonest due first; those without a due time come last.
CREATE INDEX ix_complaint_tasks_due ON complaint_tasks (state, (coalesce(due_at, 9223372036854775807)), id);
-- Cases of one part or fault, newest first: what is like a case is looked up by them.
CREATE INDEX ix_complaints_fault ON complaints (fault, opened_at) WHERE fault <> '';
CREATE INDEX ix_complaints_part ON complaints (part, opened_at) WHERE part <> '';
CREATE INDEX ix_complaints_dealer_fault ON complaints (dealer, fault, opened_at) WHERE fault <> '';
CREATE INDEX ix_complaints_dealer_part ON complaints (dealer, part, opened_at) WHERE part <> '';
-- Which cases repeat one whose vehicle or fault was corrected.
CREATE INDEX ix_complaints_repeat_of ON complaints (repeat_of) WHERE repeat_of IS NOT NULL;
