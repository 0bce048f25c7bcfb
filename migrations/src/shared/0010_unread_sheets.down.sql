ALTER TABLE imports DROP COLUMN unread_sheets;
