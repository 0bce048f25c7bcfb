{postgres: DROP SEQUENCE complaints_serial_seq}
DROP TABLE customer_aliases;
DROP TABLE record_links;
DROP TABLE dealer_calendars;
DROP TABLE complaint_tasks;
DROP TABLE complaint_entries;
DROP TABLE complaint_escalations;
DROP TABLE complaint_clocks;
DROP TABLE complaints;
