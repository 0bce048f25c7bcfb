ALTER TABLE complaint_tasks DROP COLUMN kind;
DROP TABLE complaint_compensations;
DROP TABLE complaint_attachments;
