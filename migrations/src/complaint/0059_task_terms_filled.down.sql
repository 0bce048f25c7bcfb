DROP INDEX ix_complaint_tasks_claim;
DROP INDEX ix_complaint_tasks_next;
