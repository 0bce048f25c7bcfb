-- Sheets of the workbook that have rows and were not read, since their headers are others.
ALTER TABLE imports ADD COLUMN unread_sheets BIGINT NOT NULL DEFAULT 0;
