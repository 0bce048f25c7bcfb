DROP INDEX ix_complaint_tasks_dealer;
