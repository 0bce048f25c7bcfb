DROP INDEX ix_complaints_repeat_of;
DROP INDEX ix_complaints_dealer_part;
DROP INDEX ix_complaints_dealer_fault;
DROP INDEX ix_complaints_part;
DROP INDEX ix_complaints_fault;
DROP INDEX ix_complaint_tasks_due;
DROP TABLE complaint_clock_rounds;
