DROP TABLE staff_changes;
